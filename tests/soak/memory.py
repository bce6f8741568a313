# SPDX-License-Identifier: Apache-2.0
"""Every allocation of 40 operations through the C ABI fails, once and for good."""

import os
import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    return gtest.run_tests(root, "*MemoryTest.*", processes=os.cpu_count() or 1)
