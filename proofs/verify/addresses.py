"""Which connections of two peers face each other, by the addresses they state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model.vocabulary.policy import AddressPattern, Connection, Peer
from model.vocabulary.selectors import Address

# Match quality as charon rates it: an exact address, then the longer prefix, then "any".
_EXACT, _ANY = 129, 1


@dataclass(frozen=True, slots=True)
class Wire:
    """The addresses of the two ends on the wire, where any policy tells them."""

    initiator: Address | None
    responder: Address | None


def single(patterns: Iterable[AddressPattern]) -> Address | None:
    """The address of a list that states exactly one."""
    found = [item.single for item in patterns]
    return found[0] if len(found) == 1 else None


def wire(connection: Connection, responder: Peer) -> Wire:
    """From the initiator's connection, else from what the responder's connections say."""
    own = single(connection.local_addresses.value)
    other = single(connection.remote_addresses.value)
    if own is None:
        own = _agreed(single(item.remote_addresses.value) for item in ikev1(responder))
    if other is None:
        other = _agreed(single(item.local_addresses.value) for item in ikev1(responder))
    return Wire(own, other)


def _agreed(found: Iterable[Address | None]) -> Address | None:
    stated = {item for item in found if item is not None}
    return stated.pop() if len(stated) == 1 else None


def ikev1(peer: Peer) -> list[Connection]:
    """The connections that answer IKEv1."""
    return [item for item in peer.connections if 1 in item.versions.value]


def candidates(responder: Peer, ends: Wire) -> tuple[list[Connection], bool]:
    """Connections of the responder for these addresses, the best match first.

    The second value is False where none matches: two files named together are a pair whatever their
    addresses (a NAT may stand between), so then all of them are returned.
    """
    rated = []
    for connection in ikev1(responder):
        own = quality(connection.local_addresses.value, ends.responder)
        other = quality(connection.remote_addresses.value, ends.initiator)
        if own and other:
            rated.append((own + other, connection))
    if not rated:
        return ikev1(responder), False
    rated.sort(key=lambda item: -item[0])  # stable: of equals, the first in the file
    return [connection for _, connection in rated], True


def quality(patterns: Iterable[AddressPattern], address: Address | None) -> int:
    """How well a list of patterns matches an address; 0 is not at all. An unknown one always may."""
    best = 0
    for item in patterns:
        if item.anything or address is None or item.first is None or item.last is None:
            best = max(best, _ANY)
        elif item.holds(address):
            bits = address.max_prefixlen - (int(item.last) - int(item.first)).bit_length()
            best = max(best, _EXACT if item.single is not None else 1 + bits)
    return best
