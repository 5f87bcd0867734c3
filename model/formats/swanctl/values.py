"""Values of swanctl.conf: times, octets, switches, addresses, selectors, secrets (5.9.8, each form tried)."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import socket
from functools import lru_cache

from model.formats.swanctl.identities import from_hex
from model.formats.swanctl.settings import Setting
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import AddressPattern
from model.vocabulary.selectors import ANY_PORTS, OPAQUE_PORTS, Address, Selector

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


def _wrong(setting: Setting, problem: str, mend: str) -> PolicyError:
    return PolicyError(problem, place=setting.place, mend=mend)


_INTEGER = re.compile(r"0[xX][0-9a-fA-F]{1,16}|0[0-7]{0,18}|[1-9][0-9]{0,18}")


def seconds(setting: Setting) -> int:
    """An integer with s, m, h or d."""
    return _scaled(setting, _TIME, "a time", "write for example 3600s, 60m, 8h or 1d")


def octets(setting: Setting) -> int:
    """An integer with k, m or g (1024-based)."""
    return _scaled(setting, _OCTETS, "a number of octets", "write for example 500m or 1g")


def _scaled(setting: Setting, units: dict[str, int], what: str, mend: str) -> int:
    found = re.fullmatch(r"(\w*?) *([a-z]?)", setting.text.strip(), re.IGNORECASE | re.ASCII)
    unit = found[2].lower() if found else ""
    if found is None or unit not in units or not _INTEGER.fullmatch(found[1]):
        raise _wrong(setting, f"{setting.text!r} is not {what}", mend)
    return integer(found[1]) * units[unit]


def integer(text: str) -> int:
    """As strtoul reads it: hex after 0x, octal after 0."""
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    return int(text, 8 if text.startswith("0") else 10)


def number(setting: Setting) -> int:
    """A plain integer; 0x begins a hexadecimal one, 0 an octal one."""
    if not _INTEGER.fullmatch(setting.text.strip()):
        raise _wrong(setting, f"{setting.text!r} is not a number", "write digits only")
    return integer(setting.text.strip())


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
    if text in ("%any", "%any4", "%any6", "0.0.0.0", "::", "0.0.0.0/0", "::/0", "%defaultroute"):
        return AddressPattern(text, None, None, anything=True)
    try:
        if "/" in text:
            net = ipaddress.ip_network(text, strict=False)
            return AddressPattern(text, net[0], net[-1])
        if re.fullmatch(r"[0-9a-fA-F.:]+-[0-9a-fA-F.:]+", text):
            low, high = (ipaddress.ip_address(part) for part in text.split("-"))
            return AddressPattern(text, low, high)
        single = _address(text)
        return AddressPattern(text, single, single)
    except ValueError:
        if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", text) and not re.fullmatch(
            r"[0-9./:]+", text
        ):
            return AddressPattern(text, None, None)
    raise _wrong(
        setting,
        f"{text!r} is not an IP address, a range, a subnet or a host name",
        "write for example 192.0.2.1, 192.0.2.0/24 or gw.example.com",
    )


@lru_cache(4096)
def _address(text: str) -> Address:
    """An address; of IPv4 also as inet_aton reads it, with octal and short forms."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+){1,3}", text):
            raise
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        raise ValueError(text) from None


def selector(text: str, setting: Setting) -> Selector:
    """`CIDR | range | dynamic`, then `[protocol/port]`."""
    found = re.fullmatch(r"([^\[\]]*)(?:\[([^\[\]]*)\][^\]]*)?", text.strip())
    if found is None:
        raise _wrong(setting, f"{text!r} is not a traffic selector", _TS_MEND)
    protocol, ports = _upper(found[2] or "", setting)
    where = found[1].strip()
    if where == "dynamic" or not text:
        everything = ipaddress.ip_network("0.0.0.0/0")
        return Selector(everything[0], everything[-1], protocol, ports, own_address=True)
    try:
        if "-" in where:
            low, high = (ipaddress.ip_address(part.strip()) for part in where.split("-", 1))
            if low.version != high.version or int(low) > int(high):
                raise ValueError
            return Selector(low, high, protocol, ports)
        first, last = _ends(_clamped(where))
    except ValueError:
        raise _wrong(setting, f"{text!r} is not a traffic selector", _TS_MEND) from None
    return Selector(first, last, protocol, ports)


@lru_cache(4096)
def _ends(network: str) -> tuple[Address, Address]:
    """First and last address of a network."""
    net = ipaddress.ip_network(network, strict=False)
    return net[0], net[-1]


def _clamped(where: str) -> str:
    """`%any` counts as the address 0.0.0.0, and a prefix that is too long as the longest."""
    head, slash, bits = where.replace("%any", "0.0.0.0").partition("/")
    most = 128 if ":" in head else 32
    if slash and not bits:
        bits = "0"
    return f"{head}/{min(int(bits), most)}" if slash and bits.isdecimal() else head + slash + bits


_TS_MEND = "write for example 10.1.0.0/16, 10.1.0.1-10.1.0.9, dynamic, or 10.1.0.0/16[tcp/443]"


def _upper(text: str, setting: Setting) -> tuple[int, tuple[int, int]]:
    """Protocol and ports between the brackets: names as /etc/protocols and /etc/services spell them."""
    name, _, port = text.partition("/")
    port = port.lstrip() if port.lstrip()[:1].isdecimal() else port
    if name in ("", "any"):
        protocol = 0
    elif _INTEGER.fullmatch(name) and integer(name) <= 255:
        protocol = integer(name)
    elif name in _PROTOCOLS or (name.isupper() and name.lower() in _PROTOCOLS):
        protocol = _PROTOCOLS[name.lower()]
    else:
        raise _wrong(setting, f"{name!r} is not an IP protocol", _TS_MEND)
    if port in ("", "any"):
        return protocol, ANY_PORTS
    if port == "opaque":
        return protocol, OPAQUE_PORTS
    if port in _SERVICES:
        return protocol, (_SERVICES[port], _SERVICES[port])
    low, dash, high = port.partition("-")
    if _INTEGER.fullmatch(low) and (_INTEGER.fullmatch(high) or not dash):
        bounds = integer(low), integer(high or low)
        if bounds[0] <= bounds[1] <= 65535:
            return protocol, bounds
    raise _wrong(setting, f"{port!r} is not a port", _TS_MEND)


def secret_octets(setting: Setting) -> bytes:
    """A secret: text, hex after `0x` or base64 after `0s`, as strongSwan reads it: in hex, any character that is
    not a digit counts as 0; in base64, only whole groups of four letters count. Empty: not loaded."""
    text = setting.text
    if text.lower().startswith("0x"):
        return from_hex(text[2:])
    if text.lower().startswith("0s"):
        return _from_base64(text[2:])
    return text.encode("utf-8", "surrogatepass")


def _from_base64(text: str) -> bytes:
    whole = text[: len(text) // 4 * 4]
    try:
        return base64.b64decode(whole, validate=True)
    except (binascii.Error, ValueError):
        # random octets: no other end will have them
        return text.encode("utf-8", "surrogatepass")
