"""Which end sent a message, and which message of its exchange it is, as far as that shows from outside."""

from __future__ import annotations

from impl.capture.datagrams import Datagram
from impl.capture.packets import Endpoint
from impl.wire.numbers import ExchangeType
from impl.wire.payloads import AnyPayload, EncryptedBody, KeyExchange, Nonce
from impl.wire.proposals import SecurityAssociation


def sent_by(datagram: Datagram, one: Endpoint, other: Endpoint) -> bool | None:
    """Whether the first of two ends sent a datagram. Ports tell ends apart only if addresses do not:
    they change when an exchange moves to port 4500."""
    source, destination = datagram.source, datagram.destination
    assert source is not None and destination is not None
    if one.address != other.address:
        if source.address == one.address or destination.address == other.address:
            return True
        if source.address == other.address or destination.address == one.address:
            return False
        return None
    if one.port != other.port and source.port != destination.port:
        return source.port == one.port or destination.port == other.port
    return None


def number_in_clear(
    exchange: int, payloads: tuple[AnyPayload, ...], *, from_initiator: bool
) -> int | None:
    """Which message of Phase I one in clear is, by what it holds and who sent it."""
    later = 0 if from_initiator else 1
    if any(isinstance(item, SecurityAssociation) for item in payloads):
        return 1 + later
    if exchange == ExchangeType.AGGRESSIVE:
        return 3 if from_initiator else None
    if exchange == ExchangeType.MAIN and any(
        isinstance(item, KeyExchange | Nonce | EncryptedBody) for item in payloads
    ):
        return 3 + later
    return None


def sealed_number(exchange: int, count: int, *, from_initiator: bool) -> int | None:
    """Which message of Phase I an encrypted one is; `count` is its place among its sender's."""
    if exchange == ExchangeType.MAIN:
        return 3 + 2 * count + (0 if from_initiator else 1)
    return 3 if exchange == ExchangeType.AGGRESSIVE and from_initiator and count == 1 else None
