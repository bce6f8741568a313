# SPDX-License-Identifier: Apache-2.0
"""Rules about the documents: codes are documented, links lead somewhere, one version everywhere."""

import pathlib
import re
from collections.abc import Iterator

import tree

_ERRORS_PAGE = pathlib.PurePosixPath("docs/errors.md")
_ERROR_HEADER = pathlib.PurePosixPath("include/kith/base/error.hpp")


def codes() -> dict[str, int]:
    """The enumerators of kith::Code."""
    body = re.search(r"enum class Code[^{]*\{(.*?)\};", tree.text(_ERROR_HEADER), re.S).group(1)
    return {name: int(number) for name, number in re.findall(r"^\s*(\w+) = (\d+),", body, re.M)}


def error_codes() -> Iterator[str]:
    """Every kith::Code has a row in docs/errors.md with its number, and no row is left over."""
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", tree.text(_ERRORS_PAGE), re.M)
    documented = {name: int(number) for name, number in rows}
    for name, number in codes().items():
        if documented.get(name) != number:
            yield f"{_ERRORS_PAGE}: no row '| `{name}` | {number} | ...'"
    for name in documented.keys() - codes().keys():
        yield f"{_ERRORS_PAGE}: `{name}` is no kith::Code"


def links() -> Iterator[str]:
    """Relative links of the documents lead to files."""
    for path in tree.of_kind({".md"}):
        without_code = re.sub(r"^```.*?^```", "", tree.text(path), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
            if re.match(r"[a-z]+:|#", target):
                continue
            if not (tree.ROOT / path.parent / target.split("#")[0]).exists():
                yield f"{path}: the link {target} leads nowhere"


def versions() -> Iterator[str]:
    """CMakeLists.txt and pyproject.toml name one version."""
    found = {}
    for name, pattern in (
        ("CMakeLists.txt", r"project\(kith VERSION ([\d.]+)"),
        ("pyproject.toml", r'^version = "([\d.]+)"'),
    ):
        match = re.search(pattern, tree.text(pathlib.PurePosixPath(name)), re.M)
        found[name] = match.group(1) if match else "none"
    if len(set(found.values())) != 1:
        yield f"versions differ: {found}"
