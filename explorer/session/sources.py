"""Where a session gets its events from: one interface for the specification, runs and captures.

specified  a machine of the specification, free or along a run     captured  the messages of a capture

An implementation in lockstep and a live peer will be sources too: session, panes and screens ask this
interface only, and never which source it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from explorer.session.answers import Why
from explorer.session.moments import Act, Choice, End, Event, Lane, Moment, Verdict
from explorer.session.offers import Beside
from explorer.session.packet import Packet
from explorer.session.tree import Node

if TYPE_CHECKING:
    from explorer.session.specified import Specified


@dataclass(frozen=True, slots=True)
class Prepared:
    """A way that a source has ready: the acts, where to look first, and why it ends early if it does.

    look   number of the act after which the cursor stands at the beginning; None: at the start
    broken why a saved run no longer fits, in words; empty if it does
    """

    acts: tuple[Act, ...] = ()
    look: int | None = None
    broken: str = ""


class Source(Protocol):
    """What can happen, and what it looks like."""

    @property
    def kind(self) -> str:
        """In the status bar: SIM, RUN, CAPTURE."""
        ...

    @property
    def title(self) -> str:
        """What is explored, such as the name of a scenario; safe to show."""
        ...

    @property
    def about(self) -> str:
        """One sentence on it; empty if there is nothing to say."""
        ...

    @property
    def recorded(self) -> bool:
        """Whether it is what happened, so that nothing else can be tried in it."""
        ...

    @property
    def octets(self) -> bool:
        """Whether its messages have octets, so that the packet is what a reader looks at first."""
        ...

    @property
    def specified(self) -> Specified | None:
        """The specification that it steps on: promises, guards, timers and powers are asked of it."""
        ...

    @property
    def absent(self) -> Mapping[str, str]:
        """Panes that have nothing to show for such a source, by name: the sentence that they show."""
        ...

    @property
    def timing(self) -> str:
        """What a reader has to know of the times that are shown; empty if they are what they seem."""
        ...

    @property
    def lanes(self) -> Sequence[Lane]:
        """Who acts, from left to right."""
        ...

    @property
    def prepared(self) -> Prepared:
        """What it has ready."""
        ...

    def start(self) -> Moment:
        """Before anything has happened."""
        ...

    def choices(self, now: Moment) -> list[Choice]:
        """What can happen now, the likeliest first."""
        ...

    def take(self, now: Moment, act: Act) -> tuple[Moment, Event]:
        """The moment after an act, and the event to draw. Refused: it cannot be done now."""
        ...

    def ends(self, now: Moment) -> tuple[End, ...]:
        """How each lane stands."""
        ...

    def verdict(self, node: Node) -> Verdict:
        """What has happened so far, in words."""
        ...

    def fields(self, now: Moment) -> Mapping[str, str]:
        """Every variable with its value as text."""
        ...

    def why(self, node: Node, target: str = "") -> list[Why]:
        """Questions with their answers: those that a node raises, the nearest first, or the one about
        `target`. Refused: it has no answer to such a question."""
        ...

    def packet(self, now: Moment) -> Packet | None:
        """The message that led to a moment, as octets; None: there is none, or it has none."""
        ...

    def offers(self, now: Moment) -> Beside | None:
        """What that message offers, beside the policy that is to take it; None if not both are known."""
        ...

    def facts(self, now: Moment) -> Sequence[tuple[str, ...]]:
        """What is known of the lanes besides their states: a name, then a text for each lane."""
        ...
