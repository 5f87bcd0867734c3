"""The key log, where one is asked for: what `ikeproof decode --keylog` reads (docs/decode.md)."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from impl.crypto.schedule import Cookies, Keys


class KeyFileError(Exception):
    """A file that no key goes into: what is wrong with it, and what to do."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem, self.mend = problem, mend


class KeyFile:
    """A file that only its owner reads; lines go to its end, as keys are made."""

    def __init__(self, path: str) -> None:
        flags = (
            os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
        try:
            number = os.open(path, flags, 0o600)
        except OSError as error:
            mend = "name a file in a folder of your own"
            why = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
            raise KeyFileError(why or "it cannot be opened", mend) from None
        problem = _unfit(os.fstat(number))
        if problem:
            os.close(number)
            raise KeyFileError(problem, "name a file that does not exist yet")
        self._file = os.fdopen(number, "ab")
        #: why there are no more keys in it than there are
        self.problem = ""

    def __call__(self, cookies: Cookies, keys: Keys) -> None:
        """Keep the keys of an SA; if that fails, none from then on."""
        if self.problem:
            return
        values = {
            "SKEYID": keys.skeyid,
            "SKEYID_D": keys.d,
            "SKEYID_A": keys.a,
            "SKEYID_E": keys.e,
            "KEY": keys.encryption,
        }
        head = f"{cookies.initiator.hex()} {cookies.responder.hex()}"
        lines = [f"{head} {name} {value.hex()}\n" for name, value in values.items()]
        try:
            self._file.write("".join(lines).encode())
            self._file.flush()
        except OSError as error:
            self.problem = error.strerror or "it cannot be written"

    def close(self) -> None:
        """No more keys."""
        with suppress(OSError):
            self._file.close()


def _unfit(status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if status.st_uid != os.geteuid():
        return "it belongs to another user"
    return "other users can read it" if status.st_mode & 0o077 else ""
