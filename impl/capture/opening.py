"""Deciphering messages, and holding their hashes and signatures against what they ought to be.

Two kinds of chains of IVs (RFC 2409 appendix B): Phase I's, and one for each message id under it. A chain
moves by the last ciphertext block of each message. From outside it is not known which message the ends took
for the last one, so a few are tried, the newest first: the wrong ones do not decrypt to payloads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from struct import pack

from impl.capture.secrets import PUBLIC_KEY, Known, Phase1, Side, with_payloads
from impl.capture.signers import Signers
from impl.crypto import schedule
from impl.crypto.hashes import same
from impl.crypto.schedule import Cookies, Keys
from impl.wire.errors import WireError
from impl.wire.message import HEADER_SIZE, Header, decode_chain
from impl.wire.numbers import ExchangeType, Method
from impl.wire.payloads import AnyPayload, EncryptedBody, HashData, Signature

#: how many messages back a chain may continue
MAX_TRIED = 4
NO_IV = "its IV comes from a message that is not in the capture"
WRONG_KEY = "does not decrypt to payloads: most likely the wrong key"
NEEDS_GSS = "needs the session key of GSS-API: it is a Kerberos wrap token"
NEEDS_CERTIFICATE = "needs the responder's certificate: it is the hash of that"


class Verdict(StrEnum):
    """What happened to a hash or a signature."""

    VERIFIED = "verified"
    WRONG = "wrong"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Check:
    """One hash or signature: its name, whether it is right, and why that cannot be said."""

    name: str
    verdict: Verdict
    why: str = ""


@dataclass(slots=True)
class Chain:
    """IVs that the next message may continue from: blocks of messages seen, and those it starts with."""

    starts: list[bytes] = field(default_factory=list)
    blocks: deque[bytes] = field(default_factory=lambda: deque(maxlen=MAX_TRIED))

    def seen(self, ciphertext: bytes, block: int) -> None:
        """A message went by."""
        if len(ciphertext) >= block:
            self.blocks.appendleft(ciphertext[-block:])

    def candidates(self) -> list[bytes]:
        """The likeliest first."""
        return [*self.blocks, *self.starts]


@dataclass(frozen=True, slots=True)
class Opened:
    """What came out: payloads and the octets they were read from; or why nothing did."""

    payloads: tuple[AnyPayload, ...] | None = None
    plain: bytes = field(default=b"", repr=False)
    why: str = ""


def opened(known: Known, chain: Chain, header: Header, ciphertext: bytes) -> list[Opened]:
    """Decipher a message: everything that has the form of payloads, the likeliest first; or one that
    says why there is nothing. WireError if its length is none that a ciphertext has."""
    cipher, key = known.cipher, known.key
    if cipher is None or key is None:
        return [Opened(why=known.missing)]
    if not ciphertext or len(ciphertext) % cipher.block:
        problem = f"{len(ciphertext)} octets are not a whole number of blocks of {cipher.block}"
        raise WireError(HEADER_SIZE, "ciphertext", problem, "RFC 2409 appendix B")
    candidates = chain.candidates()
    if not candidates:
        return [Opened(why=NO_IV)]
    found, why = [], ""
    for iv in candidates:
        plain = cipher.decrypt(key, iv, ciphertext)
        try:
            read = decode_chain(header.next_payload, plain, HEADER_SIZE)
        except WireError as error:
            why = why or str(error)
            continue
        if read.payloads:
            found.append(Opened(read.payloads, plain[: read.size]))
    return found or [Opened(why=f"{WRONG_KEY} ({why or 'no payload'})")]


def likeliest(
    found: Sequence[Opened], check: Callable[[Opened], tuple[Check, ...]]
) -> tuple[Opened, tuple[Check, ...]]:
    """The one whose hashes are not wrong, if there is one, and what they are worth. Of a wrong IV only
    the first block suffers, so the form alone may deceive."""
    judged = [(item, check(item) if item.payloads is not None else ()) for item in found]
    for item, checks in judged:
        if all(one.verdict is not Verdict.WRONG for one in checks):
            return item, checks
    return judged[0]


def exchange_chain(known: Known, phase1: Chain, message_id: int) -> Chain:
    """The chain of an exchange under Phase I, as it begins."""
    if known.hash is None or known.cipher is None:
        return Chain()
    digest, block = known.hash.digest, known.cipher.block
    return Chain([digest(last, pack("!I", message_id))[:block] for last in phase1.candidates()])


# ---- Phase I
def phase1_checks(
    phase1: Phase1,
    known: Known,
    payloads: Sequence[AnyPayload],
    signers: Signers,
    *,
    from_initiator: bool,
) -> list[Check]:
    """What the HASH and SIG payloads of a Phase I message are worth."""
    letter = "I" if from_initiator else "R"
    side = with_payloads(phase1.initiator if from_initiator else phase1.responder, payloads)
    checks = []
    for item in payloads:
        if not isinstance(item, HashData | Signature):
            continue
        is_hash = isinstance(item, HashData)
        name = f"HASH_{letter}" if is_hash else f"SIG_{letter}"
        if is_hash and _of_certificate(payloads, from_initiator=from_initiator):
            checks.append(Check("HASH(1)", Verdict.CANNOT, NEEDS_CERTIFICATE))
            continue
        if is_hash and phase1.kerberos:
            checks.append(Check(name, Verdict.CANNOT, NEEDS_GSS))
            continue
        expected, why = _phase1_hash(phase1, known, side, from_initiator=from_initiator)
        if expected is None:
            checks.append(Check(name, Verdict.CANNOT, why))
        elif is_hash:
            checks.append(_compared(name, expected, item.data))
        else:
            right, why = signers.judge(phase1.method, side.id_b, payloads, item.data, expected)
            verdict = {True: Verdict.VERIFIED, False: Verdict.WRONG, None: Verdict.CANNOT}[right]
            checks.append(Check(name, verdict, why))
    return checks


def _of_certificate(payloads: Sequence[AnyPayload], *, from_initiator: bool) -> bool:
    """Whether the HASH of a message is of the responder's certificate, which says with what key bodies are
    encrypted, and so no proof (RFC 2409 5.2)."""
    return from_initiator and any(isinstance(item, EncryptedBody) for item in payloads)


def _phase1_hash(
    phase1: Phase1, known: Known, side: Side, *, from_initiator: bool
) -> tuple[bytes | None, str]:
    """HASH_I or HASH_R as it ought to be; or what is needed to know it."""
    keys = _keys(known)
    if known.unsupported:
        return None, f"needs {known.unsupported}, which is not supported"
    publics, offer, id_b = phase1.publics, phase1.offer, side.id_b
    lacking = _lacking(phase1, known, side)
    if lacking or keys is None or publics is None or offer is None or id_b is None:
        return None, f"needs {' and '.join(lacking)}"
    make = schedule.hash_i if from_initiator else schedule.hash_r
    return make(keys, publics, phase1.cookies, offer.body, id_b), ""


def _lacking(phase1: Phase1, known: Known, side: Side) -> list[str]:
    """What HASH_I or HASH_R is made of, and is not known."""
    by_public_key = phase1.method in PUBLIC_KEY
    found = []
    if phase1.choice is None:
        found.append("the choice of a suite (message 2)")
    elif known.skeyid is None:
        found.append(_of_skeyid(phase1))
    if phase1.publics is None:
        encrypted = phase1.method == Method.REVISED_RSA_ENCRYPTION
        found.append("both public values" + (", which are encrypted" if encrypted else ""))
    if phase1.offer is None:
        found.append("the offer (message 1)")
    if side.id_b is None:
        why = ", which is encrypted with a public key" if by_public_key else ""
        found.append(f"the identity{why}")
    return found


def _of_skeyid(phase1: Phase1) -> str:
    """What leads to SKEYID, by the method (RFC 2409 5)."""
    if phase1.method in PUBLIC_KEY:
        return "SKEYID, as the nonces are encrypted with public keys"
    if phase1.method == Method.PRE_SHARED_KEY:
        return "the pre-shared key or SKEYID"
    return "SKEYID or the Diffie-Hellman secret"


def _keys(known: Known) -> Keys | None:
    """What the hashes need of the keys: SKEYID and SKEYID_a."""
    if known.hash is None or known.cipher is None:
        return None
    skeyid, a = known.skeyid or b"", known.a or b""
    prf = known.hash.keyed(skeyid)
    return Keys(known.hash, known.cipher, skeyid, b"", a, b"", b"", b"", prf)


def _compared(name: str, expected: bytes, found: bytes) -> Check:
    return Check(name, Verdict.VERIFIED if same(expected, found) else Verdict.WRONG)


# ---- under Phase I
def exchange_check(
    known: Known,
    header: Header,
    number: int | None,
    nonces: tuple[bytes | None, bytes | None],
    message: Opened,
) -> Check:
    """What the HASH of a message under Phase I is worth; `nonces` are the exchange's, Ni_b and Nr_b."""
    quick = header.exchange == ExchangeType.QUICK
    name = f"HASH({number or '?'})" if quick else "HASH(1)"
    first = (message.payloads or (None,))[0]
    if not isinstance(first, HashData):
        return Check(name, Verdict.WRONG, "HASH is not the first payload (RFC 2409 5.5)")
    keys = _keys(known)
    if keys is None or known.a is None:
        return Check(name, Verdict.CANNOT, "needs SKEYID_a")
    rest = message.plain[4 + len(first.data) :]
    ni_b, nr_b = nonces
    if not quick or number in (1, 4):
        expected = schedule.hash_1(keys, header.message_id, rest)
    elif ni_b is None or (number == 3 and nr_b is None):
        return Check(name, Verdict.CANNOT, "needs the nonces of the messages before it")
    elif number is None or number > 4:
        return Check(name, Verdict.CANNOT, "needs its place: Quick Mode has four messages at most")
    elif number == 2:
        expected = schedule.hash_2(keys, header.message_id, ni_b, rest)
    else:
        expected = schedule.hash_3(keys, header.message_id, ni_b, nr_b or b"")
    return _compared(name, expected, first.data)


def cookies_of(header: Header) -> Cookies:
    """Both cookies of a message."""
    return Cookies(header.initiator_cookie, header.responder_cookie)
