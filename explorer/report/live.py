"""Rows as they come, and on a terminal a status line below them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from explorer.report.text import styled, write
from explorer.view.rows import Row, safe_row

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


class Screen(Protocol):
    """Where the rows of a long command go."""

    def rows(self, rows: Iterable[Row]) -> None:
        """Show rows, above the status line."""
        ...

    def at(self, said: str) -> None:
        """Set the status line."""
        ...


class _Plain:
    """A pipe or a file: rows only."""

    def rows(self, rows: Iterable[Row]) -> None:
        write(rows)
        sys.stdout.flush()

    def at(self, said: str) -> None:
        return None


class _Quiet(_Plain):
    """Prints nothing: the output is JSON, printed at the end."""

    def rows(self, rows: Iterable[Row]) -> None:
        return None


class _Live:
    """A terminal."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console, self._status = console, status

    def rows(self, rows: Iterable[Row]) -> None:
        for row in map(safe_row, rows):
            self._console.print(styled(row), soft_wrap=True, highlight=False)

    def at(self, said: str) -> None:
        self._status.update(said)


@contextmanager
def screen(*, quiet: bool) -> Iterator[Screen]:
    """The screen of a command; on a terminal it leaves the cursor and the rows as they should be."""
    if quiet or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        yield _Quiet() if quiet else _Plain()
        return
    from rich.console import Console  # only a terminal needs it

    console = Console(highlight=False, markup=False, emoji=False)
    with console.status("") as status:
        yield _Live(console, status)
