# SPDX-License-Identifier: Apache-2.0
"""A company that never was, of any size, for tests, benchmarks and demos."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from typing import Any

from . import _kith
from ._table import Table


def generate(
    url: str | os.PathLike[str],
    *,
    records: int = 10_000,
    seed: int = 1,
    start: date | None = None,
    end: date | None = None,
    currency: str = "USD",
    events: bool = True,
    progress: Callable[[int, int], bool | None] | None = None,
) -> dict[str, int]:
    """Makes a store at `url` and lives a company's life in it, week by week; tells how much of each it wrote.

    `records` is about how many customers, contacts and deals there will be, 100 to 10 million; they have Chinese,
    Japanese and English names, and everything follows from `seed`. From 2023-01-02 to 2025-12-31 unless told
    otherwise. Sellers are the principals s1, s2, ..., managers of regions m1, m2, .... What followed the won deals,
    bookings, invoices, payments and returns, is posted as business events unless `events` is False.
    `progress(done, total)` may return False to stop. Errors: InvalidError for a size or stretch beyond the limits,
    StateError for a store in use, CancelledError.
    """
    table = Table(_kith.generate(os.fspath(url), seed, records, start, end, currency, events, progress))
    return {row["what"]: row["count"] for row in table}


def generate_inputs(
    *,
    records: int = 10_000,
    seed: int = 1,
    start: date | None = None,
    end: date | None = None,
    currency: str = "USD",
) -> dict[str, Any]:
    """The bookings, invoices, payments and returns of the same company, and its people, as inputs for `kith.plan`."""
    return json.loads(_kith.generate_inputs(seed, records, start, end, currency))
