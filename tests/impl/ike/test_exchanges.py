"""Main Mode and Quick Mode between two of our engines (R2 to R5, R7, R8, R10 to R12, R14 to R18, R21)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from impl.ike.events import (
    FellBack,
    Phase1Ended,
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
    SasDeleted,
    SasInstalled,
)
from impl.ike.settings import Bundle, Lifetime, Phase1Choice, Phase2Choice
from impl.link.network import Faults, Sent
from impl.wire.message import decode_header, decode_message, encode_message
from impl.wire.numbers import ExchangeType
from impl.wire.payloads import Nonce
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
    connection,
    named,
    net,
    secret,
)


def up(pair: Pair) -> tuple[SasInstalled, SasInstalled]:
    (one,), (other,) = pair.of(A, SasInstalled), pair.of(B, SasInstalled)
    return one, other


def test_r2_r11_main_mode_and_quick_mode_give_a_pair_of_sas_at_both_ends(
    make_pair: MakePair,
) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    one, other = up(pair)
    assert one.name == other.name
    assert one.pair.inbound_spi == other.pair.sas[0].outbound_spi != one.pair.sas[0].outbound_spi
    assert one.pair.sas[0].outbound_spi == other.pair.inbound_spi > 255
    assert (
        one.pair.sas[0].inbound_key
        == other.pair.sas[0].outbound_key
        != one.pair.sas[0].outbound_key
    )
    assert one.pair.sas[0].outbound_key == other.pair.sas[0].inbound_key
    assert len(one.pair.sas[0].inbound_key) == 24 + 20
    assert (one.pair.local, one.pair.remote) == (other.pair.remote, other.pair.local)
    assert [len(pair.of(end, Phase1Established)) for end in (A, B)] == [1, 1]
    assert len(pair.network.log) == 9


def test_r4_r12_keys_are_never_shown(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    one, _ = up(pair)
    sa = next(iter(pair.a.sadb))
    shown = repr(one) + repr(sa) + repr(sa.sealing)
    assert sa.sealing is not None
    for key in (one.pair.sas[0].inbound_key, sa.sealing.keys.skeyid, sa.sealing.keys.e):
        assert key.hex() not in shown and repr(key) not in shown


@pytest.mark.parametrize(("first", "second"), [(DES3, ESP_3DES), (AES, ESP_AES_PFS)])
def test_r3_r10_r12_each_suite(
    make_pair: MakePair, first: Phase1Choice, second: Phase2Choice
) -> None:
    pair = make_pair(
        a={"choices": (first,), **children(A, second)},
        b={"choices": (AES, DES3), **children(B, ESP_3DES, ESP_AES_PFS)},
    )
    pair.start()
    pair.run(5)
    one, other = up(pair)
    assert pair.of(A, Phase1Established)[0].choice == first
    assert one.pair.sas[0].choice == other.pair.sas[0].choice == second
    assert one.pair.sas[0].inbound_key == other.pair.sas[0].outbound_key


@pytest.mark.parametrize(("prefers_own", "wins"), [(False, DES3), (True, AES)])
def test_r7_the_profile_says_whose_order_counts(
    make_pair: MakePair, prefers_own: bool, wins: object
) -> None:
    pair = make_pair(b={"choices": (AES, DES3), "prefers_own": prefers_own})
    pair.start()
    pair.run(5)
    assert pair.of(B, Phase1Established)[0].choice == wins


def test_r16_a_further_quick_mode_takes_three_messages(make_pair: MakePair) -> None:
    pair = make_pair(a=children(A, ESP_3DES))
    pair.start()
    pair.run(5)
    pair.start()
    pair.run(5)
    assert len(pair.network.log) == 12 and len(pair.of(B, SasInstalled)) == 2
    assert len(pair.of(A, Phase1Established)) == 1


def test_r12_master_key_pfs_serves_one_negotiation(make_pair: MakePair) -> None:
    pair = make_pair(a={"limit": 1}, b={"limit": 1})
    pair.start()
    pair.run(5)
    pair.start()
    pair.run(5)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(A, Phase1Established)) == 2


def test_r16_an_answerer_with_a_lower_limit_refuses(make_pair: MakePair) -> None:
    pair = make_pair(b={"limit": 1})
    pair.start()
    pair.run(5)
    pair.start()
    pair.run(5)
    assert [item.reason for item in pair.of(B, Phase2Failed)] == ["limit"]
    assert len(pair.of(A, SasInstalled)) == 1


FAILURES = [
    ({"choices": (DES3,)}, {"choices": (AES,)}, B, "proposal-p1"),
    ({"choices": (DES3,)}, {"choices": (AES,)}, A, "proposal-p1"),
    ({"secret": secret(b"another")}, {}, B, "psk-mismatch"),
    ({"secret": secret(b"another")}, {}, A, "no-responder"),
    ({"secret": None}, {}, A, "psk-mismatch"),
    ({}, {"secret": secret(None)}, B, "psk-mismatch"),
    ({"own": named("a")}, {"expected": named("c")}, B, "identity"),
    ({"expected": named("c")}, {"own": named("b")}, A, "identity"),
]


@pytest.mark.parametrize(("a", "b", "end", "reason"), FAILURES)
def test_r5_phase1_fails_with_its_reason(
    make_pair: MakePair,
    a: dict[str, object],
    b: dict[str, object],
    end: tuple[str, int],
    reason: str,
) -> None:
    pair = make_pair(a, b)
    pair.start()
    pair.run(120)
    assert {item.reason for item in pair.of(end, Phase1Failed)} == {reason}
    assert not pair.of(A, SasInstalled) and not pair.of(B, SasInstalled)
    assert not len(pair.b.sadb)


def test_r21_packets_that_no_policy_selects_are_refused(make_pair: MakePair) -> None:
    pair = make_pair(a=children(A, local=net("172.16.0.0/24")))
    pair.start()
    pair.run(5)
    assert [item.reason for item in pair.of(B, Phase2Failed)] == ["selector"]
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["selector"]


def test_r21_a_part_of_what_the_policy_selects_is_taken(make_pair: MakePair) -> None:
    pair = make_pair(a=children(A, local=net("10.1.7.0/24")))
    pair.start()
    pair.run(5)
    _, other = up(pair)
    assert other.pair.remote == net("10.1.7.0/24")


def test_r10_no_common_proposal_of_phase2(make_pair: MakePair) -> None:
    pair = make_pair(a=children(A, ESP_3DES), b=children(B, ESP_AES_PFS))
    pair.start()
    pair.run(5)
    assert [item.reason for item in pair.of(B, Phase2Failed)] == ["proposal-p2"]
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["proposal-p2"]
    assert pair.of(A, Phase1Established)


def test_r8_silence_is_met_with_five_resends_and_then_the_brief_interval(
    make_pair: MakePair,
) -> None:
    pair = make_pair(a={"falls_back": True}, tap=lambda _sent: None)
    pair.start()
    pair.run(100)
    assert [round(sent.time) for sent in pair.network.log] == [0, 3, 6, 9, 12, 15]
    assert len({sent.datagram for sent in pair.network.log}) == 1
    assert pair.of(A, FellBack) and not len(pair.a.sadb)


def test_r8_an_answer_in_the_brief_interval_still_counts(make_pair: MakePair) -> None:
    pair = make_pair(tap=lambda sent: sent.datagram if sent.time > 14 else None)
    pair.start()
    pair.run(60)
    assert pair.of(A, SasInstalled) and not pair.of(A, FellBack)


def test_r5_a_failed_negotiation_never_goes_clear(make_pair: MakePair) -> None:
    pair = make_pair(a={"choices": (DES3,), "falls_back": True}, b={"choices": (AES,)})
    pair.start()
    pair.run(100)
    assert pair.of(A, Phase1Failed) and not pair.of(A, FellBack)


def test_r18_ending_deletes_the_sas_at_both_ends(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,) = pair.a.sadb
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(5)
    for end, engine in ((A, pair.a), (B, pair.b)):
        assert len(pair.of(end, SasDeleted)) == len(pair.of(end, Phase1Ended)) == 1
        assert not len(engine.sadb) and not engine.sadb.pairs


def test_r22_ending_an_exchange_that_is_under_way_is_told(make_pair: MakePair) -> None:
    pair = make_pair(tap=lambda _sent: None)
    pair.start()
    (sa,) = pair.a.sadb
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(60)
    (failed,) = pair.of(A, Phase1Failed)
    assert (failed.reason, failed.why, failed.initiated) == ("ended", "on demand", True)
    assert not pair.of(A, Phase1Ended) and len(pair.network.log) == 1 and not len(pair.a.sadb)


def test_r17_r19_a_reached_lifetime_renegotiates_and_sas_live_on(make_pair: MakePair) -> None:
    life = {"life": Lifetime(100, 100)}
    pair = make_pair(life, life)
    pair.start()
    pair.run(110)
    # Whose lifetime is over first deletes it.
    (ended,), (other,) = pair.of(A, Phase1Ended), pair.of(B, Phase1Ended)
    assert {ended.why, other.why} == {"its lifetime is over", "the peer has deleted it"}
    assert len({item.name for item in pair.of(A, Phase1Established)}) == 2
    assert not pair.of(A, SasDeleted) and not pair.of(B, SasDeleted)
    assert len(pair.b.sadb.pairs) == 1


def test_r17_the_shorter_lifetime_counts(make_pair: MakePair) -> None:
    pair = make_pair(a={"life": Lifetime(1000, 1000)}, b={"life": Lifetime(50, 50)})
    pair.start()
    pair.run(60)
    assert pair.of(B, Phase1Ended) and pair.of(A, Phase1Ended)


def test_r15_a_later_silence_renegotiates_phase1(make_pair: MakePair) -> None:
    silent: list[bool] = []
    pair = make_pair(tap=lambda sent: None if silent and sent.source == B else sent.datagram)
    pair.start()
    pair.run(5)
    silent.append(True)
    pair.start()
    pair.run(25)
    assert [item.why for item in pair.of(A, Phase1Ended)] == ["a later negotiation got no answer"]
    silent.clear()
    pair.run(10)
    assert len(pair.of(A, Phase1Established)) == 2 and len(pair.of(A, SasInstalled)) == 2


@pytest.mark.parametrize("seed", range(12))
def test_r8_r15_a_bad_link_is_survived(make_pair: MakePair, seed: int) -> None:
    faults = Faults(loss=0.25, duplication=0.3, delay=(0.0, 2.0))
    pair = make_pair(faults=faults, seed=seed)
    pair.start()
    pair.run(200)
    one, other = up(pair)
    assert one.pair.sas[0].inbound_key == other.pair.sas[0].outbound_key


def test_r7_r8_an_exchange_repeated_whole_changes_nothing(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    told = list(pair.network.log)
    known = [len(pair.network.events[end]) for end in (A, B)]
    for sent in told:
        pair.network.send(sent.source, sent.target, sent.datagram)
    pair.run(100)
    assert [len(pair.network.events[end]) for end in (A, B)] == known
    assert len(pair.b.sadb.pairs) == len(pair.b.sadb) == 1


def test_r14_quick_mode_without_phase1_changes_nothing(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    quick = [
        s for s in pair.network.log if decode_header(s.datagram).exchange == ExchangeType.QUICK
    ]
    other = make_pair()
    for sent in quick:
        other.network.send(sent.source, sent.target, sent.datagram)
    other.run(5)
    assert not other.network.events[A] and not other.network.events[B]
    assert not len(other.b.sadb)


def test_r7_an_altered_offer_never_establishes(make_pair: MakePair) -> None:
    def alter(sent: Sent) -> bytes:
        header = decode_header(sent.datagram)
        if (
            sent.source == A
            and header.exchange == ExchangeType.MAIN
            and not any(header.responder_cookie)
        ):
            # The lifetime of the first transform: acceptable, and not what was offered.
            return sent.datagram.replace((28800).to_bytes(2, "big"), (28801).to_bytes(2, "big"), 1)
        return sent.datagram

    pair = make_pair(tap=alter)
    pair.start()
    pair.run(120)
    assert not pair.of(A, Phase1Established) and not pair.of(B, Phase1Established)
    assert [item.reason for item in pair.of(B, Phase1Failed)] == ["tampered"]


def test_r9_a_flood_of_first_messages_leaves_an_honest_peer_able_to_connect(
    make_pair: MakePair,
) -> None:
    pair = make_pair(half_open=50)
    pair.start()
    first = pair.a.datagrams_to_send()[0][0]
    for number in range(2_000):
        forged = number.to_bytes(8, "big")[::-1]
        forged = bytes([forged[0] or 1]) + forged[1:]
        pair.b.receive_datagram(forged + first[8:], (A[0], 1000 + number), 0.0)
    assert pair.b.sadb.half_open == 50
    pair.b.datagrams_to_send()
    pair.run(30)
    assert len(pair.of(A, SasInstalled)) == 1
    pair.run(60)
    assert pair.b.sadb.half_open == 0


def test_r3_r10_settings_that_the_engine_cannot_do_are_refused_at_once(make_pair: MakePair) -> None:
    with pytest.raises(ValueError, match="unsupported cipher, hash or group"):
        make_pair(a={"choices": (replace(DES3, group=19),)})
    with pytest.raises(ValueError, match="method that is not supported"):
        make_pair(a={"choices": (replace(DES3, method=2),)})
    with pytest.raises(ValueError, match="method that needs a certificate, but there is none"):
        make_pair(a={"choices": (replace(DES3, method=3),)})
    with pytest.raises(ValueError, match="method that needs a principal, but there is none"):
        make_pair(a={"choices": (replace(DES3, method=65001),)})
    with pytest.raises(ValueError, match=r"net: .* is not supported"):
        make_pair(a=children(A, replace(ESP_3DES, transform=7)))
    with pytest.raises(ValueError, match="nothing to offer"):
        make_pair(a={"choices": ()})


def test_r5_a_nonce_of_a_wrong_length_changes_nothing(make_pair: MakePair) -> None:
    def shorten(sent: Sent) -> bytes:
        header = decode_header(sent.datagram)
        if sent.source == A and header.exchange == ExchangeType.MAIN and not header.encrypted:
            message = decode_message(sent.datagram)
            cut = [Nonce(b"1234567") if isinstance(p, Nonce) else p for p in message.payloads]
            return encode_message(replace(message, payloads=tuple(cut)))
        return sent.datagram

    pair = make_pair(tap=shorten)
    pair.start()
    pair.run(10)
    assert not pair.of(B, Phase1Established)
    assert pair.b.dropped["a nonce of 7 octets"] >= 1


def test_r10_a_refusal_ends_the_negotiation_that_it_names_and_no_other(make_pair: MakePair) -> None:
    def two(local: str, remote: str, *choices: Bundle) -> dict[str, object]:
        (child,) = connection(B, local, remote).children
        named = zip(("one", "two"), choices, strict=True)
        return {"children": tuple(replace(child, name=n, choices=(c,)) for n, c in named)}

    own = two("10.1.0.0/16", "10.2.0.0/16", (ESP_AES_PFS,), (ESP_3DES,))
    pair = make_pair(a=own, b=children(B, ESP_3DES))
    pair.start()
    pair.run(5)
    assert [(item.child, item.reason) for item in pair.of(A, Phase2Failed)] == [
        ("one", "proposal-p2")
    ]
    assert [item.pair.child for item in pair.of(A, SasInstalled)] == ["two"]


def named_children(*names: str, **changes: Any) -> dict[str, object]:
    child = connection(B, "10.1.0.0/16", "10.2.0.0/16").children[0]
    return {"children": tuple(replace(child, name=name) for name in names), **changes}


@pytest.mark.parametrize("parallel", [1, 2, 5])
def test_r16_so_many_negotiations_are_under_way_at_once(make_pair: MakePair, parallel: int) -> None:
    most: list[int] = []

    def count(sent: Sent) -> bytes:
        most.extend(len(sa.quick) for sa in pair.a.sadb)
        return sent.datagram

    pair = make_pair(named_children("one", "two", "three"), parallel=parallel)
    pair.network.tap = count
    pair.start()
    pair.run(5)
    assert [item.pair.child for item in pair.of(A, SasInstalled)] == ["one", "two", "three"]
    assert max(most) == min(parallel, 3)


def test_r12_r16_what_one_phase1_sa_may_serve_no_more_its_successors_do(
    make_pair: MakePair,
) -> None:
    pair = make_pair(named_children("one", "two", "three", limit=1), {"limit": 1})
    pair.start()
    pair.run(10)
    assert [item.pair.child for item in pair.of(A, SasInstalled)] == ["one", "two", "three"]
    assert len({item.name for item in pair.of(A, SasInstalled)}) == 3
    assert not pair.of(A, Phase2Failed) and not pair.of(B, Phase2Failed)


def test_r15_what_waits_is_negotiated_under_the_new_phase1_sa(make_pair: MakePair) -> None:
    quiet: list[bool] = []
    pair = make_pair(
        named_children("one", "two", "three"), tap=lambda s: None if quiet else s.datagram
    )
    pair.start("one")
    pair.run(5)
    pair.start()
    quiet.append(True)
    pair.run(19)
    quiet.clear()
    pair.run(20)
    assert [item.child for item in pair.of(A, Phase2Failed)] == ["one"]
    first, *rest = (item.pair.child for item in pair.of(A, SasInstalled))
    assert first == "one" and sorted(rest) == ["one", "three", "two"]
    assert len(pair.of(A, Phase1Established)) == 2


def test_r18_what_waits_fails_with_its_phase1_sa(make_pair: MakePair) -> None:
    pair = make_pair(named_children("one", "two"))
    pair.start()
    pair.run(0.065)
    (sa,) = pair.a.sadb
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(5)
    assert [item.child for item in pair.of(A, Phase2Failed)] == ["one", "two"]
    assert not len(pair.b.sadb) and not pair.b.sadb.pairs


def test_r12_r16_a_refused_negotiation_takes_no_place(make_pair: MakePair) -> None:
    """With one place for two, the second has it, and no Phase I SA is made in vain."""
    child = connection(B, "10.1.0.0/16", "10.2.0.0/16").children[0]
    foreign = replace(child, name="one", local=net("172.16.0.0/24"))
    own = (foreign, replace(child, name="two"))
    pair = make_pair({"children": own, "limit": 1}, {"limit": 1})
    pair.start()
    pair.run(10)
    assert [item.child for item in pair.of(A, Phase2Failed)] == ["one"]
    assert [item.pair.child for item in pair.of(A, SasInstalled)] == ["two"]
    assert len(pair.of(A, Phase1Established)) == 1


def test_r17_what_waits_or_is_under_way_under_an_sa_that_ends_goes_to_its_successor(
    make_pair: MakePair,
) -> None:
    quiet: list[bool] = []

    def drop_quick(sent: Sent) -> bytes | None:
        quick = decode_header(sent.datagram).exchange == ExchangeType.QUICK
        return None if quiet and quick else sent.datagram

    life = {"life": Lifetime(100, 100, soft=50)}
    pair = make_pair({**named_children("one", "two"), **life}, life, tap=drop_quick)
    pair.start("one")
    pair.run(47)
    quiet.append(True)
    pair.start()
    pair.run(15)
    quiet.clear()
    pair.run(10)
    assert not pair.of(A, Phase2Failed)
    assert [item.pair.child for item in pair.of(A, SasInstalled)] == ["one", "one", "two"]
