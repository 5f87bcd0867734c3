"""The outline of X.509 certificates (RFC 5280 section 4.1): what can be told of one without a library.

Whether a certificate holds, and for whom, is decided elsewhere.
"""

from __future__ import annotations

from model.vocabulary import der

_BASIC_CONSTRAINTS = "2.5.29.19"
_EXTENSIONS, _VERSION, _TRUE = 0xA3, 0xA0, b"\xff"


def _signed(octets: bytes) -> list[tuple[int, bytes, bytes]]:
    """What is signed, element by element from the serial number on. ValueError: it is no certificate."""
    body, algorithm, signature = der.elements(der.whole(octets, der.SEQUENCE))
    if (body[0], algorithm[0], signature[0]) != (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING):
        raise ValueError("not a signed SEQUENCE")
    found = [item for item in der.elements(body[1]) if item[0] != _VERSION]
    # serial number, algorithm, issuer, validity, subject, public key: a revocation list has a time in
    # place of the validity
    if [tag for tag, _, _ in found[:6]] != [der.INTEGER, *[der.SEQUENCE] * 5]:
        raise ValueError("not a certificate")
    return found


def is_certificate(octets: bytes) -> bool:
    """Whether octets have the outline of a certificate, and nothing follows."""
    try:
        _signed(octets)
    except ValueError:
        return False
    return True


def subject(octets: bytes) -> bytes:
    """The subject of a certificate as it stands in it. ValueError: it is no certificate."""
    return _signed(octets)[4][2]


def public_key(octets: bytes) -> bytes:
    """The public key of a certificate, with its algorithm, as it stands in it. ValueError: likewise."""
    return _signed(octets)[5][2]


def is_public_key(octets: bytes) -> bool:
    """Whether octets have the outline of a public key with its algorithm."""
    try:
        algorithm, key = der.elements(der.whole(octets, der.SEQUENCE))
    except ValueError:
        return False
    return (algorithm[0], key[0]) == (der.SEQUENCE, der.BIT_STRING)


def public_key_bits(octets: bytes) -> bytes:
    """The bits of a public key without its algorithm (RFC 5280 section 4.2.1.2). ValueError: it is none."""
    _, (_, bits, _) = der.elements(der.whole(octets, der.SEQUENCE))
    return bits[1:]


def is_authority(octets: bytes) -> bool:
    """Whether a certificate says that it is one of an authority (basic constraints). ValueError: likewise."""
    for tag, inner, _ in _signed(octets)[6:]:
        if tag != _EXTENSIONS:
            continue
        for extension in der.contents(der.whole(inner, der.SEQUENCE), der.SEQUENCE):
            (_, name, _), *_, (_, value, _) = der.elements(extension)
            if der.dotted(name) == _BASIC_CONSTRAINTS:
                stated = der.element(der.whole(value, der.SEQUENCE) or b"\0\0")
                return stated[:2] == (0x01, _TRUE)
    return False
