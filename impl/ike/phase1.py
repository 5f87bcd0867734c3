"""Main Mode, row by row (RFC 2409 section 5; R3 to R7). `tables.MAIN_MODE` says when each is called."""

from __future__ import annotations

from collections.abc import Callable

from impl.crypto import schedule
from impl.crypto.ciphers import cipher_of
from impl.crypto.groups import DegenerateValue, Group, group_of
from impl.crypto.hashes import HASHES, same
from impl.crypto.schedule import WeakKey
from impl.ike import natt, notices, vendors
from impl.ike.core import Core, Dropped, Got, Refused, Reply
from impl.ike.offers import answered_phase1, offer_phase1, only, take_phase1
from impl.ike.sadb import IkeSa
from impl.ike.sealing import Sealing
from impl.ike.settings import Phase1Choice, identification_of
from impl.wire.numbers import Method, NotifyType, ProtocolId
from impl.wire.payloads import (
    AnyPayload,
    HashData,
    Identification,
    KeyExchange,
    Nonce,
    Notification,
)
from impl.wire.proposals import SecurityAssociation, encode_sa

NONCE_OCTETS = 32
#: what a nonce may measure (RFC 2409 section 5)
_NONCES = range(8, 257)
#: protocol and port of a Phase I ID payload (RFC 2407 4.6.2)
_ID_PORTS = {(0, 0), (17, 500), (17, 0), (17, 4500)}


def offer(core: Core, sa: IkeSa) -> Reply:
    """Message 1."""
    sa.offer = offer_phase1((*sa.connection.choices, *sa.named), sa.connection.life)
    return Reply((sa.offer, *vendors.announced(core, sa)))


def answer_offer(core: Core, sa: IkeSa, got: Got) -> Reply:
    """Message 1 is here: choose one transform, unchanged (R7)."""
    offered = got.one(SecurityAssociation)
    vendors.hear(core, sa, got)
    connection = sa.connection
    taken = take_phase1(offered, connection.takes, prefers_own=connection.prefers_own)
    if taken is None:
        problem = "nothing in the peer's offer is acceptable"
        acceptable = tuple(choice for rank in connection.takes for choice in rank)
        named = encode_sa(offer_phase1(acceptable, connection.life))
        data = named if sa.names_alternatives else b""
        raise Refused("proposal-p1", problem, NotifyType.NO_PROPOSAL_CHOSEN, data)
    sa.offer, sa.choice, sa.stated = offered, taken.choice, taken.seconds
    sa.seconds = connection.life.in_force(taken.seconds)
    answer = only(taken.proposal, taken.transform, taken.proposal.spi)
    return Reply((answer, *vendors.announced(core, sa)))


def take_answer(core: Core, sa: IkeSa, got: Got) -> Reply:
    """Message 2 is here: the answer must be one transform of the own offer (R7)."""
    assert sa.offer is not None
    taken = answered_phase1(got.one(SecurityAssociation), sa.offer)
    if taken is None:
        raise Dropped("proposal-p1", "the answer is no transform of the offer")
    vendors.hear(core, sa, got)
    sa.choice = taken.choice
    sa.seconds = sa.connection.life.in_force(taken.seconds)
    return Reply(_key_exchange(core, sa))


def _key_exchange(core: Core, sa: IkeSa) -> tuple[AnyPayload, ...]:
    """The own public value and nonce, kept and as payloads."""
    sa.private = _group(sa.choice).private(core.random)
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


def exchange_keys(core: Core, sa: IkeSa, got: Got) -> Reply:
    """Message 3 is here: send the own public value, and derive the keys (R4)."""
    _hear_keys(sa, got)
    payloads = _key_exchange(core, sa)
    natt.hear(core, sa, got)
    _derive(core, sa)
    return Reply(payloads)


def _derive(core: Core, sa: IkeSa) -> None:
    """The keys of the SA; of the exponent nothing is kept."""
    choice = sa.choice
    assert choice is not None and sa.private is not None
    hash_, cipher = HASHES[choice.hash], cipher_of(choice.encryption, choice.key_bits)
    assert cipher is not None
    gxy = sa.private.shared(sa.publics[1] if sa.initiated else sa.publics[0])
    skeyid = _skeyid(sa, choice)
    try:
        keys = schedule.derive(hash_, cipher, skeyid, gxy, sa.cookies, sa.publics)
    except WeakKey as error:
        raise Refused("weak-key", str(error)) from None
    sa.sealing, sa.private = Sealing(keys), None
    core.keys_made(sa)


def _skeyid(sa: IkeSa, choice: Phase1Choice) -> bytes:
    secret = sa.connection.secret
    assert choice.method == Method.PRE_SHARED_KEY  # settings hold no other
    if secret is None:
        raise Refused("psk-mismatch", "there is no pre-shared key for this peer")
    found: list[bytes] = []

    def use(octets: bytes) -> bool:
        found.append(schedule.skeyid_of_psk(HASHES[choice.hash], octets, *sa.nonces))
        return True

    if not secret.use(use):
        raise Refused("psk-mismatch", f"the pre-shared key is not known: {secret.missing}")
    return found[0]


def prove(core: Core, sa: IkeSa, got: Got) -> Reply:
    """Message 4 is here: derive the keys, and send identity and proof (R5, R6)."""
    _hear_keys(sa, got)
    _derive(core, sa)
    natt.hear(core, sa, got)
    natt.floats(core, sa)
    own = _own_id(core, sa)
    payloads: list[AnyPayload] = [own, HashData(_hash(sa, own, initiators=True))]
    if core.sadb.alone(sa):
        spi = sa.cookies.both
        payloads.append(Notification(NotifyType.INITIAL_CONTACT, ProtocolId.ISAKMP, spi))
    return Reply(payloads, sealed=True)


def _own_id(core: Core, sa: IkeSa) -> Identification:
    return sa.connection.own or identification_of(core.settings.local)


def _hash(sa: IkeSa, identity: Identification, *, initiators: bool) -> bytes:
    """HASH_I or HASH_R, over that ID payload."""
    assert sa.sealing is not None and sa.offer is not None
    made = schedule.hash_i if initiators else schedule.hash_r
    body = encode_sa(sa.offer)
    return made(sa.sealing.keys, sa.publics, sa.cookies, body, identity.body)


def authenticate_initiator(core: Core, sa: IkeSa, got: Got) -> Reply:
    """Message 5 is here: verify it, and prove oneself."""
    _verify(sa, got, initiators=True)
    own = _own_id(core, sa)
    for notice in got.all(Notification):
        notices.heed(core, sa, notice)
    return Reply((own, HashData(_hash(sa, own, initiators=False))), sealed=True)


def authenticate_responder(core: Core, sa: IkeSa, got: Got) -> Reply:
    """Message 6 is here: verify it."""
    _verify(sa, got, initiators=False)
    for notice in got.all(Notification):
        notices.heed(core, sa, notice)
    return Reply()


def _verify(sa: IkeSa, got: Got, *, initiators: bool) -> None:
    """The peer's proof and identity. What does not verify changes nothing: anybody can have sent it."""
    shown, proof = got.one(Identification), got.one(HashData)
    if not same(proof.data, _hash(sa, shown, initiators=initiators)):
        name = "HASH_I" if initiators else "HASH_R"
        raise Dropped("tampered", f"{name} is wrong: a message was altered on the way")
    if (shown.protocol, shown.port) not in _ID_PORTS:
        why = f"an identity of protocol {shown.protocol}, port {shown.port}"
        raise Refused("identity", why, NotifyType.INVALID_ID_INFORMATION)
    if _is_own(sa, shown):
        raise Refused("identity", "the peer shows the own identity")
    expected = sa.connection.expected
    if expected is not None and (shown.type, shown.data) != (expected.type, expected.data):
        why = "the peer's identity is not the one expected"
        raise Refused("identity", why, NotifyType.INVALID_ID_INFORMATION)
    sa.identity = shown


def _is_own(sa: IkeSa, shown: Identification) -> bool:
    own = sa.connection.own
    return own is not None and (shown.type, shown.data) == (own.type, own.data)


ROWS: dict[str, Callable[[Core, IkeSa, Got], Reply]] = {
    "answer_offer": answer_offer,
    "take_answer": take_answer,
    "exchange_keys": exchange_keys,
    "prove": prove,
    "authenticate_initiator": authenticate_initiator,
    "authenticate_responder": authenticate_responder,
}
