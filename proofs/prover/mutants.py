"""Mutants of the specification: does anything notice when a guard or an update is gone?

    drop      a guard always holds              lose    an update does not happen
    negate    it holds where it did not         shift   a bound of it is one more or less, or strict

A mutant is killed if a run of it breaks a promise, and replays on the mutated machine, or if the
shortest run that takes some action is no run of it any more, whatever the policies. One that every
promise and lemma survives by induction is proved equivalent, where the invariants and the other guards
already say what was dropped; or it is killed, if the shortest run to what makes some promise say
something is no run of it. Else it is open: no promise needs what it takes away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache

from model.language.errors import RangeError
from model.language.sorts import Timer
from model.language.specification import Action, Specification
from model.language.terms import TRUE, Term, conjunction
from model.promises import Always, promises
from model.spec import specification
from proofs.prover.asking import Asker
from proofs.prover.bounded import Search
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction, Made
from proofs.prover.proving import everything
from proofs.prover.runs import Breaks, Found, Goal, NotFound, Reaches, Takes
from proofs.prover.stories import stories_for

#: how long one story is searched
SEARCH_MS = 5_000
#: how long the shortest run to each action may be
WITNESS_DEPTH = 9


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


def mutated(spec: Specification, mutant: Mutant) -> Specification:
    """The specification with that one change."""
    action = spec.actions[mutant.action]
    guards, updates = list(action.guards), action.updates
    if mutant.guard is not None:
        assert mutant.term is not None
        guards[mutant.guard] = replace(guards[mutant.guard], term=mutant.term)
    updates = tuple(pair for pair in updates if pair[0] is not mutant.target)
    other = copy(spec)
    changed = replace(action, guards=tuple(guards), updates=updates)
    other.actions = {**spec.actions, mutant.action: changed}
    return other


@dataclass(frozen=True)
class Witness:
    """A shortest run to something that must be possible: the goal, and the actions in order."""

    goal: Goal
    schedule: Sequence[str]


Witnesses = Mapping[str, Witness]


@dataclass(frozen=True)
class Fate:
    """What became of a mutant, by its name: `killed`, `equivalent` or `open`; why; the run that
    breaks a promise, of the mutated machine."""

    mutant: str
    fate: str
    why: str
    schedule: tuple[str, ...] = ()


class Bench:
    """What every mutant is held against.

    promises   the promises                 made     promises and lemmas
    witnesses  for each action a run that takes it
    premises   for each promise a run to what makes it say something; asked for if nothing else helps
    """

    def __init__(
        self,
        spec: Specification,
        promises: Made,
        made: Made,
        witnesses: Witnesses,
        premises: Callable[[], Witnesses],
    ) -> None:
        self._spec, self._promises = spec, promises
        self._induction = Induction(Lowering(spec), made)
        self._asker = Asker(made)
        self._witnesses, self._premises = witnesses, premises

    def fates(self, action: Action) -> Iterator[Fate]:
        """What becomes of each mutant of an action."""
        for mutant in mutants_of(action):
            yield self.fate(mutant)

    def fate(self, mutant: Mutant) -> Fate:
        """What becomes of one."""
        lost = self._lost(mutant, self._witnesses)
        if lost:
            return Fate(mutant.name, "killed", f"the run that takes {lost} is gone")
        broken = self._unproved(mutant)
        if not broken:
            return self._unnoticed(mutant)
        try:
            found = self._breaks(mutant)
        except RangeError as error:
            return Fate(mutant.name, "killed", f"stores a number outside its range: {error}")
        if found is None:
            why = f"{broken} is no invariant any more, but no run was found that breaks a promise"
            return Fate(mutant.name, "open", why)
        return Fate(mutant.name, "killed", f"breaks {found.goal}", found.schedule)

    def _unnoticed(self, mutant: Mutant) -> Fate:
        """What becomes of a mutant that keeps every promise and lemma."""
        equal = self._equal(mutant)
        if equal:
            return Fate(mutant.name, "equivalent", equal)
        lost = self._lost(mutant, self._premises())
        if lost:
            return Fate(mutant.name, "killed", f"the run to what {lost} is about is gone")
        return Fate(mutant.name, "open", "no promise needs it")

    def _breaks(self, mutant: Mutant) -> Found | None:
        """A run of the mutant that breaks a promise."""
        search = Search(mutated(self._spec, mutant), milliseconds=SEARCH_MS)
        goals = {name: Breaks(promise) for name, promise in self._promises.items()}
        for story in stories_for(mutant.action, self._spec.name):
            found = search.story(goals, story)
            if isinstance(found, Found):
                return found
        return None

    def _lost(self, mutant: Mutant, witnesses: Witnesses) -> str:
        """What has a witness that is no run of the mutant; empty if each still is."""
        if mutant.kind == "drop":
            return ""  # whatever could be done still can
        search = Search(mutated(self._spec, mutant))
        for name, witness in witnesses.items():
            if mutant.action in witness.schedule:
                found = search.story({name: witness.goal}, witness.schedule, whole=True)
                if isinstance(found, NotFound) and not found.why:
                    return name
        return ""

    def _unproved(self, mutant: Mutant) -> str:
        """A promise or lemma that the mutated action does not keep; empty if it keeps all."""
        action = mutated(self._spec, mutant).actions[mutant.action]
        for name in self._induction.made:
            for owed in self._induction.for_action(name, action):
                if self._asker.ask(owed).verdict != "unsat":
                    return name
        return ""

    def _equal(self, mutant: Mutant) -> str:
        """Why the mutant does what the specification does; empty if that is not proved."""
        action = self._spec.actions[mutant.action]
        guards = [item.term for item in action.guards]
        if mutant.guard is not None:
            assert mutant.term is not None
            old = guards.pop(mutant.guard)
            same: Term | None = (old & mutant.term) | (~old & ~mutant.term)
            why = "the invariants and the other guards already say it"
        else:
            assert mutant.target is not None
            old = TRUE
            same = _unchanged(mutant.target, dict(action.updates)[mutant.target])
            why = "the variable has that value already"
        if same is None:
            return ""
        if self._holds(action, same, guards):
            return why
        if mutant.kind == "drop":
            # Where the guard says no, the action would change nothing.
            idle = [_unchanged(target, value) for target, value in action.updates]
            known = [term for term in idle if term is not None]
            same = conjunction(*known)
            if len(known) == len(idle) and self._holds(action, same, [*guards, ~old]):
                return "where the guard says no, the action changes nothing"
        return ""

    def _holds(self, action: Action, term: Term, given: Sequence[Term]) -> bool:
        owed = self._induction.implied(action, term, given)
        return self._asker.ask(owed).verdict == "unsat"


def _unchanged(target: Term, value: Term) -> Term | None:
    """Whether an update changes nothing; None where the language cannot say it."""
    if isinstance(target.sort, Timer):
        return ~target.armed if value.op == "const" else None
    return target.eq(value)


@cache
def _bench(machine: str) -> Bench:
    spec = specification(machine)
    made = {name: item.formula for name, item in promises().items() if item.machine == machine}
    takes: dict[str, Goal] = {name: Takes(name) for name in spec.actions}
    return Bench(
        spec, made, everything(machine), _shortest(spec, takes), lambda: _premises(machine)
    )


@cache
def _premises(machine: str) -> Witnesses:
    goals: dict[str, Goal] = {}
    for name, item in promises().items():
        if item.machine == machine and isinstance(made := item.formula, Always):
            goals[name] = Reaches(made.premise & ~made.unless)
    return _shortest(specification(machine), goals)


def _shortest(spec: Specification, goals: Mapping[str, Goal]) -> Witnesses:
    runs = Search(spec).all(goals, WITNESS_DEPTH)
    return {
        name: Witness(goals[name], run.schedule)
        for name, run in runs.items()
        if isinstance(run, Found)
    }


def fate_of(mutant: Mutant, machine: str = "ike") -> Fate:
    """What becomes of one mutant of a machine."""
    return _bench(machine).fate(mutant)


def fates_of(action: tuple[str, str]) -> list[Fate]:
    """What becomes of each mutant of one action: (machine, action)."""
    machine, name = action
    return list(_bench(machine).fates(specification(machine).actions[name]))
