# SPDX-License-Identifier: Apache-2.0
"""Prints the requirements of pyproject.toml, one a line: those of the build, the dependencies, the named extras.

With --still-declared FILE it prints the lines of FILE that pyproject.toml still declares anywhere.
"""

import pathlib
import sys
import tomllib


def main(arguments: list[str]) -> int:
    project_file = pathlib.Path(__file__).parent.parent / "pyproject.toml"
    declared = tomllib.loads(project_file.read_text(encoding="utf-8"))
    project = declared["project"]
    extras = project.get("optional-dependencies", {})
    basis = declared["build-system"]["requires"] + project.get("dependencies", [])
    if arguments[:1] == ["--still-declared"]:
        everything = set(basis).union(*extras.values())
        wanted = [line for line in pathlib.Path(arguments[1]).read_text().splitlines() if line in everything]
    else:
        unknown = [name for name in arguments if name not in extras]
        if unknown:
            print(f"pyproject.toml declares no extra {unknown}; it has {sorted(extras)}", file=sys.stderr)
            return 1
        wanted = basis + [line for name in arguments for line in extras[name]]
    print("\n".join(sorted(set(wanted))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
