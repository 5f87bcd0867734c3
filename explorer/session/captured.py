"""A capture as a source: what was sent, message by message. Nothing else can happen in it.

What is in it is plain data, made by the code that reads packets: nothing here opens a file or a message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from explorer.session.answers import Why
from explorer.session.moments import (
    Act,
    Choice,
    Copy,
    End,
    Event,
    Kind,
    Lane,
    Life,
    Moment,
    Refused,
    Take,
    Verdict,
)
from explorer.session.offers import Beside
from explorer.session.packet import Packet
from explorer.session.sources import Prepared
from explorer.session.tree import Node
from model.spec.words import MESSAGES

if TYPE_CHECKING:
    from explorer.session.specified import Specified

#: from so long a silence on, it has a row of its own in the chart
SILENCE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the capture, and how everything stands after it.

    lane     0: the initiator of Phase I sent it, 1: the responder
    of       its name in the specification, if it has one
    problem  a refusal, a wrong hash, or a message that the keys given do not open
    facts    by name, what is known of either end by now
    """

    at: Fraction
    frame: int
    lane: int
    name: str
    says: str
    ends: tuple[End, End]
    verdict: Verdict
    packet: Packet
    of: str = ""
    protected: bool = False
    again: bool = False
    problem: bool = False
    facts: tuple[tuple[str, str, str], ...] = ()
    offers: Beside | None = None
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A conversation of a capture; all its texts are safe to show."""

    title: str
    about: str
    lanes: tuple[Lane, Lane]
    start: Verdict
    messages: tuple[Message, ...]


#: what a capture has nothing to show for
ABSENT: Mapping[str, str] = MappingProxyType(
    {
        "sadb": "A capture shows no SAs, only their SPIs: see the packet of QM1 and QM2.",
        "timers": "A capture has no timers, only times.",
        "promises": "Promises are about the specification, not about a capture.",
        "states": "A capture shows messages: 2 has what they say of both ends.",
        "network": "A capture shows what went past it, not what is on its way.",
        "axis": "A capture does not show how long an SA lasts.",
    }
)


class Captured:
    """A conversation, stepped through message by message."""

    kind = "CAPTURE"
    recorded = octets = True
    timing = ""
    specified: Specified | None = None
    absent: Mapping[str, str] = ABSENT

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.title, self.about = recording.title, recording.about
        self.lanes: Sequence[Lane] = recording.lanes
        count = len(recording.messages)
        look = next((n for n, x in enumerate(recording.messages, 1) if x.problem), None)
        self.prepared = Prepared(tuple(_to(n) for n in range(1, count + 1)), look)

    def message(self, now: Moment) -> Message | None:
        """The message of a moment; None at the start."""
        return self._recording.messages[now.state[0] - 1] if now.state[0] else None

    def start(self) -> Moment:
        """Before the first message."""
        return Moment((0,))

    def choices(self, now: Moment) -> list[Choice]:
        """The next message, if there is one."""
        number = now.state[0] + 1
        if number > len(self._recording.messages):
            return []
        found = self._recording.messages[number - 1]
        return [Choice(_to(number), 0, f"{found.name}  {found.says}", "messages")]

    def take(self, now: Moment, act: Act) -> tuple[Moment, Event]:
        """Go along to the next message. Refused: everything else."""
        number = now.state[0] + 1
        if act != _to(number) or number > len(self._recording.messages):
            raise Refused("a capture is what happened: nothing else can be done in it")
        found, before = self._recording.messages[number - 1], self.message(now)
        wait = found.at - before.at if before is not None else Fraction(0)
        unanswered = found.again and before is not None and before.lane == found.lane
        event = Event(
            Kind.MESSAGE,
            found.lane,
            1 - found.lane,
            Copy(found.of) if found.of in MESSAGES else None,
            found.name,
            "again" if found.again else found.says,
            found.protected,
            unanswered,
            wait=wait if wait >= SILENCE else Fraction(0),
        )
        return Moment((number,), found.at), event

    def ends(self, now: Moment) -> tuple[End, ...]:
        """How each end stands, as far as the messages show it."""
        found = self.message(now)
        return found.ends if found is not None else (End(Life.IDLE, ""), End(Life.IDLE, ""))

    def verdict(self, node: Node) -> Verdict:
        """What the messages up to here show."""
        found = self.message(node.moment)
        return found.verdict if found is not None else self._recording.start

    def why(self, node: Node, target: str = "") -> list[Why]:
        """Why this message is a refusal, cannot be read, or has a wrong proof. Refused: anything else."""
        if target:
            raise Refused("only the specification has guards to ask: a capture shows what happened")
        found = self.message(node.moment)
        return list(found.why) if found is not None else []

    def packet(self, now: Moment) -> Packet | None:
        """The message of a moment as it was captured."""
        found = self.message(now)
        return found.packet if found is not None else None

    def offers(self, now: Moment) -> Beside | None:
        """What it offers beside the policy that is to take it, where both are known."""
        found = self.message(now)
        return found.offers if found is not None else None

    def facts(self, now: Moment) -> Sequence[tuple[str, ...]]:
        """What is known of either end by now."""
        found = self.message(now)
        return found.facts if found is not None else ()

    def fields(self, now: Moment) -> Mapping[str, str]:
        """How the ends stand, and what is known of them."""
        ends, found = self.ends(now), self.message(now)
        facts = dict.fromkeys(
            (f"{role}.{name}" for name in _names(self._recording) for role in _ROLES), "-"
        )
        for name, *values in found.facts if found is not None else ():
            facts |= {f"{role}.{name}": value for role, value in zip(_ROLES, values, strict=True)}
        states = {
            f"{role}.state": end.label or end.life.value
            for role, end in zip(_ROLES, ends, strict=True)
        }
        return {"frame": str(found.frame) if found is not None else "-", **states, **facts}


_ROLES = ("initiator", "responder")


def _names(recording: Recording) -> dict[str, None]:
    return dict.fromkeys(fact[0] for item in recording.messages for fact in item.facts)


def _to(number: int) -> Take:
    return Take(((number, ()),))
