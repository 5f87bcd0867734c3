"""Symbolic keys: who can know which (RFC 2409 section 5; R4, R6).

The trusted core: these are closed formulas, not consequences of actions. An attacker knows a
Diffie-Hellman secret if he made one of the two public values, or it is degenerate, or he breaks the
group; SKEYID then needs the pre-shared key too where that is the method, and nothing more otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

from model.language.specification import Message, Record, Specification
from model.language.terms import Term, ite, some
from model.spec.phase1 import Phase1
from model.spec.phase2 import Phase2


def method_is(ends: Phase1, end: Record, name: str) -> Term:
    """Whether this end uses a transform of that authentication method."""
    p = ends.policy
    return some(p.transform, lambda u: end.chosen.eq(u) & p.method(u).eq(name))


def secret_known(ends: Phase1, end: Record) -> Term:
    """Whether the attacker knows the Diffie-Hellman secret that this end has computed."""
    given = end.peer_public.one_of("attacker", "degenerate")
    broken = end.peer_public.ne("none") & ends.attacker.breaks_group
    return given | broken


def master_key_known(ends: Phase1, end: Record) -> Term:
    """Whether the attacker knows SKEYID and all that is derived from it, as this end holds it."""
    shared = method_is(ends, end, "pre_shared_key")
    return secret_known(ends, end) & shared.implies(ends.attacker.knows_secret)


def obtained(ends: Phase1, end: Record) -> Term:
    """Whether he knows that secret when all is over: then he reads what he recorded, no more."""
    return secret_known(ends, end) | (end.peer_public.ne("none") & ends.attacker.obtains_secret)


def master_key_obtained(ends: Phase1, end: Record) -> Term:
    """Whether he knows SKEYID of this end when all is over."""
    shared = method_is(ends, end, "pre_shared_key")
    return obtained(ends, end) & shared.implies(ends.attacker.knows_secret)


def session_key_obtained(two: Phase2, end: Record, role: Term, pair: Record) -> Term:
    """Whether he knows, when all is over, the session keys that this end of a negotiation, of that role, has
    given its driver: SKEYID_d, the nonces under it, and with PFS the second Diffie-Hellman secret (R12)."""
    ends, p = two.parent, two.policy
    opened = of_role(ends, role, master_key_obtained)
    own_secret = some(p.protection, lambda u: pair.protection.eq(u) & p.pfs(u))
    second = end.peer_public.eq("attacker") | ends.attacker.breaks_group
    return pair.state.ne("absent") & opened & (~own_secret | second)


def of_role(ends: Phase1, role: Term, says: Callable[[Phase1, Record], Term]) -> Term:
    """What is true of the end of that role in Phase I."""
    return ite(role.eq("initiator"), says(ends, ends.initiator), says(ends, ends.responder))


def keys_of(ends: Phase1, role: Term) -> Term:
    """Whether the attacker knows the keys that the end of that role has derived: then he reads what this end
    protects, and writes what it opens."""
    return of_role(ends, role, master_key_known)


def phase1_open(ends: Phase1) -> Term:
    """Whether the attacker knows the keys that either end has derived."""
    return master_key_known(ends, ends.initiator) | master_key_known(ends, ends.responder)


def holds_credential(ends: Phase1, transform: Term) -> Term:
    """Whether the attacker can pass for either end where this transform is used."""
    p, a = ends.policy, ends.attacker
    method = p.method(transform)
    return (
        (method.eq("pre_shared_key") & a.knows_secret)
        | (method.eq("certificate") & a.holds_certificate)
        | (method.eq("kerberos") & a.holds_ticket)
    )


def compromised(ends: Phase1, end: Record) -> Term:
    """Whether the attacker holds a credential for the transform that this end uses."""
    return some(ends.policy.transform, lambda u: end.chosen.eq(u) & holds_credential(ends, u))


def _sent(spec: Specification, name: str) -> Term:
    return Message(spec.groups[name]).sent


def initiator_readable(spec: Specification, ends: Phase1) -> Term:
    """Whether the attacker can read the initiator's ID payload."""
    in_main = _sent(spec, "mm5") & master_key_obtained(ends, ends.initiator)
    in_clear = ends.policy.exchange.eq("aggressive") & ends.initiator.state.ne("idle")
    return in_clear | in_main


def responder_readable(spec: Specification, ends: Phase1) -> Term:
    """Whether the attacker can read the responder's ID payload."""
    in_main = _sent(spec, "mm6") & master_key_obtained(ends, ends.responder)
    return ends.responder.in_clear | in_main


def guessable(spec: Specification, ends: Phase1) -> Term:
    """Whether the attacker holds what an offline guess of the pre-shared key needs: a hash made with
    it, all else in it known. HASH_R of Aggressive Mode travels in clear; message 5 is open to who
    knows the Diffie-Hellman secret."""
    i, r = ends.initiator, ends.responder
    main = _sent(spec, "mm5") & method_is(ends, i, "pre_shared_key") & obtained(ends, i)
    return main | (r.in_clear & method_is(ends, r, "pre_shared_key"))
