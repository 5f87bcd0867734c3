"""The conclusion of a capture beside what two of our engines say of the same run (R5, R7, R8, R14, R15)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from impl.capture.conversation import Secrets
from impl.capture.ending import Conclusion, Evidence, Outcome, Reason
from impl.ike.events import Phase1Failed, Phase2Failed
from impl.ike.settings import Address, Detection, Lifetime, Nat
from impl.link.network import Sent, Tap
from impl.wire.message import (
    Header,
    decode_header,
)
from impl.wire.numbers import ExchangeType, Method
from tests.impl.auth.authorities import credentials, trust
from tests.impl.capture.conftest import saved
from tests.impl.capture.engines import (
    RSA_A,
    RSA_B,
    Recorded,
    concluded,
    established,
    octets_of,
    recorded_pair,
)
from tests.impl.capture.test_conversation import aggressive, psk_of
from tests.impl.ike.conftest import (
    AES,
    DES3,
    ESP_3DES,
    ESP_AES_PFS,
    A,
    B,
    children,
    named,
    net,
    secret,
)
from tests.impl.ike.test_certificates import CA, ONE, TWO, clock
from tests.impl.ike.test_certificates import end as certified_end

EVERYBODY: Sequence[Address | None] = (None, A, B)


def header_of(sent: Sent) -> Header:
    return decode_header(octets_of(sent))


def reasons(run: Recorded, end: Address) -> list[str]:
    """Why an engine failed, in its own words of verdicts."""
    failed: list[Phase1Failed | Phase2Failed] = [
        *run.pair.of(end, Phase1Failed),
        *run.pair.of(end, Phase2Failed),
    ]
    return [item.reason for item in failed]


def losing(number: int) -> Tap:
    """A link that loses one message, however often it is sent."""
    seen: dict[bytes, int] = {}

    def tap(sent: Sent) -> bytes | None:
        return None if seen.setdefault(sent.datagram, len(seen) + 1) == number else sent.datagram

    return tap


def only(conclusions: list[Conclusion]) -> Conclusion:
    (one,) = conclusions
    return one


# ---- what the engines refuse
@dataclass(frozen=True)
class Failure:
    """Changes of both ends, who refuses, where, and what is concluded without keys."""

    by: Address
    after: int
    exchange: int = ExchangeType.MAIN
    closed: Reason | None = None
    a: dict[str, Any] = field(default_factory=dict)
    b: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


QUICK = ExchangeType.QUICK
METHOD = {"choices": (replace(AES, method=Method.RSA_SIGNATURES),)}
FAILURES = {
    "no common proposal": Failure(B, 1, a={"choices": (DES3,)}, b={"choices": (AES,)}),
    "another method": Failure(
        B, 1, a={"choices": (AES,)}, b={**RSA_B, **METHOD}, more={"utc": clock()}
    ),
    "another pre-shared key": Failure(B, 5, b={"secret": secret(b"another key")}),
    "an identity the responder rejects": Failure(
        B, 5, closed=Reason.PSK_MISMATCH, b={"expected": named("x.test")}
    ),
    "an identity the initiator rejects": Failure(
        A, 6, closed=Reason.REFUSAL_ENCRYPTED, a={"expected": named("x.test")}
    ),
    "a certificate the responder rejects": Failure(
        B, 5, closed=Reason.REFUSAL_ENCRYPTED, more={"utc": clock()},
        a=RSA_A, b=certified_end(credentials(TWO, trust(CA))),
    ),
    "a certificate the initiator rejects": Failure(
        A, 6, closed=Reason.REFUSAL_ENCRYPTED, more={"utc": clock()},
        a=certified_end(credentials(ONE, trust(CA))), b=RSA_B,
    ),
    "no common Phase II proposal": Failure(
        B, 1, QUICK, Reason.REFUSAL_ENCRYPTED, children(A, ESP_3DES), children(B, ESP_AES_PFS)
    ),
    "other selectors": Failure(
        B, 1, QUICK, Reason.REFUSAL_ENCRYPTED, b=children(B, local=net("10.9.0.0/16"))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_the_reason_is_the_one_of_the_engine_that_refuses(name: str) -> None:
    case = FAILURES[name]
    run = recorded_pair(a=case.a or None, b=case.b or None, **case.more)
    run.pair.start()
    run.pair.run(60)
    said = reasons(run, case.by)[0]
    for end in (A, B):
        main = only(run.conclusions(end)).main
        assert main.reason == said and main.stopped_after == case.after
        assert main.exchange == case.exchange
        assert main.outcome in (Outcome.REFUSED, Outcome.STOPPED) and main.frames
    closed = only(run.conclusions()).main
    assert closed.reason == (case.closed or said)
    assert (closed.exchange, closed.stopped_after) == (case.exchange, case.after)
    if case.closed is not None:
        assert not closed.certain and said in (closed.reason, *closed.alternatives)


# ---- what the link loses
#: the message that is lost, and where that leaves the conversation: exchange, last message, reasons
LOST = [
    (1, ExchangeType.MAIN, 1, Reason.NO_RESPONDER),
    (2, ExchangeType.MAIN, 2, Reason.NOT_ACCEPTED),
    (3, ExchangeType.MAIN, 3, Reason.NO_RESPONDER),
    (4, ExchangeType.MAIN, 4, Reason.NOT_ACCEPTED),
    (5, ExchangeType.MAIN, 5, Reason.PSK_MISMATCH),
    (6, ExchangeType.MAIN, 6, Reason.NOT_ACCEPTED),
    (7, QUICK, 1, Reason.NO_RESPONDER),
    (8, QUICK, 2, Reason.NOT_ACCEPTED),
    (9, QUICK, 3, Reason.NOT_ACCEPTED),
]


@pytest.mark.parametrize(("number", "exchange", "after", "reason"), LOST)
def test_r8_a_message_that_is_always_lost_is_where_it_stopped(
    number: int, exchange: int, after: int, reason: Reason
) -> None:
    run = recorded_pair(tap=losing(number))
    run.pair.start()
    run.pair.run(60)
    for end in EVERYBODY:
        main = only(run.conclusions(end)).main
        assert (main.exchange, main.stopped_after, main.reason) == (exchange, after, reason)
        assert main.outcome is Outcome.STOPPED
        assert Reason.NO_RESPONDER in (main.reason, *main.alternatives)
        assert main.certain is (reason is Reason.NO_RESPONDER)
        frames = [
            index
            for index, sent in enumerate(run.pair.network.log, 1)
            if octets_of(sent) == octets_of(run.pair.network.log[main.frames[-1] - 1])
        ]
        assert set(frames) <= set(main.frames) and len(frames) == main.sendings >= 5


@pytest.mark.parametrize("number", range(1, 10))
def test_r8_one_loss_is_not_where_it_stopped(number: int) -> None:
    count = 0

    def tap(sent: Sent) -> bytes | None:
        nonlocal count
        count += 1
        return None if count == number else sent.datagram

    run = recorded_pair(tap=tap)
    run.pair.start()
    run.pair.run(60)
    for end in EVERYBODY:
        assert only(run.conclusions(end)).main.outcome is Outcome.ESTABLISHED


def test_silence_after_the_move_to_port_4500_may_be_a_filter() -> None:
    run = recorded_pair(nat=Nat(force=True), tap=losing(5))
    run.pair.start()
    run.pair.run(60)
    main = only(run.conclusions()).main
    assert main.floated and main.stopped_after == 5
    assert (main.reason, main.alternatives) == (Reason.NO_RESPONDER, (Reason.PSK_MISMATCH,))


def test_the_keys_of_the_responder_show_another_pre_shared_key() -> None:
    run = recorded_pair(b={"secret": secret(b"another key")})
    run.pair.start()
    run.pair.run(60)
    assert only(run.conclusions(B)).main.evidence is Evidence.WRONG_KEY
    assert only(run.conclusions(A)).main.evidence is Evidence.SILENCE


# ---- what goes well, and ends
@pytest.mark.parametrize("end", EVERYBODY)
@pytest.mark.parametrize("nat", [None, Nat(force=True)])
def test_r2_main_mode_and_quick_mode_are_established(end: Address | None, nat: Nat | None) -> None:
    run = established(nat=nat)
    found = only(run.conclusions(end))
    assert (found.main.outcome, found.main.reason) == (Outcome.ESTABLISHED, Reason.COMPLETE)
    assert found.main.frames == tuple(range(1, 10)) and found.main.certain
    assert bool(found.main.chosen) is (end is not None)
    assert found.phase1 is not None and found.phase1.outcome is Outcome.PHASE1


def test_r16_several_quick_modes_have_a_conclusion_each() -> None:
    run = established()
    run.pair.start()
    run.pair.run(5)
    found = only(run.conclusions(A))
    assert [item.outcome for item in found.quick] == [Outcome.ESTABLISHED] * 2
    run.pair.network.tap = lambda sent: None
    run.pair.start()
    run.pair.run(60)
    first = run.conclusions(A)[0]
    assert [item.outcome for item in first.quick] == [Outcome.ESTABLISHED] * 2 + [Outcome.STOPPED]
    assert first.main.reason is Reason.NO_RESPONDER and first.main.stopped_after == 1


@pytest.mark.parametrize("by", [A, B])
def test_r18_a_delete_ends_it_and_who_sent_it_is_said(by: Address) -> None:
    run = established()
    engine = run.pair.a if by == A else run.pair.b
    engine.end(next(iter(engine.sadb)), run.pair.network.now, "the test says so")
    run.pair.run(5)
    found = only(run.conclusions(A))
    assert (found.main.outcome, found.main.reason) == (Outcome.DELETED, Reason.DELETE)
    assert found.main.by_initiator is (by == A)
    assert [item.outcome for item in found.quick] == [Outcome.DELETED]
    assert only(run.conclusions()).main.outcome is Outcome.ESTABLISHED  # nothing tells it apart


@pytest.mark.parametrize("end", [A, B])
def test_r19_a_delete_of_phase_1_alone_leaves_the_phase_2_sas(end: Address) -> None:
    """A Phase I SA that is renewed, whose successor carries on."""
    life = {"life": Lifetime(30, 30)}
    run = recorded_pair(a=life, b=life)
    run.pair.start()
    run.pair.run(50)
    found = run.conclusions(end)
    assert len(found) > 1
    main = found[0].main
    assert (main.outcome, main.reason) == (Outcome.ESTABLISHED, Reason.DELETE)
    assert found[0].quick[0].outcome is Outcome.ESTABLISHED
    assert found[1].main.outcome in (Outcome.PHASE1, Outcome.DELETED)


def test_a_wrong_proof_stops_an_exchange(vectors: Callable[[str], Any]) -> None:
    capture = saved(aggressive(vectors("psk_hash_r.json")["cases"][0]))
    wrong = only(concluded(capture, psk_of(b"another"))[1]).main
    assert (wrong.reason, wrong.evidence) == (Reason.PSK_MISMATCH, Evidence.WRONG_PROOF)
    assert wrong.stopped_after == 2 and not wrong.certain
    assert only(concluded(capture)[1]).main.reason is Reason.CAPTURE_ENDS


def test_questions_without_an_answer_are_a_dead_peer() -> None:
    run = established(a={"detection": Detection(5, 2, 20)})
    run.pair.run(8)
    assert only(run.conclusions(A)).main.outcome is Outcome.ESTABLISHED
    run.pair.network.tap = lambda sent: None
    run.pair.run(60)
    found = run.conclusions(A)[0].main
    assert (found.reason, found.certain, found.by_initiator) == (Reason.DEAD_PEER, True, False)
    assert found.sendings >= 2
    likely = run.conclusions()[0].main
    assert (likely.reason, likely.certain) == (Reason.DEAD_PEER, False)


def test_a_question_of_its_own_is_no_sign_that_an_end_has_heard_another() -> None:
    """Both ends ask, and neither hears the other."""
    asks = {"detection": Detection(5, 2, 20)}
    run = established(a=asks, b=asks)
    run.pair.network.tap = lambda sent: None
    run.pair.run(60)
    found = run.conclusions(A)[0].main
    assert found.reason is Reason.DEAD_PEER and found.sendings >= 3


# ---- what the capture lacks
@pytest.mark.parametrize("end", EVERYBODY)
@pytest.mark.parametrize("count", range(1, 9))
def test_a_capture_that_ends_early_decides_nothing(end: Address | None, count: int) -> None:
    run = established()
    log = run.pair.network.log
    kept = {id(item) for item in log[:count]}
    secrets = Secrets(run.logs[end]) if end is not None else None
    _, (found,) = concluded(run.capture(lambda sent: id(sent) in kept), secrets)
    if count == 6:
        assert found.main.reason is Reason.NO_QUICK_MODE
        assert Reason.CAPTURE_ENDS in found.main.alternatives
    else:
        assert found.main.outcome is Outcome.UNDECIDED
        assert found.main.reason is Reason.CAPTURE_ENDS
        assert found.main.stopped_after == (count if count < 6 else count - 6)


@pytest.mark.parametrize("by", [A, B])
def test_one_direction_alone_is_said(by: Address) -> None:
    run = established()
    first = [item for item in run.pair.network.log if header_of(item).exchange != QUICK]
    kept = {id(item) for item in first if item.source == by}
    found = only(run.conclusions(None, lambda sent: id(sent) in kept)).main
    assert (found.outcome, found.reason) == (Outcome.UNDECIDED, Reason.ONE_DIRECTION)
    assert found.by_initiator is (by == A)
    kept = {id(item) for item in run.pair.network.log if item.source == by}
    found = only(run.conclusions(None, lambda sent: id(sent) in kept)).main
    # the third message of Quick Mode shows that the second has come; of the second alone nothing follows
    assert found.outcome is (Outcome.ESTABLISHED if by == A else Outcome.UNDECIDED)


@pytest.mark.parametrize("skipped", range(1, 6))
def test_a_capture_that_begins_in_main_mode_still_knows_who_began(skipped: int) -> None:
    run = established()
    kept = {id(item) for item in run.pair.network.log[skipped:]}
    (one,), (found,) = concluded(run.capture(lambda sent: id(sent) in kept))
    assert not one.begins_here and one.initiator.address.compressed == A[0]
    main = [item.number for item in one.messages if item.header.exchange == ExchangeType.MAIN]
    assert main == list(range(skipped + 1, 7))
    assert found.main.outcome is Outcome.ESTABLISHED


def test_a_capture_that_begins_after_phase_1_says_so() -> None:
    run = established()
    kept = {id(item) for item in run.pair.network.log[6:]}
    found = only(run.conclusions(None, lambda sent: id(sent) in kept))
    assert found.phase1 is None and found.main.outcome is Outcome.ESTABLISHED
    kept = {id(item) for item in run.pair.network.log[-1:]}
    found = only(run.conclusions(None, lambda sent: id(sent) in kept))
    assert found.main.outcome is Outcome.UNDECIDED
