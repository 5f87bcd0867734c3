"""A source that is neither the specification nor a capture: session, panes and screen take it as it is."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from explorer.cli.explore import Asked, opened
from explorer.cli.explore_capture import Capture, capture_source
from explorer.session.commands import execute
from explorer.session.moments import Event, Kind, Moment, Refused
from explorer.session.packet import Field, Packet
from explorer.session.scenarios import scenario
from explorer.session.session import Breakpoint, Session, Stop
from explorer.session.sources import Source
from explorer.tui.app import ExplorerApp
from explorer.view.explore.page import page, text
from explorer.view.explore.panes import PANES, pane_lines
from explorer.view.explore.spans import UNICODE, text_of
from explorer.view.explore.view import View
from tests.explorer.tui.screens import lines, opener, settled
from tests.impl.conftest import VECTORS

ROOT = Path(__file__).resolve().parents[3]
CAPTURE = VECTORS / "captures" / "ikev1-psk-main-mode-complete.pcapng"


class Other:
    """What another source has, under a class of its own, with some answers of its own."""

    def __init__(self, of: Source, own: Mapping[str, Any] | None = None) -> None:
        self._of, self._own = of, own or {}

    def __getattr__(self, name: str) -> Any:
        return self._own[name] if name in self._own else getattr(self._of, name)


def _pages(session: Session) -> list[str]:
    """Everything that is shown of it, step by step."""
    session.first()
    found = []
    while True:
        for name in PANES:
            view = View(session, 76, UNICODE)
            found.append("\n".join(map(text_of, pane_lines(name, view))))
        found.append(text(page(session, 120, UNICODE)))
        if session.forward() is None:
            return found


def test_nothing_asks_a_source_of_which_class_it_is() -> None:
    for folder in ("session", "view", "tui", "report"):
        for file in (ROOT / "explorer" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or ast.unparse(node.func) != "isinstance":
                    continue
                assert ast.unparse(node.args[1]) not in ("Captured", "Specified"), file


def test_what_behaves_as_a_capture_is_shown_as_one() -> None:
    source = capture_source(Capture(str(CAPTURE)))
    assert _pages(Session(Other(source))) == _pages(Session(source))


def test_what_behaves_as_the_specification_is_shown_as_it() -> None:
    source = scenario("main-psk").source()
    assert _pages(Session(Other(source))) == _pages(Session(source))


def _packet(now: Moment) -> Packet | None:
    octets = bytes([*b"octets", len(now.flight)])
    return Packet("MM1", "in clear", octets, (Field(0, "cookie", "of the peer", 0, 6),))


def _lockstep() -> Session:
    """The specification, whose messages have octets too: as an implementation beside it would give them."""
    own = {"kind": "LOCKSTEP", "octets": True, "packet": _packet}
    return Session(Other(scenario("main-psk").source(), own))


def test_a_source_may_have_octets_and_guards_at_once() -> None:
    session = _lockstep()
    execute(session, "goto 5")
    view = View(session, 76, UNICODE)
    shown = "\n".join(map(text_of, pane_lines("packet", view)))
    assert "cookie" in shown and "6f 63 74" in shown
    field = session.choose_field(0)
    assert field is not None and field.name == "cookie"
    execute(session, "drop mm5 x6")
    execute(session, "run")
    assert session.verdict().badge == "FAILED"
    assert execute(session, "why mm6").lines[0] == "Why is message 6 not sent?"
    assert session.standing() is not None and session.powers()
    session.back()
    assert "half-open" in "\n".join(map(text_of, pane_lines("timers", view)))


def test_the_screen_makes_room_for_octets_whatever_the_source() -> None:
    async def drawn() -> str:
        app = ExplorerApp(_lockstep(), opener, ("dark", UNICODE))
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            await pilot.press("n", "n")
            await settled(pilot)
            return "\n".join(lines(app))

    shown = asyncio.run(drawn())
    assert "LOCKSTEP" in shown and "Octets" in shown and "1 Packet" in shown


def test_a_capture_says_why_it_cannot_be_asked_about_a_guard() -> None:
    session = Session(capture_source(Capture(str(CAPTURE))))
    with pytest.raises(Refused, match="only the specification has guards"):
        session.why("mm6")


def test_the_message_of_an_event_is_the_one_sent_or_the_one_handled() -> None:
    session = opened(Asked(scenario="main-psk"))
    execute(session, "step 1")
    sent = session.now.event
    assert sent.kind is Kind.MESSAGE and sent.sends == sent.message is not None
    execute(session, "duplicate")
    handled: Event = session.now.event
    assert handled.kind is Kind.NETWORK
    assert handled.message == sent.message and handled.sends is None


def test_a_stop_at_a_message_is_at_its_sending_and_not_at_what_the_network_does_to_it() -> None:
    session = opened(Asked(scenario="main-psk"))
    execute(session, "step 1")
    execute(session, "duplicate mm1")
    session.first()
    session.breakpoints.append(Breakpoint("message", "mm1"))
    assert session.run() is Stop.BREAKPOINT and session.now.event.name == "MM1"
    assert session.now.event.sends is not None
    assert session.run(1) is Stop.LIMIT
    assert session.now.event.message == session.rows()[1].event.message
    assert not session.hit(session.breakpoints[0], session.now)
