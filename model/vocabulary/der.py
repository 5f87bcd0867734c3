"""DER (X.690), as far as names and certificates need it: octets to elements and back.

What the elements mean, and which of two names count as the same, is decided by who reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31


def element(der: bytes) -> tuple[int, bytes, bytes]:
    """Tag and content of the first element, and what follows it. ValueError: it is cut off."""
    if len(der) < 2:
        raise ValueError("an element is missing")
    size, start = der[1], 2
    if size & 0x80:
        count = size & 0x7F
        start += count
        if not 1 <= count <= 4 or len(der) < start:
            raise ValueError("an invalid length")
        size = int.from_bytes(der[2:start], "big")
    if len(der) < start + size:
        raise ValueError("an element is cut off")
    return der[0], der[start : start + size], der[start + size :]


def content(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, and what follows it. ValueError: it has another tag."""
    found, inner, rest = element(der)
    if found != tag:
        raise ValueError("another element was expected")
    return inner, rest


def whole(der: bytes, tag: int) -> bytes:
    """The content of an element that nothing follows. ValueError: it has another tag, or octets follow."""
    inner, rest = content(der, tag)
    if rest:
        raise ValueError("octets after the element")
    return inner


def elements(der: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Tag, content and octets of one element after the other."""
    while der:
        tag, inner, rest = element(der)
        yield tag, inner, der[: len(der) - len(rest)]
        der = rest


def contents(der: bytes, tag: int) -> Iterator[bytes]:
    """The contents of one element after the other. ValueError: one has another tag."""
    while der:
        inner, der = content(der, tag)
        yield inner


def wrapped(tag: int, inner: bytes) -> bytes:
    """An element of its own."""
    size = len(inner)
    if size < 0x80:
        return bytes([tag, size]) + inner
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + inner


def dotted(octets: bytes) -> str:
    """An object identifier in numbers, from the content of its element. ValueError: it is cut off."""
    numbers, current = list[int](), 0
    for octet in octets:
        current = current << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(current)
            current = 0
    if not numbers or octets[-1] & 0x80:
        raise ValueError("an invalid OID")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def oid_octets(numbers: str) -> bytes:
    """The reverse of `dotted`."""
    first, second, *others = map(int, numbers.split("."))
    return b"".join(_base128(number) for number in (40 * first + second, *others))


def _base128(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.insert(0, 0x80 | number & 0x7F)
    return bytes(octets)
