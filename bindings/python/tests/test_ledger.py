# SPDX-License-Identifier: Apache-2.0
"""The ledger: postings, reversals, balances."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import kith
import pyarrow as pa
import pytest


def post(shop: SimpleNamespace, work: kith.Work, amount: str, **values: object) -> kith.Record:
    return work.postings.create(
        account="bookings",
        amount=amount,
        document_entity="customer",
        document=shop.acme.id,
        employee=shop.seller.id,
        **values,
    )


def test_a_posting_is_reversed_once_by_its_mirror(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        wrong = post(shop, work, "1200.00", period="2026-Q1")
        (made,) = work.postings.reverse(wrong, on=date(2026, 3, 2), source="correction")
    mirror = shop.session.postings.get(made)
    assert mirror.amount == kith.Money(-1200, "USD")
    assert (mirror.reverses, mirror.on, mirror.period) == (wrong.id, date(2026, 3, 2), "2026-Q1")
    assert mirror.source == "correction"
    before = shop.session.digest()
    with shop.session.work() as work:
        with pytest.raises(kith.StateError, match="already"):
            work.postings.reverse(wrong)
        with pytest.raises(kith.StateError, match="reversal itself"):
            work.postings.reverse(made)
        with pytest.raises(kith.InvalidError, match="use what is made for"):
            work.postings.update(wrong, amount="1.00")
    assert shop.session.digest() == before


def test_balances_sum_what_is_left(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        work.exchange_rates.create(from_currency="EUR", rate="1.10", source="treasury", **{"from": "2020-01-01"})
        post(shop, work, "10.00")
        post(shop, work, "5.50")
        work.postings.create(
            account="cash", amount=kith.Money(7, "EUR"), document_entity="customer", document=shop.acme.id
        )
    balance = shop.session.balance(["account"])
    assert balance.rows() == [
        ("bookings", "USD", kith.Money(Decimal("15.50"), "USD"), kith.Money(Decimal("15.50"), "USD"), 0, 2),
        ("cash", "EUR", kith.Money(7, "EUR"), kith.Money(Decimal("7.70"), "USD"), 0, 1),
    ]
    assert shop.session.balance("account").rows() == balance.rows()
    only = shop.session.balance(["employee"], "account = :a and amount < 8.00 USD", a="bookings")
    assert only.rows() == [
        (shop.seller.id, "USD", kith.Money(Decimal("5.50"), "USD"), kith.Money(Decimal("5.50"), "USD"), 0, 1)
    ]
    with shop.session.work() as work:
        assert len(work.reverse_document("customer", shop.acme, source="void")) == 3
        assert work.reverse_document("customer", shop.acme) == []
    assert set(shop.session.balance(["account"]).column("amount")) == {kith.Money(0, "USD"), kith.Money(0, "EUR")}
    with pytest.raises(kith.InvalidError, match="account"):
        shop.session.balance(["acount"])


def test_pairs_post_and_reverse_together(shop: SimpleNamespace) -> None:
    def side(account: str, amount: str) -> dict[str, object]:
        return {"account": account, "amount": amount, "document_entity": "customer", "document": shop.acme.id}

    with shop.session.work() as work:
        work.ledger_accounts.create(name="receivable")
        work.ledger_accounts.create(name="revenue", pair="receivable")
        sides = work.postings.create_many([side("receivable", "5.00"), side("revenue", "-5.00")])
        with pytest.raises(kith.InvalidError, match="balance"):
            work.postings.create_many([side("receivable", "5.00"), side("revenue", "-4.99")])
        with pytest.raises(kith.InvalidError, match="balance"):
            work.postings.reverse(sides[0])
        assert len(work.postings.reverse(*sides)) == 2


def test_pairs_balance_over_the_batches_of_a_stream(shop: SimpleNamespace) -> None:
    def batch(*amounts: str) -> pa.RecordBatch:
        return pa.record_batch(
            {
                "account": ["receivable" if amount[0] != "-" else "revenue" for amount in amounts],
                "amount": list(amounts),
                "document_entity": ["customer"] * len(amounts),
                "document": [shop.acme.id] * len(amounts),
            }
        )

    def stream(*batches: pa.RecordBatch) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(batches[0].schema, batches)

    with shop.session.work() as work:
        work.ledger_accounts.create(name="receivable")
        work.ledger_accounts.create(name="revenue", pair="receivable")
        ids = work.postings.create_many(stream(batch("1", "-1"), batch("5", "7"), batch("-7"), batch("-5", "2", "-2")))
        assert [int(work.postings.get(i).amount.amount) for i in ids] == [1, -1, 5, 7, -7, -5, 2, -2]
        with pytest.raises(kith.InvalidError, match=r"behind row 2, row 1: .*does not balance: 5.00 USD is left"):
            work.postings.create_many(stream(batch("1", "-1"), batch("5"), batch("1", "-1")))


def test_every_bad_row_of_many_is_told(shop: SimpleNamespace) -> None:
    def row(**values: object) -> dict[str, object]:
        return {"account": "bookings", "amount": "1", "document_entity": "customer", "document": shop.acme.id} | values

    with shop.session.work() as work:
        with pytest.raises(kith.InvalidError) as wrong:
            work.postings.create_many([row(), row(amount=1.5), row(on="soon", period=object()), row(document="x")])
        told = [(field, message.split(":")[0]) for _, field, message in wrong.value.violations]
        assert told == [("amount", "row 2"), ("on", "row 3"), ("period", "row 3"), ("document", "row 4")]
        with pytest.raises(kith.InvalidError) as absent:
            work.postings.create_many([row(document=1), row(period="2026-Q9"), row(document=1), row(period="2026-Q9")])
        assert sorted(message.split(":")[0] for *_, message in absent.value.violations) == [
            f"row {number}" for number in (1, 2, 3, 4)
        ]
        with pytest.raises(kith.InvalidError, match="row 1: cannot use a value of type object") as many:
            work.customers.create_many([{"name": object()}] * 30)
        assert len(many.value.violations) == 20, "as of an Arrow stream"
