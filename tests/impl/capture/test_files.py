"""Capture files and what is in their frames; no file does more than be refused."""

from __future__ import annotations

import io
import json
from ipaddress import ip_address
from itertools import pairwise
from struct import pack, unpack_from
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impl.capture.datagrams import Datagram, Kind, datagrams
from impl.capture.files import CaptureError, frames
from impl.capture.packets import MAX_AWAITED, Endpoint
from impl.capture.writer import PcapWriter
from tests.impl.capture.conftest import (
    INITIATOR,
    RESPONDER,
    SECOND,
    block,
    enhanced,
    interface,
    ipv4,
    ipv6,
    pcap,
    read,
    saved,
    section,
    udp,
)
from tests.impl.conftest import VECTORS

MANIFEST = json.loads((VECTORS / "captures" / "manifest.json").read_text("utf-8"))["captures"]
MALFORMED = json.loads((VECTORS / "malformed" / "manifest.json").read_text("utf-8"))["files"]
KINDS = {"isakmp": Kind.ISAKMP, "udp-esp": Kind.ESP, "natt-keepalive": Kind.KEEPALIVE}
PAYLOAD = bytes(range(8, 60))


def named(entry: dict[str, Any]) -> str:
    return str(entry["file"])


def found(capture: bytes, *ports: int) -> list[Datagram]:
    return list(datagrams(frames(capture), ports))


def only(capture: bytes, *ports: int) -> Datagram:
    (one,) = found(capture, *ports)
    return one


def one_frame(octets: bytes, link: int = 1) -> Datagram:
    return only(pcap([octets], link))


# ---- known captures
@pytest.mark.parametrize("entry", MANIFEST, ids=named)
def test_every_frame_of_a_known_capture_is_what_it_is(entry: dict[str, Any]) -> None:
    items = found((VECTORS / "captures" / entry["file"]).read_bytes())
    if "frames" in entry:
        assert len(items) == entry["frames"]
    expected = {item["frame"]: item for item in entry.get("messages", ())}
    for item in items:
        if item.frame not in expected:
            assert item.kind is Kind.OTHER and item.why
            continue
        said = expected[item.frame]
        assert item.kind is KINDS[said["kind"]]
        ends = f"{said['src']}:{said['sport']}", f"{said['dst']}:{said['dport']}"
        assert (str(item.source), str(item.destination)) == ends
        if item.kind is Kind.ISAKMP:
            assert len(item.octets) == said["datagram_length"]
        elif item.kind is Kind.ESP:
            spi, sequence = unpack_from("!II", item.octets)
            assert (f"{spi:08x}", sequence) == (said["spi"], said["seq"])
    for said in entry.get("ipsec_packets", ()):
        protocol = {50: "ESP", 51: "AH"}.get(said.get("proto"), "")
        assert protocol in items[said["frame"] - 1].why


@pytest.mark.parametrize("entry", MALFORMED, ids=named)
def test_a_malformed_capture_holds_no_message(entry: dict[str, Any]) -> None:
    capture = (VECTORS / "malformed" / entry["file"]).read_bytes()
    conversations, malformed = read(capture)
    assert not conversations
    assert bool(malformed) == (entry["expect"] == "reject")
    for item in malformed:
        assert item.error.clause.startswith("RFC ") and item.error.field and item.error.problem


# ---- forms of files
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "time"), [(0xA1B2C3D4, 500_000), (0xA1B23C4D, 500)])
def test_both_byte_orders_and_both_clocks_of_pcap(order: str, magic: int, time: int) -> None:
    item = only(pcap([ipv4(udp(PAYLOAD))], 101, order, magic))
    assert item.octets == PAYLOAD and item.time_ns == SECOND + time


@pytest.mark.parametrize("order", "<>")
def test_pcapng_has_a_clock_and_a_link_type_for_each_interface(order: str) -> None:
    packet = ipv4(udp(PAYLOAD))
    binary = pack(f"{order}HHB3x", 9, 1, 0x80 | 10) + pack(f"{order}HHq", 14, 8, 100) + bytes(4)
    capture = (
        section(order)
        + interface(101, order)
        + interface(0, order, binary)
        + block(0xBAD, b"another kind", order)
        + enhanced(0, 1_500_000, packet, order)
        + enhanced(1, 2048, pack("=I", 2) + packet, order)
        + block(3, pack(f"{order}I", len(packet)) + packet, order)
        + enhanced(2, 0, packet, order)
        + section(order)
        + enhanced(0, 0, packet, order)
    )
    items = found(capture)
    assert [item.octets for item in items] == [PAYLOAD] * 3 + [b""] * 2
    assert [item.time_ns for item in items[:3]] == [1_500_000_000, 102 * SECOND, 0]
    assert [item.why for item in items[3:]] == [
        "interface 2 is not described",
        "interface 0 is not described",
    ]


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "it is empty"),
        (b"\xa1\xb2\xc3", "an unknown format"),
        (b"hello, world, this is a text\n", "it looks like text"),
        (b"\x1f\x8b" + bytes(40), "compressed"),
        (pack("<IHHiIII", 0xA1B2C3D4, 9, 4, 0, 0, 0, 1), "pcap version 9.4"),
        (section()[:20], "section header is cut off"),
        (section().replace(b"\x4d\x3c\x2b\x1a", b"\x4d\x3c\x2b\x1b"), "no byte order"),
        (block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 7, 0, -1)), "pcapng version 7.0"),
    ],
)
def test_a_file_that_is_not_a_capture_is_one_error(octets: bytes, problem: str) -> None:
    with pytest.raises(CaptureError, match=problem) as error:
        list(frames(octets))
    assert error.value.mend


def test_a_file_that_ends_within_a_record_yields_what_stands_before() -> None:
    whole = saved([("I", PAYLOAD), ("R", PAYLOAD)])
    first, second = found(whole[:-1])
    assert first.octets == PAYLOAD
    assert second.kind is Kind.OTHER and "ends within its record" in second.why
    absurd = bytearray(whole)
    absurd[32:36] = b"\xff\xff\xff\xff"  # the first record's length
    assert "4294967295 octets" in only(bytes(absurd)).why


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (b"\x06", "the file ends within its block"),
        (pack("<III", 6, 8, 8), "which claims 8 octets"),
        (pack("<III", 6, 0xFFFFFFF0, 0), "which claims 4294967280 octets"),
        (pack("<III", 6, 12, 16), "claims 12 octets at the start and 16 at the end"),
        (block(6, bytes(8)), "its block is too short"),
        (block(6, pack("<IIIII", 0, 0, 0, 99, 99)), "no room for the 99 octets"),
        (section()[:14], "its section header is cut off"),
    ],
)
def test_a_block_that_is_none_is_said(tail: bytes, why: str) -> None:
    assert why in only(section() + interface(101) + tail).why


# ---- link layers and packets
@pytest.mark.parametrize(
    ("link", "head", "version"),
    [
        (1, bytes(12) + b"\x08\x00", 4),
        (1, bytes(12) + b"\x86\xdd", 6),
        (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00", 4),
        (1, bytes(12) + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd", 6),
        (113, bytes(14) + b"\x08\x00", 4),
        (276, b"\x86\xdd" + bytes(18), 6),
        (101, b"", 4),
        (228, b"", 4),
        (229, b"", 6),
        (0, b"\x02\x00\x00\x00", 4),
        (0, b"\x00\x00\x00\x1e", 6),
        (108, b"\x00\x00\x00\x02", 4),
    ],
)
def test_link_layers(link: int, head: bytes, version: int) -> None:
    packet = (ipv4 if version == 4 else ipv6)(udp(PAYLOAD))
    item = one_frame(head + packet + b"trailer", link)
    assert item.kind is Kind.ISAKMP and item.octets == PAYLOAD


@pytest.mark.parametrize(
    ("link", "octets", "why"),
    [
        (1, bytes(12) + b"\x08\x06" + bytes(28), "not IP: EtherType 0x0806"),
        (1, bytes(12) + b"\x88\x64\x11\0\0\1\0\2\xc0\x21", "not IP: EtherType 0x8864 (PPPoE)"),
        (1, bytes(13), "too short for its link layer"),
        (1, bytes(12) + b"\x81\x00\x00\x01" * 40, "too short for its link layer"),
        (1, bytes(12) + b"\x08\x00" + ipv6(udp(b"x")), "EtherType and version differ"),
        (113, bytes(9), "too short for its link layer"),
        (0, b"\x07\x00\x00\x00" + ipv4(udp(b"x")), "another address family"),
        (147, ipv4(udp(b"x")), "link type 147 is not supported"),
        (101, b"", "an empty frame"),
        (101, b"\x15" + bytes(30), "version 1"),
        (101, ipv4(udp(b"x"))[:19], "IPv4 header of 20 octets, of which the frame has 19"),
        (101, b"\x41" + ipv4(udp(b"x"))[1:], "IPv4 header of 4 octets"),
        (101, ipv4(b"", protocol=6), "not UDP: TCP"),
        (101, ipv4(b"", protocol=50), "not UDP: ESP"),
        (101, ipv4(b"", protocol=99), "not UDP: IP protocol 99"),
        (101, ipv4(b"1234567"), "UDP header in 7 octets"),
        (101, ipv4(pack("!HHHH", 500, 500, 7, 0)), "UDP datagram of 7 octets"),
        (101, ipv4(udp(b"")), "an empty UDP datagram"),
        (101, ipv4(udp(b"x", 53, 53)), "not an ISAKMP port"),
        (101, ipv4(udp(b"1234567", 4500)), "7 octets on port 4500"),
        (101, ipv4(udp(bytes(4), 4500)), "4 octets on port 4500"),
        (101, ipv6(b"short", 43), "extension header cut off"),
        (101, ipv6(udp(b"x"))[:39], "IPv6 header of 40 octets, of which the frame has 39"),
    ],
)
def test_what_is_ignored_says_why(link: int, octets: bytes, why: str) -> None:
    item = one_frame(octets, link)
    assert item.kind is Kind.OTHER and why in item.why


@pytest.mark.parametrize(
    "kind", [(3, 3, "port unreachable"), (3, 13, "prohibited"), (3, 4, "frag")]
)
def test_icmp_reports_are_read_with_the_ends_of_the_datagram(kind: tuple[int, int, str]) -> None:
    report = bytes([kind[0], kind[1]]) + bytes(6) + ipv4(udp(b"x", 500, 4500))[:28]
    item = one_frame(ipv4(report, protocol=1), 101)
    assert item.kind is Kind.UNREACHABLE and kind[2] in item.cut
    assert (str(item.source), str(item.destination)) == ("192.0.2.1:500", "192.0.2.2:4500")
    sixth = bytes([1, 4]) + bytes(6) + ipv6(udp(b"x"))[:48]
    item = one_frame(ipv6(sixth, 58), 101)
    assert item.cut == "port unreachable" and str(item.source) == "[2001:db8::1]:500"


@pytest.mark.parametrize(
    "report",
    [
        b"",
        bytes(8),
        bytes([8, 0]) + bytes(40),
        bytes([3, 3]) + bytes(6) + ipv4(b"", protocol=6) + bytes(8),
        bytes([3, 3]) + bytes(6) + ipv4(udp(b"x"))[:23],
        bytes([3, 3]) + bytes(6) + b"\x41" + ipv4(udp(b"x"))[1:],
        bytes([3, 3]) + bytes(6) + b"\x75" + bytes(40),
        bytes([3, 3]) + bytes(6),
    ],
)
def test_other_icmp_is_ignored(report: bytes) -> None:
    item = one_frame(ipv4(report, protocol=1), 101)
    assert (item.kind, item.why) == (Kind.OTHER, "not UDP: ICMP")


@pytest.mark.parametrize(
    ("protocol", "packet"), [(0x0021, ipv4(udp(b"x"))), (0x0057, ipv6(udp(b"x")))]
)
def test_ip_in_pppoe_is_read(protocol: int, packet: bytes) -> None:
    head = pack("!HBBHHH", 0x8864, 0x11, 0, 1, len(packet) + 2, protocol)
    assert one_frame(bytes(12) + head + packet, 1).octets == b"x"


def test_extension_headers_are_skipped() -> None:
    options = b"\x3c\x00" + bytes(6)  # hop by hop, then destination options of 16 octets
    item = one_frame(ipv6(options + b"\x11\x01" + bytes(14) + udp(PAYLOAD), 0), 101)
    assert item.octets == PAYLOAD


def test_what_a_frame_lacks_is_said() -> None:
    packet = ipv4(udp(PAYLOAD))
    assert one_frame(packet[:-3], 101).cut == (
        f"IPv4 packet of {len(packet)} octets, of which the frame has 77"
    )
    snapped = bytearray(pcap([packet[:-3]], 101))
    snapped[36:40] = pack("<I", len(packet))
    assert only(bytes(snapped)).cut.endswith("cut by the snap length")
    assert one_frame(ipv4(pack("!HHHH", 500, 500, 99, 0) + PAYLOAD), 101).cut


@pytest.mark.parametrize(
    ("payload", "port", "kind", "octets"),
    [
        (bytes(4) + PAYLOAD, 4500, Kind.ISAKMP, PAYLOAD),
        (b"\xff", 4500, Kind.KEEPALIVE, b"\xff"),
        (PAYLOAD, 4500, Kind.ESP, PAYLOAD),
        (PAYLOAD, 5500, Kind.ISAKMP, PAYLOAD),
        (b"\xff", 5500, Kind.KEEPALIVE, b"\xff"),
        (bytes(4) + PAYLOAD, 5500, Kind.ISAKMP, PAYLOAD),
        (bytes(24) + pack("!I", 28), 5500, Kind.ISAKMP, bytes(24) + pack("!I", 28)),
    ],
)
def test_ports_say_what_a_datagram_is(payload: bytes, port: int, kind: Kind, octets: bytes) -> None:
    capture = pcap([ipv4(udp(payload, 32000, port))], 101)
    item = only(capture, 5500)
    assert (item.kind, item.octets) == (kind, octets)
    if port == 5500:
        assert only(capture).why == "not an ISAKMP port"


# ---- fragments
def fragments(payload: bytes, size: int, id_: int = 7) -> list[bytes]:
    whole = udp(payload)
    starts = range(0, len(whole), size)
    return [
        ipv4(whole[at : at + size], at // 8 | (0x2000 if at + size < len(whole) else 0), id_)
        for at in starts
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_fragments_are_put_together_in_any_order(order: int) -> None:
    payload = bytes(range(256)) * 12
    parts = fragments(payload, 1024)[::order]
    *before, last = found(pcap([parts[0], *parts], 101))  # the first one comes twice
    assert last.octets == payload and last.frame == 5
    assert all(item.why.startswith("a fragment") for item in before)


def test_ipv6_fragments_are_put_together() -> None:
    whole = udp(PAYLOAD)
    parts = [
        ipv6(pack("!BBHI", 17, 0, at | (at == 0), 9) + whole[at : at + 32 + at], 44)
        for at in (0, 32)
    ]
    assert found(pcap(parts, 101))[1].octets == PAYLOAD


def test_of_fragments_that_are_cut_off_the_first_still_shows_its_beginning() -> None:
    first, second, *_ = fragments(bytes(4000), 1024)
    items = found(pcap([first[:80], second[:80]], 101))
    assert items[0].octets == bytes(52) and "a fragment: IPv4 packet of" in items[0].cut
    assert "a fragment: IPv4 packet of" in items[1].why


def test_fragments_that_overlap_or_overrun_are_refused() -> None:
    first, second, third, _ = fragments(bytes(4000), 1024)
    overlap = ipv4(bytes(1024), (1024 - 8) // 8 | 0x2000)
    other = ipv4(bytes(1023) + b"x", 0x2000)
    beyond = ipv4(bytes(1024), 0xFFF8 // 8)
    short = ipv4(bytes(8), 1024 // 8)
    for bad in (overlap, other, beyond):
        assert "does not fit" in found(pcap([first, bad], 101))[1].why
    assert "does not fit" in found(pcap([first, third, short], 101))[2].why
    assert all(item.kind is Kind.OTHER for item in found(pcap([first, overlap, second], 101)))


def test_fragments_of_packets_that_never_end_are_forgotten() -> None:
    firsts = [fragments(bytes(100), 56, id_) for id_ in range(MAX_AWAITED + 1)]
    capture = pcap([*(item[0] for item in firsts), firsts[0][1], firsts[-1][1]], 101)
    *_, oldest, newest = found(capture)
    assert oldest.kind is Kind.OTHER and newest.kind is Kind.ISAKMP


# ---- writing
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 * SECOND - 1),
            st.integers(1, 65535),
            st.binary(min_size=1, max_size=300),
            st.booleans(),
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read_again(items: list[tuple[int, int, bytes, bool]]) -> None:
    stream = io.BytesIO()
    writer = PcapWriter(stream)
    ends = []
    for time, port, payload, v6 in items:
        host = "2001:db8::" if v6 else "192.0.2."
        pair = Endpoint(ip_address(f"{host}1"), port), Endpoint(ip_address(f"{host}2"), 500)
        ends.append(pair)
        writer.write(time, *pair, payload)
    again = list(frames(stream.getvalue()))
    assert [item.time_ns for item in again] == [time for time, *_ in items]
    for frame, (_, _, payload, v6), pair in zip(again, items, ends, strict=True):
        assert frame.octets.endswith(payload)
        head = frame.octets[:20]
        if not v6:
            assert summed(head) == 0xFFFF
        pseudo = b"".join(end.address.packed for end in pair) + pack("!HH", 17, 8 + len(payload))
        assert summed(pseudo + frame.octets[40 if v6 else 20 :]) == 0xFFFF
    kinds = {Kind.ISAKMP, Kind.ESP, Kind.KEEPALIVE, Kind.OTHER}
    assert {item.kind for item in datagrams(again)} <= kinds


def summed(octets: bytes) -> int:
    """The ones' complement sum of an IP checksum (RFC 1071)."""
    total = sum(
        octets[i] << 8 | (octets[i + 1] if i + 1 < len(octets) else 0)
        for i in range(0, len(octets), 2)
    )
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_a_datagram_that_udp_does_not_take_is_refused() -> None:
    writer = PcapWriter(io.BytesIO())
    with pytest.raises(ValueError, match="takes 65507 octets"):
        writer.write(0, INITIATOR, RESPONDER, bytes(65508))
    with pytest.raises(ValueError, match="one IP version"):
        writer.write(0, INITIATOR, Endpoint(ip_address("::1"), 500), b"x")


# ---- anything
SOURCES: list[bytes] = [
    (VECTORS / "captures" / name).read_bytes()
    for name in ("ikev1-psk-main-mode-complete.pcapng", "isakmp4500.pcap", "ISAKMP_sa_setup.pcap")
]


def survives(capture: bytes) -> None:
    """Reading ends, in its order, with the one error or none."""
    try:
        items = found(capture)
    except CaptureError:
        return
    assert all(one.frame < other.frame for one, other in pairwise(items))
    assert sum(len(item.octets) for item in items) <= len(capture)
    read(capture)


@given(st.binary(max_size=300), st.sampled_from([b"", *(item[:60] for item in SOURCES)]))
def test_arbitrary_octets_raise_nothing_but_the_one_error(octets: bytes, head: bytes) -> None:
    survives(head + octets)


@settings(max_examples=150)
@given(st.sampled_from(SOURCES), st.data())
def test_flipped_bits_raise_nothing_but_the_one_error(source: bytes, data: st.DataObject) -> None:
    spoiled = bytearray(source)
    bits = st.integers(0, 8 * len(source) - 1)
    for position in data.draw(st.lists(bits, min_size=1, max_size=8)):
        spoiled[position // 8] ^= 1 << position % 8
    survives(bytes(spoiled))


@settings(max_examples=150)
@given(st.sampled_from(SOURCES), st.data())
def test_a_truncated_file_raises_nothing_but_the_one_error(
    source: bytes, data: st.DataObject
) -> None:
    survives(source[: data.draw(st.integers(0, len(source)))])
