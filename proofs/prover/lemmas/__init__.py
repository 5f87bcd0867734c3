"""Declared lemmas: invariants that make the promises inductive. Each says why it is needed.

A lemma is shown like a promise; nothing is assumed that is not shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.language.terms import TRUE, Term
from model.promises import Always
from model.spec import Ike


@dataclass(frozen=True)
class Lemma:
    """A lemma; `why` is its docstring."""

    name: str
    why: str
    term: Callable[[Ike], Term]

    def made(self, ike: Ike) -> Always:
        """Its formula; a lemma has no premise of its own."""
        return Always(self.term(ike), TRUE)


LEMMAS: dict[str, Lemma] = {}


def lemma(term: Callable[[Ike], Term]) -> Callable[[Ike], Term]:
    """Register a lemma under its function's name."""
    why = " ".join((term.__doc__ or "").split())
    assert why and term.__name__ not in LEMMAS, term.__name__
    LEMMAS[term.__name__] = Lemma(term.__name__, why, term)
    return term


def lemmas() -> dict[str, Lemma]:
    """All of them."""
    from proofs.prover.lemmas import phase1, phase2, refusals, rightful  # noqa: F401  (they register)

    return LEMMAS
