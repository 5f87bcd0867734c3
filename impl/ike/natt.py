"""NAT traversal (RFC 3947, 3948 and the drafts 02 and 03): who is behind a NAT, ports, UDP encapsulation.

The vendor IDs select a dialect. NAT-D payloads then show who is behind a NAT. If an end is, the initiator
continues on the NAT traversal port with message 5, and everything there begins with a marker.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address

from impl.crypto.hashes import HASHES, same
from impl.crypto.schedule import nat_d
from impl.ike.core import Core, Got, Refused
from impl.ike.sadb import Dialect, IkeSa, Quick
from impl.ike.settings import Address, Bundle, Host, host_of
from impl.wire.numbers import Encapsulation, IdType, ProtocolId
from impl.wire.payloads import NatDiscovery, NatOriginalAddress, VendorId
from impl.wire.vendors import vendor_id
from model.vocabulary.selectors import Selector

#: the marker before an IKE message on the port that ESP uses too (RFC 3948 2.2)
MARKER = bytes(4)
#: a NAT keepalive (RFC 3948 2.3)
KEEPALIVE = b"\xff"
#: the supported dialects, the best first
DIALECTS = (
    Dialect("RFC 3947", draft=False),
    Dialect("draft-ietf-ipsec-nat-t-ike-03", draft=True),
    Dialect("draft-ietf-ipsec-nat-t-ike-02\n", draft=True),
    Dialect("draft-ietf-ipsec-nat-t-ike-02", draft=True),
)
_VENDOR_IDS = {item: VendorId(vendor_id(item.name)) for item in DIALECTS}
_MODES = {
    Encapsulation.TUNNEL: (Encapsulation.UDP_TUNNEL, Encapsulation.UDP_TUNNEL_DRAFT),
    Encapsulation.TRANSPORT: (Encapsulation.UDP_TRANSPORT, Encapsulation.UDP_TRANSPORT_DRAFT),
}
_TRANSPORT = (Encapsulation.UDP_TRANSPORT, Encapsulation.UDP_TRANSPORT_DRAFT)
_ID_TYPES = {4: IdType.IPV4_ADDR, 6: IdType.IPV6_ADDR}


# ---- octets of the other port
def unwrapped(datagram: bytes) -> bytes | None:
    """The IKE message in a datagram of the NAT traversal port; None for a keepalive and for ESP."""
    return datagram[len(MARKER) :] if datagram.startswith(MARKER) else None


def wrapped(datagram: bytes) -> bytes:
    """An IKE message as it is sent from the NAT traversal port."""
    return datagram if datagram == KEEPALIVE else MARKER + datagram


# ---- messages 1 and 2
def announced(core: Core, sa: IkeSa) -> tuple[VendorId, ...]:
    """The vendor ids that go with our offer or answer: every dialect, or the one that was agreed on."""
    if core.settings.nat is None:
        return ()
    if sa.initiated:
        return tuple(_VENDOR_IDS.values())
    return (_VENDOR_IDS[sa.nat.dialect],) if sa.nat.dialect else ()


def agree(core: Core, sa: IkeSa, heard: Iterable[VendorId]) -> None:
    """The best dialect that both announce."""
    if core.settings.nat is not None:
        known = set(heard)
        spoken = (item for item in DIALECTS if _VENDOR_IDS[item] in known)
        sa.nat.dialect = next(spoken, None)


# ---- messages 3 and 4
def _own_port(core: Core, sa: IkeSa) -> int:
    nat = core.settings.nat
    assert nat is not None
    return nat.float_port if sa.nat.floated else nat.port


def _hash(sa: IkeSa, address: Address) -> bytes:
    assert sa.choice is not None
    host, port = address
    return nat_d(HASHES[sa.choice.hash], sa.cookies, host_of(host).packed, port)


def discovery(core: Core, sa: IkeSa) -> tuple[NatDiscovery, ...]:
    """NAT-D of the peer's address and of the local one; a false one if UDP encapsulation is forced."""
    nat, dialect = core.settings.nat, sa.nat.dialect
    if nat is None or dialect is None:
        return ()
    own = _hash(sa, (str(core.settings.local), _own_port(core, sa)))
    if nat.force:
        own = core.random(len(own))
    return tuple(NatDiscovery(item, dialect.draft) for item in (_hash(sa, sa.peer), own))


def hear(core: Core, sa: IkeSa, got: Got) -> None:
    """Who is behind a NAT: the first NAT-D is of our address as the peer sees it, the others are of its
    own (RFC 3947 3.2). A peer that sends none does not support NAT traversal after all."""
    if sa.nat.dialect is None:
        return
    found = got.all(NatDiscovery)
    if len(found) < 2:
        sa.nat.dialect = None
        return
    own = _hash(sa, (str(core.settings.local), _own_port(core, sa)))
    sa.nat.here = not same(found[0].data, own)
    if core.settings.nat is not None and core.settings.nat.force:
        sa.nat.here = True  # so we have said
    seen = _hash(sa, sa.peer)
    sa.nat.there = not any(same(item.data, seen) for item in found[1:])


def floats(core: Core, sa: IkeSa) -> None:
    """The initiator changes ports before message 5, if anybody is behind a NAT (RFC 3947 4)."""
    nat = core.settings.nat
    if nat is not None and sa.nat.detected and not sa.nat.floated:
        sa.peer, sa.nat.floated = (sa.peer[0], nat.peer_float_port), True


def may_follow(sa: IkeSa, peer: Address, *, floated: bool) -> bool:
    """Whether a message that verifies may come from another address than before: with message 5, and
    later of a peer that is behind a NAT, unless we are too (RFC 3947 4 and 7)."""
    state = sa.nat
    if not state.detected or not floated:
        return False
    if not state.floated:
        return not sa.initiated and (state.there or peer[0] == sa.peer[0])
    return state.there and not state.here


# ---- Quick Mode
def on_wire(sa: IkeSa, bundles: Iterable[Bundle]) -> tuple[Bundle, ...]:
    """Choices as they are offered on the wire: through a NAT, only ESP in UDP passes."""
    dialect = sa.nat.dialect
    if dialect is None or not sa.nat.detected:
        return tuple(bundles)
    return tuple(
        tuple(
            replace(item, encapsulation=_MODES[Encapsulation(item.encapsulation)][dialect.draft])
            for item in bundle
        )
        for bundle in bundles
        if all(item.protocol == ProtocolId.ESP for item in bundle)
    )


def spoken(sa: IkeSa, bundles: Iterable[Bundle]) -> tuple[Bundle, ...]:
    """The same for an offer of ours; Refused if nothing is left of it."""
    found = on_wire(sa, bundles)
    if not found:
        raise Refused("proposal-p2", "AH does not pass a NAT, and the policy offers nothing else")
    return found


def originals(
    core: Core, sa: IkeSa, quick: Quick, bundle: Bundle
) -> tuple[NatOriginalAddress, ...]:
    """NAT-OA of the initiator and of the responder, as this end sees them: transport mode needs them to fix
    checksums (RFC 3947 5.2)."""
    if bundle[0].encapsulation not in _TRANSPORT or sa.nat.dialect is None:
        return ()
    hosts = [core.settings.local, host_of(sa.peer[0])]
    return tuple(
        NatOriginalAddress(_ID_TYPES[item.version], item.packed, sa.nat.dialect.draft)
        for item in (hosts if quick.initiated else reversed(hosts))
    )


def hear_originals(quick: Quick, got: Got) -> None:
    """Keep the peer's; two or none, each an address."""
    hosts = [_host(item) for item in got.all(NatOriginalAddress)]
    if len(hosts) == 2 and hosts[0] is not None and hosts[1] is not None:
        quick.originals = (hosts[0], hosts[1])


def as_seen_here(
    core: Core, sa: IkeSa, quick: Quick, theirs: Selector, ours: Selector
) -> tuple[Selector, Selector]:
    """Packets that the peer names by an address of its side of a NAT, in transport mode, by the address
    that they have here; theirs and ours. What is none of its original addresses stays."""
    if quick.originals is None or not sa.nat.detected:
        return theirs, ours
    initiators, responders = quick.originals
    far, near = (responders, initiators) if quick.initiated else (initiators, responders)
    peer, own = host_of(sa.peer[0]), core.settings.local
    return _moved(theirs, far, peer), _moved(ours, near, own)


def _moved(packets: Selector, from_: Host, to: Host) -> Selector:
    single = packets.first == packets.last == from_
    return Selector(to, to, packets.protocol, packets.ports) if single else packets


def _host(item: NatOriginalAddress) -> Host | None:
    sizes = {IdType.IPV4_ADDR: 4, IdType.IPV6_ADDR: 16}
    known = sizes.get(IdType(item.type)) if item.type in sizes else None
    return ip_address(item.address) if known == len(item.address) else None
