"""Whether one end accepts what the other proves its identity by (R3, R5)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from model.vocabulary.policy import Connection, Credentials, Peer
from model.vocabulary.suites import AuthMethod
from proofs.verify.certificates import Chain, check, path_of, unmet, withheld
from proofs.verify.choosing import chosen
from proofs.verify.paths import Asked

PSK = (
    AuthMethod.PRE_SHARED_KEY,
    AuthMethod.XAUTH_PRE_SHARED_KEY,
    AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What an end has to prove its identity by, and its connection, where one is found."""

    peer: Peer
    own: Credentials
    connection: Connection | None


@dataclass(frozen=True, slots=True)
class Demanded:
    """What the other end demands, and its connection."""

    peer: Peer
    expected: Credentials
    connection: Connection | None


def credential(shown: Shown, demanded: Demanded, method: AuthMethod, today: datetime.date) -> Chain:
    """Whether it is accepted."""
    own, expected, judge = shown.own, demanded.expected, demanded.peer
    if method in PSK:
        strict = [*expected.certificates, *expected.anchors]
        return Chain("a pre-shared key proves none" if strict else unmet(expected, ())[0])
    if method is AuthMethod.KERBEROS:
        return Chain(needs="a Kerberos ticket, which only the KDC can issue")
    if not own.certificates:
        return Chain(needs="its certificate, which the policy does not name")
    anchors = (*judge.anchors, *expected.anchors)
    certificate, needs = chosen(own, shown.peer, judge, anchors)
    if needs:
        return Chain(needs=needs)
    if shown.connection is not None and demanded.connection is not None:
        known = (*judge.kept, *expected.certificates)
        fault = withheld(shown.connection, demanded.connection, certificate, known)
        if fault:
            return Chain(fault)
    sent = (*shown.peer.anchors, *own.certificates)
    chain = check(
        certificate,
        expected.certificates,
        anchors=anchors,
        demanded=expected.anchors,
        sent=sent,
        today=today,
        asked=Asked.by(judge, expected),
        kept=judge.kept,
    )
    if chain.fault or chain.needs:
        return chain
    lacking, _ = unmet(expected, path_of(certificate, anchors, sent))
    return replace(chain, fault=lacking) if lacking else chain
