# SPDX-License-Identifier: Apache-2.0
"""What libkith.so exports is what its headers declare, and what the list of the ABI says: no more, no less.

python3 tests/capi/symbols.py build/release/libkith.so.1
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "capi" / "abi" / "symbols.txt"


def declared() -> set[str]:
    names: set[str] = set()
    for header in sorted((ROOT / "capi" / "include").glob("kith*.h")):
        code = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.S)
        names.update(re.findall(r"^KITH_API\b[^;]*?\b(kith_\w+)\(", code, flags=re.M))
    return names


def exported(library: str) -> set[str]:
    done = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", library], capture_output=True, text=True, check=True
    )
    return {line.split()[0].split("@")[0] for line in done.stdout.splitlines()} - {"KITH_1"}


def listed() -> set[str]:
    return {line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}


def main(library: str) -> int:
    headers, names, fixed = declared(), exported(library), listed()
    checks = {
        "declared but not exported": headers - names,
        "exported but not declared": names - headers,
        "declared but not in capi/abi/symbols.txt": headers - fixed,
        "in capi/abi/symbols.txt but gone": fixed - headers,
    }
    for what, wrong in checks.items():
        print(f"  {'FAILED' if wrong else 'ok    '}  {what}: {', '.join(sorted(wrong)) or 'none'}")
    failed = sum(bool(wrong) for wrong in checks.values()) + (not names)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
