"""Certificates of a policy: the own one with its private key, and what the other end must show (R3, R5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from impl.auth.certificate import CertificateSettings
from impl.auth.keys import SigningKey, certificates_of, lists_of
from impl.auth.names import subject_id
from impl.auth.paths import Rules, Trust
from impl.translate.words import cannot
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification
from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.places import Place
from model.vocabulary.policy import Authentication, CertificateFile, Connection, Peer

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList, Name

#: short names of attributes, as policies write them
_TYPES = {
    "cn": "2.5.4.3", "c": "2.5.4.6", "l": "2.5.4.7", "st": "2.5.4.8", "o": "2.5.4.10",
    "ou": "2.5.4.11", "serialnumber": "2.5.4.5", "e": "1.2.840.113549.1.9.1",
    "dc": "0.9.2342.19200300.100.1.25", "uid": "0.9.2342.19200300.100.1.1",
}  # fmt: skip


def certificate_settings(
    peer: Peer,
    connection: Connection,
    authentication: Authentication,
    keys: Sequence[SigningKey],
) -> CertificateSettings:
    """What a connection authenticates with, and what it believes."""
    own, key = _own(connection, authentication, keys)
    authorities = _read(connection, peer.anchors)
    return CertificateSettings(
        own=(own, *_above(own, authorities)),
        key=key,
        trust=_trust(peer, connection, authentication, authorities),
    )


def _own(
    connection: Connection, authentication: Authentication, keys: Sequence[SigningKey]
) -> tuple[Certificate, SigningKey]:
    """The certificate that confirms the own identity, and its private key."""
    files = authentication.own.certificates
    place = files[0].place if files else authentication.method.place
    if not files:
        why = f"{connection.name} has no certificate of its own"
        raise cannot(why, place or connection.place, "name it, with its private key")
    stated = authentication.own.identity
    found = [item for item in _read(connection, files) if _confirms(item, stated.value)]
    if not found:
        why = f"no certificate of {connection.name}'s own confirms that it is {stated.value}"
        mend = "state an identity that it carries: its subject or an alternative name"
        raise cannot(why, stated.place or place or connection.place, mend)
    for certificate in found:
        for key in keys:
            if key.belongs_to(certificate):
                return certificate, key
    why = f"there is no private key for the certificate of {connection.name}"
    raise cannot(why, place or connection.place, "name the file of the key: --key FILE")


def _trust(
    peer: Peer,
    connection: Connection,
    authentication: Authentication,
    authorities: tuple[Certificate, ...],
) -> Trust:
    """Exactly the certificates that are named for the other end; else its authorities, else all. An
    authority counts if it leads to a root, which signs itself."""
    other = authentication.other
    exactly = _read(connection, other.certificates)
    demanded = _read(connection, other.anchors)
    every = (*authorities, *demanded)
    rooted = tuple(item for item in demanded or authorities if _rooted(item, every))
    if not demanded:
        rooted = tuple(item for item in rooted if item.subject == item.issuer)
    anchors = exactly or rooted
    lists = _lists(connection, peer.lists)
    rules = Rules(needs_list=_strict(authentication))
    if not anchors:
        why = f"{connection.name} believes no root authority, so no certificate of its peer"
        place = authentication.method.place or connection.place
        raise cannot(why, place, f"give {peer.name} the authority's certificate")
    return Trust(anchors, known=authorities, lists=lists, rules=rules)


def _read(connection: Connection, files: Sequence[CertificateFile]) -> tuple[Certificate, ...]:
    found: list[Certificate] = []
    for file in files:
        try:
            found += certificates_of([file])
        except ValueError as error:
            place = file.place or connection.place
            raise cannot(f"the certificate {error}", place, "make it readable") from None
    return tuple(found)


def _lists(
    connection: Connection, files: Sequence[CertificateFile]
) -> tuple[CertificateRevocationList, ...]:
    try:
        return lists_of(files)
    except ValueError as error:
        place = files[0].place or connection.place
        raise cannot(f"the revocation list {error}", place, "make it readable") from None


def _strict(authentication: Authentication) -> bool:
    """Whether every issuer must have given a revocation list."""
    stated = authentication.other.revocation
    if stated is None:
        return False
    if stated.value not in ("relaxed", "strict"):
        why = f"revocation = {stated.value} cannot be run: no list is fetched"
        raise cannot(why, stated.place, "use relaxed or strict, with the lists in x509crl/")
    return stated.value == "strict"


def _rooted(authority: Certificate, authorities: Sequence[Certificate]) -> bool:
    """Whether it signs itself, or one that does is among the authorities above it."""
    seen = [authority]
    while seen[-1].subject != seen[-1].issuer:
        above = [a for a in authorities if a.subject == seen[-1].issuer and a not in seen]
        if not above:
            return False
        seen.append(above[0])
    return True


def _above(own: Certificate, authorities: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """Intermediate authorities from the own certificate upwards: the peer may not have them."""
    chain: list[Certificate] = []
    lowest = own
    while True:
        issuers = (a for a in authorities if a.subject == lowest.issuer and a not in chain)
        above = next(issuers, None)
        if above is None or above.subject == above.issuer:
            return tuple(chain)
        chain.append(above)
        lowest = above


# ---- names
def own_name(own: Certificate, identity: Identity | None, place: Place) -> Identification | None:
    """A distinguished name to show: the certificate's subject, octet for octet; None: it is none."""
    if identity is None or identity.kind is not IdentityKind.DN:
        return None
    if _text(own.subject) == identity.text:
        return subject_id(own)
    return distinguished(identity, place)


def distinguished(identity: Identity, place: Place) -> Identification:
    """A distinguished name as an ID payload."""
    from cryptography import x509

    attributes = []
    for part in identity.text.split(", "):
        type_, _, value = part.partition("=")
        oid = _TYPES.get(type_, type_)
        try:
            attributes.append(x509.NameAttribute(x509.ObjectIdentifier(oid), value))
        except ValueError:
            why = f"{part!r} in the name {identity} is not understood"
            raise cannot(why, place, "write such as CN=gate, O=Example") from None
    return Identification(IdType.DER_ASN1_DN, 0, 0, x509.Name(attributes).public_bytes())


def _confirms(certificate: Certificate, identity: Identity | None) -> bool:
    return identity is None or identity in _names(certificate)


def _names(certificate: Certificate) -> list[Identity]:
    """Every identity that a certificate confirms."""
    from cryptography import x509

    found = [Identity(IdentityKind.DN, _text(certificate.subject))]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return found
    for name in extension.value:
        if isinstance(name, x509.DNSName):
            found.append(Identity(IdentityKind.FQDN, name.value.lower()))
        elif isinstance(name, x509.RFC822Name):
            found.append(Identity(IdentityKind.USER_FQDN, name.value.lower()))
        elif isinstance(name, x509.IPAddress):
            kind = IdentityKind.IPV4 if name.value.version == 4 else IdentityKind.IPV6
            found.append(Identity(kind, str(name.value)))
        elif isinstance(name, x509.DirectoryName):
            found.append(Identity(IdentityKind.DN, _text(name.value)))
    return found


def _text(name: Name) -> str:
    """A name in the normal form of policies."""
    short = {oid: text for text, oid in _TYPES.items()}
    parts = []
    for item in name:
        oid = item.oid.dotted_string
        parts.append(f"{short.get(oid, oid)}={str(item.value).lower()}")
    return ", ".join(parts)
