"""What a datagram of a capture is: ISAKMP, ESP in UDP, a keepalive, or nothing of ours (RFC 3948)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from impl.capture.files import Frame
from impl.capture.packets import Endpoint, IgnoredError, Packets, Udp, UnreachableError
from impl.wire.message import HEADER_SIZE

IKE_PORT, NAT_T_PORT = 500, 4500
MARKER = bytes(4)
_KEEPALIVE = b"\xff"


class Kind(StrEnum):
    """Kinds of datagrams."""

    ISAKMP = "isakmp"
    ESP = "esp"
    KEEPALIVE = "keepalive"
    UNREACHABLE = "unreachable"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Datagram:
    """What a frame held.

    octets   the ISAKMP message, without the marker, or the ESP packet
    why      why a frame of kind `other` is ignored; its ends are None if no UDP was found. One of kind
             `unreachable` has the ends of the datagram that has not arrived, and in `cut` why
    cut      what the frame lacks of the datagram; empty if nothing
    short    whether the reason is that the capture contains only a part of its packet
    """

    frame: int
    time_ns: int
    kind: Kind
    source: Endpoint | None = None
    destination: Endpoint | None = None
    octets: bytes = b""
    why: str = ""
    cut: str = ""
    short: bool = False


def datagrams(frames: Iterable[Frame], ports: Iterable[int] = ()) -> Iterator[Datagram]:
    """One datagram a frame, in their order; `ports` are further ones on which ISAKMP runs."""
    packets, named = Packets(), frozenset(ports)
    for frame in frames:
        try:
            found = packets.udp(frame)
            kind, octets = _kind(found, named)
        except UnreachableError as error:
            yield Datagram(
                frame.number,
                frame.time_ns,
                Kind.UNREACHABLE,
                error.source,
                error.destination,
                why=str(error),
                cut=error.what,
            )
        except IgnoredError as error:
            yield Datagram(frame.number, frame.time_ns, Kind.OTHER, why=str(error))
        else:
            ends = found.source, found.destination
            cut, short = found.cut, found.short
            yield Datagram(frame.number, frame.time_ns, kind, *ends, octets, cut=cut, short=short)


def _kind(udp: Udp, named: frozenset[int]) -> tuple[Kind, bytes]:
    ports = {udp.source.port, udp.destination.port}
    payload = udp.payload
    if not ports & (named | {IKE_PORT, NAT_T_PORT}):
        raise IgnoredError("not an ISAKMP port")
    if not payload:
        raise IgnoredError("an empty UDP datagram")
    if NAT_T_PORT in ports and not ports & named:
        return _on_4500(payload)
    if not ports & named:
        return Kind.ISAKMP, payload
    # On a named port both forms may run: a plain message says its length where one expects it.
    if len(payload) >= HEADER_SIZE and int.from_bytes(payload[24:28], "big") == len(payload):
        return Kind.ISAKMP, payload
    if payload == _KEEPALIVE or payload.startswith(MARKER):
        return _on_4500(payload)
    return Kind.ISAKMP, payload


def _on_4500(payload: bytes) -> tuple[Kind, bytes]:
    if payload == _KEEPALIVE:
        return Kind.KEEPALIVE, payload
    if len(payload) > len(MARKER) and payload.startswith(MARKER):
        return Kind.ISAKMP, payload[len(MARKER) :]
    if len(payload) < 8:
        raise IgnoredError(f"{len(payload)} octets on port {NAT_T_PORT}: too few for ESP or ISAKMP")
    return Kind.ESP, payload
