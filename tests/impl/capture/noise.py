"""Conversations of which most is noise that claims to be encrypted, as other stacks send it."""

from __future__ import annotations

from typing import Any

from impl.wire.message import (
    HEADER_SIZE,
    Header,
    Message,
    encode_message,
)
from impl.wire.numbers import ExchangeType, Method
from impl.wire.payloads import Notification
from tests.impl.capture.engines import RSA_A, RSA_B, established, octets_of
from tests.impl.ike.conftest import (
    A,
)
from tests.impl.ike.test_certificates import clock

MAIN, NOTE = ExchangeType.MAIN, ExchangeType.INFORMATIONAL
I, R = b"initiatr", b"respondr"


def closed(
    sender: str, exchange: int, id_: int, flags: int = 1, size: int = 40
) -> tuple[str, bytes]:
    """A message of noise that claims to be encrypted."""
    noise = bytes([ord(sender), exchange, id_ & 255, flags, size]) * 40
    header = I + R + bytes([5 if exchange == ExchangeType.MAIN else 8, 0x10, exchange, flags])
    length = HEADER_SIZE + size
    return sender, header + id_.to_bytes(4, "big") + length.to_bytes(4, "big") + noise[:size]


def begun(method: int = Method.PRE_SHARED_KEY) -> list[tuple[str, bytes]]:
    """The four messages of Main Mode in clear, of an engine's run."""
    ends: dict[str, Any] = {}
    if method == Method.RSA_SIGNATURES:
        ends = {"a": RSA_A, "b": RSA_B, "utc": clock()}
    run = established(**ends)
    log = run.pair.network.log[:4]
    cookies = octets_of(log[1])[:16]
    found = []
    for number, sent in enumerate(log):
        octets = octets_of(sent)
        head = I + (R if number else bytes(8))
        assert octets[:8] == cookies[:8]
        found.append(("I" if sent.source == A else "R", head + octets[16:]))
    return found


def notice(sender: str, kind: int, id_: int = 9) -> tuple[str, bytes]:
    """An error notify in clear."""
    header = Header(I, R, 0, ExchangeType.INFORMATIONAL, 0, id_, 0)
    return sender, encode_message(Message(header, (Notification(kind, 1),)))


UP = [closed("I", MAIN, 0), closed("R", MAIN, 0, size=48)]


def quick(sender: str, flags: int = 1, size: int = 96, id_: int = 7) -> tuple[str, bytes]:
    """A message of a Quick Mode."""
    return closed(sender, ExchangeType.QUICK, id_, flags, size)
