# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks and prints one table of Kith against its anchors; `make bench` calls it.

    python benchmarks/run.py [--build build/bench] [--runs 7] [--rows 100000] [--only P6,P7]

Every figure is a ratio of medians within this one run. The table goes to the screen, everything measured to
BUILD/results.json. A missed target is a result; only a job whose output is wrong, or that fails, ends with an error.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bindings" / "python" / "tests"))
import postgres_server  # noqa: E402  the tests' own

COMMISSION_PASSES = 3
PANDAS_TARGET = 20.0
STORED_TARGET = 6.0


def lines_of(command):
    """The JSON lines that a benchmark prints."""
    print("    " + " ".join(str(part) for part in command[:2]), file=sys.stderr, flush=True)
    results = []
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if not line.startswith("{"):
                continue
            results.append(json.loads(line))
            what = results[-1]
            print(f"      {what['job']} {what['what']}: ratio {what.get('ratio', '-')}", file=sys.stderr, flush=True)
    if running.returncode != 0:
        raise SystemExit(f"{command[0]} failed with {running.returncode}; its message stands above")
    return results


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def merge(passes):
    """Several passes of one job as one: medians of what was timed, the widest spread, the sum of what was wrong."""
    merged = dict(passes[0])
    for key, value in passes[0].items():
        values = [one[key] for one in passes]
        if key.endswith("_ms") or key == "ratio":
            merged[key] = median(values)
        elif key.endswith("_spread"):
            merged[key] = max(values)
        elif key.startswith("wrong") or key == "runs":
            merged[key] = sum(values)
        elif isinstance(value, bool):
            merged[key] = all(values)
    if "anchor_ms" in merged and "kith_ms" in merged:
        merged["ratio"] = merged["kith_ms"] / merged["anchor_ms"]
    return merged


def commission(programs, data, runs):
    """P1 to P3. Kith and pandas are two programs, so they take turns: passes of a few runs each."""
    program = programs / "commission_bench"
    each = -(-runs // COMMISSION_PASSES)
    ours, theirs = [], []
    for _ in range(COMMISSION_PASSES):
        ours.append(lines_of([program, data / "commission", each]))
        theirs.append(lines_of([sys.executable, HERE / "commission_pandas.py", data / "commission", each]))
    results = [merge(list(passes)) for passes in zip(*ours, strict=True)]
    pandas = [merge(list(passes)) for passes in zip(*theirs, strict=True)]
    for line in results:
        if line["job"] == "P3":
            right = line["wrong_lines"] == 0 and line["wrong_totals"] == 0 and line["lines_sum_to_totals"]
            line["met"] = right
            line["checked"] = f"{line['lines']} lines, {line['totals']} totals against exact rationals"
        else:
            line["better"] = "lower"
            line["checked"] = "equal to the hand-written loop and to exact rationals"
    first = next(line for line in results if line["job"] == "P1")
    for line in pandas:
        if line["job"] != "P1":
            continue
        line.update(
            kith_ms=first["kith_ms"],
            kith_spread=first["kith_spread"],
            better="higher",
            target=PANDAS_TARGET,
            ratio=line["anchor_ms"] / first["kith_ms"],
            checked=f"{line['wrong_by_a_cent']} of {line['results']} of its totals are wrong by a cent",
        )
        results.insert(0, line)
    return results


def stored_commission(programs, data, runs, rows):
    """P4. SQL and the bare scan take turns with Kith run by run; pandas, another program, comes after them."""
    place = data / "stored"
    results = lines_of([programs / "commission_store_bench", place, runs, rows])
    (pandas,) = lines_of([sys.executable, HERE / "commission_store_pandas.py", place, runs])
    first = results[0]
    pandas.update(
        what=first["what"],
        kith_ms=first["kith_ms"],
        kith_spread=first["kith_spread"],
        better="higher",
        target=STORED_TARGET,
        ratio=pandas["anchor_ms"] / first["kith_ms"],
        cpu_ratio=pandas["anchor_cpu_ms"] / first["kith_cpu_ms"],
        checked=f"{pandas['wrong_by_a_cent']} of {pandas['results']} of its totals are wrong by a cent",
    )
    return [first, pandas, *results[1:]]


def company(programs, data, runs, events, deals):
    """P5 over a store, actuals of quotas, and what telling a deed costs."""
    results = lines_of([programs / "incentive_bench", data / "company", runs, events, deals])
    for line in results:
        if "target" in line:
            line["target"] = line["target"] or None
    return results


def storage(programs, data, runs, rows):
    """P6 and P7."""
    program = programs / "store_bench"
    results = lines_of([program, data / "store", runs, rows])
    return results + lines_of([sys.executable, HERE / "store_python.py", data / "python", program, runs, rows])


def plans(programs, runs):
    """P5 and S1 to S3: the general plan engine at size, each measure against its limit."""
    return lines_of([programs / "plan_bench", 10_000_000, runs])


def postgres(programs, data, runs, rows):
    """P9, the main job on PostgreSQL against SQLite, and sums by the server against sums by the engine."""
    program = programs / "postgres_bench"
    if not program.exists():
        print("    PostgreSQL was not measured: built without libpq", file=sys.stderr, flush=True)
        return []
    with postgres_server.server() as url:
        if not url:
            print("    PostgreSQL was not measured: there is no server to start", file=sys.stderr, flush=True)
            return []
        results = lines_of([program, url, data / "postgres", runs, rows])
    for line in results:
        line["target"] = line["target"] or None
    return results


def opening(programs, data, runs):
    """P22."""
    results = lines_of([programs / "open_bench", data / "open", max(runs, 21)])
    return results + lines_of([sys.executable, HERE / "import_python.py", max(runs, 21)])


def million(programs, data, runs, rows):
    """A million customers in, listed, and out again; each step a process, for its peak of memory."""
    program, place = programs / "million_bench", data / "million"
    results = lines_of([program, "make", place, rows])
    results += lines_of([program, "list", place, runs])
    return results + lines_of([program, "export", place])


def write(path, about, results):
    """What is known so far: a run that is cut off leaves what it measured."""
    judged = [judge(line) for line in results]
    path.write_text(json.dumps({"about": about, "results": judged}, indent=2, ensure_ascii=False) + "\n")


def judge(line):
    if line.get("target") is None and "ratio" in line:
        line["met"] = None  # shown for comparison; nobody set a target
    elif "limit" in line:
        line["met"] = bool(line["value"] <= line["limit"])
    elif "met" not in line and "ratio" in line:
        wanted = line["ratio"] >= line["target"] if line["better"] == "higher" else line["ratio"] <= line["target"]
        line["met"] = bool(wanted)
    return line


def row_of(line):
    met = {True: "yes", False: "NO", None: ""}[line["met"]]
    if "limit" in line:
        value = f"{line['value']:.3g} {line['unit']}"
        return [line["job"], line["what"], value, "", "", f"<= {line['limit']:g} {line['unit']}", met, ""]
    if "ratio" not in line:
        wrong = line["wrong_lines"] + line["wrong_totals"]
        return [line["job"], line["what"], f"{wrong} wrong", "exact rationals", "", "0 wrong", met, ""]
    sign = ">=" if line["better"] == "higher" else "<="
    unit = line.get("unit", "ms")
    return [
        line["job"],
        line["what"],
        f"{line['kith_ms']:.2f} {unit}",
        f"{line['anchor']}: {line['anchor_ms']:.2f} {unit}",
        f"{line['ratio']:.2f}" + (f" ({line['cpu_ratio']:.2f})" if "cpu_ratio" in line else ""),
        "" if line["target"] is None else f"{sign} {line['target']:g}",
        met,
        f"{line['kith_spread']:.0%} / {line['anchor_spread']:.0%}",
    ]


def print_table(results):
    head = ["job", "what", "Kith", "anchor", "ratio (CPU)", "target", "met", "spread Kith / anchor"]
    rows = [head, *(row_of(line) for line in results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


def machine():
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {
        "machine": platform.machine(),
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": list(os.getloadavg()),
    }


def main():
    options = argparse.ArgumentParser(description="Compare Kith with its anchors.")
    options.add_argument("--build", type=Path, default=Path("build/bench"))
    options.add_argument("--runs", type=int, default=7, help="of each job; the median counts")
    options.add_argument("--rows", type=int, default=100_000, help="customers of P6 and P7")
    options.add_argument("--stored", type=int, default=300_000, help="deals in the stores of P4 and quotas")
    options.add_argument("--events", type=int, default=1_000_000, help="events in the store of P5")
    options.add_argument("--million", type=int, default=1_000_000, help="customers of the jobs 1M")
    options.add_argument(
        "--only",
        default="P1,P4,P5,P6,P9,P22,1M",
        help="P1 stands for P1, P2 and P3; P5 for P5, S1 to S3, quota and catch_up; P6 for P6 and P7; P9 for all on "
        "PostgreSQL",
    )
    given = options.parse_args()
    programs, data = given.build.resolve() / "benchmarks", given.build.resolve() / "data"
    wanted = set(given.only.split(","))
    about = {**machine(), "runs": given.runs, "rows": given.rows}
    path = given.build / "results.json"
    results = []
    try:
        if wanted & {"P1", "P2", "P3"}:
            results += commission(programs, data, given.runs)
            write(path, about, results)
        if "P4" in wanted:
            results += stored_commission(programs, data, given.runs, given.stored)
            write(path, about, results)
        if wanted & {"P5", "S1", "S2", "S3"}:
            results += plans(programs, given.runs)
            write(path, about, results)
        if wanted & {"P5", "quota", "catch_up"}:
            results += company(programs, data, given.runs, given.events, given.stored)
            write(path, about, results)
        if wanted & {"P6", "P7"}:
            results += storage(programs, data, given.runs, given.rows)
            write(path, about, results)
        if "P9" in wanted:
            results += postgres(programs, data, given.runs, given.rows)
            write(path, about, results)
        if "P22" in wanted:
            results += opening(programs, data, given.runs)
            write(path, about, results)
        if "1M" in wanted:
            results += million(programs, data, given.runs, given.million)
            write(path, about, results)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    print_table(results)
    print(
        f"{about['processor']}, {about['cores']} cores, load {about['load'][0]:.1f}; "
        f"medians of {given.runs} runs; everything measured is in {path}"
    )
    if any(line["job"] == "P3" and not line["met"] for line in results):
        raise SystemExit("P3: commission is not exact")


if __name__ == "__main__":
    main()
