"""Distinguished names: what strongSwan 5.9.8 reads, DER and back, when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.vocabulary.names import (
    BMP,
    IA5,
    KEYWORDS,
    PRINTABLE,
    T61,
    UTF8,
    Attribute,
    DistinguishedName,
    RdnMatching,
)

OIDS = st.sampled_from([*sorted(set(KEYWORDS.values())), "2.5.4.72", "1.3.6.1.4.1.99999.7"])
VALUES = st.one_of(
    st.text(max_size=12).map(str.encode), st.binary(max_size=8), st.sampled_from([b"*", b"a, b"])
)
ATTRIBUTES = st.builds(
    Attribute, OIDS, VALUES, st.sampled_from([PRINTABLE, UTF8, IA5, T61, BMP, 0x1C])
)
NAMES = st.lists(st.lists(ATTRIBUTES, min_size=1, max_size=2).map(tuple), max_size=4).map(
    lambda rdns: DistinguishedName(tuple(rdns))
)


def named(text: str) -> DistinguishedName:
    found = DistinguishedName.read(text)
    assert found is not None
    return found


def made(*parts: tuple[str, bytes, int]) -> DistinguishedName:
    return DistinguishedName(tuple((Attribute(*part),) for part in parts))


@given(NAMES)
def test_r5_der_and_back(name: DistinguishedName) -> None:
    assert DistinguishedName.from_der(name.der).rdns == name.rdns


@given(st.binary(max_size=40))
def test_r5_any_octets_are_a_name_or_refused(octets: bytes) -> None:
    try:
        found = DistinguishedName.from_der(octets)
    except ValueError:
        return
    assert found.text is not None and hash(found) == hash(found)


@given(NAMES)
def test_r5_a_name_is_written_so_that_it_is_read_again(name: DistinguishedName) -> None:
    text = name.written
    if text.startswith("asn1dn:#"):
        assert DistinguishedName.from_der(bytes.fromhex(text[8:])).rdns == name.rdns
    else:
        assert named(text).rdns == name.rdns


@pytest.mark.parametrize(
    ("text", "der"),
    [  # octets: strongSwan 5.9.8
        ("O=x", "300c310a3008060355040a130178"),
        ("o = x ", "300c310a3008060355040a130178"),
        ("O=", "300b31093007060355040a1300"),
        ("/C=CH/O=x", "3019310b3009060355040613024348310a3008060355040a130178"),
        ("C=CH/O=x", "3011310f300d0603550406130643482f4f3d78"),
        ("O=x@y", "300e310c300a060355040a0c03784079"),
        ("O=a+CN=b", "3011310f300d060355040a1306612b434e3d62"),
        ("SN=ab", "300d310b3009060355040413026162"),
        ("serialNumber=ab", "300d310b3009060355040513026162"),
        ("ND=ab", "3011310f300d0607028206010a071413026162"),
        ("unstructuredName=ab", "30133111300f06092a864886f70d01090216026162"),
        ("UA=ab", "30133111300f06092a864886f70d01090813026162"),
        ("E=a@b", "30143112301006092a864886f70d0109011603614062"),
        ("TCGID=ab", "301631143012060c2b060104018931010102024b13026162"),
        ("employeeNumber=ab", "301431123010060a6086480186f84203010313026162"),
        ("O=x,", "300c310a3008060355040a130178"),
    ],
)
def test_r5_text_as_strongswan_reads_it(text: str, der: str) -> None:
    assert named(text).der.hex() == der


@pytest.mark.parametrize(
    "text", ["foo=bar", "O=x, S=y", "O=x,,CN=y", "2.5.4.10=x", "O=x, CN", "O=a\\,b", "=x", "GN=x"]
)
def test_r5_text_in_which_strongswan_reads_no_name(text: str) -> None:
    assert DistinguishedName.read(text) is None


X = ("2.5.4.10", b"x", PRINTABLE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [  # strongSwan 5.9.8
        (named("O=x"), named("O=X"), True),
        (named("O=x@y"), named("O=X@y"), False),
        (named("E=A@b"), named("E=a@b"), True),
        (named("UN=Ab"), named("UN=ab"), False),
        (made(("2.5.4.10", b"x", UTF8)), made(X), True),
        (made(("2.5.4.10", b"X", UTF8)), made(X), False),
        (made(("2.5.4.10", b"x", T61)), made(X), True),
        (made(("2.5.4.10", b"\0x", BMP)), made(X), False),
        (
            DistinguishedName(((Attribute(*X), Attribute("2.5.4.3", b"y")),)),
            named("O=x, CN=y"),
            False,
        ),
    ],
)
def test_r5_when_two_names_are_the_same(
    one: DistinguishedName, other: DistinguishedName, same: bool
) -> None:
    assert (one == other) is same and (other == one) is same
    assert not same or hash(one) == hash(other)


MATCHES = [  # shown, expected, wildcards by rule (strict, reordered, relaxed), strongSwan 5.9.8
    ("O=x, CN=y", "O=x, CN=y", (0, 0, 0)),
    ("O=x, CN=y", "O=x, CN=*", (1, 1, 1)),
    ("O=x, CN=y", "O=*, CN=*", (2, 2, 2)),
    ("O=x, CN=y", "CN=y, O=x", (None, 0, 0)),
    ("O=x, CN=y", "CN=*, O=*", (None, 2, 2)),
    ("O=x, CN=y", "O=x", (None, None, 1)),
    ("O=x, CN=y", "CN=*", (None, None, 2)),
    ("O=x", "O=x, CN=*", (None, None, None)),
    ("O=x, CN=y", "CN=z", (None, None, None)),
    ("CN=a, CN=b", "CN=*, CN=a", (None, 1, 1)),
    ("O=abc", "O=a*", (None, None, None)),
    ("O=*", "O=x", (None, None, None)),
]


@pytest.mark.parametrize(("shown", "expected", "wildcards"), MATCHES)
def test_r5_wildcards_by_rule(shown: str, expected: str, wildcards: tuple[int | None, ...]) -> None:
    found = tuple(named(shown).wildcards(named(expected), rule) for rule in RdnMatching)
    assert found == wildcards


def test_r5_a_relative_name_of_several_attributes_is_matched_one_by_one() -> None:
    both = DistinguishedName(((Attribute(*X), Attribute("2.5.4.3", b"y")),))
    assert both.wildcards(named("O=x, CN=y")) == 0 and both.wildcards(named("CN=y, O=x")) is None
    assert both.text == "O=x + CN=y" and both.written.startswith("asn1dn:#")
