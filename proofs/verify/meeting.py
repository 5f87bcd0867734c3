"""Who answers a connection: whom it calls, from where, and which of the other's connections match.

Where a policy leaves an address open, every address that makes a difference is tried: each is a
`Meeting` of its own, and the caller compares what comes of them. Nothing is guessed: what is taken to
be so is an assumption that the report prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.outcomes import Reason, Said
from model.vocabulary.places import Place
from model.vocabulary.policy import AddressPattern, Connection, Peer
from model.vocabulary.selectors import Address
from proofs.verify.addresses import (
    Directory,
    Sight,
    Wire,
    calls,
    directory,
    host,
    ikev1,
    is_name,
    own_quality,
    priority,
    source,
)

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Meeting:
    """One way in which the addresses may stand.

    connections   the responder's, the best match first
    assumptions   what is taken to be so beyond what the policies state
    caller        the initiator's address as the responder sees it, where no policy states it
    network       the network that this address stands for: any of it would do
    """

    wire: Wire
    connections: tuple[Connection, ...]
    assumptions: tuple[str, ...] = ()
    caller: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """Why no connection answers.

    place, other   the initiator's line, and the responder's
    intended       the initiator is not meant to call: it states no address
    address        what remote_addrs should be at `place`, as the other end states it
    nearest        the responder's connection at `place`
    sides          what the initiator's line says, and the responder's
    """

    reason: Reason
    why: str
    mend: str
    place: Place | None
    other: Place | None = None
    intended: bool = False
    address: Address | None = None
    nearest: Connection | None = None
    sides: tuple[tuple[Said, ...], tuple[Said, ...]] = ((), ())


def meetings(
    initiator: Peer, connection: Connection, responder: Peer
) -> tuple[Meeting, ...] | Missed:
    """Every way in which this connection may reach one of the responder's connections."""
    whom = calls(connection)
    if whom is None:
        return _nobody_to_call(initiator, connection, responder)
    own = _reached(initiator, connection, responder, whom)
    if isinstance(own, Missed):
        return own
    wanted = list(_callers(initiator, connection, responder, whom))
    if initiator.nat is not None and wanted[0].own == initiator.nat.value.public:
        return _public_as_own(initiator, initiator.nat.value.public, Reason.NO_RESPONDER)
    found: dict[tuple[object, ...], Meeting] = {}
    for there in own:
        for caller in wanted:
            made = _meeting(initiator, connection, responder, whom, there, caller)
            if made.connections:
                found.setdefault((made.connections and _key(made), made.wire), made)
    if not found:
        return _no_connection(initiator, connection, responder, own[0], wanted)
    return tuple(found.values())


def _key(meeting: Meeting) -> tuple[int, ...]:
    return tuple(map(id, meeting.connections))


# ---- whom it calls


def _nobody_to_call(initiator: Peer, connection: Connection, responder: Peer) -> Missed:
    patterns = connection.remote_addresses
    said = ", ".join(item.text for item in patterns.value)
    return Missed(
        Reason.NO_RESPONDER,
        f"{initiator.name} cannot start: remote_addrs = {said} has no address to call",
        f"state the address of {responder.name} if {initiator.name} is to start",
        patterns.place or connection.place,
        intended=True,
        sides=((Said(f"remote_addrs = {said}", patterns.place or connection.place),), ()),
    )


def _reached(
    initiator: Peer, connection: Connection, responder: Peer, whom: AddressPattern
) -> tuple[Address | None, ...] | Missed:
    """The responder's own addresses at which the call may arrive; None: one that it does not state."""
    place = connection.remote_addresses.place or connection.place
    known = directory(responder)
    family = whom.single.version if whom.single else None
    stated = tuple(x for x in known.stated if family in (None, x.version))
    if responder.nat is not None:
        nat = responder.nat.value
        if whom.single is not None and whom.single != nat.public:
            return Missed(
                Reason.NO_RESPONDER,
                f"{initiator.name} calls {whom.text}, and {responder.name} is behind a NAT with the "
                f"public address {nat.public}",
                f"remote_addrs = {nat.public}",
                place,
                responder.nat.place,
                address=nat.public,
            )
        if not nat.forwarded:
            return Missed(
                Reason.NO_RESPONDER,
                f"{responder.name} is behind a NAT that does not forward ports to it, so it cannot be called",
                f"let {responder.name} start, or forward UDP ports 500 and 4500 to it",
                place,
                responder.nat.place,
                intended=True,
            )
        own = tuple(x for x in stated if x != nat.public)
        if not own and not known.open:
            return _public_as_own(responder, nat.public, Reason.NO_CONNECTION)
        return (*own, None) if known.open or not own else own
    if whom.single is None:
        if not known.open and stated:
            return _of_family(connection, stated) or _no_family(initiator, connection, responder)
        mentioned = (x for x in _mentioned(initiator, connection) if x not in stated)
        return (*stated, *mentioned, None)
    if whom.single in stated or known.open:
        return (whom.single,)
    return Missed(
        Reason.NO_RESPONDER,
        "",
        f"remote_addrs = {(stated or known.stated)[0]}",
        place,
        _own_place(responder),
        address=(stated or known.stated)[0],
        sides=(
            (Said(whom.text, place, "calls"),),
            (Said(", ".join(map(str, known.stated)), _own_place(responder), "has"),),
        ),
    )


def _of_family(connection: Connection, stated: tuple[Address, ...]) -> tuple[Address, ...]:
    """Addresses of the families that the caller states an address of; all, if it states none."""
    own = {x.version for item in connection.local_addresses.value if (x := host(item)) is not None}
    return tuple(x for x in stated if not own or x.version in own)


def _no_family(initiator: Peer, connection: Connection, responder: Peer) -> Missed:
    local = connection.local_addresses
    return Missed(
        Reason.NO_RESPONDER,
        f"{initiator.name} calls from {', '.join(x.text for x in local.value)}, and no address of "
        f"{responder.name} is of that IP version",
        "state addresses of one IP version on both sides",
        local.place or connection.place,
        _own_place(responder),
    )


def _public_as_own(peer: Peer, public: Address, reason: Reason) -> Missed:
    """A host behind a NAT that states the public address as its own has no connection that works."""
    stated = next(x for x in peer.connections if x.local_addresses.place)
    return Missed(
        reason,
        f"{peer.name} states {public} as its own address, but that is the public address of its NAT, not "
        "an address of the host",
        "state the address of the host in local_addrs, or leave it out",
        stated.local_addresses.place,
    )


def _own_place(peer: Peer) -> Place | None:
    return next(
        (x.local_addresses.place for x in peer.connections if x.local_addresses.place), None
    )


# ---- from where


@dataclass(frozen=True, slots=True)
class _Caller:
    """An address that the call may come from, as the responder sees it.

    own       the same as the initiator sees it; they differ behind a NAT
    names     DNS names of the responder's policy that are taken for it
    stated    False where the address is only one of those that it may be
    network   the network or range that the address stands for
    """

    seen: Address | None
    own: Address | None
    names: frozenset[str] = NO_NAMES
    stated: bool = True
    network: str = ""


def _callers(
    initiator: Peer, connection: Connection, responder: Peer, whom: AddressPattern
) -> Iterator[_Caller]:
    family = whom.single.version if whom.single else None
    local = source(connection.local_addresses.value, family)
    own = local.single if local is not None else None
    names = _names(responder)
    networks: dict[Address, str] = {}
    if initiator.nat is not None:
        seen: Sequence[Address | None] = (initiator.nat.value.public,)
    elif own is not None:
        seen = (own,)
    else:
        networks = _possible(responder, family)
        elsewhere = [x for x in directory(initiator).stated if family in (None, x.version)]
        seen = elsewhere or (*networks, None)
    stated = own is not None or initiator.nat is not None
    for address in seen:
        mine = own if initiator.nat is not None else address
        # An address that a policy states may be one of the names as well.
        network = networks.get(address, "") if address is not None else ""
        yield _Caller(address, mine, NO_NAMES, stated, network)
        for name in names:
            yield _Caller(address, mine, frozenset({name}), stated, network)


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
    it stands for."""
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


def _mentioned(peer: Peer, connection: Connection) -> Iterator[Address]:
    """Addresses by which a peer looks for a key, or which it expects as an identity: which of them a name
    stands for makes a difference to it."""
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


# ---- which connection answers


def _meeting(
    initiator: Peer,
    connection: Connection,
    responder: Peer,
    whom: AddressPattern,
    there: Address | None,
    caller: _Caller,
) -> Meeting:
    ends = frozenset(
        role
        for role, peer in (("initiator", initiator), ("responder", responder))
        if peer.nat is not None
    )
    called_at = whom.single
    if called_at is None:
        called_at = there if responder.nat is None else responder.nat.value.public
    wire = Wire(Sight(caller.own, called_at), Sight(there, caller.seen, caller.names), ends)
    return Meeting(
        wire,
        _candidates(responder, wire.responder),
        tuple(_assumptions(initiator, responder, whom, there, caller)),
        "" if caller.stated else caller.network or str(caller.seen or "any other address"),
        caller.network,
    )


def _candidates(responder: Peer, sight: Sight) -> tuple[Connection, ...]:
    """Connections of the responder for these addresses, the best match first.

    The caller's address counts twice; of equals one for IKEv1 alone, then the first in the file.
    """
    found = directory(responder).for_caller(sight.other)
    rated = [(worth, item) for item in found if (worth := priority(item, sight))]
    rated.sort(key=lambda item: -item[0])
    return tuple(item for _, item in rated)


def _assumptions(
    initiator: Peer,
    responder: Peer,
    whom: AddressPattern,
    there: Address | None,
    caller: _Caller,
) -> Iterator[str]:
    known = directory(responder)
    if whom.single is None:
        yield f"{whom.text} resolves to {there or f'an address of {responder.name}'}"
    elif responder.nat is None and whom.single not in known.stated:
        yield f"{whom.text} is an address of {responder.name}"
    if not caller.stated and caller.seen is not None:
        where = f"in {caller.network}" if caller.network else str(caller.seen)
        yield f"the address of {initiator.name} is {where}"
    for name in caller.names:
        yield f"{name} resolves to {caller.seen or f'the address of {initiator.name}'}"


def _no_connection(
    initiator: Peer,
    connection: Connection,
    responder: Peer,
    there: Address | None,
    wanted: Sequence[_Caller],
) -> Missed:
    """The responder is reached, and has no connection for the caller's address."""
    caller = next((item.seen for item in wanted if item.seen is not None), None)
    here = ikev1(responder)
    facing = [x for x in here if own_quality(x.local_addresses.value, there)] or here
    nearest = facing[0] if facing else None
    said = ", ".join(dict.fromkeys(x.text for c in facing[:4] for x in c.remote_addresses.value))
    local = connection.local_addresses.place
    behind = " (its NAT's public address)" if initiator.nat is not None else ""
    return Missed(
        Reason.NO_CONNECTION,
        "",
        f"remote_addrs = {caller}" if caller else "state the caller's address in remote_addrs",
        nearest.remote_addresses.place or nearest.place if nearest else connection.place,
        connection.local_addresses.place or connection.place,
        address=caller,
        nearest=nearest,
        sides=(
            (Said(f"{caller or 'an unknown address'}{behind}", local, "calls from"),),
            (Said(said, nearest.remote_addresses.place if nearest else None, "takes"),),
        ),
    )
