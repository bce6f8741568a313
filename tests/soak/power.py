# SPDX-License-Identifier: Apache-2.0
"""5,000 crash snapshots: what a power loss may leave of a file is a whole work or none."""

import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    return gtest.run_tests(root, "DiskFaults.R3*")
