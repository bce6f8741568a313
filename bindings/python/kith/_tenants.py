# SPDX-License-Identifier: Apache-2.0
"""The tenants that share the tables of one schema on a PostgreSQL server."""

from __future__ import annotations

from . import _kith
from ._table import Table


def tenants(url: str) -> Table:
    """Every tenant of the schema in the URL that its role may see: number, format, last work, when, base currency.
    Row-level security shows a role that is bound by it the tenant of the URL alone."""
    return Table(_kith.tenants(url))


def remove_tenant(url: str, *, confirm: int) -> int:
    """Removes every row of the tenant that the URL names, with its history, in one transaction; how many there were.

    `confirm` repeats the tenant's number. Only a backup or a dump brings it back. Whoever has it open is told
    NotFoundError at the next transaction. Raises NotFoundError where it is not there, DeniedError where the role may
    not, BusyError while a work is written; nothing is removed then.
    """
    return _kith.remove_tenant(url, confirm)
