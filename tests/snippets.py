# SPDX-License-Identifier: Apache-2.0
"""Code blocks of the documents, run as programs.

A fenced block of README.md or docs/ whose info string is exactly `cpp`, `c` or `python` is a whole program: it is
compiled against the installed library or run with the installed package, in an empty folder, and must end with exit
code 0. A block `output` right behind it is what it prints. A piece that is no program says so: `cpp fragment`.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```[ \t]*$", re.M | re.S)
_SUFFIX = {"cpp": ".cpp", "c": ".c", "python": ".py"}
TIMEOUT_S = 300


@dataclasses.dataclass
class Block:
    name: str
    language: str
    text: str
    output: str | None = None

    def run(self, prefix: pathlib.Path, python: pathlib.Path, place: pathlib.Path) -> bool:
        here = place / re.sub(r"\W+", "-", self.name)
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir(parents=True)
        source = here / ("snippet" + _SUFFIX[self.language])
        source.write_text(self.text, encoding="utf-8")
        if self.language == "python":
            return _ends_well([python, source], here, self.output)
        return runs(source, prefix, here, self.output)


def collect(root: pathlib.Path) -> list[Block]:
    """The programs of README.md and docs/, in reading order."""
    found = []
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        previous = None
        for match in _FENCE.finditer(text):
            info, body = match.group(1).strip(), match.group(2)
            if info in _SUFFIX:
                line = text.count("\n", 0, match.start()) + 1
                previous = Block(f"{page.relative_to(root).as_posix()}:{line} ({info})", info, body)
                found.append(previous)
                continue
            if info == "output" and previous:
                previous.output = body
            previous = None
    return found


def runs(source: pathlib.Path, prefix: pathlib.Path, place: pathlib.Path, output: str | None = None) -> bool:
    """Compiles one file with the flags pkg-config gives for the library under `prefix`, and runs it in `place`."""
    place.mkdir(parents=True, exist_ok=True)
    package, compiler = ("kith", ["gcc", "-std=c11"]) if source.suffix == ".c" else ("kith-cpp", ["g++", "-std=c++20"])
    folders = sorted(path.parent for path in prefix.rglob(f"{package}.pc"))
    asked = subprocess.run(
        ["pkg-config", "--cflags", "--libs", package],
        env=os.environ | {"PKG_CONFIG_PATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        print(asked.stderr, end="")
        return False
    program = place / f"{source.stem}-{source.suffix[1:]}"
    rpath = [f"-Wl,-rpath,{folder.parent}" for folder in folders]
    command = [*compiler, "-O1", "-Wall", "-Wextra", "-Werror", source, "-o", program, *asked.stdout.split(), *rpath]
    return _ends_well(command, place) and _ends_well([program], place, output)


def _ends_well(command: list, place: pathlib.Path, output: str | None = None) -> bool:
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=place,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"  {error}")
        return False
    if done.returncode != 0:
        print(f"  exit code {done.returncode}\n{(done.stdout + done.stderr).strip()[-4000:]}")
        return False
    if output is not None and done.stdout.strip() != output.strip():
        print(f"  it printed\n{done.stdout.strip()}\n  and not\n{output.strip()}")
        return False
    return True
