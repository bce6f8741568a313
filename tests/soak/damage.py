# SPDX-License-Identifier: Apache-2.0
"""100,000 damaged files are refused, found by check, or show untouched data."""

import os
import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    return gtest.run_tests(root, "*Mutations.*", processes=os.cpu_count() or 1)
