"""Which packets a list of selectors covers: IKEv1 offers one pair of them (RFC 2409 section 5.5; R21)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from model.vocabulary.places import Stated
from model.vocabulary.policy import Action, Child, Connection
from model.vocabulary.selectors import Selector

Pair = tuple[Child, Stated[Selector], Stated[Selector]]


def distinct(stated: Sequence[Stated[Selector]]) -> list[Stated[Selector]]:
    """The selectors of a list without those that another one contains."""
    return [
        item
        for number, item in enumerate(stated)
        if not any(
            holds(other.value, item.value) and (other.value != item.value or position < number)
            for position, other in enumerate(stated)
            if position != number
        )
    ]


def holds(one: Selector, other: Selector) -> bool:
    """Whether one selector contains all packets of the other; the local address contains only itself."""
    if one.own_address or other.own_address:
        return one == other
    return one.covers(other)


def offered(stated: Sequence[Stated[Selector]]) -> Selector:
    """The one of a list that IKEv1 can offer: the first (RFC 2409 section 5.5)."""
    return distinct(stated)[0].value


def uncovered(connection: Connection) -> Iterator[Pair]:
    """Pairs of selectors, local and remote, that a child lists but no child ever offers."""
    negotiated = [x for x in connection.children if x.action.value is Action.NEGOTIATE]
    offers = [(offered(x.local), offered(x.remote)) for x in negotiated]
    for child in negotiated:
        for local, remote in product(distinct(child.local), distinct(child.remote)):
            ours, theirs = local.value, remote.value
            fixed = not (ours.own_address or theirs.own_address)
            if fixed and ours.first.version != theirs.first.version:
                continue
            if not any(holds(mine, ours) and holds(there, theirs) for mine, there in offers):
                yield child, local, remote
