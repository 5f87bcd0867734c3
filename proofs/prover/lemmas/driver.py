"""Lemmas about the driver: one pair of SAs, one sequence number that is followed."""

from __future__ import annotations

from model.language.terms import Term
from model.spec.driver_pair import Ipsec
from proofs.prover.lemmas import lemma_of

lemma = lemma_of("driver")


@lemma
def a_packet_in_hand_was_checked(own: Ipsec) -> Term:
    """While a packet is in hand no other one is accepted: it is still in the window, and its number was
    not accepted, where the receiver wants anti-replay."""
    inbound, limits = own.inbound, own.limits
    number = own.packets.number(inbound.held)
    fresh = (number > 0) & (number + limits.window > inbound.top)
    fresh = fresh & ~(inbound.seen & number.eq(limits.tracked))
    return (own.in_hand & limits.checks_replay).implies(fresh)


@lemma
def both_lifetimes_began_together(own: Ipsec) -> Term:
    """While both lifetimes run, their ends are as far apart as the lifetimes are long: so the soft one
    is over first, if it is shorter."""
    sa, limits = own.sa, own.limits
    apart = (sa.hard.left + limits.soft_life).eq(sa.soft.left + limits.life)
    return (sa.hard.armed & sa.soft.armed).implies(apart)


@lemma
def at_a_soft_limit_ike_was_asked(own: Ipsec) -> Term:
    """Whoever has reached a soft limit of bytes or sequence numbers has asked IKE in that step."""
    out, inbound, limits = own.outbound, own.inbound, own.limits
    bytes_ = (out.bytes >= limits.soft_bytes) | (inbound.bytes >= limits.soft_bytes)
    return (bytes_ | (out.last >= limits.soft_number)).implies(own.sa.asked)


@lemma
def nobody_asks_before_there_is_a_pair(own: Ipsec) -> Term:
    """A pair that was never installed has not asked for another one, so its soft lifetime begins."""
    return own.sa.state.eq("absent").implies(~own.sa.asked)
