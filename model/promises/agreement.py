"""What the two ends agree on in Phase I, and that nobody can make it weaker (R3, R7)."""

from __future__ import annotations

from collections.abc import Callable

from model.language.terms import Term, every
from model.promises import Always, promise
from model.spec import Ike
from model.spec.phase1 import Phase1


def _each(ends: Phase1, chosen: Term, says: Callable[[Term], Term]) -> Term:
    """What is said of a chosen transform, whichever it is."""
    return every(ends.policy.transform, lambda u: chosen.eq(u).implies(says(u)))


@promise("R3 R7")
def suite_was_offered(ike: Ike) -> Always:
    """The transform that the responder goes by was offered to it, and its own policy accepts it.

    Rests on nothing; message 2 may be altered.
    """
    ends, r = ike.phase1, ike.phase1.responder
    offered = _each(
        ends,
        r.chosen,
        lambda u: ends.offered(u, ends.initiator.round) & ends.policy.accepts(u),
    )
    return Always(offered, ~r.chosen.is_none)


@promise("R7")
def altered_offer_is_rejected(ike: Ike) -> Always:
    """The initiator never goes on with a transform that is not in its offer, whatever message 2 says.

    Rests on nothing; message 2 may be altered.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    return Always(_each(ends, i.chosen, lambda u: ends.offered(u, i.round)), ~i.chosen.is_none)


@promise("R3 R7")
def agreed_suites_match(ike: Ike) -> Always:
    """Where both ends have established Phase I, they go by the same transform: an answer that was
    swapped for another one of the offer never establishes.

    Rests on keys that differ where the transforms differ; message 2 may be altered.
    """
    i, r = ike.phase1.initiator, ike.phase1.responder
    both = i.state.eq("established") & r.state.eq("established")
    return Always(both.implies(i.chosen.eq(r.chosen)), both)


@promise("R7")
def no_downgrade(ike: Ike) -> Always:
    """An initiator that has established Phase I has the transform that the two policies give in the
    round it is in, and no other: nobody on the way has made it weaker.

    Rests on keys that differ where the transforms differ; message 2 may be altered. Which round it is
    in is not protected: alternatives are unauthenticated (R7).
    """
    ends, i = ike.phase1, ike.phase1.initiator
    up = i.state.eq("established")
    given = _each(ends, i.chosen, lambda u: ends.chosen(u, i.round))
    return Always(up.implies(given), up)
