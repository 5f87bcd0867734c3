"""Reads files and environment variables for the formats."""

from __future__ import annotations

import glob
import os
import stat

from model.formats.reader import ReadError

MEBI = 1024 * 1024
MAX_OCTETS = 8 * MEBI
MAX_MATCHES = 1000


class FileReader:
    """Reads regular files up to a size limit; anything else is rejected, and nothing is written."""

    LIMIT = MAX_OCTETS

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit

    def read(self, path: str) -> bytes:
        """The octets of a file. ReadError says why it cannot be read."""
        try:
            with open(path, "rb", opener=_open) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise ReadError("it is not a regular file")
                octets = file.read(self._limit + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a file name"
            raise ReadError(reason or "it cannot be read") from None
        if len(octets) > self._limit:
            raise ReadError(f"it is larger than {self._limit // MEBI} MiB")
        return octets

    def glob(self, pattern: str) -> list[str]:
        """The files that a pattern matches, sorted."""
        try:
            return sorted(glob.glob(pattern))[:MAX_MATCHES]
        except (OSError, ValueError):
            return []

    def environment(self, name: str) -> str | None:
        """An environment variable."""
        return os.environ.get(name)


def _open(path: str, flags: int) -> int:
    # A FIFO or a device that was named by mistake must not block.
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
