# SPDX-License-Identifier: Apache-2.0
"""What the soaks share: fault tests of kith_tests with their full figures, in the release build."""

import os
import pathlib
import subprocess


def run_tests(root: pathlib.Path, pattern: str, processes: int = 1) -> bool:
    """True when every test of that pattern passes; the tests print what they did. Several processes share the tests."""
    program = root / "build" / "release" / "kith_tests"
    if not program.exists():
        print(f"  {program.relative_to(root)} is missing; run `make soak`, which builds it")
        return False
    command = [str(program), f"--gtest_filter={pattern}", "--gtest_brief=1"]
    running = []
    for index in range(processes):
        shard = {"GTEST_TOTAL_SHARDS": str(processes), "GTEST_SHARD_INDEX": str(index)}
        running.append(subprocess.Popen(command, env=os.environ | {"KITH_SOAK": "1"} | shard))
    return all([process.wait() == 0 for process in running])
