"""A rejection is justified, and says why (R5, R7, R10, R21)."""

from __future__ import annotations

from model.language.terms import every
from model.promises import Always, promise
from model.spec import Ike
from model.spec.keys import master_key_known, phase1_open


@promise("R5 R7")
def the_responder_tells_the_truth(ike: Ike) -> Always:
    """The reason of a responder's rejection is true: its policy does not accept the exchange, the
    method or the identity, what the initiator shows does not satisfy it, nothing of the offer is
    acceptable, or the two ends do not hold the same keys.

    Exception: the attacker alters or forges: then what it refuses may not be the initiator's.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    p, why = ends.policy, ike.phase1.responder.reason
    shown = every(
        p.transform,
        lambda u: r.chosen.eq(u).implies(p.credential_holds("initiator", p.method(u))),
    )
    takes = every(p.transform, lambda u: r.chosen.eq(u).implies(p.takes_method(p.method(u))))
    secret = p.secrets_agree & p.has_secret("responder") & p.has_secret("initiator")
    none = ends.none_acceptable(i.round) | ~p.takes_exchange(p.exchange)
    claim = (
        why.eq("identity").implies(~p.identity_accepted("initiator"))
        & why.eq("exchange_mode").implies(~p.takes_exchange(p.exchange))
        & why.eq("certificate").implies(~shown)
        & why.eq("proposal").implies(none)
        & (why.eq("auth_method") & ~r.chosen.is_none).implies(~takes)
        & (why.eq("psk") & ~r.chosen.is_none).implies(~secret)
        & why.ne("tampered")
    )
    active = ends.attacker.alters | ends.attacker.forges
    return Always(claim, why.eq("identity"), active)


@promise("R5 R7")
def the_initiator_tells_the_truth(ike: Ike) -> Always:
    """The reason for which an initiator has stopped is true: the responder's identity is not accepted,
    what it shows does not satisfy it, or nothing of the offer was acceptable.

    Exception: the attacker alters or forges: refusals come in clear. Or he knows the initiator's keys.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    p, why = ends.policy, ike.phase1.initiator.reason
    ids = ~p.identity_accepted("responder") | ~p.identity_accepted("initiator")
    refused = ends.none_acceptable(i.round) | ~p.takes_exchange(p.exchange)
    claim = (
        why.eq("identity").implies(ids)
        & why.eq("proposal").implies(refused)
        & why.ne("altered_answer")
    )
    active = ends.attacker.alters | ends.attacker.forges | master_key_known(ends, i)
    return Always(claim, why.eq("identity"), active)


@promise("R10 R12 R21")
def the_answerers_choice_is_by_policy(ike: Ike) -> Always:
    """The transform that an answerer has chosen is the one that the shared rule picks; it takes the
    mode and selects the client identities, and with session key PFS the public value fits the group.

    Exception: the attacker knows the keys of Phase I, or the starter answers itself. Any number of
    negotiations.
    """
    two, a = ike.phase2, ike.phase2.answerer
    p, role = two.policy, two.starter.role
    fair = every(
        p.protection,
        lambda u: a.chosen.eq(u).implies(
            two.of(u).chosen(role) & (~p.pfs(u) | p.key_exchange_fits(role, u))
        ),
    )
    taken = p.mode_taken(role) & p.clients_taken(role)
    claim = (~a.chosen.is_none).implies(fair & taken)
    excused = phase1_open(ike.phase1) | two.reflected
    return Always(claim, ~a.chosen.is_none, excused)
