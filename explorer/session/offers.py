"""An offer beside the policy that is to take it: cell by cell, and which offer comes nearest.

Both sides are plain text by row, whether they come from a message, from a policy or from a test.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

NONE = "-"
#: rows of Quick Mode and of Phase I; those that can keep an offer from being taken come first
QUICK_ROWS = ("protocol", "encryption", "integrity", "PFS", "mode", "lifetime", "kilobytes")
QUICK_COMPARED = frozenset(QUICK_ROWS[:5])
PHASE1_ROWS = ("encryption", "hash", "group", "method", "lifetime")
PHASE1_COMPARED = frozenset(PHASE1_ROWS[:4])


@dataclass(frozen=True, slots=True)
class Offered:
    """One transform of an offer: its number, a text for each row, and the line that it comes from."""

    title: str
    cells: Mapping[str, str]
    at: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One proposal of a policy: what it takes in each row, and the line where it is written."""

    cells: Mapping[str, tuple[str, ...]]
    at: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text; `differs`: it keeps the offer from being taken."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A transform with a cell for each row."""

    title: str
    cells: tuple[Cell, ...]
    at: str = ""

    @property
    def count(self) -> int:
        """How many cells keep it from being taken."""
        return sum(cell.differs for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Beside:
    """Offers beside what is wanted.

    wanted   the proposal of the policy that some offer comes nearest to: `differs` where the nearest differs
    nearest  position of the nearest offer      others  how many proposals the policy has besides
    """

    offerer: str
    answerer: str
    rows: tuple[str, ...]
    offers: tuple[Column, ...]
    wanted: Column
    nearest: int
    others: int = 0

    @property
    def taken(self) -> bool:
        """Whether nothing keeps the nearest offer from being taken."""
        return not self.offers[self.nearest].count

    def differing(self) -> list[tuple[str, str, str]]:
        """Of the nearest offer: each row that differs, what is offered, and what is wanted."""
        pairs = zip(self.rows, self.offers[self.nearest].cells, self.wanted.cells, strict=True)
        return [(row, here.text, there.text) for row, here, there in pairs if here.differs]

    def in_words(self) -> str:
        """What the nearest offer differs in: `integrity sha1, not md5`."""
        return "; ".join(f"{row} {here}, not {there}" for row, here, there in self.differing())


def beside(
    ends: tuple[str, str],
    rows: Sequence[str],
    compared: Collection[str],
    offers: Sequence[Offered],
    wanted: Sequence[Wanted],
) -> Beside | None:
    """Compare every offer with the proposal that comes nearest to any; None if either side has none.

    ends   who offers, and who is to take it     compared   rows that can keep an offer from being taken
    """
    if not offers or not wanted:
        return None
    counts = [
        (sum(_differs(row, offer, want) for row in compared), number, position)
        for number, want in enumerate(wanted)
        for position, offer in enumerate(offers)
    ]
    _, number, nearest = min(counts)
    chosen = wanted[number]
    columns = tuple(
        Column(
            offer.title,
            tuple(
                Cell(offer.cells.get(row, NONE), row in compared and _differs(row, offer, chosen))
                for row in rows
            ),
            offer.at,
        )
        for offer in offers
    )
    there = tuple(
        Cell(", ".join(chosen.cells.get(row, (NONE,))), here.differs)
        for row, here in zip(rows, columns[nearest].cells, strict=True)
    )
    return Beside(
        *ends, tuple(rows), columns, Column("", there, chosen.at), nearest, len(wanted) - 1
    )


def _differs(row: str, offer: Offered, want: Wanted) -> bool:
    return offer.cells.get(row, NONE) not in want.cells.get(row, (NONE,))
