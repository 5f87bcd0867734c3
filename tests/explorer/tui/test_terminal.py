"""The explorer on a real terminal (a pty): what it writes, when it goes well and when it does not."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.explorer.tui.crashing import CANARY

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 60.0


def driven(
    arguments: list[str], keys: list[tuple[bytes, bytes]], size: tuple[int, int] = (120, 40)
) -> tuple[bytes, int]:
    """Run a program in a pty: each key is sent when a text has come; all octets, and the exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ.update(
            TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", PYTHONPATH=str(ROOT)
        )
        os.environ.update(COLUMNS=str(size[0]), LINES=str(size[1]), TEXTUAL_ANIMATIONS="none")
        os.environ.pop("NO_COLOR", None)
        os.execv(sys.executable, [sys.executable, *arguments])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    data, at, until = b"", 0, time.monotonic() + LIMIT
    waiting = list(keys)
    while time.monotonic() < until:
        if waiting and waiting[0][0] in data[at:]:
            at = len(data)
            os.write(fd, waiting.pop(0)[1])
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            more = os.read(fd, 1 << 16)
        except OSError:
            break
        if not more:
            break
        data += more
    with suppress(OSError):
        os.close(fd)
    _, status = os.waitpid(pid, 0)
    assert not waiting, f"never saw {waiting[0][0]!r}"
    return data, os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("where", ["handler", "worker"])
def test_a_crash_shows_no_variable(where: str) -> None:
    data, code = driven(["-m", "tests.explorer.tui.crashing", where], [(b"RESPONDER", b"c")])
    assert b"the canary is here" in data  # the program ran, and had it
    assert CANARY.encode() not in data
    assert b"a fault of the program" in data and code == 1


def test_enter_q_and_the_exit_code_on_a_terminal() -> None:
    data, code = driven(
        ["-m", "ikeproof", "explore"], [(b"main-psk", b"\r"), (b"RESPONDER", b"\r"), (b"MM1", b"q")]
    )
    assert code == 0 and b"Traceback" not in data


def test_text_of_a_saved_run_reaches_the_terminal_without_control_characters(
    tmp_path: Path,
) -> None:
    saved = (ROOT / "examples" / "weaknesses" / "forged-refusal.run").read_text(encoding="utf-8")
    hostile = "evil\x1b]0;title\x07\x9b31m\u202eknow"
    (tmp_path / f"{hostile}.run").write_text(
        saved.replace("forged-refusal", hostile), encoding="utf-8"
    )
    data, code = driven(
        ["-m", "ikeproof", "explore", str(tmp_path / f"{hostile}.run")],
        [(b"RESPONDER", b"c"), (b"alternatives", b"q")],
    )
    assert code == 0
    for bad in (b"\x1b]0;title", "\u202e".encode(), b"\xc2\x9b", b"title\x07"):
        assert bad not in data
    assert "evil\u241b".encode() in data  # shown as a picture
