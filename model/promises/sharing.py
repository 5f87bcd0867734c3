"""Who shares keys with an end of Phase I, in words of the promises' own: the guards of the ends have other ones.

What the attacker knows is the closed formula of `model.spec.keys`, which his guards read too; a saturation that
knows none of it checks both (tests/model/spec/test_knowledge.py).
"""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, ite, lift, some
from model.spec import Ike
from model.spec.keys import master_key_known
from model.spec.parameters import ROLE


def keys_alike(ike: Ike) -> Term:
    """Whether both ends of Phase I have derived the same keys: from one transform and one Diffie-Hellman
    secret, and with a pre-shared key from the same key."""
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    p = ends.policy
    mutual = i.peer_public.eq("responder") & r.peer_public.eq("initiator")
    nobodys = i.peer_public.eq("degenerate") & r.peer_public.eq("degenerate")
    keyed = some(
        p.transform,
        lambda u: (
            i.chosen.eq(u) & r.chosen.eq(u) & (p.method(u).ne("pre_shared_key") | p.secrets_agree)
        ),
    )
    return keyed & (mutual | nobodys)


def known_to_the_attacker(ike: Ike, role: Term) -> Term:
    """Whether the attacker knows the keys of the end of that role: he has passed for its peer, or has
    learned them."""
    i, r = (master_key_known(ike.phase1, ike.phase1.end(x)) for x in ("initiator", "responder"))
    return ite(role.eq("initiator"), i, r)


def answering(ike: Ike) -> Term:
    """The role in Phase I of the end that answers a negotiation."""
    s, a = ike.phase2.starter, ike.phase2.answerer
    opposite = ite(s.role.eq("initiator"), lift("responder", ROLE), "initiator")
    return ite(a.own, s.role, opposite)


def with_the_peer(ike: Ike) -> Term:
    """Whether what an end of a negotiation opens is the other end's, as both have the same keys; or it is
    the other end itself."""
    return keys_alike(ike) | ike.phase2.answerer.own


def opened(ike: Ike, name: str, role: Term) -> Term:
    """Whether a message of the negotiation has been sent that the end of that role opens: it is protected by
    this end's own keys, or by the same ones at the other end."""
    message = Message(ike.spec.groups[name])[ike.phase2.n]
    return message.sent & (message.under.eq(role) | keys_alike(ike))
