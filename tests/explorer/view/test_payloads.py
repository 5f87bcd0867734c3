"""Payloads, suites and names in words."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from explorer.view.names import distinguished_name, utf16_text
from explorer.view.payloads import payload_lines, payload_tree
from impl.wire.errors import WireError
from impl.wire.message import decode_chain
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    CertificateRequest,
    Delete,
    EncryptedBody,
    GssToken,
    Identification,
    NatDiscovery,
    NatOriginalAddress,
    Notification,
    Unknown,
    VendorId,
)
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform


def name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(*part) for part in parts])


HQ = name(
    (x509.NameOID.COUNTRY_NAME, "DE"),
    (x509.NameOID.ORGANIZATION_NAME, "Rüg"),
    (x509.NameOID.COMMON_NAME, "hq"),
    (x509.NameOID.TITLE, "x"),
)


def certificate() -> bytes:
    key, day = ec.generate_private_key(ec.SECP256R1()), datetime.datetime(2026, 1, 2)
    builder = x509.CertificateBuilder(HQ, HQ, key.public_key(), 1, day, day.replace(year=2027))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def sa(protocol: int, id_: int, *attributes: tuple[int, Any], spi: bytes = b"") -> AnyPayload:
    transform = Transform(1, id_, tuple(Attribute(*item) for item in attributes))
    return SecurityAssociation((Proposal(1, protocol, spi, (transform,)),))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (
            sa(1, 1, (1, 5), (2, 2), (4, 2), (3, 1), (11, 1), (12, bytes((0, 0, 0x70, 0x80)))),
            ["3des sha1 modp1024 pre-shared-key, 28800 s"],
        ),
        (
            sa(1, 1, (1, 7), (14, 256), (2, 4), (4, 14), (3, 3), (11, 2), (12, 1000)),
            ["aes256 sha256 modp2048 rsa-signatures, 1000 kB"],
        ),
        (
            sa(1, 1, (1, 99), (14, 7), (2, 98), (4, 97), (3, 96), (11, 5), (12, 4), (77, b"\1\2")),
            ["cipher 99 with 7 bits hash 98 group 97 method 96, 4 of life type 5, 77 0x0102"],
        ),
        (sa(1, 1, (12, bytes(9))), ["no cipher no hash no group no method, 0x" + "00" * 9 + " of no life type"]),
        (
            sa(3, 3, (4, 2), (5, 1), (3, 2), (1, 1), (2, 3600), spi=b"\1\2\3\4"),
            ["SPI 01020304: ESP 3des md5, transport, PFS modp1024, 3600 s"],
        ),
        (sa(3, 20, (6, 128), (4, 3)), ["ESP aes128gcm16, udp-tunnel, no PFS"]),
        (sa(2, 3, (5, 2), (4, 1)), ["AH sha1, tunnel, no PFS"]),
        (sa(4, 2), ["IPCOMP transform 2, no PFS"]),
        (sa(9, 2), ["9 transform 2, no PFS"]),
        (SecurityAssociation((Proposal(1, 1, b"", ()),), 0, 7), ["DOI 0, situation 7", "no transform"]),
        (Identification(1, 17, 500, bytes((192, 0, 2, 1))), ["ipv4-addr 192.0.2.1, protocol 17 port 500"]),
        (Identification(4, 0, 0, bytes((10, 1, 0, 0, 255, 255, 0, 0))), ["ipv4-addr-subnet 10.1.0.0/16"]),
        (Identification(4, 0, 0, bytes((10, 1, 0, 0, 255, 0, 255, 0))), ["ipv4-addr-subnet 10.1.0.0/255.0.255.0"]),
        (Identification(7, 0, 0, bytes((10, 0, 0, 1, 10, 0, 0, 9))), ["ipv4-addr-range 10.0.0.1-10.0.0.9"]),
        (Identification(6, 0, 0, bytes(32)), ["ipv6-addr-subnet ::/0"]),
        (Identification(5, 0, 0, bytes(15) + b"\1"), ["ipv6-addr ::1"]),
        (Identification(1, 0, 0, b"\1\2"), ["ipv4-addr 0102"]),
        (Identification(2, 0, 0, b"a.test"), ["fqdn a.test"]),
        (Identification(9, 0, 0, HQ.public_bytes()), ["der-asn1-dn C=DE, O=Rüg, CN=hq, oid 55040c=x"]),
        (Identification(9, 0, 0, b"\x30\x05"), ["der-asn1-dn 3005"]),
        (Identification(11, 0, 0, b"a key"), ["key-id a key"]),
        (Identification(11, 0, 0, b"\x1b[2J"), ["key-id 1b5b324a"]),
        (Identification(99, 0, 0, bytes(30)), ["99 " + "00" * 24 + "... (30 octets)"]),
        (Certificate(4, b"x"), ["x509-signature, 1 octets", "not a readable X.509 certificate"]),
        (Certificate(7, b"x"), ["crl, 1 octets"]),
        (CertificateRequest(4, b""), ["x509-signature, any authority"]),
        (CertificateRequest(4, HQ.public_bytes()), ["x509-signature, C=DE, O=Rüg, CN=hq, oid 55040c=x"]),
        (Notification(14, 1), ["NO-PROPOSAL-CHOSEN, ISAKMP"]),
        (Notification(40000, 3, b"\1\2\3\4", b"\xab"), ["notify 40000, ESP, SPI 01020304", "data ab"]),
        (Notification(24576, 1, b"", bytes.fromhex("800100018002 0e10")), ["RESPONDER-LIFETIME, ISAKMP", "3600 s"]),
        (Notification(24576, 1, b"", bytes.fromhex("80010002 00020004 00010000")), ["RESPONDER-LIFETIME, ISAKMP", "65536 kB"]),
        (Notification(24576, 1, b"", bytes.fromhex("80010002 00020004 0001")), ["RESPONDER-LIFETIME, ISAKMP", "data 80010002000200040001"]),
        (Delete(3, (b"\1\2\3\4", b"\5\6\7\x08")), ["ESP 01020304, 05060708"]),
        (VendorId(b"OEkR"), ['unknown 4f456b52 "OEkR"']),
        (VendorId(b"\x1b[2J"), ["unknown 1b5b324a"]),
        (NatDiscovery(b"\1\2", draft=True), ["0102 (draft)"]),
        (NatOriginalAddress(1, bytes((192, 0, 2, 7))), ["ipv4-addr 192.0.2.7"]),
        (NatOriginalAddress(1, b"\7"), ["ipv4-addr 07"]),
        (GssToken(b"abc"), ["3 octets"]),
        (GssToken(b"\x60\x0d" + bytes.fromhex("06092a864886f712010202") + b"\1\0"), ["15 octets, Kerberos AP-REQ"]),
        (GssToken(b"\x01\x60\x0d" + bytes.fromhex("06092a864886f712010202") + b"\2\0"), ["16 octets, Kerberos AP-REP"]),
        (GssToken(b"\x60\x08" + bytes.fromhex("06062b0601050502")), ["10 octets, SPNEGO"]),
        (Unknown(15, b"\1"), ["01 (draft 4 to 8)"]),
        (Unknown(16, b"\1"), ["01 (draft 4 to 8)"]),
        (Unknown(14, b"hunter2"), ["7 octets of XAUTH or Mode Config"]),
        (Unknown(132, b"\1\2\3\1piece"), ["5 octets, fragment 3 of message 258, the last"]),
        (Unknown(17, b"\1"), ["unknown payload type 17: 01"]),
        (Unknown(200, "host$@B\0".encode("utf-16-le")), ['private payload type 200: 68006f0073007400240040004200 0000 "host$@B"'.replace(" 0000", "0000")]),
        (Unknown(201, "host".encode("utf-16-be")), ['private payload type 201: 0068006f00730074 "host"']),
        (Unknown(202, b"\xff\xfe" + "h\u00f6st".encode("utf-16-le")), ['private payload type 202: fffe6800f60073007400 "h\u00f6st"']),
        (EncryptedBody(5, bytes(128)), ["encrypted, 128 octets (public key encryption)"]),
        (Identification(2, 0, 0, "host.test".encode("utf-16-le")), ["fqdn host.test (UTF-16)"]),
        (Identification(11, 0, 0, "host$@REALM".encode("utf-16-be")), ["key-id host$@REALM (UTF-16)"]),
        (Identification(250, 0, 0, "hq\\user".encode("utf-16-le")), ["250 hq\\user (UTF-16)"]),
        (Identification(1, 0, 0, b"a\0b\0"), ["ipv4-addr 97.0.98.0"]),
        (Identification(7, 0, 0, b"a\0b\0"), ["ipv4-addr-range 61006200"]),
        (VendorId("Contoso".encode("utf-16-le")), ['unknown 43006f006e0074006f0073006f00 "Contoso"']),
        (sa(1, 1, (1, 5), (2, 2), (4, 2), (3, 65001), (16384, "a$@B".encode("utf-16-le"))), ["3des sha1 modp1024 kerberos, GSS name a$@B"]),
        (sa(1, 1, (1, 5), (2, 2), (4, 2), (3, 65001), (32001, "a$@B\0".encode("utf-16-be"))), ["3des sha1 modp1024 kerberos, GSS name a$@B (32001)"]),
        (sa(1, 1, (1, 5), (2, 2), (4, 2), (3, 65001)), ["3des sha1 modp1024 kerberos or xauth-pre-shared-key"]),
    ],
    ids=lambda value: value[0][:40] if isinstance(value, list) else "",
)  # fmt: skip
def test_payloads_are_told_in_words(item: AnyPayload, words: list[str]) -> None:
    assert payload_lines(item)[1] == words
    tree = payload_tree(item)
    assert tree["words"] == words and tree["name"] == payload_lines(item)[0]


def test_certificates_tell_subject_issuer_and_validity() -> None:
    words = payload_lines(Certificate(4, certificate()))[1]
    assert words[1:] == [
        "subject 2.5.4.12=x,CN=hq,O=Rüg,C=DE",
        "issuer  2.5.4.12=x,CN=hq,O=Rüg,C=DE",
        "valid   2026-01-02 to 2027-01-02",
    ]


def test_several_proposals_are_numbered() -> None:
    transform = Transform(1, 2, (Attribute(5, 1),))
    bundle = tuple(Proposal(7, protocol, b"\0\0\1\0", (transform,)) for protocol in (2, 3))
    assert payload_lines(SecurityAssociation(bundle))[1] == [
        "proposal 7 SPI 00000100: AH md5, no PFS",
        "proposal 7 SPI 00000100: ESP des md5, no PFS",
    ]


def test_a_payload_that_may_hold_a_password_is_not_shown_in_json() -> None:
    tree = payload_tree(Unknown(14, b"hunter2"))
    assert set(tree) == {"type", "name", "length", "words"} and tree["name"] == "ATTR"


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [False, True])
@given(st.text("abcXYZ019$@.-\u00e4\u00df\u0142", min_size=2, max_size=40))
def test_utf16_is_read_in_either_byte_order(order: str, mark: bool, text: str) -> None:
    data = ("\ufeff" * mark + text).encode(order)
    assert utf16_text(data) == utf16_text(data + bytes(2)) == text


@pytest.mark.parametrize(
    "octets", [b"", b"ab", b"abc", b"abcd", b"plain text!!", b"\xd8\xd8\xd8\xd8", bytes(8)]
)
def test_octets_that_are_not_utf16_are_not_taken_for_it(octets: bytes) -> None:
    assert utf16_text(octets) is None


@pytest.mark.parametrize(
    ("kerberos", "said"), [(True, "kerberos"), (False, "xauth-pre-shared-key")]
)
def test_method_65001_is_told_apart_where_that_is_known(kerberos: bool, said: str) -> None:
    item = sa(1, 1, (1, 5), (2, 2), (4, 2), (3, 65001))
    assert payload_lines(item, kerberos)[1] == [f"3des sha1 modp1024 {said}"]
    other = sa(1, 1, (1, 5), (2, 2), (4, 2), (3, 1))
    assert payload_lines(other, kerberos)[1] == ["3des sha1 modp1024 pre-shared-key"]


@given(st.binary(max_size=80))
def test_any_octets_are_a_name_or_none(octets: bytes) -> None:
    told = distinguished_name(octets)
    assert told is None or "=" in told


@given(st.binary(max_size=120), st.sampled_from([1, 5, 6, 7, 9, 11, 12, 13, 20, 21, 131, 200]))
def test_whatever_is_decoded_is_told(body: bytes, type_: int) -> None:
    octets = bytes((0, 0)) + (4 + len(body)).to_bytes(2, "big") + body
    try:
        (item,) = decode_chain(type_, octets).payloads
    except WireError:
        return
    tree = payload_tree(item)
    assert tree["type"] == type_ and tree["length"] == len(octets)
