"""DER octets to elements and back, and the outline of certificates."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509 as library
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from model.vocabulary import der
from model.vocabulary.x509 import (
    is_authority,
    is_certificate,
    is_public_key,
    public_key,
    public_key_bits,
    subject,
)
from tests.conftest import TODAY
from tests.interop.pki import PKI

NAMES = (
    "ca",
    "peer",
    "peer-plain",
    "peer-self",
    "peer-dn:O=Büro, CN=gate+serialNumber=7",
    "intermediate",
)


@given(st.integers(0, 255), st.binary(max_size=70_000), st.binary(max_size=9))
def test_what_is_wrapped_is_found_again(tag: int, inner: bytes, rest: bytes) -> None:
    octets = der.wrapped(tag, inner)
    assert der.element(octets + rest) == (tag, inner, rest)
    assert der.whole(octets, tag) == inner
    assert list(der.elements(octets * 2)) == [(tag, inner, octets)] * 2
    for cut in {0, 1, len(octets) - 1}:
        if cut < len(octets):
            with pytest.raises(ValueError, match=r"missing|cut off|length"):
                der.element(octets[:cut])
    with pytest.raises(ValueError, match="another element"):
        der.content(octets, tag ^ 1)


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**64)))
def test_object_identifiers_are_read_as_they_are_written(
    first: int, second: int, others: list[int]
) -> None:
    numbers = ".".join(map(str, (first, second, *others)))
    assert der.dotted(der.oid_octets(numbers)) == numbers


@pytest.mark.parametrize("name", NAMES)
def test_r5_the_outline_of_a_certificate(name: str) -> None:
    made = library.load_pem_x509_certificate(PKI(TODAY).certificate(name))
    octets = made.public_bytes(Encoding.DER)
    assert is_certificate(octets) and not is_public_key(octets)
    assert subject(octets) == made.subject.public_bytes()
    key = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public_key(octets) == key and is_public_key(key) and not is_certificate(key)
    hashed = library.SubjectKeyIdentifier.from_public_key(made.public_key()).digest
    assert hashed == hashlib.sha1(public_key_bits(key), usedforsecurity=False).digest()
    assert is_authority(octets) == (name in ("ca", "intermediate"))
    assert not is_certificate(octets + b"x") and not is_certificate(octets[:-1])


def test_a_revocation_list_is_not_a_certificate() -> None:
    made = library.load_pem_x509_crl(PKI(TODAY).certificate("list-none"))
    assert not is_certificate(made.public_bytes(Encoding.DER))


@given(st.binary(max_size=80))
def test_any_octets_are_told_apart(octets: bytes) -> None:
    for outline in (octets, der.wrapped(der.SEQUENCE, octets)):
        assert not (is_certificate(outline) and is_public_key(outline))
