"""What a search looks for, and what it finds: a run that the concrete machine takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from model.language.generate import DELAY
from model.language.instance import Instance, Value
from model.language.machine import Machine, State, Step
from model.language.specification import Specification
from model.language.terms import TRUE, Term, subterms
from model.promises import Always, Whenever


class ReplayMismatch(AssertionError):
    """The solver's run is none: formulas and machine disagree. A fault of this program."""


@dataclass(frozen=True)
class Reaches:
    """A state in which this holds; a family's parameter in it is the first element."""

    term: Term


@dataclass(frozen=True)
class Takes:
    """A step by this action, where `when` holds of its parameters and the state before it, and `then`
    of the state after it."""

    action: str
    when: Term = TRUE
    then: Term = TRUE


@dataclass(frozen=True)
class Breaks:
    """A state, or a step, that a promise forbids."""

    promise: Always | Whenever


NO_NAMES: Mapping[str, int] = MappingProxyType({})
Goal = Reaches | Takes | Breaks
Move = tuple[str, tuple[Value, ...]]  # an action's name, its parameters


@dataclass(frozen=True)
class Found:
    """A run that reaches its goal with the last step; `goal` is the goal's name.

    moves   each step as the action's name and its parameters; a delay as DELAY and seconds
    """

    goal: str
    spec: Specification
    instance: Instance
    moves: tuple[Move, ...]

    @cached_property
    def machine(self) -> Machine:
        """The machine that it is a run of."""
        return Machine(self.spec, self.instance)

    @cached_property
    def replayed(self) -> Replayed:
        """The run, taken; ReplayMismatch if the machine does not take it."""
        return Replayed(self)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The run as that machine takes it."""
        return _steps(self.machine, self.moves)

    @property
    def schedule(self) -> tuple[str, ...]:
        """The actions by name, with the element of a family unless it is the first."""
        return tuple(self._label(*move) for move in self.moves)

    def _label(self, name: str, given: Sequence[Value]) -> str:
        if name == DELAY:
            return name
        pairs = zip(self.spec.actions[name].params, given, strict=True)
        indexes = [value for item, value in pairs if item.sort in self.spec.families]
        return name + "".join(f"[{index}]" for index in indexes if index)


@dataclass(frozen=True)
class NotFound:
    """No run of at most `depth` steps; `why` where the solver gave up before."""

    depth: int
    why: str = ""


def check(goal: Goal, found: Found) -> None:
    """Take the run on the concrete machine; ReplayMismatch if it does not end in its goal."""
    if not found.replayed.meets(goal, len(found.moves)):
        raise ReplayMismatch(f"the run does not end in its goal: {found.schedule}")


class Replayed:
    """A run, taken on the concrete machine."""

    def __init__(self, found: Found) -> None:
        used = {name for name, _ in found.moves}
        small = copy(found.spec)
        small.actions = {name: item for name, item in found.spec.actions.items() if name in used}
        self.machine = Machine(small, found.instance)
        self.moves = found.moves
        self.steps = _steps(self.machine, found.moves)
        self.states = [self.machine.initial]
        for step in self.steps:
            self._take(step)

    def _take(self, step: Step) -> None:
        machine, before = self.machine, self.states[-1]
        # Each step is taken once: walking its terms is cheaper than compiling them.
        after = machine.walk_apply(before, step)
        if after is None:
            name, _ = machine.describe(step)
            refused = machine.explain(before, name, step[1]).refusals if name != DELAY else ()
            why = ", ".join(item.guard.name for item in refused)
            raise ReplayMismatch(f"step {len(self.states)}, {name}: the machine refuses it ({why})")
        self.states.append(after)

    def names(self, step: Step) -> dict[str, int]:
        """The parameters of one of its steps by name."""
        number, given = step
        params = (str(item.data) for item in self.machine.actions[number].params)
        return dict(zip(params, given, strict=True))

    def slot(self, target: Term, step: Step) -> int:
        """Where a variable that one of its steps writes stands in a state."""
        index = self.names(step)[target.args[0].data] if target.args else 0
        group, field = target.data
        return self.machine.slot(group, field, index)

    def meets(self, goal: Goal, length: int, states: Sequence[State] = ()) -> bool:
        """Whether so many of its steps end in this goal; through other states, if they are given."""
        states = states or self.states
        state = states[length]
        if isinstance(goal, Reaches):
            return self._says(goal.term, state)
        if not isinstance(goal, Takes) and isinstance(goal.promise, Always):
            return not self._says(goal.promise.term, state)
        if not length:
            return False
        if isinstance(goal, Takes):
            if self.moves[length - 1][0] != goal.action:
                return False
            names = self.names(self.steps[length - 1])
            before = states[length - 1]
            return self._says(goal.when, before, names) and self._says(goal.then, state, names)
        promise, before = goal.promise, states[length - 1]
        assert not isinstance(promise, Always)
        comes = self._says(promise.event, state) and not self._says(promise.event, before)
        return comes and not self._says(promise.needs, before)

    def _says(self, term: Term, state: State, names: Mapping[str, int] = NO_NAMES) -> bool:
        first = {str(part.data): 0 for part in subterms(term) if part.op == "param"}
        return bool(self.machine.value(term, state, {**first, **names}))


def _steps(machine: Machine, moves: Sequence[Move]) -> tuple[Step, ...]:
    found: list[Step] = []
    for name, given in moves:
        ticks = [value * machine.tick for value in given] if name == DELAY else given
        if any(value != int(value) for value in ticks):
            raise ReplayMismatch(f"{name} {given}: no whole number of ticks")
        found.append((machine.numbers[name], tuple(map(_plain, ticks))))
    return tuple(found)


def _plain(value: Value) -> int:
    return value if isinstance(value, bool) else int(value)
