"""Vendor ids by name. Most are the MD5 of a text, so the texts stand here and not their hashes."""

from __future__ import annotations

import hashlib

_DRAFT = "draft-ietf-ipsec-nat-t-ike"
#: our own: whoever says so understands alternatives to a refused offer (R7)
ALTERNATIVES = "ikeproof: alternatives to a refused offer, 1"
#: texts whose MD5 is the vendor id; a line feed at the end is part of what some have hashed
_TEXTS = (
    "RFC 3947",
    *(f"{_DRAFT}-{number:02}" for number in range(9)),
    f"{_DRAFT}-02\n",
    "draft-stenberg-ipsec-nat-traversal-01",
    "draft-stenberg-ipsec-nat-traversal-02",
    "draft-huttunen-ipsec-esp-in-udp-00.txt",
    "GSSAPI",
    "A GSS-API Authentication Method for IKE",
    "A GSS-API Authentication Method for IKE\n",
    "MS NT5 ISAKMPOAKLEY",
    "MS-Negotiation Discovery Capable",
    "Vid-Initial-Contact",
    "IKE CGA version 1",
    "FRAGMENTATION",
    "KAME/racoon",
    "strongSwan",
    ALTERNATIVES,
)
#: not the MD5 of anything (RFC 3706 5.1); the last two octets are its version
DEAD_PEER_DETECTION = bytes.fromhex("afcad71368a1f1c96b8696fc77570100")


def vendor_id(text: str) -> bytes:
    """The vendor id of a text: its MD5."""
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


_KNOWN = {
    **{vendor_id(text): text.strip() for text in _TEXTS},
    DEAD_PEER_DETECTION: "Dead Peer Detection (RFC 3706)",
    bytes.fromhex("09002689dfd6b712"): "XAUTH",
    bytes.fromhex("12f5f28c457168a9702d9fe274cc0100"): "Cisco Unity",
}
#: whoever sends one of these can do Kerberos (GSS-API draft), or XAUTH
_TELLING = {
    "GSSAPI": "gss",
    "A GSS-API Authentication Method for IKE": "gss",
    "MS NT5 ISAKMPOAKLEY": "gss",
    "XAUTH": "xauth",
}
_SIZES = sorted({len(item) for item in _KNOWN}, reverse=True)
#: pluto's own: `OE` and a hash of its version in letters
_PLUTO_SIZE = 12
_WINDOWS = {2: "Windows 2000", 3: "Windows XP", 4: "Windows XP SP2 or 2003", 5: "Windows Vista"}


def vendor_of(data: bytes) -> str | None:
    """What a vendor id says; None if nobody here knows it. Some have a version or flags behind."""
    if len(data) == _PLUTO_SIZE and data.startswith(b"OE") and data.isalnum():
        return f"Openswan or Libreswan, {data.decode()}"
    for size in _SIZES:
        name = _KNOWN.get(data[:size])
        if name is None:
            continue
        rest = data[size:]
        if name == "MS NT5 ISAKMPOAKLEY" and len(rest) == 4:
            version = int.from_bytes(rest, "big")
            return f"{name}, {_WINDOWS.get(version, f'version {version}')}"
        return f"{name}, {rest.hex()}" if rest else name
    return None


def tells(data: bytes) -> str:
    """`gss` or `xauth`, which share method 65001, if a vendor id tells of one; else nothing."""
    name = vendor_of(data) or ""
    return _TELLING.get(name.partition(",")[0], "")
