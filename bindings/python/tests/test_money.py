# SPDX-License-Identifier: Apache-2.0
"""Money: exact arithmetic within one currency, and nothing else."""

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal, Inexact, localcontext

import kith
import pytest
from conftest import open_shop
from kith import Money

ONE, MORE = Money(1, "CNY"), Money("2.50", "CNY")


def test_money_adds_subtracts_compares_and_sums_within_a_currency() -> None:
    assert ONE + MORE == Money("3.50", "CNY")
    assert MORE - ONE == Money("1.5", "CNY")
    assert -MORE == Money("-2.50", "CNY")
    assert 3 * MORE == MORE * 3 == Money("7.50", "CNY")
    assert sum([ONE, MORE, MORE]) == Money(6, "CNY")
    assert ONE < MORE and ONE <= ONE and MORE > ONE and MORE >= MORE and max(ONE, MORE) is MORE
    assert Money(1, "CNY") != Money(1, "USD") and hash(Money("1.0", "CNY")) == hash(ONE)


def test_money_is_read_copied_and_pickled_as_a_pair() -> None:
    amount, currency = MORE
    assert (amount, currency, str(MORE)) == (Decimal("2.50"), "CNY", "2.50 CNY")
    for twin in (pickle.loads(pickle.dumps(MORE)), copy.copy(MORE), copy.deepcopy(MORE), MORE._replace(currency="CNY")):
        assert type(twin) is Money and twin == MORE


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: ONE + Money(1, "USD"), "convert"),
        (lambda: ONE - Money(1, "USD"), "convert"),
        (lambda: ONE < Money(1, "USD"), "compare"),
        (lambda: ONE >= (1, "CNY"), "both must be Money"),
        (lambda: ONE + 1, "both must be Money"),
        (lambda: 1 + ONE, "both must be Money"),
        (lambda: (1, "CNY") + ONE, "both must be Money"),
        (lambda: ONE * Decimal("0.5"), "rounding"),
        (lambda: 0.5 * ONE, "rounding"),
        (lambda: Money(1.0, "USD"), "float"),
        (lambda: Money(True, "USD"), "bool"),
        (lambda: ONE._replace(amount=1.5), "float"),
        (lambda: Money(1, None), "USD"),
    ],
)
def test_what_is_not_exact_or_of_two_currencies_is_a_type_error(wrong: Callable[[], object], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        wrong()


@pytest.mark.parametrize(("amount", "currency"), [("x", "USD"), (Decimal("NaN"), "USD"), (1, "usd"), (1, "DOLLAR")])
def test_what_is_no_amount_or_no_currency_is_refused(amount: object, currency: str) -> None:
    with pytest.raises(kith.InvalidError):
        Money(amount, currency)


def test_the_context_of_the_program_rounds_no_money() -> None:
    with localcontext() as context:
        context.prec = 3
        assert (Money("123456.78", "USD") + Money("0.01", "USD")).amount == Decimal("123456.79")
        assert (-Money("123456.78", "USD")).amount == Decimal("-123456.78")
    with pytest.raises(Inexact):
        Money(Decimal("1E+300"), "USD") + Money("0.01", "USD")


def test_money_goes_into_a_store_and_comes_back() -> None:
    shop = open_shop("memory:")
    with shop.session.work() as work:
        for title, amount in (("A", MORE._replace(currency="USD")), ("B", "7.50")):
            work.opportunities.create(title=title, customer=shop.acme, owner=shop.seller, amount=amount)
    amounts = shop.session.opportunities.find().column("amount")
    assert {type(amount) for amount in amounts} == {Money}
    assert sum(amounts) == Money(10, "USD")
