# SPDX-License-Identifier: Apache-2.0
"""10,000 times kill -9: at work, in recovery, while founding and while migrating a store."""

import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    return gtest.run_tests(root, "KillTest.*")
