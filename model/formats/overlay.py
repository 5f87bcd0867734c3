"""A reader that returns some files as they would be after changes."""

from __future__ import annotations

from collections.abc import Iterable

from model.formats.reader import Reader, ReadError
from model.formats.swanctl.edit import EditError, edited
from model.vocabulary.findings import Edit
from model.vocabulary.places import Place


class Overlay:
    """The files of another reader with changes made; nothing is written."""

    def __init__(self, reader: Reader, edits: Iterable[Edit]) -> None:
        """Changes to one file are made from the last line up, so that line numbers hold."""
        self._reader = reader
        self._edits: dict[str, list[Edit]] = {}
        self._grown: dict[str, list[tuple[int, int]]] = {}  # line, and how many lines follow it
        for item in edits:
            self._edits.setdefault(item.place.file, []).append(item)

    def read(self, path: str) -> bytes:
        """The octets of a file, changed. ReadError: it cannot be read, or a change does not fit."""
        octets = self._reader.read(path)
        if path not in self._edits:
            return octets
        text = octets.decode("utf-8-sig", "surrogateescape").replace("\r\n", "\n")
        grown = []
        try:
            for item in sorted(
                self._edits[path], key=lambda x: (x.place.line, x.adds), reverse=True
            ):
                changed, line = edited(text, item)
                grown.append((line, changed.count("\n") - text.count("\n")))
                text = changed
        except EditError as error:
            raise ReadError(str(error)) from None
        self._grown[path] = sorted(grown)
        return text.encode("utf-8", "surrogateescape")

    def origin(self, place: Place) -> Place:
        """The line of the unchanged file; for an added line, the one before it."""
        line = place.line
        for behind, count in self._grown.get(place.file, ()):
            if line > behind:
                line = max(behind, line - count)
        return Place(place.file, line)

    def glob(self, pattern: str) -> list[str]:
        """As the other reader returns it."""
        return self._reader.glob(pattern)

    def environment(self, name: str) -> str | None:
        """As the other reader returns it."""
        return self._reader.environment(name)
