"""The content of a certificate, and whether a trust anchor of a peer leads to it (R3, R5).

Loads `cryptography` only when a policy really names certificates.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.names import RdnMatching
from model.vocabulary.places import Place
from model.vocabulary.policy import CertificateFile, Connection, Credentials, Shows
from model.vocabulary.x509 import public_key, public_key_bits
from model.vocabulary.x509 import subject as subject_octets
from proofs.verify.identities import match
from proofs.verify.paths import (
    Asked,
    old_signature,
    old_signature_holds,
    unfit_end,
    unfit_path,
    weaknesses,
)

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MAX_CHAIN = 8


@dataclass(frozen=True, slots=True)
class Chain:
    """Whether a certificate is accepted: `fault` is empty if so; `needs` names what cannot be read.

    weak   what could be broken in an accepted path, in words
    bare   the identity is proved by a public key without a certificate
    """

    fault: str = ""
    needs: str = ""
    weak: tuple[str, ...] = ()
    bare: bool = False


@lru_cache(maxsize=256)
def _parse(der: bytes) -> Certificate | None:
    from cryptography.x509 import load_der_x509_certificate

    try:
        return load_der_x509_certificate(der)
    except ValueError:
        return None


def parse(file: CertificateFile) -> Certificate | None:
    """The certificate in a file, or None."""
    return _parse(file.der) if file.der is not None else None


def subject(certificate: Certificate) -> Identity:
    """Its subject as an identity, octet by octet as the certificate has it."""
    return Identity.of_der(subject_octets(_octets(certificate)))


def _octets(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def names(certificate: Certificate) -> list[Identity]:
    """Every identity that the certificate confirms: subject and alternative names."""
    from cryptography import x509

    found = [subject(certificate)]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return found
    for name in extension.value:
        if isinstance(name, x509.DNSName):
            found.append(Identity(IdentityKind.FQDN, name.value.lower()))
        elif isinstance(name, x509.RFC822Name):
            found.append(Identity(IdentityKind.USER_FQDN, name.value.lower()))
        elif isinstance(name, x509.IPAddress):
            kind = IdentityKind.IPV4 if name.value.version == 4 else IdentityKind.IPV6
            found.append(Identity(kind, str(name.value)))
        elif isinstance(name, x509.DirectoryName):
            found.append(Identity.of_der(name.value.public_bytes()))
    return found


def confirms(
    certificate: Certificate, identity: Identity, rule: RdnMatching = RdnMatching.STRICT
) -> bool:
    """Whether strongSwan finds a certificate by an identity: one of its names is that, or fits it, as a
    pattern too; or a hash of it (5.9.8, seen in runs)."""
    if identity.kind is IdentityKind.KEY_ID:
        return identity.text in key_ids(certificate)
    return any(match(name, identity, rule) for name in names(certificate))


def key_ids(certificate: Certificate) -> set[str]:
    """The key IDs, in hexadecimal, by which strongSwan finds a certificate: its subjectKeyIdentifier, and the
    SHA-1 hashes of the certificate, of its SubjectPublicKeyInfo, and of the key alone."""
    from cryptography import x509

    whole = _octets(certificate)
    found = {_sha1(whole), *key_hashes(public_key(whole))}
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, ValueError):
        return found
    return found | {extension.value.digest.hex()}


def key_hashes(key: bytes) -> set[str]:
    """The key IDs of a public key (SubjectPublicKeyInfo in DER), in hexadecimal: with its algorithm, and without."""
    return {_sha1(key), _sha1(public_key_bits(key))}


def _sha1(octets: bytes) -> str:
    return hashlib.sha1(octets, usedforsecurity=False).hexdigest()


def has_key(item: CertificateFile, key: bytes) -> bool:
    """Whether a file is this public key, or a certificate of it."""
    if not item.der:
        return False
    return key in (item.der, public_key(item.der) if parse(item) is not None else b"")


def _pinned(item: CertificateFile, shown: CertificateFile) -> bool:
    """Whether a file is the certificate that is shown, or holds its public key."""
    if item.der is None or shown.der is None:
        return False
    return item.der in (shown.der, public_key(shown.der))


def check(
    shown: CertificateFile,
    accepted: tuple[CertificateFile, ...],
    *,
    anchors: tuple[CertificateFile, ...],
    demanded: tuple[CertificateFile, ...],
    sent: tuple[CertificateFile, ...],
    today: datetime.date,
    asked: Asked,
    kept: tuple[CertificateFile, ...] = (),
) -> Chain:
    """Check the certificate that one end shows against what the other accepts.

    accepted  exactly these certificates or public keys, if any is named
    anchors   else a self-signed one of these must lead to it
    demanded  and one of these, if any is named, must be in the path
    sent      the other certificates of its owner, which sends what it has of the path
    asked     what else is required of the path
    kept      certificates that the other end has: it trusts them without any authority
    """
    certificate = parse(shown)
    if certificate is None:
        return Chain(needs=shown.missing or f"{shown.name} is not a certificate")
    by_key = any(_pinned(item, shown) and item.der != shown.der for item in accepted)
    if by_key and not demanded:
        return Chain()  # nothing else of the certificate counts
    if not _valid(certificate, today):
        return Chain(fault=f"{shown.name} is not valid on {today.isoformat()}")
    unfit = unfit_end(certificate, shown.name, asked)
    if unfit:
        return Chain(fault=unfit)
    named = any(item.der == shown.der for item in accepted)
    if named and not demanded:
        return Chain(weak=weaknesses([certificate]))
    if accepted and not named:
        unreadable = [item for item in accepted if item.der is None]
        if unreadable:
            return Chain(needs=unreadable[0].missing or unreadable[0].name)
        return Chain(fault=f"{shown.name} is not one of the certificates that are accepted")
    chain = _chain(certificate, (*anchors, *sent))
    unreadable = [item for item in anchors if parse(item) is None]
    missing = Chain(needs=unreadable[0].missing or unreadable[0].name) if unreadable else None
    trusted = [found for found in map(parse, anchors) if found is not None]
    known = named or any(item.der == shown.der for item in kept)
    if not known and (not chain or not _is_root(chain[-1]) or chain[-1] not in trusted):
        if not anchors:
            return Chain(needs="the trust anchors of the other end (x509ca/ or cacerts)")
        return missing or Chain(fault=f"no trust anchor of the other end leads to {shown.name}")
    if any(not _valid(item, today) for item in chain):
        return Chain(fault=f"an issuer of {shown.name} is not valid on {today.isoformat()}")
    wanted = [found for found in map(parse, demanded) if found is not None]
    if demanded and not any(item in wanted for item in chain):
        return missing or Chain(fault=f"{shown.name} is not issued by the required authority")
    path = [certificate, *chain]
    return Chain(unfit_path(path, today, asked), weak=weaknesses(path))


def withheld(
    shows: Connection, wants: Connection, shown: CertificateFile, kept: tuple[CertificateFile, ...]
) -> str:
    """Why one end does not receive the certificate of the other, in words; empty if it does, or has it already.

    shows, wants   the connection of the end that has it, and of the one that needs it
    kept           certificates that the latter has already
    """
    if parse(shown) is not None and any(_pinned(item, shown) for item in kept):
        return ""
    when = shows.shows_certificate.value
    if when is Shows.NEVER:
        return "it never sends its certificate (send_cert = never)"
    if when is Shows.IF_ASKED and not wants.asks_certificate.value:
        return "it sends its certificate only if asked, and is not asked (send_certreq = no)"
    return ""


def unmet(expected: Credentials, path: Sequence[Certificate]) -> tuple[str, Place | None]:
    """Which requirement of a policy a proof of identity does not fulfil, in words, and its line; empty if none.

    path   of the certificate, its trust anchor included; empty with a pre-shared key

    Only attribute certificates or a RADIUS server prove membership of a group, and neither is read here:
    strongSwan rejects everybody else, with a pre-shared key too.
    """
    if expected.groups.value:
        groups = ", ".join(expected.groups.value)
        return f"membership of {groups} is required, which nothing proves", expected.groups.place
    if expected.eap_identity is not None:
        return (
            f"{expected.eap_identity.value.described} is required, which only EAP or XAUTH could prove",
            expected.eap_identity.place,
        )
    for wanted in expected.policies.value[:1]:
        if not path or any(not _has_policy(item, expected.policies.value) for item in path):
            why = f"the certificate policy {wanted} is not in all certificates of the path"
            return why, expected.policies.place
    authority = expected.authority
    if authority is not None:
        issuers = [subject(item) for item in path[1:]]
        if not any(match(item, authority.value) for item in issuers):
            return f"the path does not contain the authority {authority.value}", authority.place
    return "", None


def _has_policy(certificate: Certificate, wanted: Sequence[str]) -> bool:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return any(item.policy_identifier.dotted_string in wanted for item in found.value)


def path_of(
    shown: CertificateFile, anchors: tuple[CertificateFile, ...], sent: tuple[CertificateFile, ...]
) -> list[Certificate]:
    """A certificate and its issuers, as far as they are known; empty if it cannot be read."""
    certificate = parse(shown)
    return [certificate, *_chain(certificate, (*anchors, *sent))] if certificate else []


def _valid(certificate: Certificate, today: datetime.date) -> bool:
    first = certificate.not_valid_before_utc.date()
    return first <= today <= certificate.not_valid_after_utc.date()


def _is_root(certificate: Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _chain(certificate: Certificate, files: tuple[CertificateFile, ...]) -> list[Certificate]:
    """The issuers of a certificate, one after the other, as far as they are known."""
    known = [found for found in map(parse, files) if found is not None]
    chain: list[Certificate] = []
    current = certificate
    for _ in range(_MAX_CHAIN):
        issuer = next((item for item in known if _issued(current, item)), None)
        if issuer is None or issuer == current:
            break
        chain.append(issuer)
        if _is_root(issuer):
            break
        current = issuer
    return chain


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    if certificate.issuer != issuer.subject:
        return False
    try:
        if not old_signature(certificate):
            certificate.verify_directly_issued_by(issuer)
        elif not old_signature_holds(certificate, certificate.tbs_certificate_bytes, issuer):
            return False
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
