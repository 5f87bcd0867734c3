"""Declared lemmas: invariants that make the promises inductive. Each says why it is needed.

A lemma is shown like a promise; nothing is assumed that is not shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from model.language.terms import TRUE, Term
from model.promises import Always
from model.spec import MACHINES


@dataclass(frozen=True)
class Lemma:
    """A lemma about the machine of that name; `why` is its docstring."""

    name: str
    why: str
    machine: str
    term: Callable[[Any], Term]

    @property
    def formula(self) -> Always:
        """What is to be proved of its machine; a lemma has no premise of its own."""
        return Always(self.term(MACHINES[self.machine]()), TRUE)


LEMMAS: dict[str, Lemma] = {}
_Term = TypeVar("_Term", bound=Callable[[Any], Term])


def lemma_of(machine: str) -> Callable[[_Term], _Term]:
    """Register a lemma about a machine under its function's name."""

    def register(term: _Term) -> _Term:
        why = " ".join((term.__doc__ or "").split())
        assert why and term.__name__ not in LEMMAS, term.__name__
        LEMMAS[term.__name__] = Lemma(term.__name__, why, machine, term)
        return term

    return register


#: register a lemma about the machine `ike`
lemma = lemma_of("ike")


THEMES = (
    "driver",
    "exchanges",
    "flow",
    "lifetimes",
    "phase1",
    "phase2",
    "refusals",
    "rightful",
)


@cache
def lemmas() -> dict[str, Lemma]:
    """All of them, in the order of their themes, whichever module was imported first."""
    modules = [import_module(f"{__name__}.{theme}").__name__ for theme in THEMES]
    ordered = sorted(LEMMAS.items(), key=lambda item: modules.index(item[1].term.__module__))
    return dict(ordered)
