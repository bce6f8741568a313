# SPDX-License-Identifier: Apache-2.0
"""Kith, an embeddable CRM engine.

import kith

with kith.open("shop.kith") as store, store.session() as session:
    with session.work(cause="first customer") as work:
        acme = work.customers.create(name="Acme")
    print(session.customers.find("name contains :q", q="acm"))
"""

from ._kith import __version__
from ._plan import Plan, check_commission, plan
from ._simulation import generate, generate_inputs
from ._store import Reader, Receipt, Records, Session, Store, Work, WritableRecords, check_trace, load, open, shard_plan
from ._table import Record, Table
from ._values import Money
from .errors import (
    BusyError,
    CancelledError,
    ConflictError,
    CorruptError,
    DeniedError,
    Error,
    InternalError,
    InvalidError,
    MisuseError,
    NotFoundError,
    RangeError,
    StateError,
    StorageError,
    VersionError,
)

__all__ = [
    "BusyError",
    "CancelledError",
    "ConflictError",
    "CorruptError",
    "DeniedError",
    "Error",
    "InternalError",
    "InvalidError",
    "MisuseError",
    "Money",
    "NotFoundError",
    "Plan",
    "RangeError",
    "Reader",
    "Receipt",
    "Record",
    "Records",
    "Session",
    "StateError",
    "StorageError",
    "Store",
    "Table",
    "VersionError",
    "Work",
    "WritableRecords",
    "__version__",
    "check_commission",
    "check_trace",
    "generate",
    "generate_inputs",
    "load",
    "open",
    "plan",
    "shard_plan",
]
