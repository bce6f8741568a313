# SPDX-License-Identifier: Apache-2.0
"""Results: tables of columns that pandas, polars, pyarrow and DuckDB take through the Arrow C stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_SHOWN = 20  # rows of a table that repr shows


def _text(value: Any) -> str:
    return "" if value is None else str(value)


class Record:
    """One record: fields as attributes and by name. A snapshot; changing it changes nothing in the store."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"the record has no field '{name}'; it has {', '.join(self._values)}") from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return dict(self._values)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._values.items() if value is not None)
        return f"Record({shown})"


class Table:
    """Columns and rows of a report or a list. Iterating gives `Record`s; stays valid after its session is closed.

    `__arrow_c_stream__` hands the columns on: `polars.DataFrame(table)`, `pyarrow.table(table)`. Money becomes
    decimal128 with its currency in a column of its own.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._raw.names()

    @property
    def types(self) -> list[str]:
        """Kith's types of the columns: "text", "integer", "money", ..."""
        return self._raw.types()

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, index: int) -> Record:
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"the table has {size} rows")
        return Record(dict(zip(self.columns, self._raw.row(index % size), strict=True)))

    def __iter__(self) -> Iterator[Record]:
        names = self.columns
        for index in range(len(self)):
            yield Record(dict(zip(names, self._raw.row(index), strict=True)))

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        return self._raw.column(name)

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        return [self._raw.row(index) for index in range(len(self))]

    def to_dicts(self) -> list[dict[str, Any]]:
        """All rows as dictionaries."""
        return [record.to_dict() for record in self]

    def to_csv(self, *, profile: str = "spreadsheet", delimiter: str = ",", byte_order_mark: bool = False) -> str:
        """The table as CSV. "spreadsheet" puts an apostrophe before text that would run as a formula; "interchange"
        reads back exactly. Amounts of column "x" bring their currency along as "x_currency"."""
        return self._raw.to_csv(profile, delimiter, byte_order_mark)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._raw.__arrow_c_stream__(requested_schema)

    def _shown(self) -> list[tuple[str, ...]]:
        return [tuple(_text(value) for value in self._raw.row(index)) for index in range(min(len(self), _SHOWN))]

    def __repr__(self) -> str:
        names, rows = self.columns, self._shown()
        widths = [max([len(name), *(len(row[i]) for row in rows)]) for i, name in enumerate(names)]
        lines = ["  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True))]
        lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        if len(self) > _SHOWN:
            lines.append(f"... {len(self) - _SHOWN} more rows")
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        from html import escape  # only notebooks need it, and it would slow `import kith` down

        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._shown())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Scan:
    """Records of a filter that are read as they are used: memory does not grow with their number, but where an order is
    asked for that the store's storage leaves to Kith. Belongs to the thread of its session.

    `pyarrow.RecordBatchReader.from_stream(scan)`, `polars.from_arrow(...)` or DuckDB take it as an Arrow stream, with
    the columns and values of a `Table`; iterating gives `Table`s of up to `rows` records. Each use reads anew: a fresh
    snapshot of a session, the same one of a reader. That of a work ends with it (MisuseError); one that is iterated
    ends so with its session or reader, too, where that is closed in its midst.
    """

    def __init__(
        self, alive: Callable[[], object], pages: Callable[[], Any], stream: Callable[[], Any], rows: int
    ) -> None:
        self._alive = alive
        self._pages = pages
        self._stream = stream
        self._rows = rows

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._pages().names()

    def __iter__(self) -> Iterator[Table]:
        pages = self._pages()
        while (raw := pages.next(self._rows)) is not None:
            yield Table(raw)
            self._alive()  # refuses to go on in what was closed meanwhile

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._stream()
