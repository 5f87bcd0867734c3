"""From which addresses a call may come, as far as the policies state them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.policy import Connection, Peer
from model.vocabulary.selectors import Address
from proofs.verify.addresses import Directory, directory, host, is_name, source

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """An address from which a call may come, as the responder sees it.

    own       the same address as the initiator sees it; they differ behind a NAT
    names     DNS names in the responder's policy that are assumed to resolve to it
    stated    False where the address is only one of those that it may be
    network   the network or range that the address represents
    """

    seen: Address | None
    own: Address | None
    names: frozenset[str] = NO_NAMES
    stated: bool = True
    network: str = ""


def callers(
    initiator: Peer, connection: Connection, responder: Peer, family: int | None
) -> Iterator[Caller]:
    """Where the call may come from; of addresses that no line of this connection states, those that the
    initiator states elsewhere go first."""
    local = source(connection.local_addresses.value, family)
    own = local.single if local is not None else None
    if initiator.nat is not None:
        yield from _named(initiator.nat.value.public, own, _names(responder), stated=True)
    elif own is not None:
        yield from _named(own, own, _names(responder), stated=True)
    else:
        elsewhere = [x for x in directory(initiator).stated if family in (None, x.version)]
        for address in elsewhere:
            yield from _named(address, address, _names(responder), stated=False)
        if not elsewhere:
            yield from unstated(initiator, responder, family)


def unstated(initiator: Peer, responder: Peer, family: int | None) -> Iterator[Caller]:
    """The addresses of a caller that make a difference to the responder, and any other."""
    networks = _possible(responder, family)
    for address in (*networks, None):
        network = networks[address] if address is not None else ""
        yield from _named(address, address, _names(responder), stated=False, network=network)


def _named(
    seen: Address | None,
    own: Address | None,
    names: Sequence[str],
    *,
    stated: bool,
    network: str = "",
) -> Iterator[Caller]:
    """A caller by its address alone, and as each name: an address that a policy states may be one too."""
    yield Caller(seen, own, NO_NAMES, stated, network)
    for name in names:
        yield Caller(seen, own, frozenset({name}), stated, network)


def _names(peer: Peer) -> list[str]:
    """DNS names among the addresses that its connections answer."""
    found = (
        item.text
        for _, connection in directory(peer).others
        for item in connection.remote_addresses.value
        if is_name(item)
    )
    return list(dict.fromkeys(found))


def _possible(responder: Peer, family: int | None) -> dict[Address, str]:
    """Addresses of a caller that make a difference to the responder's choice, each with the network that
    it represents."""
    known: Directory = directory(responder)
    found: dict[Address, str] = dict.fromkeys(known.answering, "")
    for _, connection in known.others:
        for item in connection.remote_addresses.value:
            if item.first is not None and not item.anything:
                found.setdefault(item.first, "" if host(item) else item.text)
    for identity in (*_expected(responder), *_owners(responder)):
        if identity.kind in (IdentityKind.IPV4, IdentityKind.IPV6):
            with suppress(ValueError):  # octets of another length
                found[ip_address(identity.text)] = ""
    return {item: text for item, text in found.items() if family in (None, item.version)}


def mentioned(peer: Peer, connection: Connection) -> Iterator[Address]:
    """Addresses by which a peer looks up a key, or which it expects as an identity: it matters to the peer
    to which of them a name resolves."""
    identities = [item.other.identity.value for item in connection.authentications]
    found = dict.fromkeys(x for x in (*identities, *_owners(peer)) if x is not None)
    for identity in found:
        if identity.kind in (IdentityKind.IPV4, IdentityKind.IPV6):
            with suppress(ValueError):  # octets of another length
                yield ip_address(identity.text)


def _expected(peer: Peer) -> Iterator[Identity]:
    for connection in peer.connections:
        for one in connection.authentications:
            if one.other.identity.value is not None:
                yield one.other.identity.value


def _owners(peer: Peer) -> Iterator[Identity]:
    yield from (owner for item in peer.secrets for owner in item.owners)
