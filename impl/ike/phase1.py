"""Main Mode, row by row (RFC 2409 section 5; R3 to R7). `tables.BY_METHOD` says when each is called.

The differences between authentication methods are in `impl.auth`. A row that yields requests work that
may block, and continues with its result.
"""

from __future__ import annotations

from collections.abc import Callable

from impl.auth.interface import Steps, Transcript
from impl.auth.names import shown_in_words
from impl.crypto import schedule
from impl.crypto.ciphers import cipher_of
from impl.crypto.groups import DegenerateValue, Group, group_of
from impl.crypto.hashes import HASHES
from impl.crypto.schedule import WeakKey
from impl.ike import methods, natt, notices, vendors
from impl.ike.core import Core, Dropped, Got, Refused, Reply
from impl.ike.key_exchange import private_value, shared_secret
from impl.ike.offers import MOST, answered_phase1, offer_phase1, only, take_phase1
from impl.ike.sadb import IkeSa
from impl.ike.sealing import Sealing
from impl.ike.settings import Lifetime, Phase1Choice, identification_of
from impl.wire.numbers import Method, NotifyType, ProtocolId
from impl.wire.payloads import (
    AnyPayload,
    Identification,
    KeyExchange,
    Nonce,
    Notification,
)
from impl.wire.proposals import SecurityAssociation, encode_sa

NONCE_OCTETS = 32
#: permitted length of a nonce (RFC 2409 section 5)
_NONCES = range(8, 257)
#: octets of alternatives for each octet of an offer, whose sender is not known yet
_AMPLIFIED = 3
#: protocol and port of a Phase I ID payload (RFC 2407 4.6.2)
_ID_PORTS = {(0, 0), (17, 500), (17, 0), (17, 4500)}


def offer(core: Core, sa: IkeSa) -> Reply:
    """Message 1."""
    connection = sa.connection
    named = connection.kerberos.attribute() if connection.kerberos is not None else None
    sa.offer = offer_phase1((*connection.choices, *sa.named), connection.life, named)
    return Reply((sa.offer, *vendors.announced(core, sa)))


def answer_offer(core: Core, sa: IkeSa, got: Got) -> Reply:
    """Message 1 is here: choose one transform, unchanged (R7)."""
    offered = got.one(SecurityAssociation)
    vendors.hear(core, sa, got)
    connection = sa.connection
    # Without a vendor id that says so, method 65001 is XAUTH's.
    takes = [
        [item for item in rank if sa.gssapi or item.method != Method.KERBEROS]
        for rank in connection.takes
    ]
    taken = take_phase1(offered, takes, prefers_own=connection.prefers_own)
    if taken is None:
        problem, reason = "nothing in the peer's offer is acceptable", "proposal-p1"
        acceptable = tuple(choice for rank in takes for choice in rank)[:MOST]
        if methods.only_the_method(offered, (item for rank in connection.takes for item in rank)):
            problem, reason = "the peer offers none of our authentication methods", "auth-method"
        room = _AMPLIFIED * got.header.length if sa.names_alternatives else 0
        data = _alternatives(acceptable, connection.life, room)
        raise Refused(reason, problem, NotifyType.NO_PROPOSAL_CHOSEN, data)
    sa.offer, sa.choice, sa.stated = offered, taken.choice, taken.seconds
    sa.seconds = connection.life.in_force(taken.seconds)
    sa.auth = methods.authenticator(core, sa, taken.transform)
    transform = methods.answered(connection, taken.choice, taken.transform)
    answer = only(taken.proposal, transform, taken.proposal.spi)
    return Reply((answer, *vendors.announced(core, sa)))


def _alternatives(acceptable: tuple[Phase1Choice, ...], life: Lifetime, room: int) -> bytes:
    """Acceptable transforms as an SA payload: as many as there is room for, the best first."""
    while acceptable:
        named = encode_sa(offer_phase1(acceptable, life))
        if len(named) <= room:
            return named
        acceptable = acceptable[: min(len(acceptable) * room // len(named), len(acceptable) - 1)]
    return b""


def take_answer(core: Core, sa: IkeSa, got: Got) -> Steps[Reply]:
    """Message 2 is here: the answer must be one transform of the local offer (R7)."""
    offered = *sa.connection.choices, *sa.named
    taken = answered_phase1(got.one(SecurityAssociation), offered)
    if taken is None:
        raise Dropped("proposal-p1", "the answer is not a transform of the offer")
    vendors.hear(core, sa, got)
    if taken.choice.method == Method.KERBEROS and not sa.gssapi:
        why = "the peer chose method 65001 without a vendor ID that says that it means Kerberos"
        raise Dropped("auth-method", why)
    sa.choice = taken.choice
    sa.seconds = sa.connection.life.in_force(taken.seconds)
    sa.auth = methods.authenticator(core, sa, taken.transform)
    yield from sa.auth.hear(got.payloads)
    greeting = yield from sa.auth.greet()
    payloads = yield from _key_exchange(core, sa)
    return Reply((*payloads, *greeting))


def _key_exchange(core: Core, sa: IkeSa) -> Steps[tuple[AnyPayload, ...]]:
    """The local public value and nonce, kept and as payloads."""
    sa.private = yield from private_value(_group(sa.choice), core.random)
    nonce = core.random(NONCE_OCTETS)
    sa.publics = _with(sa.publics, sa.private.public, initiated=sa.initiated)
    sa.nonces = _with(sa.nonces, nonce, initiated=sa.initiated)
    return KeyExchange(sa.private.public), Nonce(nonce), *natt.discovery(core, sa)


def _with(pair: tuple[bytes, bytes], own: bytes, *, initiated: bool) -> tuple[bytes, bytes]:
    """The pair (initiator's, responder's) with one end's set."""
    return (own, pair[1]) if initiated else (pair[0], own)


def _group(choice: Phase1Choice | None) -> Group:
    group = group_of(choice.group) if choice is not None else None
    assert group is not None  # settings hold supported groups only
    return group


def _hear_keys(sa: IkeSa, got: Got) -> None:
    """Keep the peer's public value and nonce."""
    public, nonce = got.one(KeyExchange).data, nonce_of(got)
    try:
        _group(sa.choice).checked(public)
    except DegenerateValue as error:
        raise Dropped("malformed", str(error)) from None
    sa.publics = _with(sa.publics, public, initiated=not sa.initiated)
    sa.nonces = _with(sa.nonces, nonce, initiated=not sa.initiated)


def nonce_of(got: Got) -> bytes:
    """The nonce of a message; Dropped for one that is too short or too long, in either phase."""
    nonce = got.one(Nonce).data
    if len(nonce) not in _NONCES:
        raise Dropped("malformed", f"a nonce of {len(nonce)} octets")
    return nonce


def exchange_keys(core: Core, sa: IkeSa, got: Got) -> Steps[Reply]:
    """Message 3 is here: send the local public value, and derive the keys (R4)."""
    assert sa.auth is not None
    _hear_keys(sa, got)
    yield from sa.auth.hear(got.payloads)
    greeting = yield from sa.auth.greet()
    payloads = yield from _key_exchange(core, sa)
    natt.hear(core, sa, got)
    yield from _derive(core, sa)
    return Reply((*payloads, *greeting))


def _derive(core: Core, sa: IkeSa) -> Steps[None]:
    """The keys of the SA; the exponent is erased."""
    choice = sa.choice
    assert choice is not None and sa.private is not None and sa.auth is not None
    hash_, cipher = HASHES[choice.hash], cipher_of(choice.encryption, choice.key_bits)
    assert cipher is not None
    theirs = sa.publics[1] if sa.initiated else sa.publics[0]
    gxy = yield from shared_secret(_group(choice), sa.private, theirs)
    skeyid = sa.auth.skeyid(hash_, sa.nonces, gxy)
    try:
        keys = schedule.derive(hash_, cipher, skeyid, gxy, sa.cookies, sa.publics)
    except WeakKey as error:
        raise Refused("weak-key", str(error)) from None
    sa.sealing, sa.private = Sealing(keys), None
    core.keys_made(sa)


def prove(core: Core, sa: IkeSa, got: Got) -> Steps[Reply]:
    """Message 4 is here: derive the keys, and send identity and proof (R5, R6)."""
    assert sa.auth is not None
    _hear_keys(sa, got)
    yield from sa.auth.hear(got.payloads)
    yield from _derive(core, sa)
    natt.hear(core, sa, got)
    own = _own_id(core, sa)
    proof = yield from sa.auth.prove(_transcript(sa), own)
    natt.floats(core, sa)
    return Reply((own, *proof, *_first_contact(core, sa)), sealed=True)


def _first_contact(core: Core, sa: IkeSa) -> tuple[AnyPayload, ...]:
    """INITIAL-CONTACT with the local proof, if this is the only SA with the peer (RFC 2407 4.6.3.3)."""
    assert sa.auth is not None
    if sa.auth.proves or not core.sadb.alone(sa):
        return ()
    return (Notification(NotifyType.INITIAL_CONTACT, ProtocolId.ISAKMP, sa.cookies.both),)


def _own_id(core: Core, sa: IkeSa) -> Identification:
    return _stated_id(sa) or identification_of(core.settings.local)


def _stated_id(sa: IkeSa) -> Identification | None:
    """The local identity, if the policy or the credential names one; else it is the address."""
    assert sa.auth is not None
    return sa.connection.own or sa.auth.identity()


def _transcript(sa: IkeSa) -> Transcript:
    """What both proofs cover."""
    assert sa.sealing is not None and sa.offer is not None
    return Transcript(sa.sealing.keys, sa.publics, sa.cookies, encode_sa(sa.offer))


def authenticate_initiator(core: Core, sa: IkeSa, got: Got) -> Steps[Reply]:
    """Message 5 is here: verify it, and send our proof."""
    yield from _verify(sa, got, got.one(Identification))
    return (yield from _answer(core, sa, got, named=True))


def authenticate_responder(core: Core, sa: IkeSa, got: Got) -> Steps[Reply]:
    """Message 6 is here: verify it."""
    yield from _verify(sa, got, got.one(Identification))
    return (yield from _answer(core, sa, got, named=False))


def go_on(core: Core, sa: IkeSa, got: Got) -> Steps[Reply]:
    """Message 7 or a later one is here: a token of GSS-API, or the proof after the last of them."""
    assert sa.identity is not None
    yield from _verify(sa, got, sa.identity)
    return (yield from _answer(core, sa, got, named=False))


def _answer(core: Core, sa: IkeSa, got: Got, *, named: bool) -> Steps[Reply]:
    """The answer to a proof or a token; with our identity first, if it is due."""
    auth = sa.auth
    assert auth is not None
    payloads: tuple[AnyPayload, ...] = ()
    if auth.proves:
        own = _own_id(core, sa)
        proof = yield from auth.prove(_transcript(sa), own)
        payloads = (own, *proof) if named else proof
    if not auth.awaits:
        sa.proved = auth.name
        for notice in got.all(Notification):
            notices.heed(core, sa, notice)
    return Reply(payloads, sealed=True, more=auth.proves or auth.awaits)


def _verify(sa: IkeSa, got: Got, shown: Identification) -> Steps[None]:
    """The peer's proof and identity. A message that does not verify changes nothing: anybody can have sent it."""
    auth = sa.auth
    assert auth is not None
    yield from auth.verify(_transcript(sa), shown, got.payloads, _objection(sa, shown))
    sa.identity = shown


def _objection(sa: IkeSa, shown: Identification) -> Refused | None:
    """What the policy has against an identity; None for nothing."""
    auth = sa.auth
    assert auth is not None
    if (shown.protocol, shown.port) not in _ID_PORTS:
        why = f"an identity of protocol {shown.protocol}, port {shown.port}"
        return Refused("identity", why, NotifyType.INVALID_ID_INFORMATION)
    own = _stated_id(sa)
    if own is not None and auth.fits(shown, own):
        return Refused("identity", "the peer shows our own identity")
    expected = sa.connection.expected
    if isinstance(expected, Identification):
        fits = auth.fits(shown, expected)
    else:
        fits = expected is None or expected.takes(shown)
    if not fits:
        wanted = shown_in_words(expected) if isinstance(expected, Identification) else expected
        why = f"the peer shows {shown_in_words(shown)}, and the policy expects {wanted}"
        return Refused("identity", why, NotifyType.INVALID_ID_INFORMATION)
    return None


ROWS: dict[str, Callable[[Core, IkeSa, Got], Reply | Steps[Reply]]] = {
    "answer_offer": answer_offer,
    "take_answer": take_answer,
    "exchange_keys": exchange_keys,
    "prove": prove,
    "authenticate_initiator": authenticate_initiator,
    "authenticate_responder": authenticate_responder,
    "go_on": go_on,
}
