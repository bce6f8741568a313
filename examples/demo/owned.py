# SPDX-License-Identifier: Apache-2.0
"""Where the demo leaves its files: a folder in which it replaces and removes only what it wrote itself."""

from __future__ import annotations

import hashlib
import json
import pathlib

MARKER = "kith-demo.json"  # lists what the demo wrote; generated data with its digests


class FolderError(Exception):
    """The folder holds something that is not the demo's."""


def _digest(file: pathlib.Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _wrote(out: pathlib.Path) -> dict[str, str | None]:
    """What earlier runs wrote there."""
    try:
        told = json.loads((out / MARKER).read_text(encoding="utf-8"))
        return dict(told["wrote"])
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def check(out: pathlib.Path, data: pathlib.Path | None) -> None:
    """Raises FolderError unless all files in `out` are the demo's own and unchanged. Changes nothing. `data` may lie in
    `out`: it is only read."""
    if not out.exists():
        return
    if not out.is_dir():
        raise FolderError(f"--out {out} is no folder; choose another one")
    wrote = _wrote(out)
    read = data.resolve() if data is not None else None
    if read == out.resolve():
        raise FolderError(f"--data and --out are both {out}; choose another --out, so that your files stay as they are")
    for file in sorted(out.rglob("*")):
        name = file.relative_to(out).as_posix()
        if (file.is_dir() and not file.is_symlink()) or name == MARKER:
            continue
        if read is not None and read in file.resolve().parents:
            continue
        if name not in wrote:
            raise FolderError(
                f"--out {out} holds {name}, which the demo did not write; choose another --out, or move it away"
            )
        digest = wrote[name]
        if digest is not None and _digest(file) != digest:
            raise FolderError(
                f"{file} was changed since the demo generated it; use it by --data {file.parent}, or move it away"
            )


def begin(out: pathlib.Path, names: list[str]) -> None:
    """Removes what an earlier run left of `names`, and notes that they are the demo's from now on."""
    wrote = {name: digest for name, digest in _wrote(out).items() if (out / name).exists()}
    for name in names:
        if name in wrote:
            (out / name).unlink()
    out.mkdir(parents=True, exist_ok=True)
    _note(out, {**wrote, **dict.fromkeys(names)})


def keep_digests(out: pathlib.Path, files: list[pathlib.Path]) -> None:
    """Notes what generated files hold, so that one that somebody changes is not replaced."""
    _note(out, {**_wrote(out), **{file.relative_to(out).as_posix(): _digest(file) for file in files}})


def _note(out: pathlib.Path, wrote: dict[str, str | None]) -> None:
    (out / MARKER).write_text(json.dumps({"wrote": wrote}, indent=1) + "\n", encoding="utf-8")
