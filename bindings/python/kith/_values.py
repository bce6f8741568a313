# SPDX-License-Identifier: Apache-2.0
"""Values that Python itself has no type for."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any, NamedTuple

from .errors import InvalidError

# Of our own, so that the context of the program rounds no money: what does not fit raises Inexact.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow])


def _amount(value: object) -> Decimal:
    if type(value) is Decimal:
        amount = value
    elif isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(
            f"the amount of money is a Decimal, an int or a str, not {type(value).__name__} {value!r}; "
            'a float is not exact: write Decimal("12.30")'
        )
    else:
        try:
            amount = Decimal(value)
        except InvalidOperation:
            raise InvalidError(f'{value!r} is no amount; write it like "12.30"', field="amount") from None
    if not amount.is_finite():
        raise InvalidError(f"{amount} is no amount of money", field="amount")
    return amount


class _Pair(NamedTuple):
    amount: Decimal
    currency: str


class Money(_Pair):
    """An exact amount of a currency: `Money("12.30", "USD")`, from a Decimal, an int or a str, never a float.

    It adds, subtracts, compares and sums within one currency, and is multiplied by whole numbers; all else is a
    TypeError. `amount, currency = money` takes it apart.
    """

    __slots__ = ()

    def __new__(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Raises InvalidError for a text that is no amount and a currency that is not three capital letters."""
        if not isinstance(currency, str):
            raise TypeError(f'a currency is a text such as "USD", not {currency!r}')
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
            raise InvalidError(f"{currency!r} is no currency; write three capital letters, as USD", "", "currency")
        return tuple.__new__(cls, (_amount(amount), currency))

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Money:
        return cls(*iterable)  # `_replace` comes here: it must not go round the checks

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}"

    def _like(self, other: object, verb: str) -> Decimal:
        """The amount of another money of the same currency."""
        if not isinstance(other, Money):
            raise TypeError(f"cannot {verb} {self} and {other!r}: both must be Money")
        if other.currency != self.currency:
            raise TypeError(f"cannot {verb} {self} and {other}: convert one to the currency of the other first")
        return other.amount

    def __add__(self, other: Money) -> Money:  # type: ignore[override]
        return Money(_EXACT.add(self.amount, self._like(other, "add")), self.currency)

    def __radd__(self, other: object) -> Money:
        if other == 0 and isinstance(other, int):  # what sum() begins with
            return self
        raise TypeError(f"cannot add {other!r} and {self}: both must be Money")

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._like(other, "subtract")), self.currency)

    def __neg__(self) -> Money:
        return Money(_EXACT.minus(self.amount), self.currency)

    def __mul__(self, factor: int) -> Money:  # type: ignore[override]
        if isinstance(factor, bool) or not isinstance(factor, int):
            raise TypeError(
                f"cannot multiply {self} by {factor!r}: that may need rounding; multiply `amount`, round it, and make "
                "Money of it"
            )
        return Money(_EXACT.multiply(self.amount, Decimal(factor)), self.currency)

    __rmul__ = __mul__  # type: ignore[assignment]

    def __lt__(self, other: Money) -> bool:  # type: ignore[override]
        return self.amount < self._like(other, "compare")

    def __le__(self, other: Money) -> bool:  # type: ignore[override]
        return self.amount <= self._like(other, "compare")

    def __gt__(self, other: Money) -> bool:  # type: ignore[override]
        return self.amount > self._like(other, "compare")

    def __ge__(self, other: Money) -> bool:  # type: ignore[override]
        return self.amount >= self._like(other, "compare")
