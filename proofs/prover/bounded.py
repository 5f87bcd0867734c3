"""Bounded search: a run to a goal, for policies that the solver chooses.

Two kinds of path are laid out: any action at each step (`all`, `shortest`), or a story, in which each
step is one given action, taken or left out (`story`, `told`), which is much faster and finds what one
expects. Domains are small here (two transforms unless told otherwise), so what is found is a run, and
what is not found says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from model.language.specification import Specification
from model.language.terms import Term
from model.promises import Whenever
from proofs.prover import smt
from proofs.prover.footprint import footprint, variable
from proofs.prover.paths import Paths
from proofs.prover.runs import Breaks, Found, Goal, NotFound, Takes
from proofs.prover.smt import Formula

MILLISECONDS = 20_000


class Search:
    """Runs of one specification with domains of these sizes (families: one element).

    assuming   what is taken as given of the policies
    effort     the most that an answer may cost, as of `smt.Growing`
    """

    def __init__(
        self,
        spec: Specification,
        sizes: Mapping[str, int] | None = None,
        assuming: Sequence[Term] = (),
        milliseconds: int = MILLISECONDS,
        effort: int = 0,
    ) -> None:
        default = {name: 1 if d in spec.families else 2 for name, d in spec.domains.items()}
        self._paths = Paths(spec, {**default, **(sizes or {})}, assuming)
        self._milliseconds, self._effort = milliseconds, effort

    def shortest(self, goal: Goal, depth: int) -> Found | NotFound:
        """A shortest run to the goal, whatever the actions."""
        return self.all({"": goal}, depth)[""]

    def all(self, goals: Mapping[str, Goal], depth: int) -> dict[str, Found | NotFound]:
        """A shortest run to each goal, of one search."""
        solver, path = self._growing(), self._paths.empty()
        solver.add(self._paths.fixed)
        found: dict[str, Found | NotFound] = {}
        for length in range(depth + 1):
            if length:
                solver.add(self._paths.free(path))
            for name, goal in goals.items():
                if name in found:
                    continue
                wanted = self._paths.met(goal, path, length)
                answer = solver.ask(wanted) if wanted is not None else None
                if answer is not None and answer.model is not None:
                    found[name] = self._paths.found(name, goal, answer.model, path, length)
                elif answer is not None and answer.verdict == "unknown":
                    found[name] = NotFound(length - 1, answer.why)
            if len(found) == len(goals):
                break
        return {name: found.get(name, NotFound(depth)) for name in goals}

    def _growing(self) -> smt.Growing:
        return smt.Growing(self._milliseconds, self._effort)

    def told(self, steps: Iterable[str], *, whole: bool = False) -> Told:
        """A story, to be asked about; KeyError for an unknown action."""
        return Told(self._paths, tuple(steps), self._growing(), whole=whole)

    def story(
        self, goals: Mapping[str, Goal], steps: Iterable[str], *, whole: bool = False
    ) -> Found | NotFound:
        """A run to any of the goals that takes these actions in this order, each or not.

        whole   each is taken, and the goal is met with the last
        """
        steps = tuple(steps)
        for name in steps:
            if name not in self._paths.moves:
                return NotFound(0, f"no action {name}")
        told = self.told(steps, whole=whole)
        return told.run(told.aim(goals))


@dataclass(frozen=True)
class Aim:
    """Goals, any of which is to be met on a path: how each is, after how many steps."""

    goals: Mapping[str, Goal]
    ways: tuple[tuple[str, int, Formula], ...]
    any: Formula


class Told:
    """One story, laid out once and asked any number of times."""

    def __init__(
        self, paths: Paths, steps: Sequence[str], solver: smt.Growing, *, whole: bool
    ) -> None:
        self._paths, self._whole = paths, whole
        self._path = paths.empty()
        self._ways: dict[Goal, list[tuple[int, Formula]]] = {}
        self._solver = solver
        self._solver.add(paths.fixed)
        for name in steps:
            self._solver.add(paths.told(self._path, paths.moves[name], whole=whole))

    def aim(self, goals: Mapping[str, Goal]) -> Aim:
        """Goals to be asked for."""
        ways = [
            (name, length, way)
            for name, goal in goals.items()
            for length, way in self._ways_to(goal)
        ]
        return Aim(goals, tuple(ways), smt.any_of(way for _, _, way in ways))

    def _ways_to(self, goal: Goal) -> list[tuple[int, Formula]]:
        if goal not in self._ways:
            found = ((n, self._paths.met(goal, self._path, n)) for n in self._worth_asking(goal))
            self._ways[goal] = [(n, way) for n, way in found if way is not None]
        return self._ways[goal]

    def run(
        self,
        aim: Aim,
        assuming: Iterable[Term] = (),
        without: Iterable[int] = (),
        of: Specification | None = None,
    ) -> Found | NotFound:
        """A run to any of the goals.

        assuming   taken as given of the policies        without   steps that are left out
        of         the specification that takes the run, if not the one that the story is about
        """
        given = [self._paths.given(term) for term in assuming]
        left_out = [smt.negated(self._path.steps[number][0][1]) for number in without]
        answer = self._solver.ask(*given, *left_out, aim.any)
        if answer.model is None:
            return NotFound(len(self._path.steps), answer.why)
        for name, length, way in aim.ways:
            if answer.model.value(way):
                goal, model = aim.goals[name], answer.model
                return self._paths.found(name, goal, model, self._path, length, of)
        raise AssertionError("a model that meets no goal")

    def _worth_asking(self, goal: Goal) -> list[int]:
        """After how many steps a goal may be met: a state at the end, as what follows it can be left
        out; a step where the move is of the kind."""
        length = len(self._path.steps)
        by_step = isinstance(goal, Takes) or (
            isinstance(goal, Breaks) and isinstance(goal.promise, Whenever)
        )
        if self._whole or not by_step:
            return [length]
        found = []
        for number, ((move, _),) in enumerate(self._path.steps, 1):
            if move.action is None:
                continue
            if isinstance(goal, Takes):
                hit = move.action.name == goal.action
            else:
                assert isinstance(goal, Breaks) and isinstance(goal.promise, Whenever)
                written = {variable(*target.data) for target, _ in move.action.updates}
                hit = bool(written & footprint(goal.promise.event))
            found += [number] if hit else []
        return found
