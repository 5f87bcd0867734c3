"""What a search looks for, and what it finds: a run that the concrete machine takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.language.generate import DELAY
from model.language.machine import Machine, State, Step
from model.language.terms import Term, subterms
from model.promises import Always, Whenever


class ReplayMismatch(AssertionError):
    """The solver's run is none: formulas and machine disagree. A fault of this program."""


@dataclass(frozen=True)
class Reaches:
    """A state in which this holds; a family's parameter in it is the first element."""

    term: Term


@dataclass(frozen=True)
class Takes:
    """A step by this action."""

    action: str


@dataclass(frozen=True)
class Breaks:
    """A state, or a step, that a promise forbids."""

    promise: Always | Whenever


Goal = Reaches | Takes | Breaks


@dataclass(frozen=True)
class Found:
    """A run that reaches its goal with the last step; `goal` is the goal's name."""

    goal: str
    machine: Machine
    steps: tuple[Step, ...]

    @property
    def schedule(self) -> tuple[str, ...]:
        """The actions by name, with the element of a family unless it is the first."""
        return tuple(_label(self.machine, step) for step in self.steps)


@dataclass(frozen=True)
class NotFound:
    """No run of at most `depth` steps; `why` where the solver gave up before."""

    depth: int
    why: str = ""


def check(goal: Goal, found: Found) -> None:
    """Take the run on the concrete machine; ReplayMismatch if it does not end in its goal."""
    machine, states = found.machine, [found.machine.initial]
    for step in found.steps:
        after = machine.apply(states[-1], step)
        if after is None:
            name, _ = machine.describe(step)
            refused = machine.explain(states[-1], name, step[1]).refusals if name != DELAY else ()
            why = ", ".join(item.guard.name for item in refused)
            raise ReplayMismatch(f"step {len(states)}, {name}: the machine refuses it ({why})")
        states.append(after)
    if not _holds(goal, found, states):
        raise ReplayMismatch(f"the run does not end in its goal: {found.schedule}")


def _holds(goal: Goal, found: Found, states: Sequence[State]) -> bool:
    machine = found.machine

    def says(term: Term, state: State) -> bool:
        first = {str(part.data): 0 for part in subterms(term) if part.op == "param"}
        return bool(machine.value(term, state, first))

    if isinstance(goal, Reaches):
        return says(goal.term, states[-1])
    if isinstance(goal, Takes):
        return machine.describe(found.steps[-1])[0] == goal.action
    if isinstance(goal.promise, Always):
        return not says(goal.promise.term, states[-1])
    before, after, promise = states[-2], states[-1], goal.promise
    comes = says(promise.event, after) and not says(promise.event, before)
    return comes and not says(promise.needs, before)


def _label(machine: Machine, step: Step) -> str:
    name, params = machine.describe(step)
    if name == DELAY:
        return name
    action = machine.spec.actions[name]
    families = [str(p.data) for p in action.params if p.sort in machine.spec.families]
    return name + "".join(f"[{params[key]}]" for key in families if params[key] != "0")
