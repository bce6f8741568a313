# SPDX-License-Identifier: Apache-2.0
"""The pandas anchor of P4: read_sql and float64, over the store that commission_store_bench left.

    python commission_store_pandas.py DIRECTORY [runs]

Prints one JSON line: the median time, and how many totals differ from Kith's by a cent or more.
"""

import json
import sqlite3
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from commission_pandas import marginal

BOUNDS, RATES = [0.0, 25_000.0, 60_000.0], [0.035, 0.0525, 0.08125]
DEALS = "SELECT owner, closed_on, amount FROM opportunity NOT INDEXED"


def totals(file):
    frame = pd.read_sql(DEALS, file)
    frame["month"] = (frame["closed_on"].to_numpy().astype("datetime64[D]").astype("datetime64[M]")).astype(int) % 12
    earned = (frame["amount"] / 100.0).groupby([frame["owner"], frame["month"]]).sum()
    return marginal(earned, BOUNDS, RATES).round(2)


def main():
    directory = Path(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    file = sqlite3.connect(f"file:{directory / 'deals.kith'}?mode=ro", uri=True)
    totals(file)
    times, computing = [], []
    for _ in range(runs):
        begin, cpu = time.perf_counter(), time.process_time()
        result = totals(file)
        times.append((time.perf_counter() - begin) * 1000)
        computing.append((time.process_time() - cpu) * 1000)
    kith = pd.read_csv(directory / "totals.csv", names=["owner", "month", "cents"]).set_index(["owner", "month"])[
        "cents"
    ]
    cents = pd.Series(np.rint(result.to_numpy() * 100).astype(np.int64), index=result.index)
    median = statistics.median(times)
    line = {
        "job": "P4",
        "what": "stored deals",
        "anchor": f"read_sql + pandas {pd.__version__} float64",
        "anchor_ms": round(median, 3),
        "anchor_cpu_ms": round(statistics.median(computing), 3),
        "anchor_spread": round((max(times) - min(times)) / median, 2),
        "runs": runs,
        "results": len(cents),
        "wrong_by_a_cent": int((cents != kith.reindex(cents.index)).sum()),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
