"""Certificates in files, PEM or DER, to DER octets. Their content is not checked here."""

from __future__ import annotations

import base64
import binascii
import re

_LIST = re.compile(rb"-----BEGIN X509 CRL-----(.*?)-----END", re.DOTALL | re.ASCII)
_PEM = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END", re.DOTALL | re.ASCII
)


def certificate_octets(octets: bytes) -> bytes | None:
    """DER octets of the first certificate in a file, or None if it holds none."""
    return next(iter(all_certificates(octets)), None)


def all_certificates(octets: bytes) -> tuple[bytes, ...]:
    """DER octets of every certificate in a file; empty if it holds none, or one that is invalid."""
    return _all(_PEM, octets)


def list_octets(octets: bytes) -> bytes | None:
    """DER octets of the first revocation list in a file, or None if it holds none."""
    return next(iter(_all(_LIST, octets)), None)


def _all(kind: re.Pattern[bytes], octets: bytes) -> tuple[bytes, ...]:
    found = kind.findall(octets)
    if not found:
        return (octets,) if octets[:1] == b"\x30" and len(octets) > 64 else ()
    try:
        return tuple(base64.b64decode(b"".join(item.split()), validate=True) for item in found)
    except (binascii.Error, ValueError):
        return ()
