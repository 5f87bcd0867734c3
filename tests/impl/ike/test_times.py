"""Lifetimes and their successors, dead peers, alternatives, cookies (R7, R9, R15 to R20; RFC 3706)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impl.ike.cookies import CookieMaker
from impl.ike.events import (
    Notified,
    Phase1Ended,
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
    SasDeleted,
    SasInstalled,
)
from impl.ike.offers import offer_phase1
from impl.ike.settings import Detection, Lifetime
from impl.link.network import Faults, Sent
from impl.wire.message import HEADER_SIZE, decode_header, decode_message, encode_message
from impl.wire.numbers import ExchangeType, NotifyType
from impl.wire.payloads import Notification
from impl.wire.proposals import encode_sa
from tests.impl.ike.conftest import (
    AES,
    DES3,
    ESP_3DES,
    ESP_AES_PFS,
    A,
    B,
    MakePair,
    Pair,
    children,
)


def heard(pair: Pair, end: tuple[str, int], kind: NotifyType) -> list[Notified]:
    return [item for item in pair.of(end, Notified) if item.notification.type == kind]


# ---- Phase I
def test_r17_r20_a_successor_stands_before_phase1_ends(make_pair: MakePair) -> None:
    life = {"life": Lifetime(100, 100, soft=50)}
    pair = make_pair(life, life)
    pair.start()
    pair.run(58)
    assert len(pair.of(A, Phase1Established)) == len(pair.of(B, Phase1Established)) == 2
    assert not pair.of(A, Phase1Ended) and len(pair.a.sadb) == 2
    pair.run(5)
    assert [item.why for item in pair.of(A, Phase1Ended)] == ["another has taken its place"]
    assert [item.why for item in pair.of(B, Phase1Ended)] == ["the peer has deleted it"]
    assert len(pair.a.sadb.pairs) == len(pair.b.sadb.pairs) == 1


@pytest.mark.parametrize("end", ["a", "b"])
def test_r17_whoever_has_a_soft_lifetime_renews(make_pair: MakePair, end: str) -> None:
    own, other = {"life": Lifetime(100, 100, soft=50, jitter=20)}, {"life": Lifetime(100, 1000)}
    pair = make_pair(**{end: own, "ab".replace(end, ""): other})
    pair.start()
    pair.run(96)
    assert len({item.name for item in pair.of(A, Phase1Established)}) >= 2
    assert not pair.of(A, SasDeleted)


def test_r17_the_younger_sa_serves(make_pair: MakePair) -> None:
    life = {"life": Lifetime(100, 100, soft=50)}
    pair = make_pair(life, life)
    pair.start()
    pair.run(55)
    pair.start()
    pair.run(2)
    assert pair.of(A, SasInstalled)[1].name == pair.of(A, Phase1Established)[1].name


def test_r18_down_deletes_what_older_sas_have_made_too(make_pair: MakePair) -> None:
    life = {"life": Lifetime(100, 100, soft=50)}
    pair = make_pair(life, life)
    pair.start()
    pair.run(70)
    (sa,) = pair.a.sadb
    assert not sa.pairs
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(5)
    assert len(pair.of(A, SasDeleted)) == len(pair.of(B, SasDeleted)) == 1
    assert not len(pair.b.sadb)


def test_r16_message_ids_are_bounded_and_then_phase1_is_renewed(make_pair: MakePair) -> None:
    pair = make_pair(most_ids=20)
    pair.start()
    pair.run(2)
    for _ in range(30):
        pair.start()
        pair.run(2)
        assert all(len(sa.used_ids) <= 20 for sa in pair.a.sadb)
    assert len(pair.of(A, SasInstalled)) == 31
    assert 2 <= len(pair.of(A, Phase1Established)) <= 4
    assert {item.why for item in pair.of(A, Phase1Ended)} == {"another has taken its place"}


def test_r16_an_sa_that_has_seen_too_many_message_ids_ends(make_pair: MakePair) -> None:
    """Who asks faster than a successor comes up is stopped."""
    pair = make_pair(most_ids=20)
    pair.start()
    pair.run(2)
    for _ in range(19):
        pair.start()
    pair.run(2)
    assert "it has seen as many message ids as it may" in {
        item.why for item in pair.of(A, Phase1Ended)
    }


# ---- what the answerer wants
def test_r17_a_responder_says_that_its_lifetime_is_shorter(make_pair: MakePair) -> None:
    pair = make_pair(a={"life": Lifetime(1000, 1000)}, b={"life": Lifetime(50, 50)})
    pair.start()
    pair.run(5)
    assert heard(pair, A, NotifyType.RESPONDER_LIFETIME)
    (sa,) = pair.a.sadb
    assert sa.seconds == 50
    pair.run(44)
    assert len(pair.of(A, Phase1Established)) == 2 and not pair.of(B, Phase1Ended)


def test_r19_a_shorter_lifetime_of_a_pair_is_said_and_heard(make_pair: MakePair) -> None:
    pair = make_pair(b=children(B, life=Lifetime(900, 900, kilobytes=500)))
    pair.start()
    pair.run(5)
    one, other = pair.of(A, SasInstalled)[0].pair, pair.of(B, SasInstalled)[0].pair
    assert (one.life, one.kilobytes) == (other.life, other.kilobytes) == (900, 500)


def test_r19_kilobytes_are_negotiated(make_pair: MakePair) -> None:
    both = Lifetime(900, 900, kilobytes=100_000)
    pair = make_pair(children(A, life=both), children(B, life=replace(both, kilobytes=200_000)))
    pair.start()
    pair.run(5)
    assert [pair.of(end, SasInstalled)[0].pair.kilobytes for end in (A, B)] == [100_000] * 2


# ---- pairs
SOFT = Lifetime(100, 100, soft=50)


def renewed(make_pair: MakePair, **how: Any) -> Pair:
    return make_pair(children(A, life=SOFT), children(B, life=SOFT), **how)


def test_r19_r20_a_pair_is_replaced_before_it_ends(make_pair: MakePair) -> None:
    pair = renewed(make_pair)
    pair.start()
    pair.run(55)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 2
    assert not pair.of(A, SasDeleted)
    first = pair.of(A, SasInstalled)[0].pair
    pair.run(10)
    assert [item.pair for item in pair.of(A, SasDeleted)] == [first]
    assert [item.pair.inbound_spi for item in pair.of(B, SasDeleted)] == [first.outbound_spi]
    assert pair.of(A, SasInstalled)[1].pair.local == first.local


def test_r19_the_answerer_replaces_a_pair_if_the_other_end_does_not(make_pair: MakePair) -> None:
    pair = make_pair(children(A), children(B, life=SOFT))
    pair.start()
    pair.run(80)
    assert [item.pair.initiated for item in pair.of(B, SasInstalled)] == [False, True]


def test_r19_what_the_driver_says_is_done(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    first = pair.of(A, SasInstalled)[0].pair
    pair.a.renew(first.inbound_spi, pair.network.now)
    pair.run(2)
    assert len(pair.of(B, SasInstalled)) == 2 and not pair.of(A, SasDeleted)
    pair.a.expired(first.inbound_spi, pair.network.now)
    pair.run(2)
    assert [item.why for item in pair.of(A, SasDeleted)] == ["its lifetime is over"]
    assert [item.why for item in pair.of(B, SasDeleted)] == ["the peer has deleted it"]
    pair.a.expired(first.inbound_spi, pair.network.now)
    pair.a.renew(first.inbound_spi, pair.network.now)
    pair.run(20)
    assert len(pair.of(A, SasDeleted)) == 1 and len(pair.of(A, SasInstalled)) == 2


def test_r12_r16_a_pair_is_replaced_under_a_new_phase1_sa_where_the_old_may_serve_no_more(
    make_pair: MakePair,
) -> None:
    pair = renewed(make_pair)
    limited = make_pair({**children(A, life=SOFT), "limit": 1}, {"limit": 1})
    for item, count in ((pair, 1), (limited, 2)):
        item.start()
        item.run(55)
        assert len(item.of(A, SasInstalled)) == 2
        assert len(item.of(A, Phase1Established)) == count


@pytest.mark.parametrize("seed", range(6))
def test_r19_when_both_ends_replace_a_pair_at_once_one_is_left(
    make_pair: MakePair, seed: int
) -> None:
    pair = make_pair(faults=Faults(delay=(0.2, 0.4)), seed=seed)
    pair.start()
    pair.run(5)
    (mine,), (theirs,) = pair.of(A, SasInstalled), pair.of(B, SasInstalled)
    pair.a.renew(mine.pair.inbound_spi, pair.network.now)
    pair.b.renew(theirs.pair.inbound_spi, pair.network.now)
    pair.run(5)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 3
    pair.run(20)
    (left,), (other,) = pair.a.sadb.pairs.values(), pair.b.sadb.pairs.values()
    assert left[1].inbound_spi == other[1].outbound_spi
    assert left[1].outbound_spi == other[1].inbound_spi


@pytest.mark.parametrize("seed", range(6))
def test_r8_r19_sas_are_renewed_over_a_bad_link_and_do_not_multiply(
    make_pair: MakePair, seed: int
) -> None:
    changes = {"life": Lifetime(400, 400, soft=300, jitter=60)}
    soft = Lifetime(200, 200, soft=150, jitter=50)
    faults = Faults(loss=0.1, duplication=0.2, delay=(0.0, 1.0))
    pair = make_pair(
        {**children(A, life=soft), **changes},
        {**children(B, life=soft), **changes},
        faults=faults,
        seed=seed,
    )
    pair.start()
    pair.run(20)
    for _ in range(400):
        pair.run(5)
        for engine in (pair.a, pair.b):  # as a driver does
            for spi, (_, item) in list(engine.sadb.pairs.items()):
                if engine.sadb.made(item) + 200 <= pair.network.now:
                    engine.expired(spi, pair.network.now)
        assert 1 <= len(pair.a.sadb.pairs) <= 4 and 1 <= len(pair.b.sadb.pairs) <= 4
        assert 1 <= len(pair.a.sadb) <= 4
        inbound = {item[1].inbound_spi for item in pair.a.sadb.pairs.values()}
        assert inbound & {item[1].outbound_spi for item in pair.b.sadb.pairs.values()}


# ---- dead peers
ASKS = {"detection": Detection(idle=10, tries=3)}


def test_a_silent_peer_is_asked_and_answers(make_pair: MakePair) -> None:
    pair = make_pair(ASKS)
    pair.start()
    pair.run(45)
    asked = heard(pair, B, NotifyType.R_U_THERE)
    answered = heard(pair, A, NotifyType.R_U_THERE_ACK)
    assert len(asked) == len(answered) == 4
    numbers = [int.from_bytes(item.notification.data, "big") for item in asked]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert [item.notification.data for item in answered] == [
        item.notification.data for item in asked
    ]
    assert not pair.of(A, Phase1Ended)


def test_packets_of_the_peer_are_signs_of_life_too(make_pair: MakePair) -> None:
    pair = make_pair(ASKS)
    pair.start()
    pair.run(5)
    spi = pair.of(A, SasInstalled)[0].pair.inbound_spi
    for _ in range(10):
        pair.a.heard(spi, pair.network.now)
        pair.run(5)
    assert not heard(pair, B, NotifyType.R_U_THERE)


def test_a_dead_peer_is_buried_with_its_pairs(make_pair: MakePair) -> None:
    dead: list[bool] = []
    pair = make_pair(ASKS, tap=lambda sent: None if dead and sent.source == B else sent.datagram)
    pair.start()
    pair.run(5)
    dead.append(True)
    pair.run(40)
    assert [item.why for item in pair.of(A, Phase1Ended)] == [
        "the peer is dead: 3 questions without an answer"
    ]
    assert len(pair.of(A, SasDeleted)) == 1 and not len(pair.a.sadb)
    assert len(heard(pair, B, NotifyType.R_U_THERE)) == 3


def test_an_answer_that_was_held_back_is_no_sign_of_life(make_pair: MakePair) -> None:
    held: list[Sent] = []
    dead: list[bool] = []

    def hold(sent: Sent) -> bytes | None:
        header = decode_header(sent.datagram)
        if sent.source == B and header.exchange == ExchangeType.INFORMATIONAL:
            held.append(sent)
            return sent.datagram if len(held) > 1 and not dead else None
        return sent.datagram

    pair = make_pair(ASKS, tap=hold)
    pair.start()
    pair.run(25)
    assert len(held) > 1 and not pair.of(A, Phase1Ended)
    dead.append(True)
    for _ in range(8):
        pair.run(3)
        pair.a.receive_datagram(held[0].datagram, B, pair.network.now)
    assert pair.of(A, Phase1Ended)


def test_who_does_not_understand_the_question_is_not_asked(make_pair: MakePair) -> None:
    def drop_vendor_ids(sent: Sent) -> bytes:
        if decode_header(sent.datagram).encrypted:
            return sent.datagram
        message = decode_message(sent.datagram)
        return encode_message(replace(message, payloads=message.payloads[:1]))

    pair = make_pair(
        ASKS, tap=lambda sent: drop_vendor_ids(sent) if sent.time < 0.015 else sent.datagram
    )
    pair.start()
    pair.run(60)
    assert pair.of(A, SasInstalled) and not heard(pair, B, NotifyType.R_U_THERE)
    assert not pair.of(A, Phase1Ended)


# ---- alternatives
def test_r7_a_responder_names_alternatives_and_the_initiator_offers_anew(
    make_pair: MakePair,
) -> None:
    pair = make_pair({"choices": (DES3,), "spare": (AES,)}, {"choices": (AES,)})
    pair.start()
    pair.run(5)
    assert pair.of(A, Phase1Established)[0].choice == AES
    assert len(pair.of(A, SasInstalled)) == 1 and not pair.of(A, Phase1Failed)
    assert [item.reason for item in pair.of(B, Phase1Failed)] == ["proposal-p1"]


def test_r7_only_what_the_policy_allows_is_offered_anew(make_pair: MakePair) -> None:
    pair = make_pair({"choices": (DES3,)}, {"choices": (AES,)})
    pair.start()
    pair.run(60)
    assert [item.reason for item in pair.of(A, Phase1Failed)] == ["proposal-p1"]
    assert len({sent.datagram for sent in pair.network.log if sent.source == A}) == 1


def test_r7_a_forged_refusal_brings_about_no_weaker_choice(make_pair: MakePair) -> None:
    pair = make_pair({"choices": (AES,), "spare": (DES3,)}, {"choices": (AES, DES3)})
    other = make_pair({"choices": (AES,), "spare": (DES3,)}, {"choices": (DES3,)})
    other.start()
    (first,) = other.a.outgoing()
    other.b.receive_datagram(first.datagram, A, 0.0)
    (refusal,) = other.b.outgoing()
    forged = decode_message(refusal.datagram)
    pair.start()
    (first,) = pair.a.outgoing()
    header = replace(forged.header, initiator_cookie=decode_header(first.datagram).initiator_cookie)
    pair.a.receive_datagram(encode_message(replace(forged, header=header)), B, 0.0)
    pair.run(5)
    assert pair.of(A, Phase1Established)[0].choice == AES


def test_r7_it_is_offered_anew_once(make_pair: MakePair) -> None:
    """A responder that names, and then refuses what it has named."""
    pair = make_pair({"choices": (DES3,), "spare": (AES,)}, {"choices": (AES,)})
    pair.b.settings = replace(
        pair.b.settings,
        connections=(replace(pair.b.settings.connections[0], choices=(replace(AES, hash=2),)),),
    )

    def lie(sent: Sent) -> bytes:
        if sent.source == B and decode_header(sent.datagram).exchange == ExchangeType.INFORMATIONAL:
            message = decode_message(sent.datagram)
            (notice,) = message.payloads
            assert isinstance(notice, Notification)
            return encode_message(replace(message, payloads=(replace(notice, data=named),)))
        return sent.datagram

    named = encode_sa(offer_phase1((AES,), Lifetime(100, 100)))
    pair.network.tap = lie
    pair.start()
    pair.run(60)
    assert [item.reason for item in pair.of(A, Phase1Failed)] == ["proposal-p1"]
    firsts = {sent.datagram for sent in pair.network.log if sent.source == A}
    assert len(firsts) == 2


def test_r7_quick_mode_has_alternatives_of_another_pfs_group(make_pair: MakePair) -> None:
    pair = make_pair(children(A, ESP_3DES, ESP_AES_PFS), children(B, ESP_AES_PFS))
    pair.start()
    pair.run(5)
    assert pair.of(A, SasInstalled)[0].pair.choice == ESP_AES_PFS
    assert not pair.of(A, Phase2Failed)


def test_r7_to_others_a_refusal_is_plain(make_pair: MakePair) -> None:
    pair = make_pair(
        children(A, ESP_3DES, ESP_AES_PFS), children(B, ESP_AES_PFS), alternatives=False
    )
    pair.start()
    pair.run(5)
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["proposal-p2"]
    (told,) = heard(pair, A, NotifyType.NO_PROPOSAL_CHOSEN)
    assert told.notification.data == b"" and told.protected


# ---- tolerance
def test_the_commit_bit_is_tolerated(make_pair: MakePair) -> None:
    """RFC 2408 3.1: no hash covers it, so it must not block anything."""

    def commit(sent: Sent) -> bytes:
        header = decode_header(sent.datagram)
        if not header.encrypted:
            return sent.datagram
        return sent.datagram[:19] + bytes([header.flags | 2]) + sent.datagram[20:]

    pair = make_pair(tap=commit)
    pair.start()
    pair.run(30)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 1


def test_r18_a_phase1_sa_that_ends_takes_its_negotiations_along(make_pair: MakePair) -> None:
    quiet: list[bool] = []

    def drop_quick(sent: Sent) -> bytes | None:
        quick = decode_header(sent.datagram).exchange == ExchangeType.QUICK
        return None if quiet and quick else sent.datagram

    pair = make_pair(tap=drop_quick)
    pair.start()
    pair.run(5)
    quiet.append(True)
    pair.start()
    (sa,) = pair.b.sadb
    pair.run(1)
    pair.b.end(sa, pair.network.now, "on demand")
    pair.run(1)
    (failed,) = pair.of(A, Phase2Failed)
    assert failed.reason == "no-responder" and "the peer has deleted it" in failed.why


# ---- cookies
@given(st.binary(min_size=8, max_size=8), st.integers(0, 65_535), st.integers(0, 65_535))
@settings(max_examples=50)
def test_r9_cookies_are_bound_to_the_address(initiator: bytes, one: int, other: int) -> None:
    maker = CookieMaker(lambda size: b"s" * size, 60)
    made = [
        maker.make(("192.0.2.1", port), initiator, 0.0, lambda _: False) for port in (one, other)
    ]
    assert (made[0] == made[1]) is (one == other)
    again = maker.make(("192.0.2.1", one), initiator, 0.0, lambda cookie: cookie == made[0])
    assert again != made[0] and any(again) and len(again) == 8


def test_r9_the_secret_of_cookies_changes() -> None:
    secrets = iter((b"one", b"two", b"three"))
    maker = CookieMaker(lambda _size: next(secrets), 60)

    def made(now: float) -> bytes:
        return maker.make(("192.0.2.1", 500), b"initiate", now, lambda _: False)

    assert made(0.0) == made(59.9) != made(60.0) == made(119.0) != made(120.0)


def test_r9_a_first_message_costs_no_diffie_hellman_and_gets_one_cookie(
    make_pair: MakePair,
) -> None:
    """What was forgotten in a flood is answered as before when it comes again."""
    pair = make_pair(half_open=1)
    pair.start()
    first = pair.a.outgoing()[0].datagram
    pair.b.receive_datagram(first, A, 0.0)
    (answer,) = pair.b.outgoing()
    (sa,) = pair.b.sadb
    assert sa.private is None and not sa.publics[1]
    flood = bytes(7) + b"\1" + first[8:]
    pair.b.receive_datagram(flood, ("192.0.2.9", 500), 0.0)
    pair.b.outgoing()
    pair.b.receive_datagram(first, A, 1.0)
    (again,) = pair.b.outgoing()
    assert again.datagram == answer.datagram and len(again.datagram) > HEADER_SIZE
