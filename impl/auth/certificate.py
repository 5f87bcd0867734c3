"""RSA signatures and X.509 certificates (RFC 2409 section 5.1, RFC 2408 3.9 and 3.10, RFC 4945; R5, R6).

Private keys and certification paths are work that may block. The signature is checked before the path of
its certificate, so a sender without the key causes no path search.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from impl.auth.interface import (
    Authenticator,
    Dropped,
    Payloads,
    Refused,
    Steps,
    Transcript,
    Work,
    done,
    one,
)
from impl.auth.keys import (
    SigningKey,
    certificate_from,
    certificates_in_pkcs7,
    list_from,
)
from impl.auth.names import in_words, own_id, shown_in_words, unconfirmed
from impl.auth.paths import Trust, check_path
from impl.crypto import schedule
from impl.crypto.hashes import HashAlgorithm
from impl.crypto.rsa import verifies
from impl.wire.numbers import CertEncoding, NotifyType
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    CertificateRequest,
    Identification,
    Signature,
)

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

#: certificates and lists of one message that are examined
MOST_SENT = 16
#: authorities that are named to the peer; if more are trusted, none is named (RFC 2408 3.10)
MOST_NAMED = 16


class Sends(Enum):
    """When the local certificate is sent."""

    ALWAYS = "always"
    ASKED = "if the peer asks"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class CertificateSettings:
    """What one end authenticates with, and what it trusts.

    own     its certificate, then those that lead towards an anchor: all of them are sent
    key     the private key of the first
    asks    whether to send the peer the trusted authorities (CR); if there are many, an empty CR
    """

    own: tuple[x509.Certificate, ...]
    key: SigningKey
    trust: Trust = field(repr=False)
    sends: Sends = Sends.ALWAYS
    asks: bool = True

    def __post_init__(self) -> None:
        if not self.own:
            raise ValueError("there is no local certificate")
        if not self.key.belongs_to(self.own[0]):
            said = in_words(self.own[0].subject)
            raise ValueError(
                f"{self.key.label} is not the private key of the certificate of {said}"
            )


class Certified(Authenticator):
    """One end of an exchange with RSA signatures; `utc` is the time of day, with a time zone."""

    def __init__(
        self,
        settings: CertificateSettings,
        utc: Callable[[], datetime.datetime],
        *,
        initiator: bool,
    ) -> None:
        super().__init__(initiator=initiator)
        self._settings, self._utc = settings, utc
        self._asked = False

    def skeyid(self, hash_: HashAlgorithm, nonces: tuple[bytes, bytes], gxy: bytes) -> bytes:
        """prf(Ni_b | Nr_b, g^xy)."""
        return schedule.skeyid_of_signatures(hash_, *nonces, gxy)

    def identity(self) -> Identification | None:
        """The subject of the local certificate; without one its first alternative name."""
        return own_id(self._settings.own[0])

    def hear(self, payloads: Sequence[AnyPayload]) -> Steps[None]:
        """Whether the peer asks for a certificate."""
        yield from ()
        self._asked |= any(isinstance(item, CertificateRequest) for item in payloads)

    def greet(self) -> Steps[Payloads]:
        """The responder asks in message 4; the initiator in message 5, where nobody else reads it."""
        yield from ()
        return () if self.initiator else self._requests()

    def _requests(self) -> Payloads:
        if not self._settings.asks:
            return ()
        encoding = CertEncoding.X509_SIGNATURE
        trusted = (item.subject.public_bytes() for item in self._settings.trust.anchors)
        names = list(dict.fromkeys(trusted))
        if len(names) > MOST_NAMED:
            names = [b""]
        return tuple(CertificateRequest(encoding, name) for name in names)

    def prove(self, transcript: Transcript, own: Identification) -> Steps[Payloads]:
        """CERT, CR of the initiator, SIG."""
        settings, made = self._settings, transcript.proof(own.body, initiators=self.initiator)
        why = unconfirmed(settings.own[0], own)
        if why:
            why = f"the peer would not accept our identity: {why}"
            raise Refused("certificate", why, NotifyType.AUTHENTICATION_FAILED)
        what = f"sign {'HASH_I' if self.initiator else 'HASH_R'} with {settings.key.label}"
        signature = yield from done(Work(what, lambda: settings.key.sign(made)))
        self.proves = False
        asked = settings.sends is Sends.ASKED and self._asked
        certificates: Payloads = ()
        if settings.sends is Sends.ALWAYS or asked:
            certificates = tuple(
                Certificate(CertEncoding.X509_SIGNATURE, _der(c)) for c in settings.own
            )
        requests = self._requests() if self.initiator else ()
        return (*certificates, *requests, Signature(signature))

    def verify(
        self,
        transcript: Transcript,
        shown: Identification,
        payloads: Sequence[AnyPayload],
        objection: Refused | None = None,
    ) -> Steps[None]:
        """The peer's signature, the path of its certificate, and its identity."""
        yield from self.hear(payloads)
        made = transcript.proof(shown.body, initiators=not self.initiator)
        signature, now = one(payloads, Signature).data, self._utc()
        settings = self._settings

        def work() -> x509.Certificate:
            found, sent, lists = _signer(settings, shown, payloads, signature, made)
            if objection is not None:
                raise objection
            check_path(found, sent, lists, settings.trust, now)
            why = unconfirmed(found, shown)
            if why:
                raise Refused("certificate", why, NotifyType.INVALID_CERTIFICATE)
            return found

        found = yield from done(Work("verify the peer's signature and certificate", work))
        self.name = in_words(found.subject)
        self.awaits = False


def _signer(
    settings: CertificateSettings,
    shown: Identification,
    payloads: Sequence[AnyPayload],
    signature: bytes,
    made: bytes,
) -> tuple[x509.Certificate, list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """The certificate whose key has signed, and the others of the message; none is trusted yet. Dropped if
    there is none: nothing is proved, and no hash covers certificates. Refused if it is the local one."""
    sent, lists = sent_certificates(payloads)
    if not sent and any(isinstance(item, Certificate) for item in payloads):
        why = "none of the peer's certificates can be read, or a message was altered on the way"
        raise Dropped("certificate", why)
    kept = dict.fromkeys((*settings.trust.known, *settings.trust.anchors))
    candidates = sent or [item for item in kept if not unconfirmed(item, shown)]
    if not candidates:
        why = f"the peer has sent no certificate, and none is known for {shown_in_words(shown)}"
        raise Dropped("certificate", why)
    signers = [item for item in candidates if _has_signed(item, signature, made)]
    if not signers:
        said = in_words(candidates[0].subject)
        why = (
            f"the signature was not made with the key of the certificate of {said}, "
            "or a message was altered on the way"
        )
        raise Dropped("certificate", why)
    found = signers[0]
    if found == settings.own[0]:
        raise Refused("identity", "the peer shows our own certificate")
    return found, sent, lists


def _has_signed(certificate: x509.Certificate, signature: bytes, made: bytes) -> bool:
    key = _rsa(certificate)
    try:
        return key is not None and verifies(key, signature, made)
    except ValueError:  # a key that OpenSSL cannot use, or too short for the hash
        return False


def _rsa(certificate: x509.Certificate) -> RSAPublicKey | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = certificate.public_key()
    return key if isinstance(key, RSAPublicKey) else None


def sent_certificates(
    payloads: Sequence[AnyPayload],
) -> tuple[list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """Certificates and revocation lists of a message; unreadable ones are ignored."""
    found: list[x509.Certificate] = []
    lists: list[x509.CertificateRevocationList] = []
    for item in [p for p in payloads if isinstance(p, Certificate)][:MOST_SENT]:
        with suppress(ValueError):
            if item.encoding == CertEncoding.X509_SIGNATURE:
                found.append(certificate_from(item.data))
            elif item.encoding == CertEncoding.PKCS7:
                found += certificates_in_pkcs7(item.data)
            elif item.encoding == CertEncoding.CRL:
                lists.append(list_from(item.data))
    return found[:MOST_SENT], lists


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)
