# SPDX-License-Identifier: Apache-2.0
"""A small shop to test on: one team, one seller, one pipeline, a still clock, repeatable bytes."""

import itertools
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import kith
import postgres_server
import pytest

START = date(2026, 1, 1)
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def open_shop(url: str) -> SimpleNamespace:
    store = kith.open(url, clock=lambda: NOW, seed=1)
    session = store.session()
    with session.work("shop") as work:
        company = work.units.create(name="Company", start=START)
        team = work.units.create(name="Team", parent=company.id, start=START)
        seller = work.employees.create(name="李雷", unit=team.id, hired_on=START)
        other = work.employees.create(name="Anna", unit=team.id, hired_on=START)
        work.add_principal("li", employee=seller, roles=["seller"])
        work.pipelines.create(
            name="Standard",
            stages=[
                {"name": "Talk", "probability": "0.5"},
                {"name": "Offer", "probability": "0.9", "guard": "amount >= 100.00 USD"},
            ],
        )
        acme = work.customers.create(name="Acme", owner=seller.id, sector="retail")
    return SimpleNamespace(
        store=store, session=session, company=company, team=team, seller=seller, other=other, acme=acme
    )


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The server that all tests of this run share; a loud skip where there is none."""
    with postgres_server.server() as url:
        if not url:
            pytest.skip("PostgreSQL was not tested: no server of version 15 or newer is installed (Debian: postgresql)")
        yield url


COUNT = itertools.count(1)


def url_maker(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives URLs of stores that are not there yet."""
    if backend == "memory":
        return lambda: "memory:"
    if backend == "sqlite":
        return lambda: f"sqlite:{tmp_path / f'{next(COUNT)}.kith'}"
    server = request.getfixturevalue("server_url")
    mark = "&" if "?" in server else "?"
    return lambda: f"{server}{mark}kith_schema=kith_py_{os.getpid()}&kith_tenant={next(COUNT)}"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    return url_maker(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def kept_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Of stores that outlive a process."""
    return url_maker(request.param, request, tmp_path)


@pytest.fixture
def shop(new_url: Callable[[], str]) -> Iterator[SimpleNamespace]:
    shop = open_shop(new_url())
    yield shop
    assert len(shop.store.session().check()) == 0
    shop.store.close()
