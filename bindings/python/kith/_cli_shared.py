# SPDX-License-Identifier: Apache-2.0
"""What the commands of the terminal have in common."""

from __future__ import annotations

import json
import pathlib
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

import kith
from kith import Money, Record, Session, Store, Table, Work
from kith._grid import empty_columns, print_grid
from kith.errors import InvalidError, NotFoundError

out = Console()


# What people call what a quota counts; data keeps its name.
METRICS = {"won_amount": "won amount", "won_count": "won deals", "new_customers": "new customers"}


class Format(StrEnum):
    """How a result is printed."""

    table = "table"
    csv = "csv"
    json = "json"


StorePath = Annotated[str, typer.Argument(metavar="STORE", help="Path of the store.")]
Actor = Annotated[str, typer.Option("--as", metavar="NAME", help="The principal that acts.")]
# To whom a plan is assigned, and from when.
ToUnit = Annotated[str, typer.Option("--unit", help="Assign it to this unit and everybody below.")]
ToEmployee = Annotated[str, typer.Option("--employee", help="Assign it to this employee.")]
ToRole = Annotated[str, typer.Option("--role", help="Assign it to everybody in this role.")]
FromDay = Annotated[str, typer.Option("--from", metavar="DAY", help="From then on, not the plan's first day.")]
Given = Annotated[list[str] | None, typer.Option("-p", "--param", metavar="NAME=VALUE", help="A parameter.")]
Shown = Annotated[Format, typer.Option("--format", help="How to print.")]


def opened(store: str, actor: str) -> Session:
    """A session in a store that exists."""
    return opened_store(store).session(actor)


def opened_store(store: str, *, migrate: bool = True) -> Store:
    """A store that exists."""
    try:
        return kith.open(store, create=False, migrate=migrate)
    except NotFoundError as error:
        if "allow to create it" not in str(error):
            raise
        told = str(error).replace("or allow to create it", f"or make a store by `kith init {without_password(store)}`")
        raise NotFoundError(told, error.entity) from None


def employee_named(source: Session | Work, name: str) -> Record:
    """The employee of a name; where nobody has it, the error names those who are called nearly so."""
    found = source.employees.find("name = :n", n=name, limit=2)
    if len(found) == 1:
        return found[0]
    if len(found):
        raise InvalidError(f"more than one employee is called '{name}'; give one of them another name")
    known = [row.name for row in source.employees.find(fields=["name"]) if row.name]
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "see `kith find STORE employees --fields name`"
    raise NotFoundError(f"there is no employee '{name}'; {hint}", "employee")


def without_password(store: str) -> str:
    """A path or URL as it may be shown."""
    shown = re.sub(r"^([a-z]+:/*[^:/?@]*):[^/?]*@", r"\1:***@", store)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", shown)


def plain(value: Any) -> Any:
    """A value as JSON or CSV say it."""
    if isinstance(value, Money):
        return str(value.amount)
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    return value


# Of a statement's lines: what a reader at a terminal asks for, in the width of one.
LINE_COLUMNS = ("position", "component", "earned_on", "period_earned", "credit", "amount", "reason")


_FOLDED = ("text", "choice")  # types whose cells may take several lines


def show(
    table: Table,
    format: Format,
    title: str = "",
    only: Sequence[str] = (),
    names: Mapping[str, Mapping[Any, str]] | None = None,
) -> None:
    """Prints a table; for a terminal `only` names the columns, where not all of them, and `names` says how values of a
    column are called there."""
    if format is Format.json:
        rows = [{name: plain(value) for name, value in row.items()} for row in table.to_dicts()]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    if format is Format.csv:
        sys.stdout.write(table.to_csv())
        return
    rows, called = table.rows(), {"metric": METRICS, "counts": METRICS} | dict(names or {})
    empty = [] if only else empty_columns(table.columns, rows)
    shown = [place for place, name in enumerate(table.columns) if name not in empty and (not only or name in only)]
    print_grid(
        out,
        [table.columns[place] for place in shown],
        [table.types[place] in _FOLDED or table.columns[place] in called for place in shown],
        [
            [
                "" if row[place] is None else str(called.get(table.columns[place], {}).get(row[place], row[place]))
                for place in shown
            ]
            for row in rows
        ],
        title,
    )
    if empty:
        out.print(f"Empty, not shown: {', '.join(empty)}.", highlight=False, markup=False)


def filled(table: Table) -> list[str]:
    """The columns that tell something of records: not what is empty in all of them, nor what Kith keeps for itself."""
    rows = list(table.rows())
    kept = {"revision", "seq", "name_key"}
    return [
        name
        for place, name in enumerate(table.columns)
        if name not in kept and (not rows or any(row[place] is not None for row in rows))
    ]


def day(text: str, option: str) -> date | None:
    """The day an option names; None where it names none."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidError(f"{option} '{text}' is no day; write it as YYYY-MM-DD") from None


def assign(work: Work, plan: str, start: date, *, unit: str, employee: str, role: str) -> str:
    """Assigns a plan to a unit, employee or role by name, one of them; says to whom."""
    chosen = [name for name in (unit, employee, role) if name]
    if len(chosen) != 1:
        raise InvalidError("assign the plan to one of --unit, --employee and --role")
    if unit:
        work.assign_plan(plan, unit=work.units.find_one("name = :n", n=unit), start=start)
    elif employee:
        work.assign_plan(plan, employee=employee_named(work, employee), start=start)
    else:
        work.assign_plan(plan, role=role, start=start)
    return f"assigned to {chosen[0]} from {start}"


def parameter(text: str) -> tuple[str, Any]:
    """NAME=VALUE, where the value is a date, a whole or decimal number, money ("12.50 USD"), or text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"'{text}' is not NAME=VALUE")
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", value, re.ASCII):
        return name, day(value, f"--param {name}")
    number, _, unit = value.partition(" ")
    try:
        decimal = Decimal(number)
        if len(unit) == 3 and unit.isascii() and unit.isalpha() and unit.isupper() and decimal.is_finite():
            return name, Money(decimal, unit)
        if not unit and decimal.is_finite():
            return name, int(number) if number.lstrip("+-").isdigit() else decimal
    except InvalidOperation:
        pass
    return name, value


def parameters(given: list[str] | None) -> dict[str, Any]:
    return dict(parameter(text) for text in given or [])


def check_writable(file: pathlib.Path) -> None:
    """Raises OSError where a file cannot be written; changes nothing."""
    fresh = not file.exists()
    file.open("a").close()
    if fresh:
        file.unlink()
