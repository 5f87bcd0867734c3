"""The IPsec driver: SAs for packets, replay, sequence numbers, and how a pair of SAs ends (R1, R13, R19)."""

from __future__ import annotations

from model.language.terms import Term, ite, lift, some
from model.promises import Always, Whenever, promise
from model.spec.driver_pair import DELETIONS, Ipsec


def _full(own: Ipsec) -> Term:
    """Whether some packet does not fit any more: one to be sent, or the verified one in hand."""
    sending = some(own.packets.domain, lambda u: ~own.fits(own.outbound, u))
    verified = own.inbound.hand.eq("verified") & own.inbound.intact
    return sending | (verified & ~own.fits(own.inbound, own.inbound.held))


@promise("R19", of="driver")
def driver_alone_expires_phase2(own: Ipsec) -> Whenever:
    """A pair of SAs expires only while it is installed, and only because its hard lifetime is over or a
    packet, sent or verified, would pass its hard limit of bytes.

    No exceptions: no packet and no caller expires it, and nothing of Phase I is known here.
    """
    over = own.due(own.sa.hard) | _full(own)
    return Whenever(own.sa.state.eq("expired"), own.installed & over)


@promise("R18 R19", of="driver")
def an_end_has_its_reason(own: Ipsec) -> Always:
    """A pair of SAs that has expired has done so by time or by bytes, where it has such a limit; one
    that was deleted was deleted by a Delete, INITIAL-CONTACT, on demand or for another that took its
    place; one that has not ended has no reason to.

    No exceptions. That a Delete and INITIAL-CONTACT come from the authenticated peer is IKE's.
    """
    sa, limits = own.sa, own.limits
    by_time = sa.ended.eq("lifetime") & limits.ends_by_time
    by_bytes = sa.ended.eq("bytes") & limits.ends_by_bytes
    claim = (
        sa.state.eq("expired").implies(by_time | by_bytes)
        & sa.state.eq("deleted").implies(sa.ended.one_of(*DELETIONS))
        & sa.state.one_of("absent", "installed").implies(sa.ended.eq("none"))
    )
    return Always(claim, sa.state.eq("deleted"))


@promise("R19", of="driver")
def a_pair_is_deleted_while_installed(own: Ipsec) -> Whenever:
    """Only an installed pair of SAs is deleted: what has expired stays expired.

    No exceptions.
    """
    return Whenever(own.sa.state.eq("deleted"), own.installed)


@promise("R19", of="driver")
def an_ended_pair_never_returns(own: Ipsec) -> Whenever:
    """A pair of SAs is installed once: after its end there is only a new one, with new keys.

    No exceptions.
    """
    return Whenever(own.installed, own.sa.state.eq("absent"))


@promise("R13 R19", of="driver")
def no_packet_after_expiry(own: Ipsec) -> Always:
    """No packet is protected or accepted before a pair of SAs is installed, or after it has expired or
    was deleted, and neither direction ever carries more bytes than its hard limit.

    No exceptions: whatever arrives. That the lifetime ends in time: see a_lifetime_is_kept.
    """
    limits, most = own.limits, own.limits.most_bytes
    within = (own.outbound.carried <= most) & (own.inbound.carried <= most)
    all_used = own.outbound.carried.eq(most) & own.inbound.carried.eq(most)
    claim = ~own.sa.late & limits.ends_by_bytes.implies(within)
    return Always(claim, own.sa.state.eq("expired") & all_used)


@promise("R13 R19", of="driver")
def what_is_carried_is_counted(own: Ipsec) -> Always:
    """Where bytes are limited, the driver's count is what each direction has carried.

    No exceptions: packets that are not accepted do not count.
    """
    out, inbound = own.outbound, own.inbound
    claim = out.bytes.eq(out.carried) & inbound.bytes.eq(inbound.carried)
    return Always(claim, (out.carried > 0) & (inbound.carried > 0))


@promise("R19", of="driver")
def a_lifetime_is_kept(own: Ipsec) -> Always:
    """An installed pair of SAs with a lifetime has no more of it left than was agreed, and time does not
    pass its end; its soft lifetime runs until IKE has been asked for another pair. Nothing runs for a
    pair that is not installed, or has no lifetime.

    No exceptions: no packet makes a lifetime longer.
    """
    sa, limits = own.sa, own.limits
    timed = own.installed & limits.ends_by_time
    claim = (
        sa.hard.armed.eq(timed)
        & sa.soft.armed.eq(timed & ~sa.asked)
        & (sa.hard.left <= limits.life + limits.slack)
        & (sa.soft.left <= limits.soft_life + limits.slack)
    )
    return Always(claim, sa.hard.running & sa.soft.running)


@promise("R13 R19", of="driver")
def a_packet_in_hand_ends_with_its_pair(own: Ipsec) -> Always:
    """A packet that the receiver has in hand is dropped when the pair of SAs ends.

    No exceptions.
    """
    return Always(own.in_hand.implies(own.installed), own.in_hand)


# ---- replay
@promise("R13", of="driver")
def no_replay_accepted(own: Ipsec) -> Always:
    """Each sequence number is accepted at most once, however often its packet arrives.

    Exception: the receiver does not want anti-replay.
    """
    times = own.inbound.times
    return Always(times <= 1, times.eq(1), ~own.limits.checks_replay)


@promise("R13", of="driver")
def what_was_accepted_is_remembered(own: Ipsec) -> Always:
    """The receiver knows of each sequence number in its window whether it was accepted, and the window
    reaches as far as the highest that was.

    No exceptions.
    """
    inbound, tracked = own.inbound, own.limits.tracked
    known = inbound.seen.eq(inbound.times > 0)
    return Always(known & inbound.seen.implies(inbound.top >= tracked), inbound.seen)


@promise("R13", of="driver")
def nothing_left_of_the_window_is_accepted(own: Ipsec) -> Whenever:
    """A sequence number is accepted only if it is in the window or right of it; 0 is never accepted.

    Exception: the receiver does not want anti-replay.
    """
    limits = own.limits
    inside = (limits.tracked + limits.window > own.inbound.top) & (limits.tracked > 0)
    return Whenever(own.inbound.times > 0, inside, ~limits.checks_replay)


@promise("R13", of="driver")
def window_moves_only_after_icv(own: Ipsec) -> Whenever:
    """The window comes to reach a number, whichever it is, only by a packet of an installed pair whose ICV
    is right and was verified, and which has at least that number.

    No exceptions: a forged packet moves no window.
    """
    inbound = own.inbound
    verified = own.installed & inbound.hand.eq("verified") & inbound.intact
    far = own.packets.number(inbound.held) >= own.limits.tracked
    return Whenever(inbound.top >= own.limits.tracked, verified & far)


@promise("R13", of="driver")
def forged_packets_change_nothing(own: Ipsec) -> Always:
    """A packet whose ICV is wrong is never verified and never accepted: it leaves no trace, neither in
    the window nor in a counter.

    No exceptions: whatever arrives.
    """
    inbound = own.inbound
    claim = inbound.hand.eq("verified").implies(inbound.intact) & ~inbound.forged
    return Always(claim, inbound.hand.eq("checked") & ~inbound.intact & inbound.seen)


# ---- sequence numbers
@promise("R13", of="driver")
def sequence_numbers_never_repeat(own: Ipsec) -> Always:
    """Each sequence number from 1 to the last one was used exactly once, every other one never, and the
    counter never cycles.

    No exceptions.
    """
    out, limits = own.outbound, own.limits
    used = (limits.tracked > 0) & (limits.tracked <= out.last)
    once = out.times.eq(ite(used, lift(1, out.times.sort), 0))
    return Always(once & (out.last <= limits.most_number), out.last.eq(limits.most_number) & used)


@promise("R13", of="driver")
def sequence_numbers_are_used_in_order(own: Ipsec) -> Whenever:
    """A sequence number, whichever it is, is used by an installed pair, after the one before it.

    No exceptions.
    """
    out, tracked = own.outbound, own.limits.tracked
    return Whenever(out.times > 0, own.installed & tracked.eq(out.last + 1))


# ---- new SAs in time
@promise("R17 R19", of="driver")
def a_new_sa_is_asked_for_once(own: Ipsec) -> Always:
    """For each pair of SAs IKE is asked for a new one at most once.

    No exceptions.
    """
    requests = own.sa.requests
    return Always(own.sa.asked.eq(requests.eq(1)) & (requests <= 1), own.sa.asked)


@promise("R17 R19", of="driver")
def a_new_sa_is_asked_for_at_a_soft_limit(own: Ipsec) -> Whenever:
    """IKE is asked for a new SA only when the soft lifetime is over, or when a packet, sent or verified,
    reaches the soft limit of bytes or of sequence numbers.

    No exceptions: no forged packet makes IKE negotiate.
    """
    inbound, out, limits = own.inbound, own.outbound, own.limits
    sending = some(own.packets.domain, lambda u: own.soft_reached(out, u))
    numbers = out.last + 1 >= limits.soft_number
    verified = inbound.hand.eq("verified") & inbound.intact
    receiving = verified & own.soft_reached(inbound, inbound.held)
    reached = own.due(own.sa.soft) | sending | numbers | receiving
    return Whenever(own.sa.asked, own.installed & reached)


@promise("R17 R19", of="driver")
def a_new_sa_is_asked_for_before_time_ends(own: Ipsec) -> Whenever:
    """When a pair of SAs expires by time, IKE has been asked for a new one.

    Exception: the soft lifetime, with its slack, is not shorter than the hard one.
    """
    limits, sa = own.limits, own.sa
    sooner = limits.soft_life + limits.slack < limits.life
    return Whenever(sa.ended.eq("lifetime"), sa.asked, ~sooner)


@promise("R17 R19", of="driver")
def a_new_sa_is_asked_for_before_bytes_end(own: Ipsec) -> Whenever:
    """When a pair of SAs expires by bytes, IKE has been asked for a new one.

    Exception: some packet is larger than what lies between the soft and the hard limit.
    """
    return Whenever(own.sa.ended.eq("bytes"), own.sa.asked, large_packets(own))


def large_packets(own: Ipsec) -> Term:
    """Whether some packet is larger than what lies between the soft and the hard limit."""
    limits, size = own.limits, own.packets.size
    return some(own.packets.domain, lambda u: limits.soft_bytes + size(u) > limits.most_bytes)


@promise("R13 R17", of="driver")
def a_new_sa_is_asked_for_before_numbers_end(own: Ipsec) -> Whenever:
    """When the last sequence number is used, IKE has been asked for a new SA before.

    Exception: the soft limit of sequence numbers is not below the last one.
    """
    limits, last = own.limits, own.outbound.last
    below = limits.soft_number < limits.most_number
    return Whenever(last >= limits.most_number, own.sa.asked, ~below)


# ---- the right SA
@promise("R1", of="driver")
def the_right_sa_is_picked(own: Ipsec) -> Always:
    """A packet is given to this pair's inbound SA only if SPI, destination and protocol are its own, and
    while the pair is installed no packet that has them is given to another SA.

    No exceptions: whatever arrives.
    """
    taken = own.in_hand.implies(own.is_ours(own.inbound.held))
    return Always(taken & ~own.others.mistaken, own.in_hand)


@promise("R1", of="driver")
def no_two_sas_have_one_triple(own: Ipsec) -> Always:
    """No two installed SAs of a receiver have the same SPI, destination and protocol.

    No exceptions: an SA whose triple is in use is not installed.
    """
    twice = own.installed & own.others.same_triple
    return Always(~twice, own.others.same_triple & own.sa.state.eq("expired"))
