"""Identities in swanctl.conf, as strongSwan 5.9.8 reads and matches them, and as they are shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.formats.swanctl.identities import doubt, identity
from model.formats.swanctl.settings import load
from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.policy import Peer
from proofs.verify.identities import match
from tests.conftest import DictReader

K = IdentityKind
READ = [  # text, kind, octets of the ID payload; each asked of the library of 5.9.8
    ("%any4", K.FQDN, "%any4"), ("192.0.2.01", K.FQDN, "192.0.2.01"), ("a b", K.FQDN, "a b"),
    ("0::", K.IPV6, "::"), ("1.2.3.4-5", K.FQDN, "1.2.3.4-5"), ("a:b", K.KEY_ID, "613a62"),
    ("fe80::1%eth0", K.KEY_ID, "666538303a3a312565746830"), ("@#cafe0", K.KEY_ID, "0cafe0"),
    ("@#ca:fe:01", K.KEY_ID, "cafe01"), ("@#zz", K.KEY_ID, "00"), ("@#", K.KEY_ID, ""),
    ("@u@x", K.FQDN, "u@x"), ("@@u@x", K.USER_FQDN, "u@x"), ("@~x", K.FQDN, "~x"),
    ("@~O=x", K.KEY_ID, "407e4f3d78"), ("fqdn:@h", K.FQDN, "@h"), ("FQDN:H", K.FQDN, "h"),
    ("fqdn:#6162", K.FQDN, "ab"), ("dns:192.0.2.1", K.FQDN, "192.0.2.1"),
    ("email:u", K.USER_FQDN, "u"), ("rfc822:u@x", K.USER_FQDN, "u@x"),
    ("ipv4:192.0.2.1", K.IPV4, "#3139322e302e322e31"), ("ipv4:#c0000201", K.IPV4, "192.0.2.1"),
    ("ipv6:::1", K.IPV6, "#3a3a31"), ("ipv4net:192.0.2.0/24", K.OTHER, "4:3139322e302e322e302f3234"),
    ("ipv4net:#c0000200ffffff00", K.IPV4_RANGE, "192.0.2.0-192.0.2.255"),
    ("ipv4range:#c0000201c0000209", K.IPV4_RANGE, "192.0.2.1-192.0.2.9"),
    ("asn1dn:O=x", K.DN, "#4f3d78"), ("asn1dn:#300c310a3008060355040a130178", K.DN, "O=x"),
    ("asn1gn:#8201", K.GENERAL_NAME, "#8201"), ("https://x", K.KEY_ID, "68747470733a2f2f78"),
    ("keyid:office", K.KEY_ID, "6f6666696365"), ("keyid:#0102", K.KEY_ID, "0102"),
    ("xmppaddr:a@b", K.GENERAL_NAME, "#a01106082b06010505070805a0050c03614062"),
    ("{2}:h", K.FQDN, "h"), ("{0x2}:h", K.FQDN, "h"), ("{11}:#6f", K.KEY_ID, "6f"),
    ("{0}:x", K.ANY, ""), ("{30}:x", K.OTHER, "30:78"), ("{2}x", K.FQDN, "{2}x"),
    ("foo=bar", K.KEY_ID, "666f6f3d626172"), ("O=x, FOO=y", K.KEY_ID, "4f3d782c20464f4f3d79"),
    ("192.0.2.1/24", K.IPV4_RANGE, "192.0.2.0-192.0.2.255"), ("1.2.3.4/33", K.FQDN, "1.2.3.4/33"),
    ("192.0.2.9-192.0.2.1", K.FQDN, "192.0.2.9-192.0.2.1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "normal"), READ)
def test_r5_every_form_as_strongswan_reads_it(text: str, kind: IdentityKind, normal: str) -> None:
    found = identity(text)
    assert (found.kind, found.text) == (kind, normal)


MATCHED = [  # shown, expected, strongSwan's measure of the match
    ("192.0.2.1", "192.0.2.0/24", 19), ("192.0.2.1", "192.0.2.1/32", 20),
    ("192.0.2.1", "0.0.0.0/0", 2), ("192.0.2.1", "::/0", 0), ("2001:db8::1", "2001:db8::/64", 19),
    ("192.0.2.1", "192.0.2.0-192.0.2.9", 19), ("192.0.2.0/24", "192.0.2.1", 0),
    ("192.0.2.1", "fqdn:192.0.2.1", 0), ("fqdn:192.0.2.1", "192.0.2.1", 0),
    ("ipv4:192.0.2.1", "192.0.2.1", 0), ("ipv4:192.0.2.1", "ipv4:192.0.2.1", 20),
    ("a.x", "*.x", 19), ("a.b.x", "*.x", 19), (".x", "*.x", 0), ("x", "*x", 0), ("a", "*", 1),
    ("a@x", "*@x", 19), ("a@x", "fqdn:*", 0), ("a@x", "email:*", 1), ("a.x", "a.*", 0),
    ("A.x", "a.X", 20), ("keyid:a", "keyid:A", 0), ("keyid:a", "@#61", 20),
    ("keyid:abc", "keyid:*", 0), ("keyid:", "keyid:", 0), ("keyid:office", "office", 0),
    ("foo=bar", "keyid:foo=bar", 20), ("%any", "%any", 1), ("%any", "a", 0),
    ("O=x, CN=y", "O=x, CN=*", 19), ("O=x", "keyid:O=x", 0), ("@a", "a", 20),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "expected", "measure"), MATCHED)
def test_r5_matches_as_strongswan_measures_them(shown: str, expected: str, measure: int) -> None:
    assert match(identity(shown), identity(expected)) == measure


DESCRIBED = [
    ("192.0.2.1", "the address 192.0.2.1", "192.0.2.1"),
    ("fqdn:192.0.2.1", "the FQDN 192.0.2.1", "fqdn:192.0.2.1"),
    ("gw.example.com", "the FQDN gw.example.com", "gw.example.com"),
    ("*.example.com", "an FQDN that matches *.example.com", "*.example.com"),
    ("carol@example.com", "the user FQDN carol@example.com", "carol@example.com"),
    ("keyid:office", "the key ID office", "keyid:office"),
    ("@#cafe01", "the key ID 0xcafe01", '"keyid:#cafe01"'),
    ("192.0.2.0/24", "an address of 192.0.2.0/24", "192.0.2.0/24"),
    ("O=Org, CN=gate", "the distinguished name O=Org, CN=gate", '"O=Org, CN=gate"'),
    ("/O=a, b/CN=x", "the distinguished name O=a, b, CN=x", '"/O=a, b/CN=x"'),
    ("O=Org, CN=*", "a distinguished name that matches O=Org, CN=*", '"O=Org, CN=*"'),
    ("%any", "any identity", "%any"),
    ("foo=bar", "the key ID foo=bar", '"keyid:foo=bar"'),
    ("a-b.example", "the FQDN a-b.example", "a-b.example"),
    ("192.0.2", "the FQDN 192.0.2", "192.0.2"),
    ("@user@x", "the FQDN user@x", "fqdn:user@x"),
    ("@@user", "the user FQDN user", "userfqdn:user"),
    ("ipv4:192.0.2.1", "the address 0x3139322e302e322e31", '"ipv4:#3139322e302e322e31"'),
]


@pytest.mark.parametrize(("text", "described", "written"), DESCRIBED)
def test_r5_an_identity_is_shown_with_its_kind(text: str, described: str, written: str) -> None:
    found = identity(text)
    assert (found.described, found.written) == (described, written)


PIECES = st.sampled_from(
    ["O", "CN", "=", ",", "/", " ", "x", "X", "*", "+", "-", "@", "#", "::", "192.0.2.1", "10.0.0.0",
     "/24", "/0", "a", "E", "UN", ":", "keyid:", "fqdn:", "asn1dn:#", "{2}:", "{9}:#", "ipv4:", "zz",
     "300c310a3008060355040a130178", "2001:db8::1", "%any", "_", "é", "\\", '"', ".x", "'", "email:",
     "ipv4net:#", "c0000200ffffff00", "\t", "xmppaddr:", "}", "$"]
)  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=6).map("".join))
def test_r5_what_is_written_is_read_as_the_same_identity(text: str) -> None:
    """Through the file: quotes and escapes included."""
    found = identity(text)
    line = f"id = {found.written}\n".encode("utf-8", "surrogatepass")
    settings = load("a.conf", DictReader({"a.conf": line}))
    again: Identity = identity(settings.root.values["id"].text)
    assert again == found and again.kind is found.kind and not settings.findings
    assert found.described and str(found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ipv4:192.0.2.1", "octet by octet"), ("ipv4net:192.0.2.0/24", "octet by octet"),
        ("asn1dn:O=x", "octet by octet"), ("O=x, S=y", "as a distinguished name"), ("foo=bar", "as a distinguished name"),
        ("a:b", "key ID"), ("192.0.2.300", "not an IP address"), ("192.0.2.01", "not an IP address"),
        ("1.2.3.4/33", "not an IP address"), ("192.0.2.9-192.0.2.1", "not an IP address"),
        (" gw.example.com", "space"),
        ("192.0.2.1", ""), ("gw.example.com", ""), ("keyid:foo=bar", ""), ("@#ca", ""), ("O=x", ""), ("%any", ""),
        ("ipv4:#c0000201", ""), ("fqdn:192.0.2.300", ""), ("{11}:x", ""), ("2001:db8::1", ""), ("@192.0.2.300", ""),
        ("fqdn:#00", ""), ("1.2.3", ""),
    ],
)  # fmt: skip
def test_r5_an_identity_that_is_likely_not_what_was_meant(text: str, says: str) -> None:
    found = doubt(text, identity(text))
    assert (says in found) if says else not found


def test_r5_a_doubtful_identity_is_a_finding_with_its_line(peer_of: Callable[..., Peer]) -> None:
    text = (
        "connections { c { version = 1\n local { auth = psk\n id = 192.0.2.300\n }\n remote { auth = psk\n }\n } }\n"
        'secrets { ike-1 { secret = x\n id = "O=x, S=y"\n } }\n'
    )
    one, two = peer_of("a", text).findings
    assert (one.id, two.id) == ("IDENTITY-KIND", "IDENTITY-KIND")
    assert one.place is not None and one.place.line == 3 and "fqdn:192.0.2.300" in one.mend
    assert two.place is not None and two.place.line == 9 and '"keyid:O=x, S=y"' in two.mend
