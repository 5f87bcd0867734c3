"""The rule by which an offer wins, as a term: all that the specification needs of `model.choice` (R3, R7, R10)."""

from __future__ import annotations

from collections.abc import Callable

from model.language.sorts import Domain, Int
from model.language.terms import Term, every, ite

MAX_RANK = 4095
RANK = Int(0, MAX_RANK)
Of = Callable[[Term], Term]


def wins(
    transform: Term,
    *,
    offered: Of,
    accepted: Of,
    offer_rank: Of,
    accept_rank: Of,
    prefers_own: Term,
) -> Term:
    """Whether this transform is the responder's choice: offered, accepted, and none comes before.

    `prefers_own`: the responder's order decides and the initiator's breaks ties, else the reverse.
    """

    def before(first: Of, second: Of, a: Term, b: Term) -> Term:
        return (first(a) < first(b)) | (first(a).eq(first(b)) & (second(a) <= second(b)))

    def not_after(other: Term) -> Term:
        return ite(
            prefers_own,
            before(accept_rank, offer_rank, transform, other),
            before(offer_rank, accept_rank, transform, other),
        )

    domain = transform.sort
    assert isinstance(domain, Domain)
    best = every(domain, lambda u: (offered(u) & accepted(u)).implies(not_after(u)))
    return offered(transform) & accepted(transform) & best
