"""Values of swanctl.conf: times, octets, switches, addresses, identities, selectors, secrets."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re

from model.formats.swanctl.settings import Setting
from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import AddressPattern
from model.vocabulary.selectors import ANY_PORTS, OPAQUE_PORTS, Selector

_TIME = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_OCTETS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_PROTOCOLS = {
    "any": 0, "icmp": 1, "igmp": 2, "ipip": 4, "ipencap": 4, "tcp": 6, "egp": 8, "udp": 17,
    "ipv6": 41, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "icmpv6": 58,
    "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132, "udplite": 136,
}  # fmt: skip
_SERVICES = {
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67,
    "bootpc": 68, "tftp": 69, "http": 80, "kerberos": 88, "pop3": 110, "ntp": 123, "imap2": 143,
    "snmp": 161, "bgp": 179, "ldap": 389, "https": 443, "isakmp": 500, "syslog": 514, "l2tp": 1701,
    "l2f": 1701, "radius": 1812, "ipsec-nat-t": 4500,
}  # fmt: skip
_TYPED = {
    "ipv4": IdentityKind.IPV4, "ipv6": IdentityKind.IPV6, "rfc822": IdentityKind.USER_FQDN,
    "email": IdentityKind.USER_FQDN, "userfqdn": IdentityKind.USER_FQDN,
    "fqdn": IdentityKind.FQDN, "dns": IdentityKind.FQDN, "asn1dn": IdentityKind.DN,
    "keyid": IdentityKind.KEY_ID,
}  # fmt: skip


def _wrong(setting: Setting, problem: str, mend: str) -> PolicyError:
    return PolicyError(problem, place=setting.place, mend=mend)


def seconds(setting: Setting) -> int:
    """An integer with s, m, h or d."""
    return _scaled(setting, _TIME, "a time", "write such as 3600s, 60m, 8h or 1d")


def octets(setting: Setting) -> int:
    """An integer with k, m or g (1024-based)."""
    return _scaled(setting, _OCTETS, "a number of octets", "write such as 500m or 1g")


def _scaled(setting: Setting, units: dict[str, int], what: str, mend: str) -> int:
    found = re.fullmatch(r"(\d{1,18})\s*([a-z]?)", setting.text.strip().lower())
    if found is None or found[2] not in units:
        raise _wrong(setting, f"{setting.text!r} is not {what}", mend)
    return int(found[1]) * units[found[2]]


def number(setting: Setting) -> int:
    """A plain integer."""
    if not re.fullmatch(r"\d{1,18}", setting.text.strip()):
        raise _wrong(setting, f"{setting.text!r} is no number", "write digits only")
    return int(setting.text)


def switch(setting: Setting) -> bool:
    """yes, true, enabled, 1 and their opposites."""
    text = setting.text.strip().lower()
    if text in ("yes", "true", "enabled", "1"):
        return True
    if text in ("no", "false", "disabled", "0"):
        return False
    raise _wrong(setting, f"{setting.text!r} is neither yes nor no", "write yes or no")


def words(setting: Setting) -> list[str]:
    """A list: entries between commas."""
    return [item for item in (part.strip() for part in setting.text.split(",")) if item]


def address_pattern(text: str, setting: Setting) -> AddressPattern:
    """One entry of local_addrs or remote_addrs."""
    plain = text.removeprefix("%")
    if text in ("%any", "%any4", "%any6", "0.0.0.0", "::", "0.0.0.0/0", "::/0", "%defaultroute"):
        return AddressPattern(text, None, None, anything=True)
    try:
        if "/" in plain:
            net = ipaddress.ip_network(plain, strict=False)
            return AddressPattern(text, net[0], net[-1])
        if re.fullmatch(r"[0-9a-fA-F.:]+-[0-9a-fA-F.:]+", plain):
            low, high = (ipaddress.ip_address(part) for part in plain.split("-"))
            return AddressPattern(text, low, high)
        single = ipaddress.ip_address(plain)
        return AddressPattern(text, single, single)
    except ValueError:
        if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", plain) and not re.fullmatch(
            r"[0-9./:]+", plain
        ):
            return AddressPattern(text, None, None)
    raise _wrong(setting, f"{text!r} is no address", "write an address, a subnet or a name")


def identity(text: str) -> Identity:
    """An identity as charon reads it (identification_create_from_string, 5.9.8)."""
    text = text.strip()
    if text in ("", "%any", "%any6", "*", "0.0.0.0", "::"):
        return ANY_IDENTITY
    head, colon, tail = text.partition(":")
    if colon and head.lower() in _TYPED:
        return _typed(_TYPED[head.lower()], tail)
    if "=" in text:
        return Identity(IdentityKind.DN, distinguished_name(text))
    if "@" in text:
        if text.startswith("@#"):
            return _key_id(text[2:])
        if text.startswith("@@"):
            return Identity(IdentityKind.USER_FQDN, text[2:].lower())
        if text.startswith("@"):
            return Identity(IdentityKind.FQDN, text[1:].lower())
        return Identity(IdentityKind.USER_FQDN, text.lower())
    try:
        if "/" in text:
            net = ipaddress.ip_network(text, strict=False)
            kind = IdentityKind.IPV4_RANGE if net.version == 4 else IdentityKind.IPV6_RANGE
            return Identity(kind, f"{net[0]}-{net[-1]}")
        first, dash, last = text.partition("-")
        if dash:
            low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
            kind = IdentityKind.IPV4_RANGE if low.version == 4 else IdentityKind.IPV6_RANGE
            return Identity(kind, f"{low}-{high}")
        address = ipaddress.ip_address(text)
        kind = IdentityKind.IPV4 if address.version == 4 else IdentityKind.IPV6
        return Identity(kind, str(address))
    except ValueError:
        pass
    if ":" in text:
        return Identity(IdentityKind.KEY_ID, text.encode().hex())
    return Identity(IdentityKind.FQDN, text.lower())


def _typed(kind: IdentityKind, text: str) -> Identity:
    if kind is IdentityKind.KEY_ID:
        return _key_id(text.removeprefix("#")) if text.startswith("#") else _raw_key_id(text)
    if kind is IdentityKind.DN:
        return Identity(kind, distinguished_name(text))
    return Identity(kind, text.removeprefix("@").lower())


def _key_id(text: str) -> Identity:
    try:
        return Identity(IdentityKind.KEY_ID, binascii.unhexlify(text.replace(":", "")).hex())
    except (binascii.Error, ValueError):
        return _raw_key_id(text)


def _raw_key_id(text: str) -> Identity:
    return Identity(IdentityKind.KEY_ID, text.encode("utf-8", "surrogatepass").hex())


def distinguished_name(text: str) -> str:
    """A DN in normal form: `c=ch, o=example, cn=gate`, in the order of its encoding, lower case."""
    parts = [
        part.strip() for part in re.split(r"[,/](?=\s*[A-Za-z0-9.]+\s*=)", text) if part.strip()
    ]
    pairs = (part.partition("=") for part in parts)
    names = {"emailaddress": "e", "email": "e"}
    normal = (
        (names.get(key.strip().lower(), key.strip().lower()), value.strip().strip('"').lower())
        for key, _, value in pairs
    )
    return ", ".join(f"{key}={value}" for key, value in normal)


def selector(text: str, setting: Setting) -> Selector:
    """`CIDR | range | dynamic`, then `[protocol/port]`."""
    found = re.fullmatch(r"([^\[\]]*)(?:\[([^\[\]]*)\])?", text.strip())
    if found is None:
        raise _wrong(setting, f"{text!r} is no traffic selector", _TS_MEND)
    protocol, ports = _upper(found[2] or "", setting)
    where = found[1].strip()
    if where == "dynamic" or not where:
        everything = ipaddress.ip_network("0.0.0.0/0")
        return Selector(everything[0], everything[-1], protocol, ports, own_address=True)
    try:
        if "-" in where:
            low, high = (ipaddress.ip_address(part.strip()) for part in where.split("-", 1))
            if low.version != high.version or int(low) > int(high):
                raise ValueError
            return Selector(low, high, protocol, ports)
        net = ipaddress.ip_network(where, strict=False)
    except ValueError:
        raise _wrong(setting, f"{text!r} is no traffic selector", _TS_MEND) from None
    return Selector(net[0], net[-1], protocol, ports)


_SHORT = re.compile("[0-9]{1,6}")
_TS_MEND = "write such as 10.1.0.0/16, 10.1.0.1-10.1.0.9, dynamic, or 10.1.0.0/16[tcp/443]"


def _upper(text: str, setting: Setting) -> tuple[int, tuple[int, int]]:
    """Protocol and ports between the brackets."""
    name, _, port = text.strip().partition("/")
    name, port = name.strip().lower(), port.strip().lower()
    if name in ("", "any", "%any"):
        protocol = 0
    elif _SHORT.fullmatch(name) and int(name) <= 255:
        protocol = int(name)
    elif name in _PROTOCOLS:
        protocol = _PROTOCOLS[name]
    else:
        raise _wrong(setting, f"{name!r} is no protocol", _TS_MEND)
    if port in ("", "any", "%any"):
        return protocol, ANY_PORTS
    if port == "opaque":
        return protocol, OPAQUE_PORTS
    if port in _SERVICES:
        return protocol, (_SERVICES[port], _SERVICES[port])
    low, dash, high = port.partition("-")
    if _SHORT.fullmatch(low) and (_SHORT.fullmatch(high) or not dash):
        bounds = int(low), int(high or low)
        if bounds[0] <= bounds[1] <= 65535:
            return protocol, bounds
    raise _wrong(setting, f"{port!r} is no port", _TS_MEND)


def secret_octets(setting: Setting) -> bytes:
    """A secret: text, `0x` hex or `0s` base64. The error does not show it."""
    text = setting.text
    try:
        if text.lower().startswith("0x"):
            return binascii.unhexlify(text[2:].replace(":", ""))
        if text.startswith("0s"):
            return base64.b64decode(text[2:], validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(
            setting, "a secret with 0x or 0s that is no hex or base64", "mend it, or quote it"
        ) from None
    return text.encode("utf-8", "surrogatepass")
