"""Rows on a terminal or into a pipe: colour only on a terminal, no wrapping, nothing unsafe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from explorer.view.verdicts import Row, safe_row

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
    from rich.text import Text

    console = Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for row in map(safe_row, rows):
        line = Text(row.head, style=_STYLES[row.role])
        line.append(f" {row.text}".rstrip() if row.head else row.text)
        console.print(line)
