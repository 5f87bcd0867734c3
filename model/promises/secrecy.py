"""Who can read what: keys, identities, and what a guess of a pre-shared key needs (R4, R6)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, every, some
from model.promises import Always, promise
from model.promises.sharing import answering
from model.spec import Ike
from model.spec.driver_ends import handed_over
from model.spec.keys import (
    compromised,
    guessable,
    initiator_readable,
    master_key_obtained,
    method_is,
    phase1_open,
    responder_readable,
    session_key_obtained,
)


def _secret_lost(ike: Ike) -> Term:
    """Whether the attacker learns Diffie-Hellman secrets: at once, or the one of Phase I afterwards."""
    return ike.phase1.attacker.breaks_group | ike.phase1.attacker.obtains_secret


@promise("R4")
def master_key_secret(ike: Ike) -> Always:
    """The attacker knows no master key (SKEYID and what is derived from it) of an end that has
    established Phase I.

    Exception: he holds a credential for it, breaks the Diffie-Hellman group, or obtains the Diffie-Hellman
    secret when all is over; with a pre-shared key he needs that key too.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    ups = [end.state.eq("established") for end in (i, r)]
    secrets = [ups[k].implies(~master_key_obtained(ends, end)) for k, end in enumerate((i, r))]
    excused = compromised(ends, i) | compromised(ends, r) | _secret_lost(ike)
    return Always(secrets[0] & secrets[1], ups[0] & ups[1], excused)


@promise("R4 R12")
def session_key_secret(ike: Ike) -> Always:
    """The attacker never knows the session keys of an SA that an end has been given, not even when all
    is over and he has recorded everything.

    Exception: he holds a credential for Phase I or breaks the Diffie-Hellman group; or obtains the secret of
    Phase I, which without session key PFS opens every SA made under it, since Phase I began.
    """
    two, ends = ike.phase2, ike.phase1
    pairs = ((two.starter, ike.driver.starter[two.n]), (two.answerer, ike.driver.answerer[two.n]))
    roles = (two.starter.role, answering(ike))
    known = [
        session_key_obtained(two, end, role, pair)
        for (end, pair), role in zip(pairs, roles, strict=True)
    ]
    lacking = [~_has_pfs(ike, pair.protection) for _, pair in pairs]
    late = ends.attacker.obtains_secret & (lacking[0] | lacking[1])
    held = compromised(ends, ends.initiator) | compromised(ends, ends.responder)
    given = handed_over(pairs[0][1]) & handed_over(pairs[1][1])
    return Always(~known[0] & ~known[1], given, held | ends.attacker.breaks_group | late)


def _has_pfs(ike: Ike, protection: Term) -> Term:
    p = ike.phase2.policy
    return some(p.protection, lambda u: protection.eq(u) & p.pfs(u))


@promise("R12")
def pfs_has_a_secret_of_its_own(ike: Ike) -> Always:
    """With session key PFS each end makes its keys with a public value that the other sent in this
    negotiation; without it no such value is used.

    No exceptions: every attacker switch is on, also one who knows the keys of Phase I.
    """
    two = ike.phase2
    pairs = ((two.starter, ike.driver.starter[two.n]), (two.answerer, ike.driver.answerer[two.n]))
    claims = [
        handed_over(pair).implies(_has_pfs(ike, pair.protection).eq(end.peer_public.ne("none")))
        for end, pair in pairs
    ]
    both = handed_over(pairs[0][1]) & _has_pfs(ike, pairs[1][1].protection)
    return Always(claims[0] & claims[1], both)


@promise("R4 R12")
def agreed_session_keys_match(ike: Ike) -> Always:
    """Where both ends have been given SAs of a negotiation, they have the same session keys: with PFS
    each has the other's public value, and they share everything else that goes into them.

    Exception: the attacker knows the keys of Phase I.
    """
    two = ike.phase2
    s, a = ike.driver.starter[two.n], ike.driver.answerer[two.n]
    both = handed_over(s) & handed_over(a)
    each_others = two.starter.peer_public.eq("answerer") & two.answerer.peer_public.eq("starter")
    same = every(
        two.policy.protection,
        lambda u: (s.protection.eq(u) & two.policy.pfs(u)).implies(each_others),
    )
    return Always(both.implies(same & two.parent.shared), both, phase1_open(two.parent))


@promise("R6")
def initiator_identity_stays_hidden(ike: Ike) -> Always:
    """The attacker never reads the initiator's ID payload.

    Exception: the exchange is Aggressive Mode; or he breaks the group or obtains the secret; or message 5 goes to somebody that
    is not yet authenticated: with certificates or Kerberos an attacker who puts his own public
    value into message 4 reads it, with a pre-shared key only if he knows the key.
    """
    ends, i, a = ike.phase1, ike.phase1.initiator, ike.phase1.attacker
    spec = ike.spec
    active = a.alters | a.forges
    unshared = ~method_is(ends, i, "pre_shared_key") & active
    known = a.knows_secret & active
    excused = ends.policy.exchange.eq("aggressive") | _secret_lost(ike) | unshared | known
    return Always(~initiator_readable(spec, ends), Message(spec.groups["mm5"]).sent, excused)


@promise("R6")
def responder_identity_stays_hidden(ike: Ike) -> Always:
    """The attacker never reads the responder's ID payload: it goes only to an initiator that has
    proved itself.

    Exception: its policy takes Aggressive Mode, and the initiator or an attacker starts it; or he holds a
    credential, breaks the group, or obtains the secret.
    """
    ends, r, a = ike.phase1, ike.phase1.responder, ike.phase1.attacker
    spec, p = ike.spec, ike.phase1.policy
    started = p.exchange.eq("aggressive") | a.alters | a.forges
    clear = p.takes_exchange("aggressive") & started
    excused = clear | _secret_lost(ike) | compromised(ends, r)
    return Always(~responder_readable(spec, ends), Message(spec.groups["mm6"]).sent, excused)


@promise("R6")
def kerberos_names_stay_hidden(ike: Ike) -> Always:
    """No Kerberos name or ticket is ever readable on the wire.

    Exception: the initiator's policy offers Kerberos, or allows it when alternatives ask for it: then the
    name is in the offer, and anybody can read it (the exception stated in R6).
    """
    p, i = ike.phase1.policy, ike.phase1.initiator
    used = some(p.transform, lambda u: (p.offers(u) | p.allows(u)) & p.method(u).eq("kerberos"))
    return Always(~i.named, i.state.one_of("awaits_mm2", "awaits_am2"), used)


@promise("R5")
def shared_key_cannot_be_guessed_offline(ike: Ike) -> Always:
    """The attacker never holds what an offline guess of the pre-shared key needs.

    Exception: the exchange is Aggressive Mode, where HASH_R is in clear; or he answers as the responder (he
    alters or forges), and message 5 comes to him under a Diffie-Hellman secret that he knows; or he
    breaks the group, or obtains the secret.
    """
    ends, a = ike.phase1, ike.phase1.attacker
    active = a.alters | a.forges
    excused = ends.policy.exchange.eq("aggressive") | active | _secret_lost(ike)
    return Always(~guessable(ike.spec, ends), Message(ike.spec.groups["mm5"]).sent, excused)
