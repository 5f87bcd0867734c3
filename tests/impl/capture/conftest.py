"""Captures made for a test, and recorded handshakes as captures."""

from __future__ import annotations

import io
from collections.abc import Iterable
from ipaddress import ip_address
from struct import pack
from typing import Any

from impl.capture.conversation import Conversation, Malformed, Secrets, follow
from impl.capture.datagrams import datagrams
from impl.capture.files import frames
from impl.capture.packets import Endpoint
from impl.capture.writer import PcapWriter

INITIATOR = Endpoint(ip_address("192.0.2.1"), 500)
RESPONDER = Endpoint(ip_address("192.0.2.2"), 500)
SECOND = 10**9


def saved(messages: Iterable[tuple[str, bytes]], port: int = 500) -> bytes:
    """A capture of messages, each by "I" or "R", one a second; on 4500 with the marker."""
    stream = io.BytesIO()
    writer = PcapWriter(stream)
    marker = bytes(4) if port == 4500 else b""
    one, other = INITIATOR._replace(port=port), RESPONDER._replace(port=port)
    for number, (sender, octets) in enumerate(messages, 1):
        ends = (one, other) if sender == "I" else (other, one)
        writer.write(number * SECOND, *ends, marker + octets)
    return stream.getvalue()


def recorded(case: dict[str, Any]) -> list[tuple[str, bytes]]:
    """The messages of a recorded handshake: who sent each, and its octets."""
    messages = case.get("messages") or case["facts"]["messages"]
    return [(item["dir"], bytes.fromhex(item["hex"])) for item in messages]


def read(
    capture: bytes, secrets: Secrets | None = None, ports: Iterable[int] = ()
) -> tuple[list[Conversation], list[Malformed]]:
    """The conversations of a capture, and what was no message."""
    conversations, malformed = follow(datagrams(frames(capture), ports), secrets)
    return conversations.all, malformed


def pcap(frames_: Iterable[bytes], link: int, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    """A pcap file, made by hand."""
    made = pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, octets in enumerate(frames_, 1):
        made += pack(f"{order}IIII", number, 500, len(octets), len(octets)) + octets
    return made


def block(type_: int, body: bytes, order: str = "<") -> bytes:
    """A block of a pcapng file, made by hand."""
    size = pack(f"{order}I", 12 + len(body) + -len(body) % 4)
    return pack(f"{order}I", type_) + size + body + bytes(-len(body) % 4) + size


def section(order: str = "<") -> bytes:
    """A section header."""
    return block(0x0A0D0D0A, pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int, order: str = "<", options: bytes = b"") -> bytes:
    """An interface description."""
    return block(1, pack(f"{order}HHI", link, 0, 0) + options, order)


def enhanced(index: int, ticks: int, octets: bytes, order: str = "<") -> bytes:
    """An enhanced packet block."""
    head = pack(f"{order}IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), len(octets))
    return block(6, head + octets, order)


def udp(payload: bytes, sport: int = 500, dport: int = 500) -> bytes:
    """A UDP datagram without checksum."""
    return pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def ipv4(body: bytes, part: int = 0, id_: int = 7, protocol: int = 17) -> bytes:
    """An IPv4 packet from INITIATOR to RESPONDER."""
    ends = INITIATOR.address.packed + RESPONDER.address.packed
    return pack("!BBHHHBBH", 0x45, 0, 20 + len(body), id_, part, 64, protocol, 0) + ends + body


def ipv6(body: bytes, following: int = 17) -> bytes:
    """An IPv6 packet."""
    ends = ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed
    return pack("!IHBB", 6 << 28, len(body), following, 64) + ends + body
