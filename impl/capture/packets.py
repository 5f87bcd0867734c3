"""Frames to UDP: link layers, IPv4 and IPv6, fragments put together (RFC 791, 8200, 768)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct, unpack_from
from typing import NamedTuple

from impl.capture.files import Frame

_IPV4, _IPV6, _VLANS = 0x0800, 0x86DD, (0x8100, 0x88A8, 0x9100)
_LOOPBACK_FAMILIES = (2, 10, 23, 24, 28, 30)  # IPv4, and what systems call IPv6
_UDP, _FRAGMENT = 17, 44
_EXTENSIONS = (0, 43, 60)  # hop by hop, routing, destination options
_NAMES = {1: "ICMP", 6: "TCP", 50: "ESP", 51: "AH", 58: "ICMPv6"}
_PPPOE, _PPP = 0x8864, {0x0021: _IPV4, 0x0057: _IPV6}
_ETHERTYPES = {0x0806: "ARP", 0x88CC: "LLDP", 0x8863: "PPPoE", _PPPOE: "PPPoE", 0x8847: "MPLS"}
#: types and codes of ICMP that report it, by protocol
_ICMP: dict[int, dict[tuple[int, int], str]] = {
    1: {
        (3, 0): "network unreachable",
        (3, 1): "host unreachable",
        (3, 3): "port unreachable",
        (3, 4): "fragmentation needed",
        (3, 9): "network administratively prohibited",
        (3, 10): "host administratively prohibited",
        (3, 13): "communication administratively prohibited",
    },
    58: {
        (1, 0): "no route",
        (1, 1): "communication administratively prohibited",
        (1, 3): "address unreachable",
        (1, 4): "port unreachable",
        (2, 0): "packet too big",
    },
}
_V4 = Struct("!BBHHHBBH4s4s")
_V6 = Struct("!IHBB16s16s")
#: why packets of ESP and AH are ignored
PROTECTED = ("not UDP: ESP", "not UDP: AH")
MAX_TAGS = 8
#: packets whose fragments are awaited at a time, and fragments of one
MAX_AWAITED, MAX_PIECES = 64, 128
MAX_PACKET = 65535


class Endpoint(NamedTuple):
    """An address and a port."""

    address: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        form = "[{}]:{}" if self.address.version == 6 else "{}:{}"
        return form.format(self.address, self.port)


class Udp(NamedTuple):
    """A UDP datagram; `cut`: what the frame lacks of it, empty if nothing; `short`: because the capture
    contains only a part of its packet."""

    source: Endpoint
    destination: Endpoint
    payload: bytes
    cut: str = ""
    short: bool = False


class IgnoredError(Exception):
    """Why a frame is not looked at."""


class UnreachableError(IgnoredError):
    """ICMP reports that a UDP datagram has not arrived: its ends, and why (RFC 792, 4443)."""

    def __init__(self, what: str, source: Endpoint, destination: Endpoint) -> None:
        super().__init__(f"not UDP: ICMP, {what} for UDP {source} -> {destination}")
        self.what, self.source, self.destination = what, source, destination


@dataclass(slots=True)
class _Awaited:
    """A packet of which some fragments have come; `size` is known from the last of them."""

    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int | None = None


class Packets:
    """Reads frames in their order; it remembers fragments, and a bounded number of them."""

    def __init__(self) -> None:
        self._awaited: dict[tuple[bytes, bytes, int, int], _Awaited] = {}

    def udp(self, frame: Frame) -> Udp:
        """The datagram that a frame holds or completes; IgnoredError says why there is none."""
        if frame.fault:
            raise IgnoredError(frame.fault)
        packet = _network(frame.link, frame.octets)
        version = packet[0] >> 4 if packet else 0
        if version == 4:
            return self._ipv4(packet, frame)
        if version == 6:
            return self._ipv6(packet, frame)
        raise IgnoredError(f"not IP: version {version}" if packet else "not IP: an empty frame")

    def _ipv4(self, packet: bytes, frame: Frame) -> Udp:
        if len(packet) < 20:
            raise IgnoredError(_cut("IPv4 header", 20, len(packet), frame))
        first, _, total, id_, part, _, protocol, _, source, destination = _V4.unpack_from(packet)
        head = (first & 15) * 4
        total = total or len(packet)  # a capture on a network card with segmentation offload
        if head < 20 or total < head:
            raise IgnoredError(f"IPv4 header of {head} octets in a packet of {total}")
        cut = "" if total <= len(packet) else _cut("IPv4 packet", total, len(packet), frame)
        body = packet[head:total]
        if part & 0x3FFF and cut:
            cut = _first_of(part & 0x1FFF, cut)
        elif part & 0x3FFF:
            key, start = (source, destination, protocol, id_), (part & 0x1FFF) * 8
            body = self._whole(key, start, body, more=bool(part & 0x2000))
        return _transport(protocol, source, destination, body, cut)

    def _ipv6(self, packet: bytes, frame: Frame) -> Udp:
        if len(packet) < 40:
            raise IgnoredError(_cut("IPv6 header", 40, len(packet), frame))
        _, size, following, _, source, destination = _V6.unpack_from(packet)
        whole = 40 + size <= len(packet)
        cut = "" if whole else _cut("IPv6 packet", 40 + size, len(packet), frame)
        body = packet[40 : 40 + size]
        while following in _EXTENSIONS or following == _FRAGMENT:
            if len(body) < 8:
                raise IgnoredError("IPv6 extension header cut off")
            kind, following = following, body[0]
            if kind != _FRAGMENT:
                body = body[8 + body[1] * 8 :]
                continue
            part, id_ = unpack_from("!HI", body, 2)
            if cut:
                body, cut = body[8:], _first_of(part & 0xFFF8, cut)
                continue
            key = (source, destination, following, id_)
            body = self._whole(key, part & 0xFFF8, body[8:], more=bool(part & 1))
        return _transport(following, source, destination, body, cut)

    def _whole(
        self, key: tuple[bytes, bytes, int, int], start: int, piece: bytes, *, more: bool
    ) -> bytes:
        """All fragments together once the last gap is filled; until then IgnoredError."""
        awaited = self._awaited.setdefault(key, _Awaited())
        end = start + len(piece)
        size = end if not more else awaited.size
        others = [(at, at + len(had)) for at, had in awaited.pieces.items() if at != start]
        overlap = any(start < stop and at < end for at, stop in others)
        differs = awaited.pieces.get(start, piece) != piece
        beyond = size is not None and any(stop > size for _, stop in [*others, (start, end)])
        if overlap or differs or beyond or end > MAX_PACKET or len(others) >= MAX_PIECES:
            del self._awaited[key]
            raise IgnoredError("a fragment that does not fit with those before it")
        awaited.pieces[start], awaited.size = piece, size
        if size is not None and sum(map(len, awaited.pieces.values())) == size:
            del self._awaited[key]
            return b"".join(awaited.pieces[at] for at in sorted(awaited.pieces))
        if len(self._awaited) > MAX_AWAITED:
            del self._awaited[next(iter(self._awaited))]
        raise IgnoredError("a fragment: the packet is read once it is complete")


def _network(link: int, octets: bytes) -> bytes:
    """The IP packet within a frame of that link type."""
    if link == 1:
        return _ethernet(octets)
    if link in (12, 14, 101, 228, 229):
        return octets
    if link in (0, 108):
        families = {int.from_bytes(octets[:4], order) for order in ("little", "big")}
        if len(octets) < 4 or not families & set(_LOOPBACK_FAMILIES):
            raise IgnoredError("not IP: another address family on the loopback")
        return octets[4:]
    if link in (113, 276):
        at, size = (14, 16) if link == 113 else (0, 20)
        if len(octets) < size:
            raise IgnoredError("not IP: the frame is too short for its link layer")
        return _of_type(int.from_bytes(octets[at : at + 2], "big"), octets[size:])
    raise IgnoredError(f"link type {link} is not supported")


def _ethernet(octets: bytes) -> bytes:
    at = 12
    for _ in range(MAX_TAGS):
        if len(octets) < at + 2:
            break
        type_ = int.from_bytes(octets[at : at + 2], "big")
        at += 2
        if type_ not in _VLANS:
            return _of_type(type_, octets[at:])
        at += 2
    raise IgnoredError("not IP: the frame is too short for its link layer")


def _of_type(type_: int, octets: bytes) -> bytes:
    if type_ == _PPPOE and len(octets) >= 8:  # RFC 2516 4, then RFC 1661 2
        type_ = _PPP.get(int.from_bytes(octets[6:8], "big"), type_)
        octets = octets[8:] if type_ != _PPPOE else octets
    if type_ not in (_IPV4, _IPV6):
        name = f" ({_ETHERTYPES[type_]})" if type_ in _ETHERTYPES else ""
        raise IgnoredError(f"not IP: EtherType 0x{type_:04x}{name}")
    if not octets or octets[0] >> 4 != (4 if type_ == _IPV4 else 6):
        raise IgnoredError("not IP: EtherType and version differ")
    return octets


def _cut(what: str, expected: int, found: int, frame: Frame) -> str:
    by = ", cut by the snap length" if len(frame.octets) < frame.wire else ""
    return f"{what} of {expected} octets, of which the frame has {found}{by}"


def _first_of(offset: int, cut: str) -> str:
    """Why a fragment that is cut off is never whole: of the first the beginning is still to be seen, as of
    any packet that is cut off; IgnoredError for another."""
    if offset:
        raise IgnoredError(f"a fragment: {cut}")
    return f"a fragment: {cut}"


def _raise_unreachable(body: bytes, meanings: Mapping[tuple[int, int], str]) -> None:
    """UnreachableError if an ICMP message reports that a UDP datagram has not arrived; it quotes the beginning
    of the packet."""
    what, inner = meanings.get((body[0], body[1])) if len(body) > 8 else None, body[8:]
    version = inner[0] >> 4 if inner else 0
    if what is None or version not in (4, 6):
        return
    head, at, size = ((inner[0] & 15) * 4, 12, 4) if version == 4 else (40, 8, 16)
    if len(inner) < head + 4 or inner[9 if version == 4 else 6] != _UDP or head < 20:
        return
    ports = unpack_from("!HH", inner, head)
    source, destination = (
        Endpoint(ip_address(inner[at + size * index : at + size * (index + 1)]), port)
        for index, port in enumerate(ports)
    )
    raise UnreachableError(what, source, destination)


def _transport(protocol: int, source: bytes, destination: bytes, body: bytes, cut: str) -> Udp:
    if protocol in _ICMP:
        _raise_unreachable(body, _ICMP[protocol])
    if protocol != _UDP:
        raise IgnoredError(f"not UDP: {_NAMES.get(protocol, f'IP protocol {protocol}')}")
    if len(body) < 8:
        raise IgnoredError(f"UDP header in {len(body)} octets")
    sport, dport, size = unpack_from("!HHH", body)
    if size < 8:
        raise IgnoredError(f"UDP datagram of {size} octets")
    short = bool(cut)
    if size > len(body) and not cut:
        cut = f"UDP datagram of {size} octets in an IP packet with {len(body)}"
    ends = Endpoint(ip_address(source), sport), Endpoint(ip_address(destination), dport)
    return Udp(*ends, body[8:size], cut, short)
