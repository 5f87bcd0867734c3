"""Order: nothing happens without the message that it answers (R2, R4, R5, R11, R14)."""

from __future__ import annotations

from model.promises import Always, Whenever, promise
from model.spec import Ike
from model.spec.driver_ends import handed_over


@promise("R2 R18")
def an_established_initiator_never_fails(ike: Ike) -> Whenever:
    """No message and no delay makes an initiator's Phase I SA fail that was never begun, is
    established, or has ended: it fails only while it is negotiated, or when a soft SA ends.

    No exceptions: every attacker switch is on.
    """
    i = ike.phase1.initiator
    return Whenever(i.state.eq("failed"), ~i.state.one_of("idle", "established", "ended"))


@promise("R2 R18")
def an_established_responder_never_fails(ike: Ike) -> Whenever:
    """No message and no delay makes a responder's Phase I SA fail that is established or has ended.

    No exceptions: every attacker switch is on.
    """
    r = ike.phase1.responder
    return Whenever(r.state.eq("failed"), ~r.state.one_of("established", "ended"))


@promise("R18")
def only_an_established_initiator_ends(ike: Ike) -> Whenever:
    """At the initiator only an established Phase I SA ends; one that was never up fails instead.

    No exceptions: every attacker switch is on.
    """
    i = ike.phase1.initiator
    return Whenever(i.state.eq("ended"), i.state.eq("established"))


@promise("R18")
def only_an_established_responder_ends(ike: Ike) -> Whenever:
    """At the responder only an established Phase I SA ends; one that was never up fails instead.

    No exceptions: every attacker switch is on.
    """
    r = ike.phase1.responder
    return Whenever(r.state.eq("ended"), r.state.eq("established"))


@promise("R11 R13")
def drivers_and_negotiations_agree(ike: Ike) -> Always:
    """An end of a negotiation has been given SAs exactly when it has completed Quick Mode.

    No exceptions; any number of negotiations.
    """
    two, driver = ike.phase2, ike.driver
    s, a = driver.starter[two.n], driver.answerer[two.n]
    claim = handed_over(s).eq(two.starter.state.eq("established")) & handed_over(a).eq(
        two.answerer.state.eq("established")
    )
    return Always(claim, handed_over(s) & handed_over(a))
