"""Identities that a policy leaves partly open: `*.example.com`, `*@example.com`, a DN with `*` for a value, a
range of addresses (RFC 2407 section 4.6.2.1; as strongSwan has it, seen in runs; R5).

Written apart from the rule by which `verify` matches identities, so that the two can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from impl.auth.names import normal_name
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification
from model.vocabulary.names import DistinguishedName

_OPEN = "*"


@dataclass(frozen=True, slots=True)
class NamePattern:
    """Names, or mail addresses, that end so and have something before it; whatever their case."""

    type: IdType
    tail: str

    @classmethod
    def of(cls, type_: IdType, text: str) -> NamePattern:
        """From `*` and an end; another `*` is but a character. ValueError without the first."""
        if not text.startswith(_OPEN):
            raise ValueError("a wildcard must come first")
        return cls(type_, text[1:].lower())

    def takes(self, shown: Identification) -> bool:
        """Whether it is one of them."""
        if shown.type != self.type:
            return False
        try:
            name = shown.data.decode().lower()
        except UnicodeDecodeError:
            return False
        return name.endswith(self.tail) and name != self.tail

    def __str__(self) -> str:
        return f"{_OPEN}{self.tail}"


@dataclass(frozen=True, slots=True)
class DnPattern:
    """Distinguished names of these types, in this order, with these values; None is any value.

    text   as the policy has it
    """

    parts: tuple[tuple[bytes, str | None], ...]
    text: str

    @classmethod
    def of(cls, text: str) -> DnPattern:
        """From text such as `O=Example, CN=*`; ValueError for text that is not a name."""
        name = DistinguishedName.read(text)
        if name is None:
            raise ValueError("not a distinguished name")
        normal = normal_name(name.der)
        found: list[tuple[bytes, str | None]] = []
        for part, attribute in zip(normal, name.attributes, strict=True):
            ((kind, said),) = part
            found.append((kind, None if attribute.value == _OPEN.encode() else said))
        return cls(tuple(found), text)

    def takes(self, shown: Identification) -> bool:
        """Whether it is one of them; a part of several values is none that a policy can write."""
        if shown.type != IdType.DER_ASN1_DN:
            return False
        try:
            name = normal_name(shown.data)
        except ValueError:
            return False
        if len(name) != len(self.parts) or any(len(part) != 1 for part in name):
            return False
        return all(
            (kind, said if value is None else value) == (kind_, said)
            for (kind, value), part in zip(self.parts, name, strict=True)
            for kind_, said in part
        )

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses from the first to the last."""

    first: IPv4Address | IPv6Address
    last: IPv4Address | IPv6Address

    def takes(self, shown: Identification) -> bool:
        """Whether it is an address of these."""
        version = self.first.version
        wanted, octets = (IdType.IPV4_ADDR, 4) if version == 4 else (IdType.IPV6_ADDR, 16)
        if shown.type != wanted or len(shown.data) != octets:
            return False
        return int(self.first) <= int.from_bytes(shown.data, "big") <= int(self.last)

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


Pattern = NamePattern | DnPattern | AddressRange
