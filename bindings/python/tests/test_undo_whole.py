# SPDX-License-Identifier: Apache-2.0
"""What undo, redo, restore and changes of calendars may not leave behind."""

from datetime import date

import kith
import pytest


@pytest.fixture
def session():
    with kith.open("memory:") as store, store.session() as session:
        yield session


def undo(session, seq):
    with session.work() as work:
        work.undo(seq)


def refused(session, error, act, words):
    before = session.digest()
    with pytest.raises(error, match=words), session.work() as work:
        act(work)
    assert session.digest() == before
    assert not session.check()


def test_no_undo_leaves_a_formula_that_cannot_be_computed(session):
    with session.work() as work:
        field = work.custom_fields.create(entity="customer", name="倍", type="integer", formula="employees * 2")
    with session.work() as work:
        customer = work.customers.create(name="東京商事", employees=5)
    with session.work() as work:
        work.customers.update(customer, employees=1)
    changed = session.seq
    with session.work() as work:
        work.custom_fields.update(field, formula="employees * 4611686018427387904")
    refused(session, kith.ConflictError, lambda work: work.undo(changed), "would be at fault")
    assert session.customers.get(customer)["倍"] == 4611686018427387904


@pytest.mark.parametrize(
    "move",
    [
        lambda work, it: work.fiscal_calendars.update(it, first_month=2),
        lambda work, it: work.fiscal_calendars.remove(it),
    ],
)
def test_a_quota_does_not_come_back_to_a_calendar_that_moved(session, move):
    with session.work() as work:
        unit = work.units.create(name="本社", start=date(2020, 1, 1))
        calendar = work.fiscal_calendars.create(
            name="四", kind="quarters_13", first_month=1, start="nearest_weekday", first_weekday="monday"
        )
    with session.work() as work:
        quota = work.set_quota("2026-Q1", "100.00", unit=unit, calendar="四")
    undo(session, session.seq)
    undone = session.seq
    with session.work() as work:
        move(work, calendar)
    refused(session, kith.ConflictError, lambda work: work.undo(undone), "would be at fault")
    refused(session, kith.StateError, lambda work: work.quotas.restore(quota), "cannot be restored")


def test_a_calendar_stays_while_postings_name_its_periods(session):
    with session.work() as work:
        customer = work.customers.create(name="東京商事")
    with session.work() as work:
        calendar = work.fiscal_calendars.create(name="零售", kind="periods_13", first_month=1, start="fixed_date")
    made = session.seq
    with session.work() as work:
        posting = work.postings.create(
            account="bookings", document_entity="customer", document=customer.id, amount="1.00", period="零售/2026-P03"
        )
    refused(session, kith.ConflictError, lambda work: work.fiscal_calendars.remove(calendar), "posting")
    refused(session, kith.StateError, lambda work: work.fiscal_calendars.update(calendar, kind="months"), "posting")
    refused(session, kith.ConflictError, lambda work: work.undo(made), "posting")
    with session.work() as work:
        work.postings.reverse(posting)


def test_no_redo_makes_a_ring_of_customers(session):
    with session.work() as work:
        x = work.customers.create(name="x")
        y = work.customers.create(name="y")
    with session.work() as work:
        work.customers.update(x, parent=y.id)
    undo(session, session.seq)
    undone = session.seq
    with session.work() as work:
        work.customers.update(y, parent=x.id)
    refused(session, kith.ConflictError, lambda work: work.undo(undone), "subsidiary of itself")
