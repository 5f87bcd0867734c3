"""Quick Mode: proposals, packets and lifetimes of a child (R10 to R13, R21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from impl.crypto.groups import group_of
from impl.ike.bundles import key_octets
from impl.ike.offers import MOST
from impl.ike.settings import Bundle, ChildSettings, Host, Phase2Choice
from impl.translate.phase1 import lifetime, sent
from impl.translate.words import cannot
from impl.wire.numbers import AhTransform, Encapsulation, ProtocolId
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import (
    Action,
    Child,
    Connection,
    Peer,
    Phase2Proposal,
    ProtectionProposal,
    WhenDead,
)
from model.vocabulary.profiles import Sends, StackProfile
from model.vocabulary.selectors import ANY_PORTS, OPAQUE_PORTS, Selector
from model.vocabulary.suites import Cipher, Integrity, Mode, Protocol

_MODES = {Mode.TUNNEL: Encapsulation.TUNNEL, Mode.TRANSPORT: Encapsulation.TRANSPORT}
_AH = {
    Integrity.HMAC_MD5: AhTransform.MD5,
    Integrity.HMAC_SHA1: AhTransform.SHA1,
    Integrity.HMAC_SHA2_256: AhTransform.SHA2_256,
    Integrity.HMAC_SHA2_384: AhTransform.SHA2_384,
    Integrity.HMAC_SHA2_512: AhTransform.SHA2_512,
}


def child_settings(peer: Peer, connection: Connection, child: Child, local: Host) -> ChildSettings:
    """One child; PolicyError for what cannot be negotiated."""
    if child.action.value is not Action.NEGOTIATE:
        return ChildSettings(
            child.name,
            _packets(child, child.local, local, hosts=False),
            _packets(child, child.remote, None, hosts=False),
            choices=(),
            life=lifetime(child.life, peer.profile.phase2_lifetime),
            negotiates=False,
        )
    if child.mode.value not in _MODES:
        place = child.mode.place or child.place
        raise cannot(f"{child.name}: IKEv1 cannot negotiate BEET mode", place, "mode = tunnel")
    every = [_proposal(child, item) for item in child.proposals]
    ranks = tuple(rank for item in every if (rank := tuple(item)))
    choices = _offer(replace(child, proposals=_sendable(child, peer.profile)), peer.profile)
    if not choices:
        why = f"{child.name} has no proposal that IKEv1 can express"
        raise cannot(
            why,
            _place(child, None),
            "name a cipher and an integrity algorithm, for example aes128-sha256",
        )
    singles = {item.single for item in connection.remote_addresses.value}
    remote = singles.pop() if len(singles) == 1 else None
    if len(choices) > MOST:
        why = f"{child.name} offers {len(choices)} combinations, but an offer has room for {MOST}"
        raise cannot(why, _place(child, None), "name fewer algorithms")
    if child.proxy:
        why = f"{child.name} is for transport_proxy, which is not implemented"
        raise cannot(why, _place(child, child.mode.place), "mode = tunnel")
    hosts = peer.profile.transport_for_hosts and child.mode.value is Mode.TRANSPORT
    return ChildSettings(
        name=child.name,
        local=_packets(child, child.local, local, hosts=hosts),
        remote=_packets(child, child.remote, remote, hosts=hosts),
        choices=choices,
        life=lifetime(child.life, peer.profile.phase2_lifetime),
        accepted=ranks,
        restarts=child.when_dead.value is WhenDead.RESTART,
    )


# ---- proposals
def _offer(child: Child, profile: StackProfile) -> tuple[Bundle, ...]:
    """What message 1 offers, in order, with every PFS group that it may be."""
    first = _protocols(child.proposals[0]) if child.proposals else None
    found: dict[Bundle, None] = {}
    for proposal in child.proposals:
        if not profile.one_protocol or _protocols(proposal) == first:
            found |= dict.fromkeys(_proposal(child, proposal, profile.sends))
    named = [group for proposal in child.proposals for group in proposal.groups]
    if profile.one_pfs_group and named:
        # The first group that any proposal names says whether there is PFS at all.
        return tuple(item for item in found if (item[0].group is None) is (named[0] is None))
    return tuple(found)


def _protocols(proposal: Phase2Proposal) -> set[Protocol]:
    return {part.protocol for part in proposal.protections}


def _proposal(
    child: Child, proposal: Phase2Proposal, sends: Sends = Sends.EVERY_COMBINATION
) -> list[Bundle]:
    """One proposal as combinations; what IKEv1 has no number for is not in them, as in Phase I."""
    place = _place(child, proposal.place)
    if proposal.default:
        why = f"{child.name} has default Phase II proposals, which are not supported"
        raise cannot(why, place, "state them, for example aes128-sha256")
    if len(_protocols(proposal)) != len(proposal.protections):
        why = f"{child.name} has one protocol twice in a bundle"
        raise cannot(why, place, "name AH and ESP once each at most")
    if any(True in part.sequences for part in proposal.protections):
        why = f"{child.name} requires extended sequence numbers, which are not supported"
        raise cannot(why, place, "remove esn")
    parts = [_combinations(child, part, sends, place) for part in proposal.protections]
    if not all(parts):
        return []
    groups = proposal.groups or (None,)
    for group in groups:
        if group is not None and group_of(group.number) is None:
            mend = "use modp768 to modp8192"
            raise cannot(f"the group {group.value} is not supported", place, mend)
    return [
        # the packet meets ESP first, whichever the policy names first
        tuple(
            replace(item, group=group and group.number) for item in sorted(bundle, key=_outermost)
        )
        for bundle, group in product(product(*parts), groups)
    ]


def _outermost(choice: Phase2Choice) -> bool:
    return choice.protocol == ProtocolId.AH


def _combinations(
    child: Child, part: ProtectionProposal, sends: Sends, place: Place
) -> list[Phase2Choice]:
    """What may be chosen of one protocol, without a PFS group."""
    ciphers = [item for item in part.ciphers if item.algorithm.esp_number is not None]
    integrities = [item for item in part.integrities if item.number is not None]
    if (part.ciphers and not ciphers) or (part.integrities and not integrities):
        return []
    some: list[Cipher | None] = [*ciphers] or [None]
    proofs: list[Integrity | None] = [*integrities] or [None]
    for cipher, integrity in product(some, proofs):
        _can(child, _choice(child, part.protocol, cipher, integrity), cipher, integrity, place)
    return [
        _choice(child, part.protocol, cipher, integrity)
        for cipher, integrity in product(sent(some, sends), sent(proofs, sends))
    ]


def _choice(
    child: Child,
    protocol: Protocol,
    cipher: Cipher | None,
    integrity: Integrity | None,
) -> Phase2Choice:
    proves = integrity.number if integrity is not None else None
    mode = _MODES[child.mode.value]
    if protocol is Protocol.AH:
        transform = _AH.get(integrity, 0) if integrity is not None else 0
        return Phase2Choice(ProtocolId.AH, transform, None, proves, None, mode)
    transform = (cipher.algorithm.esp_number if cipher is not None else None) or 0
    bits = cipher.key_bits if cipher is not None else None
    return Phase2Choice(ProtocolId.ESP, transform, bits, proves, None, mode)


def _can(
    child: Child,
    choice: Phase2Choice,
    cipher: Cipher | None,
    integrity: Integrity | None,
    place: Place,
) -> None:
    if not choice.transform or key_octets(choice) is None:
        words = " ".join(str(x) for x in (cipher, integrity and integrity.value) if x)
        why = f"{child.name}: {words} is not supported in Phase II"
        raise cannot(why, place, "use null, des, 3des, aes or aes-gcm, with md5, sha1 or sha2")


def _place(child: Child, place: Place | None) -> Place:
    return place or next((p.place for p in child.proposals if p.place), child.place)


# ---- packets
def _packets(
    child: Child, stated: Sequence[Stated[Selector]], address: Host | None, *, hosts: bool
) -> Selector:
    """One end's packets; in transport mode of some stacks, those of the host alone.

    address   the end's, None where the policy leaves it open
    """
    item = stated[0]
    place = item.place or child.place
    if len(stated) > 1:
        why = f"{child.name} states {len(stated)} traffic selectors for one end, but IKEv1 negotiates one"
        raise cannot(why, stated[1].place or place, "add a child for each")
    selector, ports = item.value, item.value.ports
    if ports == OPAQUE_PORTS or (ports != ANY_PORTS and ports[0] != ports[1]):
        why = f"{child.name}: IKEv1 negotiates one port or all ports, not {selector}"
        raise cannot(why, place, "state one port or none")
    if not hosts or selector.own_address:
        return selector
    if address is None:
        why = f"{child.name}: transport mode selects the peer alone, but no address of the peer is stated"
        raise cannot(why, place, "remove the selector: the default is the peer's address")
    if not Selector(selector.first, selector.last).covers(Selector(address, address)):
        why = f"{child.name}: transport mode selects {address} alone, which {selector} does not contain"
        raise cannot(why, place, "mode = tunnel, or a selector that is the local address")
    return replace(selector, first=address, last=address)


def _sendable(child: Child, profile: StackProfile) -> tuple[Phase2Proposal, ...]:
    """The proposals that message 1 can carry. Where the first group of all is none no public value goes
    with it, and a stack that sends the first group of each proposal has none of those that begin with one
    accepted (strongSwan 5.9.8: they go out garbled, seen in runs)."""
    named = [group for proposal in child.proposals for group in proposal.groups]
    none = profile.one_pfs_group and bool(named) and named[0] is None
    if not none or profile.sends is Sends.EVERY_COMBINATION:
        return child.proposals
    return tuple(item for item in child.proposals if not item.groups or item.groups[0] is None)
