"""What a format may read: octets of files, names that match a pattern, environment variables.

The command line injects the real one; tests inject a dictionary.
"""

from __future__ import annotations

from typing import Protocol


class ReadError(Exception):
    """A file that cannot be read; the message says why (missing, a folder, too large, not permitted)."""


class Reader(Protocol):
    """Access to files, by path text as the user or a policy wrote it."""

    def read(self, path: str) -> bytes:
        """The octets of a file. ReadError, also for files beyond the reader's size limit."""
        ...

    def glob(self, pattern: str) -> list[str]:
        """The files that match a shell pattern, sorted; empty if none does."""
        ...

    def environment(self, name: str) -> str | None:
        """An environment variable, or None if it is not set."""
        ...
