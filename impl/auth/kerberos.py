"""Kerberos v5 by GSS-API (draft-ietf-ipsec-isakmp-gss-auth; attribute 16384, payload 129; R3, R5, R6).

Each end names its principal in the SA of messages 1 and 2, in clear; tokens go with the public values, in
clear too, and the ticket in the first one shows the responder's principal. The HASHes cover names and
tokens, and go wrapped by the context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from impl.auth.gss import Context, GssFailure, Mechanism
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
from impl.crypto import schedule
from impl.crypto.hashes import HashAlgorithm, same
from impl.wire.numbers import NotifyType, OakleyAttribute
from impl.wire.payloads import AnyPayload, GssToken, HashData, Identification
from impl.wire.proposals import Attribute, Transform
from impl.wire.vendors import vendor_id

T = TypeVar("T")
#: tokens of one end in an exchange; Kerberos itself needs one
MOST_TOKENS = 8
#: octets of a name on the wire
MOST_NAME = 1024
_DRAFT = "A GSS-API Authentication Method for IKE"
#: with one of these, method 65001 means GSS-API and not XAUTH (16 octets are compared: some are longer)
VENDORS = frozenset(map(vendor_id, ("GSSAPI", "MS NT5 ISAKMPOAKLEY", _DRAFT, f"{_DRAFT}\n")))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an implementation applies the draft; a parameter where no public source is available.

    vendors         vendor ids that are sent, by their texts
    attributes      transform attributes that carry a name; the first is written
    name_encoding   of a name on the wire           hashed_encoding   of a name in HASH; None: as on the wire
    token_prefix    octets before each token        hashes_prefix     whether HASH covers them
    confidential    whether HASH is wrapped with confidentiality
    folds_case      whether principals are compared whatever their case
    """

    name: str
    vendors: tuple[str, ...]
    attributes: tuple[int, ...] = (OakleyAttribute.GSS_IDENTITY_NAME,)
    name_encoding: str = "utf-16-le"
    hashed_encoding: str | None = None
    token_prefix: bytes = b""
    hashes_prefix: bool = False
    confidential: bool = True
    folds_case: bool = False

    def encoded(self, name: str) -> bytes:
        """A name as it goes on the wire; ValueError for one that the encoding does not have."""
        return name.encode(self.name_encoding)

    def named(self, octets: bytes) -> str:
        """The name that came; ValueError for octets that are not valid."""
        found = octets.decode(self.name_encoding)
        if not found or not found.isprintable() or len(octets) > MOST_NAME:
            raise ValueError("not a name")
        return found

    def hashed(self, octets: bytes) -> bytes:
        """What HASH covers of a name that is known as it is on the wire."""
        if self.hashed_encoding is None:
            return octets
        return octets.decode(self.name_encoding).encode(self.hashed_encoding)

    def token(self, payload: bytes) -> bytes:
        """The token in a payload, with or without the octets before it if they are optional."""
        prefix = len(self.token_prefix) or 1
        if payload[:1] != b"\x60" and (
            self.token_prefix or payload[prefix : prefix + 1] == b"\x60"
        ):
            return payload[prefix:]
        return payload

    def same(self, one: str, other: str) -> bool:
        """Whether two principals are the same one."""
        return one.casefold() == other.casefold() if self.folds_case else one == other


#: Windows 2000: since version 06 of the draft an octet precedes each token. No public source gives its value, or
#: says whether the HASH covers it and the names as on the wire: the draft is followed.
WINDOWS_2000 = Dialect(
    "windows2000", ("GSSAPI",),
    (OakleyAttribute.GSS_IDENTITY_NAME, 32001), token_prefix=b"\x01", folds_case=True,
)  # fmt: skip
#: racoon: no octet before tokens, names in Latin-1 where they are hashed
RACOON = Dialect("racoon", ("GSSAPI", _DRAFT), hashed_encoding="latin-1")


@dataclass(frozen=True, slots=True)
class KerberosSettings:
    """What one end authenticates with.

    name       the local principal, as it is shown in the SA
    expected   the principals that the peer may be; None: any that Kerberos vouches for
    mechanism  where contexts come from: it holds the references to tickets and keys
    """

    name: str
    expected: tuple[str, ...] | None
    mechanism: Mechanism = field(repr=False)
    dialect: Dialect = WINDOWS_2000

    def __post_init__(self) -> None:
        try:
            self.dialect.named(self.dialect.encoded(self.name))
            self.dialect.hashed(self.dialect.encoded(self.name))
        except ValueError:
            problem = f"{self.name!r} is not a name that {self.dialect.name} can express"
            raise ValueError(problem) from None

    def attribute(self) -> Attribute:
        """The local name, for a transform."""
        return Attribute(self.dialect.attributes[0], self.dialect.encoded(self.name))

    def with_own_name(self, transform: Transform) -> Transform:
        """The transform to answer with: the one that was offered, with the local name in place of the
        peer's (draft 3.2)."""
        kept = [item for item in transform.attributes if item.type not in self.dialect.attributes]
        return Transform(transform.number, transform.id, (*kept, self.attribute()))

    def name_in(self, transform: Transform) -> bytes | None:
        """The peer's name in a transform, as it is on the wire; None if it shows none."""
        for item in transform.attributes:
            if item.type in self.dialect.attributes and isinstance(item.value, bytes):
                return item.value
        return None


def speaks_gssapi(vendors: Sequence[bytes]) -> bool:
    """Whether one of these vendor ids says so."""
    return any(item[:16] in VENDORS for item in vendors)


class Kerberized(Authenticator):
    """One end of an exchange with Kerberos; `shown` is the name that the peer has shown in the SA."""

    def __init__(self, settings: KerberosSettings, shown: bytes | None, *, initiator: bool) -> None:
        super().__init__(initiator=initiator)
        self._settings = settings
        self._dialect = settings.dialect
        self._context: Context | None = None
        self._complete = False
        self._sent: list[bytes] = []
        self._heard: list[bytes] = []
        self._pending = b""
        self._unwrapped: tuple[bytes, bytes] | None = None
        self._names = (self._dialect.encoded(settings.name), shown)
        self._claimed = self._read_claim(shown)

    def _read_claim(self, shown: bytes | None) -> str:
        if shown is None:
            return ""
        try:
            found = self._dialect.named(shown)
            self._dialect.hashed(shown)
        except ValueError:
            raise self._not("the peer's name in the SA cannot be read") from None
        if self._dialect.same(found, self._settings.name):
            raise self._not(f"the peer shows our own name, {found}")
        if not self._expects(found):
            raise self._not(f"the peer calls itself {found}, and {self._wanted}")
        return found

    def _not(self, why: str) -> Exception:
        """The error for a wrong name: Refused; but Dropped at the initiator, as anybody can have sent it."""
        if self.initiator:
            return Dropped("identity", why)
        return Refused("identity", why, NotifyType.INVALID_ID_INFORMATION)

    @property
    def _wanted(self) -> str:
        return f"the policy expects {' or '.join(self._settings.expected or ())}"

    def _expects(self, name: str) -> bool:
        expected = self._settings.expected
        return expected is None or any(self._claims(name, item) for item in expected)

    def _claims(self, claimed: str, principal: str) -> bool:
        """Whether a name matches a principal; it may omit the realm."""
        whole = "@" in claimed
        return self._dialect.same(claimed, principal if whole else principal.rpartition("@")[0])

    # ---- before the proofs
    def skeyid(self, hash_: HashAlgorithm, nonces: tuple[bytes, bytes], gxy: bytes) -> bytes:
        """prf(Ni_b | Nr_b, g^xy), as for signatures."""
        return schedule.skeyid_of_signatures(hash_, *nonces, gxy)

    def hear(self, payloads: Sequence[AnyPayload]) -> Steps[None]:
        """A token, if there is one."""
        if any(isinstance(item, GssToken) for item in payloads):
            yield from self._step(self._read_payload(payloads))

    def greet(self) -> Steps[Payloads]:
        """The initiator's first token, or the responder's answer to it."""
        if self.initiator:
            yield from self._step(None)
        if not self._pending:
            raise Refused("kerberos", "Kerberos gives no token to send")
        return (self._token(),)

    def _read_payload(self, payloads: Sequence[AnyPayload]) -> bytes:
        payload = one(payloads, GssToken).data
        if len(self._heard) >= MOST_TOKENS:
            raise Refused("kerberos", f"more than {MOST_TOKENS} tokens")
        return payload

    def _token(self) -> GssToken:
        payload, self._pending = self._dialect.token_prefix + self._pending, b""
        self._sent.append(self._covered(payload))
        return GssToken(payload)

    def _covered(self, payload: bytes) -> bytes:
        """What HASH covers of a payload as it is on the wire."""
        return payload if self._dialect.hashes_prefix else self._dialect.token(payload)

    def _step(self, payload: bytes | None) -> Steps[None]:
        """One step of the context, which may block; a failure ends the exchange."""
        token = None if payload is None else self._dialect.token(payload)
        target = self._target() if self._context is None and self.initiator else ""
        what = f"get a Kerberos ticket for {target}" if target else "take a Kerberos token"

        def work() -> tuple[Context, bytes, str | None]:
            context = self._context or self._begun(target)
            made = context.step(token)
            return context, made, self._judged(context) if context.complete else None

        self._context, self._pending, peer = yield from self._asked(what, work)
        if payload is not None:
            self._heard.append(self._covered(payload))
        if peer is not None:
            self.name, self._complete = peer, True
        elif not self._pending:
            raise Refused("kerberos", "the context is incomplete, and there is nothing to send")

    def _begun(self, target: str) -> Context:
        mechanism = self._settings.mechanism
        return mechanism.initiate(target) if self.initiator else mechanism.accept()

    def _target(self) -> str:
        """The principal to request a ticket for: the peer's name as it sent it; without a realm or a name,
        the expected principal."""
        for principal in self._settings.expected or ():
            if not self._claimed:
                return principal
            if "@" not in self._claimed and self._claims(self._claimed, principal):
                return principal
        if not self._claimed:
            raise Refused("identity", "the peer sends no name, and the policy expects none")
        return self._claimed

    def _asked(self, what: str, work: Callable[[], T]) -> Steps[T]:
        def done_() -> T:
            try:
                return work()
            except GssFailure as failure:
                reason, why = "identity" if failure.identity else "kerberos", failure.why
            # outside of the handler, so that nothing of the library is dragged along
            raise Refused(reason, f"Kerberos: {why}", NotifyType.AUTHENTICATION_FAILED)

        return done(Work(what, done_))

    def _judged(self, context: Context) -> str:
        """The peer of a complete context; Refused if the context lacks something, or is not between the right
        principals."""
        dialect = self._dialect
        lacks = context.lacks(confidentiality=dialect.confidential)
        if lacks:
            raise Refused("kerberos", f"the context has no {lacks}")
        if not self._claims(self._settings.name, context.own):
            why = f"the credentials belong to {context.own}, but the policy says {self._settings.name}"
            raise Refused("kerberos", why)
        if dialect.same(context.peer, context.own):
            raise Refused("identity", f"the peer is our own principal, {context.peer}")
        self._judge_peer(context.peer)
        return context.peer

    def _judge_peer(self, peer: str) -> None:
        expected, notify = self._settings.expected, NotifyType.AUTHENTICATION_FAILED
        if expected is not None and not any(self._dialect.same(peer, item) for item in expected):
            raise Refused("identity", f"the peer is {peer}, and {self._wanted}", notify)
        if self._claimed and not self._claims(self._claimed, peer):
            raise Refused(
                "identity", f"the peer calls itself {self._claimed} and is {peer}", notify
            )

    # ---- the proofs
    def prove(self, transcript: Transcript, own: Identification) -> Steps[Payloads]:
        """A token that must come first, or HASH, wrapped."""
        if self._pending:
            return (self._token(),)
        context = self._completed()
        made = self._hash(transcript, own, own_end=True)
        confidential = self._dialect.confidential
        wrapped = yield from self._asked(
            "wrap the local HASH", lambda: context.wrap(made, confidentiality=confidential)
        )
        self.proves = False
        return (HashData(wrapped),)

    def verify(
        self,
        transcript: Transcript,
        shown: Identification,
        payloads: Sequence[AnyPayload],
        objection: Refused | None = None,
    ) -> Steps[None]:
        """The peer's token, or its HASH."""
        hashes = [item for item in payloads if isinstance(item, HashData)]
        tokens = [item for item in payloads if isinstance(item, GssToken)]
        if len(hashes) + len(tokens) != 1:
            raise Dropped("malformed", "neither one token nor one HASH")
        if tokens:
            if self._complete:
                raise Dropped("malformed", "a token for a context that is complete")
            yield from self._step(self._read_payload(payloads))
            return
        context = self._completed()
        expected = self._hash(transcript, shown, own_end=False)
        name, token = "HASH_R" if self.initiator else "HASH_I", hashes[0].data

        def work() -> bytes:
            try:
                return context.unwrap(token)
            except GssFailure as failure:
                why = f"{name} does not unwrap: {failure.why}"
            raise Dropped("tampered", why)

        # A token is unwrapped once: it may come again, after a message in which all but it was altered.
        if self._unwrapped is None or self._unwrapped[0] != token:
            self._unwrapped = token, (yield from done(Work(f"unwrap {name}", work)))
        found = self._unwrapped[1]
        if not same(found, expected):
            raise Dropped("tampered", f"{name} is wrong: a message was altered on the way")
        if objection is not None:
            raise objection
        self.awaits = False

    def _completed(self) -> Context:
        context = self._context
        if context is None or not self._complete:
            raise Dropped("malformed", "a proof before the Kerberos context is complete")
        return context

    def _hash(self, transcript: Transcript, identity: Identification, *, own_end: bool) -> bytes:
        """HASH of an end: over its identity, its name if both have shown one, and its tokens."""
        own, theirs = self._names
        name = own if own_end else theirs
        both = theirs is not None and name is not None
        covered = [self._dialect.hashed(name)] if both and name is not None else []
        covered += self._sent if own_end else self._heard
        initiators = self.initiator is own_end
        return transcript.proof(identity.body, *covered, initiators=initiators)
