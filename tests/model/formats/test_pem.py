"""Files of certificates as strongSwan reads them: each form was given to it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.formats.pem import first_block
from model.vocabulary import der

_BODIES = st.binary(max_size=300).map(lambda inner: der.wrapped(der.SEQUENCE, inner))


def pem(octets: bytes, width: int = 64, label: str = "CERTIFICATE", end: bytes = b"\n") -> bytes:
    text = base64.b64encode(octets)
    rows = [text[n : n + width] for n in range(0, len(text), width)]
    return end.join(
        [f"-----BEGIN {label}-----".encode(), *rows, f"-----END {label}-----".encode(), b""]
    )


@given(
    _BODIES,
    st.integers(1, 200).map(lambda n: 4 * n),
    st.sampled_from(["CERTIFICATE", "X509 CERTIFICATE", "PUBLIC KEY"]),
    st.sampled_from([b"\n", b"\r\n", b" \n", b"\n\n"]),
    st.sampled_from([b"", b"subject=x\n", b"\n\n", b"-----\n"]),
)
def test_the_first_block_whatever_stands_around_it(
    octets: bytes, width: int, label: str, end: bytes, before: bytes
) -> None:
    text = before + pem(octets, width, label, end)
    assert first_block(text) == octets
    assert first_block(text + pem(b"another")) == octets
    assert first_block(octets) == first_block(octets + b"\n") == octets
    assert first_block(octets + b"more") is None


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.replace(b"\n", b""),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: b"  " + text,
        lambda text: text.partition(b"-----END")[0],
        lambda text: text.partition(b"\n")[2],
        lambda text: text.replace(b"M", b"?", 1),
        lambda _: b"",
    ],
)
def test_what_strongswan_does_not_read(changed: object) -> None:
    assert callable(changed)
    assert first_block(pem(der.wrapped(der.SEQUENCE, b"\0" * 40))) is not None
    assert first_block(changed(pem(der.wrapped(der.SEQUENCE, b"\0" * 40)))) is None


@given(st.binary(max_size=200))
def test_any_file_is_read_or_not(octets: bytes) -> None:
    found = first_block(octets)
    assert found is None or b"-----BEGIN" in octets or found in octets
