# SPDX-License-Identifier: Apache-2.0
"""Tables at a terminal in which no figure is cut or split: where the width does not do, records stand one below the
other. Only the command line and the demo need this, and rich."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid

_LEAST = 14  # so much of a text's column stays; more is folded


def empty_columns(names: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The columns that say nothing in any row; none where there are no rows."""
    return [name for place, name in enumerate(names) if rows and all(row[place] in (None, "") for row in rows)]


def _width_of(console: Console) -> int | None:
    """What a line may take; None for a file or pipe, where nobody asked for a width."""
    return console.width if console.is_terminal or "COLUMNS" in os.environ else None


def _widths(names: Sequence[str], texts: Sequence[bool], rows: Sequence[Sequence[str]]) -> tuple[list[int], list[int]]:
    """The least width of each column and what it would like to have."""
    longest = [max([cell_len(name), *(cell_len(row[place]) for row in rows)]) for place, name in enumerate(names)]
    least = [
        max(cell_len(name), min(long, _LEAST)) if text else long
        for name, text, long in zip(names, texts, longest, strict=True)
    ]
    return least, longest


def print_grid(
    console: Console, names: Sequence[str], texts: Sequence[bool], rows: Sequence[Sequence[str]], title: str = ""
) -> None:
    """Prints rows. `texts` says which columns hold text: that is folded where there is little room; figures and days
    never are."""
    least, longest = _widths(names, texts, rows)
    borders = 3 * len(names) + 1
    width = _width_of(console)
    if width is not None and sum(least) + borders > width:
        print_records(console, names, rows, title)
        return
    grid = Grid(title=title or None, title_justify="left", title_style="italic")
    for name, text, room in zip(names, texts, least, strict=True):
        grid.add_column(name, justify="left" if text else "right", overflow="fold", min_width=room, no_wrap=not text)
    for row in rows:
        grid.add_row(*row)
    # A console prints nothing wider than itself.
    wide = console if width is not None else Console(file=console.file, width=max(sum(longest) + borders, 40))
    wide.print(grid, highlight=False)


def print_records(console: Console, names: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Prints rows one field a line, with an empty line between them; fields that are empty are left out."""
    if title:
        console.print(title, markup=False, highlight=False)
    room = max((cell_len(name) for name in names), default=0)
    for number, row in enumerate(rows):
        if number:
            console.print()
        for name, cell in zip(names, row, strict=True):
            if cell:
                gap = " " * (room - cell_len(name))
                console.print(f"{name}{gap}  {cell}", markup=False, highlight=False, soft_wrap=True)
