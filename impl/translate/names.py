"""Names in certificates, and distinguished names as ID payloads (R5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impl.auth.names import subject_id
from impl.translate.words import cannot
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification
from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.places import Place

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

#: short names of attributes, as policies write them
_TYPES = {
    "cn": "2.5.4.3", "c": "2.5.4.6", "l": "2.5.4.7", "st": "2.5.4.8", "o": "2.5.4.10",
    "ou": "2.5.4.11", "serialnumber": "2.5.4.5", "e": "1.2.840.113549.1.9.1",
    "dc": "0.9.2342.19200300.100.1.25", "uid": "0.9.2342.19200300.100.1.1",
}  # fmt: skip


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


def confirms(certificate: Certificate, identity: Identity | None) -> bool:
    """Whether a certificate says that its holder is that; None: whoever it is."""
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
