"""Lemmas about one exchange of Phase I as a whole: what its flow rests on."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, conjunction
from model.spec import Ike
from proofs.prover.lemmas import lemma


@lemma
def nothing_comes_before_a_first_message(ike: Ike) -> Term:
    """Without forging there is no message, and no act of the responder, before the initiator has begun; and
    it has heard nothing then: so an exchange begins unanswered."""
    i, r = ike.phase1.initiator, ike.phase1.responder
    names = ("mm1", "mm2", "am1", "am2", "alternatives", "no_proposal", "am_refusal")
    sent = [~Message(ike.spec.groups[name]).sent for name in names]
    idle = i.state.eq("idle")
    unbegun = conjunction(*sent, r.state.eq("idle"))
    return idle.implies(~i.heard & (unbegun | ike.phase1.attacker.forges))


@lemma
def a_refusal_is_believed_or_doubted(ike: Ike) -> Term:
    """Who waits on for message 2 of Aggressive Mode after having heard something has doubted a refusal: so
    one that is believed is the first thing heard."""
    i = ike.phase1.initiator
    waits_on = i.state.eq("awaits_am2") & i.heard
    return waits_on.implies(~ike.phase1.policy.believes_refusals)


@lemma
def who_cannot_forge_leaves_answers_whole(ike: Ike) -> Term:
    """Without forging message 2 of Aggressive Mode names a transform, as its sender wrote it or as it was
    altered."""
    am2 = Message(ike.spec.groups["am2"])
    whole = am2.sent.implies(~am2.transform.is_none)
    return whole | ike.phase1.attacker.forges
