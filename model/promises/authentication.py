"""Who is on the other side of an established Phase I (R4, R5)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, every, ite
from model.promises import Always, Whenever, promise
from model.spec import Ike
from model.spec.keys import compromised, master_key_known, method_is


def _same_exchange(ike: Ike) -> Term:
    """Both ends ran the same exchange: suite, public values, keys, and the offer SAi_b."""
    ends = ike.phase1
    return ends.shared & ends.offers_agree


@promise("R5")
def established_means_authenticated(ike: Ike) -> Always:
    """The peer of an initiator that has established Phase I is the responder, in the same exchange:
    same offer, transform, public values and keys; the identity shown is one that it expects, and what
    proves it satisfies it.

    Exception: the attacker holds a credential for it. Identities are accepted or not by policy: that two
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

    Exception: the attacker holds a credential for it.
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

    Exception: the attacker knows the key.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    ups = [end.state.eq("established") & method_is(ends, end, "pre_shared_key") for end in (i, r)]
    up = ups[0] | ups[1]
    return Always(up.implies(ends.policy.secrets_agree), up, ends.attacker.knows_secret)


@promise("R5")
def responder_stands_only_after_the_initiators_proof(ike: Ike) -> Whenever:
    """A responder establishes Phase I only after the initiator has sent its proof.

    Exception: the attacker holds a credential for it.
    """
    ends, spec, r = ike.phase1, ike.spec, ike.phase1.responder
    proofs = [Message(spec.groups[name]).sent for name in ("mm5", "am3")]
    return Whenever(r.state.eq("established"), proofs[0] | proofs[1], compromised(ends, r))


@promise("R5")
def a_peers_own_proof_is_of_this_exchange(ike: Ike) -> Always:
    """An end that accepts a proof that its peer made has run the same exchange with it: same transform,
    public values, keys, and the same offer.

    No exceptions: even an attacker who holds credentials can only make a proof of his own; he cannot
    reuse another's proof in another exchange.
    """
    i, r = ike.phase1.initiator, ike.phase1.responder
    proved = [i.peer.eq("responder"), r.peer.eq("initiator")]
    return Always((proved[0] | proved[1]).implies(_same_exchange(ike)), proved[0] & proved[1])


@promise("R5")
def an_established_end_knows_its_peer(ike: Ike) -> Always:
    """An end at which Phase I is up, or has been up, has authenticated somebody: the peer, or an
    impostor.

    No exceptions: every attacker switch is on.
    """
    i, r = ike.phase1.initiator, ike.phase1.responder
    stood = [end.state.one_of("established", "ended") for end in (i, r)]
    known = [end.peer.ne("none") for end in (i, r)]
    claim = stood[0].implies(known[0]) & stood[1].implies(known[1])
    return Always(claim, stood[0] & i.peer.eq("attacker") & stood[1] & r.peer.eq("attacker"))


@promise("R4 R5")
def who_passes_for_a_peer_shares_its_keys(ike: Ike) -> Always:
    """An attacker who has impersonated the peer of an end knows the keys of this end, and holds a
    credential for its transform: a credential alone is of no use to him.

    No exceptions: every attacker switch is on.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    claims = [
        end.peer.eq("attacker").implies(master_key_known(ends, end) & compromised(ends, end))
        for end in (i, r)
    ]
    return Always(claims[0] & claims[1], i.peer.eq("attacker") & r.peer.eq("attacker"))


@promise("R3 R5")
def a_fooled_responder_keeps_its_policy(ike: Ike) -> Always:
    """Even for an impostor the responder establishes Phase I only with an authentication method and an
    exchange that its policy accepts.

    No exceptions: every attacker switch is on.
    """
    ends, r = ike.phase1, ike.phase1.responder
    p, fooled = ends.policy, ike.phase1.responder.peer.eq("attacker")
    method = every(p.transform, lambda u: r.chosen.eq(u).implies(p.takes_method(p.method(u))))
    exchange = ite(r.in_clear, p.takes_exchange("aggressive"), p.takes_exchange("main"))
    return Always(fooled.implies(method & exchange & ~r.chosen.is_none), fooled)
