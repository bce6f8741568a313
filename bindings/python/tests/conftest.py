# SPDX-License-Identifier: Apache-2.0
"""A small shop to test on: one team, one seller, one pipeline, a still clock, repeatable bytes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import kith
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


@pytest.fixture(params=["memory", "sqlite"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimpleNamespace]:
    shop = open_shop("memory:" if request.param == "memory" else str(tmp_path / "shop.kith"))
    yield shop
    assert len(shop.store.session().check()) == 0
    shop.store.close()
