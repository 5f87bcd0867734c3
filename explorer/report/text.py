"""Rows on a terminal or into a pipe: in colour if requested, and safe."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from explorer.view.layout import page_width
from explorer.view.rows import Row, safe_row

if TYPE_CHECKING:
    from rich.text import Text

# Okabe-Ito colours; no row relies on its colour alone.
_STYLES = {
    "ok": "#56B4E9",
    "bad": "bold #D55E00",
    "open": "#F0E442",
    "warn": "#E69F00",
    "note": "",
    "plain": "",
    "dim": "dim",
}


def width_of(stream: TextIO | None = None) -> int:
    """The width of the page: the terminal's, $COLUMNS, or the one for pipes and files."""
    out = stream or sys.stdout
    if os.environ.get("COLUMNS", "").isdigit():
        return page_width(int(os.environ["COLUMNS"]))
    return page_width(shutil.get_terminal_size().columns if out.isatty() else None)


def coloured(stream: TextIO, color: str) -> bool:
    """Whether to colour: "always", "never", or "auto" on a terminal unless $NO_COLOR is set."""
    if color == "auto":
        return stream.isatty() and not os.environ.get("NO_COLOR")
    return color == "always"


def write(rows: Iterable[Row], stream: TextIO | None = None, color: str = "auto") -> None:
    """Print rows."""
    out = stream or sys.stdout
    if not coloured(out, color):
        for row in map(safe_row, rows):
            out.write(" ".join(filter(None, (row.head, row.text))).rstrip() + "\n")
        return
    from rich.console import Console  # only colour needs it

    console = Console(
        file=out,
        force_terminal=True,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )
    for row in map(safe_row, rows):
        console.print(styled(row))


def styled(row: Row) -> Text:
    """A row with its colour."""
    from rich.text import Text

    line = Text(row.head, style=_STYLES[row.role])
    return line.append(f" {row.text}".rstrip() if row.head else row.text)
