"""Identities, and which of them a certificate confirms (RFC 2407 4.6.2, RFC 4945; R5)."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from impl.auth.names import (
    dn_from,
    in_words,
    normal_name,
    own_id,
    same_identity,
    shown_in_words,
    subject_id,
    unconfirmed,
)
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification
from tests.impl.auth.authorities import dn, make

HOLDER = make(
    "a.example", names=["a.example", "b.example", "192.0.2.7", "2001:db8::7", "me@a.example"]
)
CERTIFICATE = HOLDER.certificate


def shown(type_: IdType, data: bytes) -> Identification:
    return Identification(type_, 0, 0, data)


def text(type_: IdType, said: str) -> Identification:
    return shown(type_, said.encode())


@pytest.mark.parametrize(
    "identity",
    [
        text(IdType.FQDN, "a.example"),
        text(IdType.FQDN, "B.Example"),
        text(IdType.USER_FQDN, "me@a.example"),
        shown(IdType.IPV4_ADDR, ip_address("192.0.2.7").packed),
        shown(IdType.IPV6_ADDR, ip_address("2001:db8::7").packed),
        subject_id(CERTIFICATE),
    ],
)
def test_r5_what_a_certificate_confirms(identity: Identification) -> None:
    assert not unconfirmed(CERTIFICATE, identity)


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (text(IdType.FQDN, "c.example"), "FQDN c.example"),
        (shown(IdType.IPV4_ADDR, ip_address("2001:db8::7").packed), "IPV4-ADDR 2001:db8::7"),
        (text(IdType.FQDN, "*.example"), "FQDN *.example"),
        (text(IdType.FQDN, "me@a.example"), "FQDN me@a.example"),
        (text(IdType.USER_FQDN, "a.example"), "USER-FQDN a.example"),
        (shown(IdType.IPV4_ADDR, ip_address("192.0.2.8").packed), "IPV4-ADDR 192.0.2.8"),
        (
            shown(IdType.IPV6_ADDR, ip_address("192.0.2.7").packed + bytes(12)),
            "IPV6-ADDR c000:207::",
        ),
        (
            shown(IdType.DER_ASN1_DN, dn("b.example").public_bytes()),
            "DER-ASN1-DN example, b.example",
        ),
        (shown(IdType.DER_ASN1_DN, b"\x30\x05oops"), "DER-ASN1-DN that cannot be read"),
    ],
)
def test_r5_what_it_does_not_confirm(identity: Identification, said: str) -> None:
    why = unconfirmed(CERTIFICATE, identity)
    assert why == f"the certificate of O=Example, CN=a.example does not confirm {said}"
    assert shown_in_words(identity) == said


def test_r5_identities_that_no_certificate_confirms() -> None:
    why = unconfirmed(CERTIFICATE, text(IdType.KEY_ID, "a.example"))
    assert why == "a certificate confirms no identity of type KEY-ID"


def test_r5_a_common_name_confirms_no_host_name() -> None:
    assert unconfirmed(make("a.example").certificate, text(IdType.FQDN, "a.example"))


O, OU, CN = (bytes((0x06, 0x03, 0x55, 0x04, last)) for last in (10, 11, 3))
#: tags and encodings of UTF8String, PrintableString, BMPString, TeletexString
STRINGS = {0x0C: "utf-8", 0x13: "ascii", 0x1E: "utf-16-be", 0x14: "latin-1"}


def test_r5_a_distinguished_name_from_text() -> None:
    own = normal_name(dn("a.example").public_bytes())
    assert normal_name(dn_from("o=example, cn=a.example")) == own
    assert normal_name(dn_from("/O=Example/CN=a.example")) == own
    for wrong in ("", "a.example", "2.5.4.3=a.example", "o=a, b", "nonsense=a"):
        with pytest.raises(ValueError, match=r".+"):
            dn_from(wrong)


def test_r5_what_an_end_shows_by_itself() -> None:
    assert own_id(CERTIFICATE) == subject_id(CERTIFICATE)
    for named, type_ in (("b.example", IdType.FQDN), ("me@b.example", IdType.USER_FQDN)):
        assert own_id(make("", names=[named]).certificate) == text(type_, named)
    for named, type_ in (("192.0.2.7", IdType.IPV4_ADDR), ("2001:db8::7", IdType.IPV6_ADDR)):
        packed = ip_address(named).packed
        assert own_id(make("", names=[named]).certificate) == shown(type_, packed)
    assert own_id(make("").certificate) is None


def test_what_somebody_else_has_chosen_is_spelled_out_where_it_could_deceive() -> None:
    odd = make("a\x1b[31m\n\u202eb").certificate
    assert in_words(odd.subject) == "O=Example, CN=a\\u001b[31m\\u000a\\u202eb"
    said = shown_in_words(text(IdType.FQDN, "a\nb\x07"))
    assert said == "FQDN a\\u000ab\\u0007"
    assert shown_in_words(subject_id(odd)).isprintable()


def name(*parts: tuple[bytes, str], tag: int = 0x0C) -> bytes:
    """A distinguished name, its values in one kind of string."""

    def element(tag: int, content: bytes) -> bytes:
        return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content

    values = [(kind, element(tag, text.encode(STRINGS[tag]))) for kind, text in parts]
    pairs = [element(0x31, element(0x30, kind + value)) for kind, value in values]
    return element(0x30, b"".join(pairs))


def test_r5_distinguished_names_are_compared_whatever_their_encoding() -> None:
    here = (O, "Example  Org"), (CN, "a")
    same = (O, "example org"), (CN, "A")
    one = shown(IdType.DER_ASN1_DN, name(*here))
    for tag in STRINGS:
        assert same_identity(one, shown(IdType.DER_ASN1_DN, name(*same, tag=tag)))
    assert not same_identity(one, shown(IdType.DER_ASN1_DN, name(*reversed(here))))
    assert not same_identity(one, shown(IdType.DER_ASN1_DN, name(here[0])))
    swapped = (O, "a"), (CN, "Example Org")
    assert not same_identity(one, shown(IdType.DER_ASN1_DN, name(*swapped)))
    assert not same_identity(one, shown(IdType.FQDN, one.data))


@given(st.binary(max_size=60))
def test_r5_octets_that_are_no_name_are_refused_without_another_exception(octets: bytes) -> None:
    try:
        normal_name(octets)
    except ValueError:
        assert unconfirmed(CERTIFICATE, shown(IdType.DER_ASN1_DN, octets))


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20), max_size=5))
def test_r5_a_name_is_its_own_normal_form_s(values: list[str]) -> None:
    parts = [(OU, value) for value in values]
    found = normal_name(name(*parts))
    assert [value for part in found for _, value in part] == [v.casefold() for v in values]


@pytest.mark.parametrize("cut", range(1, 20))
def test_r5_a_name_that_is_cut_off(cut: int) -> None:
    whole = dn("a.example").public_bytes()
    with pytest.raises(ValueError, match=r"cut off|expected|missing|after"):
        normal_name(whole[:-cut])


def test_r9_names_of_any_size_cost_little_and_are_shown_in_short() -> None:
    long = x509.Name([*dn("a.example")] * 2000)
    der = long.public_bytes()
    assert len(in_words(long)) < 300 and in_words(long).endswith("...")
    for identity in (shown(IdType.DER_ASN1_DN, der), text(IdType.FQDN, "x" * 60_000)):
        assert len(shown_in_words(identity)) < 300
        assert same_identity(identity, identity)
    with pytest.raises(ValueError, match="more than 4096 octets"):
        normal_name(der)
