"""A message as a tree of fields, each with the octets that it was read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

from explorer.session.packet import Field
from explorer.view.names import plain_text
from explorer.view.payloads import payload_lines
from explorer.view.suites import attributes, suite
from impl.capture.conversation import DECRYPTED, Seen
from impl.capture.opening import Check, Verdict
from impl.wire.message import HEADER_SIZE
from impl.wire.numbers import (
    Encapsulation,
    Encryption,
    GroupId,
    Hash,
    IdType,
    Integrity,
    IpsecAttribute,
    LifeType,
    Method,
    NotifyType,
    OakleyAttribute,
    Payload,
    ProtocolId,
    in_digits,
    name_of,
)
from impl.wire.payloads import (
    AnyPayload,
    Delete,
    HashData,
    Identification,
    Notification,
    Signature,
    Unknown,
)
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform

ROLES = {Verdict.VERIFIED: "ok", Verdict.WRONG: "failed", Verdict.CANNOT: "pending"}
#: octets of a value that are shown in the tree
_SHOWN = 12
_OAKLEY: dict[int, type[IntEnum]] = {
    OakleyAttribute.ENCRYPTION: Encryption,
    OakleyAttribute.HASH: Hash,
    OakleyAttribute.AUTHENTICATION: Method,
    OakleyAttribute.GROUP: GroupId,
    OakleyAttribute.LIFE_TYPE: LifeType,
}
_IPSEC: dict[int, type[IntEnum]] = {
    IpsecAttribute.AUTHENTICATION: Integrity,
    IpsecAttribute.ENCAPSULATION: Encapsulation,
    IpsecAttribute.GROUP: GroupId,
    IpsecAttribute.LIFE_TYPE: LifeType,
}


def octets_of(seen: Seen) -> bytes:
    """The message, its payloads decrypted where that was possible."""
    octets = seen.datagram.octets
    return octets[:HEADER_SIZE] + seen.plain if seen.state == DECRYPTED else octets


def dissected(seen: Seen, kerberos: bool | None = None) -> Iterator[Field]:
    """The header and every payload, in the order of the octets."""
    octets, at = octets_of(seen), HEADER_SIZE
    yield from _header(seen)
    checks = iter(seen.checks)
    for item in seen.payloads:
        size = int.from_bytes(octets[at + 2 : at + 4])
        check = next(checks, None) if isinstance(item, HashData | Signature) else None
        yield from _payload(item, octets, at, size, check, kerberos)
        at += size
    for check in checks:
        yield Field(0, "check", judged(check), HEADER_SIZE, 0, ROLES[check.verdict])
    if not seen.payloads and len(octets) > HEADER_SIZE:
        count = len(octets) - HEADER_SIZE
        yield Field(0, "payloads", f"{count} octets, not decrypted", HEADER_SIZE, count, "pending")


def judged(check: Check) -> str:
    """What a hash or a signature is worth."""
    verdict = "cannot be checked" if check.verdict is Verdict.CANNOT else check.verdict.value
    return f"{check.name} {verdict}{f': {check.why}' if check.why else ''}"


def _header(seen: Seen) -> Iterator[Field]:
    header = seen.header
    cookies = f"{header.initiator_cookie.hex()} {header.responder_cookie.hex()}"
    yield Field(0, "header", cookies, 0, HEADER_SIZE)
    if header.message_id:
        yield Field(1, "message id", f"{header.message_id:08x}", 20, 4)


def _payload(
    item: AnyPayload, octets: bytes, at: int, size: int, check: Check | None, kerberos: bool | None
) -> Iterator[Field]:
    name, lines = payload_lines(item, kerberos)
    if isinstance(item, SecurityAssociation):
        yield Field(0, name, f"{size} octets", at, size)
        yield from _sa(item, at + 4, kerberos)
        return
    says = judged(check) if check is not None else lines[0] if lines else ""
    private = isinstance(item, Unknown) and item.type == Payload.ATTRIBUTES  # perhaps a password
    role = ROLES[check.verdict] if check is not None else ""
    yield Field(0, name, says, at, size, role, private)
    parts = _PARTS.get(type(item))
    if parts is not None:
        yield from parts(item, at + 4)
    elif not private and size > 4:
        yield Field(1, "value", _octets(octets[at + 4 : at + size]), at + 4, size - 4)
    for line in lines[1:]:
        yield Field(1, "", line, at + 4, size - 4)


def _octets(data: bytes) -> str:
    if len(data) <= _SHOWN + 4:
        return data.hex()
    return f"{data[: _SHOWN - 4].hex()}…{data[-4:].hex()}"


# ---- parts of payloads
def _identification(item: Identification, at: int) -> Iterator[Field]:
    yield Field(1, "type", _number(IdType, item.type), at, 1)
    if item.protocol or item.port:
        yield Field(1, "protocol", in_digits(item.protocol), at + 1, 1)
        yield Field(1, "port", in_digits(item.port), at + 2, 2)
    yield Field(1, "data", _octets(item.data), at + 4, len(item.data))


def _notification(item: Notification, at: int) -> Iterator[Field]:
    yield Field(1, "type", _number(NotifyType, item.type), at + 6, 2)
    yield Field(1, "protocol", _number(ProtocolId, item.protocol), at + 4, 1)
    if item.spi:
        yield Field(1, "SPI", item.spi.hex(), at + 8, len(item.spi))
    if item.data:
        start = at + 8 + len(item.spi)
        said = plain_text(item.data) or _octets(item.data)
        yield Field(1, "data", said, start, len(item.data))


def _delete(item: Delete, at: int) -> Iterator[Field]:
    yield Field(1, "protocol", _number(ProtocolId, item.protocol), at + 4, 1)
    start = at + 8
    for spi in item.spis:
        yield Field(1, "SPI", spi.hex(), start, len(spi))
        start += len(spi)


_PARTS: dict[type, Callable[[Any, int], Iterator[Field]]] = {
    Identification: _identification,
    Notification: _notification,
    Delete: _delete,
}


def _number(names: type[IntEnum], value: int) -> str:
    """A number with its name, if it has one."""
    digits, name = in_digits(value), name_of(names, value)
    return digits if name == digits else f"{digits}  {name}"


# ---- the SA payload
def _sa(item: SecurityAssociation, at: int, kerberos: bool | None) -> Iterator[Field]:
    yield Field(1, "DOI", "1  IPsec" if item.doi == 1 else in_digits(item.doi), at, 4)
    situation = "1  identity only" if item.situation == 1 else in_digits(item.situation)
    yield Field(1, "situation", situation, at + 4, 4)
    at += 8
    for proposal in item.proposals:
        size = 8 + len(proposal.spi) + sum(map(_size, proposal.transforms))
        yield Field(1, f"proposal {proposal.number}", name_of(ProtocolId, proposal.protocol), at, size)  # fmt: skip
        if proposal.spi:
            yield Field(2, "SPI", proposal.spi.hex(), at + 8, len(proposal.spi))
        here = at + 8 + len(proposal.spi)
        for transform in proposal.transforms:
            yield from _transform(proposal, transform, here, kerberos)
            here += _size(transform)
        at += size


def _size(transform: Transform) -> int:
    return 8 + sum(map(_length, transform.attributes))


def _length(item: Attribute) -> int:
    return 4 + (len(item.value) if isinstance(item.value, bytes) else 0)


def _transform(
    proposal: Proposal, transform: Transform, at: int, kerberos: bool | None
) -> Iterator[Field]:
    says = suite(proposal, transform, kerberos)
    yield Field(2, f"transform {transform.number}", says, at, _size(transform))
    first = proposal.protocol == ProtocolId.ISAKMP
    names: type[IntEnum] = OakleyAttribute if first else IpsecAttribute
    tables = _OAKLEY if first else _IPSEC
    yield Field(3, "transform id", in_digits(transform.id), at + 5, 1)
    at += 8
    for item, tree in zip(transform.attributes, attributes(transform), strict=True):
        name = name_of(names, item.type).lower().replace("-", " ")
        yield Field(3, name, _attribute(item, tree, tables), at, _length(item))
        at += _length(item)


def _attribute(item: Attribute, tree: dict[str, object], tables: dict[int, type[IntEnum]]) -> str:
    if tree.get("text"):
        return str(tree["text"])
    if item.type in tables:
        return _number(tables[item.type], item.number)
    value = item.value
    if isinstance(value, int) or len(value) <= 8:
        return in_digits(item.number)
    return _octets(value)
