"""Messages: the header, the chain of payloads, and both together (RFC 2408 3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from impl.wire.errors import WireError
from impl.wire.numbers import Flag, Payload
from impl.wire.payloads import AnyPayload, decode_payload, encode_payload

_HEADER = Struct("!8s8sBBBBII")
_GENERIC = Struct("!BBH")
# plain numbers: each look into an enumeration costs as much as a payload
_NONE, _ENCRYPTION = int(Payload.NONE), int(Flag.ENCRYPTION)
HEADER_SIZE = 28
VERSION = 0x10
NO_COOKIE = bytes(8)
#: a message of more payloads than this is none: with the least of them it would fill 256 octets
MAX_PAYLOADS = 64


class Header(NamedTuple):
    """The ISAKMP header; `length` is that of the whole message in octets."""

    initiator_cookie: bytes
    responder_cookie: bytes
    next_payload: int
    exchange: int
    flags: int
    message_id: int
    length: int
    version: int = VERSION

    @property
    def encrypted(self) -> bool:
        """Whether everything after the header is ciphertext."""
        return bool(self.flags & _ENCRYPTION)


@dataclass(frozen=True, slots=True)
class Message:
    """A message in clear: its header, and its payloads in order."""

    header: Header
    payloads: tuple[AnyPayload, ...]


class Chain(NamedTuple):
    """Payloads, and how many octets they took: what comes after them is padding."""

    payloads: tuple[AnyPayload, ...]
    size: int


def decode_header(datagram: bytes) -> Header:
    """The header alone; WireError if the datagram is too short, of another version, or not as long as
    the header says."""
    if len(datagram) < HEADER_SIZE:
        problem = f"{len(datagram)} octets, at least {HEADER_SIZE} expected"
        raise WireError(0, "header", problem, "RFC 2408 3.1")
    initiator, responder, following, version, exchange, flags, message_id, length = (
        _HEADER.unpack_from(datagram)
    )
    if version != VERSION:
        problem = f"{version >> 4}.{version & 15}, 1.0 expected"
        raise WireError(17, "version", problem, "RFC 2408 3.1")
    if length != len(datagram):
        problem = f"{length} in a datagram of {len(datagram)} octets"
        raise WireError(24, "length", problem, "RFC 2408 3.1")
    if initiator == NO_COOKIE:
        raise WireError(0, "initiator cookie", "zero", "RFC 2408 2.5.3")
    return Header(initiator, responder, following, exchange, flags, message_id, length, version)


def read_header(datagram: bytes) -> Header:
    """The header of any version, as it stands there; the datagram has at least its 28 octets."""
    initiator, responder, following, version, exchange, flags, message_id, length = (
        _HEADER.unpack_from(datagram)
    )
    return Header(initiator, responder, following, exchange, flags, message_id, length, version)


def decode_chain(first: int, octets: bytes, offset: int = 0) -> Chain:
    """A chain of payloads that begins with one of type `first`; what follows the last is left.

    offset   where the octets begin, for errors
    """
    payloads: list[AnyPayload] = []
    at, following, size = 0, first, len(octets)
    while following != _NONE:
        if len(payloads) == MAX_PAYLOADS:
            raise WireError(offset + at, "payload", f"more than {MAX_PAYLOADS}", "RFC 2408 3.2")
        if at + 4 > size:
            raise WireError(offset + at, "payload", "cut off", "RFC 2408 3.2")
        then, reserved, length = _GENERIC.unpack_from(octets, at)
        if length < 4 or at + length > size:
            problem = f"{length} does not fit"
            raise WireError(offset + at + 2, "payload length", problem, "RFC 2408 3.2")
        if reserved:
            raise WireError(offset + at + 1, "reserved", "not zero", "RFC 2408 3.2")
        body = octets[at + 4 : at + length]
        payloads.append(decode_payload(following, body, offset + at + 4))
        at, following = at + length, then
    return Chain(tuple(payloads), at)


def decode_message(datagram: bytes) -> Message:
    """A message in clear; WireError if it is not valid, or is encrypted."""
    header = decode_header(datagram)
    return Message(header, payloads_of(header, datagram))


def payloads_of(header: Header, datagram: bytes) -> tuple[AnyPayload, ...]:
    """The payloads of a message in clear whose header has been read."""
    if header.encrypted:
        raise WireError(19, "flags", "the message is encrypted", "RFC 2408 3.1")
    chain = decode_chain(header.next_payload, datagram[HEADER_SIZE:], HEADER_SIZE)
    if HEADER_SIZE + chain.size != header.length:
        problem = f"{header.length - HEADER_SIZE - chain.size} octets after the last payload"
        raise WireError(HEADER_SIZE + chain.size, "payloads", problem, "RFC 2408 3.2")
    return chain.payloads


def encode_chain(payloads: Iterable[AnyPayload]) -> tuple[int, bytes]:
    """The type of the first payload, and the octets of all of them."""
    parts: list[bytes] = []
    following = _NONE
    for item in reversed(tuple(payloads)):
        type_, body = encode_payload(item)
        parts += (body, _GENERIC.pack(following, 0, 4 + len(body)))
        following = type_
    parts.reverse()
    return following, b"".join(parts)


def prefixed(item: AnyPayload, chain: tuple[int, bytes]) -> tuple[int, bytes]:
    """A chain that is encoded already, with one more payload in front."""
    following, octets = chain
    type_, body = encode_payload(item)
    return type_, _GENERIC.pack(following, 0, 4 + len(body)) + body + octets


def encode_header(header: Header) -> bytes:
    """The 28 octets of a header."""
    return _HEADER.pack(
        header.initiator_cookie,
        header.responder_cookie,
        header.next_payload,
        header.version,
        header.exchange,
        header.flags,
        header.message_id,
        header.length,
    )


def encode_message(message: Message) -> bytes:
    """A message in clear; next payload and length are what they must be."""
    first, body = encode_chain(message.payloads)
    header = message.header
    cookies = header.initiator_cookie, header.responder_cookie
    numbers = header.exchange, header.flags, header.message_id
    return with_header(cookies, first, numbers, body, header.version)


def with_header(
    cookies: tuple[bytes, bytes],
    first: int,
    numbers: tuple[int, int, int],
    body: bytes,
    version: int = VERSION,
) -> bytes:
    """A message from what its header says and what comes after it: `first` is the next payload, `numbers`
    are exchange, flags and message id."""
    exchange, flags, message_id = numbers
    size = HEADER_SIZE + len(body)
    return _HEADER.pack(*cookies, first, version, exchange, flags, message_id, size) + body
