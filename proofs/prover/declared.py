"""Declared witnesses: runs of the specification that no mutant may take away.

To each action, also at the very bound of each of its guards, and with one element of each domain; to each
declared possibility; to what makes each promise say something; to the breach of each promise without one of its exceptions; and where
an action writes what a promise is about, a run in which that very action brings these about. A mutant that
still takes such a run as it stands has not lost it, which costs no solver; one that does not may take it
for other policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from model.language.machine import State
from model.language.specification import Specification
from model.language.terms import FALSE, Term, disjunction
from model.promises import Always, Whenever
from proofs.prover.bounded import Told
from proofs.prover.footprint import footprint
from proofs.prover.mutations import Mutant, bounds
from proofs.prover.obligations import Made
from proofs.prover.runs import Breaks, Found, Goal, Takes
from proofs.prover.witnesses import premise, shortened


@dataclass(frozen=True)
class Witness:
    """A run of the specification and the goal that it ends in; `says` in words what it shows; `whole`:
    each of its steps is a part of that."""

    says: str
    goal: Goal
    run: Found
    whole: bool = False

    @cached_property
    def actions(self) -> frozenset[str]:
        """The actions that it takes."""
        return frozenset(name for name, _ in self.run.moves)

    @cached_property
    def shortest(self) -> Found:
        """The run without a step too many."""
        if self.whole:
            return self.run
        return shortened(self.run.spec, self.run, {self.says: self.goal})

    def stands(self, mutant: Mutant) -> bool:
        """Whether a mutant takes the run as it stands, and reaches the goal by it."""
        replayed, machine = self.run.replayed, self.run.replayed.machine
        states: list[State] = [machine.initial]
        for step, (name, _) in zip(replayed.steps, self.run.moves, strict=True):
            before = states[-1]
            if name != mutant.action:
                after = machine.apply(before, step)
            elif mutant.guard is None:
                assert mutant.target is not None
                after = machine.apply(before, step)
                if after is not None:
                    slot = replayed.slot(mutant.target, step)
                    after = (*after[:slot], before[slot], *after[slot + 1 :])
            else:
                assert mutant.term is not None
                # The run is one of the specification: all other guards hold as long as it is as it was.
                holds = machine.value(mutant.term, before, replayed.names(step))
                after = machine.apply(before, step) if holds else None
            if after is None:
                return False
            states.append(after)
        return replayed.meets(self.goal, len(self.run.moves), states)


class Witnesses:
    """The declared witnesses of one specification, looked for along stories when they are asked for.

    told      its stories, laid out         small   the same, of domains with one element
    possible  the runs that show what must remain possible
    """

    def __init__(
        self,
        spec: Specification,
        promises: Made,
        told: Mapping[str, Told],
        small: Mapping[str, Told],
        possible: Sequence[Witness] = (),
    ) -> None:
        self._spec, self._promises = spec, promises
        self._told, self._small = told, small
        self._possible = possible
        self._known: dict[str, Witness | None] = {}
        self._general: dict[str, Goal] = {}
        for name, made in promises.items():
            self._general[f"reaches the premise of {name}"] = premise(made)
            for number, without in enumerate(lacking(made), 1):
                self._general[f"breaks {name} without exception {number}"] = Breaks(without)
        for name in spec.actions:
            self._general[f"takes {name}"] = Takes(name)

    def of(self, action: str) -> Iterator[Witness]:
        """Those that take an action: at the bounds of its guards too, and in the smallest domains."""
        wanted: dict[str, Goal] = {f"takes {action}": Takes(action)}
        for item in self._spec.actions[action].guards:
            for stricter, bound in bounds(item.term):
                wanted[f"takes {action} at the bound of {bound}"] = Takes(action, ~stricter)
        yield from self._found(wanted, self._told)
        yield from self._found({f"takes {action} with one of each": Takes(action)}, self._small)

    def by(self, action: str, written: Term) -> Iterator[Witness]:
        """Those in which an action itself, which writes this variable, makes a premise true, or breaks a
        promise without its exceptions."""
        wanted: dict[str, Goal] = {}
        name = footprint(written)
        for promise, made in self._promises.items():
            when = premise(made).term
            if name <= footprint(when):
                says = f"makes the premise of {promise} true by {action}"
                wanted[says] = Takes(action, ~when, when)
            for number, without in enumerate(lacking(made), 1):
                if name <= footprint(_watched(without)):
                    says = f"breaks {promise} by {action} without exception {number}"
                    wanted[says] = _broken_by(action, without)
        yield from self._found(wanted, self._told)

    def others(self, action: str) -> Iterator[Witness]:
        """The others in which an action is taken on the way."""
        yield from (item for item in self._possible if action in item.actions)
        for item in self._found(self._general, self._told):
            if action in item.actions and item.says != f"takes {action}":
                yield item

    def _found(self, wanted: Mapping[str, Goal], stories: Mapping[str, Told]) -> Iterator[Witness]:
        for says, goal in wanted.items():
            if says not in self._known:
                self._known[says] = _look_for(says, goal, stories)
            known = self._known[says]
            if known is not None:
                yield known


def _look_for(says: str, goal: Goal, stories: Mapping[str, Told]) -> Witness | None:
    for told in stories.values():
        run = told.run(told.aim({says: goal}))
        if isinstance(run, Found):
            return Witness(says, goal, run)
    return None


def lacking(made: Always | Whenever) -> Iterator[Always | Whenever]:
    """The promise without one of its exceptions, for each of them."""
    excused = made.unless.args if made.unless.op == "or" else (made.unless,)
    for item in excused if made.unless is not FALSE else ():
        yield replace(made, unless=disjunction(*(other for other in excused if other is not item)))


def _watched(made: Always | Whenever) -> Term:
    return made.term if isinstance(made, Always) else made.event


def _broken_by(action: str, made: Always | Whenever) -> Takes:
    if isinstance(made, Always):
        return Takes(action, made.term, ~made.term)
    return Takes(action, ~made.event & ~made.needs, made.event)
