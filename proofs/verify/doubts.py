"""Addresses that a peer is taken to have although its file does not state them in local_addrs.

Only the file of a peer tells what addresses it has. The line of the other end that names one may be
mistyped, which is the most frequent fault there is, so it is no evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.places import Place
from model.vocabulary.policy import Connection, Peer
from model.vocabulary.selectors import Address
from model.vocabulary.suites import Mode
from proofs.verify.addresses import directory, host, ikev1
from proofs.verify.certificates import names, parse


@dataclass(frozen=True, slots=True)
class Doubt:
    """An address that a peer is taken to have, and that nothing in its file confirms.

    calls     whether it is the end that calls
    instead   an address that the files say it has; None: they say nothing
    says      where that is from, in words
    """

    peer: Peer
    address: Address
    calls: bool
    instead: Address | None = None
    says: str = ""
    place: Place | None = None


def doubt(peer: Peer, address: Address, other: Peer, *, calls: bool) -> Doubt | None:
    """Whether the files leave it open that a peer has this address."""
    if peer.nat is not None or address in directory(peer).stated or _mentions(peer, address):
        return None
    claims = [x for x in _claims(peer, other, address) if x[0].version == address.version]
    for found, says, place in claims:
        if not any(x == address for x, _, _ in claims):
            return Doubt(peer, address, calls, found, says, place)
    return Doubt(peer, address, calls)


def _mentions(peer: Peer, address: Address) -> bool:
    """Whether the peer's own file names the address as one of its own, in whatever way."""
    if any(found == address for found, _, _ in _own_claims(peer)):
        return True
    owners = (_address(x) for secret in peer.secrets for x in secret.owners)
    if address in owners:
        return True
    for connection in ikev1(peer):
        for item in connection.local_addresses.value:
            if not item.anything and item.first is not None and item.holds(address):
                return True
        for child in connection.children:
            if any(x.value.is_host(address) for x in child.local):
                return True
    return False


def _claims(
    peer: Peer, other: Peer, assumed: Address
) -> Iterator[tuple[Address, str, Place | None]]:
    """Addresses that the files say a peer has, the surest first."""
    for connection in ikev1(peer):
        for item in connection.local_addresses.value:
            address = host(item)
            if address is not None:
                yield address, "local_addrs", connection.local_addresses.place
    yield from _own_claims(peer)
    if any(x.own.identity.value for c in ikev1(peer) for x in c.authentications):
        return
    # It states no identity, so it shows its address, which the other end may expect.
    for connection in ikev1(other):
        if not any(host(x) == assumed for x in connection.remote_addresses.value):
            continue
        for one in connection.authentications:
            address = _address(one.other.identity.value)
            if address is not None:
                yield address, f"the id that {other.name} expects", one.other.identity.place


def _own_claims(peer: Peer) -> Iterator[tuple[Address, str, Place | None]]:
    for connection in ikev1(peer):
        for one in connection.authentications:
            address = _address(one.own.identity.value)
            if address is not None:
                yield address, "its id", one.own.identity.place
            for file in one.own.certificates:
                certificate = parse(file)
                for name in names(certificate) if certificate is not None else ():
                    address = _address(name)
                    if address is not None:
                        yield address, "its certificate", file.place
        for child in connection.children:
            first = child.local[0].value.first
            transport = child.mode.value is Mode.TRANSPORT and not child.proxy
            if transport and first is not None and child.local[0].value.is_host(first):
                yield first, "local_ts of transport mode", child.local[0].place


def _address(identity: Identity | None) -> Address | None:
    if identity is not None and identity.kind in (IdentityKind.IPV4, IdentityKind.IPV6):
        with suppress(ValueError):  # octets of another length
            return ip_address(identity.text)
    return None


def doubted(found: Sequence[tuple[bool, Address]], initiator: Peer, responder: Peer) -> list[Doubt]:
    """Of the addresses that are assumed in one direction, those that are open: (who calls, address)."""
    made = []
    for calls, address in found:
        whose, other = (initiator, responder) if calls else (responder, initiator)
        item = doubt(whose, address, other, calls=calls)
        if item is not None:
            made.append(item)
    return made


def where_to_state(peer: Peer) -> tuple[Connection, str]:
    """The connection that lacks the address, and the key to state it by."""
    lacking = next((x for x in ikev1(peer) if not _states(x)), peer.connections[0])
    return lacking, "address" if peer.format == "native" else "local_addrs"


def _states(connection: Connection) -> bool:
    return any(host(x) is not None for x in connection.local_addresses.value)
