"""The machine `driver`: one end of one pair of SAs in the IPsec driver, packet by packet (R1, R13, R19).

The pair has one lifetime in seconds; each of its two directions counts bytes and sequence numbers of
its own. Of the sequence numbers one arbitrary one is followed, of all other SAs whether one of them has
the inbound SPI, destination and protocol of this pair. What the receiver remembers of other numbers
may be anything, so what is shown of the one that is followed holds for each.

Any caller may install and delete: what IKE may ask for, and when, is `ike`'s.
"""

from __future__ import annotations

from functools import cache

from model.language.sorts import BOOL, TIMER
from model.language.specification import Guard, Specification, guard
from model.language.terms import Term, arm, ite, lift, maximum, minimum, param
from model.spec.driver_pair import DELETIONS, ENDED, Ipsec, declare

#: the largest number of bytes or packets that is counted (64 bits)
MOST = 2**64 - 1


@cache
def ipsec() -> Ipsec:
    """The machine."""
    return build(MOST)


def build(most: int) -> Ipsec:
    """The same with smaller sorts of numbers, for tools that have no large ones."""
    spec = Specification("driver")
    spec.actor("ike", "IKE at this end: it installs and deletes the pair")
    spec.actor("driver", "the IPsec driver of this end")
    spec.actor(
        "network",
        "the senders of packets: the peer, and an attacker who replays and forges packets",
    )
    own = declare(spec, most)
    _install(own)
    _protect(own)
    _arrive(own)
    _take(own)
    _lifetimes(own)
    _bytes(own)
    _delete(own)
    _other_sas(own)
    return own


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
        guards=[
            _is_installed(own),
            guard("due", own.due(sa.hard), "its lifetime is not over", "RFC 2401 4.4.3"),
        ],
        updates=_ends(own, "expired", "lifetime"),
    )


def _bytes(own: Ipsec) -> None:
    p, inbound = param("p", own.packets.domain), own.inbound
    own.spec.action(
        "sa.expire_by_sending",
        "driver",
        "The next packet to be sent would pass the hard limit of bytes: expire instead.",
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
            _is_installed(own),
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
            _is_installed(own),
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
