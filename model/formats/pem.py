"""Certificates in files, PEM or DER, to DER octets. Their content is not checked here."""

from __future__ import annotations

import base64
import binascii
import re

from model.vocabulary import der

_LIST = re.compile(rb"-----BEGIN X509 CRL-----(.*?)-----END", re.DOTALL | re.ASCII)
_PEM = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END", re.DOTALL | re.ASCII
)
_BEGIN, _END = re.compile(rb"-----BEGIN .*?-----"), re.compile(rb"-----END .*?-----")


def first_block(octets: bytes) -> bytes | None:
    """DER octets of a file as strongSwan reads it (5.9.8): a file in DER, with no octet too many, or the
    first block in PEM, whatever its label says. A block begins and ends with a line. None: it is neither."""
    exact = octets.removesuffix(b"\n")
    for one in (octets, exact):
        if one[:1] == b"\x30" and _is_one(one):
            return one
    lines = iter(line.removesuffix(b"\r") for line in octets.split(b"\n"))
    if not any(_BEGIN.match(line) for line in lines):
        return None
    found, header = b"", None
    for line in lines:
        if _END.match(line):
            return found
        header = b":" in line if header is None else header and line != b""
        if header or not line:
            continue
        word = line.partition(b" ")[0]
        try:
            found += base64.b64decode(word[: len(word) // 4 * 4], validate=True)
        except (binascii.Error, ValueError):
            return None
    return None


def _is_one(octets: bytes) -> bool:
    """Whether octets are one element of DER, and nothing else."""
    try:
        return not der.element(octets)[2]
    except ValueError:
        return False


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
