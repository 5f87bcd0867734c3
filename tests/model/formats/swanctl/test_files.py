"""Certificates and keys that a swanctl.conf names: what is missing, and what is not what it should be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.names import DistinguishedName
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Credentials, Peer
from tests.model.formats.outlines import certificate, public_key

PeerOf = Callable[..., Peer]
NAME = DistinguishedName.read("O=rig, CN=b")
assert NAME is not None
LEAF, OTHER, KEY = certificate(NAME.der), certificate(number=2), public_key(3)
FILES = {
    "x509/b.crt": LEAF, "x509/o.crt": OTHER, "/pki/b.crt": LEAF, "pubkey/b.pub": KEY,
    "x509/garbage": b"hello", "/pki/garbage": b"hello",
}  # fmt: skip


def conf(local: str = "", remote: str = "") -> str:
    return (
        "connections {\n c {\n version = 1\n local {\n auth = pubkey\n"
        f"{local}\n }}\n remote {{\n auth = pubkey\n{remote}\n }}\n }}\n}}\n"
    )


def ends(peer_of: PeerOf, local: str = "", remote: str = "") -> tuple[Credentials, Credentials]:
    (one,) = peer_of("a", conf(local, remote), **FILES).connections[0].authentications
    return one.own, one.other


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cert {\nfile = b.crt\n}", "not an absolute path"),
        ("cacert-x {\nfile = ca.crt\n}", "not an absolute path"),
        ("cert {\nfile = /pki/garbage\n}", "/pki/garbage is not a certificate"),
        ("CERT {\n}", "neither a file nor a handle"),
        ("cert {\nfile =\nhandle =\n}", "neither a file nor a handle"),
        ("cert {\nfile = /pki/b.crt\nhandle = 01\n}", "both a file and a handle"),
        ("certs = b.crt, garbage", "x509/garbage is not a certificate"),
        ("cacerts = ../x509/garbage", "is not a certificate"),
        ("pubkeys = ../x509/b.crt", "is not a public key"),
        ("pubkeys = ../x509/garbage", "is not a public key"),
    ],
)
@pytest.mark.parametrize("local", [True, False])
def test_r5_what_discards_a_connection(peer_of: PeerOf, text: str, says: str, local: bool) -> None:
    with pytest.raises(PolicyError, match=says) as error:
        ends(peer_of, text if local else "", "" if local else text)
    assert error.value.place is not None and error.value.mend


@pytest.mark.parametrize("text", ["cert {\nfile = /pki/b.crt\n}", "Cert1 {\nfile = /pki/b.crt\nslot = 1\n}",
                                  "certs = b.crt", "certs = /pki/b.crt"])  # fmt: skip
def test_r5_certificates_are_named_in_lists_and_sections(peer_of: PeerOf, text: str) -> None:
    own, other = ends(peer_of, text, text)
    assert [x.der for x in own.certificates] == [x.der for x in other.certificates] == [LEAF]


def test_r5_what_is_not_here_may_be_there(peer_of: PeerOf) -> None:
    own, other = ends(peer_of, "certs = b.crt, none.crt", "cert {\nhandle = 01\n}")
    first, second = own.certificates
    assert first.der == LEAF and second.der is None and "cannot read" in (second.missing or "")
    assert second.place == Place("a.conf", 6)
    (token,) = other.certificates
    assert token.der is None and "on a token" in (token.missing or "")


def test_r5_a_named_certificate_of_the_peer_is_its_identity_too(peer_of: PeerOf) -> None:
    assert NAME is not None
    for named in ("certs = b.crt, o.crt", "cert {\nfile = /pki/b.crt\n}", "certs = b.crt\nid ="):
        assert ends(peer_of, remote=named)[1].identity.value == Identity.of_name(NAME)
    for stated in ("certs = b.crt\nid = %any", "cacerts = ../x509/o.crt", "certs = none.crt"):
        assert ends(peer_of, remote=stated)[1].identity.value == ANY_IDENTITY
    assert ends(peer_of, "certs = b.crt")[0].identity.value is None


def test_r5_a_public_key_counts_for_the_identity_that_is_stated(peer_of: PeerOf) -> None:
    stated = ends(peer_of, remote="pubkeys = b.pub\nid = b.example")[1]
    assert [(x.der, x.by_hash) for x in stated.certificates] == [(KEY, False)]
    for pattern in ("%any", "*.example", "192.0.2.0/24", '"O=*"'):
        other = ends(peer_of, remote=f"pubkeys = b.pub\nid = {pattern}")[1]
        assert [(x.der, x.by_hash) for x in other.certificates] == [(KEY, True)]
    unstated = ends(peer_of, remote="pubkeys = b.pub\ncerts = b.crt")[1]
    hashed = hashlib.sha1(KEY, usedforsecurity=False).hexdigest()
    assert unstated.identity.value == Identity(IdentityKind.KEY_ID, hashed)
    assert [x.der for x in unstated.certificates] == [LEAF, KEY]
    assert [x.by_hash for x in unstated.certificates] == [False, True]
