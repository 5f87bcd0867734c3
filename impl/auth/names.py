"""Identities against certificates (RFC 2407 4.6.2.1, RFC 4945 3.1 and 5.1.3; R5).

An identity counts only if the certificate contains it: a distinguished name as its subject, anything else
in its alternative names. A common name does not confirm a host name, and names are never patterns.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from impl.wire.numbers import IdType, name_of
from impl.wire.payloads import Identification
from model.vocabulary import der
from model.vocabulary.names import ENCODINGS, DistinguishedName

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

#: a name in normal form: its parts in order, each a set of (type, value)
NormalName = tuple[frozenset[tuple[bytes, str]], ...]
#: octets of a distinguished name that is compared part by part, and letters of a name that are shown:
#: anybody may show one of any size
MOST_OCTETS, MOST_SHOWN = 4096, 256
_ADDRESSES = (IdType.IPV4_ADDR, IdType.IPV6_ADDR)


def subject_id(certificate: Certificate) -> Identification:
    """The ID payload of a certificate's subject."""
    return Identification(IdType.DER_ASN1_DN, 0, 0, certificate.subject.public_bytes())


def dn_from(text: str) -> bytes:
    """A distinguished name from text such as `O=Example, CN=a.example`, in the order of the certificate.
    ValueError for a keyword that is not known, and for text that is not a name."""
    name = DistinguishedName.read(text) if "=" in text else None
    if name is None:
        raise ValueError("not a distinguished name")
    return name.der


def own_id(certificate: Certificate) -> Identification | None:
    """The default identity of an end with that certificate: its subject, else the first alternative name with
    a type in IKE; None if it has neither."""
    from cryptography import x509

    if list(certificate.subject):
        return subject_id(certificate)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None
    for item in extension.value:
        if isinstance(item, x509.DNSName):
            return Identification(IdType.FQDN, 0, 0, item.value.encode())
        if isinstance(item, x509.RFC822Name):
            return Identification(IdType.USER_FQDN, 0, 0, item.value.encode())
        if isinstance(item, x509.IPAddress) and isinstance(item.value, IPv4Address | IPv6Address):
            type_ = IdType.IPV4_ADDR if item.value.version == 4 else IdType.IPV6_ADDR
            return Identification(type_, 0, 0, item.value.packed)
    return None


def in_words(name: Name) -> str:
    """A distinguished name as people read it (RFC 4514), in the certificate's order."""
    return _brief(", ".join(part.rfc4514_string() for part in name.rdns)) or "(no subject)"


def plain(text: str) -> str:
    """Text from a peer, made safe to print: control characters are spelled out."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _brief(text: str) -> str:
    """Its beginning, safe to print."""
    return plain(text[:MOST_SHOWN]) + ("..." if len(text) > MOST_SHOWN else "")


def shown_in_words(identity: Identification) -> str:
    """An identity as people read it."""
    kind = name_of(IdType, identity.type)
    if identity.type in (IdType.FQDN, IdType.USER_FQDN):
        return f"{kind} {_brief(identity.data.decode('ascii', 'backslashreplace'))}"
    if identity.type in _ADDRESSES and len(identity.data) in (4, 16):
        return f"{kind} {ip_address(identity.data)}"
    if identity.type == IdType.DER_ASN1_DN:
        try:
            parts = [value for part in normal_name(identity.data) for _, value in sorted(part)]
        except ValueError:
            return f"{kind} that cannot be read"
        return f"{kind} {_brief(', '.join(parts))}"
    return f"{kind} {_brief(identity.data.hex())}"


def same_identity(one: Identification, other: Identification) -> bool:
    """Whether two identities are the same: case and the encoding of DNs do not matter."""
    return one.type == other.type and _normal(one) == _normal(other)


def _normal(identity: Identification) -> object:
    if identity.type in (IdType.FQDN, IdType.USER_FQDN):
        return identity.data.lower()
    if identity.type == IdType.DER_ASN1_DN:
        try:
            return normal_name(identity.data)
        except ValueError:
            return identity.data
    return identity.data


def unconfirmed(certificate: Certificate, shown: Identification) -> str:
    """Why a certificate does not confirm an identity, in words; empty if it does."""
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names: list[x509.GeneralName] = list(extension.value)
    except x509.ExtensionNotFound:
        names = []
    said = shown_in_words(shown)
    confirmed: list[Identification]
    if shown.type == IdType.DER_ASN1_DN:
        found = [item.value for item in names if isinstance(item, x509.DirectoryName)]
        confirmed = [subject_id(certificate)]
        confirmed += [Identification(shown.type, 0, 0, item.public_bytes()) for item in found]
    elif shown.type == IdType.FQDN:
        confirmed = [_named(shown, i.value) for i in names if isinstance(i, x509.DNSName)]
    elif shown.type == IdType.USER_FQDN:
        confirmed = [_named(shown, i.value) for i in names if isinstance(i, x509.RFC822Name)]
    elif shown.type in _ADDRESSES:
        addresses = [i.value for i in names if isinstance(i, x509.IPAddress)]
        size = 4 if shown.type == IdType.IPV4_ADDR else 16
        packed = [i.packed for i in addresses if hasattr(i, "packed") and len(i.packed) == size]
        confirmed = [Identification(shown.type, 0, 0, item) for item in packed]
    else:
        return f"a certificate confirms no identity of type {name_of(IdType, shown.type)}"
    if any(same_identity(item, shown) for item in confirmed):
        return ""
    subject = in_words(certificate.subject)
    return f"the certificate of {subject} does not confirm {said}"


def _named(shown: Identification, text: str) -> Identification:
    return Identification(shown.type, 0, 0, text.encode())


# ---- distinguished names
def normal_name(octets: bytes) -> NormalName:
    """A distinguished name for comparison: case, runs of spaces and the kind of string do not matter
    (RFC 5280 7.1). ValueError for octets that are not valid, or too many."""
    if len(octets) > MOST_OCTETS:
        raise ValueError(f"a name of more than {MOST_OCTETS} octets")
    outer = der.whole(octets, der.SEQUENCE)
    return tuple(frozenset(_values(rdn)) for rdn in der.contents(outer, der.SET))


def _values(rdn: bytes) -> Iterator[tuple[bytes, str]]:
    for pair in der.contents(rdn, der.SEQUENCE):
        kind, value = der.content(pair, der.OID)
        yield kind, _text(value)


def _text(octets: bytes) -> str:
    string, value, rest = der.element(octets)
    if rest:
        raise ValueError("octets after a value")
    encoding = ENCODINGS.get(string)
    if encoding is None:
        return octets.hex()
    return " ".join(value.decode(encoding).casefold().split())
