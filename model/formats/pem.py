"""Certificates as files hold them: PEM or DER, to DER octets. What they say is not looked at here."""

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
    return _first(_PEM, octets)


def list_octets(octets: bytes) -> bytes | None:
    """DER octets of the first revocation list in a file, or None if it holds none."""
    return _first(_LIST, octets)


def _first(kind: re.Pattern[bytes], octets: bytes) -> bytes | None:
    found = kind.search(octets)
    if found is None:
        return octets if octets[:1] == b"\x30" and len(octets) > 64 else None
    try:
        return base64.b64decode(b"".join(found[1].split()), validate=True)
    except (binascii.Error, ValueError):
        return None
