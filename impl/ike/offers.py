"""Phase I on the wire: what is offered, and which offer an end takes (RFC 2409 app. A; R3, R7); and what both
phases share. Written apart from the specification's rule of choice, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from impl.ike.settings import Lifetime, Phase1Choice
from impl.wire.errors import WireError
from impl.wire.numbers import (
    DOI_IPSEC,
    KEY_IKE,
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

#: transforms that a proposal, and alternatives that an offer has room for: their numbers are octets
MOST = 255
#: the lifetime of a transform without one, in seconds (RFC 2407 4.5)
DEFAULT_LIFE = 28_800
#: the longest lifetime, in seconds or kilobytes
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
_LIFE1 = int(OakleyAttribute.LIFE_TYPE), int(OakleyAttribute.LIFE_DURATION)
_SECONDS = int(LifeType.SECONDS)
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


class Taken1(NamedTuple):
    """The choice of Phase I: the transform as it came, what it is, and its lifetime in seconds."""

    proposal: Proposal
    transform: Transform
    choice: Phase1Choice
    seconds: int


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


def _rank(choice: Phase1Choice, ranks: Sequence[Sequence[Phase1Choice]]) -> int | None:
    """The rank of a choice among those that are taken; None if it is not."""
    return next((rank for rank, equal in enumerate(ranks) if choice in equal), None)


def values_of(transform: Transform) -> dict[int, int]:
    """Its attributes as numbers, by type; of two, the first."""
    return {item.type: item.number for item in reversed(transform.attributes)}


# ---- Phase I
@lru_cache(maxsize=256)
def offer_phase1(
    choices: tuple[Phase1Choice, ...], life: Lifetime, named: Attribute | None = None
) -> SecurityAssociation:
    """The SA payload of message 1: one proposal, a transform a choice, in order.

    named   the local name, which goes with each choice of Kerberos
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
    """The meaning of a Phase I transform; None if it contains something unknown."""
    get = (values := values_of(transform)).get
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
    """The transform of an offer that this end chooses; None if it accepts none.

    ranks         what it accepts, in its order, in groups of equal rank
    prefers_own   the local order decides, and the offer's breaks ties; else the offer's
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
    """What an answer takes of the choices offered; None if it is not a single transform of the offer (R7).
    Lifetimes are not compared: no stack is known to, and what is in force is the shorter of both."""
    found = list(_phase1_of(sa))
    count = sum(len(proposal.transforms) for proposal in sa.proposals)
    if count != 1 or len(found) != 1:
        return None
    return Taken1(*found[0]) if found[0][2] in choices else None


def named_phase1(data: bytes, own: Iterable[Phase1Choice]) -> tuple[Phase1Choice, ...]:
    """Which of the local choices the peer names as acceptable in a refusal (R7)."""
    sa = alternatives_in(data)
    named = {choice for _, _, choice, _ in _phase1_of(sa)} if sa is not None else set()
    return tuple(choice for choice in own if choice in named)


def alternatives_in(data: bytes) -> SecurityAssociation | None:
    """The SA payload that is the data of a refusal; None if it is not one."""
    try:
        return decode_sa(data, 0) if data else None
    except WireError:
        return None


def only(proposal: Proposal, transform: Transform, spi: bytes) -> SecurityAssociation:
    """An answer: one proposal with one transform, unchanged, and the answerer's SPI."""
    return SecurityAssociation((Proposal(proposal.number, proposal.protocol, spi, (transform,)),))
