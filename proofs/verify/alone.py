"""One policy alone: what is wrong with it independent of the other end, and what the other end must have.

The policy is judged against its own mirror image. What the mirror image rejects is wrong in the policy
itself: no proposal that IKEv1 can express, no key, a subnet that is never offered.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from ipaddress import ip_address

from model.choice import phase1_offer
from model.vocabulary.findings import Finding
from model.vocabulary.identities import Identity
from model.vocabulary.places import Place
from model.vocabulary.policy import (
    Action,
    AddressPattern,
    Authentication,
    Child,
    Connection,
    Credentials,
    Peer,
)
from proofs.verify.addresses import calls, ikev1
from proofs.verify.authentication import mirrored
from proofs.verify.judging import judge_connection, once
from proofs.verify.mending import phase1_text, phase2_text

OTHER_END = "the other end"
# The peer of a gateway that calls nobody (an address for documentation, RFC 5737).
_SOMEBODY = AddressPattern("192.0.2.254", ip_address("192.0.2.254"), ip_address("192.0.2.254"))
# Findings that rest on both ends' policies, or on the mirror's own.
_OF_PAIRS = frozenset(
    "P1-NO-RESPONDER P1-NO-CONNECTION P1-IDENTITY P1-CERTIFICATE ONE-WAY UNDECIDED OWN-IDENTITY "
    "SELECTOR-NARROWED LIFE-DIFFERS OVERLAP WEAK-CERTIFICATE P2-SELECTOR".split()
)


@dataclass(frozen=True, slots=True)
class ChildSheet:
    """What the other end must have for one child; `proposals` in the order of preference."""

    name: str
    place: Place
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    mode: str
    proposals: tuple[str, ...]
    lifetime_seconds: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the other end must have for one connection; nothing secret.

    calls, from_   the address that is called, and the one that calls; None: not stated
    we, they       the identity of this end, and the one that it expects; "" if not stated
    sends          what it offers as initiator      takes   what it accepts as responder
    """

    connection: str
    place: Place
    calls: str | None
    from_: str | None
    exchange: str
    method: str
    we: str
    they: str
    sends: tuple[str, ...]
    takes: tuple[str, ...]
    lifetime_seconds: int | None
    children: tuple[ChildSheet, ...]


def sheets(peer: Peer) -> tuple[Sheet, ...]:
    """A sheet for each connection that takes part in IKEv1."""
    return tuple(_sheet(peer, item) for item in ikev1(peer))


def _sheet(peer: Peer, connection: Connection) -> Sheet:
    whom = calls(connection)
    local = [x.text for x in connection.local_addresses.value if not x.anything]
    first = connection.authentications[0]
    offers = phase1_offer(connection.proposals, connection.authentications[:1], peer.profile)
    default = any(item.default for item in connection.proposals)
    return Sheet(
        connection.name,
        connection.place,
        whom.text if whom is not None else None,
        local[0] if local else None,
        f"{connection.exchange.value.value.title()} Mode",
        first.method.value.value,
        _identity(first.own),
        _identity(first.other),
        ("default",) if default else tuple(str(item.suite) for item in offers),
        tuple(phase1_text(item) for item in connection.proposals),
        connection.life.offered_seconds.value,
        tuple(_child(x) for x in connection.children if x.action.value is Action.NEGOTIATE),
    )


def _identity(own: Credentials) -> str:
    identity: Identity | None = own.identity.value
    return identity.described if identity is not None else ""


def _child(child: Child) -> ChildSheet:
    return ChildSheet(
        child.name,
        child.place,
        tuple(str(item.value) for item in child.local),
        tuple(str(item.value) for item in child.remote),
        child.mode.value.value,
        tuple(phase2_text(item) for item in child.proposals),
        child.life.offered_seconds.value,
    )


def findings_alone(peer: Peer, today: datetime.date) -> tuple[Finding, ...]:
    """What is wrong with the policy independent of the other end, and other remarks."""
    found = list(peer.findings)
    for connection in ikev1(peer):
        calling = connection
        if calls(connection) is None:
            somebody = replace(connection.remote_addresses, value=(_SOMEBODY,))
            calling = replace(connection, remote_addresses=somebody)
        mirror = _mirror(peer, calling)
        alone = replace(peer, connections=(calling,), nat=None)
        verdict = judge_connection(alone, calling, mirror, today).verdict
        found += [item for item in verdict.findings if item.id not in _OF_PAIRS]
    return once(replace(item, way=None) for item in found)


def _mirror(peer: Peer, connection: Connection) -> Peer:
    """A peer that has what the other end of this connection must have."""
    whom = calls(connection)
    assert whom is not None
    return replace(
        peer,
        name=OTHER_END,
        connections=(
            replace(
                connection,
                local_addresses=replace(connection.remote_addresses, value=(whom,)),
                remote_addresses=connection.local_addresses,
                authentications=tuple(map(_swapped, connection.authentications)),
                children=tuple(
                    replace(x, local=x.remote, remote=x.local) for x in connection.children
                ),
            ),
        ),
        findings=(),
        nat=None,
    )


def _swapped(one: Authentication) -> Authentication:
    method = replace(one.method, value=mirrored(one.method.value))
    return Authentication(method, own=one.other, other=one.own)
