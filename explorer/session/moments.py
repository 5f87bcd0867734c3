"""What a session is made of: moments, the events that lead from one to the next, and the network between.

A moment is everything that decides what can happen next. An event is one delivery or act, together
with the silence before it; it is what the chart draws a row for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a message on its way.

    message  its name in the specification     index  of a family: which negotiation (0 if it is in none)
    forged   an attacker made or altered it
    """

    message: str
    index: int = 0
    forged: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """The network loses the next `times` copies of a message; `used` of them are lost already."""

    message: str
    times: int
    used: int = 0

    @property
    def left(self) -> int:
        """How many it will still lose."""
        return self.times - self.used


@dataclass(frozen=True, slots=True)
class Moment:
    """What is so after an event.

    state   of the source: for the specification, the machine's
    at      seconds since the start
    flight  copies on their way, in the order in which they were sent
    powers  of the attacker that were switched in this session, with their positions
    """

    state: tuple[int, ...]
    at: Fraction = Fraction(0)
    flight: tuple[Copy, ...] = ()
    rules: tuple[Rule, ...] = ()
    powers: tuple[tuple[str, bool], ...] = ()


# ---- what can be done


@dataclass(frozen=True, slots=True)
class Take:
    """Let the source take steps: a wait, if it has one, and then an act.

    copy  the one in flight that is delivered by it; None: nothing is
    """

    steps: tuple[tuple[int, tuple[int, ...]], ...]
    copy: Copy | None = None


class Deed(Enum):
    """What is done to a copy in flight."""

    DELIVER = "deliver"  # to an end that does nothing with it
    DROP = "drop"
    DUPLICATE = "duplicate"
    EARLIER = "earlier"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Handle:
    """Do something to a copy in flight."""

    deed: Deed
    copy: Copy


@dataclass(frozen=True, slots=True)
class Lose:
    """Begin a rule: the next copies of a message are lost."""

    message: str
    times: int


@dataclass(frozen=True, slots=True)
class Switch:
    """Give the attacker a power, or take it from him."""

    power: str
    on: bool


Act = Take | Handle | Lose | Switch


# ---- what is seen


class Kind(Enum):
    """What a row shows."""

    START = "start"
    MESSAGE = "message"  # one is sent
    ACT = "act"  # an end does something, and sends nothing
    NETWORK = "network"  # a copy is dropped, duplicated, moved; a rule or a power begins


@dataclass(frozen=True, slots=True)
class Event:
    """One event, as a chart draws it.

    actor     the lane that acted: a number, or None for the network and the attacker
    to        the lane that a message goes to
    message   the copy that the event is about: the one that is sent, or of kind NETWORK the one that was
              dropped, moved or doubled. None: it is about none, or about a captured message that the
              specification has no name for. `sends` is the one that is sent
    name      short name of the message: MM5     says  what it carries, or what the act is called
    lost      why a message does not arrive: "lost 1 of 6"; empty if it is on its way
    clause    requirement or section that an act rests on
    wait      seconds of silence before it
    action    the action of the specification, with its parameters; None for the network
    """

    kind: Kind
    actor: int | None = None
    to: int | None = None
    message: Copy | None = None
    name: str = ""
    says: str = ""
    protected: bool = False
    again: bool = False
    lost: str = ""
    clause: str = ""
    wait: Fraction = Fraction(0)
    action: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def sends(self) -> Copy | None:
        """The copy that is put on its way, or lost on it."""
        return self.message if self.kind is Kind.MESSAGE else None

    @property
    def forged(self) -> bool:
        """Whether an attacker made or altered the message."""
        return self.message is not None and self.message.forged


class Life(Enum):
    """How an end stands: the form of its lifeline."""

    IDLE = "idle"
    WAITS = "waits"
    UP = "up"
    FAILED = "failed"
    ENDED = "ended"

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self in (Life.FAILED, Life.ENDED)


@dataclass(frozen=True, slots=True)
class End:
    """How one lane stands at a moment: `label` beside its lifeline, in capitals if it is an outcome."""

    life: Life
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Who acts: INITIATOR or RESPONDER, with the peer's own name and address where they are known."""

    title: str
    name: str = ""
    address: str = ""


class Tone(Enum):
    """What a verdict is: each has a colour, a glyph and a word."""

    OK = "ok"
    FAILED = "failed"
    PENDING = "pending"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "what has happened?": a badge such as FAILED, and one sentence or two.

    over  whether nothing more is expected: both ends are up and quiet, or both have failed
    """

    badge: str
    tone: Tone
    first: str
    second: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise whose claim fails at a node; `excepted`: its text says that it may, under what was given."""

    name: str
    excepted: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """All promises of a machine at a node; names in the order of their themes."""

    broken: tuple[Broken, ...]
    kept: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can happen now.

    rank   how likely: 0 a delivery in order, 1 an act of one's own, 2 time and the act that is due;
           from `UNLIKELY` on it happens only if somebody asks for it
    says   in words, with a small letter: "deliver MM5: the responder verifies the proof"
    group  under which it is listed
    """

    act: Act
    rank: int
    says: str
    group: str


UNLIKELY = 5


class Refused(Exception):
    """Something that cannot be done now, and why; the message is for people."""
