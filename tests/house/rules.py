# SPDX-License-Identifier: Apache-2.0
"""Rules that read text. Each takes a path and its text and yields (line, what is wrong)."""

import pathlib
import re
from collections.abc import Iterator

import tree

Offence = tuple[int, str]
Path = pathlib.PurePosixPath

# A file includes its own folder and folders to the left.
LAYERS = (
    "base",
    "schema",
    "storage",
    "engine",
    "interchange",
    "people",
    "catalog",
    "workflow",
    "customer",
    "activity",
    "marketing",
    "sales",
    "service",
    "incentive",
    "finance",
    "analytics",
    "simulation",
    "faces",
)
HEADER_LINES = 300
SOURCE_LINES = 600
FUNCTION_LINES = 70
COLUMNS = 120

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)


def line_of(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1


def layer_of(path: Path) -> str | None:
    """The layer of include/kith/<layer>/... and src/<layer>/...; None for a folder the house does not have."""
    inside = path.parts[2:] if path.parts[0] == "include" else path.parts[1:]
    if len(inside) == 1:
        return "faces"
    return inside[0] if inside[0] in LAYERS else None


def layers(path: Path, source: str) -> Iterator[Offence]:
    """No include runs up the layers."""
    own = layer_of(path)
    if own is None:
        yield 1, f"the folder is no layer; the layers are: {' < '.join(LAYERS)}"
        return
    for match in _INCLUDE.finditer(source):
        quote, name = match.groups()
        if quote == "<":
            continue
        parts = name.removeprefix("kith/").split("/")
        target = own if len(parts) == 1 and not name.startswith("kith/") else "faces" if len(parts) == 1 else parts[0]
        if target not in LAYERS:
            yield line_of(source, match.start()), f'"{name}" is in no layer'
        elif LAYERS.index(target) > LAYERS.index(own):
            yield line_of(source, match.start()), f'"{name}" runs up: {own} may not know {target}'


def public_includes(path: Path, source: str) -> Iterator[Offence]:
    """A public header includes the standard library and Kith headers only."""
    for match in _INCLUDE.finditer(source):
        quote, name = match.groups()
        if path.parts[0] == "capi":
            allowed = re.fullmatch(r"std[a-z]+\.h|kith[a-z_]*\.h", name)
        elif quote == "<":
            allowed = re.fullmatch(r"[a-z_]+", name)
        else:
            allowed = name.startswith("kith/")
        if not allowed:
            yield line_of(source, match.start()), f"{name} is private to src/"


def file_length(path: Path, source: str) -> Iterator[Offence]:
    """A header has at most 300 lines, a source at most 600."""
    limit = HEADER_LINES if path.suffix in tree.HEADERS else SOURCE_LINES
    count = len(source.splitlines())
    if count > limit:
        yield count, f"{count} lines; the limit is {limit}"


def line_length(path: Path, source: str) -> Iterator[Offence]:
    """A line has at most 120 columns; the row of a table in a comment cannot be broken."""
    for number, line in enumerate(source.splitlines(), 1):
        if len(line) > COLUMNS and not line.lstrip().startswith("/// |"):
            yield number, f"{len(line)} columns; the limit is {COLUMNS}"


_TRANSPARENT = re.compile(
    r"\b(namespace|class|struct|union|enum|extern)\b(?!.*\)\s*(const|noexcept|override|->.*)*$)", re.S
)
_NO_BODY = re.compile(r"(=|\]|,|\(|\breturn)\s*$")


def functions(source: str) -> Iterator[tuple[int, int, str]]:
    """(first line, last line, heading) of every outermost function body, found by its braces."""
    code = tree.bare(source)
    depth_inside = 0
    start = 0
    stack: list[tuple[bool, int]] = []
    for match in re.finditer(r"[{};]", code):
        token, offset = match.group(), match.start()
        if token == "{":
            heading = code[start:offset]
            opens = depth_inside == 0 and not _TRANSPARENT.search(heading) and not _NO_BODY.search(heading)
            if opens or depth_inside:
                depth_inside += 1
            first = start + len(heading) - len(heading.lstrip())
            stack.append((opens, first))
        elif token == "}" and stack:
            opened, first = stack.pop()
            if depth_inside:
                depth_inside -= 1
            if opened:
                heading = " ".join(code[first:].split("{", 1)[0].split())
                yield line_of(code, first), line_of(code, offset), heading
        start = offset + 1


def function_length(path: Path, source: str) -> Iterator[Offence]:
    """A function has at most 70 lines."""
    for first, last, heading in functions(source):
        count = last - first + 1
        if count > FUNCTION_LINES:
            yield first, f"{count} lines; the limit is {FUNCTION_LINES}: {heading[:80]}"


def licence(path: Path, source: str) -> Iterator[Offence]:
    """A file names its licence in its first line, or in the second after #!."""
    head = source.splitlines()[:2]
    if head and head[0].startswith("#!"):
        head = head[1:]
    if not head or "SPDX-License-Identifier: Apache-2.0" not in head[0]:
        yield 1, "the first line is not SPDX-License-Identifier: Apache-2.0"


# Spelled so that this file does not offend itself.
# Three X are also a currency code, so they count as a marker only where it opens a comment or a remark.
_MARKERS = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")) + r")\b|(// |# )XX" + r"X\b|\bXX" + "X:"
)
_MACHINE = re.compile(r"(?<![\w.$}/-])/(" + "|".join(("wor" + "k", "roo" + "t", "hom" + "e")) + r")/")


def markers(path: Path, source: str) -> Iterator[Offence]:
    """Nothing is left for later."""
    for match in _MARKERS.finditer(source):
        yield line_of(source, match.start()), f"leftover marker {match.group()}"


def machine_paths(path: Path, source: str) -> Iterator[Offence]:
    """No file names a folder of somebody's machine."""
    for match in _MACHINE.finditer(source):
        yield line_of(source, match.start()), f"path of one machine: {source[match.start() : match.start() + 40]!r}"
