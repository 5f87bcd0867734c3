"""The Informational exchange: Delete and Notify, under an SA or in clear (RFC 2408 3.14, 3.15; 3706; R18).

A message in clear is only a hint: it is reported, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from impl.crypto import schedule
from impl.crypto.hashes import same
from impl.ike.core import Core, Dropped, Got, Reply
from impl.ike.events import Notified, SaPair, SasDeleted
from impl.ike.methods import only_the_method_named
from impl.ike.offers import durations_of, life_attributes
from impl.ike.sadb import IkeSa
from impl.ike.tables import State
from impl.wire.errors import WireError
from impl.wire.message import encode_chain
from impl.wire.numbers import (
    IpsecAttribute,
    LifeType,
    Method,
    NotifyType,
    OakleyAttribute,
    ProtocolId,
    name_of,
)
from impl.wire.payloads import AnyPayload, Delete, HashData, Notification
from impl.wire.proposals import decode_attributes, encode_attributes

#: octets of the sequence number of R-U-THERE (RFC 3706 5.3)
_NUMBER = 4
#: kinds of notify in clear that are reported of one SA: anybody can send any number
_HINTS = 8

#: what a refusal of Phase I is about
_REFUSALS: dict[int, str] = {
    NotifyType.NO_PROPOSAL_CHOSEN: "proposal-p1",
    NotifyType.INVALID_ID_INFORMATION: "identity",
    NotifyType.INVALID_CERT_ENCODING: "certificate",
    NotifyType.INVALID_CERTIFICATE: "certificate",
    NotifyType.CERT_TYPE_UNSUPPORTED: "certificate",
    NotifyType.INVALID_CERT_AUTHORITY: "certificate",
    NotifyType.INVALID_SIGNATURE: "certificate",
    NotifyType.CERTIFICATE_UNAVAILABLE: "certificate",
}
_OF_METHOD: dict[int, str] = {
    Method.PRE_SHARED_KEY: "psk-mismatch",
    Method.RSA_SIGNATURES: "certificate",
    Method.KERBEROS: "kerberos",
}


def sealed_notice(sa: IkeSa, message_id: int, rest: Sequence[AnyPayload]) -> Reply:
    """HASH(1) and what it is about."""
    assert sa.sealing is not None
    chain = encode_chain(rest)
    return Reply.hashed(schedule.hash_1(sa.sealing.keys, message_id, chain[1]), chain)


def verify(sa: IkeSa, got: Got) -> None:
    """Dropped unless HASH(1) is first, and right."""
    assert sa.sealing is not None and got.opened is not None
    first = got.payloads[0] if got.payloads else None
    made = schedule.hash_1(sa.sealing.keys, got.header.message_id, got.opened.rest)
    if not isinstance(first, HashData) or not same(first.data, made):
        raise Dropped("tampered", "HASH(1) of an Informational message is wrong")


def hear_sealed(core: Core, sa: IkeSa, got: Got) -> list[AnyPayload]:
    """Process a message that verifies; returns the answer. Dropped if it does not verify."""
    verify(sa, got)
    replies: list[AnyPayload] = []
    for item in got.payloads[1:]:
        if isinstance(item, Delete):
            _delete(core, sa, item)
        elif isinstance(item, Notification):
            core.emit(Notified(sa.peer, item, protected=True))
            replies += heed(core, sa, item)
    return replies


def heed(core: Core, sa: IkeSa, item: Notification) -> list[AnyPayload]:
    """What a protected notify about the Phase I SA changes, and the answer to it."""
    if item.type == NotifyType.INITIAL_CONTACT:
        core.drop_others(sa)
    if item.protocol != ProtocolId.ISAKMP or item.spi != sa.cookies.both:
        return []
    if item.type == NotifyType.RESPONDER_LIFETIME:
        seconds, _ = lifetime_in(item, OakleyAttribute.LIFE_TYPE, OakleyAttribute.LIFE_DURATION)
        if seconds is not None:
            core.shortened(sa, seconds)
    elif item.type == NotifyType.R_U_THERE_ACK and len(item.data) == _NUMBER:
        core.answered(sa, int.from_bytes(item.data, "big"))
    elif item.type == NotifyType.R_U_THERE and len(item.data) == _NUMBER:
        # An old R-U-THERE may have been held back, and is ignored; the last may repeat, if our answer was lost.
        number = int.from_bytes(item.data, "big")
        if number >= sa.answered_to:
            sa.answered_to = number
            ack = NotifyType.R_U_THERE_ACK
            return [Notification(ack, item.protocol, item.spi, item.data)]
    return []


def question(sa: IkeSa) -> Notification:
    """R-U-THERE, with the number of the SA's question (RFC 3706 5.3)."""
    data = sa.question.to_bytes(_NUMBER, "big")
    return Notification(NotifyType.R_U_THERE, ProtocolId.ISAKMP, sa.cookies.both, data)


def lifetime_of_phase1(sa: IkeSa) -> Notification:
    """RESPONDER-LIFETIME: what is in force, where the offer states more (RFC 2407 4.6.3.1)."""
    types = OakleyAttribute.LIFE_TYPE, OakleyAttribute.LIFE_DURATION
    return _lifetime(ProtocolId.ISAKMP, sa.cookies.both, *types, sa.seconds, None)


def lifetime_of_sas(
    protocol: int, spi: bytes, seconds: int | None, kilobytes: int | None
) -> Notification:
    """The same in Quick Mode; `spi` is the answerer's, None what is not said."""
    types = IpsecAttribute.LIFE_TYPE, IpsecAttribute.LIFE_DURATION
    return _lifetime(protocol, spi, *types, seconds, kilobytes)


def _lifetime(
    protocol: int, spi: bytes, type_: int, duration: int, seconds: int | None, kilobytes: int | None
) -> Notification:
    data = encode_attributes(life_attributes(type_, duration, seconds, kilobytes))
    return Notification(NotifyType.RESPONDER_LIFETIME, protocol, spi, data)


def lifetime_in(item: Notification, type_: int, duration: int) -> tuple[int | None, int | None]:
    """Seconds and kilobytes that a RESPONDER-LIFETIME states; None for what it does not."""
    try:
        attributes = decode_attributes(item.data, 0, len(item.data))
    except WireError:
        return None, None
    stated = durations_of(attributes, type_, duration)
    return stated.get(LifeType.SECONDS), stated.get(LifeType.KILOBYTES)


def hear_clear(core: Core, sa: IkeSa, got: Got) -> None:
    """Report what anybody can have sent, each kind once; keep it as a possible reason for a failure."""
    for item in got.all(Notification):
        if item.type not in sa.hinted and len(sa.hinted) < _HINTS:
            sa.hinted.add(item.type)
            core.emit(Notified(sa.peer, item, protected=False))
        reason = refusal_of(sa, item)
        if reason and sa.state is not State.ESTABLISHED:
            sa.problem = (reason, f"the peer says {name_of(NotifyType, item.type)}, in clear")
            sa.heard = True


def refusal_of(sa: IkeSa, notice: Notification) -> str:
    """Why the peer rejects Phase I, in the words of verdicts; empty if the message does not say so."""
    if notice.type == NotifyType.NO_PROPOSAL_CHOSEN and only_the_method_named(
        notice.data, sa.connection.choices
    ):
        return "auth-method"
    if notice.type == NotifyType.AUTHENTICATION_FAILED:
        return _OF_METHOD.get(sa.choice.method if sa.choice is not None else 0, "")
    return _REFUSALS.get(notice.type, "")


def early_refusal(sa: IkeSa, got: Got) -> tuple[str, str] | None:
    """What refuses an exchange under its own keys before it stands; None if nothing does. Dropped for a
    notice that does not verify."""
    verify(sa, got)
    for item in got.all(Notification):
        reason = refusal_of(sa, item)
        if reason == "psk-mismatch":
            # It has the keys, so it has the pre-shared key: what it refuses is who we say we are.
            reason = "identity"
        if reason:
            said = name_of(NotifyType, item.type)
            return reason, f"the peer says {said}, under the keys of this exchange"
    return None


def _delete(core: Core, sa: IkeSa, item: Delete) -> None:
    """SPIs in a Delete are the sender's inbound ones, our outbound ones; both directions are deleted."""
    if item.protocol == ProtocolId.ISAKMP:
        if sa.cookies.both in item.spis:
            core.ended(sa, "the peer has deleted it")
        return
    named = {int.from_bytes(spi, "big") for spi in item.spis}
    # Pairs are the peer's, whichever of its Phase I SAs they were made under. Of a bundle one protocol is
    # enough: it falls as a whole.
    shared = [
        (owner, pair, sas)
        for owner, pair in core.sadb.pairs_with(sa)
        for sas in pair.sas
        if sas.choice.protocol == item.protocol
    ]
    # strongSwan names its outbound one, which is our inbound one, when it could not install a pair.
    for owner, pair, _ in [held for held in shared if held[2].outbound_spi in named] or [
        held for held in shared if held[2].inbound_spi in named
    ]:
        core.drop_pair(owner, pair, "the peer has deleted it")


def remove_pair(core: Core, sa: IkeSa, pair: SaPair, why: str) -> None:
    """A pair is gone."""
    if core.sadb.uninstall(sa, pair):
        core.emit(SasDeleted(sa.connection.name, pair, why))


def deletes_of(pairs: Iterable[SaPair]) -> list[AnyPayload]:
    """The Deletes of pairs: their inbound SPIs, a payload a protocol."""
    return deletes_naming(
        (item.choice.protocol, item.inbound_spi.to_bytes(4, "big"))
        for pair in pairs
        for item in pair.sas
    )


def deletes_naming(spis: Iterable[tuple[int, bytes]]) -> list[AnyPayload]:
    """Deletes of own SPIs, each with its protocol: a payload a protocol."""
    found: dict[int, list[bytes]] = {}
    for protocol, spi in spis:
        found.setdefault(protocol, []).append(spi)
    return [Delete(protocol, tuple(spis)) for protocol, spis in found.items()]


def delete_of(sa: IkeSa) -> Delete:
    """The Delete of a Phase I SA."""
    return Delete(ProtocolId.ISAKMP, (sa.cookies.both,))
