"""Which of several an implementation takes: the connection for an identity, its certificate."""

from __future__ import annotations

from collections.abc import Sequence

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.policy import (
    Authentication,
    CertificateFile,
    Connection,
    Credentials,
    Peer,
)
from proofs.verify.addresses import Sight, priority
from proofs.verify.certificates import names, parse
from proofs.verify.identities import match

Candidate = tuple[Connection, Authentication]


def inserted(
    rated: Sequence[tuple[int, Connection, Authentication]], peer: Peer, sight: Sight
) -> list[Candidate]:
    """In the order in which charon looks at them: one by one, in the order of the file, each before the
    first that it is better than by identity or by address, and as good by the other (5.9.8, seen in runs)."""
    order = {id(item): number for number, item in enumerate(peer.connections)}
    placed: list[tuple[int, int, Candidate]] = []
    for quality, connection, one in sorted(rated, key=lambda item: order[id(item[1])]):
        address = priority(connection, sight)
        at = next(
            (
                number
                for number, (by_name, by_address, _) in enumerate(placed)
                if (quality > by_name and address >= by_address)
                or (quality >= by_name and address > by_address)
            ),
            len(placed),
        )
        placed.insert(at, (quality, address, (connection, one)))
    return [candidate for _, _, candidate in placed]


def chosen(own: Credentials) -> CertificateFile:
    """The certificate that an end shows: the first that confirms its identity."""
    identity = own.identity.value
    for item in own.certificates:
        certificate = parse(item)
        if identity is None or (certificate is not None and identity in names(certificate)):
            return item
    return own.certificates[0]


def another_principal(shown: Identity | None, expected: Credentials) -> bool:
    """Whether the principal is not the one that the policy states. A stack that accepts any proved name
    accepts only the stated one if there is one."""
    stated_ = expected.identity.value
    if shown is None or stated_ is None or stated_.kind is not IdentityKind.PRINCIPAL:
        return False
    return shown.kind is IdentityKind.PRINCIPAL and not match(shown, stated_)
