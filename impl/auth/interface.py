"""What an authentication method does in Main Mode, whichever it is (RFC 2409 section 5; R3, R5, R6).

    message    every method      pre-shared key   RSA signatures         Kerberos
    1, 2       SA                                                        names in the SA, vendor ids
    3          KE, Ni                                                    GSSi
    4          KE, Nr                             CR                     GSSr
    5          IDii              HASH_I           CERT, CR, SIG_I        HASH_I wrapped, or GSSi
    6          IDir              HASH_R           CERT, SIG_R            HASH_R wrapped, or GSSr
    7, 8, ..                                                             while tokens continue
    what is proved               HASH             HASH, signed           HASH, names, tokens, wrapped

Nothing here blocks: a method yields `Work`, and continues with its result.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from impl.auth.names import same_identity
from impl.crypto import schedule
from impl.crypto.hashes import HashAlgorithm
from impl.crypto.schedule import Cookies, Keys
from impl.wire.numbers import NotifyType
from impl.wire.payloads import AnyPayload, Identification

T = TypeVar("T")
P = TypeVar("P")


class Refused(Exception):
    """The exchange cannot continue: `reason` in the words of verdicts, `why` in full, and the notify for the
    peer with its data, if any."""

    def __init__(
        self, reason: str, why: str, notify: NotifyType | None = None, data: bytes = b""
    ) -> None:
        super().__init__(why)
        self.reason, self.why, self.notify, self.data = reason, why, notify, data


class Dropped(Exception):
    """The message changes nothing, because it may not be the peer's. `reason` is what it suggests."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason, self.why = reason, why


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The result of work: a value, or why there is none."""

    value: T | None = field(default=None, repr=False)
    failure: Refused | Dropped | None = None


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """A step that may block: `what` it is, in words. It is run once, outside the event loop.

    apart   it holds the interpreter, so a thread would not help: it is for another process, can be
            pickled, and raises neither Refused nor Dropped
    """

    what: str
    do: Callable[[], T] = field(repr=False)
    apart: bool = False

    def run(self) -> Outcome[T]:
        """Do it. Never raises: an unforeseen exception fails the exchange, named by its type only, as its text
        may contain anything."""
        try:
            return Outcome(self.do())
        except (Refused, Dropped) as failure:
            return Outcome(failure=failure)
        except Exception as error:  # noqa: BLE001  (whatever it is, it must end the exchange)
            why = f"could not {self.what}: {type(error).__name__}"
            return Outcome(failure=Refused("internal", why))


Steps = Generator[Work[Any], Outcome[Any], T]
"""A generator that yields work, is sent each result, and returns a T."""


def done(work: Work[T]) -> Steps[T]:
    """Have work done; raises its failure."""
    outcome = yield work
    if outcome.failure is not None:
        raise outcome.failure
    found: T = outcome.value  # type: ignore[assignment]  # T may be None
    return found


@dataclass(frozen=True, slots=True)
class Transcript:
    """What both proofs cover besides identities: the keys, g^xi and g^xr, cookies, SAi_b."""

    keys: Keys
    publics: tuple[bytes, bytes]
    cookies: Cookies
    sai_b: bytes

    def proof(self, id_b: bytes, *more: bytes, initiators: bool) -> bytes:
        """HASH_I or HASH_R; `more` is what a method covers after the identity."""
        made = schedule.hash_i if initiators else schedule.hash_r
        return made(self.keys, self.publics, self.cookies, self.sai_b, b"".join((id_b, *more)))


Payloads = tuple[AnyPayload, ...]


class Authenticator(ABC):
    """One end's part in one exchange of Phase I.

    proves    whether our proof is still to be sent      awaits   whether the peer's is still expected
    name      the peer according to its credential (subject or principal); empty: it names nobody
    """

    def __init__(self, *, initiator: bool) -> None:
        self.initiator = initiator
        self.proves = self.awaits = True
        self.name = ""

    @abstractmethod
    def skeyid(self, hash_: HashAlgorithm, nonces: tuple[bytes, bytes], gxy: bytes) -> bytes:
        """SKEYID; `nonces` are Ni_b and Nr_b."""

    def identity(self) -> Identification | None:
        """The ID payload to send where the policy names none; None: the local address."""
        return None

    def fits(self, shown: Identification, other: Identification) -> bool:
        """Whether both are the same name: case and the encoding of DNs do not matter."""
        return same_identity(shown, other)

    def hear(self, payloads: Sequence[AnyPayload]) -> Steps[None]:
        """Process a message before the proofs: 2 and 4 as the initiator, 3 as the responder."""
        yield from ()

    def greet(self) -> Steps[Payloads]:
        """The payloads that go with our public value."""
        yield from ()
        return ()

    @abstractmethod
    def prove(self, transcript: Transcript, own: Identification) -> Steps[Payloads]:
        """The payloads that go with our identity: the proof, or a token that must come first."""

    @abstractmethod
    def verify(
        self,
        transcript: Transcript,
        shown: Identification,
        payloads: Sequence[AnyPayload],
        objection: Refused | None = None,
    ) -> Steps[None]:
        """Process the peer's proof, or a token. Dropped for a wrong one, as anybody can have sent it;
        Refused for a correct one that is not sufficient.

        objection   why the policy rejects the identity: raised as soon as it is certain that the peer
                    sent it
        """


def one(payloads: Sequence[AnyPayload], kind: type[P]) -> P:
    """The payload of a type; Dropped unless there is exactly one."""
    found = [item for item in payloads if isinstance(item, kind)]
    if len(found) != 1:
        raise Dropped("malformed", f"{len(found)} {kind.__name__} payloads, 1 expected")
    return found[0]
