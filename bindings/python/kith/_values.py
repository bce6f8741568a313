# SPDX-License-Identifier: Apache-2.0
"""Values that Python itself has no type for."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Money(NamedTuple):
    """An exact amount of a currency: `Money(Decimal("12.30"), "USD")`. Never a float."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}"
