"""Writes a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat


def write_whole(path: str, text: str, ending: str) -> None:
    """Write a file under its name only when it is complete.

    A file that is there already is replaced only if its name ends as files of this kind do.
    OSError, FileExistsError among them: it was not written, and nothing has changed.
    """
    try:
        there = os.lstat(path)
    except FileNotFoundError:
        there = None
    if there is not None and not (stat.S_ISREG(there.st_mode) and path.endswith(ending)):
        raise FileExistsError(f"it exists, and is replaced only if it is a file named *{ending}")
    folder, name = os.path.split(os.path.abspath(path))
    part = os.path.join(folder, f".{name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
