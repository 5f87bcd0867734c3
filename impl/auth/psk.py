"""Pre-shared keys (RFC 2409 section 5.4): only an end that knows the key can compute HASH_I or HASH_R."""

from __future__ import annotations

from collections.abc import Sequence

from impl.auth.interface import (
    Authenticator,
    Dropped,
    Payloads,
    Refused,
    Steps,
    Transcript,
    one,
)
from impl.crypto import schedule
from impl.crypto.hashes import HashAlgorithm, same
from impl.wire.payloads import AnyPayload, HashData, Identification
from model.vocabulary.secrets import Secret


class PreSharedKey(Authenticator):
    """One end of an exchange with a pre-shared key; None where there is none for the peer."""

    def __init__(self, secret: Secret | None, *, initiator: bool) -> None:
        super().__init__(initiator=initiator)
        self._secret = secret

    def skeyid(self, hash_: HashAlgorithm, nonces: tuple[bytes, bytes], gxy: bytes) -> bytes:
        """prf(pre-shared key, Ni_b | Nr_b)."""
        secret = self._secret
        if secret is None:
            raise Refused("psk-mismatch", "there is no pre-shared key for this peer")
        found: list[bytes] = []

        def use(octets: bytes) -> bool:
            found.append(schedule.skeyid_of_psk(hash_, octets, *nonces))
            return True

        if not secret.use(use):
            raise Refused("psk-mismatch", f"the pre-shared key is not known: {secret.missing}")
        return found[0]

    def prove(self, transcript: Transcript, own: Identification) -> Steps[Payloads]:
        """HASH."""
        yield from ()
        self.proves = False
        return (HashData(transcript.proof(own.body, initiators=self.initiator)),)

    def verify(
        self,
        transcript: Transcript,
        shown: Identification,
        payloads: Sequence[AnyPayload],
        objection: Refused | None = None,
    ) -> Steps[None]:
        """The peer's HASH."""
        yield from ()
        expected = transcript.proof(shown.body, initiators=not self.initiator)
        if not same(one(payloads, HashData).data, expected):
            name = "HASH_R" if self.initiator else "HASH_I"
            raise Dropped("tampered", f"{name} is wrong: a message was altered on the way")
        if objection is not None:
            raise objection
        self.awaits = False
