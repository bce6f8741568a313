# SPDX-License-Identifier: Apache-2.0
"""Public headers compile alone and without a warning: C++20 for include/, C11 and C++20 for capi/include/."""

import concurrent.futures
import os
import subprocess
from collections.abc import Iterator

import tree

_WARNINGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-pedantic-errors"]


def _commands() -> Iterator[tuple[str, list[str]]]:
    compiler = os.environ.get("CXX", "g++")
    cpp = [compiler, "-std=c++20", "-Wshadow", "-Wconversion", "-Wno-sign-conversion", *_WARNINGS, "-x", "c++"]
    c = [os.environ.get("CC", "gcc"), "-std=c11", "-Wstrict-prototypes", *_WARNINGS, "-x", "c"]
    for path in tree.of_kind(tree.HEADERS, "include", "capi"):
        name = path.as_posix()
        if name.startswith("include/"):
            yield f"{name} as C++20", [*cpp, "-Iinclude", "-include", name, os.devnull]
        elif name.startswith("capi/include/"):
            yield f"{name} as C11", [*c, "-Icapi/include", "-include", name, os.devnull]
            yield f"{name} as C++20", [*cpp, "-Icapi/include", "-include", name, os.devnull]


def compile_alone() -> Iterator[str]:
    """Yields what the compiler said about each header that does not compile alone."""

    def run(job: tuple[str, list[str]]) -> str | None:
        what, command = job
        done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
        return None if done.returncode == 0 else f"{what} does not compile alone:\n{done.stderr.strip()[:2000]}"

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        yield from (complaint for complaint in pool.map(run, _commands()) if complaint)
