# SPDX-License-Identifier: Apache-2.0
"""Peak memory of getting many customers out: as CSV, as an Arrow stream, page by page, and as one table.

    python benchmarks/export_memory.py STORE [rows]

Makes the store if it is not there. Each way runs in a process of its own, which must find every customer; what is
printed is its peak beyond that of a process that only opened the store, and its time.
"""

import subprocess
import sys
import time
from pathlib import Path

import kith
import pyarrow as pa

ROWS_A_WORK = 10_000
WAYS = ("open only", "CSV", "Arrow stream", "pages", "one table")


def make(path: Path, rows: int) -> None:
    with kith.open(path) as store, store.session() as session:
        for start in range(0, rows, ROWS_A_WORK):
            numbers = range(start, min(rows, start + ROWS_A_WORK))
            table = pa.table(
                {
                    "name": [f"Northern Supplies 宏达 {number}" for number in numbers],
                    "sector": ["retail" if number % 3 else "software" for number in numbers],
                    "country": ["Germany"] * len(numbers),
                    "founded": [1900 + number % 120 for number in numbers],
                    "phone": [f"+49 30 {number:07}" for number in numbers],
                    "email": [f"office{number}@example.com" for number in numbers],
                }
            )
            with session.work("fill") as work:
                work.customers.create_many(table)


def count(path: str, way: str) -> int:
    """How many customers come out this way; -1 where none are asked for."""
    with kith.open(path, create=False) as store, store.session() as session:
        customers = session.customers
        if way == "CSV":
            return customers.export_csv(path + ".csv")
        if way == "Arrow stream":
            return sum(batch.num_rows for batch in pa.RecordBatchReader.from_stream(customers.scan()))
        if way == "pages":
            return sum(len(table) for table in customers.scan())
        if way == "one table":
            return len(customers.find())
        session.customers.find(limit=1)
        return -1


def peak_kib() -> int:
    """Of this program alone: what getrusage says begins with the memory of the process that started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise SystemExit("this system does not tell peak memory in /proc/self/status")


def run(path: str, way: str) -> None:
    start = time.perf_counter()
    rows = count(path, way)
    seconds = time.perf_counter() - start
    print(rows, peak_kib(), f"{seconds:.2f}", file=sys.stderr)


def main(path: Path, rows: int) -> int:
    if not path.exists():
        make(path, rows)
    with kith.open(path, create=False) as store, store.session() as session:
        expected = sum(len(table) for table in session.customers.scan(fields=["id"]))
    base = 0
    print(f"{expected} customers, {path.stat().st_size / 2**20:.0f} MiB on disk")
    for way in WAYS:
        done = subprocess.run(
            [sys.executable, __file__, "--way", way, str(path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
        found, peak, seconds = done.stderr.split()
        if way == "open only":
            base = int(peak)
        elif int(found) != expected:
            raise SystemExit(f"{way}: {found} of {expected} customers came out")
        path.with_name(path.name + ".csv").unlink(missing_ok=True)
        print(f"{way:13}{(int(peak) - base) / 1024:9.1f} MiB{float(seconds):9.2f} s")
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "--way":
        run(sys.argv[3], sys.argv[2])
    else:
        sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000))
