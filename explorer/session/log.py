"""What was done in a session, as the commands that do it again.

Where the cursor was moved by hand (a press of the mouse, a comparison), the log is brought up to it first, with
`goto @NUMBER` and `step N`: numbers of nodes are the same whenever the same commands are run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.session.session import Session
    from explorer.session.tree import Node


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, and where it led: the step, and the badge of what had happened by then."""

    line: str
    step: int
    badge: str


class Log:
    """The commands of a session that changed its tree or moved its cursor."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._entries: list[Entry] = []
        self.begin()

    def begin(self) -> None:
        """Begin here: what was done before belongs to the source."""
        self._entries.clear()
        self._mark()

    def entries(self) -> tuple[Entry, ...]:
        """All of them, up to where the cursor stands now."""
        self.catch_up()
        return tuple(self._entries)

    def add(self, line: str) -> None:
        """A command that was run. `catch_up` was called before it."""
        self._note(line)
        self._mark()

    def catch_up(self) -> None:
        """Note what happened since the last command without one."""
        session = self._session
        if (session.tree.count, session.now, session.rows()[-1]) == self._known:
            return
        node, new = session.now, 0
        while node.parent is not None and node.number >= self._known[0]:
            node, new = node.parent, new + 1
        if new:
            self._note(f"goto @{node.number}", node)
            self._note(f"step {new}")
        else:  # first to the end of what lies ahead, so that it lies ahead again
            self._note(f"goto @{session.rows()[-1].number}", session.rows()[-1])
            self._note(f"goto @{session.now.number}")
        self._mark()

    def _note(self, line: str, node: Node | None = None) -> None:
        here = node or self._session.now
        self._entries.append(Entry(line, here.depth, self._session.source.verdict(here).badge))

    def _mark(self) -> None:
        session = self._session
        self._known = session.tree.count, session.now, session.rows()[-1]
