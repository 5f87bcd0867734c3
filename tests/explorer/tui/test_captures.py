"""Captures on the screen: the engineer's story, and what hostile packets may not do."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from explorer.cli.explore_capture import Capture, capture_source
from explorer.session.session import Session
from explorer.tui.app import ExplorerApp
from explorer.tui.lines import Lines
from explorer.tui.theme import style
from explorer.view.explore.spans import UNICODE
from tests.explorer.session.captures import Story, hostile, story

ROOT = Path(__file__).resolve().parents[3]
DIFFERS = style("dark", "differs")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return story(tmp_path_factory.mktemp("refused"))


def opened(made: Story) -> Session:
    asked = Capture(str(made.capture), str(made.keylog))
    return Session(capture_source(asked, (str(made.hq), str(made.branch))))


def driven(
    session: Session | None,
    size: tuple[int, int],
    steps: Callable[[Pilot[None]], Awaitable[None]],
    opener: Callable[[str], Session] | None = None,
) -> None:
    """Run the program without a terminal, and do something with it."""

    def unused(line: str) -> Session:
        raise AssertionError(line)

    async def run() -> None:
        app = ExplorerApp(session, opener or unused, ("dark", UNICODE))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.pause(0.1)
            await steps(pilot)

    asyncio.run(run())


def shown(pilot: Pilot[None], widget: str) -> str:
    box = pilot.app.screen.query_one(widget, Lines)
    return "\n".join(box.render_line(y).text.rstrip() for y in range(box.size.height))


async def typed(pilot: Pilot[None], text: str) -> None:
    """Name a capture on the start screen."""
    await pilot.press("o")
    box = pilot.app.screen.query_one("#line", Input)
    assert box.value == "capture "
    box.value += text
    await pilot.press("enter")


def filled(pilot: Pilot[None], widget: str) -> list[str]:
    """Texts that are drawn as what keeps an offer from being taken."""
    box = pilot.app.screen.query_one(widget, Lines)
    return [
        segment.text.strip()
        for y in range(box.size.height)
        for segment in box.render_line(y)
        if segment.style == DIFFERS
    ]


@pytest.mark.parametrize(
    ("size", "packet", "why"),
    [((80, 24), "#tabs", ""), ((120, 40), "#below", "#side"), ((200, 60), "#middle", "#below")],
)
def test_r10_the_screen_opens_at_the_refusal_with_offer_beside_policy(
    refused: Story, size: tuple[int, int], packet: str, why: str
) -> None:
    async def look(pilot: Pilot[None]) -> None:
        assert "REFUSED" in shown(pilot, "#verdict")
        assert "integrity sha1, not md5." in shown(pilot, "#verdict")
        assert filled(pilot, packet) == ["≠ aes128", "≠ sha1", "≠ sha256"]
        assert "1 cell: nearest" in shown(pilot, packet)
        if not why:
            await pilot.press("w")
        assert "P2-PROPOSAL" in shown(pilot, why or "#tabs")
        assert "esp_proposals = 3des-sha1," in shown(pilot, why or "#tabs")

    driven(opened(refused), size, look)


def test_fields_are_chosen_by_j_and_k_and_by_arrows_in_the_packet(refused: Story) -> None:
    session = opened(refused)

    async def choose(pilot: Pilot[None]) -> None:
        await pilot.press("N")
        before = session.field
        await pilot.press("J", "J", "K")
        assert before is None and session.field is not None
        at, node = session.field, session.now
        await pilot.press("1", "down")
        assert session.field == at + 1 and session.now is node
        await pilot.press("up")
        assert session.field == at
        await pilot.press("escape", "up")
        assert session.now is node.parent

    driven(session, (120, 40), choose)


def test_the_packet_alone_has_the_whole_screen(refused: Story) -> None:
    async def zoom(pilot: Pilot[None]) -> None:
        await pilot.press("N", "1", "z")
        await pilot.pause(0.1)
        text = shown(pilot, "#zoom")
        assert "QM1  frame 7" in text and "transform 1" in text and "Octets, decrypted" in text

    driven(opened(refused), (80, 24), zoom)


def test_a_capture_is_opened_from_the_start_screen(refused: Story) -> None:
    from explorer.cli.explore import opened_line

    async def open_it(pilot: Pilot[None]) -> None:
        await typed(pilot, f"{refused.capture} {refused.keylog}")
        await pilot.pause(0.2)
        assert "refused.pcap" in shown(pilot, "#status")
        assert "REFUSED" in shown(pilot, "#verdict")

    driven(None, (120, 40), open_it, opened_line)


def test_a_capture_without_ike_is_refused_on_the_start_screen_in_words() -> None:
    from explorer.cli.explore import opened_line

    file = ROOT / "tests" / "data" / "vectors" / "captures" / "espudp1.pcap"

    async def open_it(pilot: Pilot[None]) -> None:
        await typed(pilot, str(file))
        await pilot.pause(0.2)
        assert "no IKEv1 message to step through: only 8 packets" in shown(pilot, "#next")

    driven(None, (160, 40), open_it, opened_line)


# ---- what reaches the terminal


def in_pty(arguments: Sequence[str], keys: bytes, size: tuple[int, int] = (120, 40)) -> bytes:
    """Run the program in a terminal of its own, press keys, and give all octets that it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ.update(TERM="xterm-256color", TEXTUAL_ANIMATIONS="none", LANG="C.UTF-8", PYTHONPATH=str(ROOT))  # fmt: skip
        code = "import sys; from explorer.cli import main; sys.exit(main(sys.argv[1:]))"
        os.execv(sys.executable, [sys.executable, "-c", code, *arguments])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    try:
        written = _until_quiet(terminal, 60.0, b"Octets")
        for key in keys:
            os.write(terminal, bytes((key,)))
            written += _until_quiet(terminal, 10.0)
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return written


def _until_quiet(terminal: int, most: float, wanted: bytes = b"") -> bytes:
    """What comes until nothing has come for a while, and what is wanted is there."""
    written, until = b"", time.monotonic() + most
    while time.monotonic() < until:
        ready, _, _ = select.select([terminal], [], [], 1.0)
        if not ready and wanted in written:
            break
        if not ready:
            continue
        try:
            written += os.read(terminal, 65536)
        except OSError:
            break
    return written


@pytest.mark.slow
def test_control_characters_of_packets_never_reach_the_terminal(tmp_path: Path) -> None:
    file = hostile(tmp_path / "hostile.pcap")
    written = in_pty(["explore", "--capture", str(file)], b"gn1zJJJJJJJJzwD|nq", (200, 60))
    written = written.replace(b"\x1b]22;default\x07", b"")  # Textual's own: the pointer's shape
    assert b"OWNED" in written and b"hostile.pcap" in written
    for control in ("\x1b]0;", "\x07", "\x9b", "\x7f", "\u202e", "\u2066", "\u200f"):
        assert control.encode() not in written, control


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_what_is_missing_is_said_in_full_at_the_start_of_a_capture(size: tuple[int, int]) -> None:
    from explorer.cli.explore import Asked, opened
    from explorer.cli.explore_capture import Capture
    from tests.explorer.tui.screens import drawn
    from tests.impl.conftest import VECTORS

    file = VECTORS / "captures" / "ISAKMP_sa_setup.pcap"
    session = opened(Asked(capture=Capture(str(file)), example="branch-office"))
    words = " ".join(word for line in drawn(session, ["1"], size).lines for word in line.split())
    assert "--end hq=10.0.0.1." in words and "--keylog FILE" in words
