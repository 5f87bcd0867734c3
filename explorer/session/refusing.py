"""What refuses: the acts by which an end stops, the guards that matter of several, and their words."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.session.moments import Deed, Handle
from explorer.session.tree import Node
from model.language.machine import Answer, Machine
from model.language.sorts import Domain, Int
from model.language.terms import Term
from model.spec.words import MESSAGES

#: an end gives up; it forgets what it waited for
TIME_OUTS = ("phase1.time_out", "quick.time_out")
FORGETS = ("quick.forget", "phase1.drop_half_open")
REFUSALS = ("refuse", "reject", "lack", "initiator_lacks", "name_alternatives", "ignore", "doubt")


def nearest(refusals: Sequence[Answer]) -> Sequence[Answer]:
    """Without those that say no only because another one does: nothing is known of a message that has not
    arrived, and a guard that asks for more than one that refuses has nothing to add."""
    missing = [item for item in refusals if item.guard.name == "arrived"]
    if missing:
        return missing
    parts = [_conjuncts(item.guard.term) for item in refusals]
    return [
        item for item, own in zip(refusals, parts, strict=True)
        if not any(other < own for other in parts)
    ]  # fmt: skip


def _conjuncts(term: Term) -> frozenset[Term]:
    if term.op != "and":
        return frozenset([term])
    return frozenset().union(*(_conjuncts(part) for part in term.args))


def span(item: Term, machine: Machine) -> range:
    """The values of a parameter."""
    if isinstance(item.sort, Int):
        return range(item.sort.low, item.sort.high + 1)
    if isinstance(item.sort, Domain):
        return range(machine.instance.sizes[item.sort.name])
    return range(len(getattr(item.sort, "members", (0, 1))))


def is_drop(node: Node) -> bool:
    """Whether somebody dropped a copy by hand in this event."""
    return isinstance(node.act, Handle) and node.act.deed is Deed.DROP


def fate(node: Node) -> str:
    """What became of a message that was sent: "was lost (2 of 6)"."""
    count = node.event.lost.removeprefix("lost").strip()
    return (f"was lost ({count})" if count else "was lost") if node.event.lost else "was dropped"


def capital(name: str) -> str:
    """A name as words, with a capital letter."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def sentence(reason: str) -> str:
    """A guard's reason as a sentence, with messages as people call them."""
    words = [MESSAGES[w].long if w in MESSAGES else w for w in reason.split()]
    text = " ".join(words)
    return f"{text[:1].upper()}{text[1:]}."
