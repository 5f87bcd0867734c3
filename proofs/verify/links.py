"""Which connections of two peers are for each other: by address if that decides, else by identity."""

from __future__ import annotations

from collections.abc import Iterable

from model.vocabulary.policy import Connection, Discarded, Peer
from proofs.verify.addresses import calls, directory, ikev1, is_name
from proofs.verify.meeting import Missed, meetings


def links_judged(
    peers: Iterable[Peer], links: Iterable[tuple[str, str]]
) -> Iterable[list[tuple[Peer, Connection, Peer]]]:
    """What is judged for each link: the connections of either side that may start it."""
    by_name = {peer.name: peer for peer in peers}
    for one, other in links:
        a, b = by_name[one], by_name[other]
        yield [
            (initiator, connection, responder)
            for initiator, responder in ((a, b), (b, a))
            for connection in facing(initiator, responder)
        ]


def facing(initiator: Peer, responder: Peer) -> list[Connection]:
    """The initiator's connections towards this responder.

    Those that call it and are answered; if there are none, those that seem meant for it. A peer without
    IKEv1 starts what it has, and nobody answers.
    """
    near = _calling(initiator, responder)
    fitting = [x for x in near if not isinstance(meetings(initiator, x, responder), Missed)]
    if fitting:
        return _expecting(fitting, responder) if _unstated(responder) else fitting
    own = ikev1(initiator) or list(initiator.connections)
    return near or _expecting(own, responder)


def not_loaded(initiator: Peer, responder: Peer) -> tuple[Peer, Discarded] | None:
    """A connection that one of them has for the other's address, and that its stack does not load, where it
    loads no other one for that."""
    for peer, other in ((initiator, responder), (responder, initiator)):
        addresses = {str(x) for x in directory(other).stated}
        if other.nat is not None:
            addresses = {str(other.nat.value.public)}
        calls = {x.text for item in peer.connections for x in item.remote_addresses.value}
        for item in peer.discarded:
            if addresses & set(item.calls) and not addresses & calls:
                return peer, item
    return None


def _unstated(peer: Peer) -> bool:
    """Whether a peer states no address at which it can be called."""
    return not directory(peer).stated and peer.nat is None


def _calling(initiator: Peer, responder: Peer) -> list[Connection]:
    """The initiator's connections that call an address of the responder, or may do so."""
    calls, there = directory(initiator).calling, directory(responder)
    if responder.nat is not None:
        found = list(calls.get(responder.nat.value.public, ()))
    else:
        found = [item for address in there.stated for item in calls.get(address, ())]
    named = [x for x in calls.get(None, ()) if _calls_a_name(x)]
    if found or named:
        return [*found, *named]
    if there.open and responder.nat is None:
        return [item for address, items in calls.items() if address for item in items]
    return []


def _calls_a_name(connection: Connection) -> bool:
    whom = calls(connection)
    return whom is not None and is_name(whom)


def _expecting(found: list[Connection], responder: Peer) -> list[Connection]:
    """Of several, those that expect an identity that the responder shows, if any does."""
    if len(found) < 2:
        return found
    shown = {
        one.own.identity.value
        for item in responder.connections
        for one in item.authentications
        if one.own.identity.value is not None
    }
    meant = [x for x in found if any(a.other.identity.value in shown for a in x.authentications)]
    return meant or [x for x in found if x.name == responder.name] or found
