"""Bounded search: a shortest run to a goal, for policies that the solver chooses.

Domains are small here (two transforms unless told otherwise), so what is found is a run, and what is
not found says nothing. Every model becomes an instance and steps, which the concrete machine takes one
by one: one that does not replay is a fault of this program and raises ReplayMismatch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from model.language.instance import Instance
from model.language.machine import Machine, Step
from model.language.machine import State as Concrete
from model.language.sorts import Bool, Domain, Duration
from model.language.specification import Action, Specification
from model.language.terms import Term
from model.promises import Always, Whenever
from proofs.prover import smt
from proofs.prover.lowering import Lowering, State, merged, same
from proofs.prover.obligations import DELAY
from proofs.prover.smt import Formula, Model


class ReplayMismatch(AssertionError):
    """The solver's run is none: formulas and machine disagree."""


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
    """A run that reaches its goal with the last step."""

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


@dataclass(frozen=True)
class _Move:
    action: Action | None  # None: time passes
    elements: Mapping[Domain, int]

    @property
    def name(self) -> str:
        name = self.action.name if self.action else DELAY
        return name + "".join(f"[{i}]" for i in self.elements.values() if i)


class Search:
    """Runs of one specification with domains of these sizes (families: one element)."""

    def __init__(
        self,
        spec: Specification,
        sizes: Mapping[str, int] | None = None,
        assuming: Sequence[Term] = (),
        milliseconds: int = 20_000,
    ) -> None:
        default = {name: 1 if d in spec.families else 2 for name, d in spec.domains.items()}
        self.spec = spec
        self.sizes = {**default, **(sizes or {})}
        self._low = Lowering(spec, self.sizes)
        self._milliseconds = milliseconds
        self._moves = {move.name: move for move in self._all()}
        self._order = tuple(self._moves)
        nowhere = self._low.state("policy")
        given = [self._low.formula(term, nowhere) for term in assuming]
        self._policies = [*self._low.policies(), *given]

    def _all(self) -> Iterator[_Move]:
        for action in self.spec.actions.values():
            family = [p.sort for p in action.params if p.sort in self.spec.families]
            domain = family[0] if family else None
            for index in range(self.sizes[domain.name] if isinstance(domain, Domain) else 1):
                yield _Move(action, {domain: index} if isinstance(domain, Domain) else {})
        if self._low.timed:
            yield _Move(None, {})

    # ---- searching
    def shortest(self, goal: Goal, depth: int, least: int = 0) -> Found | NotFound:
        """A shortest run to the goal, of `least` to `depth` steps, whatever the actions."""
        solver = smt.Growing(self._milliseconds)
        states = [self._low.state("0")]
        solver.add([*self._policies, *self._low.initial(states[0])])
        wanted = self._met(goal, states, None)
        for length in range(depth + 1):
            if length:
                states.append(self._low.state(str(length)))
                solver.add(self._any(states[-2], states[-1], length - 1))
                wanted = self._met(goal, states, length - 1)
            if wanted is None or length < least:
                continue
            answer = solver.ask(wanted)
            if answer.model is not None:
                return self._found(goal, answer.model, states, None)
            if answer.verdict == "unknown":
                return NotFound(length - 1, answer.why)
        return NotFound(depth)

    def all(self, goals: Mapping[str, Goal], depth: int) -> dict[str, Found | NotFound]:
        """A shortest run to each goal, of one search."""
        solver = smt.Growing(self._milliseconds)
        states = [self._low.state("0")]
        solver.add([*self._policies, *self._low.initial(states[0])])
        open_, found = dict(goals), {}
        for length in range(depth + 1):
            if length:
                states.append(self._low.state(str(length)))
                solver.add(self._any(states[-2], states[-1], length - 1))
            for name, goal in list(open_.items()):
                wanted = self._met(goal, states, length - 1 if length else None)
                answer = solver.ask(wanted) if wanted is not None else None
                if answer is not None and answer.model is not None:
                    found[name] = self._found(goal, answer.model, states, None)
                    del open_[name]
            if not open_:
                break
        return {name: found.get(name, NotFound(depth)) for name in goals}

    def along(self, goal: Goal, schedule: Sequence[str]) -> Found | NotFound:
        """A run that takes exactly these actions, parameters and policies free, to the goal."""
        if any(name not in self._moves for name in schedule):
            return NotFound(len(schedule), "an action that is not there")
        states = [self._low.state("0")]
        formulas = [*self._policies, *self._low.initial(states[0])]
        for number, name in enumerate(schedule):
            states.append(self._low.state(str(number + 1)))
            guards, after = self._effect(self._moves[name], states[-2], str(number), states[-1])
            formulas += guards
            states[-1] = after
        last = self._order.index(schedule[-1]) if schedule else None
        wanted = self._met(goal, states, last, fixed=True)
        if wanted is None:
            return NotFound(len(schedule))
        answer = smt.solve([*formulas, wanted], milliseconds=self._milliseconds)
        if answer.model is None:
            return NotFound(len(schedule), answer.why)
        return self._found(goal, answer.model, states, schedule)

    # ---- formulas
    def _effect(
        self, move: _Move, before: State, tag: str, fresh: State
    ) -> tuple[list[Formula], State]:
        """What a move needs, and the state after it."""
        if move.action is None:
            until = fresh.now
            return self._low.may_wait(before, until), State(before.values, until)
        names, bounds = self._low.parameters(move.action, tag, move.elements)
        guards = [*bounds, *self._low.guards(move.action, before, names)]
        values = {**before.values, **self._low.updates(move.action, before, names)}
        return guards, State(values, before.now)

    def _any(self, before: State, after: State, number: int) -> list[Formula]:
        """One of all moves is taken, the one that `step@number` says."""
        choice = smt.integer(f"step@{number}")
        found = [choice >= 0, choice < len(self._order)]
        cases = []
        for position, name in enumerate(self._order):
            guards, result = self._effect(self._moves[name], before, str(number), after)
            found.append(smt.implies(choice == position, smt.all_of(guards)))
            cases.append((choice == position, result))
        for key, value in after.values.items():
            old = before.values[key]
            written = [
                (hit, result.values[key]) for hit, result in cases if result.values[key] is not old
            ]
            found.append(same(value, merged(written, old)))
        moments = [(hit, state.now) for hit, state in cases if state.now is not before.now]
        found.append(after.now == merged(moments, before.now))
        return found

    def _met(
        self, goal: Goal, states: Sequence[State], last: int | None, *, fixed: bool = False
    ) -> Formula | None:
        """The goal at the end; None where it takes a step and there is none.

        last   number of the last step, or with `fixed` the position of the last move
        """
        end, names = states[-1], self._first()
        if isinstance(goal, Reaches):
            return self._low.formula(goal.term, end, names)
        if isinstance(goal, Breaks) and isinstance(goal.promise, Always):
            return smt.negated(self._low.formula(goal.promise.term, end, names))
        if last is None:
            return None
        if isinstance(goal, Takes):
            hits = [i for i, n in enumerate(self._order) if self._action(n) == goal.action]
            if fixed:
                return smt.truth(last in hits)
            return smt.any_of([smt.integer(f"step@{last}") == i for i in hits])
        assert isinstance(goal.promise, Whenever)
        event, needs, before = goal.promise.event, goal.promise.needs, states[-2]
        return smt.all_of(
            [
                smt.negated(self._low.formula(event, before, names)),
                self._low.formula(event, end, names),
                smt.negated(self._low.formula(needs, before, names)),
            ]
        )

    def _action(self, name: str) -> str:
        action = self._moves[name].action
        return action.name if action else DELAY

    def _first(self) -> dict[str, int]:
        """Promises speak of a family by a free parameter: take its first element."""
        return {}

    # ---- models
    def _found(
        self,
        goal: Goal,
        model: Model,
        states: Sequence[State],
        schedule: Sequence[str] | None,
    ) -> Found:
        rigid = {}
        for name, declared in self.spec.rigids.items():
            values = [model.value(cell) for cell in self._low.rows[name].values()]
            duration = isinstance(declared.sort, Duration)
            rigid[name] = tuple(Fraction(value) if duration else value for value in values)
        machine = Machine(self.spec, Instance(dict(self.sizes), rigid))
        steps: list[Step] = []
        for number in range(len(states) - 1):
            if schedule is not None:
                move = self._moves[schedule[number]]
            else:
                move = self._moves[self._order[int(model.value(smt.integer(f"step@{number}")))]]
            if move.action is None:
                waited = model.value(states[number + 1].now - states[number].now)
                steps.append((machine.numbers[DELAY], (int(waited) * machine.tick,)))
            else:
                steps.append((machine.numbers[move.action.name], self._given(move, model, number)))
        found = Found(machine, tuple(steps))
        check(goal, found)
        return found

    def _given(self, move: _Move, model: Model, number: int) -> tuple[int, ...]:
        assert move.action is not None
        names, _ = self._low.parameters(move.action, str(number), move.elements)
        given = []
        for item in move.action.params:
            value = names[item.data]
            plain = value if isinstance(value, int) else model.value(value)
            given.append(bool(plain) if isinstance(item.sort, Bool) else int(plain))
        return tuple(given)


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


def _holds(goal: Goal, found: Found, states: Sequence[Concrete]) -> bool:
    machine = found.machine

    def says(term: Term, state: Concrete) -> bool:
        return bool(machine.value(term, state, _Zeros()))

    if isinstance(goal, Reaches):
        return says(goal.term, states[-1])
    if isinstance(goal, Takes):
        return machine.describe(found.steps[-1])[0] == goal.action
    if isinstance(goal.promise, Always):
        return not says(goal.promise.term, states[-1])
    before, after, promise = states[-2], states[-1], goal.promise
    comes = says(promise.event, after) and not says(promise.event, before)
    return comes and not says(promise.needs, before)


class _Zeros(dict[str, int]):
    """A free parameter of a promise is the first element of its family."""

    def __missing__(self, name: str) -> int:
        return 0


def _label(machine: Machine, step: Step) -> str:
    name, params = machine.describe(step)
    if name == DELAY:
        return name
    action = machine.spec.actions[name]
    families = [str(p.data) for p in action.params if p.sort in machine.spec.families]
    return name + "".join(f"[{params[key]}]" for key in families if params[key] != "0")
