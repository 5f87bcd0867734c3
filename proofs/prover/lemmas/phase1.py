"""Lemmas about Phase I."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import TRUE, Term, every, ite, lift
from model.spec import Ike
from model.spec.keys import compromised, master_key_known
from proofs.prover.lemmas import lemma


def _message(ike: Ike, name: str) -> Message:
    return Message(ike.spec.groups[name])


@lemma
def exchange_of_state(ike: Ike) -> Term:
    """The initiator is in states of its own exchange only, and what it alone can have made is of that
    exchange. The attacker can make the responder answer in the other one, but with his own public
    value only: so an answer of one exchange never meets an end of the other."""
    p, i, r = ike.phase1.policy, ike.phase1.initiator, ike.phase1.responder
    main = (
        i.state.one_of("awaits_mm2", "awaits_mm4", "awaits_mm6")
        | _message(ike, "mm3").public.eq("initiator")
        | _message(ike, "mm5").sent
        | (r.state.eq("awaits_mm5") & r.peer_public.eq("initiator"))
    )
    aggressive = (
        i.state.eq("awaits_am2")
        | _message(ike, "am1").public.eq("initiator")
        | _message(ike, "am3").sent
        | (r.state.eq("awaits_am3") & r.peer_public.eq("initiator"))
    )
    return main.implies(p.exchange.eq("main")) & aggressive.implies(p.exchange.eq("aggressive"))


@lemma
def offers_are_the_initiators(ike: Ike) -> Term:
    """An unaltered message 1 was sent by the initiator, with the round it is in or was in; only Main
    Mode has later rounds."""
    p, i, mm1 = ike.phase1.policy, ike.phase1.initiator, _message(ike, "mm1")
    own = mm1.sent & ~mm1.altered
    one = p.exchange.eq("aggressive").implies(i.round.eq(0))
    main = p.exchange.eq("main")
    return own.implies(i.state.ne("idle") & mm1.round.eq(i.round) & main) & one


@lemma
def the_responder_chose_by_the_rule(ike: Ike) -> Term:
    """From an unaltered offer the responder's transform is the one that the shared rule picks; before
    it has chosen it has none, and no public value before it has chosen: so it chooses once."""
    ends, r = ike.phase1, ike.phase1.responder
    chosen = every(
        ends.policy.transform,
        lambda u: r.chosen.eq(u).implies(ends.chosen(u, r.round)),
    )
    fresh = r.state.eq("idle").implies(r.chosen.is_none & r.round.eq(0))
    early = r.chosen.is_none | r.state.eq("awaits_mm3")
    acceptable = every(ends.policy.transform, lambda u: r.chosen.eq(u).implies(ends.acceptable(u)))
    return (
        r.offer_intact.implies(chosen)
        & acceptable
        & fresh
        & early.implies(r.peer_public.eq("none"))
    )


@lemma
def the_initiator_has_nothing_before_an_answer(ike: Ike) -> Term:
    """Until an answer is taken the initiator goes by no transform, and until message 4 it has no public
    value of the peer: so it takes each once."""
    i = ike.phase1.initiator
    first = i.state.one_of("idle", "awaits_mm2", "awaits_am2")
    second = first | i.state.eq("awaits_mm4")
    return first.implies(i.chosen.is_none) & second.implies(i.peer_public.eq("none"))


@lemma
def whom_an_end_has_authenticated(ike: Ike) -> Term:
    """An end at which Phase I is up, or has been up, has authenticated its peer, in the same exchange, or the
    attacker, who then holds a credential. This is what every alteration breaks on."""
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    same = ends.shared & ends.offers_agree
    initiator_is = i.peer.eq("responder") & same | i.peer.eq("attacker") & compromised(ends, i)
    responder_is = r.peer.eq("initiator") & same | r.peer.eq("attacker") & compromised(ends, r)
    standing = [end.state.one_of("established", "ended") for end in (i, r)]
    known = [end.peer.ne("none") for end in (i, r)]
    return (
        (standing[0] | known[0]).implies(initiator_is)
        & (standing[1] | known[1]).implies(responder_is)
        & (known[0].implies(standing[0]))
        & (known[1].implies(standing[1]))
    )


@lemma
def messages_that_prove(ike: Ike) -> Term:
    """Message 5 was sent by an initiator that had the responder's public value, as it took it; message
    6 by a responder that had authenticated somebody."""
    i, r = ike.phase1.initiator, ike.phase1.responder
    five = _message(ike, "mm5").sent.implies(
        i.state.one_of("awaits_mm6", "established", "failed", "ended") & ~i.chosen.is_none
    )
    six = _message(ike, "mm6").sent.implies(r.peer.ne("none"))
    proof = i.state.one_of("established", "ended") & i.peer.eq("responder")
    three = _message(ike, "am3").sent.implies(proof)
    return five & six & three


@lemma
def who_has_the_responders_value_has_proved_itself(ike: Ike) -> Term:
    """An initiator takes the responder's public value with the message that its own proof answers: so a
    responder whose hash agrees has had that proof. What shows that its arrival need not be asked for."""
    p, i = ike.phase1.policy, ike.phase1.initiator
    main, aggressive = (_message(ike, name).sent for name in ("mm5", "am3"))
    return i.peer_public.eq("responder").implies(ite(p.exchange.eq("main"), main, aggressive))


@lemma
def who_poses_holds_a_credential(ike: Ike) -> Term:
    """The attacker's own proof was made with a credential for the transform of the end that it is meant
    for, and under its keys; neither changes any more."""
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    to_r, to_i = _message(ike, "posed_initiator"), _message(ike, "posed_responder")
    found = []
    for posed, end in ((to_r, r), (to_i, i)):
        found.append(posed.sent.implies(compromised(ends, end) & master_key_known(ends, end)))
    return found[0] & found[1]


@lemma
def aggressive_responder_has_checked(ike: Ike) -> Term:
    """In Aggressive Mode the responder checks identity, exchange and method with message 1, and shows
    its own in clear: what is left for message 3 is the proof alone."""
    ends, r = ike.phase1, ike.phase1.responder
    p = ends.policy
    method = every(p.transform, lambda u: r.chosen.eq(u).implies(p.takes_method(p.method(u))))
    checked = p.identity_accepted("initiator") & p.takes_exchange("aggressive") & method
    early = r.state.one_of("idle", "awaits_mm3", "awaits_mm5").implies(~r.in_clear)
    return r.state.eq("awaits_am3").implies(checked & r.in_clear) & early


@lemma
def public_values_are_whose_they_say(ike: Ike) -> Term:
    """A passive attacker changes no public value: without a power to write on the wire each end has
    the other's."""
    ends, a = ike.phase1, ike.phase1.attacker
    i, r = ends.initiator, ends.responder
    pairs = [
        (_message(ike, "mm3").public, "initiator"),
        (_message(ike, "am1").public, "initiator"),
        (r.peer_public, "initiator"),
        (_message(ike, "mm4").public, "responder"),
        (_message(ike, "am2").public, "responder"),
        (i.peer_public, "responder"),
    ]
    honest = TRUE
    for public, whose in pairs:
        honest = honest & public.one_of("none", whose)
    aggressive = _message(ike, "am1").sent | r.in_clear | r.state.eq("awaits_am3")
    honest = honest & aggressive.implies(ends.policy.exchange.eq("aggressive"))
    return honest | a.alters | a.forges


@lemma
def alternatives_are_the_responders(ike: Ike) -> Term:
    """Without a power to write on the wire, alternatives are named only where nothing of the first
    offer is acceptable, and only then there is a second round."""
    ends, a, i = ike.phase1, ike.phase1.attacker, ike.phase1.initiator
    zero = lift(0, i.round.sort)
    named, mm1 = _message(ike, "alternatives"), _message(ike, "mm1")
    honest = (
        named.sent.implies(ends.none_acceptable(zero))
        & i.round.ne(0).implies(named.sent)
        & ~mm1.altered
        & ~named.forged
    )
    return honest | a.alters | a.forges


@lemma
def timers_run_where_they_are_needed(ike: Ike) -> Term:
    """Outside its states a timer is off; the brief interval comes after the last resend of a first
    message to which nothing has come back."""
    ends, i = ike.phase1, ike.phase1.initiator
    waits = ends.awaits_first_answer | ends.awaits_later_answer | i.state.eq("clear")
    last = (i.last & ends.awaits_first_answer).implies(i.tries >= ends.timing.resends)
    fresh = i.state.eq("idle").implies(~i.last & i.tries.eq(0))
    clear = i.since_clear.armed.implies(i.state.one_of("clear", "failed"))
    clear = clear & (i.since_clear.left <= ends.timing.horizon)
    return i.due.armed.implies(waits) & last & fresh & clear
