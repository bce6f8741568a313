# SPDX-License-Identifier: Apache-2.0
"""Runs the soaks: the fault tests with their full figures. Each says what it did and found.

    python3 tests/soak/run.py              all of them; what `make soak` does
    python3 tests/soak/run.py --list       their names and what they do
    python3 tests/soak/run.py kills disk   only these

A soak is one file beside this one with a docstring and a function `run(root) -> bool`.
"""

import importlib.util
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def load(path: pathlib.Path):
    """The module of one soak."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(wanted: list[str]) -> int:
    sys.path.insert(0, str(HERE))
    names = [path.stem for path in sorted(HERE.glob("*.py")) if path.stem not in ("run", "gtest")]
    if wanted == ["--list"]:
        for name in names:
            print(f"{name:12} {(load(HERE / f'{name}.py').__doc__ or '').splitlines()[0]}")
        return 0
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        print(f"no soak {unknown}; there are {names}")
        return 2
    failed = []
    for name in wanted or names:
        soak = load(HERE / f"{name}.py")
        print(f"==> soak {name}: {(soak.__doc__ or '').splitlines()[0]}", flush=True)
        start = time.monotonic()
        good = soak.run(ROOT)
        print(f"  {'ok' if good else 'FAILED'}: {name}, {time.monotonic() - start:.0f} s", flush=True)
        if not good:
            failed.append(name)
    print(f"{len(wanted or names) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
