"""Two branches side by side: aligned by their events, and what differs at their ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from explorer.session.moments import Kind, Refused, Verdict
from explorer.session.session import Session, differences
from explorer.session.tree import Branch, Node


class Mark(Enum):
    """How an event of the one stands to the other."""

    SAME = ""
    DIFFERS = "differs"
    LEFT = "only left"
    RIGHT = "only right"


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: the event on either side, None where it has none."""

    left: Node | None
    right: Node | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs at the ends; first: the row in which it began to."""

    field: str
    left: str
    right: str
    first: int


@dataclass(frozen=True)
class Comparison:
    """Two branches, aligned."""

    left: Branch
    right: Branch
    verdicts: tuple[Verdict, Verdict]
    pairs: tuple[Pair, ...]
    fields: tuple[Difference, ...]

    @property
    def marked(self) -> list[int]:
        """The rows that differ."""
        return [at for at, pair in enumerate(self.pairs) if pair.mark is not Mark.SAME]


def other_branch(session: Session) -> str:
    """What a branch is compared with if nobody says: the newest of the others."""
    others = [name for name in session.tree.branches if name != session.now.branch]
    if not others:
        raise Refused("there is one branch only: x on a message begins another")
    return others[-1]


def compare(session: Session, one: str, other: str) -> Comparison:
    """Align two branches. Refused: there is none of that name, or they are one."""
    if one == other:
        raise Refused(f"{one!r} is compared with itself")
    left, right = session.branch(one), session.branch(other)
    ways = _events(left), _events(right)
    pairs = _aligned(*ways)
    verdicts = session.source.verdict(left.tip), session.source.verdict(right.tip)
    fields = [
        Difference(name, a, b, _first(session, pairs, name))
        for name, a, b in differences(session.source, left.tip, right.tip)
        if not name.endswith(".sent")
    ]
    return Comparison(left, right, verdicts, tuple(pairs), tuple(fields))


def _events(branch: Branch) -> list[Node]:
    return [x for x in branch.tip.path() if x.event.kind not in (Kind.START, Kind.NETWORK)]


def _key(node: Node) -> tuple[object, ...]:
    event = node.event
    return event.kind, event.actor, event.name, event.action


def _aligned(left: Sequence[Node], right: Sequence[Node]) -> list[Pair]:
    shared = 0
    while shared < min(len(left), len(right)) and left[shared] is right[shared]:
        shared += 1
    pairs = [Pair(node, node, Mark.SAME) for node in left[:shared]]
    one, other = left[shared:], right[shared:]
    matcher = SequenceMatcher(None, list(map(_key, one)), list(map(_key, other)), autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pairs += [_pair(x, y) for x, y in zip(one[a:b], other[c:d], strict=True)]
        else:
            pairs += [Pair(x, None, Mark.LEFT) for x in one[a:b]]
            pairs += [Pair(None, y, Mark.RIGHT) for y in other[c:d]]
    return pairs


def _pair(left: Node, right: Node) -> Pair:
    alike = (
        bool(left.event.lost) == bool(right.event.lost)
        and left.event.parameters == right.event.parameters
        and left.event.forged == right.event.forged
        and left.moment.at == right.moment.at
    )
    return Pair(left, right, Mark.SAME if alike else Mark.DIFFERS)


def _first(session: Session, pairs: Sequence[Pair], field: str) -> int:
    """The number of the first row after which a field differs."""
    left = right = session.tree.root
    for number, pair in enumerate(pairs, 1):
        left, right = pair.left or left, pair.right or right
        one, other = (session.source.fields(x.moment).get(field) for x in (left, right))
        if one != other:
            return number
    return len(pairs)
