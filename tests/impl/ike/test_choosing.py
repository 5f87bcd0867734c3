"""Which offer of Quick Mode an end takes, and which answer it believes: held against trying everything
(RFC 2408 4.2; R7, R10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from impl.ike.bundles import (
    answer_phase2,
    answered_phase2,
    named_phase2,
    offer_phase2,
    phase2_choice,
    take_phase2,
)
from impl.ike.settings import Bundle, Lifetime, Phase2Choice
from impl.wire.numbers import Encapsulation, Integrity, IpsecAttribute, LifeType, ProtocolId
from impl.wire.proposals import (
    Attribute,
    Proposal,
    SecurityAssociation,
    Transform,
    decode_sa,
    encode_sa,
)

AH, ESP = ProtocolId.AH, ProtocolId.ESP
LIFE = Lifetime(3600, 3600, kilobytes=1000)
SPIS: dict[int, bytes] = {AH: b"\1AHs", ESP: b"\1ESP"}
OWN: dict[int, bytes] = {AH: b"\2AHs", ESP: b"\2ESP"}
Draw = Callable[[st.SearchStrategy[Any]], Any]

ESPS = [
    Phase2Choice(ESP, transform, None, integrity, None, Encapsulation.TUNNEL)
    for transform in (2, 3)
    for integrity in (None, Integrity.HMAC_MD5, Integrity.HMAC_SHA1)
]
AHS = [
    Phase2Choice(AH, transform, None, integrity, None, Encapsulation.TUNNEL)
    for transform, integrity in ((2, Integrity.HMAC_MD5), (3, Integrity.HMAC_SHA1))
]
EVERY: list[Bundle] = [*((c,) for c in (*ESPS, *AHS)), *product(ESPS, AHS)]
BUNDLES = st.lists(st.sampled_from(EVERY), min_size=1, max_size=6, unique=True)


def sent(sa: SecurityAssociation) -> SecurityAssociation:
    """The same, from the wire."""
    return decode_sa(encode_sa(sa), 0)


def transform(number: int, choice: Phase2Choice, seconds: int, kilobytes: int) -> Transform:
    said: list[Attribute] = [Attribute(IpsecAttribute.ENCAPSULATION, choice.encapsulation)]
    if choice.integrity is not None:
        said.append(Attribute(IpsecAttribute.AUTHENTICATION, choice.integrity))
    for kind, value in ((LifeType.SECONDS, seconds), (LifeType.KILOBYTES, kilobytes)):
        if value:
            said.append(Attribute(IpsecAttribute.LIFE_TYPE, kind))
            said.append(Attribute(IpsecAttribute.LIFE_DURATION, value))
    return Transform(number, choice.transform, tuple(said))


@st.composite
def offers(draw: Draw) -> SecurityAssociation:
    """Any offer: alternatives of one protocol or both, each with several transforms."""
    proposals = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        for protocol in draw(st.permutations([AH, ESP]))[: draw(st.integers(1, 2))]:
            known = AHS if protocol == AH else ESPS
            choices = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4))
            times = st.tuples(st.sampled_from([0, 600, 7200]), st.sampled_from([0, 50, 500]))
            transforms = (transform(n, c, *draw(times)) for n, c in enumerate(choices, 1))
            proposals.append(Proposal(number, protocol, SPIS[protocol], tuple(transforms)))
    return sent(SecurityAssociation(tuple(proposals)))


def everything(sa: SecurityAssociation) -> list[tuple[Bundle, list[Transform]]]:
    """Every combination that an offer lets choose, in its order: RFC 2408 4.2 in full."""
    found = []
    for number in dict.fromkeys(item.number for item in sa.proposals):
        parts = [item for item in sa.proposals if item.number == number]
        for transforms in product(*(part.transforms for part in parts)):
            choices = [
                phase2_choice(part.protocol, one)
                for part, one in zip(parts, transforms, strict=True)
            ]
            known = [item for item in choices if item is not None]
            bundle = tuple(sorted(known, key=lambda item: item.protocol == AH))
            found.append((bundle, list(transforms)))
    return found


@settings(max_examples=300, deadline=None)
@given(offers(), BUNDLES, st.booleans(), st.booleans())
def test_r7_r10_the_first_acceptable_combination_is_taken_as_it_came(
    sa: SecurityAssociation, own: list[Bundle], prefers_own: bool, alike: bool
) -> None:
    ranks: Sequence[Sequence[Bundle]] = [own] if alike else [[item] for item in own]
    order = {bundle: rank for rank, equal in enumerate(ranks) for bundle in equal}
    known = [item for item in everything(sa) if item[0] in order]
    taken = take_phase2(sa, ranks, prefers_own=prefers_own)
    if not known:
        assert taken is None
        return
    bundle, transforms = min(known, key=lambda item: order[item[0]]) if prefers_own else known[0]
    assert taken is not None and taken.bundle == bundle
    assert [part.transform for part in taken.parts] == transforms
    assert taken.spis == {part.protocol: SPIS[part.protocol] for part in bundle}


@settings(deadline=None)
@given(offers(), st.sampled_from(EVERY))
def test_r19_a_bundle_lives_as_long_as_the_shortest_lifetime_that_is_stated(
    sa: SecurityAssociation, own: Bundle
) -> None:
    taken = take_phase2(sa, [[own]], prefers_own=False)
    assume(taken is not None)
    assert taken is not None
    said: dict[int, list[int]] = {LifeType.SECONDS: [], LifeType.KILOBYTES: []}
    for part in taken.parts:
        values = [item.number for item in part.transform.attributes if item.type in (1, 2)]
        stated = dict(zip(values[::2], values[1::2], strict=True))
        said[LifeType.SECONDS].append(stated.get(LifeType.SECONDS, 28_800))
        said[LifeType.KILOBYTES] += [stated[2]] if LifeType.KILOBYTES in stated else []
    assert taken.seconds == min(said[LifeType.SECONDS])
    assert taken.kilobytes == min(said[LifeType.KILOBYTES], default=None)


@settings(deadline=None)
@given(BUNDLES, BUNDLES)
def test_r7_an_offer_keeps_its_order_and_its_answer_is_believed(
    offered: list[Bundle], acceptable: list[Bundle]
) -> None:
    sa = sent(offer_phase2(offered, SPIS, LIFE))
    assert [bundle for bundle, _ in everything(sa)] == offered
    taken = take_phase2(sa, [[item] for item in acceptable], prefers_own=False)
    first = next((item for item in offered if item in acceptable), None)
    assert (taken.bundle if taken is not None else None) == first
    if taken is not None:
        answer = answered_phase2(sent(answer_phase2(taken, OWN)), offered)
        assert answer is not None and answer.bundle == taken.bundle
        assert answer.spis == {item.protocol: OWN[item.protocol] for item in first or ()}


@settings(deadline=None)
@given(BUNDLES, st.data())
def test_r7_an_answer_that_is_no_choice_of_the_offer_is_not_believed(
    offered: list[Bundle], data: st.DataObject
) -> None:
    said = data.draw(st.sampled_from(EVERY))
    taken = take_phase2(sent(offer_phase2([said], SPIS, LIFE)), [[said]], prefers_own=False)
    assert taken is not None
    answer = answer_phase2(taken, OWN)
    assert (answered_phase2(answer, offered) is not None) is (said in offered)
    # two alternatives, a protocol twice, two transforms: no single choice
    first = answer.proposals[0]
    others = (
        (*answer.proposals, first._replace(number=9)),
        (*answer.proposals, first),
        (first._replace(transforms=first.transforms * 2), *answer.proposals[1:]),
        (first._replace(spi=b"123"), *answer.proposals[1:]),
    )
    for proposals in others:
        assert answered_phase2(SecurityAssociation(proposals), [*offered, said]) is None
    if len(said) > 1:
        for left in answer.proposals:
            assert answered_phase2(SecurityAssociation((left,)), [said]) is None
        apart = (first, answer.proposals[1]._replace(number=first.number + 1))
        assert answered_phase2(SecurityAssociation(apart), [*offered, said]) is None


@settings(deadline=None)
@given(BUNDLES, BUNDLES)
def test_r7_what_a_refusal_names_is_found_among_the_own_choices(
    own: list[Bundle], acceptable: list[Bundle]
) -> None:
    data = encode_sa(offer_phase2(acceptable, SPIS, LIFE))
    assert named_phase2(data, own) == tuple(item for item in own if item in acceptable)
    assert named_phase2(data[:-1], own) == ()


def test_other_protocols_beside_those_that_are_known_are_not_left_out() -> None:
    """AND means all: ESP with compression is not ESP."""
    (esp,) = offer_phase2([(ESPS[0],)], SPIS, LIFE).proposals
    compressed = SecurityAssociation((esp, Proposal(1, 4, b"\0\0\0\2", (Transform(1, 2),))))
    assert take_phase2(compressed, [[(ESPS[0],)]], prefers_own=False) is None
    apart = SecurityAssociation((esp, Proposal(2, 4, b"\0\2", (Transform(1, 2),))))
    assert take_phase2(apart, [[(ESPS[0],)]], prefers_own=False) is not None
