"""The glossary as lines, read from docs/glossary.md: the wheel holds that file too, and nothing else has its texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from explorer.view.explore.spans import Line, cut, wrapped

PAGE = Path(__file__).resolve().parents[3] / "docs" / "glossary.md"
#: the section that is about what stands on the screen: it comes first
FIRST = "The explorer"
_WIDEST = 26


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a section with its meaning, both as plain text."""

    section: str
    term: str
    meaning: str


@lru_cache(1)
def terms() -> tuple[Term, ...]:
    """All terms, those of the screen first."""
    found = list(_rows(PAGE.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda item: item.section != FIRST))


def _rows(page: str) -> Iterator[Term]:
    section = ""
    for line in page.splitlines():
        if line.startswith("## "):
            section = _plain(line.removeprefix("## "))
        cells = [_plain(cell) for cell in line.strip("| ").split(" | ")]
        if section and line.startswith("| ") and cells[0] != "term" and len(cells) > 1:
            yield Term(section, cells[0], cells[1].rstrip("| "))


def _plain(text: str) -> str:
    """Markdown without its signs."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[`*]", "", text).strip()


def glossary(columns: int, of: str = "") -> list[Line]:
    """Terms beside their meanings, by section; with `of`, those that have it in the term or, if there is
    none, in the meaning."""
    wanted = of.lower()
    found = [x for x in terms() if wanted in x.term.lower()]
    found = found or [x for x in terms() if wanted in x.meaning.lower()]
    if not found:
        return [((f"The glossary has no term {of!r}.", "muted"),)]
    column = min(_WIDEST, columns // 3)
    lines: list[Line] = []
    section = ""
    for item in found:
        if item.section != section:
            lines += [(), ((item.section, "here"),)] if section else [((item.section, "here"),)]
            section = item.section
        heads = wrapped(item.term, column - 2)
        texts = wrapped(item.meaning, columns - column) if item.meaning else [""]
        for number in range(max(len(heads), len(texts))):
            head = heads[number] if number < len(heads) else ""
            text = texts[number] if number < len(texts) else ""
            lines.append(((cut(head, column - 2).ljust(column), "strong"), (text, "")))
    return lines
