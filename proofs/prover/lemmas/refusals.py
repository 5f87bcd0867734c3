"""Lemmas about refusals, and about exchanges into which nobody writes."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term
from model.spec import Ike
from model.spec.keys import master_key_known, phase1_open
from proofs.prover.lemmas import lemma


def _message(ike: Ike, name: str) -> Message:
    return Message(ike.spec.groups[name])


def _active(ike: Ike) -> Term:
    return ike.phase1.attacker.alters | ike.phase1.attacker.forges


@lemma
def reasons_belong_to_failures(ike: Ike) -> Term:
    """An end that has not failed has no reason, so a reason is never left over from before."""
    two = ike.phase2
    ends = (ike.phase1.initiator, ike.phase1.responder, two.starter, two.answerer)
    claims = [end.state.ne("failed").implies(end.reason.eq("none")) for end in ends]
    return claims[0] & claims[1] & claims[2] & claims[3]


@lemma
def refusals_carry_a_reason(ike: Ike) -> Term:
    """A refusal on its way carries the reason that the responder has; a forged one carries some reason,
    but none that only the hearer itself can have. Who cannot forge names no alternatives."""
    r, n = ike.phase1.responder, ike.phase2.n
    auth, clear = _message(ike, "auth_refusal"), _message(ike, "am_refusal")
    named = _message(ike, "alternatives")
    quick = Message(ike.spec.groups["quick_refusal"])[n]
    own = r.state.eq("failed") & r.reason.ne("timeout") & r.reason.ne("altered_answer")
    sane = ~clear.reason.one_of("none", "timeout", "altered_answer")
    answered = ike.phase2.answerer.state.eq("failed") & quick.reason.eq(ike.phase2.answerer.reason)
    return (
        auth.sent.implies(own & auth.reason.eq(r.reason) & auth.reason.ne("proposal"))
        & named.forged.implies(ike.phase1.attacker.forges)
        & clear.sent.implies(sane)
        & (clear.sent.implies(own & clear.reason.eq(r.reason)) | _active(ike))
        & quick.sent.implies((answered | phase1_open(ike.phase1)) & quick.reason.ne("none"))
    )


@lemma
def a_posed_refusal_is_of_a_proof(ike: Ike) -> Term:
    """A refusal that the attacker makes under keys says what one of the responder can say, and he knows the
    initiator's keys."""
    posed = _message(ike, "posed_refusal")
    sane = posed.reason.one_of(
        "identity", "certificate", "auth_method", "exchange_mode", "tampered"
    )
    return posed.sent.implies(sane & master_key_known(ike.phase1, ike.phase1.initiator))


@lemma
def without_a_writer_ends_agree(ike: Ike) -> Term:
    """Where nobody alters or forges, what the initiator goes by is what the responder chose from the
    offer that was made last."""
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    mm2, am2 = _message(ike, "mm2"), _message(ike, "am2")
    told = [m.sent.implies(m.transform.eq(r.chosen) & ~r.chosen.is_none) for m in (mm2, am2)]
    same = (~i.chosen.is_none).implies(i.chosen.eq(r.chosen))
    last = (~r.chosen.is_none).implies(ends.offers_agree)
    second = (_message(ike, "alternatives").sent & ~r.chosen.is_none).implies(i.round.ne(0))
    ones = am2.sent.implies(am2.public.eq("responder")) & ~_message(ike, "am1").altered
    begun = ~r.chosen.is_none | _message(ike, "am1").sent
    started = begun.implies(i.state.ne("idle"))
    return told[0] & told[1] & same & last & second & ones & started & _publics(ike) | _active(ike)


def _publics(ike: Ike) -> Term:
    """Every public value that was sent, or taken, is there and its sender's."""
    i, r = ike.phase1.initiator, ike.phase1.responder
    proving = r.state.one_of("awaits_mm5", "awaits_am3", "established")
    proved = _message(ike, "mm5").sent | _message(ike, "am3").sent
    return (
        _message(ike, "mm3").sent.implies(_message(ike, "mm3").public.eq("initiator"))
        & _message(ike, "mm4").sent.implies(_message(ike, "mm4").public.eq("responder"))
        & _message(ike, "am1").sent.implies(_message(ike, "am1").public.eq("initiator"))
        & proving.implies(r.peer_public.eq("initiator"))
        & proved.implies(i.peer_public.eq("responder"))
    )


@lemma
def without_a_writer_refusals_are_the_responders(ike: Ike) -> Term:
    """Where nobody alters or forges, a refusal in clear means that nothing of the offer made last is
    acceptable, or that the responder does not take the exchange; and alternatives come before it."""
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    p, why = ends.policy, ike.phase1.responder.reason
    no_proposal, named = _message(ike, "no_proposal").sent, _message(ike, "alternatives").sent
    looks = p.takes_exchange("main") | ~p.exchange_checked_first
    refused = ends.none_acceptable(i.round) | ~p.takes_exchange(p.exchange)
    rightly = no_proposal.implies(refused & i.state.ne("idle") & r.state.eq("failed"))
    order = named.implies(p.names_alternatives & looks) & (no_proposal & named).implies(
        i.round.ne(0) | ~looks
    )
    own = why.eq("proposal").implies(refused & r.chosen.is_none & i.state.ne("idle"))
    after = (why.eq("proposal") & named).implies(i.round.ne(0) | ~looks)
    main = (no_proposal | named).implies(p.exchange.eq("main"))
    return rightly & order & own & after & main | _active(ike)
