# SPDX-License-Identifier: Apache-2.0
"""10,000 random changes of a store by raw SQL, behind the engine's back; verify finds every one."""

import os
import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    os.environ.setdefault("KITH_TAMPERINGS", "10000")
    return gtest.run_tests(root, "Tamper.*")
