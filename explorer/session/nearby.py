"""The states near the one where an end stands: where it came from, what can come next, and the whole map.

All arrows are read off the specification's actions; nothing is drawn that it does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from explorer.session.heard import heard_by
from explorer.session.moments import Choice, Take
from explorer.session.refusing import sentence
from explorer.session.session import Session
from explorer.session.specified import Specified
from explorer.session.tree import Node
from model.language.diagrams import Edge, edges
from model.language.instance import Instance
from model.language.machine import Machine
from model.language.sorts import Enum
from model.language.specification import Specification
from model.spec.words import ACTS, MESSAGES

#: what only an attacker brings about: listed where he can do it now
_HIS = ("believe_",)
#: what comes by itself never: an attacker's acts, and old messages again
_NOBODYS = ("attacker", "old messages again")
#: an arrow that other guards rule out: a Quick Mode that times out ends an SA that is up
_ENDS = "ended"


@dataclass(frozen=True, slots=True)
class Ahead:
    """A state that can come next, and the act that leads there.

    can   it can happen now, or when a timer that runs is due     next  it is what Enter does
    guard what refuses it now, in words; empty if nothing does
    """

    state: str
    says: str
    can: bool
    next: bool
    guard: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an end stands in one exchange.

    lane    of the end     phase  "Phase I", "Quick Mode 1" or "SA pair 1"
    before  the state that it came from, and the event that led it on; None: it has not moved
    """

    lane: int
    phase: str
    now: str
    before: tuple[str, Node] | None
    ahead: tuple[Ahead, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """One end's states in one exchange, as a map draws them.

    title  of the exchange: MAIN MODE     spine   the states of one that comes up, in order
    falls  a state beside the spine, with the positions that lead to it
    passed states that the end has been in, on the way to the cursor     now  where it stands, if it is here
    """

    title: str
    lane: int
    spine: tuple[str, ...]
    falls: tuple[tuple[str, tuple[int, ...]], ...]
    passed: frozenset[str]
    now: str | None


def nearby(session: Session) -> list[Place]:
    """Where each end stands, and what is near. Empty: the machine has no negotiations."""
    source = session.specified
    if source is None or source.spec.name != "ike":
        return []
    return [_place(session, source, *item) for item in _standing(session, source)]


def _standing(session: Session, source: Specified) -> Iterator[tuple[int, str, str, int]]:
    """Of each end: the record that says most of it, which is that of its newest Quick Mode or SAs."""
    fields = source.fields(session.now.moment)
    for lane, role in enumerate(("initiator", "responder")):
        n, side = _newest(source, fields, role)
        if n is None or fields[f"{role}.state"] != "established":
            yield lane, "Phase I", role, 0
        elif fields[f"{side}[{n}].state"] == "established":
            yield lane, f"SA pair {n + 1}", f"{side}_driver", n
        else:
            yield lane, f"Quick Mode {n + 1}", side, n


def _newest(source: Specified, fields: Mapping[str, str], role: str) -> tuple[int | None, str]:
    for n in reversed(range(source.instance.sizes["negotiation"])):
        side = "starter" if fields[f"starter[{n}].role"] == role else "answerer"
        if fields[f"{side}[{n}].state"] != "idle":
            return n, side
    return None, "starter"


def _place(
    session: Session, source: Specified, lane: int, phase: str, group: str, index: int
) -> Place:
    now = session.now
    machine = source.machine(now.moment)
    slot = machine.slot(group, "state", index)
    here = machine.text(slot, now.moment.state)
    wrote = source.wrote(now, slot)
    before = None
    if wrote.parent is not None:
        before = machine.text(slot, wrote.parent.moment.state), wrote
    ahead = tuple(_ahead(session, machine, group, index, here))
    return Place(lane, phase, here, before, ahead)


def _ahead(
    session: Session, machine: Machine, group: str, index: int, here: str
) -> Iterator[Ahead]:
    """What leads on from a state: what Enter does first, then what can happen, then the rest."""
    can = _possible(session, machine, index)
    main = exchange(machine.spec, machine.instance) == "main"
    alien = "aggressive." if main else ("phase1.accept", "phase1.refuse", "phase1.offer")
    likely = session.likely()
    found = []
    for edge in arrows(machine.spec, group):
        if edge.source != here or edge.target == here:
            continue
        choice = can.get(edge.action)
        if choice is None and (_his(edge.action) or edge.action.startswith(alien)):
            continue
        guard = "" if choice is not None else _refusal(machine, session.now, edge.action, index)
        says = _says(machine.spec, edge.action)
        first = choice is not None and choice is likely
        found.append(Ahead(edge.target, says, choice is not None, first, guard))
    yield from sorted(found, key=lambda item: (not item.next, not item.can))


def _possible(session: Session, machine: Machine, index: int) -> Mapping[str, Choice]:
    """The actions that can be taken now in this negotiation, or once time has passed; the likeliest first."""
    found: dict[str, Choice] = {}
    for choice in session.choices():
        step = choice.act.steps[-1] if isinstance(choice.act, Take) else None
        if step is None or step[0] == len(machine.actions):
            continue
        action = machine.actions[step[0]]
        number = machine.describe(step)[1].get("n")
        if number in (None, str(index)) and choice.group not in _NOBODYS:
            found.setdefault(action.name, choice)
    return found


def _his(action: str) -> bool:
    return action.rpartition(".")[2].startswith(_HIS)


def exchange(spec: Specification, instance: Instance) -> str:
    """The exchange of Phase I that the policies use: main or aggressive."""
    sort = spec.rigids["exchange"].sort
    assert isinstance(sort, Enum)
    return sort.members[int(instance.scalar("exchange"))]


def _says(spec: Specification, name: str) -> str:
    """The message that an act waits for, and what is done then."""
    heard = heard_by(spec.actions[name])
    return f"{MESSAGES[heard[0]].short}: {ACTS[name]}" if heard else ACTS[name]


def _refusal(machine: Machine, node: Node, name: str, index: int) -> str:
    """The first guard that refuses an act now, with whatever other parameters."""
    action = machine.spec.actions[name]
    params = tuple(index if str(item.sort) == "negotiation" else 0 for item in action.params)
    refusals = machine.explain(node.moment.state, name, params).refusals
    return sentence(refusals[0].guard.reason) if refusals else ""


# ---- the map


@lru_cache(8)
def arrows(spec: Specification, group: str) -> tuple[Edge, ...]:
    """The arrows of a record's state. Only what is up ends."""
    return tuple(
        edge for edge in edges(spec, group, "state")
        if edge.target != _ENDS or edge.source == "established"
    )  # fmt: skip


def paths(session: Session, every: bool = False) -> list[Path]:
    """The map of both ends: Phase I by the exchange of the policies, or `every` one, then the newest Quick Mode."""
    source = session.specified
    if source is None or source.spec.name != "ike":
        return []
    chosen = exchange(source.spec, source.instance)
    found = []
    for title, prefix in (("MAIN MODE", "mm"), ("AGGRESSIVE MODE", "am")):
        if every or title.lower().startswith(chosen):
            found += [_path(session, title, prefix, lane, role, role, 0)
                      for lane, role in enumerate(("initiator", "responder"))]  # fmt: skip
    fields = source.fields(session.now.moment)
    for lane, role in enumerate(("initiator", "responder")):
        n, side = _newest(source, fields, role)
        if n is None:
            n, side = 0, "starter" if fields["starter[0].role"] == role else "answerer"
        title = "QUICK MODE" if not n else f"QUICK MODE {n + 1}"
        found.append(_path(session, title, "qm", lane, side, f"{side}[{n}]", n))
        if every:
            found.append(
                _path(session, "SAs", "", lane, f"{side}_driver", f"{side}_driver[{n}]", n)
            )
    return sorted(found, key=lambda item: item.title == "SAs")


def _path(
    session: Session, title: str, prefix: str, lane: int, group: str, record: str, index: int
) -> Path:
    source = session.specified
    assert source is not None
    machine = source.machine(session.now.moment)
    slot = machine.slot(group, "state", index)
    spine, falls = layout(machine.spec, group, prefix)
    states = _passed(source, machine, session.now, slot)
    now = states[0]
    alien = any(state.startswith("awaits") and state not in spine for state in states)
    return Path(
        title, lane, spine, falls,
        frozenset() if alien else frozenset(states), None if alien else now,
    )  # fmt: skip


def _passed(source: Specified, machine: Machine, node: Node, slot: int) -> list[str]:
    """The states of an end on the way to a node, the last one first; only the nodes that changed it are visited."""
    at: Node | None = node
    found = []
    while at is not None:
        found.append(machine.text(slot, at.moment.state))
        at = source.wrote(at, slot).parent
    return found


@lru_cache(32)
def layout(
    spec: Specification, group: str, prefix: str
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[int, ...]], ...]]:
    """The spine of an exchange, and the states beside it with the positions that lead to them."""
    sort = spec.groups[group].field("state").sort
    assert isinstance(sort, Enum)
    of = arrows(spec, group)
    spine = [sort.members[0]]
    while True:
        targets = [x.target for x in of if x.source == spine[-1] and x.target not in spine]
        on = [x for x in targets if x.startswith(f"awaits_{prefix}")] or [
            x
            for x in targets
            if x in ("established", "installed") and len(spine) > 1 - (not prefix)
        ]
        if not on:
            break
        spine.append(on[0])
    beside = [x for x in sort.members if x not in spine and not x.startswith("awaits")]
    falls = []
    for state in beside:
        leads = {x.source for x in of if x.target == state}
        places = tuple(
            n
            for n, x in enumerate(spine)
            if x in leads and not _elsewhere(spec, of, x, state, prefix)
        )
        if places:
            falls.append((state, places))
    return tuple(spine), tuple(falls)


def _elsewhere(
    spec: Specification, of: Sequence[Edge], source: str, target: str, prefix: str
) -> bool:
    """Whether every act from one state to the other belongs to another exchange."""
    other = {"mm": "aggressive.", "am": "phase1.refuse"}.get(prefix)
    acts = [x.action for x in of if x.source == source and x.target == target]
    return source == "idle" and other is not None and all(x.startswith(other) for x in acts)
