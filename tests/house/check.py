# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules. Plain Python, no packages.

python3 tests/house/check.py            all rules
python3 tests/house/check.py layers     only the rules whose name contains one of the words
"""

import sys
import unittest
from collections.abc import Callable, Iterable, Iterator

import headers
import papers
import rules
import rules_test
import tree


def over(rule: Callable, paths: Iterable) -> Callable[[], Iterator[str]]:
    """A rule about one file, as a check of many."""

    def check() -> Iterator[str]:
        for path in paths:
            for line, wrong in rule(path, tree.text(path)):
                yield f"{path}:{line}: {wrong}"

    return check


def self_test() -> Iterator[str]:
    """The rules catch what they are for."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromModule(rules_test).run(result)
    for test, trace in result.failures + result.errors:
        yield f"{test}\n{trace}"


def checks() -> dict[str, Callable[[], Iterator[str]]]:
    house = tree.of_kind(tree.CPP, "include", "src")
    public = [path for path in tree.of_kind(tree.HEADERS, "include", "capi") if "include" in path.parts]
    code = tree.of_kind(tree.CODE)
    named = [
        path for path in tree.files() if path.name in ("CMakeLists.txt", "Makefile", ".clang-format", ".clang-tidy")
    ]
    named += [path for path in tree.files() if path.parts[0] == ".ci"]
    sourced = code + tree.of_kind({".md", ".toml", ".map", ".in"}) + named
    words = [path for path in tree.of_kind(tree.TEXT) if path.name != "LICENSE"]
    return {
        "the rules catch what they are for": self_test,
        "layers: no include runs up": over(rules.layers, house),
        "public headers include std and kith only": over(rules.public_includes, public),
        "headers and sources are short": over(rules.file_length, tree.of_kind(tree.CPP | {".py"})),
        "functions are short": over(rules.function_length, tree.of_kind(tree.CPP)),
        "lines are short": over(rules.line_length, code),
        "every file names its licence": over(rules.licence, sourced),
        "nothing is left for later": over(rules.markers, words),
        "no paths of one machine": over(rules.machine_paths, words),
        "every error code is documented": papers.error_codes,
        "links lead somewhere": papers.links,
        "one version everywhere": papers.versions,
        "public headers compile alone": headers.compile_alone,
    }


def main(words: list[str]) -> int:
    passed = failed = 0
    for name, check in checks().items():
        if words and not any(word in name for word in words):
            continue
        offences = list(check())
        print(f"  {'FAILED' if offences else 'ok    '}  {name}", flush=True)
        for offence in offences:
            print(f"          {offence}", flush=True)
        if offences:
            failed += 1
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
