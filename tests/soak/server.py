# SPDX-License-Identifier: Apache-2.0
"""300 times kill -9 of a PostgreSQL server; connections cut, statements that fail, hosts with settings of their own."""

import pathlib

import gtest


def run(root: pathlib.Path) -> bool:
    return gtest.run_tests(
        root, "ServerKillTest.*:ClientKillTest.*:ServerThreadsTest.*:CutTest.*:StatementTest.*:HostTest.*"
    )
