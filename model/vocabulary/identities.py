"""Phase I identities as policies state them (RFC 2407 section 4.6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class IdentityKind(Enum):
    """Types of an ID payload, and the two words that stand for a choice made later."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    IPV4_RANGE = "ipv4-range"  # address ranges and subnets serve only to match, never to send
    IPV6_RANGE = "ipv6-range"
    FQDN = "fqdn"
    USER_FQDN = "user-fqdn"
    DN = "dn"
    KEY_ID = "key-id"
    PRINCIPAL = "principal"  # a Kerberos name, carried by GSS-API and not by the ID payload
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity, in normal form: lower-case names and addresses, DNs as RFC 4514 text.

    A range's `text` is `first-last`; a key id's is hex. `*` in names and DNs is a wildcard where
    the profile allows one.
    """

    kind: IdentityKind
    text: str

    @property
    def described(self) -> str:
        """For people."""
        return f"{self.kind.value} {self.text}"

    @property
    def written(self) -> str:
        """For swanctl.conf."""
        return self.text if self.kind is not IdentityKind.KEY_ID else f"keyid:{self.text}"

    def __str__(self) -> str:
        return "any" if self.kind is IdentityKind.ANY else self.text


ANY_IDENTITY = Identity(IdentityKind.ANY, "")
