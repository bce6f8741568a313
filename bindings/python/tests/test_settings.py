# SPDX-License-Identifier: Apache-2.0
"""What an administrator sets can be removed again, unless something stands on it."""

import kith
import pytest


@pytest.fixture
def session():
    with kith.open("memory:") as store, store.session() as opened:
        yield opened


def test_a_rate_goes(session):
    with session.work() as work:
        rate = work.exchange_rates.create(from_currency="EUR", rate="1.10", source="ECB", **{"from": "2026-01-01"})
    with session.work() as work:
        work.exchange_rates.remove(rate)
    assert len(session.exchange_rates.find()) == 0
    with pytest.raises(kith.NotFoundError):
        session.report("conversion", amount="1", **{"from": "EUR"}, to="USD", on="2026-02-01")


def test_working_calendars_go_with_their_days(session):
    with session.work() as work:
        office = work.working_calendars.create(name="office", zone="UTC", monday="09:00-17:00")
        day = work.working_days.create(calendar=office.id, day="2026-03-09")
    with session.work() as work:
        work.working_days.remove(day)
    with session.work() as work:
        work.working_days.create(calendar=office.id, day="2026-03-16")
        work.working_calendars.remove(office)
    assert len(session.working_calendars.find()) == 0 and len(session.working_days.find()) == 0
    assert len(session.check()) == 0


def test_a_calendar_that_quotas_stand_on_stays(session):
    with session.work() as work:
        retail = work.fiscal_calendars.create(name="retail", first_month=4)
        seller = work.employees.create(name="Ann")
        quota = work.quotas.create(
            metric="won_amount", calendar="retail", period="2026-Q1", employee=seller.id, amount="100.00"
        )
    digest = session.digest()
    with pytest.raises(kith.ConflictError, match=f"quota {quota.id} stands on it"), session.work() as work:
        work.fiscal_calendars.remove(retail)
    assert session.digest() == digest
    with session.work() as work:
        work.quotas.remove(quota)
        work.fiscal_calendars.remove(retail)
    assert len(session.fiscal_calendars.find()) == 0


def test_own_machines_go_and_built_in_ones_stay(session):
    with session.work() as work:
        work.custom_fields.create(entity="customer", name="review", type="choice", choices="draft,checked")
        review = work.state_machines.create(name="review", entity="customer", field="review", initial="draft")
        work.transitions.create(machine=review.id, name="check", to="checked", **{"from": "draft"})
        acme = work.customers.create(name="Acme", review="draft")
        acme = work.customers.update(acme, review="checked")
    with session.work() as work:
        work.state_machines.remove(review)
        work.customers.update(acme, review="draft")  # no machine stands in the way
    assert {row["name"] for row in session.state_machines.find()} == {"opportunity", "lifecycle"}
    for name in ("opportunity", "lifecycle"):
        built_in = session.state_machines.find(where=f"name = '{name}'")[0]
        with pytest.raises(kith.StateError, match="belongs to Kith"), session.work() as work:
            work.state_machines.remove(built_in)


def test_sellers_remove_no_settings():
    store = kith.open("memory:")
    session = store.session()
    with session.work() as work:
        rate = work.exchange_rates.create(from_currency="EUR", rate="1.10", source="ECB", **{"from": "2026-01-01"})
        ann = work.employees.create(name="Ann")
        work.add_principal("ann", employee=ann, roles="seller")
    with store.session("ann") as seller, pytest.raises(kith.DeniedError), seller.work() as work:
        work.exchange_rates.remove(rate)


def test_what_stands_in_the_way_of_others_works_is_not_told():
    store = kith.open("memory:")
    with store.session().work() as work:
        ann = work.employees.create(name="Ann")
        work.add_principal("ann", employee=ann, roles="seller")
    done = work.receipt.seq
    assert len(store.session().obstacles(done)) == 0
    with store.session("ann") as seller, pytest.raises(kith.DeniedError, match="somebody else did it"):
        seller.obstacles(done)
