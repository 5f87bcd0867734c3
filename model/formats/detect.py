"""What a file that is not a swanctl.conf looks like, by its text alone, and what to do with it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Looks:
    """A kind of file.

    name     what it is called, with its article: "an ipsec.conf"
    advice   what to do instead of giving it to ikeproof
    """

    name: str
    advice: str


_SWANCTL = "give the swanctl.conf of the peer"
_BY_HAND = "write its settings as a swanctl.conf or a native policy (docs/policies.md)"
PFSENSE = "/var/etc/ipsec/swanctl.conf"
OPNSENSE = "/usr/local/etc/swanctl/swanctl.conf"
VYOS = "/etc/swanctl/swanctl.conf"

#: the beginnings of binary files
_MAGIC = (
    (b"\xd4\xc3\xb2\xa1", "capture"), (b"\xa1\xb2\xc3\xd4", "capture"), (b"\x0a\x0d\x0d\x0a", "capture"),
    (b"\x4d\x3c\xb2\xa1", "capture"), (b"PK\x03\x04", "archive"), (b"\x1f\x8b", "archive"),
    (b"\xfd7zXZ", "archive"),
)  # fmt: skip
_CAPTURE = Looks("a packet capture", "use `ikeproof decode FILE` for it")
_ARCHIVE = Looks("a compressed file", "unpack it first")
_BINARY = Looks("a binary file", f"check its name, and {_SWANCTL}")

#: (kind, advice, patterns that must all be found), the more certain first
_TEXTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("a PEM file (a certificate or a key)",
     f"{_SWANCTL}; it names its certificates itself", (r"^-----BEGIN [A-Z0-9 ]+-----",)),
    ("a configuration of pfSense", f"give {PFSENSE} of the same host: it works as it is",
     (r"<pfsense>",)),
    ("a configuration of OPNsense", f"give {OPNSENSE} of the same host: it works as it is",
     (r"<opnsense>",)),
    ("an XML file", _SWANCTL, (r"\A\s*<\?xml",)),
    ("a configuration of VyOS", f"give {VYOS} of the same host: it works as it is",
     (r"^\s*(set vpn ipsec |vpn \{)", r"(set vpn ipsec|^\s*ipsec \{)")),
    ("a configuration of JunOS", _BY_HAND, (r"^\s*(set security (ike|ipsec) |security \{)",)),
    ("a configuration of Cisco IOS or ASA", _BY_HAND,
     (r"^\s*(crypto (isakmp|ikev1|map|ipsec|keyring|dynamic-map)|tunnel-group )",)),
    ("a script of MikroTik RouterOS", _BY_HAND, (r"^\s*/ip[ /]ipsec",)),
    ("a racoon.conf", _BY_HAND,
     (r"^\s*(remote|sainfo)\s.*\{?", r"(exchange_mode|encryption_algorithm)\s")),
    ("a script for setkey", _BY_HAND, (r"^\s*(spdadd|spdflush|add .* (esp|ah) )",)),
    ("a strongswan.conf", f"{_SWANCTL}, and this file with --strongswan-conf PEER=FILE",
     (r"^\s*(charon|charon-systemd|libstrongswan|starter)\s*\{",)),
    ("an ipsec.secrets", f"{_SWANCTL}: its section secrets holds the keys",
     (r"^[^#\n]*:\s*(PSK|RSA|ECDSA|XAUTH|EAP|P12|PKCS8)\s",)),
    ("an ipsec.conf", f"ikeproof does not read it yet: {_BY_HAND}",
     (r"^(conn|config|ca)\s+\S+", r"^\s+\w+\s*=")),
    ("a script for netsh", f"ikeproof does not read it yet: {_BY_HAND}",
     (r"^\s*(netsh\s+)?(ipsec\s+static|advfirewall)\s",)),
    ("a JSON file", f"ikeproof does not read PowerShell exports yet: {_BY_HAND}",
     (r"\A\s*[\[{]\s*[\"\[{]",)),
    ("a log of strongSwan", _SWANCTL,
     (r"\b\d\d\[(IKE|CFG|NET|ENC|CHD|KNL|DMN|LIB|JOB)\]",)),
    ("a log", _SWANCTL,
     (r"\A(\w{3}\s+\d+ \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d)",)),
    ("a native policy", "rename it to .toml", (r"^format\s*=\s*1\s*$",)),
)  # fmt: skip


def looks_like(octets: bytes) -> Looks | None:
    """What a file looks like; None if nothing suggests another format than swanctl.conf."""
    for magic, kind in _MAGIC:
        if octets.startswith(magic):
            return _CAPTURE if kind == "capture" else _ARCHIVE
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Looks("a text file in UTF-16", "save it as UTF-8 text")
    head = octets[:65536]
    if re.search(rb"^\s*connections\s*\{", head, re.MULTILINE):
        return None
    if b"\0" in head or (octets[:1] == b"\x30" and not head.isascii()):
        return _BINARY
    text = head.decode("utf-8", "replace")
    for name, advice, patterns in _TEXTS:
        if all(re.search(pattern, text, re.MULTILINE) for pattern in patterns):
            return Looks(name, advice)
    return None
