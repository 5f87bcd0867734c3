"""Who answers a connection: whom it calls, from where, and which of the other's connections match.

If a policy leaves an address open, every address that makes a difference is tried: each is a `Meeting`
of its own, and the caller compares the results. Nothing is guessed: what is assumed is printed in the
report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.outcomes import Reason, Said
from model.vocabulary.places import Place
from model.vocabulary.policy import AddressPattern, Connection, Peer
from model.vocabulary.selectors import Address
from proofs.verify.addresses import (
    Directory,
    Sight,
    Target,
    Wire,
    directory,
    host,
    ikev1,
    is_name,
    own_quality,
    priority,
    source,
    targets,
)

NO_NAMES: frozenset[str] = frozenset()
ANY_OTHER = "any other address"


@dataclass(frozen=True, slots=True)
class Meeting:
    """One combination of addresses.

    connections   the responder's, the best match first
    assumptions   what is assumed beyond what the policies state
    caller        the initiator's address as the responder sees it, where no policy states it
    network       the network that this address represents: any address of it would do
    assumed       the address that the responder is assumed to have, where it does not state one
    """

    wire: Wire
    connections: tuple[Connection, ...]
    assumptions: tuple[str, ...] = ()
    caller: str = ""
    network: str = ""
    assumed: Address | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """Why no connection answers.

    place, other   the initiator's line, and the responder's
    intended       the initiator is not meant to call: it states no address
    address        what remote_addrs should be at `place`, as the other end states it
    nearest        the responder's connection at `place`
    sides          what the initiator's line says, and the responder's
    assumptions, assumed   as in `Meeting`
    public_as_own          `place` states the public address of a NAT as the host's own
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
    assumptions: tuple[str, ...] = ()
    assumed: Address | None = None
    public_as_own: bool = False


def meetings(
    initiator: Peer, connection: Connection, responder: Peer
) -> tuple[Meeting, ...] | Missed:
    """Every way in which this connection may reach one of the responder's connections."""
    called = targets(connection)
    if not called:
        return _nobody_to_call(initiator, connection, responder)
    found: dict[tuple[object, ...], Meeting] = {}
    missed: list[Missed] = []
    for target in called:
        made = _towards(initiator, connection, responder, target)
        if isinstance(made, Missed):
            missed.append(made)
            continue
        for item in made:
            found.setdefault((_key(item), item.wire), item)
    return tuple(found.values()) or missed[0]


def _towards(
    initiator: Peer, connection: Connection, responder: Peer, target: Target
) -> list[Meeting] | Missed:
    """Every way in which it may reach one of the responder's connections when it calls this target."""
    whom = target.pattern
    if initiator.nat is not None:
        public = initiator.nat.value.public
        local = source(connection.local_addresses.value, public.version)
        if local is not None and local.single == public:
            return _public_as_own(initiator, public, Reason.NO_RESPONDER, connection)
    own = _reached(initiator, connection, responder, whom)
    if isinstance(own, Missed):
        return own
    found: list[Meeting] = []
    wanted: list[_Caller] = []
    for there in own:
        known = whom.single or there
        family = known.version if known is not None else None
        wanted = list(_callers(initiator, connection, responder, family))
        made = [_meeting(initiator, responder, target, there, x) for x in wanted]
        fitting = [x for x in made if x.connections]
        if not fitting and not wanted[0].stated:
            # None of the addresses that it states elsewhere matches: it may have others.
            wider = _unstated_callers(initiator, responder, family)
            made = [_meeting(initiator, responder, target, there, x) for x in wider]
            fitting = [x for x in made if x.connections]
        found += fitting
    if found:
        return found
    missed = _no_connection(initiator, connection, responder, own[0], wanted)
    return replace(
        missed,
        assumptions=tuple(_on_target(responder, target, own[0])),
        assumed=_assumed(responder, target),
    )


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
        others = dict.fromkeys((*_within(responder, family), *_mentioned(initiator, connection)))
        return (*stated, *(x for x in others if x not in stated), None)
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


def _within(responder: Peer, family: int | None) -> Iterator[Address]:
    """An address of each network that the responder states its own addresses by."""
    for connection in ikev1(responder):
        for item in connection.local_addresses.value:
            first = item.first
            if first is not None and host(item) is None and family in (None, first.version):
                yield first


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


def _public_as_own(
    peer: Peer, public: Address, reason: Reason, first: Connection | None = None
) -> Missed:
    """A host behind a NAT that states the public address as its own has no working connection."""
    own = [x for x in (first, *peer.connections) if x and x.local_addresses.place]
    stated = next((x for x in own if public in map(host, x.local_addresses.value)), own[0])
    return Missed(
        reason,
        f"{peer.name} states {public} as its own address, but that is the public address of its NAT, not "
        "an address of the host",
        "state the address of the host in local_addrs, or leave it out",
        stated.local_addresses.place,
        public_as_own=True,
    )


def _own_place(peer: Peer) -> Place | None:
    return next(
        (x.local_addresses.place for x in peer.connections if x.local_addresses.place), None
    )


# ---- from where


@dataclass(frozen=True, slots=True)
class _Caller:
    """An address from which the call may come, as the responder sees it.

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


def _callers(
    initiator: Peer, connection: Connection, responder: Peer, family: int | None
) -> Iterator[_Caller]:
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
            yield from _unstated_callers(initiator, responder, family)


def _unstated_callers(initiator: Peer, responder: Peer, family: int | None) -> Iterator[_Caller]:
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
) -> Iterator[_Caller]:
    """A caller by its address alone, and as each name: an address that a policy states may be one too."""
    yield _Caller(seen, own, NO_NAMES, stated, network)
    for name in names:
        yield _Caller(seen, own, frozenset({name}), stated, network)


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


def _mentioned(peer: Peer, connection: Connection) -> Iterator[Address]:
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


# ---- which connection answers


def _meeting(
    initiator: Peer, responder: Peer, target: Target, there: Address | None, caller: _Caller
) -> Meeting:
    ends = frozenset(
        role
        for role, peer in (("initiator", initiator), ("responder", responder))
        if peer.nat is not None
    )
    called_at = target.pattern.single
    if called_at is None:
        called_at = there if responder.nat is None else responder.nat.value.public
    wire = Wire(Sight(caller.own, called_at), Sight(there, caller.seen, caller.names), ends)
    return Meeting(
        wire,
        _candidates(responder, wire.responder),
        tuple(_assumptions(initiator, responder, target, there, caller)),
        "" if caller.stated else caller.network or str(caller.seen or ANY_OTHER),
        caller.network,
        _assumed(responder, target),
    )


def _assumed(responder: Peer, target: Target) -> Address | None:
    """The address that the responder is taken to have because the initiator calls it."""
    called_at = target.pattern.single
    return called_at if called_at not in directory(responder).stated else None


def _candidates(responder: Peer, sight: Sight) -> tuple[Connection, ...]:
    """Connections of the responder for these addresses, the best match first.

    The caller's address counts twice; of equals one for IKEv1 alone, then the first in the file.
    """
    found = directory(responder).for_caller(sight.other)
    rated = [(worth, item) for item in found if (worth := priority(item, sight))]
    rated.sort(key=lambda item: -item[0])
    return tuple(item for _, item in rated)


def _assumptions(
    initiator: Peer, responder: Peer, target: Target, there: Address | None, caller: _Caller
) -> Iterator[str]:
    yield from _on_target(responder, target, there)
    if not caller.stated and caller.seen is not None:
        where = f"in {caller.network}" if caller.network else str(caller.seen)
        yield f"the address of {initiator.name} is {where}"
    for name in caller.names:
        yield f"{name} resolves to {caller.seen or f'the address of {initiator.name}'}"


def _on_target(responder: Peer, target: Target, there: Address | None) -> Iterator[str]:
    """What is taken to be so of whom it calls."""
    whom, known = target.pattern, directory(responder)
    for name in target.unresolved:
        yield f"{name} does not resolve"
    if whom.single is None:
        yield f"{whom.text} resolves to {there or f'an address of {responder.name}'}"
    elif responder.nat is None and whom.single not in known.stated:
        yield f"{whom.text} is an address of {responder.name}"
    elif responder.nat is not None and there is not None and whom.single in known.stated:
        yield f"{there} is the address of {responder.name} behind its NAT"


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
