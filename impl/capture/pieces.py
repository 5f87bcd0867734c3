"""Messages that were sent in pieces: payload 132, of Cisco and Microsoft (MS-IKEE 2.2.2), and strongSwan.

Each piece is a message of its own in clear, whose one payload has a part of the whole, header and all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from impl.capture.datagrams import Datagram
from impl.capture.packets import MAX_PACKET
from impl.wire.message import HEADER_SIZE, Header
from impl.wire.numbers import Payload

#: messages of which pieces are awaited at a time
MAX_AWAITED = 64
_HEAD = HEADER_SIZE + 4 + 4  # generic header, then id, number, and whether it is the last


@dataclass(slots=True)
class _Awaited:
    """Pieces by number from 1, and the frames that held them; `count` is known from the last of them."""

    pieces: dict[int, bytes] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)
    count: int | None = None


def is_piece(header: Header) -> bool:
    """Whether a message is a piece of another."""
    return header.next_payload == Payload.FRAGMENT and not header.encrypted


class Pieces:
    """Puts messages together; it remembers a bounded number of them."""

    def __init__(self) -> None:
        self._awaited: dict[tuple[object, ...], _Awaited] = {}

    def take(self, datagram: Datagram, header: Header) -> tuple[Datagram, tuple[int, ...]] | None:
        """Take in a piece; the whole message as a datagram, and the frames of its pieces, once it is
        complete."""
        octets = datagram.octets
        if len(octets) < _HEAD:
            return None
        source = datagram.source.address if datagram.source is not None else None
        id_, number, last = octets[32:34], octets[34], octets[35] & 1
        key = (header.initiator_cookie, header.responder_cookie, header.message_id, source, id_)
        awaited = self._awaited.setdefault(key, _Awaited())
        if awaited.pieces.get(number, octets[_HEAD:]) != octets[_HEAD:]:
            awaited = self._awaited[key] = (
                _Awaited()
            )  # the number is used again, for another message
        awaited.pieces[number] = octets[_HEAD:]
        awaited.frames.append(datagram.frame)
        awaited.count = number if last else awaited.count
        if len(awaited.pieces) == awaited.count:
            del self._awaited[key]
            whole = b"".join(awaited.pieces[at] for at in sorted(awaited.pieces))
            if len(whole) <= MAX_PACKET:
                return replace(datagram, octets=whole), tuple(awaited.frames)
        elif len(self._awaited) > MAX_AWAITED:
            del self._awaited[next(iter(self._awaited))]
        return None
