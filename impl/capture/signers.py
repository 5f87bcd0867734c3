"""Signatures in captures: whose key made them, and whether its certificate is trusted (RFC 2409 5.1).

`cryptography` is loaded only where there is a signature.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impl.crypto.rsa import verifies
from impl.wire.errors import WireError
from impl.wire.numbers import Method, Payload, name_of
from impl.wire.payloads import AnyPayload, Identification, decode_payload

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

_UNKNOWN = "needs the signer's public key (--cert FILE)"
#: methods in which an end signs with RSA; the latter are hybrid, and XAUTH's
_RSA_SIGNED = (Method.RSA_SIGNATURES, 64221, 65005, 65006)
_ANYBODY = "by the certificate sent with it; its issuer is not checked"


@dataclass(frozen=True, slots=True)
class Signers:
    """Who may have signed.

    public_keys   keys by the body of an ID payload     time_ns   when the message was seen, from 1970
    believed      certificates that the user believes: authorities, and ends of which none was sent
    """

    public_keys: Mapping[bytes, RSAPublicKey] = field(default_factory=dict)
    believed: tuple[Certificate, ...] = ()
    time_ns: int | None = None

    def judge(
        self,
        method: int | None,
        id_b: bytes | None,
        payloads: Sequence[AnyPayload],
        signature: bytes,
        expected: bytes,
    ) -> tuple[bool | None, str]:
        """Whether an RSA signature over the bare hash is right (None: that cannot be said), and by whose
        key, or why not. `payloads` are those of its message."""
        if method not in _RSA_SIGNED:
            said = name_of(Method, method or 0).lower()
            return None, f"needs the method {said}, which is not supported"
        known = self.public_keys.get(id_b or b"")
        if known is not None:
            return _verified(known, signature, expected), ""
        from impl.auth.certificate import sent_certificates

        sent, _ = sent_certificates(payloads)
        if sent:
            key, why = _rsa(sent[0]), _ANYBODY
            if key is not None and self.believed:
                why = self._vouching(sent, _identity(id_b))
            return _judged(key, signature, expected, why)
        named = self._named(_identity(id_b))
        if named:
            return _judged(
                _rsa(named[0]), signature, expected, f"by {_said(named[0])}, given with --cert"
            )
        return None, _UNKNOWN

    def _vouching(self, sent: Sequence[Certificate], shown: Identification | None) -> str:
        """Through which certificate the first one that was sent is trusted for the identity; or why it is not.

        The length of its key and the hash of its signature are not judged.
        """
        from impl.auth.interface import Refused
        from impl.auth.names import unconfirmed
        from impl.auth.paths import Rules, Trust, check_path

        rules = Rules(least_bits=0, hashes=frozenset(("md5", "sha1", "sha256", "sha384", "sha512")))
        said = f"by {_said(sent[0])}"
        try:
            when = datetime.datetime.fromtimestamp((self.time_ns or 0) / 1e9, datetime.UTC)
        except (OverflowError, ValueError, OSError):
            return (
                f"{said}, whose validity cannot be checked: the time of the frame is out of range"
            )
        try:
            path = check_path(sent[0], sent, (), Trust(self.believed, rules=rules), when)
        except Refused as error:
            return f"{said}, which is not trusted: {error.why}"
        why = unconfirmed(sent[0], shown) if shown is not None else ""
        if why:
            return f"{said}, but {why}"
        return (
            f"{said}, given with --cert"
            if len(path) == 1
            else f"{said}, trusted through {_said(path[-1])}"
        )

    def _named(self, shown: Identification | None) -> list[Certificate]:
        from impl.auth.names import unconfirmed

        return [] if shown is None else [c for c in self.believed if not unconfirmed(c, shown)]


def _said(certificate: Certificate) -> str:
    from impl.auth.names import in_words

    return f"the certificate of {in_words(certificate.subject)}"


def _identity(id_b: bytes | None) -> Identification | None:
    try:
        found = decode_payload(Payload.ID, id_b or b"", 0)
    except WireError:
        return None
    return found if isinstance(found, Identification) else None


def _rsa(certificate: Certificate) -> RSAPublicKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        key = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _judged(
    key: RSAPublicKey | None, signature: bytes, expected: bytes, why: str
) -> tuple[bool | None, str]:
    if key is None:
        return None, _UNKNOWN
    right = _verified(key, signature, expected)
    return (
        right,
        why
        if right is not None
        else "needs another key: the signer's cannot be used for RSA signatures",
    )


def _verified(key: RSAPublicKey, signature: bytes, expected: bytes) -> bool | None:
    try:
        return verifies(key, signature, expected)
    except ValueError:  # a key too small for the hash, or none that OpenSSL takes
        return None
