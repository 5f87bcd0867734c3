"""What a format may ask of the world: octets of files, names that match, environment variables.

The command line injects the real one; tests inject a dictionary.
"""

from __future__ import annotations

from typing import Protocol


class ReadError(Exception):
    """A file that cannot be read; the message says why (missing, a folder, too large, no right)."""


class Reader(Protocol):
    """Access to files, by path text as the user or a policy wrote it."""

    def read(self, path: str) -> bytes:
        """The octets of a file. Raises ReadError; refuses files beyond the reader's size limit."""
        ...

    def glob(self, pattern: str) -> list[str]:
        """The files that match a shell pattern, sorted; empty if none does."""
        ...

    def environment(self, name: str) -> str | None:
        """An environment variable, or None if it is not set."""
        ...
