# SPDX-License-Identifier: Apache-2.0
"""The pandas anchor of P1 and P2: the same data, the same plan, float64, as an analyst writes it.

    python commission_pandas.py DIRECTORY [runs]

Reads what commission_bench wrote to DIRECTORY and prints one JSON line a job: the median time of one thread, and how
many results differ from Kith's by a cent or more.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd


def read_plan(directory):
    """Lower bounds and rates of the one marginal component."""
    plan = json.loads((directory / "plan.json").read_text())
    bands = plan["components"][0]["tiers"]["bands"]
    return [float(band["from"]) for band in bands], [float(band["rate"]) for band in bands]


def marginal(total, bounds, rates):
    """Commission of running totals; below zero the first rate holds."""
    paid = total * rates[0]
    for i in range(1, len(bounds)):
        paid = paid + np.maximum(total - bounds[i], 0.0) * (rates[i] - rates[i - 1])
    return paid


def totals(frame, bounds, rates):
    earned = frame.groupby(["person", "interval"])["amount"].sum()
    return marginal(earned, bounds, rates).round(2)


def lines(frame, bounds, rates):
    running = frame.groupby(["person", "interval"])["amount"].cumsum()
    paid = marginal(running, bounds, rates).round(2)
    before = paid.groupby([frame["person"], frame["interval"]]).shift(fill_value=0.0)
    return paid - before


def measure(job, runs):
    times = []
    for _ in range(runs):
        begin = time.thread_time()
        result = job()
        times.append((time.thread_time() - begin) * 1000)
    median = statistics.median(times)
    return result, median, (max(times) - min(times)) / median


def report(job, what, result, kith, median, spread, runs):
    cents = np.rint(result.to_numpy() * 100).astype(np.int64)
    print(
        json.dumps(
            {
                "job": job,
                "what": what,
                "anchor": f"pandas {pd.__version__} float64",
                "anchor_ms": round(median, 4),
                "anchor_spread": round(spread, 2),
                "runs": runs,
                "results": len(cents),
                "wrong_by_a_cent": int((cents != kith).sum()),
            }
        )
    )


def main():
    directory = Path(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    bounds, rates = read_plan(directory)
    frame = pd.DataFrame(
        {
            "amount": np.fromfile(directory / "amount.i64", dtype="<i8") / 100.0,
            "person": np.fromfile(directory / "person.i32", dtype="<i4"),
            "interval": np.fromfile(directory / "interval.i32", dtype="<i4"),
        }
    )
    result, median, spread = measure(lambda: totals(frame, bounds, rates), runs)
    kith = np.fromfile(directory / "totals.i64", dtype="<i8")
    intervals = int(frame["interval"].max()) + 1
    index = result.index.get_level_values(0) * intervals + result.index.get_level_values(1)
    report("P1", "totals", result, kith[index], median, spread, runs)
    result, median, spread = measure(lambda: lines(frame, bounds, rates), runs)
    report("P2", "one line each", result, np.fromfile(directory / "lines.i64", dtype="<i8"), median, spread, runs)


if __name__ == "__main__":
    main()
