"""Transforms on the wire: what is offered, and which offer an end takes (RFC 2407 4.5, 2409 app. A; R3, R7,
R10). Written apart from the specification's rule of choice, so that the two can be held together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, TypeVar

from impl.crypto.ciphers import cipher_of
from impl.crypto.groups import group_of
from impl.crypto.hashes import HASHES
from impl.ike.settings import ConnectionSettings, Lifetime, Phase1Choice, Phase2Choice
from impl.wire.errors import WireError
from impl.wire.numbers import (
    DOI_IPSEC,
    KEY_IKE,
    EspTransform,
    Integrity,
    IpsecAttribute,
    LifeType,
    Method,
    OakleyAttribute,
    ProtocolId,
)
from impl.wire.proposals import (
    Attribute,
    Proposal,
    SecurityAssociation,
    Transform,
    decode_sa,
    encode_sa,
)

#: what a transform without a lifetime means, in seconds (RFC 2407 4.5)
DEFAULT_LIFE = 28_800
#: the longest lifetime that counts, in seconds or kilobytes
LONGEST_LIFE = (1 << 32) - 1
_SHORT = 1 << 16
# plain numbers: each look into an enumeration costs as much as an attribute
_ENCRYPTION, _HASH, _AUTHENTICATION, _GROUP, _KEY_LENGTH = (
    int(item)
    for item in (
        OakleyAttribute.ENCRYPTION,
        OakleyAttribute.HASH,
        OakleyAttribute.AUTHENTICATION,
        OakleyAttribute.GROUP,
        OakleyAttribute.KEY_LENGTH,
    )
)
_ENCAPSULATION, _KEY_LENGTH2, _INTEGRITY, _GROUP2 = (
    int(item)
    for item in (
        IpsecAttribute.ENCAPSULATION,
        IpsecAttribute.KEY_LENGTH,
        IpsecAttribute.AUTHENTICATION,
        IpsecAttribute.GROUP,
    )
)
_C = TypeVar("_C", Phase1Choice, Phase2Choice)
_LIFE1 = int(OakleyAttribute.LIFE_TYPE), int(OakleyAttribute.LIFE_DURATION)
_LIFE2 = int(IpsecAttribute.LIFE_TYPE), int(IpsecAttribute.LIFE_DURATION)
_SECONDS, _KILOBYTES = int(LifeType.SECONDS), int(LifeType.KILOBYTES)
_PHASE1 = frozenset(
    int(item)
    for item in (
        OakleyAttribute.ENCRYPTION,
        OakleyAttribute.KEY_LENGTH,
        OakleyAttribute.HASH,
        OakleyAttribute.AUTHENTICATION,
        OakleyAttribute.GROUP,
        OakleyAttribute.LIFE_TYPE,
        OakleyAttribute.LIFE_DURATION,
    )
)
#: attributes that carry a name in transforms of Kerberos; Windows 2000 was seen with the second, too
_NAMES = frozenset((OakleyAttribute.GSS_IDENTITY_NAME, 32001))
_PHASE2 = frozenset(
    int(item)
    for item in (
        IpsecAttribute.LIFE_TYPE,
        IpsecAttribute.LIFE_DURATION,
        IpsecAttribute.GROUP,
        IpsecAttribute.ENCAPSULATION,
        IpsecAttribute.AUTHENTICATION,
        IpsecAttribute.KEY_LENGTH,
    )
)
_CIPHER_OCTETS = {EspTransform.DES: 8, EspTransform.TRIPLE_DES: 24, EspTransform.NULL: 0}
_GCM = (EspTransform.AES_GCM_8, EspTransform.AES_GCM_12, EspTransform.AES_GCM_16)
_INTEGRITY_OCTETS = {
    Integrity.HMAC_MD5: 16,
    Integrity.HMAC_SHA1: 20,
    Integrity.HMAC_SHA2_256: 32,
    Integrity.HMAC_SHA2_384: 48,
    Integrity.HMAC_SHA2_512: 64,
}


class Taken1(NamedTuple):
    """The choice of Phase I: the transform as it came, what it is, and its lifetime in seconds."""

    proposal: Proposal
    transform: Transform
    choice: Phase1Choice
    seconds: int


class Taken2(NamedTuple):
    """The choice of Phase II; its lifetime in kilobytes too, None if it states none."""

    proposal: Proposal
    transform: Transform
    choice: Phase2Choice
    seconds: int
    kilobytes: int | None


# ---- attributes
def _value(type_: int, number: int) -> Attribute:
    """A number in the short form where it fits, else in four octets."""
    return Attribute(type_, number if number < _SHORT else number.to_bytes(4, "big"))


def life_attributes(
    type_: int, duration: int, seconds: int | None, kilobytes: int | None
) -> Iterator[Attribute]:
    """A lifetime as attributes: pairs of type and duration, in that order."""
    for kind, number in ((LifeType.SECONDS, seconds), (LifeType.KILOBYTES, kilobytes)):
        if number is not None:
            yield Attribute(type_, kind)
            yield _value(duration, number)


def durations_of(attributes: Iterable[Attribute], type_: int, duration: int) -> dict[int, int]:
    """Durations by what they count; of two, the first. 0 states none, and no more than four octets hold is
    told: the wire allows any number of them."""
    kind: int | None = None
    found: dict[int, int] = {}
    for item in attributes:
        if item.type == type_:
            kind = item.number
        elif item.type == duration and kind is not None and item.number:
            found.setdefault(kind, min(item.number, LONGEST_LIFE))
    return found


def _rank(choice: _C, ranks: Sequence[Sequence[_C]]) -> int | None:
    """The rank of a choice among those that are taken; None if it is not."""
    return next((rank for rank, equal in enumerate(ranks) if choice in equal), None)


def _values(transform: Transform) -> dict[int, int]:
    """Attributes as numbers, by type; of two, the first."""
    return {item.type: item.number for item in reversed(transform.attributes)}


# ---- Phase I
@lru_cache(maxsize=256)
def offer_phase1(
    choices: tuple[Phase1Choice, ...], life: Lifetime, named: Attribute | None = None
) -> SecurityAssociation:
    """The SA payload of message 1: one proposal, a transform a choice, in order.

    named   the own name, which goes with each choice of Kerberos
    """
    transforms = tuple(
        Transform(number, KEY_IKE, tuple(_phase1_attributes(choice, life, named)))
        for number, choice in enumerate(choices, 1)
    )
    made = SecurityAssociation((Proposal(1, ProtocolId.ISAKMP, b"", transforms),))
    return replace(made, body=encode_sa(made))  # it is hashed more than once


def _phase1_attributes(
    choice: Phase1Choice, life: Lifetime, named: Attribute | None
) -> Iterator[Attribute]:
    yield Attribute(OakleyAttribute.ENCRYPTION, choice.encryption)
    if choice.key_bits is not None:
        yield Attribute(OakleyAttribute.KEY_LENGTH, choice.key_bits)
    yield Attribute(OakleyAttribute.HASH, choice.hash)
    yield Attribute(OakleyAttribute.GROUP, choice.group)
    yield Attribute(OakleyAttribute.AUTHENTICATION, choice.method)
    types = OakleyAttribute.LIFE_TYPE, OakleyAttribute.LIFE_DURATION
    yield from life_attributes(*types, life.offered, None)
    if choice.method == Method.KERBEROS and named is not None:
        yield named


def phase1_choice(transform: Transform) -> Phase1Choice | None:
    """What a transform of Phase I is; None if it says something that is not understood."""
    get = (values := _values(transform)).get
    encryption, hash_ = get(_ENCRYPTION), get(_HASH)
    method, group = get(_AUTHENTICATION), get(_GROUP)
    known = _PHASE1 | _NAMES if method == Method.KERBEROS else _PHASE1
    if transform.id != KEY_IKE or not values.keys() <= known:
        return None
    if encryption is None or hash_ is None or method is None or group is None:
        return None
    return Phase1Choice(encryption, get(_KEY_LENGTH), hash_, method, group)


def take_phase1(
    sa: SecurityAssociation, ranks: Sequence[Sequence[Phase1Choice]], *, prefers_own: bool
) -> Taken1 | None:
    """The transform of an offer that this end takes; None if it takes none.

    ranks         what it takes, in its order; what is of equal rank stands together
    prefers_own   the own order decides, and the offer's breaks ties; else the offer's
    """
    found = [
        (rank, position, Taken1(proposal, transform, choice, seconds))
        for position, (proposal, transform, choice, seconds) in enumerate(_phase1_of(sa))
        if (rank := _rank(choice, ranks)) is not None
    ]
    if not found:
        return None
    return min(found, key=lambda item: item[:2] if prefers_own else item[1:2])[2]


def _phase1_of(
    sa: SecurityAssociation,
) -> Iterator[tuple[Proposal, Transform, Phase1Choice, int]]:
    if sa.doi != DOI_IPSEC:
        return
    for proposal in sa.proposals:
        if proposal.protocol != ProtocolId.ISAKMP:
            continue
        for transform in proposal.transforms:
            choice = phase1_choice(transform)
            if choice is not None:
                stated = durations_of(transform.attributes, *_LIFE1)
                yield proposal, transform, choice, stated.get(_SECONDS, DEFAULT_LIFE)


def answered_phase1(sa: SecurityAssociation, choices: Sequence[Phase1Choice]) -> Taken1 | None:
    """What an answer takes of the choices offered; None if it is no single transform of the offer (R7).
    Lifetimes are not compared: no stack is known to, and what is in force is the shorter of both."""
    found = list(_phase1_of(sa))
    count = sum(len(proposal.transforms) for proposal in sa.proposals)
    if count != 1 or len(found) != 1:
        return None
    return Taken1(*found[0]) if found[0][2] in choices else None


# ---- Phase II
def offer_phase2(
    choices: Sequence[Phase2Choice], spi: bytes, life: Lifetime
) -> SecurityAssociation:
    """The SA payload of Quick Mode: a proposal for each run of choices of one protocol, so that their
    order is kept.

    The choices name one PFS group at most: message 1 carries one public value.
    """
    proposals = []
    runs = groupby(choices, key=lambda choice: choice.protocol)
    for number, (protocol, own) in enumerate(runs, 1):
        proposals.append(Proposal(number, protocol, spi, _transforms(tuple(own), life)))
    return SecurityAssociation(tuple(proposals))


@lru_cache(maxsize=256)
def _transforms(choices: tuple[Phase2Choice, ...], life: Lifetime) -> tuple[Transform, ...]:
    return tuple(
        Transform(position, choice.transform, tuple(_phase2_attributes(choice, life)))
        for position, choice in enumerate(choices, 1)
    )


def _phase2_attributes(choice: Phase2Choice, life: Lifetime) -> Iterator[Attribute]:
    yield Attribute(IpsecAttribute.ENCAPSULATION, choice.encapsulation)
    if choice.key_bits is not None:
        yield Attribute(IpsecAttribute.KEY_LENGTH, choice.key_bits)
    if choice.integrity is not None:
        yield Attribute(IpsecAttribute.AUTHENTICATION, choice.integrity)
    if choice.group is not None:
        yield Attribute(IpsecAttribute.GROUP, choice.group)
    types = IpsecAttribute.LIFE_TYPE, IpsecAttribute.LIFE_DURATION
    yield from life_attributes(*types, life.offered, life.kilobytes)


def phase2_choice(protocol: int, transform: Transform) -> Phase2Choice | None:
    """What a transform of Phase II is; None if it says something that is not understood."""
    get = (values := _values(transform)).get
    if not values.keys() <= _PHASE2:
        return None
    encapsulation = get(_ENCAPSULATION)
    if encapsulation is None:
        return None
    own = get(_KEY_LENGTH2), get(_INTEGRITY), get(_GROUP2)
    return Phase2Choice(protocol, transform.id, *own, encapsulation)


def take_phase2(
    sa: SecurityAssociation, ranks: Sequence[Sequence[Phase2Choice]], *, prefers_own: bool
) -> Taken2 | None:
    """The transform of an offer that this end takes, chosen as in Phase I; None if it takes none.
    Bundles, which are proposals of one number, are not taken."""
    numbers = [proposal.number for proposal in sa.proposals]
    found = [
        (rank, position, taken)
        for position, taken in enumerate(_phase2_of(sa))
        if numbers.count(taken.proposal.number) == 1
        and (rank := _rank(taken.choice, ranks)) is not None
    ]
    if not found:
        return None
    return min(found, key=lambda item: item[:2] if prefers_own else item[1:2])[2]


def _phase2_of(sa: SecurityAssociation) -> Iterator[Taken2]:
    for proposal in sa.proposals if sa.doi == DOI_IPSEC else ():
        if len(proposal.spi) != 4:
            continue
        for transform in proposal.transforms:
            choice = phase2_choice(proposal.protocol, transform)
            if choice is not None:
                stated = durations_of(transform.attributes, *_LIFE2)
                seconds = stated.get(_SECONDS, DEFAULT_LIFE)
                kilobytes = stated.get(_KILOBYTES)
                yield Taken2(proposal, transform, choice, seconds, kilobytes)


def answered_phase2(sa: SecurityAssociation, choices: Sequence[Phase2Choice]) -> Taken2 | None:
    """What an answer takes of the own offer; None if it is no single transform of it (R7)."""
    found = list(_phase2_of(sa))
    count = sum(len(proposal.transforms) for proposal in sa.proposals)
    return found[0] if count == len(found) == 1 and found[0].choice in choices else None


def named_phase1(data: bytes, own: Iterable[Phase1Choice]) -> tuple[Phase1Choice, ...]:
    """Which of the own choices the peer names as acceptable in a refusal (R7)."""
    sa = _alternatives(data)
    named = {choice for _, _, choice, _ in _phase1_of(sa)} if sa is not None else set()
    return tuple(choice for choice in own if choice in named)


def named_phase2(data: bytes, own: Iterable[Phase2Choice]) -> tuple[Phase2Choice, ...]:
    """The same for Quick Mode."""
    sa = _alternatives(data)
    named = {taken.choice for taken in _phase2_of(sa)} if sa is not None else set()
    return tuple(choice for choice in own if choice in named)


def _alternatives(data: bytes) -> SecurityAssociation | None:
    try:
        return decode_sa(data, 0) if data else None
    except WireError:
        return None


def only(proposal: Proposal, transform: Transform, spi: bytes) -> SecurityAssociation:
    """An answer: one proposal with one transform, unchanged, and the answerer's SPI."""
    return SecurityAssociation((Proposal(proposal.number, proposal.protocol, spi, (transform,)),))


def unsupported(connection: ConnectionSettings) -> str:
    """What of a connection's choices this engine cannot do, in words; empty if it can do all."""
    for first in {*connection.choices, *(item for rank in connection.takes for item in rank)}:
        known = cipher_of(first.encryption, first.key_bits) is not None and first.hash in HASHES
        if not known or group_of(first.group) is None:
            return f"{first} has a cipher, hash or group that is not supported"
        lacks = _credential_lacks(connection, first.method)
        if lacks:
            return f"{first} has an authentication method that {lacks}"
    for child in connection.children:
        for second in {*child.choices, *(item for rank in child.takes for item in rank)}:
            group = second.group is None or group_of(second.group) is not None
            if key_octets(second) is None or not group:
                return f"{child.name}: {second} is not supported"
        if child.negotiates and not child.choices:
            return f"{child.name} has nothing to offer"
    return "" if connection.choices else "it has nothing to offer"


def _credential_lacks(connection: ConnectionSettings, method: int) -> str:
    """What is missing to do a method, in words; a missing pre-shared key is found out later, by peer."""
    if method == Method.RSA_SIGNATURES:
        return (
            "" if connection.certificate is not None else "needs a certificate, and there is none"
        )
    if method == Method.KERBEROS:
        return "" if connection.kerberos is not None else "needs a principal, and there is none"
    return "" if method == Method.PRE_SHARED_KEY else "is not supported"


@lru_cache(maxsize=256)
def key_octets(choice: Phase2Choice) -> int | None:
    """How much KEYMAT an SA needs, encryption key and integrity key; None if it is not supported."""
    integrity = 0
    if choice.integrity is not None:
        known = _INTEGRITY_OCTETS.get(Integrity(choice.integrity)) if _is(choice) else None
        if known is None:
            return None
        integrity = known
    if choice.protocol == ProtocolId.AH:
        return integrity or None
    if choice.transform == EspTransform.AES_CBC and choice.key_bits in (128, 192, 256):
        return choice.key_bits // 8 + integrity
    if choice.transform in _GCM and choice.key_bits in (128, 192, 256):
        return choice.key_bits // 8 + 4 + integrity  # and the salt (RFC 4106 8.1)
    cipher = _CIPHER_OCTETS.get(EspTransform(choice.transform)) if _known(choice) else None
    return None if cipher is None else cipher + integrity


def _is(choice: Phase2Choice) -> bool:
    return choice.integrity in _INTEGRITY_OCTETS


def _known(choice: Phase2Choice) -> bool:
    return choice.transform in _CIPHER_OCTETS
