"""Who is on the other side of an established Phase I (R4, R5)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, every
from model.promises import Always, Whenever, promise
from model.spec import Ike
from model.spec.keys import compromised, method_is


def _same_exchange(ike: Ike) -> Term:
    """Both ends ran the same exchange: suite, public values, keys, and the offer SAi_b."""
    ends = ike.phase1
    return ends.shared & ends.offers_agree


@promise("R5")
def established_means_authenticated(ike: Ike) -> Always:
    """The peer of an initiator that has established Phase I is the responder, in the same exchange:
    same offer, transform, public values and keys; the identity shown is one that it expects, and what
    proves it satisfies it.

    Unless the attacker holds a credential for it. Identities are accepted or not by policy: that two
    names mean the same peer is the policy's claim.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    up = i.state.eq("established")
    p = ends.policy
    proved = every(
        p.transform,
        lambda u: i.chosen.eq(u).implies(p.credential_holds("responder", p.method(u))),
    )
    checked = p.identity_accepted("responder") & proved
    claim = up.implies(i.peer.eq("responder") & _same_exchange(ike) & checked)
    return Always(claim, up, compromised(ends, i))


@promise("R5")
def answered_means_authenticated(ike: Ike) -> Always:
    """The peer of a responder that has established Phase I is the initiator, in the same exchange; its
    method, its identity, what proves it and the exchange it uses are what the policy asks for.

    Unless the attacker holds a credential for it.
    """
    ends, r = ike.phase1, ike.phase1.responder
    up = r.state.eq("established")
    p = ends.policy
    proved = every(
        p.transform,
        lambda u: r.chosen.eq(u).implies(
            p.credential_holds("initiator", p.method(u)) & p.takes_method(p.method(u))
        ),
    )
    checked = p.identity_accepted("initiator") & p.takes_exchange(p.exchange) & proved
    claim = up.implies(r.peer.eq("initiator") & _same_exchange(ike) & checked)
    return Always(claim, up, compromised(ends, r))


@promise("R5")
def without_secret_nothing_stands(ike: Ike) -> Always:
    """Where the transform is authenticated by a pre-shared key and the two ends do not hold the same
    one, neither end ever establishes Phase I.

    Unless the attacker knows the key.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    ups = [end.state.eq("established") & method_is(ends, end, "pre_shared_key") for end in (i, r)]
    up = ups[0] | ups[1]
    return Always(up.implies(ends.policy.secrets_agree), up, ends.attacker.knows_secret)


@promise("R5")
def responder_stands_only_after_the_initiators_proof(ike: Ike) -> Whenever:
    """A responder establishes Phase I only after the initiator has sent its proof.

    Unless the attacker holds a credential for it.
    """
    ends, spec, r = ike.phase1, ike.spec, ike.phase1.responder
    proofs = [Message(spec.groups[name]).sent for name in ("mm5", "am3")]
    return Whenever(r.state.eq("established"), proofs[0] | proofs[1], compromised(ends, r))
