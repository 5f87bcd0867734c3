"""Conclusions in words: what a network engineer reads first."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.view.conclusions import conclusion_lines, conclusion_tree, sentence
from impl.capture.ending import Conclusion, Ending, Evidence, Outcome, Reason
from impl.wire.message import Header, Message, encode_message
from impl.wire.numbers import ExchangeType
from impl.wire.payloads import Notification
from tests.impl.capture.conftest import saved
from tests.impl.capture.engines import concluded
from tests.impl.capture.noise import UP, I, R, begun, closed, quick

MAIN = Ending(Outcome.PHASE1, Reason.COMPLETE, exchange=2, frames=(1, 2, 3, 4, 5, 6))
SILENT = Ending(
    Outcome.STOPPED, Reason.NO_RESPONDER, Evidence.SILENCE, 2, stopped_after=1,
    frames=(1, 2, 3, 5, 6, 8), by_initiator=False, sendings=6, seconds=63.0,
)  # fmt: skip
FIFTH = replace(
    SILENT, stopped_after=5, sendings=4, seconds=30.4, certain=False, reason=Reason.PSK_MISMATCH
)
REFUSED = replace(
    SILENT, outcome=Outcome.REFUSED, reason=Reason.PROPOSAL_P1, evidence=Evidence.NOTIFY,
    notify=Notification(14, 1),
)  # fmt: skip
QUICK = replace(SILENT, exchange=32, message_id=7)


def alone(item: Ending) -> str:
    return sentence(Conclusion(item, item))


def under(item: Ending, *more: Ending) -> str:
    return sentence(Conclusion(item, MAIN, (*more, item)))


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (SILENT, "stopped after message 1: sent 6 times over 63 s, no answer: the peer is unreachable, or drops IKE"),
        (
            replace(SILENT, evidence=Evidence.ICMP, unreachable="port unreachable"),
            "stopped after message 1: sent 6 times over 63 s, and ICMP reports: port unreachable",
        ),
        (
            replace(FIFTH, evidence=Evidence.UNREAD_ANSWER, answers=4, keyed=True),
            ("stopped after message 5: sent 4 times over 30 s, answered by 4 encrypted Informational messages, "
            "which its keys do not open: most likely different pre-shared keys"),
        ),
        (
            replace(FIFTH, evidence=Evidence.UNREAD_ANSWER, answers=1, sendings=1, alternatives=(Reason.IDENTITY,)),
            ("stopped after message 5: sent once, answered by 1 encrypted Informational message, which cannot be "
            "read without a key: most likely different pre-shared keys, or the identity is not accepted"),
        ),
        (
            replace(FIFTH, alternatives=(Reason.NO_RESPONDER,)),
            ("stopped after message 5: sent 4 times over 30 s, no answer: most likely different pre-shared keys, "
            "or packets are lost on the way"),
        ),
        (
            replace(FIFTH, reason=Reason.NO_RESPONDER, floated=True, alternatives=(Reason.CERTIFICATE,)),
            ("stopped after message 5: sent 4 times over 30 s, the responder does not answer: most likely UDP port "
            "4500 is filtered, or the certificate or signature is not accepted"),
        ),
        (
            replace(FIFTH, evidence=Evidence.WRONG_KEY),
            ("stopped after message 5: sent 4 times over 30 s, no answer, and the keys given do not open it: if "
            "they are the responder's, most likely different pre-shared keys"),
        ),
        (
            replace(FIFTH, stopped_after=4, evidence=Evidence.RESENT, reason=Reason.NOT_ACCEPTED, answers=3, by_initiator=True),
            ("stopped after message 4: the initiator sends message 3 again, 3 times: most likely message 4 is "
            "lost, or the initiator rejects it"),
        ),
        (
            replace(FIFTH, stopped_after=2, evidence=Evidence.WRONG_PROOF),
            "stopped after message 2: its hash or signature is wrong: most likely different pre-shared keys",
        ),
        (REFUSED, "refused: NO-PROPOSAL-CHOSEN from the responder after message 1, in clear: no common Phase I proposal"),
        (
            replace(REFUSED, protected=True, notify=Notification(18, 1), reason=Reason.IDENTITY, stopped_after=5),
            "refused: INVALID-ID-INFORMATION from the responder after message 5: the identity is not accepted",
        ),
        (replace(REFUSED, notify=Notification(9000, 1), reason=Reason.NOTIFY), "refused: notify 9000 from the responder after message 1, in clear"),
        (
            replace(SILENT, outcome=Outcome.UNDECIDED, reason=Reason.CAPTURE_ENDS, evidence=Evidence.CAPTURE),
            "undecided: the capture ends right after Main Mode message 1",
        ),
        (
            replace(SILENT, outcome=Outcome.UNDECIDED, reason=Reason.ONE_DIRECTION, stopped_after=5, by_initiator=True),
            "undecided: the capture has only the messages of the initiator; Main Mode got as far as message 5",
        ),
        (
            replace(SILENT, reason=Reason.DEAD_PEER, exchange=0, stopped_after=None, sendings=3, seconds=6.0),
            "dead peer detection: the responder was asked (R-U-THERE) 3 times over 6.0 s, no answer",
        ),
        (replace(MAIN, reason=Reason.NO_QUICK_MODE), "Phase I is established (Main Mode); no Quick Mode follows"),
    ],
)  # fmt: skip
def test_where_phase_1_ends(item: Ending, said: str) -> None:
    assert alone(item) == said


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (QUICK, (
            "Main Mode is complete, but Quick Mode stopped after message 1: sent 6 times over 63 s, no answer "
            "(the responder may have lost this Phase I SA, or drops the offer silently)"
        )),
        (
            replace(QUICK, outcome=Outcome.REFUSED, reason=Reason.SELECTOR, notify=Notification(18, 3), protected=True),
            ("Main Mode is complete, but Quick Mode is refused: INVALID-ID-INFORMATION from the responder after "
            "message 1: the traffic selectors (IDs) do not match the policy"),
        ),
        (
            replace(QUICK, reason=Reason.NOT_CONFIRMED, stopped_after=3, certain=False),
            ("Main Mode is complete, but Quick Mode stopped after message 3: the commit bit is set, and no "
            "CONNECTED follows: most likely the responder does not accept message 3, or ignores the bit"),
        ),
        (
            replace(QUICK, reason=Reason.NOT_ACCEPTED, evidence=Evidence.WRONG_PROOF, stopped_after=2),
            "Main Mode is complete, but Quick Mode stopped after message 2: the hash of message 2 is wrong",
        ),
        (
            replace(QUICK, outcome=Outcome.UNDECIDED, reason=Reason.CAPTURE_ENDS),
            "Main Mode is complete; Quick Mode is undecided: the capture ends right after message 1",
        ),
        (replace(QUICK, outcome=Outcome.ESTABLISHED, reason=Reason.COMPLETE, sendings=3), "established: Main Mode, then Quick Mode (3 messages, encrypted)"),
        (
            replace(QUICK, outcome=Outcome.DELETED, reason=Reason.DELETE, sendings=3, by_initiator=True),
            "established: Main Mode, then Quick Mode (3 messages, encrypted); then the initiator deletes the Phase II SAs",
        ),
    ],
)  # fmt: skip
def test_where_quick_mode_ends(item: Ending, said: str) -> None:
    assert under(item) == said


def test_a_delete_of_phase_1_alone_leaves_the_phase_2_sas() -> None:
    made = replace(QUICK, outcome=Outcome.ESTABLISHED, reason=Reason.COMPLETE, sendings=3)
    gone = Ending(Outcome.ESTABLISHED, Reason.DELETE, frames=(12,), by_initiator=False)
    assert sentence(Conclusion(gone, MAIN, (made,))) == (
        "established: Main Mode, then Quick Mode (3 messages, encrypted); then the responder deletes "
        "the Phase I SA, and the Phase II SAs remain"
    )
    alone = replace(gone, outcome=Outcome.DELETED)
    said = "Main Mode complete; then the responder deletes the Phase I SA"
    assert sentence(Conclusion(alone, MAIN)) == said


def test_quick_modes_that_failed_beside_the_last_one_are_named() -> None:
    last = replace(
        QUICK, outcome=Outcome.ESTABLISHED, reason=Reason.COMPLETE, sendings=3, message_id=8
    )
    lines = list(conclusion_lines(Conclusion(last, MAIN, (QUICK, last))))
    assert [role for role, _ in lines] == ["ok", "bad"]
    assert lines[1][1].startswith("also: Quick Mode [00000007] stopped after message 1: ")
    many = [replace(QUICK, message_id=id_) for id_ in range(100, 120)]
    said = [line for _, line in conclusion_lines(Conclusion(last, MAIN, (*many, last)))]
    assert len(said) == 10 and said[-1] == "also: 12 more Quick Modes did not succeed"


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ((1,), "(frame 1)"),
        ((3, 1, 2, 2), "(frames 1-3)"),
        ((1, 2, 5, 7, 8), "(frames 1-2, 5, 7-8)"),
        (tuple(range(1, 40, 2)), "(frames 1, 3, 5, 7, 9, 11, 13, 15, ...)"),
    ],
)
def test_frames_are_ranges(frames: tuple[int, ...], said: str) -> None:
    ((_, line),) = conclusion_lines(Conclusion(replace(SILENT, frames=frames)))
    assert line.endswith(said)


def pool() -> list[tuple[str, bytes]]:
    """Messages of one conversation: of Main Mode, Quick Modes, and Informational exchanges."""
    found = [*begun(), *UP, quick("I"), quick("R"), quick("I", size=24), quick("R", 3, 88)]
    for number, kind in enumerate((1, 4, 5, 14, 16, 18, 24, 16384, 24578, 36136)):
        header = Header(I, R, 0, ExchangeType.INFORMATIONAL, 0, number, 0)
        octets = encode_message(Message(header, (Notification(kind, 1),)))
        found += [("R", octets), ("I", octets)]
    for id_ in (50, 51, 52):
        found += [closed("R", ExchangeType.INFORMATIONAL, id_), quick("I", id_=id_)]
        found.append(closed("I", ExchangeType.TRANSACTION, id_))
    return found


POOL = pool()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=14))
def test_whatever_a_capture_holds_its_conclusion_is_a_sentence_and_names_frames(
    order: list[int],
) -> None:
    conversations, conclusions = concluded(saved([POOL[at] for at in order]))
    for conversation, conclusion in zip(conversations, conclusions, strict=True):
        frames = {item.datagram.frame for item in conversation.messages}
        tree = conclusion_tree(conclusion)
        for role, said in conclusion_lines(conclusion):
            assert role in ("ok", "open", "bad", "plain")
            assert "None" not in said and not re.search(r"  |: :|\(\)|^[,;:]|[,;:] ?\(", said), said
        assert set(conclusion.main.frames) <= frames and conclusion.main.frames
        assert tree["outcome"] in set(Outcome) and tree["reason"] in set(Reason)
