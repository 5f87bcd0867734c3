"""The named promises of the machine, one file a theme.

A promise is a function of the machine; its docstring is what a reviewer reads aloud, and says what it
rests on. It is proved for all policies, any number of negotiations and runs of any length, unless its
docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from model.language.specification import Message
from model.language.terms import FALSE, Term, conjunction, disjunction
from model.spec import MACHINES, Ike


@dataclass(frozen=True)
class Always:
    """In every state that a run reaches, `claim` holds, unless `unless` does.

    premise   what makes it say something: a state with it must be reachable
    unless    the exceptions: a compromise that matters, a policy that gives it away. What a run needs
              to break the bare claim is searched for, so each exception is shown to be needed
    """

    claim: Term
    premise: Term
    unless: Term = FALSE

    @property
    def term(self) -> Term:
        """What is proved."""
        return self.claim | self.unless


@dataclass(frozen=True)
class Whenever:
    """In every step in which `event` comes to hold, `claim` held before it, or `unless` did."""

    event: Term
    claim: Term
    unless: Term = FALSE

    @property
    def needs(self) -> Term:
        """What is proved to have held."""
        return self.claim | self.unless


@dataclass(frozen=True)
class Promise:
    """A named promise.

    requirements   the numbers of docs/requirements.md
    says           its docstring, in one paragraph a sentence or more
    machine        the name of the machine that it is about
    made           builds its formula for that machine
    """

    name: str
    requirements: tuple[str, ...]
    says: str
    machine: str
    made: Callable[[Any], Always | Whenever]

    @property
    def formula(self) -> Always | Whenever:
        """What is to be proved of its machine."""
        return self.made(MACHINES[self.machine]())


def any_sent(ike: Ike, *names: str) -> Term:
    """Whether any of these messages has been sent."""
    return disjunction(*(Message(ike.spec.groups[name]).sent for name in names))


def all_sent(ike: Ike, *names: str) -> Term:
    """Whether all of these messages have been sent."""
    return conjunction(*(Message(ike.spec.groups[name]).sent for name in names))


PROMISES: dict[str, Promise] = {}
_Made = TypeVar("_Made", bound=Callable[[Any], Always | Whenever])


def promise(requirements: str, of: str = "ike") -> Callable[[_Made], _Made]:
    """Register a promise, about the machine of that name, under its function's name."""

    def register(made: _Made) -> _Made:
        name = made.__name__
        says = " ".join((made.__doc__ or "").split())
        assert says and name not in PROMISES, name
        PROMISES[name] = Promise(name, tuple(requirements.split()), says, of, made)
        return made

    return register


#: the themes, in the order in which they are read; each module registers its promises
THEMES = (
    "agreement",
    "authentication",
    "driver",
    "flow",
    "lifetimes",
    "moves",
    "negotiations",
    "order",
    "pace",
    "phase2",
    "quick_pace",
    "refusals",
    "renewal",
    "rightful",
    "secrecy",
    "time",
)


@cache
def promises() -> dict[str, Promise]:
    """All of them, by name, in the order of their themes, whichever module was imported first."""
    modules = [import_module(f"{__name__}.{theme}").__name__ for theme in THEMES]
    ordered = sorted(PROMISES.items(), key=lambda item: modules.index(item[1].made.__module__))
    return dict(ordered)
