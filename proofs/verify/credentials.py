"""Whether one end accepts what the other proves its identity by (R3, R5)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.policy import CertificateFile, Connection, Credentials, Peer
from model.vocabulary.suites import AuthMethod
from proofs.verify.certificates import (
    Chain,
    check,
    has_key,
    key_hashes,
    path_of,
    unmet,
    withheld,
)
from proofs.verify.choosing import bare_key, chosen
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
    accepted = _accepted(own.identity.value, expected)
    bare = bare_key(own, shown.peer, judge)
    anchors = (*judge.anchors, *expected.anchors)
    if bare is not None:
        found = _known(bare, accepted, judge)
        if isinstance(found, Chain):
            return found if found.fault else replace(found, fault=unmet(expected, ())[0])
        certificate = found
    elif not own.certificates:
        return Chain(needs="its certificate, which the policy does not name")
    else:
        certificate, needs = chosen(own, shown.peer, judge, anchors)
        if needs:
            return Chain(needs=needs)
    if bare is None and shown.connection is not None and demanded.connection is not None:
        known = (*judge.kept, *expected.certificates)
        fault = withheld(shown.connection, demanded.connection, certificate, known)
        if fault:
            return Chain(fault)
    sent = (*shown.peer.anchors, *own.certificates)
    chain = check(
        certificate,
        accepted,
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


def _accepted(shown: Identity | None, expected: Credentials) -> tuple[CertificateFile, ...]:
    """The certificates and public keys that are accepted. A key of nobody counts for its key IDs only; for
    another identity no certificate is that key."""
    hashed = shown.text if shown is not None and shown.kind is IdentityKind.KEY_ID else ""
    return tuple(
        replace(item, der=b"")
        if item.by_hash and item.der and hashed not in key_hashes(item.der)
        else item
        for item in expected.certificates
    )


def _known(
    bare: CertificateFile, accepted: tuple[CertificateFile, ...], judge: Peer
) -> Chain | CertificateFile:
    """The certificate by which the other end knows a public key that is shown without one, or the result."""
    key = bare.der or b""
    for item in accepted or (*judge.kept, *judge.raw_keys):
        if has_key(item, key):
            return Chain(bare=True) if item.der == key else item
    unreadable = [item for item in accepted if item.der is None]
    if unreadable:
        return Chain(needs=unreadable[0].missing or unreadable[0].name)
    if accepted:
        return Chain(f"the public key {bare.name} is not one of those that are accepted")
    return Chain(
        f"it proves its identity by the public key {bare.name} without a certificate, and {judge.name} "
        "has neither the key nor a certificate of it"
    )
