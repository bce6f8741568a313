# SPDX-License-Identifier: Apache-2.0
"""Threads and processes on one file, every history explained by one order."""

import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    return gtest.run_tests(root, "ThreadsTest.*")
