"""Lemmas about Phase I."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, every, lift
from model.spec import Ike
from proofs.prover.lemmas import lemma


def _message(ike: Ike, name: str) -> Message:
    return Message(ike.spec.groups[name])


@lemma
def exchange_of_state(ike: Ike) -> Term:
    """Ends and messages of Main Mode are there only in Main Mode, those of Aggressive Mode only in
    that: without it, an answer of one exchange would meet a state of the other."""
    p, i, r = ike.phase1.policy, ike.phase1.initiator, ike.phase1.responder
    main = (
        i.state.one_of("awaits_mm2", "awaits_mm4", "awaits_mm6")
        | r.state.one_of("awaits_mm3", "awaits_mm5")
        | _message(ike, "mm1").sent
        | _message(ike, "alternatives").sent
    )
    aggressive = (
        i.state.eq("awaits_am2")
        | r.state.eq("awaits_am3")
        | _message(ike, "am1").sent
        | _message(ike, "am2").sent
        | _message(ike, "am3").sent
    )
    return main.implies(p.exchange.eq("main")) & aggressive.implies(p.exchange.eq("aggressive"))


@lemma
def message_1_is_of_the_round(ike: Ike) -> Term:
    """What the responder reads is the offer of the round that the initiator is in; Aggressive Mode has
    one round."""
    p, i, mm1 = ike.phase1.policy, ike.phase1.initiator, _message(ike, "mm1")
    one = p.exchange.eq("aggressive").implies(i.round.eq(0))
    return mm1.sent.implies(mm1.round.eq(i.round)) & one


@lemma
def alternatives_mean_nothing_was_acceptable(ike: Ike) -> Term:
    """Alternatives are named only where nothing of the first offer is acceptable, and only then there
    is a second round: so a choice of round 0 never meets an initiator in round 1."""
    ends, i = ike.phase1, ike.phase1.initiator
    zero = lift(0, i.round.sort)
    named = _message(ike, "alternatives").sent
    return named.implies(ends.none_acceptable(zero)) & i.round.eq(1).implies(named)


@lemma
def the_responder_chose_by_the_rule(ike: Ike) -> Term:
    """The responder's transform is the one that the shared rule picks from the offer of the round;
    before it has chosen it has none, so it chooses once."""
    ends, r = ike.phase1, ike.phase1.responder
    chosen = every(
        ends.policy.transform,
        lambda u: r.chosen.eq(u).implies(ends.chosen(u, ends.initiator.round)),
    )
    return chosen & r.state.eq("idle").implies(r.chosen.is_none)


@lemma
def the_initiator_has_nothing_before_an_answer(ike: Ike) -> Term:
    """Until an answer is taken the initiator goes by no transform, so it takes one once."""
    i = ike.phase1.initiator
    waiting = i.state.one_of("idle", "awaits_mm2", "awaits_am2")
    return waiting.implies(i.chosen.is_none)


@lemma
def message_2_of_aggressive_mode_names_the_choice(ike: Ike) -> Term:
    """HASH_R covers the answer of Aggressive Mode: it is the responder's choice."""
    r, am2 = ike.phase1.responder, _message(ike, "am2")
    return am2.sent.implies(am2.transform.eq(r.chosen) & ~r.chosen.is_none)


@lemma
def standing_ends_share_keys(ike: Ike) -> Term:
    """An end stands only on keys that both derived: one transform, and with pre-shared keys one
    secret. This is what an altered message 2 breaks on."""
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    up = i.state.eq("established") | r.state.eq("established")
    p = ends.policy
    shared = every(
        p.transform,
        lambda u: i.chosen.eq(u).implies(
            r.chosen.eq(u) & p.method(u).eq("pre_shared_key").implies(p.secrets_agree)
        ),
    )
    return up.implies(~i.chosen.is_none & shared)


@lemma
def aggressive_responder_has_checked(ike: Ike) -> Term:
    """In Aggressive Mode the responder checks identity, exchange and method with message 1: what is
    left for message 3 is the proof alone."""
    ends, r = ike.phase1, ike.phase1.responder
    p = ends.policy
    method = every(p.transform, lambda u: r.chosen.eq(u).implies(p.takes_method(p.method(u))))
    checked = p.identity_accepted("initiator") & p.takes_exchange & method
    return r.state.eq("awaits_am3").implies(checked)
