# SPDX-License-Identifier: Apache-2.0
"""Storage from Python: P6 (insert) against raw SQLite C, P7 (get by id) against the driver of the standard library.

    python store_python.py DIRECTORY STORE_BENCH [runs] [rows]

Prints one JSON line a job. STORE_BENCH is the program that founds stores and replays what was written to them.
"""

import json
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import kith
import pyarrow

NOW = datetime(2025, 6, 15, tzinfo=UTC)
COLUMNS = (
    "id",
    "revision",
    "seq",
    "name",
    "name_key",
    "kind",
    "owner",
    "unit",
    "stage",
    "highest_stage",
    "parent",
    "sector",
    "country",
    "founded",
    "annual_revenue",
    "employees",
    "phone",
    "email",
    "source",
    "external_id",
)


class Watch:
    """Milliseconds that passed, and those that this process computed."""

    def __init__(self):
        self.wall = time.perf_counter()
        self.cpu = time.process_time()

    def read(self):
        return (time.perf_counter() - self.wall) * 1000, (time.process_time() - self.cpu) * 1000


def summary(prefix, times):
    wall = [one[0] for one in times]
    median = statistics.median(wall)
    return {
        f"{prefix}_ms": round(median, 3),
        f"{prefix}_cpu_ms": round(statistics.median(t[1] for t in times), 3),
        f"{prefix}_spread": round((max(wall) - min(wall)) / median, 2),
    }


def report(job, what, ours, anchor, theirs, target, checked):
    line = {"job": job, "what": what, **summary("kith", ours), "anchor": anchor, **summary("anchor", theirs)}
    line["ratio"] = round(line["anchor_ms"] / line["kith_ms"], 3)
    line["cpu_ratio"] = round(line["anchor_cpu_ms"] / line["kith_cpu_ms"], 3)
    print(json.dumps({**line, "better": "higher", "target": target, "runs": len(ours), "checked": checked}), flush=True)


def remove_store(path):
    for beside in ("", "-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)


def copy_store(source, target):
    remove_store(target)
    shutil.copyfile(source, target)


def make_values(rows, owners):
    """What a script hands to `create`: keyword arguments of Python values."""
    chance = random.Random(20250101)
    return [
        {
            "name": f"{'Müller & Söhne' if chance.randrange(8) == 0 else 'Northern Supplies'} {i}",
            "kind": "person" if chance.randrange(4) == 0 else "organisation",
            "owner": chance.choice(owners),
            "sector": chance.choice(["retail", "software", "medical", "marketing", "telecommunications"]),
            "country": chance.choice(["Germany", "日本", "United States", "Brasil"]),
            "founded": chance.randrange(1900, 2020),
            "annual_revenue": Decimal(chance.randrange(5_000_000)) / 1000,
            "employees": chance.randrange(20_000),
            "phone": f"+49 30 {chance.randrange(1_000_000, 10_000_000)}",
            "email": f"office{i}@example.com",
            "source": "erp",
            "external_id": f"C{i}",
        }
        for i in range(1, rows + 1)
    ]


def insert(path, values, size):
    """One `create` after the other, a work for each `size`."""
    with kith.open(path, clock=lambda: NOW, seed=7) as store, store.session() as session:
        watch = Watch()
        for start in range(0, len(values), size):
            with session.work("bulk") as work:
                customers = work.customers
                for one in values[start : start + size]:
                    customers.create(**one)
        return watch.read()


def insert_columns(path, tables, size):
    """One `create_many` of an Arrow table for each work."""
    with kith.open(path, clock=lambda: NOW, seed=7) as store, store.session() as session:
        watch = Watch()
        for table in tables:
            with session.work("bulk") as work:
                work.customers.create_many(table)
        return watch.read()


def tables_of(values, size):
    """The same rows as Arrow tables, ready before the clock starts."""
    names = list(dict.fromkeys(name for one in values for name in one))
    types = {"annual_revenue": pyarrow.decimal128(38, 6)}
    tables = []
    for start in range(0, len(values), size):
        part = values[start : start + size]
        columns = {name: pyarrow.array([one.get(name) for one in part], types.get(name)) for name in names}
        tables.append(pyarrow.table(columns))
    return tables


def measure_insert(directory, program, runs, rows):
    base, made = directory / "base.kith", directory / "kith.kith"
    subprocess.run([program, "found", base], check=True)
    with kith.open(base) as store, store.session() as session:
        owners = [one.id for one in session.employees.find()]
    values = make_values(rows, owners)
    how = f"{rows} rows, 10000 a work"
    what = f"Python columns: customers.create_many, {how}"
    compare_insert(directory, program, runs, what, insert_columns, tables_of(values, 10_000), 0.6)
    compare_insert(directory, program, runs, f"Python: customers.create, {how}", insert, values, None)
    return made


def compare_insert(directory, program, runs, what, insert, values, target):
    base, made, raw = (directory / name for name in ("base.kith", "kith.kith", "raw.kith"))
    ours, theirs = [], []
    for _ in range(runs):
        copy_store(base, made)
        ours.append(insert(made, values, 10_000))
        done = subprocess.run([program, "replay", base, made, raw], check=True, capture_output=True, text=True)
        again = json.loads(done.stdout)
        theirs.append((again["ms"], again["cpu_ms"]))
    checked = f"{again['equal_rows']} rows of both files are equal"
    report("P6", what, ours, "raw SQLite C API", theirs, target, checked)


def as_columns(record):
    """A record as the driver gives its row, for the comparison."""
    values = record.to_dict()
    values["kind"] = {"organisation": 1, "person": 2}[values["kind"]]
    revenue = values["annual_revenue"]
    values["annual_revenue"] = None if revenue is None else int(revenue.scaleb(6))
    return tuple(values[name] for name in COLUMNS)


def measure_get(path, runs):
    with kith.open(path) as store, store.session() as session:
        customers = session.reader().customers
        driver = sqlite3.connect(path)
        driver.execute("PRAGMA query_only=ON")
        driver.execute("BEGIN")
        query = f"SELECT {', '.join(COLUMNS)} FROM customer WHERE id = ?"
        ids = [row[0] for row in driver.execute("SELECT id FROM customer")]
        random.Random(7).shuffle(ids)
        for id in ids:
            if as_columns(customers.get(id)) != driver.execute(query, (id,)).fetchone():
                raise SystemExit(f"Kith and the driver read customer {id} differently")
        ours, theirs = [], []
        for _ in range(runs):
            watch = Watch()
            for id in ids:
                customers.get(id)
            ours.append(watch.read())
            watch = Watch()
            for id in ids:
                driver.execute(query, (id,)).fetchone()
            theirs.append(watch.read())
        driver.close()
    report(
        "P7",
        f"Python: reader.customers.get of {len(ids)} ids",
        ours,
        "sqlite3 of the standard library",
        theirs,
        0.6,
        f"{len(ids)} customers are equal in all columns",
    )


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    rows = int(sys.argv[4]) if len(sys.argv) > 4 else 100_000
    measure_get(measure_insert(directory, sys.argv[2], runs, rows), runs)


if __name__ == "__main__":
    main()
