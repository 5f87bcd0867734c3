"""Offers of messages and of policies, and what policies take, in the cells of `explorer.session.offers`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from explorer.session.offers import NONE, Offered, Wanted
from explorer.session.times import spoken
from explorer.view.suites import group_name
from impl.wire.numbers import (
    AhTransform,
    Encapsulation,
    IpsecAttribute,
    LifeType,
    OakleyAttribute,
    ProtocolId,
    in_digits,
    name_of,
)
from impl.wire.proposals import Proposal, SecurityAssociation, Transform
from model.choice import Offer, on_the_wire
from model.vocabulary.places import Place
from model.vocabulary.policy import Child, Connection, Life
from model.vocabulary.suites import (
    AuthMethod,
    Cipher,
    Encryption,
    Group,
    Hash,
    Integrity,
    Phase1Suite,
    Phase2Suite,
)

#: combinations of a bundle, and transforms of an offer, that are compared
MOST = 64
NO, UNSTATED, NOTHING = "no", "not stated", "none"
_ESP = {item.esp_number: item for item in Encryption if item.esp_number is not None}
_OAKLEY = {item.phase1_number: item for item in Encryption if item.phase1_number is not None}
_HASHES = {item.number: item for item in Hash if item.number is not None}
_INTEGRITIES = {item.number: item for item in Integrity if item.number is not None}
_GROUPS = {item.number: item for item in Group}
_AH: dict[int, Integrity] = {
    AhTransform.MD5: Integrity.HMAC_MD5,
    AhTransform.SHA1: Integrity.HMAC_SHA1,
    AhTransform.SHA2_256: Integrity.HMAC_SHA2_256,
    AhTransform.SHA2_384: Integrity.HMAC_SHA2_384,
    AhTransform.SHA2_512: Integrity.HMAC_SHA2_512,
}
_TUNNEL = (Encapsulation.TUNNEL, Encapsulation.UDP_TUNNEL, Encapsulation.UDP_TUNNEL_DRAFT)
_TRANSPORT = (
    Encapsulation.TRANSPORT,
    Encapsulation.UDP_TRANSPORT,
    Encapsulation.UDP_TRANSPORT_DRAFT,
)
#: methods of Phase I; number 65001 is Kerberos or XAUTH
_METHODS = {
    1: AuthMethod.PRE_SHARED_KEY, 2: AuthMethod.CERTIFICATE, 3: AuthMethod.CERTIFICATE,
    9: AuthMethod.CERTIFICATE, 10: AuthMethod.CERTIFICATE, 11: AuthMethod.CERTIFICATE,
    64221: AuthMethod.HYBRID, 65002: AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY,
    65005: AuthMethod.XAUTH_CERTIFICATE, 65006: AuthMethod.XAUTH_RESPONDER_CERTIFICATE,
}  # fmt: skip


# ---- of a message
def quick_offers(item: SecurityAssociation) -> list[Offered]:
    """The transforms of a Quick Mode offer; the protocols of a bundle stand together in a cell."""
    found: list[Offered] = []
    alone = len({proposal.number for proposal in item.proposals}) == 1
    for number, group in itertools.groupby(item.proposals, lambda proposal: proposal.number):
        parts = list(group)
        combined = itertools.product(*(part.transforms for part in parts))
        for chosen in itertools.islice(combined, MOST):
            within = str(chosen[0].number) if len(parts[0].transforms) > 1 else ""
            title = within if alone and within else ".".join(filter(None, (str(number), within)))
            cells = [_quick(*pair) for pair in zip(parts, chosen, strict=True)]
            found.append(Offered(title, _joined(cells)))
    return found[:MOST]


def _joined(cells: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    return {row: " + ".join(dict.fromkeys(cell[row] for cell in cells)) for row in cells[0]}


def _quick(proposal: Proposal, transform: Transform) -> Mapping[str, str]:
    named = IpsecAttribute
    bits, integrity = transform.get(named.KEY_LENGTH), transform.get(named.AUTHENTICATION)
    esp = proposal.protocol == ProtocolId.ESP
    proof = _INTEGRITIES.get(integrity) if esp and integrity is not None else _AH.get(transform.id)
    number = integrity if esp else transform.id
    proved = proof.value if proof is not None else _unnamed("algorithm", number)
    return {
        "protocol": name_of(ProtocolId, proposal.protocol),
        "encryption": _cipher(_ESP, transform.id, bits) if esp else NOTHING,
        "integrity": NOTHING if number is None else proved,
        "PFS": _group(transform.get(named.GROUP)) or NO,
        "mode": _mode(transform.get(named.ENCAPSULATION)),
        **_lives(transform, named.LIFE_TYPE, named.LIFE_DURATION),
    }


def phase1_offers(item: SecurityAssociation, kerberos: bool | None) -> list[Offered]:
    """The transforms of a Phase I offer. `kerberos`: whether method 65001 is Kerberos, if that is known."""
    named = OakleyAttribute
    found = []
    for transform in (x for proposal in item.proposals for x in proposal.transforms):
        number, method = transform.get(named.HASH), transform.get(named.AUTHENTICATION)
        hash_ = _HASHES[number].value if number in _HASHES else _unnamed("hash", number)
        how = _METHODS.get(method or 0)
        if method == 65001:
            how = AuthMethod.XAUTH_PRE_SHARED_KEY if kerberos is False else AuthMethod.KERBEROS
        cells = {
            "encryption": _cipher(_OAKLEY, transform.get(named.ENCRYPTION), transform.get(named.KEY_LENGTH)),
            "hash": hash_,
            "group": _group(transform.get(named.GROUP)) or NOTHING,
            "method": how.value if how is not None else _unnamed("method", method),
            **_lives(transform, named.LIFE_TYPE, named.LIFE_DURATION),
        }  # fmt: skip
        found.append(Offered(str(transform.number), cells))
    return found[:MOST]


def _cipher(known: Mapping[int, Encryption], number: int | None, bits: int | None) -> str:
    if number is None:
        return NOTHING
    return str(Cipher(known[number], bits)) if number in known else _unnamed("cipher", number)


def _group(number: int | None) -> str:
    if number is None:
        return ""
    return _GROUPS[number].value if number in _GROUPS else group_name(number)


def _mode(number: int | None) -> str:
    if number is None:
        return UNSTATED
    if number in _TUNNEL:
        return "tunnel"
    return "transport" if number in _TRANSPORT else _unnamed("mode", number)


def _unnamed(what: str, number: int | None) -> str:
    return f"{what} {in_digits(number)}" if number is not None else NOTHING


def _lives(transform: Transform, kind: int, duration: int) -> Mapping[str, str]:
    found, unit = {"lifetime": UNSTATED, "kilobytes": UNSTATED}, None
    for item in transform.attributes:
        if item.type == kind:
            unit = item.number
        elif item.type == duration and unit == LifeType.SECONDS:
            found["lifetime"] = _seconds(item.number)
        elif item.type == duration and unit == LifeType.KILOBYTES:
            found["kilobytes"] = in_digits(item.number)
    return found


def _seconds(number: int) -> str:
    return spoken(number) if number < 10**9 else f"{in_digits(number)} s"


# ---- of a policy
def policy_quick(offers: Iterable[Offer[Phase2Suite]], child: Child) -> list[Offered]:
    """What a policy offers in Quick Mode, each with its line."""
    return [
        Offered(str(number), _suite2(item.suite) | _life(child.life), _at(item.place))
        for number, item in enumerate(offers, 1)
    ]


def policy_phase1(offers: Iterable[Offer[Phase1Suite]], connection: Connection) -> list[Offered]:
    """What a policy offers in Phase I, each with its line."""
    return [
        Offered(str(number), _suite1(item.suite) | _life(connection.life), _at(item.place))
        for number, item in enumerate(offers, 1)
    ]


def _suite1(suite: Phase1Suite) -> dict[str, str]:
    return {
        "encryption": str(suite.encryption),
        "hash": suite.hash.value,
        "group": suite.group.value,
        "method": suite.authentication.value,
    }


def _suite2(suite: Phase2Suite) -> dict[str, str]:
    cells = [
        {
            "protocol": part.protocol.name,
            "encryption": str(part.encryption) if part.encryption is not None else NOTHING,
            "integrity": part.integrity.value if part.integrity is not None else NOTHING,
            "PFS": suite.pfs_group.value if suite.pfs_group is not None else NO,
            "mode": suite.mode.value,
        }
        for part in suite.protections
    ]
    return dict(_joined(cells))


def _life(life: Life) -> dict[str, str]:
    seconds, kilobytes = life.offered_seconds.value, life.offered_kilobytes.value
    return {
        "lifetime": spoken(seconds) if seconds is not None else UNSTATED,
        "kilobytes": str(kilobytes) if kilobytes is not None else UNSTATED,
    }


def wanted_quick(child: Child) -> list[Wanted]:
    """What a policy takes in Quick Mode: one entry a proposal."""
    found = []
    for proposal in child.proposals:
        parts = proposal.protections
        cells = {
            "protocol": _several([part.protocol.name] for part in parts),
            "encryption": _several([str(x) for x in part.ciphers] or [NOTHING] for part in parts),
            "integrity": _several([x.value for x in part.integrities] or [NOTHING] for part in parts),
            "PFS": tuple(x.value if x is not None else NO for x in proposal.groups) or (NO,),
            "mode": (on_the_wire(child.mode.value).value,),
            **{row: (text,) for row, text in _hard(child.life).items()},
        }  # fmt: skip
        found.append(Wanted(cells, _at(proposal.place or child.place)))
    return found


def wanted_phase1(connection: Connection) -> list[Wanted]:
    """What a policy takes in Phase I: one entry a proposal."""
    methods = tuple(dict.fromkeys(x.method.value.value for x in connection.authentications))
    return [
        Wanted(
            {
                "encryption": tuple(map(str, item.ciphers)),
                "hash": tuple(x.value for x in item.hashes),
                "group": tuple(x.value for x in item.groups),
                "method": methods,
                **{row: (text,) for row, text in _hard(connection.life).items()},
            },
            _at(item.place or connection.place),
        )
        for item in connection.proposals
    ]


def _several(parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """What a bundle takes in a cell: every combination of its parts."""
    joined = (" + ".join(dict.fromkeys(words)) for words in itertools.product(*parts))
    return tuple(dict.fromkeys(itertools.islice(joined, MOST)))


def _hard(life: Life) -> Mapping[str, str]:
    seconds, kilobytes = life.hard_seconds.value, life.hard_kilobytes.value
    return {
        "lifetime": spoken(seconds) if seconds is not None else "no limit",
        "kilobytes": str(kilobytes) if kilobytes is not None else "no limit",
    }


def _at(place: Place | None) -> str:
    return str(place) if place is not None else ""


def written(
    offers: Iterable[Offered], policy: Sequence[Offered], compared: Iterable[str]
) -> Iterator[Offered]:
    """The offers of a message, each with the line of the policy that says the same."""
    rows = tuple(compared)
    lines = {tuple(item.cells.get(row, NONE) for row in rows): item.at for item in policy}
    for item in offers:
        at = lines.get(tuple(item.cells.get(row, NONE) for row in rows), "")
        yield Offered(item.title, item.cells, at)
