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


@lru_cache(8192)
def address_pattern(text: str) -> AddressPattern:
    """One entry of local_addrs or remote_addrs: a range, a subnet, an address or a host name, and what is
    none of these is taken for a name that nothing resolves."""
    if text in _ANYTHING:
        return AddressPattern(text, None, None, anything=True)
    for reader in (_range, _subnet, _single):
        try:
            low, high = reader(text)
        except ValueError:
            continue
        return AddressPattern(text, low, high)
    if _HOST.fullmatch(text) and not re.fullmatch(r"[0-9]+", text.rstrip(".").rpartition(".")[2]):
        return AddressPattern(text, None, None)
    return AddressPattern(text, *_NOBODY)


_ANYTHING = ("%any", "%any4", "%any6", "0.0.0.0", "::", "0.0.0.0/0", "::/0", "%defaultroute")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?")
#: a range that holds no address
_NOBODY = (ipaddress.IPv4Address("255.255.255.255"), ipaddress.IPv4Address("0.0.0.0"))
_Ends = tuple[Address, Address]


def address_doubt(text: str) -> str:
    """Why an entry of local_addrs or remote_addrs is surely not what was meant; empty if it may be."""
    found = address_pattern(text)
    if (found.first, found.last) == _NOBODY:
        return (
            f"{text!r} is not an IP address, a range, a subnet or a host name, so it matches nobody"
        )
    if "/" in text and found.first is not None:
        return _prefix_doubt(text)
    if (
        found.single is not None
        and ":" not in text
        and "-" not in text
        and str(found.single) != text
    ):
        return f"{text!r} is read as {found.single}"
    return ""


def _prefix_doubt(text: str) -> str:
    """Why what follows the slash of a subnet is surely not what was meant."""
    head, _, bits = text.partition("/")
    if re.fullmatch("[0-9]+", bits) and (bits.lstrip("0") or "0") == str(_bits(head, bits)):
        return ""
    return f"{text!r} is read as {head.strip()}/{_bits(head, bits)}"


def _range(text: str) -> _Ends:
    low, high = (ipaddress.ip_address(part.strip()) for part in text.split("-"))
    if low.version != high.version:
        raise ValueError(text)
    return low, high


def _subnet(text: str) -> _Ends:
    """An address and, after the slash, a number as atoi reads it: what follows that does not count."""
    head, slash, bits = text.partition("/")
    if not slash:
        raise ValueError(text)
    base = ipaddress.ip_address(head)  # in full: the resolver is not asked for it
    net = ipaddress.ip_network(f"{base}/{_bits(head, bits)}", strict=False)
    return net[0], net[-1]


def _bits(head: str, text: str) -> int:
    """The length of a prefix: no number counts as 0, one that is too large as the largest."""
    most = 128 if ":" in head else 32
    found = re.match(r"\s*\+?0*([0-9]*)", text)
    digits = found[1] if found else ""
    return min(int(digits or "0"), most) if len(digits) < 4 else most


def _single(text: str) -> _Ends:
    single = _address(text)
    return single, single


def _address(text: str) -> Address:
    """An address; of IPv4 also as inet_aton reads it: octal, hexadecimal, short forms."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        if not re.fullmatch(rf"{_PART}(\.{_PART}){{0,3}}", text):
            raise
    else:
        if "%" in text:  # a scope: charon asks the resolver
            raise ValueError(text)
        return found
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        raise ValueError(text) from None


_PART = "(?:0[xX][0-9a-fA-F]+|[0-9]+)"


def selector(text: str, setting: Setting) -> Selector:
    """`CIDR | range | dynamic`, then `[protocol/port]`."""
    found = re.fullmatch(r"([^\[]*)(?:\[([^\[\]]*)\][^\]]*)?", text.strip())
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
        first, last = _ends(where)
    except ValueError:
        raise _wrong(setting, f"{text!r} is not a traffic selector", _TS_MEND) from None
    return Selector(first, last, protocol, ports)


@lru_cache(4096)
def _ends(where: str) -> _Ends:
    """First and last address of an address or a network. ValueError: it is neither."""
    head, slash, bits = where.partition("/")
    base = ipaddress.ip_address(head.replace("%any", "0.0.0.0"))
    length = _bits(str(base), bits) if slash else base.max_prefixlen
    net = ipaddress.ip_network(f"{base}/{length}", strict=False)
    return net[0], net[-1]


def selector_doubt(text: str) -> str:
    """Why a traffic selector that charon takes is surely not what was meant; empty if it may be."""
    where, _, rest = text.partition("[")
    if rest.partition("]")[2].strip():
        return f"what follows the ] in {text!r} is ignored"
    return _prefix_doubt(where.strip()) if "/" in where and "-" not in where else ""


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
