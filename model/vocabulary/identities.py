"""Phase I identities as policies state them (RFC 2407 section 4.6.2)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum

from model.vocabulary.names import DistinguishedName


class IdentityKind(Enum):
    """Types of an ID payload, and the two words that stand for a choice made later."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    IPV4_RANGE = "ipv4-range"  # address ranges and subnets serve only to match, never to send
    IPV6_RANGE = "ipv6-range"
    FQDN = "fqdn"
    USER_FQDN = "user-fqdn"
    DN = "dn"
    GENERAL_NAME = "general-name"
    KEY_ID = "key-id"
    OTHER = "other"  # a type that has no name here: `text` is `NUMBER:hex`
    PRINCIPAL = "principal"  # a Kerberos name, carried by GSS-API and not by the ID payload
    ANY = "any"


_K = IdentityKind
_CALLED = {
    _K.IPV4: "address", _K.IPV6: "address", _K.FQDN: "FQDN", _K.USER_FQDN: "user FQDN",
    _K.DN: "distinguished name", _K.GENERAL_NAME: "general name", _K.KEY_ID: "key ID",
    _K.OTHER: "identity of type", _K.PRINCIPAL: "Kerberos principal",
}  # fmt: skip
_PREFIXES = {
    _K.IPV4: "ipv4", _K.IPV6: "ipv6", _K.IPV4_RANGE: "ipv4range", _K.IPV6_RANGE: "ipv6range",
    _K.FQDN: "fqdn", _K.USER_FQDN: "userfqdn", _K.DN: "asn1dn", _K.GENERAL_NAME: "asn1gn",
    _K.KEY_ID: "keyid",
}  # fmt: skip
#: what strongSwan reads as an FQDN, or a user FQDN, without a prefix
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_.*-]*")
_PLAIN_USER = re.compile(r"[A-Za-z0-9_.*+-]+@[A-Za-z0-9_.*-]*")
_LIKE_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}([/-][0-9./]*)?")
_UNQUOTED = re.compile(r"[A-Za-z0-9_.*@:/+%-]+")


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """An identity, in normal form.

    text   names and addresses in small letters; a range as `first-last`; a key ID in hex; a DN as
           `C=CH, O=Example`. `#hex` stands for octets that are not such text
    name   of a DN: its structure, which decides; None if its octets are not a DN

    `*` at the beginning of a name, and as a value in a DN, is a wildcard where it is expected.
    """

    kind: IdentityKind
    text: str
    name: DistinguishedName | None = None

    def __post_init__(self) -> None:
        if self.kind is _K.DN and self.name is None and not self.text.startswith("#"):
            object.__setattr__(self, "name", DistinguishedName.read(self.text))

    @classmethod
    def of_name(cls, name: DistinguishedName) -> Identity:
        """A distinguished name as an identity."""
        return cls(_K.DN, name.text, name)

    @classmethod
    def of_der(cls, octets: bytes) -> Identity:
        """A distinguished name in DER, octet by octet as it stands there, a name or not."""
        try:
            return cls.of_name(DistinguishedName.from_der(octets))
        except ValueError:
            return cls(_K.DN, f"#{octets.hex()}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Identity):
            return NotImplemented
        if self.name is not None or other.name is not None:
            return self.name == other.name
        return self.kind is other.kind and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.name) if self.name is not None else hash((self.kind, self.text))

    def __str__(self) -> str:
        if self.kind is _K.ANY:
            return "any"
        if self.kind is _K.KEY_ID:
            return self._key_id() or (f"0x{self.text}" if self.text else '""')
        if self.text.startswith("#"):
            return f"0x{self.text[1:]}"
        if self.kind in (_K.IPV4_RANGE, _K.IPV6_RANGE):
            return _subnet(self.text)
        return self.text or '""'

    def _key_id(self) -> str:
        """A key ID as text, if it is text that can be shown without doubt; else empty."""
        try:
            text = bytes.fromhex(self.text).decode()
        except UnicodeDecodeError:
            return ""
        return text if text.isprintable() and not text.startswith("#") else ""

    @property
    def described(self) -> str:
        """With its type, for readers: `the FQDN 192.0.2.1`, `the key ID office`."""
        if self.kind is _K.ANY:
            return "any identity"
        if self.kind in (_K.IPV4_RANGE, _K.IPV6_RANGE) and not self.text.startswith("#"):
            return f"an address of {self}"
        called = _CALLED.get(self.kind, "identity")
        if self.open:
            return f"{'an' if called == 'FQDN' else 'a'} {called} that matches {self}"
        return f"the {called} {self}"

    @property
    def open(self) -> bool:
        """Whether it has a wildcard, and so is a pattern when it is expected."""
        if self.name is not None:
            return self.name.open
        return self.kind in (_K.FQDN, _K.USER_FQDN) and self.text.startswith("*")

    @property
    def written(self) -> str:
        """What to write after `id =` in swanctl.conf, so that strongSwan reads this very identity.

        A prefix names the kind only where strongSwan would read another one; quotes stand where needed.
        A principal has no form there: its text is returned.
        """
        text = self._unquoted()
        if _UNQUOTED.fullmatch(text):
            return text
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    def _unquoted(self) -> str:
        if self.kind is _K.ANY:
            return "%any"
        if self.kind is _K.KEY_ID:
            text = self._key_id()
            return f"keyid:{text}" if text else f"keyid:#{self.text}"
        if self.kind is _K.OTHER:
            number, _, digits = self.text.partition(":")
            return f"{{{number}}}:#{digits}"
        if self.kind is _K.PRINCIPAL:
            return self.text
        if self.text.startswith("#"):
            return f"{_PREFIXES[self.kind]}:{self.text}"
        if self.name is not None:
            return self.name.written
        if self.kind in (_K.IPV4, _K.IPV6) and self.text in (
            "0.0.0.0",
            "::",
        ):  # without a prefix they stand for any
            return f"{_PREFIXES[self.kind]}:#{ipaddress.ip_address(self.text).packed.hex()}"
        if self.kind is _K.FQDN and not (_PLAIN_NAME.fullmatch(self.text) and self._is_name()):
            return f"fqdn:{self.text}"
        if self.kind is _K.USER_FQDN and not _PLAIN_USER.fullmatch(self.text):
            return f"userfqdn:{self.text}"
        return str(self)

    def _is_name(self) -> bool:
        """Whether text without prefix is read as a name: not as an address, a range or a wildcard."""
        if self.text == "*" or _LIKE_ADDRESS.fullmatch(self.text):
            return False
        for part in (self.text, *self.text.split("-", 1)):
            try:
                ipaddress.ip_address(part)
            except ValueError:
                continue
            return False
        return True


def _subnet(text: str) -> str:
    """A range as a subnet, if it is one."""
    first, last = (ipaddress.ip_address(part) for part in text.split("-"))
    bits = (int(last) - int(first)).bit_length()
    size = first.max_prefixlen
    if int(first) % (1 << bits) == 0 and int(last) - int(first) == (1 << bits) - 1:
        return f"{first}/{size - bits}"
    return text


ANY_IDENTITY = Identity(IdentityKind.ANY, "")
