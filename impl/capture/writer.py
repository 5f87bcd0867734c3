"""Captures of our own: UDP datagrams in made-up IP headers, as pcap with nanoseconds."""

from __future__ import annotations

from typing import BinaryIO

from impl.capture.packets import MAX_PACKET, Endpoint

_RAW, _RAW_SIZE = 101, 20 + 8  # link type: IP without a link layer
_GIGA = 10**9


class PcapWriter:
    """Writes to a binary stream, which stays the caller's to close."""

    def __init__(self, stream: BinaryIO) -> None:
        from dpkt import pcap  # type: ignore[import-untyped]

        self._stream, self._record = stream, pcap.LEPktHdr
        stream.write(
            bytes(pcap.LEFileHdr(magic=pcap.TCPDUMP_MAGIC_NANO, snaplen=MAX_PACKET, linktype=_RAW))
        )

    def write(self, time_ns: int, source: Endpoint, destination: Endpoint, payload: bytes) -> None:
        """Add a datagram; ValueError if it is larger than UDP takes, or its ends differ in version."""
        if source.address.version != destination.address.version:
            raise ValueError("both ends of a datagram are of one IP version")
        if len(payload) > MAX_PACKET - _RAW_SIZE:
            raise ValueError(f"a UDP datagram takes {MAX_PACKET - _RAW_SIZE} octets")
        packet = _packet(source, destination, payload)
        seconds, fraction = divmod(time_ns, _GIGA)
        header = self._record(tv_sec=seconds, tv_usec=fraction, caplen=len(packet), len=len(packet))
        self._stream.write(bytes(header) + packet)


def _packet(source: Endpoint, destination: Endpoint, payload: bytes) -> bytes:
    from dpkt import ip, ip6, udp

    inner = udp.UDP(sport=source.port, dport=destination.port, ulen=8 + len(payload), data=payload)
    ends = {"src": source.address.packed, "dst": destination.address.packed}
    if source.address.version == 4:
        # an identification of zero is allowed where nothing may be fragmented (RFC 6864)
        return bytes(ip.IP(**ends, p=ip.IP_PROTO_UDP, ttl=64, df=1, data=inner))
    outer = ip6.IP6(**ends, nxt=ip.IP_PROTO_UDP, hlim=64, plen=8 + len(payload), data=inner)
    return bytes(outer)
