"""Where a session gets its events from: one interface for the specification, runs and captures.

specified  a machine of the specification, free or along a run     captured  the messages of a capture

An implementation in lockstep and a live peer will be sources too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from explorer.session.moments import Act, Choice, End, Event, Lane, Moment, Verdict
from explorer.session.tree import Node


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
