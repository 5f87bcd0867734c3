"""Our end's certificates in the rig: those that the rig makes, or what makes one end refuse the other."""

from __future__ import annotations

import datetime
import string
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from impl.auth.certificate import CertificateSettings, Sends
from impl.auth.gss import Mit
from impl.auth.kerberos import KerberosSettings
from impl.auth.keys import SigningKey, certificates_of
from impl.auth.paths import Trust
from impl.ike.settings import Settings
from impl.translate import plan
from impl.wire.numbers import IdType, Method
from impl.wire.payloads import Identification
from model.formats import load
from model.vocabulary.policy import CertificateFile
from model.vocabulary.secrets import Secret
from tests.conftest import DictReader

CONFIGURATIONS = Path(__file__).resolve().parents[1] / "data" / "swanctl"
_DAY = datetime.timedelta(days=1)


def with_certificates(
    settings: Settings, rig: Mapping[str, str], told: Mapping[str, Any]
) -> Settings:
    """The settings with the rig's certificates.

    told   days: how far our clock is ahead    anchor: the file of our trust anchor
           revoked: the file of a certificate that our revocation list names
           stranger: whether ours is signed by nobody but itself    expects: whom we expect, by name
           asks: whether we ask for certificates    sends: when ours is sent
           below: whether ours is signed by an authority below the rig's, which we send along
    """
    pki, own = Path(rig["RIG_PKI"]), "cmd"
    ahead = told.get("days", 0) * _DAY
    if told.get("stranger"):
        own = _stranger(pki)
    elif told.get("below"):
        own = _below(pki)
    (anchor,) = certificates_of([_file(pki / told.get("anchor", "ca.crt"))])
    lists = (_list(pki, told["revoked"]),) if "revoked" in told else ()
    key = Secret(f"file:{own}.key", None, (pki / f"{own}.key").read_bytes())
    names = [own, "below"] if own == "low" else [own]
    shown = certificates_of([_file(pki / f"{name}.crt") for name in names])
    trust, sends = Trust((anchor,), lists=lists), Sends[told.get("sends", "ALWAYS")]
    asks = bool(told.get("asks", True))
    made = CertificateSettings(shown, SigningKey.of(key), trust, sends, asks)
    (connection,) = settings.connections
    if "expects" in told:
        name = Identification(IdType.FQDN, 0, 0, told["expects"].encode())
        connection = replace(connection, expected=name)
    return replace(
        settings,
        connections=(replace(connection, certificate=made, secret=None),),
        utc=lambda _now: datetime.datetime.now(datetime.UTC) + ahead,
    )


def from_policy(settings: Settings, rig: Mapping[str, str], name: str) -> Settings:
    """The settings as `ikeproof run` makes them of the rig's own swanctl.conf, with the rig's files beside
    it; ports and times as they are."""
    ends = {f"{end}_{key}": rig[f"RIG_{side}_{key}"] for end, side in (("LOCAL", "LOCAL"), ("REMOTE", "PEER"))
            for key in ("IP", "NET", "ID")}  # fmt: skip
    text = (CONFIGURATIONS / f"{name}.swanctl.conf").read_text()
    text = string.Template(text).safe_substitute(ends, SIDE="cmd", OTHER_SIDE="peer")
    pki = Path(rig["RIG_PKI"])
    beside = {"x509/cmd.crt": "cmd.crt", "x509ca/ca.crt": "ca.crt", "private/cmd.key": "cmd.key"}
    files = {place: (pki / file).read_bytes() for place, file in beside.items()}
    peer = load("cmd.conf", "cmd", DictReader({"cmd.conf": text.encode(), **files}))
    made = plan(peer, settings.local).settings
    return replace(
        settings, connections=made.connections, utc=lambda _now: datetime.datetime.now(datetime.UTC)
    )


def with_kerberos(settings: Settings, place: str) -> Settings:
    """The settings with Kerberos offered too, in the first place or the last; nobody takes it."""
    (connection,) = settings.connections
    kerberos = tuple(replace(item, method=Method.KERBEROS) for item in connection.choices)
    choices = {"first": kerberos + connection.choices, "last": connection.choices + kerberos}
    named = KerberosSettings("host/cmd.rig.test@RIG.TEST", None, Mit())
    changed = replace(connection, choices=choices[place], kerberos=named)
    return replace(settings, connections=(changed,))


def _file(path: Path) -> CertificateFile:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return CertificateFile(path.name, None, certificate.public_bytes(Encoding.DER))


def _list(pki: Path, revoked: str) -> x509.CertificateRevocationList:
    """A list of the rig's authority that names one certificate."""
    authority = x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes())
    key = load_pem_private_key((pki / "ca.key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    serial = x509.load_pem_x509_certificate((pki / revoked).read_bytes()).serial_number
    now = datetime.datetime.now(datetime.UTC)
    entry = x509.RevokedCertificateBuilder(serial, now - _DAY).build()
    made = x509.CertificateRevocationListBuilder(authority.subject, now - _DAY, now + _DAY)
    return made.add_revoked_certificate(entry).sign(key, hashes.SHA256())


def _below(pki: Path) -> str:
    """A certificate for our name by an authority below the rig's."""
    for name, subject, issuer, says in (
        ("below", "/O=rig/CN=below", "ca", "basicConstraints=critical,CA:TRUE"),
        ("low", "/O=rig/CN=cmd.rig.test", "below", "subjectAltName=DNS:cmd.rig.test"),
    ):
        (pki / f"{name}.ext").write_text(f"{says}\n")
        command = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject]
        _openssl(pki, *command, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        _openssl(
            pki, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.crt",
            "-CAkey", f"{issuer}.key", "-CAcreateserial", "-days", "30",
            "-extfile", f"{name}.ext", "-out", f"{name}.crt",
        )  # fmt: skip
    return "low"


def _openssl(pki: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=pki, check=True, capture_output=True)


def _stranger(pki: Path) -> str:
    """A certificate for our name that the rig's authority knows nothing of."""
    _openssl(
        pki, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        "-subj", "/O=rig/CN=cmd.rig.test", "-addext", "subjectAltName=DNS:cmd.rig.test",
        "-keyout", "stranger.key", "-out", "stranger.crt",
    )  # fmt: skip
    return "stranger"
