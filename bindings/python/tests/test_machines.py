# SPDX-License-Identifier: Apache-2.0
"""State machines as data: those of deals and customers, and one of the store's own."""

from datetime import date
from types import SimpleNamespace

import kith
import pytest


def test_a_store_guards_the_moves_of_deals(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        deal = work.opportunities.create(title="D", customer=shop.acme.id, owner=shop.seller.id, amount="500.00")
        machine = work.state_machines.find_one("name = 'opportunity'")
        win = work.transitions.find_one("machine = :m and name = 'win'", m=machine.id)
        work.transitions.update(win, guard="amount >= 1000.00 USD", needs="reason,amount,expected_on")
    before = shop.session.digest()
    with (
        shop.session.work() as work,
        pytest.raises(kith.InvalidError, match=r"expected_on: is missing; transition 'win' of opportunity"),
    ):
        work.opportunities.win(deal, date(2026, 3, 1), "cheap")
    assert shop.session.digest() == before
    with shop.session.work() as work:
        work.opportunities.update(deal, expected_on=date(2026, 3, 1))
        with pytest.raises(kith.StateError, match=r"transition 'win' of opportunity .*amount >= 1000\.00 USD"):
            work.opportunities.win(deal, date(2026, 3, 1), "cheap")
        ways = {row.transition: row for row in work.opportunities.ways(deal.id)}
        assert not ways["win"].open and "amount >= 1000.00 USD" in ways["win"].why
        assert ways["advance"].open
        work.opportunities.win(deal, date(2026, 3, 1), "dear", amount="1000.00")
        with pytest.raises(kith.StateError, match="'reopen' to 'open'"):
            work.opportunities.lose(deal, date(2026, 3, 1), "late")


def test_a_machine_over_a_field_of_the_store_s_own(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        work.custom_fields.create(entity="customer", name="review", type="choice", choices="draft,checked,approved")
        machine = work.state_machines.create(name="review", entity="customer", field="review", initial="draft")
        way = work.transitions.create
        way(**{"machine": machine.id, "name": "check", "from": "draft", "to": "checked", "needs": "sector"})
        way(**{"machine": machine.id, "name": "approve", "from": "checked", "to": "approved"})
        way(**{"machine": machine.id, "name": "back", "from": "*", "to": "draft"})
        with pytest.raises(kith.InvalidError, match="no state"):
            way(**{"machine": machine.id, "name": "x", "from": "draft", "to": "chekced"})
    with shop.session.work() as work:
        with pytest.raises(kith.InvalidError, match="begins with draft"):
            work.customers.create(name="X", review="approved")
        firm = work.customers.create(name="Firm", review="draft")
        with pytest.raises(kith.StateError, match="no transition of review leads from 'draft' to 'approved'"):
            work.customers.update(firm, review="approved")
        with pytest.raises(kith.InvalidError, match="sector"):
            work.customers.update(firm, review="checked")
        firm = work.customers.update(firm, review="checked", sector="retail")
        firm = work.customers.update(firm, review="approved")
        assert [row.to for row in work.customers.ways(firm.id) if row.machine == "review"] == ["draft"]
        assert work.customers.update(firm, review="draft").review == "draft"
