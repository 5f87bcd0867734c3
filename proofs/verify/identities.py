"""Whether an identity is the one a policy expects, and how well (strongSwan's `matches`)."""

from __future__ import annotations

import ipaddress

from model.vocabulary.identities import Identity, IdentityKind

PERFECT, ANY, NONE = 20, 1, 0
_RANGES = {
    IdentityKind.IPV4: IdentityKind.IPV4_RANGE,
    IdentityKind.IPV6: IdentityKind.IPV6_RANGE,
}


def match(identity: Identity, expected: Identity) -> int:
    """0: no match; 1: anything is expected; up to 20 for the very same; wildcards between."""
    if expected.kind is IdentityKind.ANY:
        return ANY
    if expected == identity:
        return PERFECT
    if _RANGES.get(identity.kind) is expected.kind:
        low, high = (int(ipaddress.ip_address(part)) for part in expected.text.split("-"))
        return PERFECT - 1 if low <= int(ipaddress.ip_address(identity.text)) <= high else NONE
    if expected.kind is not identity.kind:
        return NONE
    if identity.kind is IdentityKind.PRINCIPAL:
        return _match_principal(identity.text.casefold(), expected.text.casefold())
    if identity.kind is IdentityKind.DN:
        return _match_dn(identity.text, expected.text)
    if identity.kind in (IdentityKind.FQDN, IdentityKind.USER_FQDN):
        head, star, tail = expected.text.partition("*")
        if star and not head and identity.text.endswith(tail) and identity.text != tail:
            return PERFECT - 1
    return NONE


def _match_principal(name: str, expected: str) -> int:
    """A name that is shown may leave its realm out; case does not count, as with Windows."""
    whole = "@" in name
    return PERFECT if name == (expected if whole else expected.rpartition("@")[0]) else NONE


def _match_dn(text: str, expected: str) -> int:
    """Relative names one by one; `*` as a value takes any (RDNs in the same order)."""
    have, want = text.split(", "), expected.split(", ")
    if len(have) != len(want):
        return NONE
    wildcards = 0
    for mine, theirs in zip(have, want, strict=True):
        key, _, value = theirs.partition("=")
        if mine.partition("=")[0] != key or value not in ("*", mine.partition("=")[2]):
            return NONE
        wildcards += value == "*"
    return max(PERFECT - wildcards, ANY + 1)
