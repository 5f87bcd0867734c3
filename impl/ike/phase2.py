"""Quick Mode, row by row (RFC 2409 section 5.5; R10 to R16, R21). `tables.QUICK_MODE` says when.

A row requests no work before the message has verified, so only the peer can cause it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address

from impl.auth.interface import Steps
from impl.crypto import schedule
from impl.crypto.groups import DegenerateValue, group_of
from impl.crypto.hashes import same
from impl.ike import natt, notices
from impl.ike.bundles import (
    Taken2,
    answer_phase2,
    answered_phase2,
    key_octets,
    offer_phase2,
    take_phase2,
)
from impl.ike.clients import client_id, packets_of
from impl.ike.core import Core, Dropped, Got, Refused, Reply, fresh
from impl.ike.events import ProtocolSas, SaPair
from impl.ike.key_exchange import private_value, shared_secret
from impl.ike.offers import MOST
from impl.ike.phase1 import NONCE_OCTETS, nonce_of
from impl.ike.sadb import Agreed, IkeSa, Quick
from impl.ike.settings import Bundle, ChildSettings, Phase2Choice, host_of
from impl.wire.message import encode_chain
from impl.wire.numbers import Encapsulation, IpsecAttribute, NotifyType
from impl.wire.payloads import (
    AnyPayload,
    HashData,
    Identification,
    KeyExchange,
    Nonce,
    Notification,
)
from impl.wire.proposals import SecurityAssociation, encode_sa
from model.vocabulary.profiles import Selectors
from model.vocabulary.selectors import Selector

#: SPIs up to this one are reserved (RFC 2406 2.1)
RESERVED_SPIS = 255
#: SAs that a peer may ask for in one Quick Mode
MOST_AT_ONCE = 16
#: modes that count as tunnel or transport, in UDP or not
_PLAIN: dict[int, int] = {
    Encapsulation.UDP_TUNNEL: Encapsulation.TUNNEL,
    Encapsulation.UDP_TUNNEL_DRAFT: Encapsulation.TUNNEL,
    Encapsulation.UDP_TRANSPORT: Encapsulation.TRANSPORT,
    Encapsulation.UDP_TRANSPORT_DRAFT: Encapsulation.TRANSPORT,
}
#: how well equal, and overlapping, selectors match
_SAME, _OVERLAP = 5, 1


def _ends(core: Core, sa: IkeSa, child: ChildSettings) -> tuple[Identification, Identification]:
    """The traffic selectors of a child, the local ones first, with the addresses of both ends filled in."""
    local = child.local.at(core.settings.local)
    remote = child.remote.at(host_of(sa.peer[0]))
    return client_id(local), client_id(remote)


# ---- the starter
def offer_quick(core: Core, sa: IkeSa, quick: Quick, choices: Sequence[Bundle]) -> Steps[Reply]:
    """Message 1, with these choices; for the packets of the pair that it replaces, if it does."""
    child = quick.child
    assert child is not None and sa.sealing is not None
    agreed = sa.choice.group if sa.choice is not None else None
    quick.offered = natt.spoken(sa, _of_one_group(choices, agreed))
    quick.spis = _spis(core, (item.protocol for bundle in quick.offered for item in bundle))
    quick.nonce = core.random(NONCE_OCTETS)
    quick.ids = _ends(core, sa, child)
    if quick.replaces is not None:
        quick.ids = client_id(quick.replaces.local), client_id(quick.replaces.remote)
    public = yield from _public(core, quick, quick.offered[0][0].group)
    rest: list[AnyPayload] = [
        offer_phase2(quick.offered, quick.spis, child.life),
        Nonce(quick.nonce),
        *public,
        *quick.ids,
        *natt.originals(core, sa, quick, quick.offered[0]),
    ]
    chain = encode_chain(rest)
    made = schedule.hash_1(sa.sealing.keys, quick.message_id, chain[1])
    return Reply.hashed(made, chain)


def _of_one_group(choices: Sequence[Bundle], agreed: int | None) -> tuple[Bundle, ...]:
    """Message 1 carries one public value, so only choices of one group are offered: if the first has
    PFS, of Phase I's group where one has it; else of the first one's."""
    group = choices[0][0].group
    if group is not None and any(item[0].group == agreed for item in choices):
        group = agreed
    return tuple(item for item in choices if item[0].group == group)


def _public(core: Core, quick: Quick, number: int | None) -> Steps[tuple[KeyExchange, ...]]:
    """The local public value of a second Diffie-Hellman; none without PFS (R12)."""
    group = group_of(number) if number is not None else None
    if group is None:
        return ()
    quick.private = yield from private_value(group, core.random)
    return (KeyExchange(quick.private.public),)


def _spis(core: Core, protocols: Iterable[int], taken: Iterable[bytes] = ()) -> dict[int, bytes]:
    """SPIs for own inbound SAs, one for each protocol: not reserved, none that is in use here, whatever its
    protocol, and none of `taken`, the peer's (R11) or already given out."""
    avoid, found = set(taken), dict[int, bytes]()
    for protocol in protocols:
        while protocol not in found:
            spi = fresh(core.random, 4)
            number = int.from_bytes(spi, "big")
            if number > RESERVED_SPIS and number not in core.sadb.inbound and spi not in avoid:
                found[protocol] = spi
                avoid.add(spi)
    return found


def take_quick_answer(core: Core, sa: IkeSa, quick: Quick, got: Got) -> Steps[Reply]:
    """Message 2 is here: verify it, take the choice, install, and prove that the exchange is live."""
    assert sa.sealing is not None and got.opened is not None
    nonce, keys = nonce_of(got), sa.sealing.keys
    made = schedule.hash_2(keys, quick.message_id, quick.nonce, got.opened.rest)
    _check(got, made, "HASH(2)")
    _may_serve(sa)
    quick.agreed = [_answered(quick, got.all(SecurityAssociation))]
    quick.peer_nonce = nonce
    natt.hear_originals(quick, got)
    _same_ids(core, sa, quick, got.all(Identification))
    yield from _share(quick, got)
    _may_serve(sa)  # others may have been completed meanwhile
    _hear_lifetime(quick, got)
    made = schedule.hash_3(keys, quick.message_id, quick.nonce, nonce)
    _install(core, sa, quick)
    return Reply((HashData(made),), sealed=True)


def _answered(quick: Quick, answers: Sequence[SecurityAssociation]) -> Agreed:
    """What the answer takes of the offer, which has one SA payload. The answerer waits for message 3, so a
    refusal is told to it."""
    none = NotifyType.NO_PROPOSAL_CHOSEN
    first = answers[0].proposals[0]
    quick.protocol, quick.peer_spi = first.protocol, first.spi
    if len(answers) != 1:
        why = f"the answer has {len(answers)} SA payloads, but the offer has one"
        raise Refused("proposal-p2", why, none)
    taken = answered_phase2(answers[0], quick.offered)
    if taken is None:
        raise Refused("proposal-p2", "the answer is not a transform of the offer", none)
    _not_reserved(taken)
    spis = {protocol: quick.spis[protocol] for protocol in taken.spis}
    if any(taken.spis[protocol] == spi for protocol, spi in spis.items()):
        raise Refused("proposal-p2", "the peer's SPI equals ours", none)
    return Agreed(taken.bundle, taken.seconds, taken.kilobytes, spis, taken.spis)


def _not_reserved(taken: Taken2) -> None:
    """0 is no SPI, and in UDP begins what is IKE (RFC 3948 2.2); others up to 255 are reserved."""
    if any(int.from_bytes(spi, "big") <= RESERVED_SPIS for spi in taken.spis.values()):
        why = "the peer's SPI is reserved"
        raise Refused("proposal-p2", why, NotifyType.NO_PROPOSAL_CHOSEN)


def _same_ids(core: Core, sa: IkeSa, quick: Quick, shown: list[Identification]) -> None:
    """The answer's client identities are the offer's, if there are any, or a part of them where policy
    narrows; through a NAT the answerer may name the addresses that it sees, in transport mode."""
    assert quick.ids is not None
    if not shown or shown == list(quick.ids):
        return
    if len(shown) == 2 and sa.connection.selectors is Selectors.NARROWED:
        offered, answered = map(packets_of, quick.ids), map(packets_of, shown)
        if all(one.covers(other) for one, other in zip(offered, answered, strict=True)):
            quick.ids = shown[0], shown[1]
            return
    if len(shown) == 2 and quick.originals is not None:
        ours, theirs = map(packets_of, shown)
        own = natt.as_seen_here(core, sa, quick, *map(packets_of, reversed(quick.ids)))
        if natt.as_seen_here(core, sa, quick, theirs, ours) == own:
            return
    why = "the peer answered with different client identities"
    raise Refused("selector", why, NotifyType.INVALID_ID_INFORMATION)


def _check(got: Got, made: bytes, name: str) -> None:
    """HASH must come first and be right; otherwise the sender does not have the keys."""
    first = got.payloads[0] if got.payloads else None
    if not isinstance(first, HashData) or not same(first.data, made):
        raise Dropped("tampered", f"{name} is wrong")


def _may_serve(sa: IkeSa) -> None:
    """One Phase I SA serves a limited number of negotiations; with master key PFS one (R12, R16)."""
    limit = sa.connection.limit
    if limit is not None and sa.served >= limit:
        why = "the Phase I SA has served its maximum number of negotiations"
        raise Refused("limit", why, NotifyType.NO_PROPOSAL_CHOSEN)


def _share(quick: Quick, got: Got) -> Steps[None]:
    """With PFS the secret, which all that was agreed on shares."""
    publics, none = got.all(KeyExchange), NotifyType.NO_PROPOSAL_CHOSEN
    if quick.group is None:
        if publics:
            raise Refused("proposal-p2", "a public value without PFS", none)
        return
    group = group_of(quick.group)
    if len(publics) != 1 or quick.private is None or group is None:
        raise Refused("proposal-p2", "PFS without a public value", none)
    try:
        group.checked(publics[0].data)
    except DegenerateValue as error:
        raise Refused("proposal-p2", str(error), none) from None
    quick.secret = yield from shared_secret(group, quick.private, publics[0].data)
    quick.private = None


# ---- the answerer
def answer_quick(core: Core, sa: IkeSa, quick: Quick, got: Got) -> Steps[Reply]:
    """Message 1 is here: verify it, find the policy, and choose from each SA payload, unchanged."""
    assert sa.sealing is not None and got.opened is not None
    keys = sa.sealing.keys
    _check(got, schedule.hash_1(keys, quick.message_id, got.opened.rest), "HASH(1)")
    offers, nonce = got.all(SecurityAssociation), nonce_of(got)
    _about(quick, offers[0])
    _may_serve(sa)
    natt.hear_originals(quick, got)
    child, ids = _policy(core, sa, quick, got.all(Identification))
    quick.child, quick.ids = child, ids
    chosen = _chosen(sa, quick, child, offers)
    quick.peer_nonce, quick.nonce = nonce, core.random(NONCE_OCTETS)
    quick.agreed = _agreed(core, chosen)
    public = yield from _public(core, quick, quick.group)
    yield from _share(quick, got)
    rest: list[AnyPayload] = [
        *(
            answer_phase2(*both)
            for both in zip(chosen, (a.spis for a in quick.agreed), strict=True)
        ),
        Nonce(quick.nonce),
        *public,
        *(reversed(ids) if got.all(Identification) else ()),
        *natt.originals(core, sa, quick, quick.agreed[0].bundle),
        *_shorter_lifetime(quick),
    ]
    chain = encode_chain(rest)
    return Reply.hashed(schedule.hash_2(keys, quick.message_id, nonce, chain[1]), chain)


def _about(quick: Quick, offered: SecurityAssociation) -> None:
    """A rejection names the first SA of the offer."""
    quick.protocol, quick.peer_spi = offered.proposals[0].protocol, offered.proposals[0].spi


def _chosen(
    sa: IkeSa, quick: Quick, child: ChildSettings, offers: Sequence[SecurityAssociation]
) -> list[Taken2]:
    """The choice from each SA payload: from all or none and, as there is at most one public value, with one
    PFS group (RFC 2409 5.5)."""
    if len(offers) > MOST_AT_ONCE:
        why = f"the peer requests {len(offers)} SAs at once; {MOST_AT_ONCE} is the maximum"
        raise Refused("proposal-p2", why, NotifyType.NO_PROPOSAL_CHOSEN)
    acceptable = ranks = [natt.on_wire(sa, rank) for rank in child.takes]
    found: list[Taken2] = []
    for offered in offers:
        if found:
            _about(quick, offered)
        _same_mode(offered, child)
        taken = take_phase2(offered, ranks, prefers_own=sa.connection.prefers_own)
        if taken is None:
            why = "nothing in the peer's offer is acceptable"
            data = _named(acceptable, child) if sa.names_alternatives else b""
            raise Refused("proposal-p2", why, NotifyType.NO_PROPOSAL_CHOSEN, data)
        _not_reserved(taken)
        if found and any(taken.spis.items() & other.spis.items() for other in found):
            why = "the peer uses one SPI for two SAs"
            raise Refused("proposal-p2", why, NotifyType.NO_PROPOSAL_CHOSEN)
        found.append(taken)
        if len(offers) > 1:
            group = taken.bundle[0].group
            ranks = [tuple(item for item in rank if item[0].group == group) for rank in ranks]
    return found


def _named(ranks: Sequence[Sequence[Bundle]], child: ChildSettings) -> bytes:
    """What would be acceptable, as the data of a refusal; as much of it as an offer has room for (R7)."""
    bundles = [bundle for rank in ranks for bundle in rank][:MOST]
    nobody = {item.protocol: bytes(4) for bundle in bundles for item in bundle}
    return encode_sa(offer_phase2(bundles, nobody, child.life)) if bundles else b""


def _agreed(core: Core, chosen: Sequence[Taken2]) -> list[Agreed]:
    """The same with our SPIs."""
    given = {spi for taken in chosen for spi in taken.spis.values()}
    found = []
    for taken in chosen:
        spis = _spis(core, taken.spis, given)
        given.update(spis.values())
        found.append(Agreed(taken.bundle, taken.seconds, taken.kilobytes, spis, taken.spis))
    return found


def _shorter_lifetime(quick: Quick) -> list[AnyPayload]:
    """RESPONDER-LIFETIME, where the policy allows less than the offer states (RFC 2407 4.6.3.1): one for each
    protocol."""
    assert quick.child is not None
    own = quick.child.life
    found: list[AnyPayload] = []
    for agreed in quick.agreed if not own.own_counts else ():
        seconds = own.hard if own.hard is not None and own.hard < agreed.seconds else None
        kilobytes = own.kilobytes
        if kilobytes is not None and agreed.kilobytes is not None and kilobytes >= agreed.kilobytes:
            kilobytes = None
        if seconds is not None or kilobytes is not None:
            found += (
                notices.lifetime_of_sas(protocol, spi, seconds, kilobytes)
                for protocol, spi in agreed.spis.items()
            )
    return found


def _hear_lifetime(quick: Quick, got: Got) -> None:
    """The answerer has a shorter lifetime than was offered, for any SA of the unit; nothing makes a lifetime
    longer."""
    for item in got.all(Notification):
        if item.type != NotifyType.RESPONDER_LIFETIME:
            continue
        types = IpsecAttribute.LIFE_TYPE, IpsecAttribute.LIFE_DURATION
        for agreed in quick.agreed:
            if item.spi in agreed.peer_spis.values():
                seconds, kilobytes = notices.lifetime_in(item, *types)
                if seconds:
                    agreed.seconds = min(agreed.seconds, seconds)
                agreed.kilobytes = _least(agreed.kilobytes, kilobytes)


def _least(one: int | None, other: int | None) -> int | None:
    """The shorter lifetime; None and 0 state none."""
    return min((item for item in (one, other) if item), default=None)


def _policy(
    core: Core, sa: IkeSa, quick: Quick, shown: list[Identification]
) -> tuple[ChildSettings, tuple[Identification, Identification]]:
    """The child whose packets hold those that the peer asks for; and their ID payloads, the local end's
    first. Without identities it asks for the two addresses (RFC 2409 5.5)."""
    if len(shown) == 1:
        why = "only one client identity: there must be both or none"
        raise Refused("selector", why, NotifyType.INVALID_ID_INFORMATION)
    local, peer = core.settings.local, host_of(sa.peer[0])
    theirs, ours = map(packets_of, shown) if shown else map(_host, (peer, local))
    if shown:
        theirs, ours = natt.as_seen_here(core, sa, quick, theirs, ours)
    narrows = bool(shown) and sa.connection.selectors is Selectors.NARROWED
    best: tuple[int, ChildSettings, Selector, Selector] | None = None
    for child in sa.connection.children:
        rate_ours, own = _common(child.local.at(local), ours)
        rate_theirs, other = _common(child.remote.at(peer), theirs)
        if own is None or other is None or not (narrows or (own, other) == (ours, theirs)):
            continue
        rate = rate_ours + rate_theirs
        exact = rate == 2 * _SAME or sa.connection.selectors is Selectors.NARROWED
        if exact and (best is None or rate > best[0]):
            best = rate, child, own, other
    if best is None:
        why = "no policy selects these client identities"
        raise Refused("selector", why, NotifyType.INVALID_ID_INFORMATION)
    _, child, own, other = best
    if shown and (own, other) == (ours, theirs):
        return child, (shown[1], shown[0])  # as they came
    return child, (client_id(own), client_id(other))


def _host(address: IPv4Address | IPv6Address) -> Selector:
    return Selector(address, address)


def _common(own: Selector, asked: Selector) -> tuple[int, Selector | None]:
    """What both select, and how well that fits."""
    return (_SAME, asked) if own == asked else (_OVERLAP, own.meet(asked))


def _same_mode(offered: SecurityAssociation, child: ChildSettings) -> None:
    """Tunnel or transport mode as the policy has it; another one is refused before algorithms are."""
    if not child.negotiates:
        why = "the policy passes or drops these packets without IPsec"
        raise Refused("mode", why, NotifyType.INVALID_ID_INFORMATION)
    asked = {
        _PLAIN.get(mode, mode)
        for proposal in offered.proposals
        for transform in proposal.transforms
        if (mode := transform.get(IpsecAttribute.ENCAPSULATION)) is not None
    }
    modes = (bundle[0].encapsulation for rank in child.takes for bundle in rank)
    own = (_PLAIN.get(mode, mode) for mode in modes)
    if asked and not any(mode in asked for mode in own):
        why = "one end wants tunnel mode and the other transport mode"
        raise Refused("mode", why, NotifyType.INVALID_ID_INFORMATION)


def complete_quick(core: Core, sa: IkeSa, quick: Quick, got: Got) -> Reply:
    """Message 3 is here: the exchange is live; install."""
    assert sa.sealing is not None
    keys = sa.sealing.keys
    made = schedule.hash_3(keys, quick.message_id, quick.peer_nonce, quick.nonce)
    _check(got, made, "HASH(3)")
    _may_serve(sa)
    _install(core, sa, quick)
    return Reply()


def _install(core: Core, sa: IkeSa, quick: Quick) -> None:
    """Hand over a pair for each SA payload (R11, R13)."""
    child = quick.child
    assert child is not None and quick.ids is not None
    local, remote = map(packets_of, quick.ids)
    if quick.originals is not None:
        remote, local = natt.as_seen_here(core, sa, quick, remote, local)
    made = [
        SaPair(
            child.name,
            sa.peer,
            tuple(_sas_of(sa, quick, agreed, choice) for choice in agreed.bundle),
            local,
            remote,
            child.life.in_force(agreed.seconds),
            quick.initiated,
            quick.originals,
            child.life.kilobytes_in_force(agreed.kilobytes),
        )
        for agreed in quick.agreed
    ]
    quick.secret = b""
    sa.served += 1
    for pair in made:
        core.installed(sa, quick, pair)


def _sas_of(sa: IkeSa, quick: Quick, agreed: Agreed, choice: Phase2Choice) -> ProtocolSas:
    """The SAs of a protocol, each under its receiver's SPI, with keys of its own."""
    size, protocol = key_octets(choice), choice.protocol
    assert size is not None and sa.sealing is not None  # settings hold supported choices only
    keys, nonces = sa.sealing.keys, (quick.nonce, quick.peer_nonce)
    if not quick.initiated:
        nonces = nonces[1], nonces[0]
    spis = agreed.spis[protocol], agreed.peer_spis[protocol]
    inbound, outbound = (
        schedule.keymat(keys, protocol, spi, nonces, size, quick.secret) for spi in spis
    )
    own, peers = (int.from_bytes(spi, "big") for spi in spis)
    return ProtocolSas(choice, own, peers, inbound, outbound)


ROWS: dict[str, Callable[[Core, IkeSa, Quick, Got], Reply | Steps[Reply]]] = {
    "answer_quick": answer_quick,
    "take_quick_answer": take_quick_answer,
    "complete_quick": complete_quick,
}
