"""Lemmas about what refusals rest on."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term
from model.spec import Ike
from proofs.prover.lemmas import lemma


def _message(ike: Ike, name: str) -> Message:
    return Message(ike.spec.groups[name])


@lemma
def who_has_answered_holds_keys(ike: Ike) -> Term:
    """A responder whose exchange is half open has chosen, and one that has sent its public value, or a
    proof, has taken the initiator's: so a refused proof is about keys that are there. Whoever writes on
    the wire can send those messages without it."""
    ends, r, a = ike.phase1, ike.phase1.responder, ike.phase1.attacker
    keyed = _message(ike, "mm4").sent | _message(ike, "am2").sent | _message(ike, "mm6").sent
    honest = keyed.implies(r.peer_public.ne("none")) | a.alters | a.forges
    return ends.half_open.implies(~r.chosen.is_none) & honest


@lemma
def quick_refusals_are_about_policy(ike: Ike) -> Term:
    """The answerer refuses for reasons of its policy only, so `altered_answer` is the starter's own."""
    refusal = _message(ike, "quick_refusal")[ike.phase2.n]
    return refusal.sent.implies(refusal.reason.one_of("selector", "mode", "proposal", "limit"))


@lemma
def the_first_offer_is_of_the_first_round(ike: Ike) -> Term:
    """Before the initiator has begun it is in its first round, and so is what an attacker makes of its
    message 1: so a refusal of that is of the offer that the policy makes."""
    i = ike.phase1.initiator
    return i.state.ne("idle") | (i.round.eq(0) & _message(ike, "mm1").round.eq(0))
