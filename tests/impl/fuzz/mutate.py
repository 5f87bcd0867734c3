"""Messages made worse: bits, lengths, splices, order, cookies, headers, and contents under the right keys."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from struct import pack, unpack_from

from impl.crypto import schedule
from impl.crypto.schedule import Keys
from impl.wire.errors import WireError
from impl.wire.message import (
    HEADER_SIZE,
    Message,
    decode_chain,
    decode_message,
    encode_chain,
    encode_message,
)
from impl.wire.payloads import HashData, Identification, Nonce, Signature
from impl.wire.proposals import SecurityAssociation
from tests.impl.fuzz.runs import Run, Sent, unmarked

_LENGTHS = (0, 1, 3, 4, 7, 8, 0x7FFF, 0x8000, 0xFFFC, 0xFFFF)
Chance = random.Random
Mutator = Callable[[Chance, bytes, Sequence[bytes]], bytes]


def _flip(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    made = bytearray(octets)
    for _ in range(chance.choice((1, 1, 2, 8)) if made else 0):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _octet(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    made = bytearray(octets or b"\0")
    made[chance.randrange(len(made))] = chance.choice(
        (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
    )
    return bytes(made)


def _length(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """Some 16 bits, as lengths are, become another number: an extreme one, or nearly the same."""
    if len(octets) < 2:
        return octets
    at = chance.randrange(len(octets) - 1)
    near = (unpack_from("!H", octets, at)[0] + chance.choice((-1, 1, 4, -4))) & 0xFFFF
    number = chance.choice((*_LENGTHS, len(octets) - at, near))
    return octets[:at] + pack("!H", number & 0xFFFF) + octets[at + 2 :]


def _cut(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    return _refit(chance, octets[: chance.randrange(len(octets) + 1)])


def _more(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    return _refit(chance, octets + chance.randbytes(chance.choice((1, 8, 16, 200))))


def _splice(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    at = chance.randrange(len(octets) + 1)
    return _refit(chance, octets[:at] + other[min(at, len(other)) :])


def _remove(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(octets) + 1)
    return _refit(chance, octets[:at] + octets[at + chance.choice((1, 4, 8, 32)) :])


def _random(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 27, 28, 29, 60, 300)))


def _body(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """The right header and a content that is none."""
    count = chance.choice((0, 1, 8, 64, 256))
    return _refit(chance, octets[:HEADER_SIZE] + chance.randbytes(count), always=True)


def _cookies(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """Other cookies: none, the two exchanged, random ones, those of another message."""
    one, two = octets[:8], octets[8:16]
    pair = chance.choice(
        (
            two + one,
            one + bytes(8),
            bytes(8) + two,
            one + chance.randbytes(8),
            chance.randbytes(8) + two,
            chance.choice(others)[:16].ljust(16, b"\1"),
        )
    )
    return pair + octets[16:]


def _header(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """Another exchange, flags, message id, next payload or version."""
    if len(octets) < HEADER_SIZE:
        return octets
    at = chance.choice((16, 17, 18, 19, 20, 21, 22, 23))
    value = chance.choice((0, 1, 2, 4, 5, 6, 8, 32, 33, chance.randrange(256)))
    return octets[:at] + bytes((value,)) + octets[at + 1 :]


def _payloads(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """Payloads of a message in clear in another order, twice, or not at all."""
    try:
        message = decode_message(octets)
    except WireError:
        return _flip(chance, octets, others)
    found = list(message.payloads)
    how = chance.randrange(4)
    if how == 0:
        chance.shuffle(found)
    elif how == 1 and found:
        found.append(chance.choice(found))
    elif how == 2 and found:
        found.pop(chance.randrange(len(found)))
    else:
        try:
            found += decode_message(chance.choice(others)).payloads
        except WireError:
            found += found
    return encode_message(Message(message.header, tuple(found)))


def _as_it_is(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """Another message in the place of this one: reordered, or of another run."""
    return chance.choice(others)


def _transplant(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """Another message under the cookies of this one."""
    return octets[:16] + chance.choice(others)[16:]


MUTATORS: tuple[Mutator, ...] = (
    _flip,
    _flip,
    _octet,
    _length,
    _length,
    _cut,
    _more,
    _splice,
    _remove,
    _random,
    _body,
    _cookies,
    _header,
    _payloads,
    _as_it_is,
    _transplant,
)


def _refit(chance: Chance, octets: bytes, *, always: bool = False) -> bytes:
    """Have the header say how long the message is, mostly: else nothing gets past the first check."""
    if len(octets) >= HEADER_SIZE and (always or chance.random() < 0.7):
        return octets[:24] + pack("!I", len(octets)) + octets[28:]
    return octets


def mutated(chance: Chance, octets: bytes, others: Sequence[bytes]) -> bytes:
    """One message made worse, once or a few times."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        octets = chance.choice(MUTATORS)(chance, octets, others)
    return octets[:65_000]


# ---- with the right keys
def resealed(chance: Chance, run: Run, item: Sent, others: Sequence[bytes]) -> bytes | None:
    """Another content under the right keys, its hash as it was; None for a message in clear."""
    plain = run.plain(item)
    if plain is None:
        return None
    worse = chance.choice((_flip, _octet, _length, _length, _cut, _more, _splice, _remove))
    return run.sealed(item, worse(chance, plain, others))


def insider(chance: Chance, run: Run, item: Sent, others: Sequence[bytes]) -> bytes | None:
    """Another content under the right keys, with the hash that belongs to it: what the peer itself might
    send. None for a message that has no HASH(1) or HASH(2) in front."""
    plain, octets = run.plain(item), unmarked(item)
    if plain is None or not any(octets[20:24]):
        return None
    keys = run.keys[octets[:16]]
    size = 4 + keys.hash.size
    rest = plain[size:]
    worse = chance.choice((_flip, _octet, _length, _cut, _remove, _shuffle, _several))
    rest = worse(chance, rest, others)
    following = plain[:1]
    try:
        covered = rest[: decode_chain(following[0], rest).size]
    except WireError:
        covered = rest
    mac = _mac(run, keys, octets, covered)
    head = following + b"\0" + pack("!H", size) + mac
    return run.sealed(item, head + rest)


def _shuffle(chance: Chance, rest: bytes, others: Sequence[bytes]) -> bytes:
    """Payloads after HASH in another order, where they can be read as the first message's are."""
    for first in (1, 11, 12):
        try:
            found = list(decode_chain(first, rest).payloads)
        except WireError:
            continue
        chance.shuffle(found)
        return encode_chain(found)[1]
    return _flip(chance, rest, others)


def _several(chance: Chance, rest: bytes, others: Sequence[bytes]) -> bytes:
    """More SA payloads than one, alike or of other SPIs and numbers (RFC 2409 5.5)."""
    try:
        sa, *left = decode_chain(1, rest).payloads
    except WireError:
        return _flip(chance, rest, others)
    assert isinstance(sa, SecurityAssociation)
    made = []
    for _ in range(chance.choice((2, 2, 3, 17))):
        spi = chance.choice((None, chance.randbytes(4)))
        proposals = (p if spi is None else p._replace(spi=spi) for p in sa.proposals)
        made.append(SecurityAssociation(tuple(proposals), sa.doi, sa.situation))
    return encode_chain([*made, *left])[1]


def _mac(run: Run, keys: Keys, octets: bytes, covered: bytes) -> bytes:
    """HASH(1), or HASH(2) where the nonce of a first message goes into it."""
    number = int.from_bytes(octets[20:24], "big")
    quick = [i for i in run.sent if unmarked(i)[18] == 32 and unmarked(i)[20:24] == octets[20:24]]
    position = [unmarked(item) for item in quick].index(octets) if octets[18] == 32 else 0
    if position == 1:
        first = run.plain(quick[0])
        assert first is not None
        return schedule.hash_2(keys, number, _nonce(first), covered)
    return schedule.hash_1(keys, number, covered)


def _nonce(plain: bytes) -> bytes:
    """The nonce of Quick Mode's first message."""
    for item in decode_chain(8, plain).payloads:
        if isinstance(item, Nonce):
            return item.data
    raise AssertionError("no nonce")


def is_genuine(run: Run, item: Sent, datagram: bytes) -> bool:
    """Whether a datagram says what the genuine message says, where anything protects it: flags of the
    header, padding, and payloads beside ID and HASH or SIG of messages 5 and 6 are under no hash (RFC 2409 5)."""
    octets = datagram[4:] if item.floated else datagram
    own = unmarked(item)
    if octets == own:
        return True
    genuine = run.plain(item)
    if genuine is None or octets[:16] != own[:16] or octets[20:24] != own[20:24]:
        return False
    try:
        plain = run.opened(item, octets)
        if any(own[20:24]):
            size = decode_chain(own[16], genuine).size
            # The first octet says what follows HASH: no hash covers it.
            return octets[16] == own[16] and plain[1:size] == genuine[1:size]
        one, other = (
            decode_chain(first, text).payloads
            for first, text in ((own[16], genuine), (octets[16], plain))
        )
        proofs = Identification, HashData, Signature
        kinds = tuple(kind for kind in proofs if any(isinstance(item, kind) for item in one))
        return [i for i in one if isinstance(i, kinds)] == [
            i for i in other if isinstance(i, kinds)
        ]
    except (WireError, ValueError):
        return False
