"""Rows on a terminal or into a pipe: colour only on a terminal, no wrapping, nothing unsafe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from explorer.view.verdicts import Row, safe_row

if TYPE_CHECKING:
    from rich.text import Text

# Okabe-Ito colours; each row also says in words what its colour says.
_STYLES = {
    "ok": "#56B4E9",
    "bad": "bold #D55E00",
    "open": "#F0E442",
    "warn": "#E69F00",
    "note": "",
    "plain": "",
    "dim": "dim",
}


def write(rows: Iterable[Row], stream: TextIO | None = None) -> None:
    """Print rows."""
    out = stream or sys.stdout
    if not out.isatty() or os.environ.get("NO_COLOR"):
        for row in map(safe_row, rows):
            out.write(" ".join(filter(None, (row.head, row.text))).rstrip() + "\n")
        return
    from rich.console import Console  # only a terminal needs it

    console = Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for row in map(safe_row, rows):
        console.print(styled(row))


def styled(row: Row) -> Text:
    """A row with its colour."""
    from rich.text import Text

    line = Text(row.head, style=_STYLES[row.role])
    return line.append(f" {row.text}".rstrip() if row.head else row.text)
