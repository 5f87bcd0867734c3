"""Which of several an implementation takes: the connection for an identity, its certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.names import RdnMatching
from model.vocabulary.policy import (
    Authentication,
    CertificateFile,
    Connection,
    Credentials,
    Peer,
)
from proofs.verify.addresses import Sight, priority
from proofs.verify.certificates import (
    confirms,
    has_key,
    key_hashes,
    parse,
    path_of,
    subject,
)
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


def keyed(own: Credentials, peer: Peer, other: Peer) -> list[CertificateFile]:
    """The certificates by which charon finds a private key for an end's identity: those that confirm it, of
    the named ones and of all others that it has. What the other end shows is not its own.
    """
    theirs = {file.der for one in _all(other) for file in one.own.certificates}
    named = {item.der for item in own.certificates}
    kept = [item for item in peer.kept if item.der not in theirs | named]
    return _confirming(own, (*own.certificates, *kept), peer.stack.rdn_matching.value)


def bare_key(own: Credentials, peer: Peer, other: Peer) -> CertificateFile | None:
    """The public key by whose key ID an end names itself. charon finds it before any certificate, and then
    shows no certificate (5.9.8, seen in runs). None: there is none, or it is the other end's.
    """
    identity = own.identity.value
    if identity is None or identity.kind is not IdentityKind.KEY_ID:
        return None
    theirs = [x for one in _all(other) if not one.own.unnamed for x in one.own.certificates]
    for item in peer.raw_keys:
        key = item.der or b""
        if identity.text in key_hashes(key) and not any(has_key(x, key) for x in theirs):
            return item
    return None


def chosen(
    own: Credentials, peer: Peer, other: Peer, anchors: Sequence[CertificateFile]
) -> tuple[CertificateFile, str]:
    """The certificate that an end shows, and what must be known to tell; of those by which its key is found,
    the first that was issued by an authority that both ends know, else the first.

    anchors  the trust anchors of the other end
    """
    if any(item.der is None for item in own.certificates):
        return next(item for item in own.certificates if item.der is None), ""
    ends = [end for one in _all(peer) for end in (one.own, one.other)]
    mine = {item.der for item in (*peer.anchors, *(x for end in ends for x in end.anchors))}
    shared = [item for item in anchors if item.der in mine]
    found = keyed(own, peer, other)
    named = [item for item in found if item in own.certificates]
    sent = (*peer.anchors, *own.certificates)
    led = next((item for item in named if _issued_by(item, shared, sent)), None)
    beside = [item.name for item in found if item not in own.certificates]
    needs = ""
    if led is None and beside:  # whose key it has is not in the files
        needs = (
            f"whether {peer.name} has the private key of {beside[0]}, and shows that certificate"
        )
    return led or (named or own.certificates)[0], needs


def _all(peer: Peer) -> Iterator[Authentication]:
    return (one for connection in peer.connections for one in connection.authentications)


def _confirming(
    own: Credentials, files: Sequence[CertificateFile], rule: RdnMatching
) -> list[CertificateFile]:
    """Those that confirm an identity; unstated, it is the subject of the first that is named."""
    identity = own.identity.value
    first = parse(own.certificates[0]) if own.certificates else None
    if identity is None and first is not None:
        identity = subject(first)
    read = ((item, certificate) for item in files if (certificate := parse(item)))
    return [item for item, one in read if identity is None or confirms(one, identity, rule)]


def _issued_by(
    item: CertificateFile, shared: Sequence[CertificateFile], sent: Sequence[CertificateFile]
) -> bool:
    known = [certificate for one in shared if (certificate := parse(one))]
    return any(one in known for one in path_of(item, tuple(shared), tuple(sent))[1:])


def another_principal(shown: Identity | None, expected: Credentials) -> bool:
    """Whether the principal is not the one that the policy states. A stack that accepts any proved name
    accepts only the stated one if there is one."""
    stated_ = expected.identity.value
    if shown is None or stated_ is None or stated_.kind is not IdentityKind.PRINCIPAL:
        return False
    return shown.kind is IdentityKind.PRINCIPAL and not match(shown, stated_)
