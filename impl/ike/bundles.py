"""Phase II on the wire: what is offered, and which offer an end takes (RFC 2407 4.5, 2408 4.2; R7, R10).

An offer holds alternatives. Each is the proposals of one number, of which all are wanted: mostly one, or AH
and ESP together, a bundle. Each proposal has its own SPI, and may let the answerer choose its transform.
Written apart from the specification's rule of choice, as `offers` is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from impl.crypto.groups import group_of
from impl.ike.offers import DEFAULT_LIFE, alternatives_in, durations_of, life_attributes, values_of
from impl.ike.settings import Bundle, Lifetime, Phase2Choice
from impl.wire.numbers import (
    DOI_IPSEC,
    EspTransform,
    Integrity,
    IpsecAttribute,
    LifeType,
    ProtocolId,
)
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform

# plain numbers: each look into an enumeration costs as much as an attribute
_ENCAPSULATION, _KEY_LENGTH, _INTEGRITY, _GROUP = (
    int(item)
    for item in (
        IpsecAttribute.ENCAPSULATION,
        IpsecAttribute.KEY_LENGTH,
        IpsecAttribute.AUTHENTICATION,
        IpsecAttribute.GROUP,
    )
)
_LIFE = int(IpsecAttribute.LIFE_TYPE), int(IpsecAttribute.LIFE_DURATION)
_SECONDS, _KILOBYTES = int(LifeType.SECONDS), int(LifeType.KILOBYTES)
_KNOWN = frozenset((*_LIFE, _ENCAPSULATION, _KEY_LENGTH, _INTEGRITY, _GROUP))
_SPI_SIZE = 4
_CIPHER_OCTETS = {EspTransform.DES: 8, EspTransform.TRIPLE_DES: 24, EspTransform.NULL: 0}
_GCM = (EspTransform.AES_GCM_8, EspTransform.AES_GCM_12, EspTransform.AES_GCM_16)
_INTEGRITY_OCTETS = {
    Integrity.HMAC_MD5: 16,
    Integrity.HMAC_SHA1: 20,
    Integrity.HMAC_SHA2_256: 32,
    Integrity.HMAC_SHA2_384: 48,
    Integrity.HMAC_SHA2_512: 64,
}


class Part(NamedTuple):
    """The choice for one protocol: proposal and transform as received."""

    proposal: Proposal
    transform: Transform


class Taken2(NamedTuple):
    """The choice of Phase II: what it is, a part for each protocol in the offer's order, the SPIs that it came
    with by protocol, and its lifetime in seconds and in kilobytes (None if it states none), of a bundle the
    shortest that it states."""

    bundle: Bundle
    parts: tuple[Part, ...]
    spis: dict[int, bytes]
    seconds: int
    kilobytes: int | None


# ---- to the wire
def offer_phase2(
    bundles: Sequence[Bundle], spis: Mapping[int, bytes], life: Lifetime
) -> SecurityAssociation:
    """The SA payload of Quick Mode, so that the order is kept: for each run of choices of one protocol a
    proposal, for each bundle a number, with a proposal of that for each of its protocols, AH first as in
    RFC 2408 4.2.

    bundles   of one PFS group at most: message 1 carries one public value
    spis      the local SPI for each protocol
    """
    proposals: list[Proposal] = []
    number = 0
    for protocol, run in groupby(bundles, key=_single):
        if protocol is not None:
            number += 1
            transforms = _transforms(tuple(bundle[0] for bundle in run), life)
            proposals.append(Proposal(number, protocol, spis[protocol], transforms))
            continue
        for bundle in run:
            number += 1
            proposals += (
                Proposal(number, item.protocol, spis[item.protocol], _transforms((item,), life))
                for item in reversed(bundle)
            )
    return SecurityAssociation(tuple(proposals))


def _single(bundle: Bundle) -> int | None:
    """Its protocol, if it is one."""
    return bundle[0].protocol if len(bundle) == 1 else None


@lru_cache(maxsize=256)
def _transforms(choices: tuple[Phase2Choice, ...], life: Lifetime) -> tuple[Transform, ...]:
    return tuple(
        Transform(position, choice.transform, tuple(_attributes(choice, life)))
        for position, choice in enumerate(choices, 1)
    )


def _attributes(choice: Phase2Choice, life: Lifetime) -> Iterator[Attribute]:
    yield Attribute(_ENCAPSULATION, choice.encapsulation)
    if choice.key_bits is not None:
        yield Attribute(_KEY_LENGTH, choice.key_bits)
    if choice.integrity is not None:
        yield Attribute(_INTEGRITY, choice.integrity)
    if choice.group is not None:
        yield Attribute(_GROUP, choice.group)
    yield from life_attributes(*_LIFE, life.offered, life.kilobytes)


def answer_phase2(taken: Taken2, spis: Mapping[int, bytes]) -> SecurityAssociation:
    """An answer: each protocol with its one transform, unchanged, and the answerer's SPI (R7)."""
    return SecurityAssociation(
        tuple(
            Proposal(proposal.number, proposal.protocol, spis[proposal.protocol], (transform,))
            for proposal, transform in taken.parts
        )
    )


# ---- from the wire
def phase2_choice(protocol: int, transform: Transform) -> Phase2Choice | None:
    """The meaning of a Phase II transform; None if it contains something unknown."""
    get = (values := values_of(transform)).get
    if not values.keys() <= _KNOWN:
        return None
    encapsulation = get(_ENCAPSULATION)
    if encapsulation is None:
        return None
    own = get(_KEY_LENGTH), get(_INTEGRITY), get(_GROUP)
    return Phase2Choice(protocol, transform.id, *own, encapsulation)


class _Alternative(NamedTuple):
    """The proposals of one number, and the choices in each with their places."""

    proposals: Sequence[Proposal]
    known: Sequence[dict[Phase2Choice, int]]

    def places(self, bundle: Bundle) -> tuple[int, ...] | None:
        """Where a bundle stands: the place of each transform, in the order of proposals; None if it is not
        offered, all of it and nothing else."""
        if len(bundle) != len(self.known):
            return None
        found: list[int] = []
        for known in self.known:
            for item in bundle:
                place = known.get(item)
                if place is not None:
                    found.append(place)
                    break
            else:
                return None
        return tuple(found)

    def taken(self, bundle: Bundle, places: Sequence[int]) -> Taken2:
        """What is taken with that."""
        parts: list[Part] = []
        spis: dict[int, bytes] = {}
        least, volume = 0, None
        for proposal, place in zip(self.proposals, places, strict=True):
            transform = proposal.transforms[place]
            stated = durations_of(transform.attributes, *_LIFE)
            seconds, kilobytes = stated.get(_SECONDS, DEFAULT_LIFE), stated.get(_KILOBYTES)
            if not parts or seconds < least:
                least = seconds
            if not parts or (kilobytes and (not volume or kilobytes < volume)):
                volume = kilobytes
            parts.append(Part(proposal, transform))
            spis[proposal.protocol] = proposal.spi
        return Taken2(bundle, tuple(parts), spis, least, volume)


def _alternatives(sa: SecurityAssociation) -> list[_Alternative]:
    """What an offer lets choose from, in its order; without what makes no sense: a protocol twice in a
    bundle, SPIs of another size."""
    if sa.doi != DOI_IPSEC:
        return []
    proposals = sa.proposals
    if len(proposals) == 1:
        return [_alternative(proposals)] if len(proposals[0].spi) == _SPI_SIZE else []
    numbered: dict[int, list[Proposal]] = {}
    for proposal in proposals:
        numbered.setdefault(proposal.number, []).append(proposal)
    return [
        _alternative(own)
        for own in numbered.values()
        if len({item.protocol for item in own}) == len(own)
        and all(len(item.spi) == _SPI_SIZE for item in own)
    ]


def _alternative(proposals: Sequence[Proposal]) -> _Alternative:
    every: list[dict[Phase2Choice, int]] = []
    for proposal in proposals:
        known: dict[Phase2Choice, int] = {}
        for place, transform in enumerate(proposal.transforms):
            choice = phase2_choice(proposal.protocol, transform)
            if choice is not None:
                known.setdefault(choice, place)
        every.append(known)
    return _Alternative(proposals, every)


def take_phase2(
    sa: SecurityAssociation, ranks: Sequence[Sequence[Bundle]], *, prefers_own: bool
) -> Taken2 | None:
    """What this end chooses from an offer, as in Phase I; None if it accepts none. In a bundle with several
    transforms, the order of its first proposal counts before that of its second."""
    best: tuple[tuple[int, tuple[int, ...]], Bundle, _Alternative] | None = None
    offered = _alternatives(sa)
    for equal in ranks:
        if prefers_own and best is not None:
            break
        for bundle in equal:
            for number, alternative in enumerate(offered):
                places = alternative.places(bundle)
                if places is not None and (best is None or (number, places) < best[0]):
                    best = (number, places), bundle, alternative
    return best[2].taken(best[1], best[0][1]) if best is not None else None


def answered_phase2(sa: SecurityAssociation, bundles: Sequence[Bundle]) -> Taken2 | None:
    """What an answer takes of the local offer; None if it is not a single choice of it, unchanged (R7)."""
    found = _alternatives(sa)
    if len(found) != 1 or len(found[0].proposals) != len(sa.proposals):
        return None
    for proposal in sa.proposals:
        if len(proposal.transforms) != 1:
            return None
    for bundle in bundles:
        places = found[0].places(bundle)
        if places is not None:
            return found[0].taken(bundle, places)
    return None


def named_phase2(data: bytes, own: Iterable[Bundle]) -> tuple[Bundle, ...]:
    """Which of the local choices the peer names as acceptable in a refusal (R7)."""
    sa = alternatives_in(data)
    known = _alternatives(sa) if sa is not None else []
    return tuple(item for item in own if any(one.places(item) is not None for one in known))


# ---- what can be done
def lacks(bundle: Bundle) -> str:
    """What the engine does not support in a choice, in words; empty if it supports all."""
    for item in bundle:
        group = item.group is None or group_of(item.group) is not None
        if key_octets(item) is None or not group:
            return f"{item} is not supported"
    protocols = [item.protocol for item in bundle]
    if protocols not in ([ProtocolId.ESP], [ProtocolId.AH], [ProtocolId.ESP, ProtocolId.AH]):
        return f"{bundle} is neither ESP, nor AH, nor ESP and then AH around it"
    if len({(item.group, item.encapsulation) for item in bundle}) != 1:
        return f"{bundle} has more than one PFS group or mode"
    return ""


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
