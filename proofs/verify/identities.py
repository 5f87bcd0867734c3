"""Whether an identity matches what a policy expects, and how well (strongSwan's `matches`, 5.9.8)."""

from __future__ import annotations

import ipaddress

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.names import RdnMatching

PERFECT, LEAST_WILD, ANY, NONE = 20, 2, 1, 0
_RANGES = {
    IdentityKind.IPV4: IdentityKind.IPV4_RANGE,
    IdentityKind.IPV6: IdentityKind.IPV6_RANGE,
}


def match(identity: Identity, expected: Identity, rule: RdnMatching = RdnMatching.STRICT) -> int:
    """0: no match; 1: anything is expected; up to 20 for equality; wildcards in between.

    rule   how distinguished names are compared (`charon.rdn_matching`)
    """
    if expected.kind is IdentityKind.ANY:
        return ANY
    if identity.name is not None and expected.name is not None:
        return _match_names(identity, expected, rule)
    if expected == identity:
        # for strongSwan two empty key IDs differ
        return NONE if identity.kind is IdentityKind.KEY_ID and not identity.text else PERFECT
    if _RANGES.get(identity.kind) is expected.kind:
        return _match_range(identity.text, expected.text)
    if expected.kind is not identity.kind:
        return NONE
    if identity.kind is IdentityKind.PRINCIPAL:
        return _match_principal(identity.text.casefold(), expected.text.casefold())
    if identity.kind in (IdentityKind.FQDN, IdentityKind.USER_FQDN):
        return _match_text(identity.text, expected.text)
    return NONE


def _match_text(text: str, expected: str) -> int:
    """A `*` at the beginning matches one letter or more; alone it is no better than any."""
    head, star, tail = expected.partition("*")
    if not star or head or not text:
        return NONE
    if not tail:
        return ANY
    return PERFECT - 1 if text.endswith(tail) and text != tail else NONE


def _match_range(text: str, expected: str) -> int:
    """An address in a subnet or range; a range of one address is that address, and one of all hardly better than any."""
    if text.startswith("#") or expected.startswith("#"):
        return NONE
    low, high = (ipaddress.ip_address(part) for part in expected.split("-"))
    if not int(low) <= int(ipaddress.ip_address(text)) <= int(high):
        return NONE
    if low == high:
        return PERFECT
    everything = int(high) - int(low) == (1 << low.max_prefixlen) - 1
    return LEAST_WILD if everything else PERFECT - 1


def _match_principal(name: str, expected: str) -> int:
    """The peer's name may omit its realm; case does not matter, as with Windows."""
    whole = "@" in name
    return PERFECT if name == (expected if whole else expected.rpartition("@")[0]) else NONE


def _match_names(identity: Identity, expected: Identity, rule: RdnMatching) -> int:
    assert identity.name is not None and expected.name is not None
    wildcards = identity.name.wildcards(expected.name, rule)
    return NONE if wildcards is None else max(PERFECT - wildcards, LEAST_WILD)
