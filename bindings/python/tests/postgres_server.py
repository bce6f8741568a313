# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for tests: a private cluster in a temporary folder, reached by a unix socket alone.

With KITH_TEST_POSTGRES set to a connection URL, the tests run on that server instead.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def programs() -> pathlib.Path | None:
    """The folder of the newest server of version 15 or later; Debian keeps them beside each other."""
    found = [path for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    found = [path for path in found if path.parent.name.isdigit() and int(path.parent.name) >= 15]
    return max(found, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server while it runs; "" where there can be none."""
    if given := os.environ.get("KITH_TEST_POSTGRES"):
        yield given
        return
    bin = programs()
    if bin is None:
        yield ""
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kith_pg_"))
    who: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        who |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    make = [bin / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(make, check=True, **who)
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", "shared_buffers=32MB"]
    options = [word for setting in settings for word in ("-c", setting)]
    process = subprocess.Popen([bin / "postgres", "-D", data, *options], **who)
    try:
        until = time.monotonic() + 60
        while subprocess.run([bin / "pg_isready", "-q", "-h", folder], check=False, **who).returncode != 0:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the PostgreSQL server of the tests does not start")
            time.sleep(0.03)
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
