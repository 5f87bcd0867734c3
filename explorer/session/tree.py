"""The tree of a session: everything that was tried, with one cursor, and branches by name.

What follows the cursor stays until something else is done there, which begins another branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from explorer.session.moments import Act, Event, Kind, Moment, Refused

MOST_NODES = 200_000


@dataclass(eq=False, slots=True)
class Node:
    """A moment that was reached, and how.

    number   counts nodes of the tree     depth  counts steps from the start: what the network does is none
    follows  the child that the cursor went to last: what lies ahead
    """

    number: int
    parent: Node | None
    act: Act | None
    moment: Moment
    event: Event
    depth: int = 0
    branch: str = ""
    children: list[Node] = field(default_factory=list)
    follows: Node | None = None

    def path(self) -> list[Node]:
        """From the start to this node."""
        found: list[Node] = []
        node: Node | None = self
        while node is not None:
            found.append(node)
            node = node.parent
        return found[::-1]

    def ahead(self) -> Iterator[Node]:
        """What follows, along the children that were visited last."""
        node = self.follows
        while node is not None:
            yield node
            node = node.follows


@dataclass(eq=False, slots=True)
class Branch:
    """A line of events with a name: `fork` is its first node of its own, `tip` its last one."""

    name: str
    fork: Node
    tip: Node


class Tree:
    """All nodes, and the cursor `now`."""

    def __init__(self, moment: Moment, name: str = "baseline") -> None:
        self.root = Node(0, None, None, moment, Event(Kind.START), branch=name)
        self.now = self.root
        self.branches: dict[str, Branch] = {name: Branch(name, self.root, self.root)}
        self._nodes = [self.root]

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return len(self._nodes)

    def numbered(self, number: int) -> Node | None:
        """The node with that number; None: there is none yet."""
        return self._nodes[number] if 0 <= number < len(self._nodes) else None

    def known(self, act: Act) -> Node | None:
        """The child that this act led to before."""
        return next((child for child in self.now.children if child.act == act), None)

    def add(self, act: Act, moment: Moment, event: Event, name: str) -> Node:
        """A new node after the cursor, and the cursor there.

        name  of the branch that begins, if another child is there already; made unlike the others
        """
        if self.count >= MOST_NODES:
            raise Refused(f"the session holds {MOST_NODES:,} events: begin another one")
        here = self.now
        forks = bool(here.children)
        branch = self._free(name) if forks else here.branch
        step = here.depth + (event.kind is not Kind.NETWORK)
        node = Node(self.count, here, act, moment, event, step, branch)
        self._nodes.append(node)
        here.children.append(node)
        if forks:
            self.branches[branch] = Branch(branch, node, node)
        else:
            self.branches[branch].tip = node
        self.go(node)
        return node

    def go(self, node: Node) -> None:
        """Move the cursor. What is ahead of each node on the way from the start is the way to it."""
        if node.parent is self.now:
            self.now.follows = node
        elif node is not self.now.parent:
            child = node
            while child.parent is not None:
                child.parent.follows = child
                child = child.parent
        self.now = node

    def branch(self, name: str) -> Branch:
        """A branch by name. Refused: there is none."""
        if name not in self.branches:
            raise Refused(f"no branch {name!r}; there are {', '.join(self.branches)}")
        return self.branches[name]

    def rename(self, old: str, new: str) -> None:
        """Give a branch another name."""
        branch = self.branch(old)
        if not new or (new != old and new in self.branches):
            raise Refused(f"the name {new!r} is empty or taken")
        self.branches = {new if key == old else key: item for key, item in self.branches.items()}
        branch.name = new
        stack = [branch.fork]
        while stack:
            node = stack.pop()
            if node.branch == old:
                node.branch = new
                stack += node.children

    def _free(self, name: str) -> str:
        if name not in self.branches:
            return name
        number = 2
        while f"{name} ({number})" in self.branches:
            number += 1
        return f"{name} ({number})"
