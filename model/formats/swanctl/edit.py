"""A swanctl.conf with one change made: a value replaced, or settings added to a section.

Comments, order and all other lines stay as they are.
"""

from __future__ import annotations

import re

from model.vocabulary.findings import Edit

_INDENT = "  "


class EditError(Exception):
    """The change does not fit the text: its line has no such setting or section."""


def edited(text: str, edit: Edit) -> tuple[str, int]:
    """The text with the change made, and the line (from 1) after which lines were added.

    EditError: its line has no such setting or section.
    """
    lines = text.split("\n")
    index = edit.place.line - 1
    if not 0 <= index < len(lines):
        raise EditError(f"the file has no line {edit.place.line}")
    start = sum(len(line) + 1 for line in lines[:index])
    if edit.adds:
        return _added(text, start, edit)
    return _replaced(text, start, lines[index], edit), edit.place.line


def _replaced(text: str, start: int, line: str, edit: Edit) -> str:
    key = edit.text.partition("=")[0].strip()
    found = re.search(rf"(?<![\w.-]){re.escape(key)}[ \t]*=", line)
    if found is None:
        raise EditError(f"line {edit.place.line} does not set {key}")
    end = _value_end(text, start + found.end())
    rest = text[end:]
    gap = "" if rest[:1] in ("", "\n") else " "
    return text[: start + found.start()] + edit.text + gap + rest


def _value_end(text: str, at: int) -> int:
    """Where the value that begins here ends, by the grammar."""
    while at < len(text) and text[at] not in "\n#}":
        if text[at] == '"':
            at += 1
            while at < len(text) and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        at += 1
    return min(at, len(text))


def _added(text: str, start: int, edit: Edit) -> tuple[str, int]:
    opening = text.find("{", start)
    if opening < 0:
        raise EditError(f"no section begins on line {edit.place.line}")
    line = text[start : text.find("\n", start) if "\n" in text[start:] else len(text)]
    indent = line[: len(line) - len(line.lstrip())] + _INDENT
    body = "".join(f"\n{indent}{part}" for part in edit.text.split("\n"))
    rest = text[opening + 1 :]
    if rest.split("\n", 1)[0].split("#", 1)[0].strip():
        body += f"\n{indent}"
    return text[: opening + 1] + body + rest, text.count("\n", 0, opening) + 1
