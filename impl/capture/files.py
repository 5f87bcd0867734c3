"""Capture files: pcap and pcapng to frames.

dpkt knows the records' forms; the walk from record to record is ours, as a length in the file may say
anything. A file that ends within a record still yields what stands before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import Any

_SECTION = b"\x0a\x0d\x0d\x0a"
_FILE_HEADER = 24
_GIGA = 10**9
_INTERFACE, _PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_RESOLUTION, _OFFSET = 9, 14
#: an interface without a description of its clock counts microseconds
_MICRO = 10**6


class CaptureError(ValueError):
    """A file that is not a capture; `mend` says what to do."""

    def __init__(
        self, problem: str, mend: str = "save the capture again, as pcap or pcapng"
    ) -> None:
        super().__init__(problem)
        self.problem, self.mend = problem, mend


@dataclass(frozen=True, slots=True)
class Frame:
    """One record: its number from 1, its time in ns since 1970, the link type, what was captured.

    wire    octets on the wire; more than those captured if a snap length cut them
    fault   why there is nothing to read in it; empty if there is
    """

    number: int
    time_ns: int
    link: int
    octets: bytes
    wire: int
    fault: str = ""


def frames(octets: bytes) -> Iterator[Frame]:
    """The frames of a capture file; CaptureError at once if it is not one."""
    if octets[:4] == _SECTION:
        return _pcapng(octets, _section(octets, 0))
    if not octets:
        raise CaptureError("it is empty", "check the filter and the permissions of the capture")
    from dpkt import pcap  # type: ignore[import-untyped]

    record = pcap.MAGIC_TO_PKT_HDR.get(int.from_bytes(octets[:4], "big"))
    if record is None or len(octets) < 4:
        from impl.capture.lookalikes import looks_like  # only a file of another kind needs it

        looks = looks_like(octets)
        raise CaptureError(f"it looks like {looks.what}", looks.mend)
    if len(octets) < pcap.FileHdr.__hdr_len__:
        raise CaptureError("its file header is cut off")
    magic = int.from_bytes(octets[:4], "big")
    little = getattr(record, "__byte_order__", ">") == "<"
    header = (pcap.LEFileHdr if little else pcap.FileHdr)(octets[: pcap.FileHdr.__hdr_len__])
    if header.v_major != 2:
        raise CaptureError(f"it is of pcap version {header.v_major}.{header.v_minor}, not 2.x")
    nano = magic in (pcap.TCPDUMP_MAGIC_NANO, pcap.PMUDPCT_MAGIC_NANO)
    # the upper half of the link type's word has other uses
    return _pcap(octets, record, header.linktype & 0xFFFF, 1 if nano else 1000)


def _pcap(octets: bytes, record: Any, link: int, nanoseconds: int) -> Iterator[Frame]:
    at, number, size = _FILE_HEADER, 0, record.__hdr_len__
    while at < len(octets):
        number += 1
        if at + size > len(octets):
            yield Frame(number, 0, link, b"", 0, "the file ends within its record")
            return
        header = record(octets[at : at + size])
        time = header.tv_sec * _GIGA + header.tv_usec * nanoseconds
        at += size
        captured = octets[at : at + header.caplen]
        at += header.caplen
        if at > len(octets):
            problem = f"the file ends within its record, which claims {header.caplen} octets"
            yield Frame(number, time, link, b"", header.len, problem)
            return
        yield Frame(number, time, link, captured, header.len)


@dataclass(frozen=True, slots=True)
class _Interface:
    """Where frames were captured: link type, how much of each, ticks a second, seconds to add."""

    link: int
    snap: int
    ticks: int = _MICRO
    offset: int = 0

    def time(self, high: int, low: int) -> int:
        return (high << 32 | low) * _GIGA // self.ticks + self.offset * _GIGA


def _section(octets: bytes, at: int) -> str:
    """The byte order of the section that begins there."""
    from dpkt import pcapng

    if at + 28 > len(octets):
        raise CaptureError("its section header is cut off")
    for order in "<>":
        bom, major, minor = unpack_from(f"{order}IHH", octets, at + 8)
        if bom == pcapng.BYTE_ORDER_MAGIC:
            if major != pcapng.PCAPNG_VERSION_MAJOR:
                raise CaptureError(f"it is of pcapng version {major}.{minor}, not 1.x")
            return order
    raise CaptureError("its section header has no byte order")


def _pcapng(octets: bytes, order: str) -> Iterator[Frame]:
    interfaces: list[_Interface] = []
    at, number = 0, 0
    while at < len(octets):
        if octets[at : at + 4] == _SECTION:
            fault = ""
            try:
                order = _section(octets, at)
            except CaptureError as error:
                fault = error.problem
            interfaces = []
        else:
            fault = "the file ends within its block" if at + 12 > len(octets) else ""
        if not fault:
            type_, size = unpack_from(f"{order}II", octets, at)
            fault = _misfit(octets, at, size, order)
        if fault:
            yield Frame(number + 1, 0, 0, b"", 0, fault)
            return
        block = octets[at : at + size]
        at += size
        if type_ == _INTERFACE and size >= 20:
            interfaces.append(_interface(block, order))
        elif type_ in (_PACKET, _SIMPLE, _ENHANCED):
            number += 1
            yield _packet(type_, block, order, number, interfaces)


def _misfit(octets: bytes, at: int, size: int, order: str) -> str:
    """What is wrong with the length of the block that begins there; empty if nothing is."""
    if size < 12 or size % 4 or at + size > len(octets):
        return f"the file ends within its block, which claims {size} octets"
    (again,) = unpack_from(f"{order}I", octets, at + size - 4)
    return (
        ""
        if again == size
        else f"its block claims {size} octets at the start and {again} at the end"
    )


def _interface(block: bytes, order: str) -> _Interface:
    """An interface from its description; options that make no sense are left out."""
    link, _, snap = unpack_from(f"{order}HHI", block, 8)
    ticks, offset, at = _MICRO, 0, 16
    while at + 8 <= len(block):
        code, size = unpack_from(f"{order}HH", block, at)
        value = block[at + 4 : at + 4 + size]
        if code == 0:
            break
        if code == _RESOLUTION and size == 1:
            ticks = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
        elif code == _OFFSET and len(value) == 8:
            (offset,) = unpack_from(f"{order}q", value)
        at += 4 + size + -size % 4
    return _Interface(link, snap, ticks, offset)


def _packet(
    type_: int, block: bytes, order: str, number: int, interfaces: list[_Interface]
) -> Frame:
    """The frame of a packet block of one of the three kinds."""
    from dpkt import pcapng

    if type_ == _SIMPLE:
        index, high, low, start = 0, 0, 0, 12
        (wire,) = unpack_from(f"{order}I", block, 8) if len(block) >= 16 else (0,)
        captured = min(wire, len(block) - 16)
        if interfaces and interfaces[0].snap:
            captured = min(captured, interfaces[0].snap)
    else:
        name = "EnhancedPacketBlock" if type_ == _ENHANCED else "PacketBlock"
        header = getattr(pcapng, name + ("LE" if order == "<" else ""))()
        if len(block) < header.__hdr_len__:
            return Frame(number, 0, 0, b"", 0, "its block is too short")
        header.unpack_hdr(block)
        index, high, low = header.iface_id, header.ts_high, header.ts_low
        wire, captured, start = header.pkt_len, header.caplen, header.__hdr_len__ - 4
    if index >= len(interfaces):
        return Frame(number, 0, 0, b"", wire, f"interface {index} is not described")
    interface = interfaces[index]
    time = interface.time(high, low)
    if captured < 0 or start + captured > len(block) - 4:
        fault = f"its block has no room for the {captured} octets that it claims"
        return Frame(number, time, interface.link, b"", wire, fault)
    return Frame(number, time, interface.link, block[start : start + captured], wire)
