# SPDX-License-Identifier: Apache-2.0
"""P22: what `import kith` costs over an interpreter that imports what Python itself brings.

import_python.py RUNS
"""

import json
import subprocess
import sys
import time

LIMIT_MS = 30.0


def once(statement):
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return (time.perf_counter() - started) * 1e3


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def main():
    runs = int(sys.argv[1])
    ours, bare = [], []
    for turn in range(runs + 1):
        kith_ms, python_ms = once("import kith"), once("pass")
        if turn:  # the first run fills the caches
            ours.append(kith_ms)
            bare.append(python_ms)
    over = median(ours) - median(bare)
    print(
        json.dumps(
            {
                "job": "P22",
                "what": "Python: import kith, over the interpreter's start",
                "kith_ms": over,
                "kith_spread": (max(ours) - min(ours)) / median(ours),
                "anchor": "limit",
                "anchor_ms": LIMIT_MS,
                "anchor_spread": (max(bare) - min(bare)) / median(bare),
                "ratio": over / LIMIT_MS,
                "better": "lower",
                "target": 1,
                "runs": runs,
                "checked": "",
            }
        )
    )


if __name__ == "__main__":
    main()
