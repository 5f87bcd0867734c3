"""What the two ends agree on in Phase I, and that nobody can weaken it (R3, R7)."""

from __future__ import annotations

from collections.abc import Callable

from model.language.terms import Term, every, lift, some
from model.promises import Always, promise
from model.spec import Ike
from model.spec.keys import compromised
from model.spec.parameters import ROUND
from model.spec.phase1 import Phase1


def _each(ends: Phase1, chosen: Term, says: Callable[[Term], Term]) -> Term:
    """What is true of a chosen transform, whichever it is."""
    return every(ends.policy.transform, lambda u: chosen.eq(u).implies(says(u)))


@promise("R3 R7")
def suite_was_offered(ike: Ike) -> Always:
    """The transform of a responder that has established Phase I was offered by the initiator, and the
    responder's own policy accepts it.

    Exception: the attacker holds a credential for it.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    up = r.state.eq("established")
    fair = _each(ends, r.chosen, lambda u: ends.offered(u, i.round) & ends.policy.accepts(u))
    return Always(up.implies(fair), up, compromised(ends, r))


@promise("R7")
def altered_offer_is_rejected(ike: Ike) -> Always:
    """The initiator never goes on with a transform that is not in its offer, whatever arrives.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    return Always(_each(ends, i.chosen, lambda u: ends.offered(u, i.round)), ~i.chosen.is_none)


@promise("R3 R7")
def agreed_suites_match(ike: Ike) -> Always:
    """Where both ends have established Phase I, they use the same transform: an answer that was
    replaced by another one of the offer never leads to an SA.

    Exception: the attacker holds a credential for it.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    both = i.state.eq("established") & r.state.eq("established")
    excused = compromised(ends, i) | compromised(ends, r)
    return Always(both.implies(i.chosen.eq(r.chosen)), both, excused)


@promise("R4")
def agreed_keys_match(ike: Ike) -> Always:
    """Where both ends have established Phase I, they hold the same keys: each has the other's public
    value, and with a pre-shared key both have the same one.

    Exception: the attacker holds a credential for it.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    both = i.state.eq("established") & r.state.eq("established")
    excused = compromised(ends, i) | compromised(ends, r)
    return Always(both.implies(ends.shared), both, excused)


@promise("R7")
def no_downgrade(ike: Ike) -> Always:
    """An initiator that has established Phase I has the transform that the two policies give for the
    offer that it made last, and no other: nobody on the path has weakened it.

    Exception: the attacker holds a credential for it. Which offer was the last is another promise:
    alternatives_only_where_needed.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    up = i.state.eq("established")
    given = _each(ends, i.chosen, lambda u: ends.chosen(u, i.round))
    return Always(up.implies(given), up, compromised(ends, i))


@promise("R7")
def alternatives_only_where_needed(ike: Ike) -> Always:
    """An initiator offers again only where nothing of its first offer is acceptable to the responder.

    Exception: the attacker alters or forges: alternatives are sent in clear, before there are keys, so he can
    make any initiator that supports them offer again, and the new offer is wider than the first.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    zero = lift(0, ROUND)
    anew = i.round.ne(0)
    excused = ends.attacker.alters | ends.attacker.forges
    return Always(anew.implies(ends.none_acceptable(zero)), anew, excused)


@promise("R7")
def offering_anew_is_by_profile(ike: Ike) -> Always:
    """An initiator offers again only if its profile does so, only once, and only for alternatives of which
    its policy allows one.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    p = ends.policy
    named = some(p.transform, lambda u: p.allows(u) & ends.attacker.names(u))
    true = i.round.eq(1).implies(~ends.nothing_in_common)
    forged = i.round.eq(2).implies(named & ends.attacker.forges)
    anew = i.round.ne(0)
    return Always(anew.implies(p.reoffers) & true & forged, anew)
