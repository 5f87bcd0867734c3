"""The Informational exchange: Delete and Notify, under an SA or in clear (RFC 2408 3.14, 3.15; 3706; R18).

What comes in clear is a hint: it is reported, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from impl.crypto import schedule
from impl.crypto.hashes import same
from impl.ike.core import Core, Dropped, Got
from impl.ike.events import Notified, Phase1Ended, SaPair, SasDeleted
from impl.ike.sadb import IkeSa
from impl.wire.message import encode_chain
from impl.wire.numbers import NotifyType, ProtocolId
from impl.wire.payloads import AnyPayload, Delete, HashData, Notification


def sealed_notice(sa: IkeSa, message_id: int, rest: Sequence[AnyPayload]) -> list[AnyPayload]:
    """HASH(1) and what it is about."""
    assert sa.sealing is not None
    made = schedule.hash_1(sa.sealing.keys, message_id, encode_chain(rest)[1])
    return [HashData(made), *rest]


def hear_sealed(core: Core, sa: IkeSa, got: Got) -> list[AnyPayload]:
    """Take a notice that verifies; what is to be answered. Dropped if it does not."""
    assert sa.sealing is not None and got.opened is not None
    first = got.payloads[0] if got.payloads else None
    made = schedule.hash_1(sa.sealing.keys, got.header.message_id, got.opened.rest)
    if not isinstance(first, HashData) or not same(first.data, made):
        raise Dropped("tampered", "HASH(1) of a notice is wrong")
    replies: list[AnyPayload] = []
    for item in got.payloads[1:]:
        if isinstance(item, Delete):
            _delete(core, sa, item)
        elif isinstance(item, Notification):
            core.emit(Notified(sa.peer, item, protected=True))
            if item.type == NotifyType.R_U_THERE and item.spi == sa.cookies.both:
                ack = NotifyType.R_U_THERE_ACK
                replies.append(Notification(ack, item.protocol, item.spi, item.data))
    return replies


def hear_clear(core: Core, sa: IkeSa, got: Got) -> None:
    """Report what anybody can have sent; keep it as what the exchange may have failed of."""
    for item in got.all(Notification):
        core.emit(Notified(sa.peer, item, protected=False))
        if item.type == NotifyType.NO_PROPOSAL_CHOSEN:
            sa.problem = ("proposal-p1", "the peer says NO-PROPOSAL-CHOSEN, in clear")
            sa.heard = True


def _delete(core: Core, sa: IkeSa, item: Delete) -> None:
    """SPIs in a Delete are the sender's inbound ones: our outbound ones; both directions go."""
    if item.protocol == ProtocolId.ISAKMP:
        if sa.cookies.both in item.spis:
            core.emit(Phase1Ended(sa.name, sa.peer, sa.connection.name, "the peer has deleted it"))
            core.sadb.remove(sa)
        return
    named = {int.from_bytes(spi, "big") for spi in item.spis}
    # Pairs are the peer's, whichever of its Phase I SAs they were made under.
    for owner, pair in list(core.sadb.pairs.values()):
        ours = owner.same_end(sa) and owner.identity == sa.identity
        if ours and pair.choice.protocol == item.protocol and pair.outbound_spi in named:
            remove_pair(core, owner, pair, "the peer has deleted it")


def remove_pair(core: Core, sa: IkeSa, pair: SaPair, why: str) -> None:
    """A pair is gone."""
    core.sadb.pairs.pop(pair.inbound_spi, None)
    if pair in sa.pairs:
        sa.pairs.remove(pair)
    core.emit(SasDeleted(sa.connection.name, pair, why))


def deletes_of(pairs: Iterable[SaPair]) -> list[AnyPayload]:
    """The Deletes of pairs: their inbound SPIs, a payload a protocol."""
    found: dict[int, list[bytes]] = {}
    for pair in pairs:
        spi = pair.inbound_spi.to_bytes(4, "big")
        found.setdefault(pair.choice.protocol, []).append(spi)
    return [Delete(protocol, tuple(spis)) for protocol, spis in found.items()]


def delete_of(sa: IkeSa) -> Delete:
    """The Delete of a Phase I SA."""
    return Delete(ProtocolId.ISAKMP, (sa.cookies.both,))
