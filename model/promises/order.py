"""What comes after what: nothing moves without the message it answers (R2, R4, R5, R11, R14)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term
from model.promises import Always, Whenever, promise
from model.spec import Ike


def _sent(ike: Ike, name: str) -> Term:
    return Message(ike.spec.groups[name]).sent


@promise("R4 R5")
def the_initiator_answers_messages(ike: Ike) -> Always:
    """The initiator gets to each state of Main Mode only by the message that it awaited: message 2
    before message 3, message 4 before message 5; and it has authenticated a responder only by message
    6, or 2 of Aggressive Mode, which the responder or an attacker with a credential sent.

    Rests on nothing: every attacker switch on.
    """
    i = ike.phase1.initiator
    second = i.state.one_of("awaits_mm4", "awaits_mm6").implies(_sent(ike, "mm2"))
    fourth = i.state.eq("awaits_mm6").implies(_sent(ike, "mm4"))
    by_responder = i.peer.eq("responder").implies(_sent(ike, "mm6") | _sent(ike, "am2"))
    posed = _sent(ike, "posed_responder") | _sent(ike, "am1")
    by_attacker = i.peer.eq("attacker").implies(posed)
    return Always(second & fourth & by_responder & by_attacker, i.state.eq("awaits_mm6"))


@promise("R4 R5")
def the_responder_answers_messages(ike: Ike) -> Always:
    """The responder gets to each state only by the message that it awaited: message 1 before message 2,
    message 3 before message 4; and it has authenticated an initiator only by message 5, or 3 of
    Aggressive Mode, which the initiator or an attacker with a credential sent.

    Rests on nothing: every attacker switch on.
    """
    r = ike.phase1.responder
    first = (~r.chosen.is_none).implies(_sent(ike, "mm1") | _sent(ike, "am1"))
    third = r.state.eq("awaits_mm5").implies(_sent(ike, "mm3"))
    by_initiator = r.peer.eq("initiator").implies(_sent(ike, "mm5") | _sent(ike, "am3"))
    by_attacker = r.peer.eq("attacker").implies(_sent(ike, "posed_initiator"))
    return Always(first & third & by_initiator & by_attacker, r.state.eq("awaits_mm5"))


@promise("R10 R11 R14")
def quick_mode_answers_messages(ike: Ike) -> Always:
    """Each end of a negotiation gets to each state of Quick Mode only by the message that it awaited:
    1 before 2, 2 before 3, 3 before the answerer's SAs.

    Rests on nothing; any number of negotiations.
    """
    two = ike.phase2
    qm1, qm2, qm3 = (Message(ike.spec.groups[name])[two.n].sent for name in ("qm1", "qm2", "qm3"))
    s, a = two.starter, two.answerer
    claim = (
        a.state.ne("idle").implies(qm1)
        & s.state.eq("established").implies(qm2)
        & a.state.eq("established").implies(qm3)
    )
    return Always(claim, a.state.eq("established"))


@promise("R2 R18")
def an_established_initiator_never_fails(ike: Ike) -> Whenever:
    """No message and no lateness makes an initiator's Phase I SA fail that was never begun, is
    established, or has ended: it fails only while it is negotiated, or when a soft SA ends.

    Rests on nothing: every attacker switch on.
    """
    i = ike.phase1.initiator
    return Whenever(i.state.eq("failed"), ~i.state.one_of("idle", "established", "ended"))


@promise("R2 R18")
def an_established_responder_never_fails(ike: Ike) -> Whenever:
    """No message and no lateness makes a responder's Phase I SA fail that is established or has ended.

    Rests on nothing: every attacker switch on.
    """
    r = ike.phase1.responder
    return Whenever(r.state.eq("failed"), ~r.state.one_of("established", "ended"))


@promise("R18")
def only_an_established_initiator_ends(ike: Ike) -> Whenever:
    """At the initiator only an established Phase I SA ends; one that never stood fails instead.

    Rests on nothing: every attacker switch on.
    """
    i = ike.phase1.initiator
    return Whenever(i.state.eq("ended"), i.state.eq("established"))


@promise("R18")
def only_an_established_responder_ends(ike: Ike) -> Whenever:
    """At the responder only an established Phase I SA ends; one that never stood fails instead.

    Rests on nothing: every attacker switch on.
    """
    r = ike.phase1.responder
    return Whenever(r.state.eq("ended"), r.state.eq("established"))


@promise("R11 R13")
def drivers_and_negotiations_agree(ike: Ike) -> Always:
    """An end of a negotiation has SAs exactly when it has completed Quick Mode.

    Rests on nothing; any number of negotiations.
    """
    two, driver = ike.phase2, ike.driver
    s, a = driver.starter[two.n], driver.answerer[two.n]
    claim = s.installed.eq(two.starter.state.eq("established")) & a.installed.eq(
        two.answerer.state.eq("established")
    )
    return Always(claim, s.installed & a.installed)
