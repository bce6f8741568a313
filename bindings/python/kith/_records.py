# SPDX-License-Identifier: Apache-2.0
"""Records of one kind: reads, and in a work the verbs that write them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ._arguments import id_of, limited, names, plain
from ._history import PastOfRecords, WaysBack
from ._quotas import Number
from ._table import Record, Scan, Table
from ._values import Money
from .errors import InvalidError, MisuseError, NotFoundError

if TYPE_CHECKING:
    from ._store import Work


def rows_of(rows: Any) -> list[dict[str, Any]]:
    """Rows given as mappings, or as a mapping of columns (lists, numpy arrays, series)."""
    if not isinstance(rows, Mapping):
        if isinstance(rows, str | bytes) or not isinstance(rows, Iterable):
            raise TypeError(f"rows: expected mappings, columns or an Arrow table, not {type(rows).__name__} {rows!r}")
        given = list(rows)
        for place, row in enumerate(given, 1):
            if not isinstance(row, Mapping):
                raise TypeError(f"row {place}: expected a mapping of fields, not {type(row).__name__} {row!r}")
        return [plain(row) for row in given]
    columns = {}
    for name, values in rows.items():
        if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
            kind = "text" if isinstance(values, str) else type(values).__name__
            raise TypeError(f"column '{name}' is one {kind}, {values!r}; give a list of values, or rows as [{{...}}]")
        columns[name] = values.tolist() if hasattr(values, "tolist") else list(values)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns have different lengths: {lengths}")
    return [plain(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _pipeline(values: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Name and stages of a pipeline, which are all that it is made of."""
    for field in values.keys() - {"name", "stages"}:
        raise InvalidError(f"a pipeline is made of name and stages; it has no field '{field}'", "pipeline", field)
    name, stages = values.get("name"), values.get("stages")
    if not isinstance(name, str):
        raise InvalidError(f"name is required, a text; given was {name!r}", "pipeline", "name")
    if isinstance(stages, str | Mapping) or not isinstance(stages, Iterable):
        raise InvalidError(
            f'stages is required, a list such as [{{"name": "Talk", "probability": "0.5"}}]; given was {stages!r}',
            "pipeline",
            "stages",
        )
    rows = list(stages)
    for stage in rows:
        if not isinstance(stage, Mapping):
            raise InvalidError(
                f'stages: each is a dict such as {{"name": "Talk", "probability": "0.5"}}, not {stage!r}',
                "pipeline",
                "stages",
            )
    return name, [dict(stage) for stage in rows]


class Records(PastOfRecords):
    """One kind of record, such as `session.customers`: reads."""

    def __init__(self, source: Callable[[], Any], entity: str, alive: Callable[[], object] | None = None) -> None:
        self._source = source
        self._entity = entity
        self._alive = alive or (lambda: source().seq)

    def get(self, id: int | Record) -> Record:
        """The record. Raises NotFoundError when there is none that the actor may see."""
        return Record(self._source().get(self._entity, id_of(id, self._entity)))

    def find(
        self,
        where: str = "",
        *,
        order: str | Sequence[str] = (),
        fields: str | Sequence[str] = (),
        limit: int | None = None,
        **parameters: Any,
    ) -> Table:
        """Visible records that a filter keeps: `find("sector = :s and name contains :q", s="retail", q="acme")`. A list
        or tuple stands to the right of `in`: `find("owner in :team", team=[anna.id, bob.id])`.

        Values from outside belong into parameters, never into the text. Raises InvalidError with the position of a
        fault and near names.
        """
        given = (where, plain(parameters), names(order), names(fields), limited(limit))
        return Table(self._source().find(self._entity, *given))

    def export_csv(
        self,
        path: str | os.PathLike[str],
        where: str = "",
        *,
        order: str | Sequence[str] = (),
        fields: str | Sequence[str] = (),
        profile: str = "spreadsheet",
        delimiter: str = ",",
        byte_order_mark: bool = False,
        **parameters: Any,
    ) -> int:
        """Writes the visible records of a filter into a CSV file, in constant memory, and returns their number.

        An existing file is replaced once the new one is whole. Profile "spreadsheet" puts an apostrophe before text
        that would run as a formula; "interchange" reads back exactly.
        """
        return self._source().export_csv(
            self._entity,
            os.fspath(path),
            where,
            plain(parameters),
            names(order),
            names(fields),
            profile,
            delimiter,
            byte_order_mark,
        )

    def scan(
        self,
        where: str = "",
        *,
        order: str | Sequence[str] = (),
        fields: str | Sequence[str] = (),
        limit: int | None = None,
        rows: int = 16_384,
        **parameters: Any,
    ) -> Scan:
        """The same, read as it is used, for more records than memory should hold: an Arrow stream, and an iterable of
        tables of about `rows` records each."""
        given = (self._entity, where, plain(parameters), names(order), names(fields), limited(limit))
        return Scan(self._alive, lambda: self._source().pages(*given), lambda: self._source().stream(*given), rows)

    def evaluate(self, id: int | Record, expression: str, **parameters: Any) -> Any:
        """The value of an expression for one record: `evaluate(deal, "base(amount) * 5 %")`. Raises NotFoundError for a
        record, or an exchange rate, that is not there, and InvalidError with the position of a fault."""
        return self._source().evaluate(self._entity, id_of(id, self._entity), expression, plain(parameters))

    def explain(self, id: int | Record, expression: str, *, language: str = "en", **parameters: Any) -> str:
        """How that value comes about, part by part: in "en", "zh" or "ja", or as "json"."""
        record = id_of(id, self._entity)
        return self._source().explain_expression(self._entity, record, expression, language, plain(parameters))

    def expression(self, text: str = "", *, json: str = "", language: str = "en", **parameters: Any) -> dict[str, str]:
        """An expression checked against these records, in canonical form: its "text", its "json" tree and the "type" of
        its values. Give a text or a tree. Raises InvalidError, in "en", "zh" or "ja", with the position of a fault."""
        if bool(text) == bool(json):
            raise TypeError("give a text or json")
        return self._source().expression(self._entity, text or json, bool(json), language, plain(parameters))

    def fault(self, text: str, **parameters: Any) -> dict[str, Any] | None:
        """What is wrong with the text of an expression, for editors: its stable "code", its "position" in characters
        from 1 (0 where no place is to blame), and a sentence in "en", "zh" and "ja". None when nothing is wrong."""
        return self._source().expression_fault(self._entity, text, plain(parameters))

    def find_one(self, where: str = "", **parameters: Any) -> Record:
        """The one record of a filter. Raises NotFoundError for none, MisuseError for more than one."""
        found = self.find(where, limit=2, **parameters)
        if len(found) == 1:
            return found[0]
        given = ", ".join(f"{name} = {value!r}" for name, value in plain(parameters).items())
        asked = f"{where!r}" + (f" with {given}" if given else "")
        if len(found) == 0:
            raise NotFoundError(f"no {self._entity} matches {asked}", self._entity)
        raise MisuseError(f"more than one {self._entity} matches {asked}; narrow the filter", self._entity)

    def ways(self, id: int | Record) -> Table:
        """The ways that state machines lead on from where a record is: machine, transition, from, to, guard, needs,
        open (may be taken now) and why not."""
        return Table(self._source().ways(self._entity, id_of(id, self._entity)))

    def time_in_stages(self, id: int | Record, until: date) -> dict[str, int]:
        """Customers: calendar days in each lifecycle stage up to a day, in the store's zone."""
        return dict(self._source().time_in_stages(id_of(id, self._entity), until))


class Changes(Records):
    """The entity `change`, read like any other; called, the change feed."""

    def __call__(self, after: int = 0, most: int = 1000) -> Table:
        """The change feed behind a position: id, seq, entity, record, kind."""
        return Table(self._source().changes(after, most))


class WritableRecords(WaysBack, Records):
    """One kind of record in a work: reads and writes. Each verb says which kind of record it is for."""

    def __init__(self, work: Work, entity: str) -> None:
        super().__init__(lambda: work._open(), entity)
        self._work = work

    def create(self, **values: Any) -> Record:
        """Adds a record through its area's verb; what is returned is what was stored."""
        raw = self._work._open()
        given = plain(values)
        if self._entity == "unit":
            start = given.pop("start", None)
            if given.get("parent") is not None:
                given["parent"] = id_of(given["parent"], "parent")
            return Record(raw.create_unit(given, start))
        if self._entity == "employee":
            if given.get("unit") is not None:
                given["unit"] = id_of(given["unit"], "unit")
            return Record(raw.create_employee(given))
        if self._entity == "pipeline":
            return self.get(raw.create_pipeline(*_pipeline(given)))
        return Record(raw.create(self._entity, given))

    def create_many(self, rows: Any) -> list[int]:
        """Adds many records at once, all or none, and returns their ids in order.

        `rows` is anything that speaks the Arrow C stream (pyarrow, polars, pandas, DuckDB, a `Table` of Kith), the
        fastest way; or a mapping of columns, or an iterable of mappings. Columns are named like fields. Amounts come as
        decimals, their currency in column "x_currency"; floats are refused for decimals and money. Raises InvalidError
        with column and row.
        """
        raw = self._work._open()
        if hasattr(rows, "__arrow_c_stream__"):
            return raw.create_from_stream(self._entity, rows.__arrow_c_stream__())
        return raw.create_from_rows(self._entity, rows_of(rows))

    def update_many(self, rows: Any) -> int:
        """Changes many records at once, all or none, and returns how many were not so already.

        `rows` as for `create_many`. Column "id" names the record; "revision", where there is one, is what was read:
        ConflictError when somebody was faster. A field without a column keeps its value, None empties it.
        """
        raw = self._work._open()
        if hasattr(rows, "__arrow_c_stream__"):
            return raw.update_from_stream(self._entity, rows.__arrow_c_stream__())
        return raw.update_from_rows(self._entity, rows_of(rows))

    def update(self, record: int | Record, *, revision: int | None = None, **values: Any) -> Record:
        """Changes fields. A `Record` brings the revision it was read at; ConflictError when somebody was faster."""
        expected = record.revision if isinstance(record, Record) and revision is None else revision
        return Record(self._work._open().update(self._entity, id_of(record, self._entity), expected, plain(values)))

    def remove(self, record: int | Record, revision: int | None = None) -> None:
        """Removes it; its past stays readable. Raises ConflictError when another record refers to it."""
        known = record.revision if isinstance(record, Record) else revision
        if known is None:
            raise TypeError("give the revision that was read, or the Record itself")
        self._work._open().remove(self._entity, id_of(record, self._entity), known)

    # --- units and employees
    def move(self, unit: int | Record, parent: int | Record | None, start: date) -> None:
        """Units: hangs it below another from a day on."""
        self._work._open().move_unit(id_of(unit, "unit"), None if parent is None else id_of(parent, "parent"), start)

    def transfer(self, employee: int | Record, unit: int | Record, start: date) -> None:
        """Employees: moves somebody to another unit from a day on."""
        self._work._open().transfer(id_of(employee, "employee"), id_of(unit, "unit"), start)

    # --- customers
    def assign(self, record: int | Record, owner: int | Record | None, since: datetime | None = None) -> None:
        """Customers, opportunities: hands it to another employee, now or since a time in the past; the unit becomes
        that of the new owner on that day."""
        to = None if owner is None else id_of(owner, "owner")
        self._work._open().assign(self._entity, id_of(record, self._entity), to, since)

    def set_stage(self, customer: int | Record, stage: str, reason: str = "", at: datetime | None = None) -> None:
        """Customers: a person's move in the life cycle; back needs a reason."""
        self._work._open().set_customer_stage(id_of(customer, "customer"), stage, reason, at)

    def advance(self, record: int | Record, stage: str, at: datetime | None = None) -> None:
        """Customers: an automatic move, only forward. Opportunities: to another stage of the pipeline."""
        verb = self._work._open().advance_deal if self._entity == "opportunity" else self._work._open().advance_customer
        verb(id_of(record, self._entity), stage, at)

    # --- opportunities
    def win(self, deal: int | Record, on: date, reason: str, amount: Money | Number | None = None) -> None:
        """Opportunities: closes it as won; it needs an amount, its own or this one."""
        self._work._open().win(id_of(deal, "deal"), on, reason, amount)

    def lose(self, deal: int | Record, on: date, reason: str) -> None:
        """Opportunities: closes it as lost."""
        self._work._open().lose(id_of(deal, "deal"), on, reason)

    def void(self, deal: int | Record, on: date, reason: str) -> None:
        """Opportunities: closes one that never was."""
        self._work._open().void(id_of(deal, "deal"), on, reason)

    def reopen(self, deal: int | Record, reason: str) -> None:
        """Opportunities: opens a closed one again."""
        self._work._open().reopen(id_of(deal, "deal"), reason)

    def revalue(self, on: date, where: str = "", **parameters: Any) -> int:
        """Opportunities: values open ones at the market rates of a day, all or none; how many changed. Raises
        InvalidError where a rate is missing."""
        return self._work._open().revalue(on, where, plain(parameters))

    def set_splits(self, deal: int | Record, shares: Sequence[tuple[int | Record, Number]]) -> None:
        """Opportunities: shares the credit, (employee, fraction) each; fractions add up to exactly 1."""
        pairs = [tuple(share) if isinstance(share, list | tuple) else share for share in shares]
        for pair in pairs:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise TypeError(f"shares: expected pairs (employee, fraction), not {pair!r}")
        self._work._open().set_splits(id_of(deal, "deal"), [(id_of(who, "employee"), part) for who, part in pairs])

    # --- the ledger
    def reverse(
        self,
        *postings: int | Record,
        on: date | None = None,
        period: str | None = None,
        source: str = "",
    ) -> list[int]:
        """Postings: takes them back, each once, by its exact mirror; returns the ids of the mirrors in order.

        Both sides of a pair of accounts are reversed together. Day, period and source default to those of the posting
        that is reversed. Raises StateError for one that was reversed already or is a reversal itself.
        """
        return self._work._open().reverse([id_of(posting, "posting") for posting in postings], on, period, source)
