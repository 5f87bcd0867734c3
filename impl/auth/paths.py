"""Certification paths, from an end's certificate to a trust anchor (RFC 5280 section 6, RFC 4945 5; R5).

The verifier of `cryptography` follows the rules of the web: 2048 bits and version 3 for all, a purpose of
the web, no revocation, and errors without details. So paths are built here, with its signature checks, and
each fault has a text. If an authority has name constraints, that verifier must accept the path as well.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from impl.auth.interface import Refused
from impl.auth.names import in_words
from impl.auth.revocation import has_old_signature, old_signature_holds, revocation_fault
from impl.crypto.rsa import affordable
from impl.wire.numbers import NotifyType

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateRevocationList, ExtensionType

E = TypeVar("E", bound="ExtensionType")
#: limit of signature checks in one validation: a peer may send certificates that lead nowhere
MOST_SIGNATURES = 64
_LAST = 1000  # the rank of a fault that ends a search
#: extensions that are checked here, or that only help to find a path
_HEEDED = frozenset(
    (
        "2.5.29.14", "2.5.29.35",  # key identifiers
        "2.5.29.15", "2.5.29.37", "2.5.29.19",  # key usage, purposes, basic constraints
        "2.5.29.17", "2.5.29.18", "2.5.29.30",  # alternative names, name constraints
        "2.5.29.31", "2.5.29.46", "1.3.6.1.5.5.7.1.1", "2.5.29.32",  # where to find lists; policies
    )
)  # fmt: skip
#: purposes that allow IKE: any, IKE's, IPsec's three old ones, and the two of TLS, which are in wide use
_PURPOSES = frozenset(
    (
        "2.5.29.37.0", "1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.8.2.2",
        "1.3.6.1.5.5.7.3.5", "1.3.6.1.5.5.7.3.6", "1.3.6.1.5.5.7.3.7",
        "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """The requirements on a path.

    least_bits   of an RSA key        hashes   that may be under the signature of a certificate or list
    most         certificates in a path, including the anchor
    needs_list   whether there must be a revocation list for every issuer
    needs_named  whether there must be one for each certificate that says where one, or an answer of OCSP, is
    purposes     whether extendedKeyUsage, where there is one, must allow IKE
    signers      whether keyUsage of an authority, where there is one, must allow it to sign certificates
    lenient_lists  whether invalid revocation lists are ignored; a certificate on a verified list that is
                 out of date is still revoked
    """

    least_bits: int = 2048
    hashes: frozenset[str] = frozenset(("sha256", "sha384", "sha512"))
    most: int = 8
    needs_list: bool = False
    needs_named: bool = False
    purposes: bool = True
    signers: bool = True
    lenient_lists: bool = False


#: what strongSwan requires by default (5.9.8, measured)
PLAIN = Rules(
    least_bits=0,
    hashes=frozenset(("md5", "sha1", "sha224", "sha256", "sha384", "sha512")),
    purposes=False,
    signers=False,
    lenient_lists=True,
)


@dataclass(frozen=True, slots=True)
class Trust:
    """What an end trusts: anchors, other known certificates, revocation lists, rules.

    demanded   authorities of which one must be in the path; empty: any
    """

    anchors: tuple[Certificate, ...]
    known: tuple[Certificate, ...] = ()
    lists: tuple[CertificateRevocationList, ...] = ()
    rules: Rules = Rules()
    demanded: tuple[Certificate, ...] = ()


@dataclass(slots=True)
class _Search:
    """One validation; of all faults the one nearest to an anchor is reported."""

    trust: Trust
    pool: tuple[Certificate, ...]
    lists: tuple[CertificateRevocationList, ...]
    now: datetime.datetime
    signatures: int = 0
    faults: list[tuple[int, str, NotifyType]] = field(default_factory=list)

    def fault(
        self, rank: int, why: str, notify: NotifyType = NotifyType.INVALID_CERTIFICATE
    ) -> None:
        self.faults.append((rank, why, notify))


def check_path(
    leaf: Certificate,
    sent: Sequence[Certificate],
    sent_lists: Sequence[CertificateRevocationList],
    trust: Trust,
    now: datetime.datetime,
) -> tuple[Certificate, ...]:
    """The path from a certificate to a trust anchor, both included; Refused if there is none.

    sent, sent_lists   what the peer sent with it; trusted only as part of a path
    now                with a time zone
    """
    why = own_fault(leaf, trust.rules, now)
    if why:
        raise Refused("certificate", why, NotifyType.INVALID_CERTIFICATE)
    if leaf in trust.anchors:
        return (leaf,)
    pool = tuple(dict.fromkeys((*trust.anchors, *trust.known, *sent)))
    search = _Search(trust, pool, (*trust.lists, *sent_lists), now)
    found = _extended((leaf,), search)
    if found is not None:
        return found
    _, why, notify = max(search.faults, key=lambda item: item[0])
    raise Refused("certificate", why, notify)


def own_fault(certificate: Certificate, rules: Rules, now: datetime.datetime) -> str:
    """What is wrong with the certificate of an end, in words; empty if nothing is."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    said = f"the certificate of {in_words(certificate.subject)}"
    try:
        if not isinstance(certificate.public_key(), RSAPublicKey):
            return f"{said} has no RSA key"
        fault = _common_fault(certificate, said, rules, now)
        if fault:
            return fault
        usage = _extension(certificate, x509.KeyUsage)
        purposes = _extension(certificate, x509.ExtendedKeyUsage)
    except ValueError:
        return f"{said} cannot be read"
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        return f"{said} may not sign (keyUsage)"
    if not rules.purposes or purposes is None:
        return ""
    if not {item.dotted_string for item in purposes} & _PURPOSES:
        return f"{said} is not for IPsec (extendedKeyUsage)"
    return ""


def _common_fault(certificate: Certificate, said: str, rules: Rules, now: datetime.datetime) -> str:
    """What may be wrong with every certificate: time, key, critical extensions."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < first:
        return f"{said} is not valid before {first:%Y-%m-%d %H:%M} UTC"
    if now > last:
        return f"{said} has expired on {last:%Y-%m-%d %H:%M} UTC"
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey) and key.key_size < rules.least_bits:
        return f"{said} has a key of {key.key_size} bits, and {rules.least_bits} are required"
    for extension in certificate.extensions:
        if extension.critical and extension.oid.dotted_string not in _HEEDED:
            return f"{said} has an unknown critical extension ({extension.oid.dotted_string})"
    return ""


def _extended(path: tuple[Certificate, ...], search: _Search) -> tuple[Certificate, ...] | None:
    """A valid path from this one to an anchor; None if there is none."""
    last, rank = path[-1], 10 * len(path)
    if len(path) >= search.trust.rules.most:
        search.fault(rank, f"the path has more than {search.trust.rules.most} certificates")
        return None
    candidates = list(_issuers(last, path, search))
    if not candidates:
        said, name = in_words(path[0].subject), in_words(last.issuer)
        what = f"its issuer {name} is not known"
        if last.issuer == last.subject:
            what = f"{name} is self-signed, and is not trusted"
        why = f"no trust anchor vouches for {said}: {what}"
        search.fault(rank, why, NotifyType.INVALID_CERT_AUTHORITY)
    for issuer in candidates:
        if search.signatures >= MOST_SIGNATURES:
            search.fault(_LAST, "the certificates that were sent lead to no trust anchor")
            return None
        search.signatures += 1
        stage, why = _issuer_fault(path, issuer, search)
        if why:
            search.fault(rank + stage, why)
            continue
        longer = (*path, issuer)
        if issuer not in search.trust.anchors:
            found = _extended(longer, search)
        else:
            found = longer
            why = _path_fault(longer, search)
            if why:
                search.fault(rank + 9, why)
                found = None
        if found is not None:
            return found
    return None


def _issuers(
    certificate: Certificate, path: tuple[Certificate, ...], search: _Search
) -> Iterator[Certificate]:
    """Certificates whose subject is the issuer's name: anchors come first in the pool."""
    for item in search.pool:
        if item not in path and item.subject == certificate.issuer:
            yield item


def _issuer_fault(
    path: tuple[Certificate, ...], issuer: Certificate, search: _Search
) -> tuple[int, str]:
    """How far an issuer's check got, and what is wrong with it; no words if nothing is."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    subject, said = path[-1], f"the issuer {in_words(issuer.subject)}"
    key = issuer.public_key()
    if isinstance(key, RSAPublicKey) and not affordable(key):
        return 1, f"{said} has a key that is too large"
    if not _signed_by(subject, issuer):
        return 1, f"{said} has not signed the certificate of {in_words(subject.subject)}"
    hash_ = subject.signature_hash_algorithm
    if hash_ is None or hash_.name not in search.trust.rules.hashes:
        name = hash_.name if hash_ is not None else "an unknown hash"
        return 2, f"the certificate of {in_words(subject.subject)} is signed with {name}"
    try:
        fault = _common_fault(issuer, f"the certificate of {said}", search.trust.rules, search.now)
        constraints = _extension(issuer, x509.BasicConstraints)
        usage = _extension(issuer, x509.KeyUsage)
    except ValueError:
        return 3, f"the certificate of {said} cannot be read"
    if fault:
        return 3, fault
    # Version 1 has no extensions: a root of that kind is an authority because it is trusted.
    old_root = issuer.version is x509.Version.v1 and issuer in search.trust.anchors
    if not old_root and (constraints is None or not constraints.ca):
        return 4, f"{said} is not a CA (basicConstraints)"
    if search.trust.rules.signers and usage is not None and not usage.key_cert_sign:
        return 5, f"{said} may not sign certificates (keyUsage)"
    below = sum(item.subject != item.issuer for item in path[1:])
    limit = constraints.path_length if constraints is not None else None
    if limit is not None and below > limit:
        return 6, f"{said} allows {limit} authorities below it, but there are {below}"
    return 0, ""


def _signed_by(subject: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if has_old_signature(subject):
        return old_signature_holds(subject, subject.tbs_certificate_bytes, issuer.public_key())
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _path_fault(path: tuple[Certificate, ...], search: _Search) -> str:
    """What is wrong with a whole path: revocation, constraints of names."""
    from cryptography import x509

    demanded = search.trust.demanded
    if demanded and not any(item in demanded for item in path[1:]):
        return f"{in_words(path[0].subject)} is not issued by a required authority"
    rules = search.trust.rules
    lenient, hashes = rules.lenient_lists, rules.hashes
    for certificate, issuer in pairwise(path):
        needed = rules.needs_list or (rules.needs_named and _says_where(certificate))
        fault = revocation_fault(
            certificate,
            issuer,
            search.lists,
            search.now,
            needed=needed,
            lenient=lenient,
            hashes=hashes,
        )
        if fault:
            return fault
    if any(_extension(item, x509.NameConstraints) is not None for item in path[1:]):
        return _constraint_fault(path, search.now)
    return ""


def _says_where(certificate: Certificate) -> bool:
    """Whether it names a distribution point or an OCSP responder."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    if _extension(certificate, x509.CRLDistributionPoints) is not None:
        return True
    access = _extension(certificate, x509.AuthorityInformationAccess) or ()
    return any(item.access_method == AuthorityInformationAccessOID.OCSP for item in access)


def _constraint_fault(path: tuple[Certificate, ...], now: datetime.datetime) -> str:
    """Why the verifier of `cryptography` rejects a path; empty if it does not."""
    from cryptography import x509
    from cryptography.x509 import verification as v

    any_ = v.ExtensionPolicy.permit_all()
    authority = any_.require_present(x509.BasicConstraints, v.Criticality.AGNOSTIC, None)
    builder = v.PolicyBuilder().store(v.Store(list(path[-1:]))).time(now)
    builder = builder.extension_policies(ca_policy=authority, ee_policy=any_)
    try:
        builder.build_client_verifier().verify(path[0], list(path[1:-1]))
    except (v.VerificationError, ValueError) as error:
        said = in_words(path[0].subject)
        return f"{said} violates the name constraints of an authority: {error}"
    return ""


def _extension(certificate: Certificate, kind: type[E]) -> E | None:
    from cryptography.x509 import ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None
