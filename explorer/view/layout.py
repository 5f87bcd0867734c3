"""Fits a page to a terminal: columns, wrapping between words, and short paths."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from explorer.view.rows import Row
from model.vocabulary.places import Place

LEAST, MOST, PIPE = 80, 200, 100
GAP = "   "


def page_width(columns: int | None) -> int:
    """The width of the page: the terminal's within limits, or the one for pipes and files (None)."""
    return PIPE if columns is None else max(LEAST, min(MOST, columns))


@dataclass(frozen=True, slots=True)
class Line:
    """A label, a text that wraps below itself, and a place that follows it.

    label   in a column of its own, `indent` wide
    code    the text can be copied: it is never broken, but moved to a line of its own
    at      a place; it is never broken
    """

    role: str
    label: str
    text: str
    at: str = ""
    indent: int = 0
    code: bool = False


def laid(lines: Iterable[Line], width: int) -> Iterator[Row]:
    """The lines as rows of at most `width` columns; what must not be broken can be longer."""
    for line in lines:
        label = f"{line.label:<{line.indent}}" if line.indent else line.label
        yield from _code(line, label, width) if line.code else _prose(line, label, width)


def _prose(line: Line, label: str, width: int) -> Iterator[Row]:
    room = max(20, width - len(label) - 1)
    parts = textwrap.wrap(line.text, room, break_long_words=False, break_on_hyphens=False) or [""]
    if line.at:
        if len(parts[-1]) + len(GAP) + len(line.at) <= room:
            parts[-1] = f"{parts[-1]}{GAP if parts[-1] else ''}{line.at}"
        else:
            parts.append(line.at)
    for number, part in enumerate(parts):
        yield Row(line.role, label if not number else " " * len(label), part)


def _code(line: Line, label: str, width: int) -> Iterator[Row]:
    pieces = line.text.split("\n")
    whole = f"{line.at}{GAP}{pieces[0]}" if line.at else pieces[0]
    if len(pieces) == 1 and len(label) + 1 + len(whole) <= width:
        yield Row(line.role, label, whole)
        return
    yield Row(line.role, label, line.at)
    for piece in pieces:
        fits = len(label) + 3 + len(piece) <= width
        yield Row(line.role, " " * len(label) if fits else "   ", f"  {piece}" if fits else piece)


class Paths:
    """Files by the shortest end of their path that is unique."""

    def __init__(self, files: Iterable[str]) -> None:
        parts = {file: PurePosixPath(file).parts for file in files}
        self._short = {file: _shortest(file, parts) for file in parts}

    def file(self, file: str) -> str:
        """The short form of a path; an unknown one is left unchanged."""
        return self._short.get(file, file)

    def at(self, place: Place | None) -> str:
        """A place, or empty text."""
        return f"{self.file(place.file)}:{place.line}" if place is not None else ""

    def all(self, places: Sequence[Place]) -> str:
        """Several places; of one file only the first names it."""
        found: dict[str, list[int]] = {}
        for place in dict.fromkeys(places):
            found.setdefault(self.file(place.file), []).append(place.line)
        return ", ".join(f"{file}:{','.join(map(str, lines))}" for file, lines in found.items())


def _shortest(file: str, parts: dict[str, tuple[str, ...]]) -> str:
    mine = parts[file]
    for count in range(1, len(mine) + 1):
        end = mine[-count:]
        if sum(other[-count:] == end for other in parts.values()) == 1:
            text = str(PurePosixPath(*end))
            return text if len(text) < len(file) else file
    return file
