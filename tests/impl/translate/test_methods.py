"""Certificates and Kerberos from native policies (R3, R5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from impl.auth.kerberos import WINDOWS_2000
from impl.ike.settings import ConnectionSettings
from impl.translate import plan
from impl.wire.numbers import Method
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from tests.impl.auth.authorities import Holder, authority, make
from tests.impl.translate.test_translate import HERE, NATIVE

Load = Callable[..., Peer]
ROOT = authority()
MID = authority("middle", ROOT)
OWN = make("a.example", MID, names=["a.example"])
PSK = '{ method = "pre-shared-key", secret = "file:key" }'
LINE = 29  # of `authentication`


def certificate(certificate: str = "own.pem", ca: str = "ca.pem", key: str = "file:own.key") -> str:
    parts = {"certificate": certificate, "ca": ca, "key": key}
    said = ", ".join(f'{name} = "{value}"' for name, value in parts.items() if value)
    return f'{{ method = "certificate", {said} }}'


def pem(*holders: Holder) -> bytes:
    return b"".join(item.certificate.public_bytes(Encoding.PEM) for item in holders)


FILES = {"own.pem": pem(OWN, MID), "ca.pem": pem(ROOT), "own.key": OWN.pem_key}


def settings(peer_of: Load, method: str, **files: bytes) -> ConnectionSettings:
    text = NATIVE.replace(PSK, method)
    (found,) = plan(peer_of("a", text, "toml", **{**FILES, **files}), HERE).settings.connections
    return found


def test_r3_r5_a_certificate_its_key_and_its_anchor(peer_of: Load) -> None:
    found = settings(peer_of, certificate())
    assert {item.method for item in found.choices} == {Method.RSA_SIGNATURES}
    assert {item.method for rank in found.accepted for item in rank} == {Method.RSA_SIGNATURES}
    assert found.certificate is not None and found.secret is None and found.kerberos is None
    assert found.certificate.own == (OWN.certificate, MID.certificate)
    assert found.certificate.trust.anchors == (ROOT.certificate,)
    assert found.certificate.key.label == "file:own.key"
    assert found.own is found.expected is None  # the subject; and whoever the credential proves
    number = OWN.key.private_numbers().d
    assert str(number) not in repr(found) and f"{number:x}" not in repr(found)


@pytest.mark.parametrize(
    ("method", "files", "words"),
    [
        (certificate(key=""), {}, "its private key is not known"),
        (certificate(certificate=""), {}, "names none of its own"),
        (certificate(ca=""), {}, "trusts no authority"),
        (certificate(certificate="none.pem"), {}, "cannot read none.pem"),
        (certificate(ca="none.pem"), {}, "cannot read none.pem"),
        (certificate(key="file:none.key"), {}, "cannot read none.key"),
        (certificate(), {"own.key": b"rubbish"}, "no private key can be read from it"),
        (certificate(), {"own.key": ROOT.pem_key}, "is not the private key of the certificate of"),
        (certificate(), {"own.pem": b"rubbish"}, "own.pem is no certificate"),
        (certificate(), {"ca.pem": b"0" * 100}, "there is no certificate in it"),
        ('{ method = "kerberos" }', {}, "peer wants Kerberos, and names no principal"),
        (f"{PSK}, {certificate()}", {"key": b"k"}, "a second way to authenticate"),
    ],
)
def test_what_is_missing_or_wrong_is_told_with_its_line(
    peer_of: Load, method: str, files: dict[str, bytes], words: str
) -> None:
    with pytest.raises(PolicyError, match=words) as refused:
        settings(peer_of, method, **files)
    assert refused.value.place is not None and refused.value.mend
    assert (refused.value.place.file, refused.value.place.line) == ("a.toml", LINE)


def test_a_key_written_into_the_policy_is_refused_and_not_shown(peer_of: Load) -> None:
    with pytest.raises(PolicyError, match="a secret written into the policy") as refused:
        settings(peer_of, certificate(key="MIIEvQIBADAN"))
    assert "MIIEvQIBADAN" not in str(refused.value) and "key = 'file:PATH'" in str(refused.value)


def test_r3_r6_a_principal_goes_into_the_sa(peer_of: Load) -> None:
    found = settings(peer_of, '{ method = "kerberos", principal = "a$@EXAMPLE.TEST" }')
    assert {item.method for item in found.choices} == {Method.KERBEROS}
    assert found.kerberos is not None and found.certificate is None
    assert (found.kerberos.name, found.kerberos.expected) == ("a$@EXAMPLE.TEST", None)
    assert found.kerberos.dialect is WINDOWS_2000 and found.own is None
