"""The machine `driver`: one end of one pair of SAs in the IPsec driver, packet by packet (R1, R13, R19).

The pair has one lifetime in seconds; each of its two directions counts bytes and sequence numbers of
its own. Of the sequence numbers one arbitrary one is followed, of all other SAs whether one of them has
the inbound SPI, destination and protocol of this pair. What the receiver remembers of other numbers
may be anything, so what is shown of the one that is followed holds for each.

Any caller may install and delete: what IKE may ask for, and when, is `ike`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from model.language.sorts import BOOL, DURATION, TIMER, Domain, Enum, Int
from model.language.specification import (
    Guard,
    Record,
    Specification,
    ghost,
    guard,
    urgent_timer,
)
from model.language.terms import Term, arm, ite, lift, maximum, minimum, param
from model.spec.driver import DRIVER_STATE

#: the largest number of bytes or packets that is counted (64 bits)
MOST = 2**64 - 1
DELETIONS = ("peer_delete", "initial_contact", "down", "replaced")
#: why a pair has ended: to expire is not to be deleted (R19)
ENDED = Enum("Ended", ("none", "lifetime", "bytes", *DELETIONS))
#: the packet in the receiver's hand: none, its number checked against the window, its ICV verified
HAND = Enum("Hand", ("empty", "checked", "verified"))
PROTOCOL = Enum("Protocol", ("ah", "esp"))
_TIMES = Int(0, 2)  # none, once, more often: what promises need to know of a ghost counter


@dataclass(frozen=True)
class Packets:
    """Packets, any number of them, and what each is like."""

    domain: Domain
    size: Callable[..., Term]
    number: Callable[..., Term]
    spi: Callable[..., Term]
    destination: Callable[..., Term]
    protocol: Callable[..., Term]


@dataclass(frozen=True)
class Limits:
    """What is agreed for the pair; `tracked` is the sequence number that is followed."""

    ends_by_time: Term
    life: Term
    soft_life: Term
    slack: Term
    ends_by_bytes: Term
    most_bytes: Term
    soft_bytes: Term
    most_number: Term
    soft_number: Term
    checks_replay: Term
    window: Term
    tracked: Term
    spi: Term
    destination: Term
    protocol: Term


@dataclass(frozen=True)
class Ipsec:
    """The specification, and its parts by name: what promises are written about."""

    spec: Specification
    packets: Packets
    limits: Limits
    sa: Record
    outbound: Record
    inbound: Record
    others: Record

    @property
    def installed(self) -> Term:
        """Whether the pair may be used."""
        return self.sa.state.eq("installed")

    @property
    def in_hand(self) -> Term:
        """Whether the receiver has a packet in hand."""
        return self.inbound.hand.ne("empty")

    def fits(self, direction: Record, packet: Term) -> Term:
        """Whether a packet keeps a direction within its hard limit of bytes."""
        within = direction.bytes + self.packets.size(packet) <= self.limits.most_bytes
        return ~self.limits.ends_by_bytes | within

    def counted(self, count: Term, packet: Term) -> Term:
        """The bytes carried with this packet; where there is no limit they are not counted."""
        return ite(self.limits.ends_by_bytes, count + self.packets.size(packet), count)

    def soft_reached(self, direction: Record, packet: Term) -> Term:
        """Whether a packet brings a direction to its soft limit of bytes."""
        bytes_ = direction.bytes + self.packets.size(packet)
        return self.limits.ends_by_bytes & (bytes_ >= self.limits.soft_bytes)

    def is_ours(self, packet: Term) -> Term:
        """Whether SPI, destination and protocol of a packet are those of the inbound SA (R1)."""
        p, own = self.packets, self.limits
        return (
            p.spi(packet).eq(own.spi)
            & p.destination(packet).eq(own.destination)
            & p.protocol(packet).eq(own.protocol)
        )

    def due(self, timer: Term) -> Term:
        """Whether the time of an act has come: it may be `slack` late."""
        return timer.armed & (timer.left <= self.limits.slack)


@cache
def ipsec() -> Ipsec:
    """The machine."""
    return build(MOST)


def build(most: int) -> Ipsec:
    """The same with smaller sorts of numbers, for tools that have no large ones."""
    spec = Specification("driver")
    spec.actor("ike", "IKE at this end: it installs the pair, and deletes it")
    spec.actor("driver", "the IPsec driver of this end")
    spec.actor(
        "network",
        "who puts packets on the wire: the peer, and an attacker who replays and makes up packets",
    )
    packets, limits = _packets(spec, most), _limits(spec, most)
    own = _records(spec, packets, limits, Int(0, most))
    _install(own)
    _protect(own)
    _arrive(own)
    _take(own)
    _lifetimes(own)
    _bytes(own)
    _delete(own)
    _other_sas(own)
    return own


# ---- declarations
def _packets(spec: Specification, most: int) -> Packets:
    packet = spec.domain("packet")
    return Packets(
        packet,
        spec.table("size", [packet], Int(1, most), "its bytes, as the limits count them"),
        spec.table("number", [packet], Int(0, most), "the sequence number that it arrives with"),
        spec.table("packet_spi", [packet], spec.domain("spi"), "the SPI that it arrives with"),
        spec.table("packet_destination", [packet], spec.domain("address"), "where it is sent to"),
        spec.table("packet_protocol", [packet], PROTOCOL, "its security protocol"),
    )


def _limits(spec: Specification, most: int) -> Limits:
    count, time, flag = Int(1, most), DURATION, BOOL
    return Limits(
        ends_by_time=spec.rigid("ends_by_time", flag, "the pair has a lifetime in seconds"),
        life=spec.rigid("life", time, "its hard lifetime (R19)"),
        soft_life=spec.rigid(
            "soft_life", time, "its soft lifetime: then IKE is asked for a new SA"
        ),
        slack=spec.rigid("slack", time, "how late an act may be after its time"),
        ends_by_bytes=spec.rigid("ends_by_bytes", flag, "each direction has a limit in bytes"),
        most_bytes=spec.rigid("most_bytes", count, "the hard limit of a direction (R19)"),
        soft_bytes=spec.rigid(
            "soft_bytes", count, "its soft limit: then IKE is asked for a new SA"
        ),
        most_number=spec.rigid(
            "most_number", count, "the last sequence number (2^32 - 1 in RFC 2402 and 2406)"
        ),
        soft_number=spec.rigid(
            "soft_number", count, "the sequence number at which IKE is asked for a new SA"
        ),
        checks_replay=spec.rigid("checks_replay", flag, "the receiver wants anti-replay"),
        window=spec.rigid("window", count, "how many numbers its window holds"),
        tracked=spec.rigid("tracked", Int(0, most), "the sequence number that is followed, any"),
        spi=spec.rigid("own_spi", spec.domain("spi"), "the SPI of the inbound SA"),
        destination=spec.rigid("own_address", spec.domain("address"), "its destination"),
        protocol=spec.rigid("own_protocol", PROTOCOL, "its security protocol"),
    )


def _records(spec: Specification, packets: Packets, limits: Limits, count: Int) -> Ipsec:
    sa = spec.record(
        "sa",
        "The pair: state, why it has ended, its two lifetimes, and whether IKE was asked for another.",
        state=DRIVER_STATE,
        ended=ENDED,
        hard=urgent_timer(),
        soft=urgent_timer(),
        asked=BOOL,
        requests=ghost(_TIMES),
        late=ghost(BOOL),
    )
    outbound = spec.record(
        "outbound",
        "Sending: the sequence number used last, bytes; how often the followed number was used.",
        last=count,
        bytes=count,
        carried=ghost(count),
        times=ghost(_TIMES),
    )
    inbound = spec.record(
        "inbound",
        "Receiving: the packet in hand and whether its ICV is right, the highest number accepted, "
        "whether the followed one was, bytes.",
        hand=HAND,
        held=packets.domain,
        intact=BOOL,
        top=count,
        seen=BOOL,
        bytes=count,
        carried=ghost(count),
        times=ghost(_TIMES),
        forged=ghost(BOOL),
    )
    others = spec.record(
        "others",
        "All other SAs: whether one has SPI, destination and protocol of the inbound SA; whether "
        "one was ever given a packet of it.",
        same_triple=BOOL,
        mistaken=ghost(BOOL),
    )
    return Ipsec(spec, packets, limits, sa, outbound, inbound, others)


def _is_installed(own: Ipsec) -> Guard:
    return guard("installed", own.installed, "the pair is not installed", "RFC 2401 4.4.3")


def _once_more(times: Term, when: Term) -> Term:
    """A ghost counter that stops at "more often than once"."""
    return ite(when, minimum(times + 1, 2), times)


# ---- the life of the pair
def _install(own: Ipsec) -> None:
    sa, limits, off = own.sa, own.limits, lift(None, TIMER)

    def timer(life: Term) -> Term:
        return ite(limits.ends_by_time, arm(life + limits.slack), off)

    own.spec.action(
        "sa.install",
        "ike",
        "Take the pair that Quick Mode has made. Its lifetimes begin.",
        requirements="R1 R11 R13",
        guards=[
            guard("new", sa.state.eq("absent"), "a pair is installed once", "R19"),
            guard(
                "free_triple",
                ~own.others.same_triple,
                "another SA has this SPI, destination and protocol",
                "RFC 2401 4.1",
            ),
        ],
        updates={
            sa.state: "installed",
            sa.hard: timer(limits.life),
            sa.soft: timer(limits.soft_life),
        },
    )


def _ends(own: Ipsec, state: str, why: object) -> dict[Term, object]:
    """The updates that end the pair; a packet in hand is dropped with it."""
    sa = own.sa
    gone: dict[Term, object] = {sa.state: state, sa.ended: why, sa.hard: None, sa.soft: None}
    return {**gone, own.inbound.hand: "empty"}


def _lifetimes(own: Ipsec) -> None:
    sa = own.sa
    soft = guard("due", own.due(sa.soft), "its soft lifetime is not over", "RFC 2401 4.4.3")
    own.spec.action(
        "sa.soft_lifetime_ends",
        "driver",
        "The soft lifetime is over, and IKE was not asked before: ask it for a new SA.",
        requirements="R17 R19",
        guards=[soft],
        updates={sa.soft: None, sa.asked: True, sa.requests: sa.requests + 1},
    )
    own.spec.action(
        "sa.expire_by_time",
        "driver",
        "The hard lifetime is over: expire.",
        requirements="R19",
        guards=[guard("due", own.due(sa.hard), "its lifetime is not over", "RFC 2401 4.4.3")],
        updates=_ends(own, "expired", "lifetime"),
    )


def _bytes(own: Ipsec) -> None:
    p, inbound = param("p", own.packets.domain), own.inbound
    own.spec.action(
        "sa.expire_by_sending",
        "driver",
        "The next packet to be sent would pass the hard limit of bytes: expire in its stead.",
        requirements="R19",
        params=[p],
        guards=[
            _is_installed(own),
            guard("full", ~own.fits(own.outbound, p), "there is room for it", "RFC 2401 4.4.3"),
        ],
        updates=_ends(own, "expired", "bytes"),
    )
    full = ~own.fits(inbound, inbound.held)
    own.spec.action(
        "sa.expire_by_receiving",
        "driver",
        "A packet whose ICV is right would pass the hard limit of bytes: drop it, and expire.",
        requirements="R19",
        guards=[
            _verified(own),
            guard("full", full, "there is room for it", "RFC 2401 4.4.3"),
        ],
        updates=_ends(own, "expired", "bytes"),
    )


def _delete(own: Ipsec) -> None:
    why = param("why", ENDED)
    own.spec.action(
        "sa.delete",
        "ike",
        "Delete the pair: an authenticated peer's Delete, INITIAL-CONTACT, on demand, or another "
        "has taken its place.",
        requirements="R18 R19",
        params=[why],
        guards=[
            _is_installed(own),
            guard("deletion", why.one_of(*DELETIONS), "only the driver expires SAs", "R19"),
        ],
        updates=_ends(own, "deleted", why),
    )


def _asks(own: Ipsec, when: Term) -> dict[Term, object]:
    """The updates that ask IKE for a new SA, once: the soft lifetime does not matter any more."""
    sa = own.sa
    return {
        sa.asked: sa.asked | when,
        sa.requests: ite(when & ~sa.asked, sa.requests + 1, sa.requests),
        sa.soft: ite(when, lift(None, TIMER), sa.soft),
    }


# ---- packets that leave
def _protect(own: Ipsec) -> None:
    sa, out, limits = own.sa, own.outbound, own.limits
    p = param("p", own.packets.domain)
    number = out.last + 1
    reached = own.soft_reached(out, p) | (number >= limits.soft_number)
    own.spec.action(
        "outbound.protect",
        "driver",
        "Protect a packet under the next sequence number, and count it; at a soft limit ask IKE for a "
        "new SA.",
        requirements="R13 R19",
        params=[p],
        guards=[
            _is_installed(own),
            guard("room", own.fits(out, p), "it would pass the hard limit", "RFC 2401 4.4.3"),
            guard(
                "number_left",
                out.last < limits.most_number,
                "the counter would cycle: another SA must be made",
                "RFC 2402 3.3.2, RFC 2406 3.3.3",
            ),
        ],
        updates={
            out.last: number,
            out.bytes: own.counted(out.bytes, p),
            out.carried: own.counted(out.carried, p),
            out.times: _once_more(out.times, number.eq(limits.tracked)),
            **_asks(own, reached),
            sa.late: sa.late | ~own.installed,
        },
    )


# ---- packets that arrive
def _arrive(own: Ipsec) -> None:
    packets, inbound, limits = own.packets, own.inbound, own.limits
    p, intact = param("p", packets.domain), param("intact", BOOL)
    number, off = packets.number(p), ~limits.checks_replay
    lookup, window = "RFC 2401 5.2.1, RFC 2406 3.4.2", "RFC 2401 appendix C, RFC 2406 3.4.3"
    seen = inbound.seen & number.eq(limits.tracked)
    own.spec.action(
        "inbound.pick",
        "network",
        "A packet arrives, for the first time or again, made by the peer or made up. SPI, "
        "destination and protocol find its SA; its number is checked before any cryptography. It "
        "takes the place of one that was not accepted.",
        requirements="R1 R13",
        params=[p, intact],
        guards=[
            _is_installed(own),
            guard("spi", packets.spi(p).eq(limits.spi), "it is another SA's SPI", lookup),
            guard(
                "destination",
                packets.destination(p).eq(limits.destination),
                "it is sent to another address",
                lookup,
            ),
            guard(
                "protocol",
                packets.protocol(p).eq(limits.protocol),
                "its protocol is another SA's",
                lookup,
            ),
            guard("numbered", off | (number > 0), "no packet has number 0", window),
            guard(
                "in_window",
                off | (number + limits.window > inbound.top),
                "its number is left of the window",
                window,
            ),
            guard("not_seen", off | ~seen, "its number was accepted before", window),
        ],
        updates={inbound.hand: "checked", inbound.held: p, inbound.intact: intact},
    )
    checked = guard("checked", inbound.hand.eq("checked"), "nothing waits for its ICV", window)
    own.spec.action(
        "inbound.verify",
        "driver",
        "Verify the ICV of the packet in hand. One whose ICV is wrong goes no further.",
        requirements="R13",
        guards=[
            checked,
            guard("icv", inbound.intact, "its ICV is wrong", "RFC 2402 3.4.4, RFC 2406 3.4.4"),
        ],
        updates={inbound.hand: "verified"},
    )


def _verified(own: Ipsec) -> Guard:
    verified = own.inbound.hand.eq("verified")
    return guard("verified", verified, "no ICV has been verified", "RFC 2406 3.4.3")


def _take(own: Ipsec) -> None:
    sa, inbound, limits = own.sa, own.inbound, own.limits
    held = inbound.held
    number, reached = own.packets.number(held), own.soft_reached(inbound, held)
    tracked = number.eq(limits.tracked)
    own.spec.action(
        "inbound.take",
        "driver",
        "Accept the packet whose ICV was verified: only now move the window, and count it; at a soft "
        "limit ask IKE for a new SA.",
        requirements="R13 R19",
        guards=[
            _verified(own),
            guard("room", own.fits(inbound, held), "it would pass the limit", "RFC 2401 4.4.3"),
        ],
        updates={
            inbound.hand: "empty",
            inbound.top: maximum(inbound.top, number),
            inbound.seen: inbound.seen | tracked,
            inbound.bytes: own.counted(inbound.bytes, held),
            inbound.carried: own.counted(inbound.carried, held),
            inbound.times: _once_more(inbound.times, tracked),
            inbound.forged: inbound.forged | ~inbound.intact,
            **_asks(own, reached),
            sa.late: sa.late | ~own.installed,
        },
    )


# ---- the other SAs of this end
def _other_sas(own: Ipsec) -> None:
    others, p = own.others, param("p", own.packets.domain)
    holds = param("holds", BOOL)
    own.spec.action(
        "others.change",
        "ike",
        "Another SA is installed under the same SPI, destination and protocol, or it ends.",
        requirements="R1",
        params=[holds],
        guards=[
            guard("not_ours", holds.implies(~own.installed), "the pair has them", "RFC 2401 4.1")
        ],
        updates={others.same_triple: holds},
    )
    own.spec.action(
        "others.pick",
        "network",
        "A packet arrives that SPI, destination and protocol give to another SA.",
        requirements="R1",
        params=[p],
        guards=[
            guard(
                "theirs",
                own.is_ours(p).implies(others.same_triple),
                "no other SA has its SPI, destination and protocol",
                "RFC 2401 5.2.1",
            )
        ],
        updates={others.mistaken: others.mistaken | (own.is_ours(p) & own.installed)},
    )
