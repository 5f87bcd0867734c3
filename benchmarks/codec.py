"""How fast the ISAKMP codec is beside scapy's (DESIGN.md 9), in one run, by turns.

    python -m benchmarks.codec [--seconds 0.4]

Main Mode message 1 is a recorded one, an SA and its vendor ids; Quick Mode message 1 is in clear, with HASH,
SA, nonce and two IDs. Both codecs parse the whole message, down to attributes, and build it from values.
scapy keeps what it was given as octets; it is made to forget them, so that it must build.

Status 1 if a ratio is below its goal, or if a codec does not read or write what the other does.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from impl.wire.message import Header, Message, decode_message, encode_message
from impl.wire.numbers import ExchangeType
from impl.wire.payloads import HashData, Identification, Nonce, VendorId
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform

PARSE_GOAL, BUILD_GOAL = 15, 5
ROUNDS, BATCH = 15, 20
VENDORS = (
    "09002689dfd6b712 afcad71368a1f1c96b8696fc77570100 4048b7d56ebce88525e7de7f00d6c2d380000000 "
    "4a131c81070358455c5728f20e95452f 90cb80913ebb696e086381b5ec427b1f"
).split()
MAIN = ((1, 7), (14, 128), (2, 2), (4, 2), (3, 1), (11, 1), (12, 3600))
QUICK = ((6, 128), (5, 2), (4, 1), (1, 1), (2, 3600))


def sa(protocol: int, id_: int, spi: bytes, attributes: tuple[tuple[int, int], ...]) -> Any:
    """An SA of one proposal and one transform."""
    transform = Transform(1, id_, tuple(Attribute(*item) for item in attributes))
    return SecurityAssociation((Proposal(0, protocol, spi, (transform,)),))


def messages() -> dict[str, Message]:
    """The two messages of DESIGN.md."""
    cookie = bytes(range(1, 9))
    first = Header(cookie, bytes(8), 0, ExchangeType.MAIN, 0, 0, 0)
    quick = Header(cookie, bytes(range(9, 17)), 0, ExchangeType.QUICK, 0, 0xB9BB408C, 0)
    return {
        "Main Mode 1": Message(
            first,
            (sa(1, 1, b"", MAIN), *(VendorId(bytes.fromhex(item)) for item in VENDORS)),
        ),
        "Quick Mode 1": Message(
            quick,
            (
                HashData(bytes(range(20))),
                sa(3, 12, b"\xcc\x36\xd0\xc6", QUICK),
                Nonce(bytes(range(32))),
                Identification(1, 0, 0, bytes((192, 0, 2, 1))),
                Identification(4, 0, 0, bytes((10, 1, 0, 0, 255, 255, 0, 0))),
            ),
        ),
    }


def seconds_each(work: Callable[[], object], seconds: float) -> float:
    """Seconds of one call, over about as many as fit."""
    done, start = 0, time.perf_counter()
    end = start + seconds
    while time.perf_counter() < end:
        for _ in range(BATCH):
            work()
        done += BATCH
    return (time.perf_counter() - start) / done


def by_turns(
    one: Callable[[], object], other: Callable[[], object], seconds: float
) -> tuple[float, float, float]:
    """Medians over rounds: the time of each of two works, and how much longer the other takes."""
    rounds = [(seconds_each(one, seconds), seconds_each(other, seconds)) for _ in range(ROUNDS)]
    mine, yardstick = (statistics.median(times) for times in zip(*rounds, strict=True))
    return mine, yardstick, statistics.median(theirs / ours for ours, theirs in rounds)


def forgetful(packet: Any) -> Iterator[Any]:
    """A packet's layers, with nested ones, so that each may forget the octets it came from."""
    while packet:
        yield packet
        for value in packet.fields.values():
            for item in value if isinstance(value, list) else [value]:
                if hasattr(item, "raw_packet_cache"):
                    yield from forgetful(item)
        packet = packet.payload


def compare(name: str, message: Message, seconds: float) -> bool:
    """Print both ratios of one message; whether they reach their goals."""
    from scapy.layers.isakmp import ISAKMP

    octets = encode_message(message)
    theirs = ISAKMP(octets)
    layers = list(forgetful(theirs))
    for layer in layers:
        layer.raw_packet_cache = None
    read = " ".join(type(layer).__name__ for layer in layers)
    if decode_message(octets).payloads != message.payloads or "Raw" in read.split():
        print(f"{name}: the codecs do not read the same message; scapy reads {read}")
        return False
    if bytes(theirs) != octets:
        print(f"{name}: scapy does not build what it read")
        return False
    fine = True
    for what, work, yardstick, goal in (
        ("parse", lambda: decode_message(octets), lambda: ISAKMP(octets), PARSE_GOAL),
        ("build", lambda: encode_message(message), lambda: bytes(theirs), BUILD_GOAL),
    ):
        mine, other, ratio = by_turns(work, yardstick, seconds / ROUNDS)
        fine &= ratio >= goal
        verdict = "ok" if ratio >= goal else "BELOW"
        print(
            f"{name:<13} {len(octets)} B  {what}  {mine * 1e6:6.1f} us   "
            f"scapy {other * 1e6:7.1f} us   x{ratio:5.1f}   goal x{goal}: {verdict}"
        )
    return fine


def main() -> int:
    """Print the ratios; 1 if one is below its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=0.4, help="for each figure")
    seconds = parser.parse_args().seconds
    reached = [compare(name, message, seconds) for name, message in messages().items()]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
