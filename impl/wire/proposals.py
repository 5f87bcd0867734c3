"""The SA payload: proposals, transforms, attributes (RFC 2408 3.3 to 3.6, 2407 4.6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from impl.wire.errors import WireError
from impl.wire.numbers import DOI_IPSEC, SIT_IDENTITY_ONLY, Payload

# plain numbers: each look into an enumeration costs as much as an attribute
_NONE, _NEXT_PROPOSAL, _NEXT_TRANSFORM = (
    int(item) for item in (Payload.NONE, Payload.PROPOSAL, Payload.TRANSFORM)
)
_SHORT = 0x8000
_SA = Struct("!II")
_PROPOSAL = Struct("!BBHBBBB")
_TRANSFORM = Struct("!BBHBBH")
_ATTRIBUTE = Struct("!HH")


class Attribute(NamedTuple):
    """A data attribute. `value` is a number in the short form, and octets in the long one: both forms of
    one value are distinguished, as what was sent is hashed."""

    type: int
    value: int | bytes

    @property
    def number(self) -> int:
        """The value as a number, whichever the form."""
        value = self.value
        return value if isinstance(value, int) else int.from_bytes(value, "big")


class Transform(NamedTuple):
    """One transform: its number within the proposal, what it is, and its attributes in wire order."""

    number: int
    id: int
    attributes: tuple[Attribute, ...] = ()

    def get(self, type_: int) -> int | None:
        """The first attribute of that type as a number; None if there is none."""
        for item in self.attributes:
            if item.type == type_:
                return item.number
        return None


class Proposal(NamedTuple):
    """One proposal; those with one number are a bundle, of which all are wanted."""

    number: int
    protocol: int
    spi: bytes
    transforms: tuple[Transform, ...]


@dataclass(frozen=True, slots=True)
class SecurityAssociation:
    """The SA payload.

    body   the octets after the generic header as they came, SAi_b of the hashes; of one that is made
           here, what `encode_sa` makes of it
    """

    proposals: tuple[Proposal, ...]
    doi: int = DOI_IPSEC
    situation: int = SIT_IDENTITY_ONLY
    body: bytes = field(default=b"", compare=False, repr=False)


# ---- octets to values
def decode_sa(body: bytes, offset: int) -> SecurityAssociation:
    """An SA payload from its body, which begins at `offset` of the message.

    A situation other than SIT_IDENTITY_ONLY is refused: its labels would shift what follows.
    """
    if len(body) < 8:
        raise WireError(offset, "SA", f"{len(body)} octets, at least 8 expected", "RFC 2408 3.4")
    doi, situation = _SA.unpack_from(body)
    if doi == DOI_IPSEC and situation != SIT_IDENTITY_ONLY:
        problem = f"situation {situation} is not supported"
        raise WireError(offset + 4, "situation", problem, "RFC 2407 4.2")
    proposals, at, more = [], 8, True
    while more:
        proposal, size, more = _proposal(body, at, offset)
        proposals.append(proposal)
        at += size
    if at != len(body):
        problem = f"{len(body) - at} octets after the last proposal"
        raise WireError(offset + at, "SA", problem, "RFC 2408 3.4")
    return SecurityAssociation(tuple(proposals), doi, situation, body)


def _proposal(body: bytes, at: int, offset: int) -> tuple[Proposal, int, bool]:
    """A proposal, its length, and whether another follows."""
    if at + 8 > len(body):
        raise WireError(offset + at, "proposal", "cut off", "RFC 2408 3.5")
    following, reserved, length, number, protocol, spi_size, count = _PROPOSAL.unpack_from(body, at)
    start, end = at + 8 + spi_size, at + length
    if reserved or following not in (_NONE, _NEXT_PROPOSAL):
        problem = f"next payload {following}, reserved {reserved}"
        raise WireError(offset + at, "proposal", problem, "RFC 2408 3.5")
    if length < 8 + spi_size or end > len(body):
        raise WireError(
            offset + at + 2, "proposal length", f"{length} does not fit", "RFC 2408 3.5"
        )
    transforms, here = [], start
    for position in range(count):
        last = position == count - 1
        transform, size = _transform(body, here, end, offset, last=last)
        transforms.append(transform)
        here += size
    if here != end:
        problem = f"{end - here} octets after its {count} transforms"
        raise WireError(offset + here, "proposal", problem, "RFC 2408 3.5")
    spi = body[at + 8 : start]
    made = Proposal(number, protocol, spi, tuple(transforms))
    return made, length, following == _NEXT_PROPOSAL


def _transform(
    body: bytes, at: int, limit: int, offset: int, *, last: bool
) -> tuple[Transform, int]:
    if at + 8 > limit:
        raise WireError(offset + at, "transform", "cut off", "RFC 2408 3.6")
    following, reserved, length, number, id_, reserved2 = _TRANSFORM.unpack_from(body, at)
    expected = _NONE if last else _NEXT_TRANSFORM
    if following != expected or reserved or reserved2:
        problem = f"next payload {following}, reserved {reserved} and {reserved2}"
        raise WireError(offset + at, "transform", problem, "RFC 2408 3.6")
    end = at + length
    if length < 8 or end > limit:
        problem = f"{length} does not fit"
        raise WireError(offset + at + 2, "transform length", problem, "RFC 2408 3.6")
    return Transform(number, id_, decode_attributes(body, at + 8, end, offset)), length


def decode_attributes(body: bytes, at: int, end: int, offset: int = 0) -> tuple[Attribute, ...]:
    """The attributes from `at` up to `end`; `offset`: where the octets begin, for errors."""
    attributes, here = [], at
    while here < end:
        if here + 4 > end:
            raise WireError(offset + here, "attribute", "cut off", "RFC 2408 3.3")
        type_, value = _ATTRIBUTE.unpack_from(body, here)
        here += 4
        if type_ & _SHORT:
            attributes.append(Attribute(type_ & ~_SHORT, value))
        elif here + value > end:
            problem = f"{value} does not fit"
            raise WireError(offset + here - 2, "attribute length", problem, "RFC 2408 3.3")
        else:
            attributes.append(Attribute(type_, body[here : here + value]))
            here += value
    return tuple(attributes)


# ---- values to octets
def encode_sa(sa: SecurityAssociation) -> bytes:
    """The body of an SA payload; as it came, if it came."""
    if sa.body:
        return sa.body
    parts = [_SA.pack(sa.doi, sa.situation)]
    for position, proposal in enumerate(sa.proposals, 1):
        following = _NEXT_PROPOSAL if position < len(sa.proposals) else _NONE
        parts.append(_encode_proposal(proposal, following))
    return b"".join(parts)


def _encode_proposal(proposal: Proposal, following: int) -> bytes:
    count = len(proposal.transforms)
    parts = [
        _encode_transform(item, _NEXT_TRANSFORM if position < count else _NONE)
        for position, item in enumerate(proposal.transforms, 1)
    ]
    inner = proposal.spi + b"".join(parts)
    number, protocol = proposal.number, proposal.protocol
    head = _PROPOSAL.pack(following, 0, 8 + len(inner), number, protocol, len(proposal.spi), count)
    return head + inner


def encode_attributes(attributes: Iterable[Attribute]) -> bytes:
    """Attributes one after the other, each in its form."""
    parts = []
    for item in attributes:
        value = item.value
        if isinstance(value, int):
            parts.append(_ATTRIBUTE.pack(item.type | _SHORT, value))
        else:
            parts.append(_ATTRIBUTE.pack(item.type, len(value)) + value)
    return b"".join(parts)


def _encode_transform(transform: Transform, following: int) -> bytes:
    inner = encode_attributes(transform.attributes)
    return _TRANSFORM.pack(following, 0, 8 + len(inner), transform.number, transform.id, 0) + inner
