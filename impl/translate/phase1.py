"""Main Mode proposals and lifetimes, in the order in which each stack sends and prefers them (R3, R7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeVar

from impl.crypto.ciphers import cipher_of
from impl.crypto.groups import group_of
from impl.crypto.hashes import HASHES
from impl.ike.offers import LONGEST_LIFE, MOST
from impl.ike.settings import Detection, Lifetime, Phase1Choice
from impl.translate.words import cannot
from impl.wire.numbers import Method
from model.vocabulary.places import Place
from model.vocabulary.policy import Connection, Life, Phase1Proposal
from model.vocabulary.profiles import Lifetimes, Sends, StackProfile
from model.vocabulary.suites import AuthMethod

T = TypeVar("T")
#: what can be run
METHODS = {
    AuthMethod.PRE_SHARED_KEY: Method.PRE_SHARED_KEY,
    AuthMethod.CERTIFICATE: Method.RSA_SIGNATURES,
    AuthMethod.KERBEROS: Method.KERBEROS,
}
#: seconds before its end at which an SA is replaced, if the policy does not say when
_SHORTLY = 6
#: seconds in which a question of dead peer detection can be answered
_ANSWERED = 3


def phase1_offer(
    connection: Connection, profile: StackProfile, methods: Sequence[Method]
) -> tuple[Phase1Choice, ...]:
    """What message 1 offers, in order; of each combination one transform a method."""
    found: dict[Phase1Choice, None] = {}
    for proposal in connection.proposals:
        found |= dict.fromkeys(_choices(connection, proposal, profile.sends, methods))
    if not found:
        why = f"{connection.name} has no proposal that IKEv1 can express"
        raise cannot(
            why,
            _place(connection, None),
            "name a cipher, a hash and a group, for example aes128-sha256-modp2048",
        )
    if len(found) > MOST:
        why = (
            f"{connection.name} offers {len(found)} combinations, but an offer has room for {MOST}"
        )
        raise cannot(why, _place(connection, None), "name fewer algorithms")
    return tuple(found)


def phase1_ranks(
    connection: Connection, methods: Sequence[Method]
) -> tuple[tuple[Phase1Choice, ...], ...]:
    """What is taken of an offer: of one proposal every combination, and all of equal rank."""
    sends = Sends.EVERY_COMBINATION
    every = (_choices(connection, item, sends, methods) for item in connection.proposals)
    return tuple(rank for item in every if (rank := tuple(item)))


def phase1_life(connection: Connection, profile: StackProfile) -> Lifetime:
    """The lifetime of a Phase I SA."""
    life = connection.life
    kilobytes = life.offered_kilobytes.value or life.hard_kilobytes.value
    if kilobytes is not None:
        place = life.offered_kilobytes.place or life.hard_kilobytes.place or connection.place
        why = f"{connection.name} limits Phase I in kilobytes, which are not counted there"
        raise cannot(why, place, "limit it in seconds instead")
    return lifetime(life, profile.phase1_lifetime)


def detection(connection: Connection) -> Detection | None:
    """How a dead peer is detected; None: it is not. A time-out before the first question is over leaves
    time for that one."""
    stated = connection.detection
    delay, timeout = stated.delay.value, stated.timeout.value
    if delay is None or timeout is None:
        return None
    return Detection(delay, delay, max(timeout, delay + _ANSWERED))


def lifetime(life: Life, rule: Lifetimes) -> Lifetime:
    """A lifetime in the engine's terms. A stack that ends an SA later than it begins to replace it draws
    the moment of that at random, from as long a time before."""
    _statable(life)
    hard, soft = life.hard_seconds.value, life.soft_seconds.value
    if (soft is None and hard is not None) or soft == hard:
        soft = None if hard is None else hard - min(_SHORTLY, hard // 10)
    return Lifetime(
        offered=life.offered_seconds.value,
        hard=hard,
        soft=soft,
        jitter=0 if hard is None or soft is None else min(hard - soft, soft // 2),
        kilobytes=life.offered_kilobytes.value,
        own_counts=rule is Lifetimes.OWN,
    )


def _statable(life: Life) -> None:
    """An offer has four octets for a lifetime, and nothing needs more."""
    seconds, kilobytes = (
        (life.offered_seconds, life.hard_seconds),
        (life.offered_kilobytes, life.hard_kilobytes),
    )
    for unit, stated in (("seconds", seconds), ("kilobytes", kilobytes)):
        for item in stated:
            if item.value is not None and item.value > LONGEST_LIFE:
                place = item.place or next((i.place for i in stated if i.place), None)
                why = f"a lifetime of {item.value} {unit} is longer than an offer can state"
                raise cannot(why, place, f"write {LONGEST_LIFE} {unit} at most, or remove it")


def sent(kind: Sequence[T], sends: Sends) -> Sequence[T]:
    """What goes out of the algorithms of one kind that a proposal lists."""
    return kind[:1] if sends is Sends.FIRST_OF_EACH_KIND else kind


def _choices(
    connection: Connection, proposal: Phase1Proposal, sends: Sends, methods: Sequence[Method]
) -> Iterator[Phase1Choice]:
    """One proposal as combinations; what IKEv1 has no number for is not in them (as every stack has it),
    and what this engine lacks is refused."""
    place = _place(connection, proposal.place)
    _certain(connection, proposal, place)
    ciphers = [item for item in proposal.ciphers if item.algorithm.phase1_number is not None]
    hashes = [item for item in proposal.hashes if item.number is not None]
    for cipher in ciphers:
        if cipher_of(cipher.algorithm.phase1_number or 0, cipher.key_bits) is None:
            raise cannot(f"{cipher} is not supported in Phase I", place, "use des, 3des or aes")
    for hash_ in hashes:
        if hash_.number not in HASHES:
            raise cannot(
                f"{hash_.value} is not supported in Phase I", place, "use md5, sha1 or sha2"
            )
    for group in proposal.groups:
        if group_of(group.number) is None:
            mend = "use modp768 to modp8192"
            raise cannot(f"the group {group.value} is not supported", place, mend)
    parts = sent(ciphers, sends), sent(hashes, sends), sent(proposal.groups, sends)
    for cipher, hash_, group, method in product(*parts, methods):
        number = cipher.algorithm.phase1_number
        assert number is not None and hash_.number is not None
        yield Phase1Choice(number, cipher.key_bits, hash_.number, method, group.number)


def _certain(connection: Connection, proposal: Phase1Proposal, place: Place) -> None:
    if proposal.default:
        why = f"{connection.name} has default Phase I proposals, which are not supported"
        raise cannot(why, place, "state them, for example aes128-sha256-modp2048")
    hashes = [item for item in proposal.hashes if item.number is not None]
    if proposal.prfs and any(item not in proposal.prfs for item in hashes):
        why = "IKEv1 uses the prf of the hash, but the proposal names another"
        raise cannot(why, place, "remove the prf from the proposal")


def _place(connection: Connection, place: Place | None) -> Place:
    return place or next((p.place for p in connection.proposals if p.place), connection.place)
