"""What was done in a session, as the commands that do it again.

Where the cursor is moved without a command (a press of the mouse, a comparison), or by one that is then refused,
`goto @NUMBER` and `step N` stand for it: numbers of nodes are the same whenever the same is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.session.tree import Node


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, and where it led: the step, and the badge of what had happened by then."""

    line: str
    step: int
    badge: str


@dataclass(slots=True)
class _Move:
    """To a node that was there (`steps` is 0), or so many likely steps to new ones."""

    node: Node
    steps: int = 0


class Log:
    """The commands of a session that changed its tree or moved its cursor."""

    def __init__(self, badge: Callable[[Node], str]) -> None:
        self._badge = badge
        self._entries: list[tuple[str, Node]] = []
        self._moves: list[_Move] = []

    def begin(self) -> None:
        """Begin here: what was done before belongs to the source."""
        self._entries.clear()
        self._moves.clear()

    def entries(self) -> tuple[Entry, ...]:
        """All of them, up to where the cursor stands now."""
        self._flush()
        return tuple(Entry(line, node.depth, self._badge(node)) for line, node in self._entries)

    @contextmanager
    def command(self, line: str, now: Callable[[], Node]) -> Iterator[None]:
        """A command is run: it stands for the moves that it makes, unless it is refused."""
        self._flush()
        try:
            yield
        except BaseException:
            self._flush()
            raise
        self._moves.clear()
        self._entries.append((line, now()))

    def went(self, node: Node) -> None:
        """The cursor went to a node that was there."""
        last = self._moves[-1] if self._moves else None
        if last is not None and not last.steps and node.parent is last.node:
            last.node = node  # on from there: the way to it is the same
        else:
            self._moves.append(_Move(node))

    def stepped(self, node: Node) -> None:
        """A step was taken to a new node. Without a command only the likely one is."""
        last = self._moves[-1] if self._moves else None
        if last is not None and last.steps:
            last.node, last.steps = node, last.steps + 1
        else:
            self._moves.append(_Move(node, 1))

    def _flush(self) -> None:
        for move in self._moves:
            line = f"step {move.steps}" if move.steps else f"goto @{move.node.number}"
            self._entries.append((line, move.node))
        self._moves.clear()
