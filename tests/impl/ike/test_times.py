"""Lifetimes and their successors, of both phases (R15 to R20)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from impl.ike import notices
from impl.ike.events import (
    FellBack,
    Phase1Ended,
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
    SasDeleted,
    SasInstalled,
)
from impl.ike.settings import Detection, Lifetime
from impl.link.network import Faults, Sent
from impl.wire.message import decode_header
from impl.wire.numbers import ExchangeType, NotifyType, ProtocolId
from impl.wire.payloads import Delete, Notification
from tests.impl.ike.conftest import (
    AES,
    DES3,
    A,
    B,
    MakePair,
    Pair,
    children,
    connection,
    heard,
)


def test_r17_r20_a_successor_stands_before_phase1_ends(make_pair: MakePair) -> None:
    life = {"life": Lifetime(100, 100, soft=50)}
    pair = make_pair(life, life)
    pair.start()
    pair.run(58)
    assert len(pair.of(A, Phase1Established)) == len(pair.of(B, Phase1Established)) == 2
    assert not pair.of(A, Phase1Ended) and len(pair.a.sadb) == 2
    pair.run(5)
    assert [item.why for item in pair.of(A, Phase1Ended)] == ["it was replaced"]
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
    assert {item.why for item in pair.of(A, Phase1Ended)} == {"it was replaced"}


def test_r16_an_sa_that_has_seen_too_many_message_ids_ends(make_pair: MakePair) -> None:
    """Who asks faster than a successor comes up is stopped."""
    pair = make_pair(most_ids=20)
    pair.start()
    pair.run(2)
    for _ in range(19):
        pair.start()
    pair.run(2)
    assert "it has used the maximum number of message IDs" in {
        item.why for item in pair.of(A, Phase1Ended)
    }


def test_r15_r19_pairs_live_on_at_both_ends_when_phase1_is_negotiated_anew(
    make_pair: MakePair,
) -> None:
    """What begins again is no first contact while pairs stand."""
    quiet: list[bool] = []
    pair = make_pair(tap=lambda sent: None if quiet else sent.datagram)
    pair.start()
    pair.run(5)
    pair.start()
    quiet.append(True)
    pair.run(17)
    quiet.clear()
    pair.run(20)
    assert len(pair.of(A, Phase1Established)) == 2 and len(pair.of(A, SasInstalled)) == 2
    assert not pair.of(A, SasDeleted) and not pair.of(B, SasDeleted)


def test_r8_a_renewal_that_meets_silence_is_not_followed_by_clear_text(
    make_pair: MakePair,
) -> None:
    dead: list[bool] = []
    life = {"life": Lifetime(100, 100), "falls_back": True}
    pair = make_pair(life, tap=lambda sent: None if dead else sent.datagram)
    pair.start()
    pair.run(5)
    dead.append(True)
    pair.run(200)
    assert pair.of(A, Phase1Failed) and pair.a.sadb.pairs and not pair.of(A, FellBack)


def test_r8_a_refused_offer_that_meets_silence_then_is_not_followed_by_clear_text(
    make_pair: MakePair,
) -> None:
    changes = {"choices": (DES3,), "spare": (AES,), "falls_back": True}
    pair = make_pair(
        changes, {"choices": (AES,)}, tap=lambda sent: sent.datagram if sent.time < 0.015 else None
    )
    pair.start()
    pair.run(100)
    assert len({sent.datagram for sent in pair.network.log if sent.source == A}) == 2
    assert pair.of(A, Phase1Failed) and not pair.of(A, FellBack)


def test_r22_both_ends_may_begin_at_once_and_one_pair_is_left(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.b.start(pair.b.settings.connections[0], A, 0.0)
    pair.run(5)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 2
    pair.run(30)
    ((_, one),), ((_, other),) = pair.a.sadb.pairs.values(), pair.b.sadb.pairs.values()
    assert one.inbound_spi == other.sas[0].outbound_spi and not pair.of(B, Phase1Failed)


def test_r19_pairs_without_phase1_are_replaced_under_one_new_phase1_sa(
    make_pair: MakePair,
) -> None:
    one = connection(B, "10.1.0.0/16", "10.2.0.0/16").children[0]
    one = replace(one, life=SOFT)
    pair = make_pair({"children": (one, replace(one, name="two"))})
    pair.start()
    pair.run(5)
    for engine in (pair.a, pair.b):
        for sa in engine.sadb:
            engine.ended(sa, "for this test")
    pair.run(60)
    assert len(pair.of(A, SasInstalled)) == 4 and len(pair.of(A, Phase1Established)) == 2


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


def test_r17_nothing_that_a_responder_says_makes_a_lifetime_longer(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (mine,), (theirs,) = pair.a.sadb, pair.b.sadb
    for said, taken in ((10**6, 28_800), (0, 28_800), (1000, 1000)):
        theirs.seconds = said
        pair.b.notify(theirs, [notices.lifetime_of_phase1(theirs)])
        pair.run(1)
        assert mine.seconds == taken


def test_r19_a_shorter_lifetime_of_a_pair_is_said_and_heard(make_pair: MakePair) -> None:
    pair = make_pair(b=children(B, life=Lifetime(900, 900, kilobytes=500)))
    pair.start()
    pair.run(5)
    one, other = pair.of(A, SasInstalled)[0].pair, pair.of(B, SasInstalled)[0].pair
    assert (one.life, one.kilobytes) == (other.life, other.kilobytes) == (900, 500)
    # where it is no shorter nothing is said
    alike = make_pair(b=children(B, life=Lifetime(3600, 3600)))
    alike.start()
    alike.run(5)
    said, unsaid = (
        [len(sent.datagram) for sent in item.network.log if sent.source == B][3]
        for item in (pair, alike)
    )
    assert said - unsaid >= 12 + 16


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
    assert [item.pair.inbound_spi for item in pair.of(B, SasDeleted)] == [first.sas[0].outbound_spi]
    assert pair.of(A, SasInstalled)[1].pair.local == first.local


def test_r19_the_answerer_replaces_a_pair_if_the_other_end_does_not(make_pair: MakePair) -> None:
    pair = make_pair(children(A), children(B, life=SOFT))
    pair.start()
    pair.run(80)
    assert [item.pair.initiated for item in pair.of(B, SasInstalled)] == [False, True]


def test_r19_jitter_makes_it_a_little_earlier_and_never_later(make_pair: MakePair) -> None:
    times = []
    for _ in range(12):
        soft = replace(SOFT, jitter=30)
        pair = make_pair(children(A, life=soft))
        pair.start()
        while len(pair.of(A, SasInstalled)) < 2 and pair.network.now < 60:
            pair.run(0.1)
        times.append(pair.network.now)
    assert all(19.9 < time < 50.3 for time in times)
    assert max(times) - min(times) > 3


def test_r17_r19_a_shorter_lifetime_of_the_peer_brings_the_successor_forward(
    make_pair: MakePair,
) -> None:
    pair = make_pair(children(A, life=SOFT), children(B, life=Lifetime(20, 20)))
    pair.start()
    pair.run(12)
    assert len(pair.of(A, SasInstalled)) == 2


def test_r19_a_pair_that_the_peer_is_replacing_is_left_to_it(make_pair: MakePair) -> None:
    pair = make_pair(children(A), children(B, life=SOFT), faults=Faults(delay=(0.05, 0.05)))
    pair.start()
    pair.run(5)
    (mine,), (theirs,) = pair.of(A, SasInstalled), pair.of(B, SasInstalled)
    due = pair.b.sadb.made(theirs.pair) + 75
    pair.network.run(due - 0.1)
    pair.a.renew(mine.pair.inbound_spi, pair.network.now)
    pair.run(20)
    assert [item.pair.initiated for item in pair.of(B, SasInstalled)] == [False, False]


def test_r18_a_delete_that_names_the_receivers_own_sa_is_understood(make_pair: MakePair) -> None:
    """strongSwan sends such a one for a pair that it could not install."""
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,), spi = pair.b.sadb, pair.of(B, SasInstalled)[0].pair.sas[0].outbound_spi
    pair.b.notify(sa, [Delete(ProtocolId.AH, (spi.to_bytes(4, "big"),))])
    pair.run(1)
    assert not pair.of(A, SasDeleted)
    pair.b.notify(sa, [Delete(ProtocolId.ESP, (spi.to_bytes(4, "big"),))])
    pair.run(1)
    assert pair.of(A, SasDeleted)


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
    assert left[1].inbound_spi == other[1].sas[0].outbound_spi
    assert left[1].sas[0].outbound_spi == other[1].inbound_spi


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
        assert inbound & {item[1].sas[0].outbound_spi for item in pair.b.sadb.pairs.values()}


def test_r11_a_pair_that_the_answerer_never_made_is_deleted(make_pair: MakePair) -> None:
    """Message 3 is lost for good: the starter holds a pair, and hears that it is alone with it."""

    def lose_third(sent: Sent) -> bytes | None:
        quick = decode_header(sent.datagram).exchange == ExchangeType.QUICK
        return None if quick and sent.source == A and len(sent.datagram) < 70 else sent.datagram

    pair = make_pair(tap=lose_third)
    pair.start()
    pair.run(40)
    assert [item.reason for item in pair.of(B, Phase2Failed)] == ["no-responder"]
    assert [item.why for item in pair.of(A, SasDeleted)] == ["the peer has deleted it"]
    assert not pair.a.sadb.pairs and pair.of(A, SasInstalled)


def test_r19_a_pair_whose_successor_was_refused_is_tried_to_be_replaced_again(
    make_pair: MakePair,
) -> None:
    pair = make_pair(children(A, life=SOFT), children(B))
    pair.start()
    pair.run(5)
    (sa,) = pair.b.sadb
    known = sa.connection
    sa.connection = replace(known, limit=1)
    pair.run(50)
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["proposal-p2"]
    sa.connection = known
    pair.run(16)
    assert len(pair.of(A, SasInstalled)) == 2


def test_r18_initial_contact_in_a_notice_spares_what_is_made_under_its_own_sa(
    make_pair: MakePair,
) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,) = pair.a.sadb
    notice = Notification(NotifyType.INITIAL_CONTACT, ProtocolId.ISAKMP, sa.cookies.both)
    pair.a.notify(sa, [notice])
    pair.run(5)
    assert len(pair.b.sadb.pairs) == 1 and not pair.of(B, SasDeleted)


def test_r17_an_ended_sa_of_which_pairs_are_left_is_nobodys_successor(make_pair: MakePair) -> None:
    life = {"life": Lifetime(100, 100)}
    pair = make_pair(life, life)
    pair.start()
    pair.run(5)
    pair.a.begin(pair.a.settings.connections[0], B)
    pair.run(5)
    pair.start()
    pair.run(5)
    assert pair.of(A, SasInstalled)[1].name == pair.of(A, Phase1Established)[1].name
    for engine in (pair.a, pair.b):
        engine.ended(list(engine.sadb)[1], "for this test")
    pair.run(100)
    assert len(pair.of(A, Phase1Established)) == 3 and len(pair.a.sadb) == 1


@pytest.mark.parametrize("between", [0.0, 0.015, 2.0])
def test_r16_a_pair_has_one_successor_however_often_one_is_asked_for(
    make_pair: MakePair, between: float
) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    spi = pair.of(A, SasInstalled)[0].pair.inbound_spi
    for _ in range(4):
        pair.a.renew(spi, pair.network.now)
        pair.run(between)
    pair.run(5)
    assert len(pair.of(A, SasInstalled)) == 2
    for _ in range(4):
        (sa,) = pair.a.sadb
        pair.a.rekey(sa, "net", pair.network.now)
        pair.run(between)
    pair.run(30)
    assert len(pair.a.sadb.pairs) == len(pair.b.sadb.pairs) == 1


def test_r19_a_pair_whose_successor_went_with_phase1_is_tried_to_be_replaced_again(
    make_pair: MakePair,
) -> None:
    dead: list[bool] = []
    pair = make_pair(
        {**children(A, life=Lifetime(300, 300, soft=50)), "detection": Detection(5, 3, 11)},
        tap=lambda sent: None if dead and sent.source == B else sent.datagram,
    )
    pair.start()
    pair.run(48)
    (sa,) = pair.a.sadb
    dead.append(True)
    pair.run(4)  # its successor is being negotiated
    assert sa.quick
    pair.a.ended(sa, "for this test")
    pair.run(30)
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["no-responder"]
    pair.run(60)
    assert pair.of(A, Phase1Failed)
    dead.clear()
    pair.run(100)
    assert len(pair.of(A, SasInstalled)) >= 2


def test_r12_an_sa_that_has_ended_keeps_no_keys(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (ours,), (theirs,) = pair.a.sadb, pair.b.sadb
    assert ours.sealing is not None and ours.private is None
    pair.a.notify(ours, [notices.delete_of(ours)])
    pair.a.ended(ours, "for this test")
    pair.run(5)
    assert ours.sealing is None and theirs.sealing is None
    assert len(pair.a.sadb.pairs) == len(pair.b.sadb.pairs) == 1


def test_r16_a_pair_whose_successor_waits_is_not_replaced_twice(make_pair: MakePair) -> None:
    one = connection(B, "10.1.0.0/16", "10.2.0.0/16").children[0]
    pair = make_pair({"children": (one, replace(one, name="two"))})
    pair.start()
    pair.run(5)
    first, second = (item.pair.inbound_spi for item in pair.of(A, SasInstalled))
    for spi in (first, second, second):  # one at a time: the others wait
        pair.a.renew(spi, pair.network.now)
    pair.run(5)
    assert len(pair.of(A, SasInstalled)) == 4
