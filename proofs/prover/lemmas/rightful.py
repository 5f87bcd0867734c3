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
def what_is_not_sent_says_nothing(ike: Ike) -> Term:
    """A message that nobody has sent names no transform and no SPI: so what names one has arrived. The
    first offer is of the first round, and alternatives are forged only if they are there."""
    i, n = ike.phase1.initiator, ike.phase2.n
    mm2, am2, named = (_message(ike, name) for name in ("mm2", "am2", "alternatives"))
    qm1, qm2 = _message(ike, "qm1")[n], _message(ike, "qm2")[n]
    begun = i.state.ne("idle") | (i.round.eq(0) & _message(ike, "mm1").round.eq(0))
    return (
        (mm2.sent | mm2.transform.is_none)
        & (am2.sent | (am2.transform.is_none & am2.public.eq("none")))
        & (qm1.sent | (qm1.spi.eq(0) & qm1.public.eq("none")))
        & (qm2.sent | (qm2.spi.eq(0) & qm2.transform.is_none & qm2.public.eq("none")))
        & (mm2.sent | ~mm2.life_altered)
        & (am2.sent | ~am2.life_altered)
        & (named.sent | ~named.forged)
        & begun
    )
