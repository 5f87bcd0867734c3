"""Breadth-first search over the states of one machine.

Time passes as `machine.enabled` offers it: a delay goes to the next deadline, none goes beyond.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model.language.errors import StepError
from model.language.machine import Machine, State, Step
from model.language.terms import Term
from proofs.search.predicates import Predicate, predicate

LIMIT = 1_000_000
Run = tuple[Step, ...]


@dataclass(frozen=True)
class Found:
    """The answer to "is there a run to such a state?".

    run       a shortest one, None if there is none among the states searched
    state     the state it ends in
    complete  whether all reachable states were searched
    """

    run: Run | None
    state: State | None
    complete: bool

    @property
    def unreachable(self) -> bool:
        """Whether no run leads there: a verdict, not a lack of one."""
        return self.run is None and self.complete

    @property
    def undecided(self) -> bool:
        """Whether the search ended at its limit without an answer."""
        return self.run is None and not self.complete


@dataclass(frozen=True, eq=False)
class Exploration:
    """What a search found.

    parents    each state found -> the one it was first reached from (the initial state: None), in
               the order of their distance from the initial state
    edges      steps taken: two steps between the same two states are two edges
    fired      action (and `delay`) -> how many of the edges are its steps; 0 if it never fires
    depth      steps from the initial state to the farthest state found
    ends       how many states without successor are ends that were intended
    deadlocks  the other states without successor, nearest first
    complete   whether these are all reachable states; if not, the other figures are of a part only
    """

    machine: Machine
    parents: Mapping[State, State | None]
    edges: int
    fired: Mapping[str, int]
    depth: int
    ends: int
    deadlocks: tuple[State, ...]
    complete: bool

    @property
    def states(self) -> int:
        """How many states were found."""
        return len(self.parents)

    @property
    def never_fired(self) -> tuple[str, ...]:
        """Actions (and `delay`) without a step."""
        return tuple(name for name, count in self.fired.items() if not count)

    def run(self, state: State) -> Run:
        """A shortest run to a state that was found; KeyError if it was not."""
        steps: list[Step] = []
        before = self.parents[state]
        while before is not None:
            steps.append(_step_between(self.machine, before, state))
            state, before = before, self.parents[before]
        return tuple(reversed(steps))

    def find(self, goal: Term) -> Found:
        """A shortest run to a state in which `goal` holds, for some values of its parameters."""
        holds = predicate(self.machine, goal)
        state = next(filter(holds, self.parents), None)
        run = None if state is None else self.run(state)
        return Found(run, state, self.complete)

    def check(self, invariants: Mapping[str, Term]) -> dict[str, Found]:
        """For each invariant a shortest run that breaks it; it holds where that is unreachable.

        An invariant with parameters is to hold for all their values.
        """
        return {name: self.find(~term) for name, term in invariants.items()}

    def transitions(self) -> Iterator[tuple[State, Step, State]]:
        """All edges between states that were found, as (before, step, after)."""
        for state in self.parents:
            for step in self.machine.enabled(state):
                after = self.machine.apply(state, step)
                if after is not None and after in self.parents:
                    yield state, step, after


def explore(machine: Machine, *, limit: int = LIMIT, ends: Term | None = None) -> Exploration:
    """Search all reachable states, `limit` at most.

    ends  says of a state without successor that a run may end there; by default none may
    Raises RangeError where the specification lets a variable leave its range.
    """
    search = _Search(machine, limit)
    complete = search.to_the_end()
    return search.result(complete, predicate(machine, ends) if ends is not None else None)


def find(machine: Machine, goal: Term, *, limit: int = LIMIT) -> Found:
    """As Exploration.find, but the search ends as soon as there is such a state."""
    search = _Search(machine, limit, predicate(machine, goal))
    complete = search.to_the_end()
    run = None
    if search.goal is not None:
        run = search.result(complete=False, may_end=None).run(search.goal)
    return Found(run, search.goal, complete)


class _Search:
    """The state of a search under way."""

    def __init__(self, machine: Machine, limit: int, is_goal: Predicate | None = None) -> None:
        self.machine, self.limit, self.is_goal = machine, limit, is_goal
        self.parents: dict[State, State | None] = {machine.initial: None}
        self.fired = [0] * len(machine.numbers)
        self.stuck: list[State] = []
        self.depth = 0
        self.goal: State | None = None

    def to_the_end(self) -> bool:
        """Search layer by layer; whether all states were reached."""
        layer = [self.machine.initial]
        while True:
            if self.is_goal is not None:
                self.goal = next(filter(self.is_goal, layer), None)
                if self.goal is not None:
                    return False
            further, complete = self._expand(layer)
            if further:
                self.depth += 1
            if not complete or not further:
                return complete
            layer = further

    def _expand(self, layer: list[State]) -> tuple[list[State], bool]:
        """The next layer, and whether all of it was within the limit."""
        enabled, apply = self.machine.enabled, self.machine.apply
        parents, fired, limit = self.parents, self.fired, self.limit
        further: list[State] = []
        for state in layer:
            steps = enabled(state)
            if not steps:
                self.stuck.append(state)
            for step in steps:
                after = apply(state, step)
                if after is None:
                    raise StepError(f"{step} is enabled and cannot be taken: a fault of ikeproof")
                if after not in parents:
                    if len(parents) >= limit:
                        return further, False
                    parents[after] = state
                    further.append(after)
                fired[step[0]] += 1
        return further, True

    def result(self, complete: bool, may_end: Predicate | None) -> Exploration:
        """The figures so far."""
        deadlocks = [state for state in self.stuck if may_end is None or not may_end(state)]
        return Exploration(
            self.machine,
            self.parents,
            sum(self.fired),
            {name: self.fired[number] for name, number in self.machine.numbers.items()},
            self.depth,
            len(self.stuck) - len(deadlocks),
            tuple(deadlocks),
            complete,
        )


def _step_between(machine: Machine, before: State, after: State) -> Step:
    for step in machine.enabled(before):
        if machine.apply(before, step) == after:
            return step
    raise StepError("no step leads from a state to its successor: a fault of ikeproof")
