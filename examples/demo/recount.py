# SPDX-License-Identifier: Apache-2.0
"""The same figures straight from the files, with Python's csv module and rational numbers: what the store must say."""

from __future__ import annotations

import csv
import datetime
import pathlib
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

TIERS = [(Fraction(0), Fraction(3, 100)), (Fraction(25_000), Fraction(5, 100)), (Fraction(75_000), Fraction(8, 100))]
TARGET_STEP = 10_000


def read(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def quarter_of(day: str) -> str:
    when = datetime.date.fromisoformat(day)
    return f"{when.year}-Q{(when.month - 1) // 3 + 1}"


def marginal(credit: Fraction) -> Fraction:
    """What the tiers pay for a quarter's credit."""
    total = Fraction(0)
    for index, (start, rate) in enumerate(TIERS):
        end = TIERS[index + 1][0] if index + 1 < len(TIERS) else None
        top = credit if end is None else min(credit, end)
        if top > start:
            total += (top - start) * rate
    return total


def cents(amount: Fraction) -> Decimal:
    """Rounded half up to cents."""
    exact = Decimal(amount.numerator * 100) / Decimal(amount.denominator)
    return exact.quantize(Decimal(1), ROUND_HALF_UP) / 100


class Books:
    """Counts and sums of a folder of CSV files."""

    def __init__(self, folder: pathlib.Path) -> None:
        teams = read(folder / "sales_teams.csv")
        rows = read(folder / "sales_pipeline.csv")
        self.manager_of = {row["sales_agent"]: row["manager"] for row in teams}
        self._region_of = {row["sales_agent"]: row["regional_office"] for row in teams}
        self._region_of_manager = {row["manager"]: row["regional_office"] for row in teams}
        self.regions = sorted(set(self._region_of.values()))
        stages = [row["deal_stage"] for row in rows]
        self.deals = len(rows)
        self.won, self.lost = stages.count("Won"), stages.count("Lost")
        self.engaging, self.prospecting = stages.count("Engaging"), stages.count("Prospecting")
        self.value_of_agent: dict[str, Decimal] = defaultdict(Decimal)
        self.value_of_region: dict[str, Decimal] = defaultdict(Decimal)
        self.value_of_quarter: dict[str, Decimal] = defaultdict(Decimal)
        self._credit: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        for row in rows:
            if row["deal_stage"] == "Won":
                self._add(row)
        self.won_value = sum(self.value_of_agent.values(), Decimal(0))
        self.quarters = sorted({quarter_of(row["close_date"]) for row in rows if row["deal_stage"] == "Won"})
        # A target that was nearly reached: what was won in a quarter on average, and 5 % more, rounded up.
        average = self.won_value * 105 / 100 / max(1, len(self.quarters))
        self.company_target = (int(average) // TARGET_STEP + 1) * TARGET_STEP

    def _add(self, row: dict[str, str]) -> None:
        value = Decimal(row["close_value"])
        agent, quarter = row["sales_agent"], quarter_of(row["close_date"])
        self.value_of_agent[agent] += value
        self.value_of_region[self._region_of[agent]] += value
        self.value_of_quarter[quarter] += value
        self._credit[quarter, agent] += Fraction(value)

    def managers_of(self, region: str) -> list[str]:
        return sorted(manager for manager, place in self._region_of_manager.items() if place == region)

    def commission(self, quarter: str) -> Decimal:
        """All agents' commission of a quarter, each rounded once."""
        return sum(
            (cents(marginal(credit)) for (when, _), credit in self._credit.items() if when == quarter), Decimal("0.00")
        )
