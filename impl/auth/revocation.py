"""Certificate revocation lists (RFC 5280 section 5 and 6.3): signature, freshness, and what they say.

A list is valid only if the issuer of the certificate has signed it, it is complete, and it is current. If
there are lists for an issuer and none is valid, the status is unknown, and that is a fault.
"""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from impl.auth.names import in_words

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList


#: RSA with MD5 and with SHA-1 (RFC 8017 appendix A.2.4)
_OLD_SIGNATURES = ("1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5")


def revocation_fault(
    certificate: Certificate,
    issuer: Certificate,
    lists: Iterable[CertificateRevocationList],
    now: datetime.datetime,
    *,
    needed: bool,
    hashes: Container[str],
    lenient: bool = False,
) -> str:
    """Why a certificate is rejected as revoked, in words; empty if it is not.

    needed   whether there must be a list        hashes   that may be under its signature
    lenient  whether invalid lists are ignored
    """
    own = [item for item in lists if item.issuer == certificate.issuer]
    if not own:
        said = in_words(certificate.issuer)
        return f"there is no revocation list of {said}, and one is required" if needed else ""
    faults = []
    for item in own:
        fault = _list_fault(item, issuer, hashes)
        if fault:
            faults.append(fault)
            continue
        # Revoked remains revoked, even by a list that is out of date.
        found = _revoked(certificate, item)
        if found:
            return found
        faults.append(_stale(item, now))
    return "" if "" in faults or (lenient and not needed) else faults[0]


def _list_fault(
    item: CertificateRevocationList, issuer: Certificate, hashes: Container[str]
) -> str:
    """Why a list is not valid."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    said = f"the revocation list of {in_words(item.issuer)}"
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return f"{said} is signed by an unsupported kind of key"
    try:
        if has_old_signature(item):
            holds = old_signature_holds(item, item.tbs_certlist_bytes, key)
        else:
            holds = item.is_signature_valid(key)
        if not holds:
            return f"{said} is not signed by it"
        hash_ = item.signature_hash_algorithm
        if hash_ is None or hash_.name not in hashes:
            return f"{said} is signed with {hash_.name if hash_ is not None else 'an unknown hash'}"
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.crl_sign:
            return f"{in_words(issuer.subject)} may not sign revocation lists (keyUsage)"
    except x509.ExtensionNotFound:
        pass
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return f"{said} cannot be verified"
    try:
        critical = [
            extension.oid.dotted_string for extension in item.extensions if extension.critical
        ]
    except ValueError:
        return f"{said} has extensions that cannot be read"
    if critical:
        # A delta list, an indirect one, or one for some certificates only.
        return f"{said} is not a complete one (critical extension {critical[0]})"
    return ""


def has_old_signature(item: Certificate | CertificateRevocationList) -> bool:
    """Whether it is signed with MD5 or SHA-1, which `cryptography` verifies no more in either of these."""
    return item.signature_algorithm_oid.dotted_string in _OLD_SIGNATURES


def old_signature_holds(
    item: Certificate | CertificateRevocationList, body: bytes, key: object
) -> bool:
    """Whether that signature is the key's; whether such a one counts is for the caller to say."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    hash_ = item.signature_hash_algorithm
    if not isinstance(key, RSAPublicKey) or hash_ is None:
        return False
    try:
        key.verify(item.signature, body, PKCS1v15(), hash_)
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _revoked(certificate: Certificate, item: CertificateRevocationList) -> str:
    from cryptography import x509

    entry = item.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return ""
    try:
        flag = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except (x509.ExtensionNotFound, ValueError):
        flag = ""
    when = f"{entry.revocation_date_utc:%Y-%m-%d %H:%M} UTC"
    why = f" ({flag})" if flag else ""
    return f"the certificate of {in_words(certificate.subject)} was revoked on {when}{why}"


def _stale(item: CertificateRevocationList, now: datetime.datetime) -> str:
    said = f"the revocation list of {in_words(item.issuer)}"
    if now < item.last_update_utc:
        return f"{said} is dated {item.last_update_utc:%Y-%m-%d %H:%M} UTC, in the future"
    following = item.next_update_utc
    if following is None:
        return f"{said} does not say until when it is valid"
    return (
        f"{said} has been out of date since {following:%Y-%m-%d %H:%M} UTC"
        if following < now
        else ""
    )
