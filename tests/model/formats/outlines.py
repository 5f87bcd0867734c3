"""Octets that have the outline of certificates and public keys, and are none that anybody issued."""

from __future__ import annotations

from model.vocabulary import der

_ALGORITHM = der.wrapped(der.SEQUENCE, der.wrapped(der.OID, der.oid_octets("1.2.840.113549.1.1.1")))


def public_key(number: int = 1) -> bytes:
    """A public key; another number, another key."""
    bits = der.wrapped(der.BIT_STRING, b"\0" + number.to_bytes(32, "big"))
    return der.wrapped(der.SEQUENCE, _ALGORITHM + bits)


def certificate(name: bytes = b"", *, authority: bool = False, number: int = 1) -> bytes:
    """A certificate with a subject in DER (without: an empty one), of an authority or not."""
    constraints = der.wrapped(der.SEQUENCE, b"\x01\x01\xff" if authority else b"")
    extension = der.wrapped(
        der.SEQUENCE,
        der.wrapped(der.OID, der.oid_octets("2.5.29.19"))
        + der.wrapped(der.OCTET_STRING, constraints),
    )
    empty = der.wrapped(der.SEQUENCE, b"")
    body = (
        b"\xa0\x03\x02\x01\x02",
        der.wrapped(der.INTEGER, bytes([number])),
        _ALGORITHM,
        empty,
        empty,
        name or empty,
        public_key(number),
        der.wrapped(0xA3, der.wrapped(der.SEQUENCE, extension)),
    )
    signature = der.wrapped(der.BIT_STRING, bytes(33))
    return der.wrapped(
        der.SEQUENCE, der.wrapped(der.SEQUENCE, b"".join(body)) + _ALGORITHM + signature
    )
