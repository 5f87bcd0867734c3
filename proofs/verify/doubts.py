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
from model.vocabulary.policy import AddressPattern, Connection, Peer
from model.vocabulary.selectors import Address
from model.vocabulary.suites import Mode
from proofs.verify.addresses import directory, host, ikev1
from proofs.verify.certificates import names, parse


@dataclass(frozen=True, slots=True)
class Doubt:
    """An address that a peer is taken to have, and that nothing in its file confirms; of several, or of a
    network, one.

    calls     whether it is the end that calls
    instead   an address that the files say it has; None: they say nothing
    says      where that is from, in words
    """

    peer: Peer
    address: str
    calls: bool
    instead: Address | None = None
    says: str = ""
    place: Place | None = None


def of_called(responder: Peer, address: Address | None, initiator: Peer) -> Iterator[Doubt]:
    """Whether the files leave it open that the responder has the address that is called."""
    if address is not None:
        yield from _doubt(responder, [_exactly(address)], initiator, calls=False)


def of_caller(initiator: Peer, takes: Sequence[str], responder: Peer) -> Iterator[Doubt]:
    """The same for an initiator that is taken to call from one of the addresses and networks that the
    responder takes."""
    known = {x.text: x for c in ikev1(responder) for x in c.remote_addresses.value}
    patterns = [known[x] if x in known else _exactly(ip_address(x)) for x in takes]
    yield from _doubt(initiator, patterns, responder, calls=True)


def _exactly(address: Address) -> AddressPattern:
    return AddressPattern(str(address), address, address)


def _doubt(
    peer: Peer, taken: Sequence[AddressPattern], other: Peer, *, calls: bool
) -> Iterator[Doubt]:
    if peer.nat is not None or any(_mentions(peer, item) for item in taken):
        return
    said = " or ".join(dict.fromkeys(item.text for item in taken))
    versions = {item.first.version for item in taken if item.first is not None}
    claims = [x for x in _claims(peer, other, taken) if x[0].version in versions]
    if claims and not any(item.holds(x) for x, _, _ in claims for item in taken):
        yield Doubt(peer, said, calls, *claims[0])
    else:
        yield Doubt(peer, said, calls)


def _mentions(peer: Peer, taken: AddressPattern) -> bool:
    """Whether the peer's own file names such an address as one of its own, in whatever way."""
    found = [*directory(peer).stated, *(x for x, _, _ in _own_claims(peer))]
    found += (x for secret in peer.secrets for owner in secret.owners if (x := _address(owner)))
    for connection in ikev1(peer):
        for child in connection.children:
            found += (x.value.first for x in child.local if x.value.first == x.value.last)
    if any(taken.holds(x) for x in found):
        return True
    return taken.single is not None and any(
        item.holds(taken.single)
        for connection in ikev1(peer)
        for item in connection.local_addresses.value
        if not item.anything and item.first is not None
    )


def _claims(
    peer: Peer, other: Peer, taken: Sequence[AddressPattern]
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
        if not any(x in taken for x in connection.remote_addresses.value):
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


def where_to_state(peer: Peer) -> tuple[Connection, str]:
    """The connection that lacks the address, and the key to state it by."""
    lacking = next((x for x in ikev1(peer) if not _states(x)), peer.connections[0])
    return lacking, "address" if peer.format == "native" else "local_addrs"


def _states(connection: Connection) -> bool:
    return any(host(x) is not None for x in connection.local_addresses.value)
