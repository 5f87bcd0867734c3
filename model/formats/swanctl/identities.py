"""Identities as strongSwan reads them in swanctl.conf (5.9.8, each form tried with the library itself).

A prefix such as `fqdn:` sets the type, and the text after it is the value, octet by octet: `ipv4:192.0.2.1`
is an ID_IPV4_ADDR with nine letters as its value, not an address. A `#` begins octets in hexadecimal.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from model.vocabulary import der
from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.names import UTF8, DistinguishedName

_K = IdentityKind
#: prefix and type of the ID payload (RFC 2407 section 4.6.2.1)
_TYPES = {
    "ipv4": 1, "ipv6": 5, "ipv4net": 4, "ipv6net": 6, "ipv4range": 7, "ipv6range": 8, "rfc822": 3,
    "email": 3, "userfqdn": 3, "fqdn": 2, "dns": 2, "asn1dn": 9, "asn1gn": 10, "keyid": 11,
}  # fmt: skip
_KINDS = {
    1: _K.IPV4, 2: _K.FQDN, 3: _K.USER_FQDN, 4: _K.IPV4_RANGE, 5: _K.IPV6, 6: _K.IPV6_RANGE,
    7: _K.IPV4_RANGE, 8: _K.IPV6_RANGE, 9: _K.DN, 10: _K.GENERAL_NAME, 11: _K.KEY_ID,
}  # fmt: skip
_ANYTHING = ("", "%any", "%any6", "0.0.0.0", "*", "::", "0::0")
_NUMBERED = re.compile(r"\{\s*\+?(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,9})\}:(.*)", re.DOTALL)


@lru_cache(8192)
def identity(text: str) -> Identity:
    """The identity that a text means. strongSwan rejects none: a text that it does not understand is an
    FQDN, or a key ID if it contains a `:` or a `=`."""
    prefix, colon, rest = text.partition(":")
    if colon and prefix.lower() in _TYPES:
        return _typed(_TYPES[prefix.lower()], rest)
    if colon and prefix.lower() == "xmppaddr":
        return _encoded(10, _xmpp_address(_octets(rest)))
    numbered = _NUMBERED.fullmatch(text)
    if numbered:
        return _typed(_number(numbered[1]), numbered[2])
    if "=" in text:
        name = DistinguishedName.read(text)
        return Identity.of_name(name) if name is not None else _typed(11, text, raw=True)
    if "@" not in text:
        if text in _ANYTHING:
            return ANY_IDENTITY
        return _address(text) or _typed(11 if ":" in text else 2, text, raw=True)
    if text.startswith("@#"):
        return _encoded(11, from_hex(text[2:]))
    if text.startswith("@@"):
        return _typed(3, text[2:], raw=True)
    if text.startswith("@"):
        return _typed(2, text[1:], raw=True)
    return _typed(3, text, raw=True)


def doubt(text: str, found: Identity) -> str:
    """Why an identity is probably not what the author meant, in words; empty if nothing suggests that."""
    prefix = text.partition(":")[0].lower()
    raw = found.text.startswith("#") and not text[len(prefix) + 1 :].startswith("#")
    if prefix in _TYPES and prefix != "keyid" and (raw or found.kind is _K.OTHER):
        return f"the text after {prefix}: is used octet by octet, and is not converted"
    if found.kind is _K.KEY_ID and prefix != "keyid" and not text.startswith(("@#", "{")):
        if "=" in text:
            return (
                "strongSwan does not read it as a distinguished name (a keyword that it does not know, or "
                "one without a value), but as a key ID"
            )
        return "it contains a :, so it is read as a key ID, not as an IPv6 address"
    plain = found.kind is _K.FQDN and prefix not in _TYPES and not text.startswith(("@", "{"))
    if plain and re.fullmatch(r"[0-9]+(\.[0-9]+){3}([/-][0-9./]*)?", text):
        return "it is not an IP address, subnet or range, and is read as an FQDN"
    if plain and text.strip() != text:
        return "it begins or ends with a space, which is part of the identity"
    return ""


def _number(text: str) -> int:
    """As strtoul reads it: hex after 0x, octal after 0."""
    if text.lower().startswith("0x"):
        return int(text, 16)
    digits = re.match("[0-7]*", text) if text.startswith("0") else None
    return int(digits[0] or "0", 8) if digits else int(text)


def _typed(number: int, text: str, *, raw: bool = False) -> Identity:
    """An identity of a type; hexadecimal follows a `#`, unless the text is `raw`."""
    return _encoded(number, text.encode("utf-8", "surrogatepass") if raw else _octets(text))


def _octets(text: str) -> bytes:
    return from_hex(text[1:]) if text.startswith("#") else text.encode("utf-8", "surrogatepass")


def _encoded(number: int, octets: bytes) -> Identity:
    """From type and octets of an ID payload."""
    if number == 0:
        return ANY_IDENTITY
    kind = _KINDS.get(number)
    if kind is None:
        return Identity(_K.OTHER, f"{number}:{octets.hex()}")
    if kind is _K.KEY_ID:
        return Identity(kind, octets.hex())
    raw = Identity(kind, f"#{octets.hex()}")
    if kind is _K.DN:
        try:
            return Identity.of_name(DistinguishedName.from_der(octets))
        except ValueError:
            return raw
    if kind in (_K.FQDN, _K.USER_FQDN):
        try:
            text = octets.decode()
        except UnicodeDecodeError:
            return raw
        # names are compared without regard to the case of ASCII letters
        return raw if text.startswith("#") or not text.isprintable() else Identity(kind, _low(text))
    invalid = Identity(_K.OTHER, f"{number}:{octets.hex()}") if number in (4, 6) else raw
    return _of_addresses(kind, number, octets) or invalid


def _low(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _of_addresses(kind: IdentityKind, number: int, octets: bytes) -> Identity | None:
    size = 4 if kind in (_K.IPV4, _K.IPV4_RANGE) else 16
    if kind in (_K.IPV4, _K.IPV6):
        return Identity(kind, str(ipaddress.ip_address(octets))) if len(octets) == size else None
    if kind is _K.GENERAL_NAME or len(octets) != 2 * size:
        return None
    first, last = ipaddress.ip_address(octets[:size]), ipaddress.ip_address(octets[size:])
    if number in (4, 6):
        try:
            bits = int(last).bit_count()
            net = ipaddress.ip_network(f"{first}/{bits}")
        except ValueError:
            return None
        if net.netmask != last:
            return None
        first, last = net[0], net[-1]
    return Identity(kind, f"{first}-{last}") if int(first) <= int(last) else None


def _address(text: str) -> Identity | None:
    """An address, a subnet or a range; None if the text is not one. A `:` anywhere makes it IPv6."""
    six = ":" in text
    try:
        head, slash, bits = text.partition("/")
        if slash:
            leading = re.match(r"[0-9]+", bits)  # as atoi reads it
            length = int(leading[0]) if leading else 0
            net = ipaddress.ip_network(f"{_plain(head, six=six)}/{length}", strict=False)
            return _range(net[0], net[-1])
        head, dash, tail = text.partition("-")
        if dash:
            first, last = _plain(head, six=six), _plain(tail, six=six)
            return _range(first, last) if int(first) <= int(last) else None
        address = _plain(text, six=six)
    except ValueError:
        return None
    return Identity(_K.IPV4 if address.version == 4 else _K.IPV6, str(address))


def _plain(text: str, *, six: bool) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if "%" in text:  # inet_pton knows no zones
        raise ValueError(text)
    return ipaddress.IPv6Address(text) if six else ipaddress.IPv4Address(text)


def _range(
    first: ipaddress.IPv4Address | ipaddress.IPv6Address,
    last: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> Identity:
    return Identity(_K.IPV4_RANGE if first.version == 4 else _K.IPV6_RANGE, f"{first}-{last}")


def _xmpp_address(octets: bytes) -> bytes:
    """An otherName with an id-on-xmppAddr (RFC 6120 section 13.7.1.4)."""
    oid = der.wrapped(der.OID, der.oid_octets("1.3.6.1.5.5.7.8.5"))
    text = der.wrapped(0xA0, der.wrapped(UTF8, octets))
    return der.wrapped(0xA0, oid + text)


def from_hex(text: str) -> bytes:
    """Hexadecimal as strongSwan reads it, from the end: a colon between octets is skipped, any other
    character that is not a digit counts as 0, and an odd number of digits begins with half an octet."""
    letters = text.encode("utf-8", "surrogatepass")
    octets, at, digits = list[int](), len(letters) - 1, len(letters) - letters.count(b":")
    for _ in range((digits + 1) // 2):
        if at >= 0 and letters[at] == ord(":"):
            at -= 1
        octets.append(16 * _digit(letters, at - 1) + _digit(letters, at))
        at -= 2
    if digits % 2:
        octets[-1] &= 0x0F
    return bytes(reversed(octets))


def _digit(letters: bytes, at: int) -> int:
    return int(letters[at : at + 1], 16) if at >= 0 and letters[at] in _HEX else 0


_HEX = frozenset(b"0123456789abcdefABCDEF")
