"""Distinguished names (X.501, RFC 4514): structure, DER, and the text that strongSwan reads (5.9.8).

Every rule here was measured on strongSwan 5.9.8: which keywords it knows, how it cuts the text into
relative names, which string type a value gets, and when two names are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from model.vocabulary import der

UTF8, PRINTABLE, T61, IA5, UNIVERSAL, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E
#: how the strings of ASN.1 that a name is made of are read (RFC 5280 section 4.1.2.4)
ENCODINGS = {
    UTF8: "utf-8", PRINTABLE: "ascii", T61: "latin-1", IA5: "ascii", UNIVERSAL: "utf-32-be",
    BMP: "utf-16-be",
}  # fmt: skip
EMAIL = "1.2.840.113549.1.9.1"
_UNSTRUCTURED_NAME = "1.2.840.113549.1.9.2"
#: keyword and OID; of several keywords for one OID the first is printed. `S` and `GN` are not known.
_KEYWORDS = (
    ("ND", "0.2.262.1.10.7.20"), ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"), ("CN", "2.5.4.3"), ("SN", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"), ("C", "2.5.4.6"), ("L", "2.5.4.7"), ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"), ("O", "2.5.4.10"), ("OU", "2.5.4.11"), ("T", "2.5.4.12"),
    ("D", "2.5.4.13"), ("postalAddress", "2.5.4.16"), ("postalCode", "2.5.4.17"),
    ("N", "2.5.4.41"), ("G", "2.5.4.42"), ("I", "2.5.4.43"), ("ID", "2.5.4.45"),
    ("dnQualifier", "2.5.4.46"), ("dmdName", "2.5.4.54"), ("pseudonym", "2.5.4.65"),
    ("employeeNumber", "2.16.840.1.113730.3.1.3"), ("EN", "2.16.840.1.113730.3.1.3"),
    ("E", EMAIL), ("Email", EMAIL), ("emailAddress", EMAIL),
    ("unstructuredName", _UNSTRUCTURED_NAME), ("UN", _UNSTRUCTURED_NAME),
    ("unstructuredAddress", "1.2.840.113549.1.9.8"), ("UA", "1.2.840.113549.1.9.8"),
    ("TCGID", "1.3.6.1.4.1.1201.1.1.2.2.75"),
)  # fmt: skip
KEYWORDS = {word.lower(): oid for word, oid in _KEYWORDS}
_WORDS = {oid: word for word, oid in reversed(_KEYWORDS)}
_PRINTABLE = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?"
)
_MOST_RDNS = 20  # that strongSwan reads from text
_MOST_OCTETS = 65536


class RdnMatching(Enum):
    """How strongSwan compares a name with an expected one (`charon.rdn_matching`)."""

    STRICT = "strict"  # the same relative names in the same order
    REORDERED = "reordered"  # in any order
    RELAXED = "relaxed"  # in any order, and what the expected name leaves out may be anything


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a relative name.

    oid      dotted        value    the octets of the string
    string   its ASN.1 tag, such as 0x13 for PrintableString (RFC 5280 section 4.1.2.4)
    """

    oid: str
    value: bytes
    string: int = PRINTABLE

    def same(self, other: Attribute) -> bool:
        """As strongSwan compares: case counts unless both are PrintableString, or e-mail addresses."""
        if self.oid != other.oid or len(self.value) != len(other.value):
            return False
        printable = self.string == PRINTABLE or (self.string == IA5 and self.oid == EMAIL)
        if self.string == other.string and printable:
            return self.value.lower() == other.value.lower()
        return self.value == other.value

    @property
    def der(self) -> bytes:
        """OID and value, as a name holds them."""
        oid = der.wrapped(der.OID, der.oid_octets(self.oid))
        return der.wrapped(der.SEQUENCE, oid + der.wrapped(self.string, self.value))

    @property
    def word(self) -> str:
        """Its keyword, or the dotted OID where strongSwan knows none."""
        return _WORDS.get(self.oid, self.oid)

    @property
    def text(self) -> str:
        """The value as text; what is not text of its type is shown as `#hex` (RFC 4514 section 2.4)."""
        try:
            text = self.value.decode(ENCODINGS[self.string])
        except (KeyError, UnicodeDecodeError):
            return "#" + self.value.hex()
        return text if text.isprintable() else "#" + self.value.hex()


@dataclass(frozen=True, slots=True, eq=False)
class DistinguishedName:
    """Relative names in order, each of one attribute or more.

    Two names are equal if strongSwan takes them for the same: see `Attribute.same`.
    """

    rdns: tuple[tuple[Attribute, ...], ...]

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """All attributes in order: strongSwan does not look at which share a relative name."""
        return tuple(item for rdn in self.rdns for item in rdn)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DistinguishedName):
            return NotImplemented
        mine, theirs = self.attributes, other.attributes
        return (
            len(mine) == len(theirs)
            and all(one.same(two) for one, two in zip(mine, theirs, strict=True))
            and len(self.der) == len(other.der)
        )

    def __hash__(self) -> int:
        return hash(tuple((item.oid, item.value.lower()) for item in self.attributes))

    # ---- DER
    @property
    def der(self) -> bytes:
        """The name as an ID payload and a certificate hold it."""
        sets = b"".join(
            der.wrapped(der.SET, b"".join(item.der for item in rdn)) for rdn in self.rdns
        )
        return der.wrapped(der.SEQUENCE, sets)

    @classmethod
    def from_der(cls, octets: bytes) -> DistinguishedName:
        """From DER octets. ValueError: they are not a name, or too long."""
        if len(octets) > _MOST_OCTETS:
            raise ValueError(f"a name of more than {_MOST_OCTETS} octets")
        outer = der.whole(octets, der.SEQUENCE)
        return cls(tuple(tuple(_attributes(rdn)) for rdn in der.contents(outer, der.SET)))

    # ---- text
    @classmethod
    def read(cls, text: str) -> DistinguishedName | None:
        """From text such as `C=CH, O=Example, CN=gate` or `/C=CH/O=Example`; None: strongSwan reads no
        name in it, because of a keyword that it does not know or one without a value.

        There is no escape and no quoting: a value ends at the separator.
        """
        octets = text.encode("utf-8", "surrogatepass")
        rest = octets.lstrip(b" ")
        separator = b"/" if rest.startswith(b"/") else b","
        rest = rest.removeprefix(b"/").lstrip(b" ")
        rdns: list[tuple[Attribute, ...]] = []
        while rest:
            word = _until(rest, b" =")
            if len(word) == len(rest):
                return None
            oid = KEYWORDS.get(word.decode("utf-8", "surrogateescape").lower())
            if oid is None or len(rdns) == _MOST_RDNS:
                return None
            value, _, rest = rest[len(word) :].lstrip(b" =").partition(separator)
            rdns.append((_typed(oid, value.rstrip(b" ")),))
            rest = rest.lstrip(b" ")
        return cls(tuple(rdns))

    @property
    def text(self) -> str:
        """For people: `C=CH, O=Example, CN=gate`; `+` joins what shares a relative name."""
        return ", ".join(
            " + ".join(f"{item.word}={item.text}" for item in rdn) for rdn in self.rdns
        )

    @property
    def written(self) -> str:
        """Text that strongSwan reads as this very name: plain if that can be, else `asn1dn:#...`."""
        parts = [f"{item.word}={item.text}" for item in self.attributes]
        for text in (", ".join(parts), "/" + "/".join(parts)):
            found = DistinguishedName.read(text)
            if found is not None and found.der == self.der and text.isprintable():
                return text
        return "asn1dn:#" + self.der.hex()

    @property
    def open(self) -> bool:
        """Whether it has a wildcard, so that it can only be expected and not shown."""
        return any(item.value == b"*" for item in self.attributes)

    def wildcards(
        self, expected: DistinguishedName, rule: RdnMatching = RdnMatching.STRICT
    ) -> int | None:
        """How many wildcards an expected name needs to take this one; None: it does not take it."""
        if self.der == expected.der:
            return 0
        mine, theirs = list(self.attributes), list(expected.attributes)
        if not theirs or (rule is not RdnMatching.RELAXED and len(mine) != len(theirs)):
            return None
        if rule is RdnMatching.STRICT:
            needed = [_fits(one, two) for one, two in zip(mine, theirs, strict=True)]
            return None if None in needed else sum(item or 0 for item in needed)
        count = 0
        # those with a value choose first: a wildcard takes what they leave
        for wanted in sorted(theirs, key=lambda item: item.value == b"*"):
            found = next((item for item in mine if _fits(item, wanted) is not None), None)
            if found is None:
                return None
            count += _fits(found, wanted) or 0
            mine.remove(found)
        return count + len(mine)


def _fits(shown: Attribute, wanted: Attribute) -> int | None:
    """0: the same; 1: by a wildcard; None: not."""
    if wanted.value == b"*":
        return 1 if shown.oid == wanted.oid else None
    return 0 if shown.same(wanted) else None


def _until(octets: bytes, stops: bytes) -> bytes:
    found = next((at for at, octet in enumerate(octets) if octet in stops), len(octets))
    return octets[:found]


def _typed(oid: str, value: bytes) -> Attribute:
    """The string type that strongSwan gives a value read from text."""
    if oid in (EMAIL, _UNSTRUCTURED_NAME):
        return Attribute(oid, value, IA5)
    return Attribute(oid, value, PRINTABLE if _PRINTABLE.issuperset(value) else UTF8)


def _attributes(octets: bytes) -> Iterator[Attribute]:
    for pair in der.contents(octets, der.SEQUENCE):
        oid, rest = der.content(pair, der.OID)
        string, value, rest = der.element(rest)
        if rest:
            raise ValueError("an attribute is an OID and a value")
        yield Attribute(der.dotted(oid), value, string)
