"""Who answers a connection: whom it calls, from where, and which of the other's connections match.

If a policy leaves an address open, every address that makes a difference is tried: each is a `Meeting`
of its own, and the caller compares the results. Nothing is guessed: what is assumed is printed in the
report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from model.vocabulary.outcomes import Reason, Said
from model.vocabulary.places import Place
from model.vocabulary.policy import AddressPattern, Connection, Peer
from model.vocabulary.selectors import Address
from proofs.verify.addresses import (
    Sight,
    Target,
    Wire,
    directory,
    host,
    ikev1,
    own_quality,
    priority,
    source,
    stated_versions,
    targets,
)
from proofs.verify.callers import Caller, callers, mentioned, unstated

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
    call = Call(initiator, connection, responder, target)
    by = _versions(whom, connection, responder)
    found: list[Meeting] = []
    for there in own:
        found += _of_versions(call, there, (there.version,) if there is not None else by)
    if found:
        return found
    known = whom.single or own[0]
    family = known.version if known is not None else None
    wanted = tuple(callers(initiator, connection, responder, family))
    return replace(
        _no_connection(initiator, connection, responder, own[0], wanted),
        assumptions=tuple(call.reaches(own[0], by[0] if len(by) == 1 else None)),
        assumed=_assumed(responder, target),
    )


def _versions(whom: AddressPattern, connection: Connection, responder: Peer) -> tuple[int, ...]:
    """The IP versions that packets to an address may have which no policy of the responder states."""
    known = whom.single or (responder.nat.value.public if responder.nat is not None else None)
    return (known.version,) if known is not None else stated_versions(connection)


def _of_versions(call: Call, there: Address | None, versions: Sequence[int]) -> Iterator[Meeting]:
    """All meetings at an address of the responder by these IP versions. The version is an assumption only where
    it decides which connection answers a caller."""
    tried = {version: list(call.answered(there, version)) for version in versions}
    for version, made in tried.items():
        for caller, item in made:
            alike = all(
                any((caller, _key(item)) == (other, _key(x)) for other, x in others)
                for others in tried.values()
            )
            if not alike or len(versions) == 1:
                yield call.meeting(there, caller, version, said=version)
            elif version == versions[0]:
                yield item


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
        others = dict.fromkeys((*_within(responder, family), *mentioned(initiator, connection)))
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


# ---- which connection answers


@dataclass(frozen=True)
class Call:
    """A connection that calls a target."""

    initiator: Peer
    connection: Connection
    responder: Peer
    target: Target

    def answered(self, there: Address | None, version: int) -> Iterator[tuple[Caller, Meeting]]:
        """Who calls by this IP version, and which connections answer at this address; only those that do."""
        ends = self.initiator, self.responder
        wanted = list(callers(self.initiator, self.connection, self.responder, version))
        found = [(x, made) for x in wanted if (made := self.meeting(there, x, version)).connections]
        if not found and not wanted[0].stated:
            # None of the addresses that it states elsewhere matches: it may have others.
            wider = unstated(*ends, version)
            found = [
                (x, made) for x in wider if (made := self.meeting(there, x, version)).connections
            ]
        yield from found

    def meeting(
        self, there: Address | None, caller: Caller, version: int, said: int | None = None
    ) -> Meeting:
        """The meeting at this address; said   the IP version, where it is an assumption"""
        ends = {"initiator": self.initiator, "responder": self.responder}
        natted = frozenset(role for role, peer in ends.items() if peer.nat is not None)
        called_at = self.target.pattern.single
        if called_at is None:
            nat = self.responder.nat
            called_at = there if nat is None else nat.value.public
        seen = Sight(there, caller.seen, caller.names, version)
        wire = Wire(Sight(caller.own, called_at), seen, natted)
        return Meeting(
            wire,
            _candidates(self.responder, wire.responder),
            tuple(self._assumptions(there, caller, said)),
            "" if caller.stated else caller.network or str(caller.seen or ANY_OTHER),
            caller.network,
            _assumed(self.responder, self.target),
        )

    def _assumptions(
        self, there: Address | None, caller: Caller, version: int | None
    ) -> Iterator[str]:
        yield from self.reaches(there, version)
        name = self.initiator.name
        if not caller.stated and caller.seen is not None:
            where = f"in {caller.network}" if caller.network else str(caller.seen)
            yield f"the address of {name} is {where}"
        for resolved in caller.names:
            yield f"{resolved} resolves to {caller.seen or f'the address of {name}'}"

    def reaches(self, there: Address | None, version: int | None) -> Iterator[str]:
        """What is taken to be so of whom it calls."""
        whom, known = self.target.pattern, directory(self.responder)
        for name in self.target.unresolved:
            yield f"{name} does not resolve"
        if whom.single is None:
            kind = f"an IPv{version} address" if version is not None else "an address"
            yield f"{whom.text} resolves to {there or f'{kind} of {self.responder.name}'}"
        elif self.responder.nat is None and whom.single not in known.stated:
            yield f"{whom.text} is an address of {self.responder.name}"
        elif self.responder.nat is not None and there is not None and whom.single in known.stated:
            yield f"{there} is the address of {self.responder.name} behind its NAT"


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


def _no_connection(
    initiator: Peer,
    connection: Connection,
    responder: Peer,
    there: Address | None,
    wanted: Sequence[Caller],
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
