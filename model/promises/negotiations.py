"""What a negotiation of Phase II rests on at each of its steps (R2, R7, R11, R14)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import some
from model.promises import Whenever, promise
from model.promises.sharing import answering, opened
from model.spec import Ike
from model.spec.driver_ends import handed_over
from model.spec.parameters import other_role


@promise("R2 R14")
def initiator_starts_under_phase1(ike: Ike) -> Whenever:
    """The initiator of Phase I starts a negotiation only while that SA is up at its own end and may
    serve one more, and only if its policy has something to offer.

    No exceptions; any number of negotiations.
    """
    return _starts(ike, "initiator")


@promise("R2 R14")
def responder_starts_under_phase1(ike: Ike) -> Whenever:
    """The responder of Phase I starts a negotiation only while that SA is up at its own end and may
    serve one more, and only if its policy has something to offer.

    No exceptions; any number of negotiations.
    """
    return _starts(ike, "responder")


def _starts(ike: Ike, role: str) -> Whenever:
    s, p = ike.phase2.starter, ike.phase2.policy
    starts = s.state.eq("awaits_qm2") & s.role.eq(role)
    something = some(p.protection, lambda u: p.offers(role, u))
    under = ike.phase1.live(role)
    serves = ike.phase1.end(role).served < p.limit(role)
    return Whenever(starts, s.state.eq("idle") & under & something & serves)


@promise("R14")
def answerer_answers_under_phase1(ike: Ike) -> Whenever:
    """The answerer of a negotiation answers message 1 once, under a Phase I SA that is up at its own
    end, and with a policy that selects and takes what is asked for; the message is protected by the keys
    of this SA.

    Exception: it is the starter itself, to whom its own message 1 came back. Any number of negotiations.
    """
    two, a = ike.phase2, ike.phase2.answerer
    p, role = two.policy, two.starter.role
    qm1 = Message(ike.spec.groups["qm1"])[two.n]
    under = two.phase1_stands(other_role(role)) & opened(ike, "qm1", answering(ike))
    taken = p.clients_taken(role) & p.mode_taken(role)
    serves = two.may_serve(other_role(role))
    claim = a.state.eq("idle") & qm1.sent & under & taken & serves
    return Whenever(a.state.eq("awaits_qm3"), claim, two.reflected)


@promise("R7 R11 R14")
def starter_takes_what_it_offered(ike: Ike) -> Whenever:
    """The starter of a negotiation gets SAs only upon a message 2 that names a transform of its offer,
    while it waits for it; the message is protected by the keys of its Phase I SA.

    No exceptions; any number of negotiations.
    """
    two, s = ike.phase2, ike.phase2.starter
    p, qm2 = two.policy, Message(ike.spec.groups["qm2"])[two.n]
    named = some(p.protection, lambda u: qm2.transform.eq(u) & p.offers(s.role, u))
    waits = s.state.eq("awaits_qm2") & named & opened(ike, "qm2", s.role)
    return Whenever(handed_over(ike.driver.starter[two.n]), waits)


@promise("R11 R14")
def answerer_completes_upon_message_3(ike: Ike) -> Whenever:
    """The answerer of a negotiation gets SAs only upon message 3, while it waits for it; the message is
    protected by the keys of its Phase I SA.

    No exceptions; any number of negotiations.
    """
    two, a = ike.phase2, ike.phase2.answerer
    waits = a.state.eq("awaits_qm3") & opened(ike, "qm3", answering(ike))
    return Whenever(handed_over(ike.driver.answerer[two.n]), waits)
