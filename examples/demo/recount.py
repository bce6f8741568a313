# SPDX-License-Identifier: Apache-2.0
"""The same figures straight from the files, with Python's csv module and rational numbers: what the store must say."""

from __future__ import annotations

import csv
import datetime
import json
import pathlib
from collections import defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

TIERS = [(Fraction(0), Fraction(3, 100)), (Fraction(25_000), Fraction(5, 100)), (Fraction(75_000), Fraction(8, 100))]
TARGET_STEP = 10_000


MAPPINGS = pathlib.Path(__file__).resolve().parents[1] / "maven_crm"
STAGES = ("Won", "Lost", "Engaging", "Prospecting")
LINE = "(line)"  # where a row stands in its file; no column is called so


class DataError(Exception):
    """A file is not laid out like the public set: where, what, and how to mend it."""


def _fault(path: pathlib.Path, row: dict, column: str, mend: str) -> DataError:
    return DataError(f"{path} line {row[LINE]}, {column} '{row[column]}' {mend}")


def needed_columns(name: str) -> list[str]:
    """The columns that the import of a file reads, and the recount beside it."""
    mapping = json.loads((MAPPINGS / f"{name}.import.json").read_text(encoding="utf-8"))
    return [*mapping["columns"], *mapping.get("ignore", [])]


def utf8(path: pathlib.Path) -> str:
    """The encoding that is taken where nobody finds out another."""
    return "utf-8-sig"


def read(path: pathlib.Path, encoding: str) -> list[dict]:
    """The rows of a file, each with its line."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.DictReader(file, restval="")
            rows = [{**row, LINE: reader.line_num} for row in reader]
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as {encoding}: {error}; save it again as UTF-8 with commas") from None
    header = reader.fieldnames or []
    missing = [column for column in needed_columns(path.stem) if column not in header]
    if missing:
        raise DataError(
            f"{path} line 1 lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(header) or 'none'}: name and separate them (by commas) as the public maven_crm set does"
        )
    return rows


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
    """Counts and sums of a folder of CSV files; DataError where they are not what the demo can take."""

    def __init__(self, folder: pathlib.Path, encoding_of: Callable[[pathlib.Path], str] = utf8) -> None:
        tables = {
            name: read(folder / f"{name}.csv", encoding_of(folder / f"{name}.csv"))
            for name in ("sales_teams", "products", "accounts", "sales_pipeline")
        }
        teams, rows = tables["sales_teams"], tables["sales_pipeline"]
        self.manager_of = {row["sales_agent"]: row["manager"] for row in teams}
        self._region_of = {row["sales_agent"]: row["regional_office"] for row in teams}
        self._region_of_manager = {row["manager"]: row["regional_office"] for row in teams}
        self.regions = sorted(set(self._region_of.values()))
        self._check(folder / "sales_pipeline.csv", rows)
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

    def _check(self, path: pathlib.Path, rows: list[dict]) -> None:
        """Raises DataError at the first row that cannot be counted."""
        seen: dict[str, int] = {}
        for row in rows:
            key = row["opportunity_id"]
            if key in seen:
                raise _fault(path, row, "opportunity_id", f"is that of line {seen[key]}, too; give each deal its own")
            seen[key] = row[LINE]
            if row["sales_agent"] not in self.manager_of:
                raise _fault(path, row, "sales_agent", "is not in sales_teams.csv; add a line there")
            if row["deal_stage"] not in STAGES:
                raise _fault(path, row, "deal_stage", f"is no stage; write one of {', '.join(STAGES)}")
            if row["deal_stage"] == "Won":
                self._check_won(path, row)
        if not any(row["deal_stage"] == "Won" for row in rows):
            raise DataError(f"{path}: no row has the deal_stage Won; the demo pays for won deals, so it needs one")

    def _check_won(self, path: pathlib.Path, row: dict) -> None:
        try:
            quarter_of(row["close_date"])
        except ValueError:
            raise _fault(path, row, "close_date", "is no day; write it as YYYY-MM-DD") from None
        try:
            if not Decimal(row["close_value"]).is_finite():
                raise InvalidOperation
        except InvalidOperation:
            raise _fault(path, row, "close_value", "is no amount; write digits and a point, such as 1234.50") from None

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
