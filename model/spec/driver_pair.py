"""One pair of SAs in the IPsec driver: what it consists of, and what may be said of it (R1, R13, R19).

What happens to it is in `driver`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.language.sorts import BOOL, DURATION, Domain, Enum, Int
from model.language.specification import Record, Specification, ghost, urgent_timer
from model.language.terms import Term, ite
from model.spec.driver_ends import DRIVER_STATE

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


def declare(spec: Specification, most: int) -> Ipsec:
    """Declare parameters and variables of a pair; no number is larger than `most`."""
    packets, limits = _packets(spec, most), _limits(spec, most)
    return _records(spec, packets, limits, Int(0, most))


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
