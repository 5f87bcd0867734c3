"""Dead peers, and what is tolerated of live ones (RFC 3706; R18)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from impl.crypto.schedule import hash_1
from impl.ike import notices
from impl.ike.events import (
    Notified,
    Phase1Ended,
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
    SasDeleted,
    SasInstalled,
)
from impl.ike.settings import Detection, Lifetime
from impl.ike.tables import State
from impl.link.network import Sent
from impl.wire.message import (
    Header,
    Message,
    decode_header,
    decode_message,
    encode_chain,
    encode_message,
)
from impl.wire.numbers import ExchangeType, NotifyType, ProtocolId
from impl.wire.payloads import Delete, HashData, Notification
from tests.impl.ike.conftest import (
    A,
    B,
    MakePair,
    children,
    connection,
    heard,
    net,
)

ASKS = {"detection": Detection(idle=10, every=3, dead=19)}


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


def test_silence_counts_from_the_last_sign_of_life(make_pair: MakePair) -> None:
    dead: list[bool] = []
    asks = {"detection": Detection(idle=10, every=10, dead=35)}
    pair = make_pair(asks, tap=lambda sent: None if dead and sent.source == B else sent.datagram)
    pair.start()
    pair.run(12)
    dead.append(True)  # answered at 10: asked again at 20, 30 and 40, and dead at 45
    pair.run(32.9)
    assert not pair.of(A, Phase1Ended)
    pair.run(0.2)
    assert [item.why for item in pair.of(A, Phase1Ended)] == [
        "the peer is dead: 3 questions without an answer"
    ]


@pytest.mark.parametrize("comes_back", [True, False])
def test_r17_what_is_to_be_restarted_is_negotiated_anew_with_a_dead_peer(
    make_pair: MakePair, comes_back: bool
) -> None:
    dead: list[bool] = []
    changes = {**ASKS, **children(A, restarts=True)}
    pair = make_pair(changes, tap=lambda sent: None if dead and sent.source == B else sent.datagram)
    pair.start()
    pair.run(5)
    dead.append(True)
    while not pair.of(A, Phase1Ended):
        pair.run(1)
    assert len(pair.of(A, SasDeleted)) == 1
    if comes_back:
        dead.clear()
    pair.run(25)
    if comes_back:
        assert len(pair.of(A, Phase1Established)) == len(pair.of(A, SasInstalled)) == 2
        assert len(pair.a.sadb.pairs) == 1 and len(pair.b.sadb.pairs) == 1
    else:  # as often as any negotiation that begins, and then no more
        assert [item.reason for item in pair.of(A, Phase1Failed)] == ["no-responder"]
        assert pair.a.next_deadline() is None and not len(pair.a.sadb)


def test_a_pair_that_is_not_to_be_restarted_is_not(make_pair: MakePair) -> None:
    dead: list[bool] = []
    pair = make_pair(ASKS, tap=lambda sent: None if dead and sent.source == B else sent.datagram)
    pair.start()
    pair.run(5)
    dead.append(True)
    pair.run(40)
    dead.clear()
    pair.run(60)
    assert len(pair.of(A, Phase1Established)) == 1 and not len(pair.a.sadb)


def test_an_answer_that_was_held_back_is_no_sign_of_life(make_pair: MakePair) -> None:
    held: list[Sent] = []
    dead: list[bool] = []

    def hold(sent: Sent) -> bytes | None:
        notice = decode_header(sent.datagram).exchange == ExchangeType.INFORMATIONAL
        if sent.source == B and notice and not dead:
            held.append(sent)
            return sent.datagram if len(held) % 2 == 0 else None
        return None if dead and sent.source == B else sent.datagram

    pair = make_pair(ASKS, tap=hold)
    pair.start()
    pair.run(60)
    kept = held[::2]
    assert len(kept) >= 3 and not pair.of(A, Phase1Ended)
    dead.append(True)
    while pair.network.now < 95:
        pair.run(8)
        if kept:
            pair.a.receive_datagram(kept.pop().datagram, B, pair.network.now)
    assert pair.of(A, Phase1Ended)


def test_a_question_that_was_held_back_is_not_answered(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,) = pair.a.sadb
    questions = []
    for number in (7, 8, 8):
        sa.question = number
        pair.a.notify(sa, [notices.question(sa)])
        (sent,) = pair.a.outgoing()
        questions.append(sent.datagram)
    old, new, again = questions
    answers = []
    # The last one may be asked again: the answer may have been lost.
    for datagram in (new, again, old):
        pair.b.receive_datagram(datagram, A, pair.network.now)
        answers.append(len(pair.b.outgoing()))
    assert answers == [1, 1, 0]


def test_a_dead_sa_takes_no_pairs_along_while_another_lives(make_pair: MakePair) -> None:
    old: list[bytes] = []

    def deaf(sent: Sent) -> bytes | None:
        name = sent.datagram[:16]
        return None if sent.source == B and name in old else sent.datagram

    changes = {**ASKS, "life": Lifetime(300, 300, soft=100)}
    pair = make_pair(changes, {"life": Lifetime(300, 300)}, tap=deaf, overlap=150.0)
    pair.start()
    pair.run(102)
    old.append(pair.of(A, Phase1Established)[0].name)
    pair.run(60)
    (ended,) = pair.of(A, Phase1Ended)
    assert "the peer is dead" in ended.why and not pair.of(A, SasDeleted)


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


def test_a_fourth_message_of_quick_mode_is_tolerated(make_pair: MakePair) -> None:
    """CONNECTED, as a notice or in the exchange itself, says nothing that the engine waits for."""
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,), made = pair.b.sadb, pair.of(A, SasInstalled)[0].pair
    assert sa.sealing is not None
    spi = made.sas[0].outbound_spi.to_bytes(4, "big")
    connected = Notification(NotifyType.CONNECTED, ProtocolId.ESP, spi)
    pair.b.notify(sa, [connected])
    quick = next(
        decode_header(sent.datagram)
        for sent in pair.network.log
        if decode_header(sent.datagram).exchange == ExchangeType.QUICK
    )
    chain = encode_chain([HashData(bytes(20)), connected])
    fourth = sa.sealing.seal(sa.cookies, quick.exchange, quick.message_id, chain)
    pair.network.send(B, A, fourth)
    pair.run(5)
    assert len(heard(pair, A, NotifyType.CONNECTED)) == 1
    assert pair.a.dropped["a message ID that was used before"] == 1
    assert len(pair.a.sadb.pairs) == 1 and not pair.of(A, Phase1Ended)


@pytest.mark.parametrize("first", [True, False])
def test_r10_a_refusal_that_names_nothing_is_about_what_is_left(
    make_pair: MakePair, first: bool
) -> None:
    """strongSwan names no SPI."""

    def unnamed(sent: Sent) -> bytes | None:
        notice = decode_header(sent.datagram).exchange == ExchangeType.INFORMATIONAL
        return None if sent.source == B and notice else sent.datagram

    one = connection(B, "10.1.0.0/16", "10.2.0.0/16").children[0]
    other = replace(one, name="other", local=net("172.16.0.0/24"))
    own = (other, one) if first else (one, other)
    pair = make_pair({"children": own}, tap=unnamed, parallel=2)
    pair.start()
    pair.run(0.075)  # both are under way
    (sa,) = pair.b.sadb
    pair.b.notify(sa, [Notification(NotifyType.INVALID_ID_INFORMATION, ProtocolId.ESP, bytes(4))])
    (sent,) = pair.b.outgoing()
    pair.a.receive_datagram(sent.datagram, B, pair.network.now)
    pair.run(5)
    assert [(i.child, i.reason) for i in pair.of(A, Phase2Failed)] == [("other", "selector")]
    assert [item.pair.child for item in pair.of(A, SasInstalled)] == ["net"]
    pair.run(60)
    assert len(pair.of(A, Phase1Established)) == 1


@pytest.mark.parametrize("heals", [True, False])
def test_r10_a_refusal_that_comes_twice_is_about_one(make_pair: MakePair, heals: bool) -> None:
    """What was sent again is refused again: that says nothing of the other negotiation."""
    one = connection(B, "10.1.0.0/16", "10.2.0.0/16").children[0]
    other = replace(one, name="other", local=net("172.16.0.0/24"))
    quiet: list[bool] = []

    def unheard(sent: Sent) -> bytes | None:
        notice = decode_header(sent.datagram).exchange == ExchangeType.INFORMATIONAL
        return None if sent.source == B and (notice or quiet) else sent.datagram

    pair = make_pair({"children": (one, other)}, tap=unheard, parallel=2)
    pair.start()
    pair.run(0.065)
    quiet.append(True)
    pair.run(4)
    (sa,) = pair.b.sadb
    for _ in range(2):
        notice = Notification(NotifyType.INVALID_ID_INFORMATION, ProtocolId.ESP, bytes(4))
        pair.b.notify(sa, [notice])
        (sent,) = pair.b.outgoing()
        pair.a.receive_datagram(sent.datagram, B, pair.network.now)
    assert not pair.of(A, Phase2Failed)
    if not heals:
        pair.run(30)
        reasons = sorted(item.reason for item in pair.of(A, Phase2Failed))
        assert reasons == ["no-responder", "selector"]
        return
    quiet.clear()
    pair.run(5)
    assert [(i.child, i.reason) for i in pair.of(A, Phase2Failed)] == [("other", "selector")]
    assert [item.pair.child for item in pair.of(A, SasInstalled)] == ["net"]


def test_r5_who_refuses_under_the_right_keys_refuses_an_identity(make_pair: MakePair) -> None:
    """As strongSwan does that finds no policy for who we say we are: it has our pre-shared key."""
    pair = make_pair(
        tap=lambda sent: None if sent.time > 0.045 and sent.source == B else sent.datagram
    )
    pair.start()
    pair.run(1)
    (sa,) = pair.a.sadb
    assert sa.state is State.AWAITS_MM6 and sa.sealing is not None
    chain = encode_chain([Notification(NotifyType.AUTHENTICATION_FAILED, ProtocolId.ISAKMP)])
    proof = HashData(hash_1(sa.sealing.keys, 77, chain[1]))
    chain = encode_chain([proof, Notification(NotifyType.AUTHENTICATION_FAILED, ProtocolId.ISAKMP)])
    told = sa.sealing.seal(sa.cookies, ExchangeType.INFORMATIONAL, 77, chain)
    sa.sealing.forget(77)
    pair.a.receive_datagram(told[:-1] + bytes([told[-1] ^ 1]), B, pair.network.now)
    assert not pair.of(A, Phase1Failed) and sa.state is State.AWAITS_MM6
    pair.a.receive_datagram(told, B, pair.network.now)
    pair.run(1)
    assert [item.reason for item in pair.of(A, Phase1Failed)] == ["identity"]


def test_r9_notifies_in_clear_are_reported_once_a_kind_and_change_nothing(
    make_pair: MakePair,
) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,) = pair.a.sadb
    cookies = sa.cookies
    header = Header(cookies.initiator, cookies.responder, 0, ExchangeType.INFORMATIONAL, 0, 0, 0)
    for kind in [14] * 20 + list(range(1, 60)):
        forged = Message(header, (Notification(kind, ProtocolId.ISAKMP),))
        pair.network.send(B, A, encode_message(forged))
    deletes = (Delete(ProtocolId.ISAKMP, (cookies.both,)),)
    pair.network.send(B, A, encode_message(Message(header, deletes)))
    pair.run(5)
    assert (
        len(pair.of(A, Notified)) == 8 and len(heard(pair, A, NotifyType.NO_PROPOSAL_CHOSEN)) == 1
    )
    assert not any(item.protected for item in pair.of(A, Notified))
    assert len(pair.a.sadb) == len(pair.a.sadb.pairs) == 1 and not pair.of(A, Phase1Ended)


def test_r18_a_delete_of_another_phase1_sa_changes_nothing(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,) = pair.b.sadb
    pair.b.notify(sa, [Delete(ProtocolId.ISAKMP, (bytes(16), sa.cookies.both[::-1]))])
    pair.run(5)
    assert not pair.of(A, Phase1Ended) and len(pair.a.sadb) == 1
