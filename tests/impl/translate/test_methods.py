"""Certificates and Kerberos from native policies (R3, R5)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from impl.auth.kerberos import WINDOWS_2000
from impl.ike.settings import ConnectionSettings
from impl.translate import plan
from impl.wire.numbers import Method
from model.formats import load
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from tests.conftest import DictReader
from tests.impl.auth.authorities import Holder, authority, make, revocations
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
        (certificate(key=""), {}, "has no private key for its certificate"),
        (certificate(certificate=""), {}, "names no local certificate"),
        (certificate(ca=""), {}, "has no trust anchor"),
        (certificate(certificate="none.pem"), {}, "cannot read none.pem"),
        (certificate(ca="none.pem"), {}, "cannot read none.pem"),
        (certificate(key="file:none.key"), {}, "cannot read none.key"),
        (certificate(), {"own.key": b"rubbish"}, "no private key can be read from it"),
        (certificate(), {"own.key": ROOT.pem_key}, "no private key belongs to "),
        (certificate(), {"own.pem": b"rubbish"}, "own.pem is not a certificate"),
        (certificate(), {"ca.pem": b"0" * 100}, "there is no certificate in it"),
        ('{ method = "kerberos" }', {}, "peer uses Kerberos, but names no local principal"),
        (f"{certificate()}, {certificate()}", {}, "states certificate twice"),
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
    with pytest.raises(PolicyError, match="a secret in the policy itself") as refused:
        settings(peer_of, certificate(key="MIIEvQIBADAN"))
    assert "MIIEvQIBADAN" not in str(refused.value) and "key = 'file:PATH'" in str(refused.value)


def test_r3_r6_a_principal_goes_into_the_sa(peer_of: Load) -> None:
    found = settings(peer_of, '{ method = "kerberos", principal = "a$@EXAMPLE.TEST" }')
    assert {item.method for item in found.choices} == {Method.KERBEROS}
    assert found.kerberos is not None and found.certificate is None
    assert (found.kerberos.name, found.kerberos.expected) == ("a$@EXAMPLE.TEST", None)
    assert found.kerberos.dialect is WINDOWS_2000 and found.own is None


# ---- swanctl.conf, and the folders beside it
REVOKED = revocations(ROOT, make("gone.example", ROOT))
PEER = make("peer.rig.test", ROOT, names=["peer.rig.test"])
CMD = make("cmd.rig.test", MID, names=["cmd.rig.test"])
FOLDERS = {
    "x509/cmd.crt": pem(CMD),
    "x509ca/ca.crt": pem(ROOT),
    "x509ca/middle.crt": pem(MID),
    "private/other.key": PEER.pem_key,
    "private/cmd.key": CMD.pem_key,
    "x509crl/root.crl": REVOKED.public_bytes(Encoding.PEM),
}
OWN_HOST = ip_address("192.0.2.2")


def charon(
    peer_of: Load, text: str, changes: dict[str, bytes | None] | None = None
) -> ConnectionSettings:
    files = {**FOLDERS, **(changes or {})}
    kept = {name: octets for name, octets in files.items() if octets is not None}
    (found,) = plan(peer_of("a", text, **kept), OWN_HOST).settings.connections
    return found


def test_r3_r5_what_stands_beside_a_swanctl_conf_is_found(
    peer_of: Load, rig_text: Callable[[str, str], str]
) -> None:
    found = charon(peer_of, rig_text("cert-rsa", "cmd"))
    made = found.certificate
    assert made is not None and made.own == (CMD.certificate, MID.certificate)
    assert made.key.label == "file:private/cmd.key"
    assert made.trust.anchors == (ROOT.certificate,) == made.trust.demanded  # remote { cacerts }
    assert set(made.trust.known) == {ROOT.certificate, MID.certificate}
    assert made.trust.lists == (REVOKED,) and not made.trust.rules.needs_list
    assert {item.method for item in found.choices} == {Method.RSA_SIGNATURES}
    assert found.own is not None and found.own.data == b"cmd.rig.test"


def test_private_keys_are_read_by_who_uses_them_and_not_before(
    read_files: Callable[..., DictReader], rig_text: Callable[[str, str], str]
) -> None:
    class Watched(DictReader):
        def read(self, path: str) -> bytes:
            asked.append(path)
            return super().read(path)

    asked: list[str] = []
    text = rig_text("cert-rsa", "cmd").encode()
    peer = load("a.conf", "a", Watched({"a.conf": text, **FOLDERS}))
    assert "x509/cmd.crt" in asked and not any("private" in path for path in asked)
    plan(peer, OWN_HOST)
    assert "private/cmd.key" in asked


@pytest.mark.parametrize(
    ("change", "files", "words"),
    [
        ((), {"private/cmd.key": None}, "there is file:private/other.key"),
        ((), {"private/cmd.key": None, "private/other.key": None}, "has no private key"),
        ((), {"private/cmd.key": b"rubbish"}, "file:private/cmd.key: no private key can be read"),
        ((), {"x509/cmd.crt": None}, "cannot read x509/cmd.crt"),
        ((), {"x509crl/root.crl": b"rubbish"}, "root.crl is not a readable revocation list"),
        (
            ("cacerts = ca.crt", "revocation = often"),
            {},
            "'often' is not a valid value of revocation",
        ),
    ],
)
def test_what_is_missing_beside_it_is_told(
    peer_of: Load,
    rig_text: Callable[[str, str], str],
    change: tuple[str, str] | tuple[()],
    files: dict[str, bytes | None],
    words: str,
) -> None:
    text = rig_text("cert-rsa", "cmd")
    with pytest.raises(PolicyError, match=words) as refused:
        charon(peer_of, text.replace(*change) if change else text, files)
    assert refused.value.place is not None and refused.value.place.file == "a.conf"


def test_r5_one_certificate_alone_may_be_accepted_and_lists_demanded(
    peer_of: Load, rig_text: Callable[[str, str], str]
) -> None:
    text = rig_text("cert-rsa", "cmd").replace("cacerts = ca.crt", "certs = peer.crt")
    made = charon(peer_of, text, {"x509/peer.crt": pem(PEER)}).certificate
    assert made is not None and made.trust.anchors == (PEER.certificate,)
    assert not made.trust.known and not made.trust.demanded
    text = rig_text("cert-rsa", "cmd").replace("cacerts = ca.crt", "revocation = strict")
    made = charon(peer_of, text).certificate
    assert made is not None and made.trust.rules.needs_list
    assert made.trust.anchors == (ROOT.certificate,) and not made.trust.demanded
