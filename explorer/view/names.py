"""Names from packets as text: distinguished names, certificates. No input is trusted; `safe` makes the text
safe where it is printed."""

from __future__ import annotations

from collections.abc import Iterator

_SEQUENCE, _SET, _OID = 0x30, 0x31, 0x06
_WIDE = 0x1E  # BMPString
#: attribute types as people write them (RFC 4514, 4519)
_TYPES = {
    "550403": "CN",
    "550405": "serialNumber",
    "550406": "C",
    "550407": "L",
    "550408": "ST",
    "55040a": "O",
    "55040b": "OU",
    "0992268993f22c640119": "DC",
    "2a864886f70d010901": "emailAddress",
}
MAX_PARTS = 32
#: code points up to here are European letters, by which a name in UTF-16 is recognised
_EUROPEAN = 0x24F
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def utf16_text(data: bytes) -> str | None:
    """Text in UTF-16 of either byte order, without a zero at its end, as Windows writes names; None if the
    octets do not look like it: most letters must be European."""
    order = _MARKS.get(data[:2])
    orders = (order,) if order else ("utf-16-le", "utf-16-be")
    body = data[2:] if order else data
    if len(body) < 4 or len(body) % 2:
        return None
    for name in orders:
        try:
            text = body.decode(name).removesuffix("\0")
        except UnicodeDecodeError:
            continue
        european = sum(ord(letter) <= _EUROPEAN for letter in text)
        if text and text.isprintable() and 2 * european >= len(text):
            return text
    return None


def plain_text(data: bytes) -> str | None:
    """Printable ASCII, or UTF-16; None for anything else."""
    if data.isascii() and data.decode().isprintable() and data:
        return data.decode()
    return utf16_text(data)


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of DER octets, one after the other; ValueError if they are not valid."""
    at = 0
    while at < len(der):
        if at + 2 > len(der):
            raise ValueError("cut off")
        tag, size = der[at], der[at + 1]
        at += 2
        if size & 0x80:
            more = size & 0x7F
            if not 1 <= more <= 4 or at + more > len(der):
                raise ValueError("no length")
            size = int.from_bytes(der[at : at + more], "big")
            at += more
        if at + size > len(der):
            raise ValueError("cut off")
        yield tag, der[at : at + size]
        at += size


def distinguished_name(der: bytes) -> str | None:
    """A name such as `C=DE, O=Rig, CN=hq`, in the order of its parts; None if the octets are not a name."""
    try:
        ((tag, body),) = _elements(der)
        parts = [_part(kind, content) for kind, content in _elements(body)]
    except ValueError:
        return None
    return ", ".join(parts) if tag == _SEQUENCE and 0 < len(parts) <= MAX_PARTS else None


def _part(tag: int, content: bytes) -> str:
    """One relative name: a set of types with their values."""
    said = []
    for kind, pair in _elements(content):
        (first, oid), (form, value) = _elements(pair)
        if (tag, kind, first) != (_SET, _SEQUENCE, _OID):
            raise ValueError("no name")
        text = value.decode("utf-16-be" if form == _WIDE else "utf-8", "backslashreplace")
        said.append(f"{_TYPES.get(oid.hex(), f'oid {oid.hex()}')}={text}")
    return "+".join(said)


def certificate_words(der: bytes) -> Iterator[str]:
    """Subject, issuer and validity of an X.509 certificate."""
    from cryptography import x509

    try:
        read = x509.load_der_x509_certificate(der)
        subject, issuer = read.subject.rfc4514_string(), read.issuer.rfc4514_string()
        first, last = read.not_valid_before_utc, read.not_valid_after_utc
    except (ValueError, TypeError):
        yield "not a readable X.509 certificate"
        return
    yield f"subject {subject or 'empty'}"
    yield f"issuer  {issuer or 'empty'}"
    yield f"valid   {first:%Y-%m-%d} to {last:%Y-%m-%d}"
