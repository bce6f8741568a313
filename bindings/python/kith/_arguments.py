# SPDX-License-Identifier: Apache-2.0
"""What callers may give: records where ids are expected, one text where several may stand, documents."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ._table import Record
from .errors import InvalidError, RangeError

Document = str | Mapping[str, Any]

# The kinds that people know by a name: the plural, and the field that holds it.
_NAMED = {
    "unit": ("units", "name"),
    "parent": ("units", "name"),
    "employee": ("employees", "name"),
    "owner": ("employees", "name"),
    "customer": ("customers", "name"),
    "deal": ("opportunities", "title"),
    "opportunity": ("opportunities", "title"),
    "product": ("products", "name"),
    "pipeline": ("pipelines", "name"),
}


def id_of(value: int | Record, what: str) -> int:
    """The id of a record, given as that or as the record itself. `what` is the kind or the argument that is meant."""
    if isinstance(value, Record):
        return whole(value.id, what)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        plural, field = _NAMED.get(what, ("", ""))
        look_up = ""
        if isinstance(value, str) and plural:
            look_up = f'; look it up: {plural}.find_one("{field} = :n", n={value!r})'
        raise TypeError(f"{what}: expected an id or a Record, not {type(value).__name__} {value!r}{look_up}")
    return whole(operator.index(value), what)


def whole(number: int, what: str) -> int:
    """A number that the engine can hold."""
    if not -(2**63) <= number < 2**63:
        raise RangeError(f"{what}: the number {number} does not fit 64 bits")
    return number


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name, with the ids of the records among them."""

    def one(value: Any) -> Any:
        return value.id if isinstance(value, Record) else value

    return {
        name: [one(item) for item in value] if type(value) in (list, tuple) else one(value)
        for name, value in values.items()
    }


def names(given: str | Sequence[str]) -> list[str]:
    """Names given one by one, or a single one."""
    return [given] if isinstance(given, str) else list(given)


def limited(limit: int | None) -> int | None:
    """A number of rows at most."""
    if limit is not None and limit < 0:
        raise InvalidError(f"limit {limit} is negative; give a number of rows, or None for all", field="limit")
    return limit


def no_kind(name: str, known: Sequence[str]) -> str:
    """The sentence that a kind of records is unknown, with near names."""
    from difflib import get_close_matches  # only errors need it, and it would slow `import kith` down

    near = get_close_matches(name, known, n=3, cutoff=0.6)
    others = "there are customers, contacts, opportunities, products, employees and others (docs/dictionary.md)"
    hint = f"did you mean {' or '.join(near)}?" if near else others
    return f"there are no '{name}'; {hint}"


def _json_value(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a document; give text, a Decimal or a date")


def to_json(value: object) -> str:
    """Python objects as the JSON that documents are."""
    return json.dumps(value, ensure_ascii=False, default=_json_value)


def _is_path(text: str) -> bool:
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return False
    return text.endswith(".json") or (0 < len(text) < 1000 and os.path.exists(text))


def document_of(document: Document, what: str) -> str:
    """A JSON document given as text or as Python objects. `what` names it where it is neither."""
    if isinstance(document, os.PathLike) or (isinstance(document, str) and _is_path(document)):
        raise TypeError(
            f"{what}: expected JSON text or a dict, not the path '{os.fspath(document)}'; "
            'give pathlib.Path(...).read_text(encoding="utf-8")'
        )
    if isinstance(document, str):
        return document
    if not isinstance(document, Mapping):
        raise TypeError(f"{what}: expected JSON text or a dict, not {type(document).__name__} {document!r}")
    return to_json(document)


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file in UTF-8, with or without a byte order mark."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as fault:
        raise InvalidError(f"'{path}' is not UTF-8 (byte {fault.start + 1}); save it as UTF-8") from None
