# SPDX-License-Identifier: Apache-2.0
"""The story of tests/story in Python: the same digest as in C++ and C."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import kith
import pytest

STORY = Path(__file__).resolve().parents[3] / "tests" / "story"
START = date(2026, 1, 1)


def tell(url: str) -> str:
    clock = datetime(2026, 3, 1, 9, tzinfo=UTC)
    with (
        kith.open(url, currency="USD", zone="Asia/Shanghai", clock=lambda: clock, seed=7) as store,
        store.session() as session,
    ):
        with session.work("people") as work:
            company = work.units.create(name="Company", start=START)
            team = work.units.create(name="Team", parent=company.id, start=START)
            li, anna = (work.employees.create(name=name, unit=team.id, hired_on=START) for name in ("李雷", "Anna"))
        with session.work("pipeline") as work:
            work.pipelines.create(
                name="Standard",
                stages=[
                    {"name": "Talk", "probability": Decimal("0.5")},
                    {"name": "Offer", "probability": "0.9", "guard": "amount >= 100.00 USD"},
                ],
            )
        session.import_csv(
            STORY / "customers.csv",
            (STORY / "customers.import.json").read_text(encoding="utf-8"),
            cause="import customers.csv",
        )
        machines = session.customers.find_one("name = :n", n="宏达机械")
        cafe = session.customers.find_one("name = :n", n="Zoë's Café")
        with session.work("deals") as work:
            big = work.opportunities.create(title="Big", customer=machines.id, owner=li.id, amount=Decimal("1000.01"))
            work.opportunities.advance(big, "Offer")
            work.opportunities.set_splits(big, [(li.id, "0.6"), (anna.id, "0.4")])
            work.opportunities.win(big, date(2026, 2, 10), "best price")
            small = work.opportunities.create(
                title="Small", customer=cafe.id, owner=anna.id, amount=kith.Money(Decimal(50), "USD")
            )
            work.opportunities.lose(small, date(2026, 2, 11), "no budget")
        with session.work("plan") as work:
            work.add_plan((STORY / "plan.json").read_text(encoding="utf-8"))
            work.assign_plan("story", unit=company, start=START)
        with session.work("run") as work:
            work.run_commission("2026-Q1")
        with session.work("close") as work:
            work.close_commission("2026-Q1")
        assert len(session.check()) == 0
        return session.digest()


DIGEST = (STORY / "digest.txt").read_text().strip()


@pytest.mark.parametrize("again", [1, 2])
def test_the_story_ends_alike(new_url: Callable[[], str], again: int) -> None:
    assert tell(new_url()) == DIGEST


def test_a_tenant_moves_between_sqlite_and_postgresql_with_the_same_bytes(server_url: str, tmp_path: Path) -> None:
    place = f"{server_url}{'&' if '?' in server_url else '?'}kith_schema=kith_moved_{os.getpid()}"
    first, text, back = (tmp_path / name for name in ("first.kith", "dump.jsonl", "back.jsonl"))
    tell(f"sqlite:{first}")
    with kith.open(first, create=False) as store, store.session() as session:
        session.reader().dump(text)
    kith.load(text, place)
    with kith.open(place, create=False) as store, store.session() as session:
        assert session.digest() == DIGEST
        assert len(session.check()) == 0
        session.reader().dump(back)
    assert back.read_bytes() == text.read_bytes()
    kith.load(back, f"sqlite:{tmp_path / 'last.kith'}")
    with kith.open(tmp_path / "last.kith") as store, store.session() as session:
        assert session.digest() == DIGEST
    with pytest.raises(kith.Error, match="in use"):
        kith.load(text, place)
