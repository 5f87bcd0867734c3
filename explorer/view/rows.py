"""Rows: what every report is made of before it is written as text or shown on a screen."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.view.safe import safe


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its role, what stands first, and the rest."""

    role: str
    head: str
    text: str = ""


def safe_row(row: Row) -> Row:
    """The row with control characters of its texts made visible."""
    return Row(row.role, safe(row.head), safe(row.text))
