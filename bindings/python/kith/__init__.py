# SPDX-License-Identifier: Apache-2.0
"""Kith, an embeddable CRM engine.

import kith

with kith.open("shop.kith") as store, store.session() as session:
    with session.work(cause="first customer") as work:
        acme = work.customers.create(name="Acme")
    print(session.customers.find("name contains :q", q="acm"))
"""

from ._history import Erasure, Unread, Verification
from ._kith import __version__
from ._names import (
    AmortizationKind,
    BonusKind,
    DayBasis,
    DrawKind,
    GoalStatus,
    Grade,
    Grain,
    Language,
    MeasureKind,
    Method,
    Metric,
    MilestoneKind,
    MilestoneStatus,
    ProgressKind,
    QuotaCheck,
    QuotaPlanState,
    Ranking,
    ReliefKind,
    Ties,
)
from ._plan import Computation, Plan, check_commission, explain_commission, plan
from ._quotas import Feedback
from ._records import Records, WritableRecords
from ._simulation import generate, generate_inputs
from ._store import Reader, Receipt, Session, Store, Work, check_trace, load, migration, open, open_on, shard_plan
from ._table import Record, Scan, Table
from ._tenants import remove_tenant, tenants
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
    "AmortizationKind",
    "BonusKind",
    "BusyError",
    "CancelledError",
    "Computation",
    "ConflictError",
    "CorruptError",
    "DayBasis",
    "DeniedError",
    "DrawKind",
    "Erasure",
    "Error",
    "Feedback",
    "GoalStatus",
    "Grade",
    "Grain",
    "InternalError",
    "InvalidError",
    "Language",
    "MeasureKind",
    "Method",
    "Metric",
    "MilestoneKind",
    "MilestoneStatus",
    "MisuseError",
    "Money",
    "NotFoundError",
    "Plan",
    "ProgressKind",
    "QuotaCheck",
    "QuotaPlanState",
    "RangeError",
    "Ranking",
    "Reader",
    "Receipt",
    "Record",
    "Records",
    "ReliefKind",
    "Scan",
    "Session",
    "StateError",
    "StorageError",
    "Store",
    "Table",
    "Ties",
    "Unread",
    "Verification",
    "VersionError",
    "Work",
    "WritableRecords",
    "__version__",
    "check_commission",
    "check_trace",
    "explain_commission",
    "generate",
    "generate_inputs",
    "load",
    "migration",
    "open",
    "open_on",
    "plan",
    "remove_tenant",
    "shard_plan",
    "tenants",
]
