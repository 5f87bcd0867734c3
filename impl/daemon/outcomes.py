"""Who waits for what comes of a negotiation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from impl.daemon.told import Told
from impl.daemon.words import Tree
from impl.ike.events import (
    FellBack,
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
    SasInstalled,
)

_STANDS: Tree = {"outcome": "established", "reason": None, "why": None}


@dataclass(eq=False)
class Expected:
    """What is expected of a connection: a word for each child, and for Phase I if that is all."""

    connection: str
    open: set[str]
    phase1: bool
    children: dict[str, Tree] = field(default_factory=dict)
    failure: Tree | None = None
    soft: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def has(self, children: list[str]) -> None:
        """These stand already."""
        for name in children:
            self.children[name] = dict(_STANDS)


class Outcomes:
    """Everybody who waits."""

    def __init__(self) -> None:
        self._waiting: list[Expected] = []

    def expect(self, connection: str, children: list[str], *, phase1: bool = False) -> Expected:
        """Begin to watch; before the negotiation begins."""
        found = Expected(connection, set(children), phase1)
        if not children and not phase1:
            found.done.set()
        else:
            self._waiting.append(found)
        return found

    def see(self, event: Told) -> None:
        """Something has happened."""
        for item in list(self._waiting):
            _see(item, event)
            if item.failure is not None or not (item.open or item.phase1):
                item.done.set()
                if not isinstance(event, Phase1Failed):  # a fall-back may follow at once
                    self._waiting.remove(item)

    async def wait(self, item: Expected, seconds: float) -> Tree:
        """The outcome as far as it is known by then: `established`, `fails`, or `open`."""
        try:
            if seconds:
                await asyncio.wait_for(item.done.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            if item in self._waiting:
                self._waiting.remove(item)
        failed = [child for child in item.children.values() if child["outcome"] == "fails"]
        if item.failure is not None:
            outcome = "fails"
        elif not item.done.is_set():
            outcome = "open"
        else:
            outcome = "fails" if failed else "established"
        return {
            "connection": item.connection,
            "outcome": outcome,
            "reason": item.failure["reason"] if item.failure else None,
            "why": item.failure["why"] if item.failure else None,
            "soft_sa": item.soft,
            "children": [{"child": name, **item.children[name]} for name in sorted(item.children)],
        }


def _see(item: Expected, event: Told) -> None:
    if isinstance(event, SasInstalled):
        name = event.pair.child
        if event.connection == item.connection and name in item.open:
            item.open.discard(name)
            item.children[name] = dict(_STANDS)
    elif isinstance(event, Phase2Failed):
        if event.connection == item.connection and event.child in item.open:
            item.open.discard(event.child)
            told = {"outcome": "fails", "reason": event.reason, "why": event.why}
            item.children[event.child] = told
    elif isinstance(event, Phase1Established):
        item.phase1 = item.phase1 and event.connection != item.connection
    elif isinstance(event, Phase1Failed):
        # what the peer began, or anybody in its name, is not what is waited for
        if event.connection == item.connection and event.initiated:
            item.failure = {"reason": event.reason, "why": event.why}
    elif isinstance(event, FellBack) and event.connection == item.connection:
        item.soft = True
