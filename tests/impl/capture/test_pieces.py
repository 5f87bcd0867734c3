"""Messages that were sent in pieces (payload 132) are put together, in any order and more than once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impl.capture.conclusion import conclude
from impl.capture.conversation import DECRYPTED, Secrets, Seen, follow
from impl.capture.datagrams import datagrams
from impl.capture.ending import Outcome, Reason
from impl.capture.files import frames
from impl.capture.pieces import MAX_AWAITED
from impl.wire.message import Header, Message, encode_message
from impl.wire.numbers import ExchangeType
from impl.wire.payloads import Unknown
from tests.impl.capture.conftest import read, recorded, saved
from tests.impl.capture.engines import concluded
from tests.impl.capture.test_conversation import log_of

Read = Callable[[str], Any]


def pieces(octets: bytes, count: int, id_: int = 1) -> list[bytes]:
    """A message in so many pieces, each a message of its own."""
    header = Header(octets[:8], octets[8:16], 0, octets[18], 0, 0, 0)
    size = -(-len(octets) // count)
    parts = [octets[at : at + size] for at in range(0, len(octets), size)]
    return [
        encode_message(
            Message(
                header,
                (Unknown(132, bytes([0, id_, number, number == len(parts)]) + part),),
            )
        )
        for number, part in enumerate(parts, 1)
    ]


def handshake(vectors: Read) -> tuple[list[tuple[str, bytes]], Secrets]:
    case = vectors("handshake_main_psk_strongswan.json")
    return recorded(case), Secrets(log_of(case, ("SKEYID", "skeyid"), ("G_XY", "gxy")))


def whole(messages: list[Seen]) -> list[Seen]:
    return [item for item in messages if item.pieces]


@pytest.mark.parametrize("order", [1, -1])
def test_a_message_in_pieces_is_read_and_concluded_like_any_other(
    vectors: Read, order: int
) -> None:
    messages, secrets = handshake(vectors)
    sent = [("I", item) for item in pieces(messages[4][1], 3)[::order]]
    capture = saved([*messages[:4], *sent, *messages[5:]])
    (one,), (found,) = concluded(capture, secrets)
    (fifth,) = whole(one.messages)
    assert (fifth.number, fifth.state, fifth.pieces) == (5, DECRYPTED, (5, 6, 7))
    assert fifth.datagram.frame == 7 and [item.datagram.frame for item in one.messages] == [
        *range(1, 12)
    ]
    assert found.main.outcome is Outcome.ESTABLISHED
    checks = [check.verdict.value for item in one.messages for check in item.checks]
    assert checks == ["verified"] * 5


def test_pieces_that_are_sent_again_repeat_the_message(vectors: Read) -> None:
    messages, secrets = handshake(vectors)
    sent = [("I", item) for item in pieces(messages[4][1], 2)] * 2
    (one,), _ = read(saved([*messages[:4], *sent]), secrets)
    first, again = whole(one.messages)
    assert (first.repeats, again.repeats) == (None, 6) and again.pieces == (7, 8)


def test_a_piece_that_is_missing_leaves_the_message_unread(vectors: Read) -> None:
    messages, secrets = handshake(vectors)
    sent = [("I", item) for item in pieces(messages[4][1], 3)[:2]]
    (one,), malformed = read(saved([*messages[:4], *sent]), secrets)
    assert not malformed and not whole(one.messages) and len(one.messages) == 6
    assert [item.number for item in one.messages[4:]] == [None, None]


def test_a_fragment_id_that_is_used_again_begins_anew(vectors: Read) -> None:
    messages, secrets = handshake(vectors)
    abandoned = pieces(bytes(28) + bytes(200), 3)[0]
    abandoned = messages[4][1][:16] + abandoned[16:]
    sent = [("I", item) for item in (abandoned, *pieces(messages[4][1], 3))]
    (one,), _ = read(saved([*messages[:4], *sent]), secrets)
    (fifth,) = whole(one.messages)
    assert fifth.state == DECRYPTED and fifth.pieces == (6, 7, 8)


def test_only_parts_of_messages_decide_nothing(vectors: Read) -> None:
    messages, _ = handshake(vectors)
    for at, exchange, after in ((4, ExchangeType.MAIN, 4), (7, ExchangeType.QUICK, 1)):
        sent = [(messages[at][0], item) for item in pieces(messages[at][1], 3)[:2]]
        _, (found,) = concluded(saved([*messages[:at], *sent]))
        main = found.main
        assert (main.outcome, main.reason) == (Outcome.UNDECIDED, Reason.INCOMPLETE)
        assert (main.exchange, main.stopped_after) == (exchange, after)
        assert main.frames == (at, at + 1, at + 2)
        whole_ones = list(datagrams(frames(saved(messages[: at + 1]))))
        cut = replace(whole_ones[-1], octets=whole_ones[-1].octets[:40], cut="a part of it")
        conversations, _ = follow(whole_ones[:-1])
        (other,) = conclude(conversations.all, cut.time_ns, [cut])
        assert other.main.reason is Reason.INCOMPLETE and other.main.frames == (at, at + 1)


def test_pieces_of_nonsense_are_malformed_and_bounded(vectors: Read) -> None:
    messages, _ = handshake(vectors)
    noise = messages[4][1][:20] + b"\xff" * 40
    _, malformed = read(saved([*messages[:4], *[("I", item) for item in pieces(noise, 2)]]))
    assert len(malformed) == 1
    firsts = [("I", pieces(messages[4][1], 2, id_)[0]) for id_ in range(MAX_AWAITED + 1)]
    last = pieces(messages[4][1], 2, 0)[1]
    (one,), _ = read(saved([*messages[:4], *firsts, ("I", last)]))
    assert not whole(one.messages)  # its first piece was forgotten
    (one,), _ = read(saved([*messages[:4], *firsts[1:], ("I", pieces(messages[4][1], 2, 1)[1])]))
    assert whole(one.messages)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 3), st.binary(max_size=40)), max_size=8)
)
def test_any_pieces_are_taken_in(parts: list[tuple[int, int, bytes]]) -> None:
    header = Header(b"initiatr", b"respondr", 0, 2, 0, 0, 0)
    sent = [
        ("I", encode_message(Message(header, (Unknown(132, bytes([0, 1, n, flags]) + data),))))
        for n, flags, data in parts
    ]
    conversations, malformed = read(saved(sent))
    assert sum(len(item.messages) for item in conversations) + len(malformed) == len(parts)
