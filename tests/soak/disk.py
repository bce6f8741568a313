# SPDX-License-Identifier: Apache-2.0
"""Every call of the file layer fails in each of 40 operations; the disk runs full at every size."""

import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    return gtest.run_tests(root, "DiskFaults.R4*:DiskFaults.R6*")
