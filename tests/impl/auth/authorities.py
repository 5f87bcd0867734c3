"""Certificates for tests: made anew each time, by name; keys are shared, as making them takes long."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from impl.auth.certificate import CertificateSettings
from impl.auth.keys import SigningKey
from impl.auth.paths import Rules, Trust

NOW = datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The key of that name, and no other's."""
    return rsa.generate_private_key(65537, bits)


@cache
def curve_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def dn(common: str) -> x509.Name:
    """A subject by its common name; none without one."""
    if not common:
        return x509.Name([])
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{item: item in names for item in USAGES})


@dataclass(frozen=True)
class Holder:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def pem_key(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def make(
    common: str,
    issuer: Holder | None = None,
    *,
    ca: bool | None = None,
    names: Sequence[str] = (),
    days: tuple[int, int] = (-30, 30),
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    bits: int = 2048,
    length: int | None = None,
    public: Any = None,
    hash_: hashes.SHA224 | hashes.SHA256 | None = None,
) -> Holder:
    """A certificate: by itself, or by an issuer. `ca` None: it says nothing of that; `days` from now."""
    own = key(common, bits)
    by = issuer or Holder(None, own)  # type: ignore[arg-type]
    made = x509.CertificateBuilder(
        dn(common) if issuer is None else issuer.certificate.subject,
        dn(common),
        public or own.public_key(),
        x509.random_serial_number(),
        NOW + days[0] * DAY,
        NOW + days[1] * DAY,
    )
    if ca is not None:
        made = made.add_extension(x509.BasicConstraints(ca, length), critical=True)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(list(map(alternative, names))), False)
    for value, critical in extensions:
        made = made.add_extension(value, critical)
    return Holder(made.sign(by.key, hash_ or hashes.SHA256()), own)


def alternative(name: str) -> x509.GeneralName:
    if "@" in name:
        return x509.RFC822Name(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def authority(common: str = "root", issuer: Holder | None = None, **more: Any) -> Holder:
    """An authority that may sign certificates and lists."""
    more.setdefault("extensions", ((usage("key_cert_sign", "crl_sign"), True),))
    return make(common, issuer, ca=True, **more)


def revocations(
    issuer: Holder,
    *revoked: Holder,
    days: tuple[int, int | None] = (-1, 6),
    signer: Holder | None = None,
    critical: bool = False,
    hash_: hashes.SHA224 | hashes.SHA256 | None = None,
) -> x509.CertificateRevocationList:
    """An authority's list; signed by somebody else on demand."""
    made = x509.CertificateRevocationListBuilder(
        issuer.certificate.subject, NOW + days[0] * DAY, NOW + (days[1] or 0) * DAY
    )
    for item in revoked:
        entry = x509.RevokedCertificateBuilder(item.certificate.serial_number, NOW - 2 * DAY)
        reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
        made = made.add_revoked_certificate(entry.add_extension(reason, False).build())
    if critical:
        made = made.add_extension(x509.DeltaCRLIndicator(1), True)
    return made.sign((signer or issuer).key, hash_ or hashes.SHA256())


def trust(*anchors: Holder, known: Sequence[Holder] = (), **more: Any) -> Trust:
    lists = tuple(more.pop("lists", ()))
    held = tuple(item.certificate for item in known)
    return Trust(tuple(a.certificate for a in anchors), held, lists, Rules(**more))


def credentials(own: Holder, trusted: Trust, *chain: Holder, **more: Any) -> CertificateSettings:
    """What an end is told."""
    shown = (own.certificate, *(item.certificate for item in chain))
    return CertificateSettings(shown, SigningKey("file:own.key", own.key), trusted, **more)
