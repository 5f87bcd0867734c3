"""Mutants of the specification: one change of one action.

    drop      a guard always holds              lose    an update does not happen
    negate    it holds where it did not         shift   a bound of it is one more or less, or strict

All of them at once are one specification too, `superposed`, with two more policy parameters that say
which action is changed, and how: so a story is laid out once for all mutants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

from model.language.sorts import Int
from model.language.specification import Action, Rigid, Specification
from model.language.terms import TRUE, Term, disjunction, ite

_WHERE, _HOW = "mutated_action", "mutated_how"


@dataclass(frozen=True)
class Mutant:
    """One change of one action.

    kind   drop, negate, shift or lose       what    the guard's name, or the variable not updated
    guard  number of the guard changed, or None    term   what stands in its place
    target the update lost, or None
    """

    action: str
    kind: str
    what: str
    guard: int | None = None
    term: Term | None = None
    target: Term | None = None

    @property
    def name(self) -> str:
        """As tables show it."""
        return f"{self.action}: {self.kind} {self.what}"


def mutants(spec: Specification) -> Iterator[Mutant]:
    """All mutants of a specification."""
    for action in spec.actions.values():
        yield from mutants_of(action)


def mutants_of(action: Action) -> Iterator[Mutant]:
    """All mutants of an action."""
    for number, item in enumerate(action.guards):
        yield Mutant(action.name, "drop", item.name, number, TRUE)
        yield Mutant(action.name, "negate", item.name, number, ~item.term)
        for term, said in _shifted(item.term):
            yield Mutant(action.name, "shift", f"{item.name}, {said}", number, term)
    for target, _ in action.updates:
        yield Mutant(action.name, "lose", str(target), target=target)


def _shifted(term: Term) -> Iterator[tuple[Term, str]]:
    """The term with one comparison in it made strict, or not."""
    if term.op in ("lt", "le"):
        other = "le" if term.op == "lt" else "lt"
        yield Term(other, term.args, term.sort), f"{term} by one"
        return
    for place, part in enumerate(term.args if term.op in ("and", "or", "not") else ()):
        for changed, said in _shifted(part):
            parts = (*term.args[:place], changed, *term.args[place + 1 :])
            yield Term(term.op, parts, term.sort), said


def bounds(term: Term) -> Iterator[tuple[Term, str]]:
    """For each comparison in a guard that is made stricter: the stricter guard, and the bound itself."""
    for other, said in _shifted(term):
        yield other, said.removesuffix(" by one")


def changed(action: Action, mutant: Mutant) -> Action:
    """The action with that change."""
    guards = list(action.guards)
    if mutant.guard is not None:
        assert mutant.term is not None
        guards[mutant.guard] = replace(guards[mutant.guard], term=mutant.term)
    updates = tuple(pair for pair in action.updates if pair[0] is not mutant.target)
    return replace(action, guards=tuple(guards), updates=updates)


def outside(action: Action) -> Term:
    """Whether a step by the action stores a number outside its variable's range, before it."""
    found = []
    for target, value in action.updates:
        if isinstance(target.sort, Int):
            found += [value < target.sort.low, value > target.sort.high]
    return disjunction(*found)


def mutated(spec: Specification, mutant: Mutant) -> Specification:
    """The specification with that one change."""
    other = copy(spec)
    action = changed(spec.actions[mutant.action], mutant)
    other.actions = {**spec.actions, mutant.action: action}
    return other


@dataclass(frozen=True)
class Superposed:
    """All mutants in one specification; `chosen` says which it is, as what is given of the policies."""

    spec: Specification
    chosen: Mapping[str, tuple[Term, Term]]


def superposed(spec: Specification) -> Superposed:
    """All mutants of a specification in one."""
    by_action = {action.name: list(mutants_of(action)) for action in spec.actions.values()}
    most = max(map(len, by_action.values()), default=0)
    where = Term("rigid", (), Int(0, len(by_action)), _WHERE)
    how = Term("rigid", (), Int(0, most), _HOW)
    other, chosen = copy(spec), dict[str, tuple[Term, Term]]()
    other.rigids = {
        **spec.rigids,
        _WHERE: Rigid(_WHERE, "the action that is changed", (), where.sort),
        _HOW: Rigid(_HOW, "how it is changed", (), how.sort),
    }
    other.actions = {}
    for number, (name, found) in enumerate(by_action.items()):
        for position, mutant in enumerate(found):
            chosen[mutant.name] = where.eq(number), how.eq(position)
        other.actions[name] = _all_in_one(spec.actions[name], found, chosen)
    return Superposed(other, chosen)


def _all_in_one(
    action: Action, found: Sequence[Mutant], chosen: Mapping[str, tuple[Term, Term]]
) -> Action:
    guards = list(action.guards)
    updates = dict(action.updates)
    for mutant in found:
        here, so = chosen[mutant.name]
        if mutant.guard is not None:
            assert mutant.term is not None
            guard = guards[mutant.guard]
            guards[mutant.guard] = replace(guard, term=ite(here & so, mutant.term, guard.term))
        else:
            assert mutant.target is not None
            updates[mutant.target] = ite(here & so, mutant.target, updates[mutant.target])
    return replace(action, guards=tuple(guards), updates=tuple(updates.items()))
