"""Rows, of which every report is made before it is printed."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.view.safe import safe


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its role, its label, and the text."""

    role: str
    head: str
    text: str = ""


def safe_row(row: Row) -> Row:
    """The row with control characters of its texts made visible."""
    return Row(row.role, safe(row.head), safe(row.text))
