"""What a file that is not a capture looks like, and what to do with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from impl.wire.message import HEADER_SIZE, read_header
from impl.wire.numbers import ExchangeType

_SAVE = "save the capture as pcap or pcapng, e.g. tcpdump -w FILE 'udp port 500 or udp port 4500'"
_CONVERT = "convert it: editcap -F pcap FILE new.pcap"
#: octets of a text that are looked at
_READ = 4096


class Looks(NamedTuple):
    """What a file seems to be, with its article, and what to do."""

    what: str
    mend: str


_MAGIC: tuple[tuple[bytes, Looks], ...] = (
    (b"\x1f\x8b", Looks("gzip-compressed data", "uncompress it with gunzip")),
    (b"PK\x03\x04", Looks("a ZIP archive", "extract the capture with unzip")),
    (b"\xfd7zXZ\x00", Looks("xz-compressed data", "uncompress it with unxz")),
    (b"\x28\xb5\x2f\xfd", Looks("zstd-compressed data", "uncompress it with unzstd")),
    (b"BZh", Looks("bzip2-compressed data", "uncompress it with bunzip2")),
    (b"\x04\x22\x4d\x18", Looks("lz4-compressed data", "uncompress it with unlz4")),
    (b"7z\xbc\xaf\x27\x1c", Looks("a 7z archive", "extract the capture with 7z x")),
    (b"snoop\x00\x00\x00", Looks("a capture of snoop (Solaris)", _CONVERT)),
    (b"RTSS", Looks("a capture of Microsoft Network Monitor 1", _CONVERT)),
    (b"GMBU", Looks("a capture of Microsoft Network Monitor", _CONVERT)),
    (b"TRSNIFF data", Looks("a capture of Network General Sniffer", _CONVERT)),
    (b"XCP\x00", Looks("a capture of NetXray or Windows Sniffer", _CONVERT)),
    (b"iptrace ", Looks("a capture of iptrace (AIX)", _CONVERT)),
    (b"\x7fELF", Looks("a program (ELF)", _SAVE)),
    (b"MZ", Looks("a program (Windows)", _SAVE)),
    (b"%PDF", Looks("a PDF document", _SAVE)),
    (b"\x89PNG", Looks("a picture (PNG)", _SAVE)),
    (b"\xff\xd8\xff", Looks("a picture (JPEG)", _SAVE)),
)
_COOKIES = r"[0-9a-fA-F]{16}\s+[0-9a-fA-F]{16}\s+[A-Za-z_]+\s+[0-9a-fA-F]+"
_TEXTS: tuple[tuple[re.Pattern[str], Looks], ...] = (
    (
        re.compile(r"-----BEGIN "),
        Looks("a PEM file with a certificate or key", "name certificates with --cert"),
    ),
    (
        re.compile(
            rf'^(?:{_COOKIES}|"?[0-9a-fA-F]{{16}}"?\s*,\s*"?[0-9a-fA-F]+"?)\s*$', re.MULTILINE
        ),
        Looks("a key log", "name it with --keylog, and the capture as the argument"),
    ),
    (
        re.compile(
            r"^\s*(?:[\d-]+ )?\d\d:\d\d:\d\d\.\d+ (?:\S+ +(?:In|Out) +)?(?:IP6?|ARP) ", re.MULTILINE
        ),
        Looks("the text that tcpdump prints", "save the packets instead: tcpdump -w FILE"),
    ),
    (
        re.compile(r"\b\d\d\[(?:IKE|ENC|NET|CFG|JOB|MGR)\d?\] "),
        Looks("a log of strongSwan", "it has no packets: " + _SAVE),
    ),
    (
        re.compile(r"^(?:0x)?[0-9a-fA-F]{4,8}:?\s+(?:[0-9a-fA-F]{2}\s?){8,}", re.MULTILINE),
        Looks("a hexadecimal dump", "convert it with text2pcap"),
    ),
    (
        re.compile(r"^\s*(?:connections|config setup|conn |remote |sainfo )", re.MULTILINE),
        Looks("a policy", "judge policies with ikeproof verify"),
    ),
    (re.compile(r"\A\s*(?:<!DOCTYPE html|<html)", re.IGNORECASE), Looks("an HTML page", _SAVE)),
    (re.compile(r"\A\s*[\[{]"), Looks("JSON", _SAVE)),
)


def looks_like(octets: bytes) -> Looks:
    """What a file seems to be that has not the beginning of a pcap or pcapng file."""
    for magic, looks in _MAGIC:
        if octets.startswith(magic):
            return looks
    if not octets[:_READ].strip(b"\0"):
        return Looks("a file of zeros", "repeat the capture: this one was not written completely")
    checks: tuple[Callable[[bytes], Looks | None], ...] = (_message, _trace, _text)
    for check in checks:
        found = check(octets)
        if found is not None:
            return found
    return Looks("data of an unknown format", _SAVE)


def _message(octets: bytes) -> Looks | None:
    """A message of ISAKMP without anything around it, with the marker of port 4500 or without."""
    for bare in (octets, octets.removeprefix(bytes(4))):
        if len(bare) < HEADER_SIZE:
            continue
        header = read_header(bare)
        major = header.version >> 4
        known = major == 2 or (major == 1 and header.exchange in set(ExchangeType))
        if known and header.length == len(bare):
            mend = "put it into a capture: od -Ax -tx1 -v FILE | text2pcap -u 500,500 - new.pcap"
            return Looks("a single ISAKMP message", mend)
    return None


def _trace(octets: bytes) -> Looks | None:
    """A Windows event trace: buffers of one size, which stands first in each."""
    size = int.from_bytes(octets[:4], "little")
    whole = size >= 4096 and size & (size - 1) == 0 and len(octets) % size == 0
    if whole and int.from_bytes(octets[4:8], "little") <= size:
        return Looks("a Windows event trace (.etl)", "convert it: etl2pcapng FILE new.pcapng")
    return None


def _text(octets: bytes) -> Looks | None:
    head = octets[:_READ]
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = head.decode("utf-16" if wide else "utf-8", "strict" if wide else "ignore")
    except UnicodeDecodeError:
        return None
    if "\0" in text or not text or (not wide and len(text) < 0.9 * len(head)):
        return None
    for pattern, looks in _TEXTS:
        if pattern.search(text):
            return looks
    return Looks("text", _SAVE)
