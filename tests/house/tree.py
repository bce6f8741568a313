# SPDX-License-Identifier: Apache-2.0
"""The files of the project and C++ text without comments and literals."""

import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP = {".hpp", ".cpp", ".h", ".c"}
HEADERS = {".hpp", ".h"}
CODE = CPP | {".py", ".pyi", ".sh", ".cmake", ".js", ".css"}
TEXT = CODE | {".md", ".toml", ".map", ".in", ".yml", ".yaml", ".html", ".txt", ".json", ""}


@functools.cache
def files() -> tuple[pathlib.PurePosixPath, ...]:
    """What git tracks or would track, relative to the root. A tree without git: everything but build output."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        names = {name for name in listing.stdout.decode().split("\0") if name}
    else:
        skipped = {"build", ".venv", ".git", "__pycache__"}
        names = {
            path.relative_to(ROOT).as_posix()
            for path in ROOT.rglob("*")
            if not skipped.intersection(path.relative_to(ROOT).parts)
        }
    return tuple(pathlib.PurePosixPath(name) for name in sorted(names) if (ROOT / name).is_file())


def of_kind(suffixes: set[str], *folders: str) -> list[pathlib.PurePosixPath]:
    """The files with these suffixes, below these top folders if any are given."""
    return [path for path in files() if path.suffix in suffixes and (not folders or path.parts[0] in folders)]


@functools.cache
def text(path: pathlib.PurePosixPath) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


_LITERAL = re.compile(
    r"""
      //[^\n]*
    | /\*.*?\*/
    | R"(?P<mark>[^()\\\s"]{0,16})\(.*?\)(?P=mark)"
    | "(?:\\.|[^"\\\n])*"
    | (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'
    """,
    re.VERBOSE | re.DOTALL,
)


def bare(source: str) -> str:
    """C or C++ with comments and preprocessor lines blanked and literals emptied; every line keeps its number."""

    def blank(match: re.Match) -> str:
        kept = "\n" * match.group().count("\n")
        return kept if match.group().startswith("/") else '""' + kept

    source = _LITERAL.sub(blank, source)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: "\n" * match.group().count("\n"), source, flags=re.M)
