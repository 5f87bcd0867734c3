"""Lines of text with roles, and the glyphs that say the same without colour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explorer.view.safe import safe

#: text and its role: "", strong, muted, faint, rule, here, ok, failed, pending, forged, band, badge-failed ...
Span = tuple[str, str]
Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Signs of the chart and of outcomes; ASCII has one of each too."""

    ascii: bool
    here: str
    right: str
    left: str
    clear: str
    sealed: str
    forged: str
    cross: str
    waits: str
    up: str
    idle: str
    ended: str
    join_right: str
    join_left: str
    sealed_right: str
    sealed_left: str
    ok: str
    bad: str
    open: str
    half: str
    becomes: str
    full: str
    empty: str
    tee: str
    last: str
    node: str
    hollow: str
    attacker: str
    differs: str
    rule: str
    heavy: str
    more: str
    fork: str
    square: str
    times: str
    down: str


UNICODE = Glyphs(
    False, "►", "►", "◄", "─", "═", "~", "╳", "│", "┃", "┊", "✗", "├", "┤", "╞", "╡", "✓", "✗", "?", "◐",
    "→", "━", "╌", "├─", "└─", "●", "○", "◆", "≠", "─", "━", "…", "╌", "■", "×", "▼",
)  # fmt: skip
ASCII = Glyphs(
    True, ">", ">", "<", "-", "=", "~", "X", "|", "H", ":", "X", "|", "|", "|", "|", "+", "X", "?", "o",
    "->", "#", ".", "|-", "`-", "*", "o", "@", "!", "-", "=", "..", "-", "#", "x", "v",
)  # fmt: skip

_PLAIN = str.maketrans(
    {"×": "x", "…": "~", "→": ">", "“": '"', "”": '"', "’": "'", "≠": "!", "–": "-"}
)


def plain(text: str, glyphs: Glyphs) -> str:
    """The text with signs that ASCII has in another form, if it is wanted so."""
    if not glyphs.ascii or text.isascii():
        return text
    return text.translate(_PLAIN).encode("ascii", "replace").decode()


def cells(text: str) -> int:
    """How many columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
        for c in text
    )


def width(line: Iterable[Span]) -> int:
    """How many columns a line takes."""
    return sum(cells(text) for text, _ in line)


def cut(text: str, columns: int, more: str = "…") -> str:
    """The text in so many columns at most, with a sign where it is cut."""
    if cells(text) <= columns:
        return text
    if columns <= len(more):
        return more[: max(columns, 0)]
    kept, room = "", columns - len(more)
    for char in text:
        room -= cells(char)
        if room < 0:
            break
        kept += char
    return kept + more


def fitted(line: Sequence[Span], columns: int, glyphs: Glyphs = UNICODE) -> Line:
    """The line in exactly so many columns: cut, or filled with blanks."""
    made, room = [], columns
    for text, role in line:
        shown = plain(safe(text), glyphs)  # what comes from outside is safe already: once more
        if cells(shown) > room:
            shown = cut(shown, room, glyphs.more)
        if shown:
            made.append((shown, role))
            room -= cells(shown)
        if room <= 0:
            break
    if room > 0:
        made.append((" " * room, ""))
    return tuple(made)


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of so many columns at most, broken at blanks where there are any."""
    lines, now, columns = [], "", max(columns, 1)
    for word in text.split():
        while cells(word) > columns:
            if now:
                lines.append(now)
                now = ""
            part = cut(word, columns, "")
            lines.append(part)
            word = word[len(part) :]
        if now and cells(now) + 1 + cells(word) > columns:
            lines.append(now)
            now = word
        else:
            now = f"{now} {word}" if now else word
    return [*lines, now] if now or not lines else lines


def field_words(name: str) -> str:
    """A field as people read it: the record and the field, without indexes of the only element."""
    return name.replace("[0]", "").replace("_", " ").replace(".", " ")


def text_of(line: Iterable[Span]) -> str:
    """The text alone, without blanks at its end."""
    return "".join(text for text, _ in line).rstrip()


class Canvas:
    """One line that is painted in any order; later paint covers what was there."""

    def __init__(self, columns: int) -> None:
        self._chars = [" "] * columns
        self._roles = [""] * columns

    def put(self, at: int, text: str, role: str = "") -> None:
        """Paint from a column on; what does not fit is left out."""
        for offset, char in enumerate(text):
            if 0 <= at + offset < len(self._chars):
                self._chars[at + offset] = char
                self._roles[at + offset] = role

    def put_left(self, end: int, text: str, role: str = "") -> None:
        """Paint so that the text ends before a column."""
        self.put(end - len(text), text, role)

    def line(self, role: str = "") -> Line:
        """The line; `role` stands in the place of every other one, if given."""
        made: list[Span] = []
        for char, own in zip(self._chars, self._roles, strict=True):
            use = role or own
            if made and made[-1][1] == use:
                made[-1] = made[-1][0] + char, use
            else:
                made.append((char, use))
        return tuple(made)
