"""What is required of a certification path beyond signatures and trust: strength, usage, revocation (R3, R5).

The requirements of an implementation are in its profile; strongSwan's were measured (docs/agreement.md, strictness about
certificates). The engine has its own rules for the same (`impl/auth/paths.py`): a test compares the two.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from model.vocabulary.policy import CertificateFile, Credentials, Peer, Strength
from model.vocabulary.profiles import Certificates

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList, ExtensionType

E = TypeVar("E", bound="ExtensionType")
#: what can be broken today: shorter keys, other hashes
SAFE_BITS = 2048
SAFE_HASHES = frozenset(("sha256", "sha384", "sha512"))
#: RSA with MD5 and with SHA-1 (RFC 8017 appendix A.2.4)
_OLD_SIGNATURES = ("1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5")
#: any purpose; IKE's, IPsec's three, TLS's two (RFC 4945 section 5.1.3.12)
_PURPOSES = frozenset(
    (
        "2.5.29.37.0", "1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.8.2.2", "1.3.6.1.5.5.7.3.5",
        "1.3.6.1.5.5.7.3.6", "1.3.6.1.5.5.7.3.7", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What an end requires of the other's path.

    least_bits, hashes   of RSA keys, and under signatures; empty: any
    strict      whether purposes and the keyUsage of authorities are checked, and out-of-date lists reject
    lists       revocation lists      needs_list   whether there must be one for each issuer
    needs_named  whether there must be one for each certificate that names a distribution point
    """

    least_bits: int = 0
    hashes: frozenset[str] = frozenset()
    strict: bool = False
    lists: tuple[CertificateFile, ...] = ()
    needs_list: bool = False
    needs_named: bool = False

    @classmethod
    def by(cls, judge: Peer, expected: Credentials) -> Asked:
        """What a peer requires by its policy or, if that says nothing, by its profile."""
        strict = judge.profile.certificates is Certificates.STRICT
        stated = expected.strength.value if expected.strength is not None else Strength()
        bits = stated.least_bits if stated.least_bits is not None else SAFE_BITS * strict
        hashes = frozenset(item.value for item in stated.hashes) or (
            SAFE_HASHES if strict else frozenset()
        )
        word = expected.revocation.value if expected.revocation is not None else "relaxed"
        return cls(bits, hashes, strict, judge.lists, word == "strict", word == "ifuri")


def unfit_end(certificate: Certificate, name: str, asked: Asked) -> str:
    """Why the certificate of an end is rejected, whoever issued it; empty if it is accepted."""
    from cryptography import x509

    bits, usage = _rsa_bits(certificate), extension(certificate, x509.KeyUsage)
    purposes = extension(certificate, x509.ExtendedKeyUsage)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        return f"{name} is not allowed to sign (keyUsage)"
    if bits is not None and bits < asked.least_bits:
        return f"{name} has a key of {bits} bits, and {asked.least_bits} are required"
    named = {item.dotted_string for item in purposes or ()}
    if asked.strict and named and not named & _PURPOSES:
        return f"{name} is not for IPsec (extendedKeyUsage)"
    return ""


def unfit_path(path: Sequence[Certificate], today: datetime.date, asked: Asked) -> str:
    """Why a path to a trust anchor is rejected; empty if it is accepted."""
    return next(_faults(path, today, asked), "")


def _faults(path: Sequence[Certificate], today: datetime.date, asked: Asked) -> Iterator[str]:
    from cryptography import x509

    for certificate, issuer in pairwise(path):
        said, by = certificate.subject.rfc4514_string(), issuer.subject.rfc4514_string()
        hash_, bits = _hash_of(certificate), _rsa_bits(issuer)
        if asked.hashes and hash_ not in asked.hashes:
            yield f"{said} is signed with {hash_}"
        if bits is not None and bits < asked.least_bits:
            yield f"{by} has a key of {bits} bits, and {asked.least_bits} are required"
        usage = extension(issuer, x509.KeyUsage)
        constraints = extension(issuer, x509.BasicConstraints)
        if (constraints is None or not constraints.ca) and issuer.version is not x509.Version.v1:
            yield f"{by} is not a CA (basicConstraints)"
        if asked.strict and usage is not None and not usage.key_cert_sign:
            yield f"{by} is not allowed to sign certificates (keyUsage)"
        fault = _revocation(certificate, issuer, today, asked)
        if fault:
            yield fault


def weaknesses(path: Sequence[Certificate]) -> tuple[str, ...]:
    """What could be broken in a path; the signature of a root on itself does not matter, its key does."""
    found = []
    for certificate in path:
        said, bits = certificate.subject.rfc4514_string(), _rsa_bits(certificate)
        if bits is not None and bits < SAFE_BITS:
            found.append(f"{said} has a key of {bits} bits")
        if certificate.issuer != certificate.subject and _hash_of(certificate) not in SAFE_HASHES:
            found.append(f"{said} is signed with {_hash_of(certificate)}")
    return tuple(found)


def _rsa_bits(certificate: Certificate) -> int | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = certificate.public_key()
    return key.key_size if isinstance(key, RSAPublicKey) else None


def _hash_of(item: Certificate | CertificateRevocationList) -> str:
    hash_ = item.signature_hash_algorithm
    return hash_.name if hash_ is not None else "an unknown hash"


def extension(certificate: Certificate, kind: type[E]) -> E | None:
    """One extension of a certificate; None where it has none, or one that cannot be read."""
    from cryptography.x509 import ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (ExtensionNotFound, ValueError):
        return None


# ---- revocation
def _revocation(
    certificate: Certificate, issuer: Certificate, today: datetime.date, asked: Asked
) -> str:
    """What revocation lists say against a certificate. A certificate on a list is revoked, however old the list is."""
    by, good, some = issuer.subject.rfc4514_string(), False, False
    for item in _lists_of(asked.lists):
        if item.issuer != certificate.issuer:
            continue
        some = True
        if not _signed_list(item, issuer) or (asked.hashes and _hash_of(item) not in asked.hashes):
            continue
        if item.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            return f"{certificate.subject.rfc4514_string()} was revoked"
        following = item.next_update_utc
        good |= item.last_update_utc.date() <= today and (
            following is not None and today <= following.date()
        )
    needed = asked.needs_list or (asked.needs_named and _names_a_place(certificate))
    if needed and not good:
        return f"there is no current revocation list of {by}, and one is required"
    return f"no revocation list of {by} is valid" if some and asked.strict and not good else ""


def _names_a_place(certificate: Certificate) -> bool:
    """Whether it names a distribution point or an OCSP responder."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    access = extension(certificate, x509.AuthorityInformationAccess) or ()
    asked_at = any(item.access_method == AuthorityInformationAccessOID.OCSP for item in access)
    return asked_at or extension(certificate, x509.CRLDistributionPoints) is not None


def _lists_of(files: Sequence[CertificateFile]) -> Iterator[CertificateRevocationList]:
    from cryptography.x509 import load_der_x509_crl

    for file in files:
        if file.der is not None:
            try:
                yield load_der_x509_crl(file.der)
            except ValueError:
                continue


def _signed_list(item: CertificateRevocationList, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    if old_signature(item):
        return old_signature_holds(item, item.tbs_certlist_bytes, issuer)
    try:
        return item.is_signature_valid(key)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False


# ---- signatures that `cryptography` no longer verifies
def old_signature(item: Certificate | CertificateRevocationList) -> bool:
    """Whether it is signed with MD5 or SHA-1."""
    return item.signature_algorithm_oid.dotted_string in _OLD_SIGNATURES


def old_signature_holds(
    item: Certificate | CertificateRevocationList, body: bytes, issuer: Certificate
) -> bool:
    """Whether such a signature is the issuer's."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key, hash_ = issuer.public_key(), item.signature_hash_algorithm
    if not isinstance(key, RSAPublicKey) or hash_ is None:
        return False
    try:
        key.verify(item.signature, body, PKCS1v15(), hash_)
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
