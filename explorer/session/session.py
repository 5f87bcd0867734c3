"""A session: one source, the tree of what was tried, and everything that can be asked of it.

It draws nothing and reads no key: the screens, `--exec` and scripts are three ways to the same calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from explorer.session.answers import Why
from explorer.session.log import Log
from explorer.session.moments import (
    UNLIKELY,
    Act,
    Broken,
    Choice,
    Copy,
    Deed,
    Handle,
    Kind,
    Lose,
    Refused,
    Standing,
    Switch,
    Take,
    Tone,
    Verdict,
)
from explorer.session.packet import Field
from explorer.session.sources import Source
from explorer.session.tree import Branch, Node, Tree
from model.spec.words import MESSAGES, message_named

if TYPE_CHECKING:
    from explorer.session.kept import Promises
    from explorer.session.specified import Specified

MOST_STEPS = 1000


class Stop(Enum):
    """Why a run stopped."""

    OVER = "over"  # both ends are up and quiet, or both have failed
    BREAKPOINT = "breakpoint"
    BROKEN = "a promise is broken"
    END = "nothing can happen any more"
    LIMIT = "the limit of steps"


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where a run stops: `kind` is message, state, field, promise or timer; `what` names it.

    value  of a field or state; empty: any change of it
    """

    kind: str
    what: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.what}" + (f"={self.value}" if self.value else "")


class Session:
    """The tree over a source, with one cursor. All that changes it goes through `do` and `go`."""

    def __init__(self, source: Source, name: str = "baseline") -> None:
        self.source = source
        self.tree = Tree(source.start(), name)
        self.breakpoints: list[Breakpoint] = []
        self.marks: dict[str, Node] = {}
        self._line: list[Node] = []
        self._places: dict[Node, int] = {}
        self._moved()
        self.asked = 0  # which of the questions that suggest themselves is shown
        self.field: int | None = None  # which field of the message is chosen, if one is
        self._choices: tuple[Node, list[Choice]] | None = None
        self._promises: Promises | None = None
        #: the line that opens the same source again; empty if there is none
        self.origin = ""
        #: where something saved no longer does what it did, and how
        self.diverged: tuple[Node, str] | None = None
        self.log = Log(lambda node: self.source.verdict(node).badge)
        self._prepare()
        self.log.begin()

    def _prepare(self) -> None:
        """Take the way that the source has ready, and stand where it says."""
        ready = self.source.prepared
        nodes = [self.tree.root]
        for act in ready.acts:
            nodes.append(self.do(act))
        if ready.broken:
            self.diverged = self.now, ready.broken
        self.go(nodes[ready.look if ready.look is not None else 0])

    # ---- where it stands
    @property
    def now(self) -> Node:
        """The cursor."""
        return self.tree.now

    @property
    def specified(self) -> Specified | None:
        """The specification that the source steps on; None: none."""
        return self.source.specified

    def choices(self) -> list[Choice]:
        """What can happen at the cursor, the likeliest first."""
        if self._choices is None or self._choices[0] is not self.now:
            self._choices = self.now, self.source.choices(self.now.moment)
        return self._choices[1]

    def likely(self) -> Choice | None:
        """The next thing, if nobody interferes; None: nothing happens by itself any more."""
        found = self.choices()
        return found[0] if found and found[0].rank < UNLIKELY else None

    def coming(self) -> Node | Choice | None:
        """What Enter does: the node ahead, or the likely choice."""
        return self.now.follows or self.likely()

    def verdict(self, node: Node | None = None) -> Verdict:
        """What has happened up to a node; a promise that is broken there comes first."""
        here = node or self.now
        if self.diverged is not None and here is self.diverged[0]:
            plain = self.source.verdict(here)
            return Verdict("DIVERGED", Tone.WARNING, f"{self.diverged[1]}.", plain.first)
        broken = self.broken(here) if self._promises is not None else ()
        if not broken:
            return self.source.verdict(here)
        from model.promises import promises

        plain, kept = self.source.verdict(here), self.promises()
        says = promises()[broken[0].name].says
        known = kept.weakness(here, broken[0].name) if kept is not None else None
        second = (
            "An exception that its text names holds."
            if broken[0].excepted
            else "No exception holds."
        )
        second = f"It is the weakness {known}." if known is not None else second
        return Verdict(
            "BROKEN", Tone.FAILED, f"{says.partition('. ')[0].rstrip('.')}.", second, plain.over
        )

    def rows(self) -> Sequence[Node]:
        """What the chart shows: the way to the cursor and what lies ahead of it. Not to be changed."""
        return self._line

    def row_of(self, node: Node) -> int:
        """The position of a node of `rows`."""
        return self._places[node]

    def _moved(self) -> None:
        """Keep the line with the cursor: what it has in common with the one before stays as it is."""
        now, line, places = self.now, self._line, self._places
        if now in places:
            return
        own: list[Node] = []
        node: Node | None = now
        while node is not None and node not in places:
            own.append(node)
            node = node.parent
        shared = places[node] + 1 if node is not None else 0
        for gone in line[shared:]:
            del places[gone]
        del line[shared:]
        for here in (*reversed(own), *now.ahead()):
            places[here] = len(line)
            line.append(here)

    # ---- moving
    def go(self, node: Node) -> None:
        """Move the cursor."""
        self.tree.go(node)
        self.asked, self.field = 0, None
        self._moved()
        self.log.went(node)

    def do(self, act: Act, name: str = "") -> Node:
        """Do something at the cursor: the node that it leads to, which may be one that is known.

        name  of the branch that begins if something else was done here before
        """
        known = self.tree.known(act)
        if known is not None:
            self.go(known)
            return known
        moment, event = self.source.take(self.now.moment, act)
        node = self.tree.add(act, moment, event, name or self._named(act))
        self.asked = 0
        self._moved()
        self.log.stepped(node)
        return node

    def _named(self, act: Act) -> str:
        if isinstance(act, Lose):
            return f"{MESSAGES[act.message].short} lost ×{act.times}"
        if isinstance(act, Handle):
            return f"{MESSAGES[act.copy.message].short} {act.deed.value}"
        if isinstance(act, Switch):
            return f"{act.power} {'on' if act.on else 'off'}"
        choice = next((item for item in self.choices() if item.act == act), None)
        return choice.says if choice else "another step"

    def forward(self) -> Node | None:
        """One event on: what lies ahead, else the likely one; None: nothing happens any more."""
        coming = self.coming()
        if coming is None:
            return None
        if isinstance(coming, Node):
            self.go(coming)
            return coming
        return self.do(coming.act)

    def back(self, count: int = 1) -> Node:
        """So many events back; the start at most."""
        for _ in range(count):
            if self.now.parent is None:
                break
            self.go(self.now.parent)
        return self.now

    def run(self, most: int = MOST_STEPS) -> Stop:
        """On until a breakpoint, a broken promise, or both ends are up and quiet or have failed."""
        started = self.verdict().over
        for _ in range(most):
            node = self.forward()
            if node is None:
                return Stop.END
            stop = self._stops(node, started)
            if stop is not None:
                return stop
            started = started and self.verdict().over
        return Stop.LIMIT

    def _stops(self, node: Node, started: bool) -> Stop | None:
        if any(self.hit(item, node) for item in self.breakpoints):
            return Stop.BREAKPOINT
        if self.broken(node):
            return Stop.BROKEN
        if not started and self.verdict(node).over:
            return Stop.OVER
        return None

    def run_back(self) -> Stop:
        """Back to the breakpoint before, or to the start."""
        while self.now.parent is not None:
            self.back()
            if any(self.hit(item, self.now) for item in self.breakpoints):
                return Stop.BREAKPOINT
        return Stop.END

    def first(self) -> None:
        """To the start."""
        self.go(self.tree.root)

    def last(self) -> None:
        """To the end of what lies ahead."""
        self.go(self._line[-1])

    # ---- the network
    def lose(self, message: str, times: int) -> Node:
        """Lose the next copies of a message.

        If it is the one that was sent just now, its sending is done again, and lost, in a branch of its
        own. One that is on its way already is dropped; else the rule begins here.
        """
        name = self._message(message)
        here = self.now
        sent = here.event.sends
        if sent is None or sent.message != name:
            flies = any(copy.message == name for copy in here.moment.flight)
            return (
                self.handle(Deed.DROP, name) if flies and times == 1 else self.do(Lose(name, times))
            )
        if here.event.lost:  # another number of losses: from before the rule that lost it
            way = self._since_rule(here, name)
        elif sent in here.moment.flight:
            way = [here]
        else:
            return self.do(Lose(name, times))
        assert way[0].parent is not None
        self.go(way[0].parent)
        self.do(Lose(name, times))
        for node in way:  # the same acts: what somebody wished would not come by itself
            if node.act is not None and not _begins(node.act, name):
                self.do(node.act)
            if self.now.event.sends is not None and self.now.event.sends.message == name:
                break
        return self.now

    @staticmethod
    def _since_rule(node: Node, message: str) -> list[Node]:
        """The way to a node from the last rule about a message on, with the rule; else the node alone."""
        way = [node]
        while way[-1].parent is not None and way[-1].parent.act is not None:
            way.append(way[-1].parent)
            if _begins(way[-1].act, message):
                return way[::-1]
        return [node]

    def handle(self, deed: Deed, message: str, index: int | None = None) -> Node:
        """Do something to a copy of a message that is in flight. Refused: none is."""
        name = self._message(message)
        copy = next(
            (c for c in self.now.moment.flight
             if c.message == name and index in (None, c.index)), None
        )  # fmt: skip
        if copy is None:
            flight = ", ".join(MESSAGES[c.message].short for c in self.now.moment.flight)
            raise Refused(
                f"{MESSAGES[name].short} is not in flight; in flight: {flight or 'nothing'}"
            )
        if deed is Deed.DELIVER:
            return self.deliver(copy)
        return self.do(Handle(deed, copy))

    def deliver(self, copy: Copy) -> Node:
        """Deliver a copy: what its receiver most likely does with it."""
        for choice in self.choices():
            of = choice.act.copy if isinstance(choice.act, Take | Handle) else None
            if of == copy:
                return self.do(choice.act)
        raise Refused("no end takes it now")

    def power(self, name: str, on: bool | None = None) -> Node:
        """Switch a power of the attacker; None: the other way round."""
        source = self.specified
        if source is None:
            raise Refused("nothing here has an attacker: this is not a run of the specification")
        if on is None:
            on = name in source.powers and not source.power(self.now.moment, name)
        return self.do(Switch(name, on))

    def powers(self) -> list[tuple[str, bool]]:
        """The attacker's powers, each with whether he has it now."""
        source = self.specified
        return (
            [(name, source.power(self.now.moment, name)) for name in source.powers]
            if source
            else []
        )

    def _message(self, text: str) -> str:
        name = message_named(text)
        if name is None:
            known = ", ".join(
                title.short for title in MESSAGES.values() if title.short[-1].isdigit()
            )
            raise Refused(
                f"{text!r} is not a message; there are {known}, and notifications by name"
            )
        return name

    # ---- promises
    def promises(self) -> Promises | None:
        """The promises about this machine; None if the source is none."""
        source = self.specified
        if source is None:
            return None
        if self._promises is None:
            from explorer.session.kept import Promises  # takes longer than all the rest

            self._promises = Promises(source)
        return self._promises

    def standing(self) -> Standing | None:
        """How the promises stand at the cursor."""
        found = self.promises()
        return found.at(self.now) if found is not None else None

    def standing_if_known(self) -> Standing | None:
        """The same, if the promises were loaded before: what a screen shows in its first frame."""
        return self.standing() if self._promises is not None else None

    def broken(self, node: Node) -> tuple[Broken, ...]:
        """Promises that are broken by the event that led to a node."""
        found = self.promises()
        return found.broken(node) if found is not None else ()

    # ---- asking
    def why(self, target: str = "") -> list[Why]:
        """Why something did not happen. Refused: nothing of that name, or a source without guards."""
        return self.source.why(self.now, target)

    def choose_field(self, by: int) -> Field | None:
        """Move the cursor among the fields of a message with octets; None: there are none here."""
        packet = self.source.packet(self.now.moment)
        if packet is None or not packet.fields:
            return None
        at = self.field if self.field is not None else packet.first
        self.field = max(0, min(at + by, len(packet.fields) - 1))
        return packet.fields[self.field]

    def wrote(self, field: str) -> Node:
        """The node that last changed a field. Refused: there is none of that name."""
        names = list(self.source.fields(self.now.moment))
        if field not in names:
            near = ", ".join(name for name in names if field in name)[:200]
            raise Refused(f"no field {field!r}; {near or 'fields are like initiator.state'}")
        return self._last_change(lambda node: self.source.fields(node.moment)[field])

    def _last_change(self, value: Callable[[Node], str]) -> Node:
        node = self.now
        while node.parent is not None and value(node.parent) == value(node):
            node = node.parent
        return node

    def hit(self, item: Breakpoint, node: Node) -> bool:
        """Whether a breakpoint is met by the event that led to a node."""
        if node.parent is None:
            return False
        if item.kind == "message":
            message = node.event.sends
            return message is not None and message.message == message_named(item.what)
        if item.kind == "promise":
            return any(x.name == item.what for x in self.broken(node))
        before = self.source.fields(node.parent.moment).get(item.what)
        after = self.source.fields(node.moment).get(item.what)
        if item.kind == "timer":
            return self._ran_out(item.what, node)
        return before != after and (not item.value or after == item.value)

    def _ran_out(self, timer: str, node: Node) -> bool:
        """Whether the wait before an event ended because this timer had run out."""
        source, act, parent = self.specified, node.act, node.parent
        if source is None or parent is None or not isinstance(act, Take) or not node.event.wait:
            return False
        machine = source.machine(parent.moment)
        after = machine.apply(parent.moment.state, act.steps[0])
        slot = machine.slots.index(timer)
        return after is not None and parent.moment.state[slot] > 0 and after[slot] == 0

    def changes(self, node: Node) -> list[tuple[str, str, str]]:
        """What the event that led to a node changed: field, old, new."""
        if node.parent is None:
            return []
        return differences(self.source, node.parent, node)

    def branch(self, name: str) -> Branch:
        """A branch by name. Refused: there is none."""
        return self.tree.branch(name)

    def tips(self) -> Iterator[tuple[Branch, Verdict]]:
        """The branches, each with how it ends."""
        for branch in self.tree.branches.values():
            yield branch, self.source.verdict(branch.tip)


def differences(source: Source, one: Node, other: Node) -> list[tuple[str, str, str]]:
    """Fields that differ between two nodes: name, value in the one, value in the other."""
    left, right = source.fields(one.moment), source.fields(other.moment)
    return [(name, left[name], right[name]) for name in left if left[name] != right.get(name)]


def _begins(act: Act | None, message: str) -> bool:
    """Whether an act is a rule about a message."""
    return isinstance(act, Lose) and act.message == message


def is_step(node: Node) -> bool:
    """Whether a node is a step: what the network does is none."""
    return node.event.kind not in (Kind.NETWORK, Kind.START)
