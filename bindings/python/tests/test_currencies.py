# SPDX-License-Identifier: Apache-2.0
"""Deals and quotas in other currencies than the store's."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import kith
import pytest
from test_cli import run


def test_a_deal_in_another_currency_keeps_its_worth(shop: SimpleNamespace) -> None:
    euros = kith.Money(Decimal("1000.00"), "EUR")
    with shop.session.work() as work:
        with pytest.raises(kith.InvalidError, match="no market rate from EUR to USD on"):
            work.opportunities.create(title="None", owner=shop.seller.id, amount=euros)
        rates = {"from_currency": "EUR", "source": "treasury"}
        rates["from"] = date(2026, 1, 1)
        work.exchange_rates.create(**rates, rate="1.10")
        work.exchange_rates.create(**rates, rate="1.25", kind="plan")
        deal = work.opportunities.create(title="Foreign", owner=shop.seller.id, amount=euros)
        assert (deal.base_amount, deal.base_rate) == (kith.Money(Decimal("1100.00"), "USD"), "1.1")
        with pytest.raises(kith.InvalidError, match="kept by Kith"):
            work.opportunities.update(deal, base_amount="1.00")
        work.exchange_rates.create(from_currency="EUR", source="treasury", rate="1.20", **{"from": date(2026, 2, 1)})
        assert work.opportunities.revalue(date(2026, 2, 1), "owner = :me", me=shop.seller.id) == 1
        assert work.opportunities.get(deal.id).base_amount == kith.Money(Decimal("1200.00"), "USD")
        work.opportunities.win(deal, date(2026, 1, 31), "price", kith.Money(Decimal("2000.00"), "EUR"))
        with pytest.raises(kith.InvalidError, match="give it in EUR"):
            work.opportunities.win(deal, date(2026, 1, 31), "price", kith.Money(Decimal("2000.00"), "USD"))
        quota = work.set_quota("2026-Q1", kith.Money(Decimal("4400.00"), "EUR"), unit=shop.company)
        assert work.quotas.get(quota).base_rate == "1.25"
    row = next(iter(shop.session.report("attainment", period="2026-Q1")))
    assert (row.actual, row.attainment) == (kith.Money(Decimal("1760.00"), "EUR"), Decimal("40.00"))


def test_open_deals_are_valued_anew_at_the_terminal(tmp_path: Path) -> None:
    store = tmp_path / "s.kith"
    rates = {"from_currency": "EUR", "source": "treasury"}
    with kith.open(str(store)).session() as session, session.work() as work:
        work.pipelines.create(name="Sales", stages=[{"name": "Talk"}])
        work.exchange_rates.create(**rates, rate="1.10", **{"from": date(2020, 1, 1)})
        for title in ("春", "Spring"):
            work.opportunities.create(title=title, amount=kith.Money(Decimal("1000.00"), "EUR"))
        work.exchange_rates.create(**rates, rate="1.20", **{"from": date(2026, 2, 1)})
    assert "Deals changed: 1" in run("revalue", store, "2026-02-01", "--where", "title = :t", "-p", "t=春")
    found = run("find", store, "opportunities", "--fields", "title,base_amount", "--format", "csv")
    assert "春,1200.00" in found and "Spring,1100.00" in found
    before = run("digest", store)
    assert "no market rate from EUR to USD on 2019-12-31" in run("revalue", store, "2019-12-31", code=1)
    assert "is no day; write it as YYYY-MM-DD" in run("revalue", store, "tomorrow", code=1)
    assert run("digest", store) == before
