"""Certificates for the cases: made anew each time, so that no key is kept and none expires."""

from __future__ import annotations

import datetime
import functools
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)
_ADDRESS = {"peer": "192.0.2.1", "cmd": "192.0.2.2"}


class PKI:
    """Certificates and keys by name, made when they are asked for.

    ca, other-ca             two roots               intermediate       issued by ca
    peer, cmd                by ca; alternative names PEER.rig.test and the address
    peer-other               by other-ca             peer-inter         by intermediate
    peer-expired, peer-future, peer-plain (no alternative names), peer-self (signed by itself)
    and the same for cmd
    """

    def __init__(self, today: datetime.date) -> None:
        self._today = datetime.datetime.combine(today, datetime.time(), datetime.UTC)

    def certificate(self, name: str) -> bytes:
        """The certificate as PEM."""
        return self._made(name)[0].public_bytes(serialization.Encoding.PEM)

    def key(self, name: str) -> bytes:
        """Its private key as PEM."""
        return self._made(name)[1].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @functools.cache  # noqa: B019  (lives as long as the tests)
    def _made(self, name: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
        key = rsa.generate_private_key(65537, 2048)
        who, _, variant = name.partition("-")
        if name in ("ca", "other-ca", "intermediate"):
            issuer = "ca" if name == "intermediate" else name
            return self._sign(key, f"rig {name}", issuer, name, None), key
        issuer = {"other": "other-ca", "inter": "intermediate", "self": name}.get(variant, "ca")
        names = None if variant == "plain" else [f"{who}.rig.test", _ADDRESS[who]]
        return self._sign(key, f"{who}.rig.test", issuer, name, names), key

    def _sign(
        self, key: rsa.RSAPrivateKey, common: str, issuer: str, name: str, names: list[str] | None
    ) -> x509.Certificate:
        subject = _name(common)
        authority = name in ("ca", "other-ca", "intermediate")
        if issuer == name:
            by, signer = subject, key
        else:
            certificate, signer = self._made(issuer)
            by = certificate.subject
        first, last = -30, 30
        if name.endswith("-expired"):
            first, last = -30, -2
        elif name.endswith("-future"):
            first, last = 2, 30
        made = (
            x509.CertificateBuilder(by, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(self._today + first * _DAY)
            .not_valid_after(self._today + last * _DAY)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if names:
            dns, address = names
            alternatives = [x509.DNSName(dns), x509.IPAddress(ipaddress.ip_address(address))]
            made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        if not authority:
            usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            made = made.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        return made.sign(signer, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "rig"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
