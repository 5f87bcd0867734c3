"""Who is on the other side of an established Phase I (R4, R5)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import every
from model.promises import Always, Whenever, promise
from model.spec import Ike


@promise("R5")
def established_means_authenticated(ike: Ike) -> Always:
    """An initiator that has established Phase I has checked the responder: both derived the same
    keys, the identity shown is one that it expects, and what proves it satisfies it.

    Rests on two honest ends: nobody else holds a key. Third parties come with the next slice.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    up = i.state.eq("established")
    p = ends.policy
    proved = every(
        p.transform,
        lambda u: i.chosen.eq(u).implies(p.credential_holds("responder", p.method(u))),
    )
    checked = p.identity_accepted("responder") & proved & i.peer_public.eq("responder")
    return Always(up.implies(checked), up)


@promise("R5")
def answered_means_authenticated(ike: Ike) -> Always:
    """A responder that has established Phase I has checked the initiator: its method, its identity,
    what proves it, and the exchange it uses.

    Rests on two honest ends, as established_means_authenticated.
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
    checked = p.identity_accepted("initiator") & p.takes_exchange & proved
    return Always(up.implies(checked), up)


@promise("R5")
def without_secret_nothing_stands(ike: Ike) -> Always:
    """Where the transform is authenticated by a pre-shared key and the two ends do not hold the same
    one, neither end ever establishes Phase I.

    Rests on nothing else.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    p = ends.policy
    up = i.state.eq("established") | r.state.eq("established")
    agree = every(
        p.transform,
        lambda u: ((i.chosen.eq(u) | r.chosen.eq(u)) & p.method(u).eq("pre_shared_key")).implies(
            p.secrets_agree
        ),
    )
    return Always(up.implies(agree), up)


@promise("R5")
def responder_stands_only_after_the_initiators_proof(ike: Ike) -> Whenever:
    """A responder establishes Phase I only after the initiator has sent its proof.

    Rests on nothing else.
    """
    spec, r = ike.spec, ike.phase1.responder
    proofs = [Message(spec.groups[name]).sent for name in ("mm5", "am3")]
    return Whenever(r.state.eq("established"), proofs[0] | proofs[1])
