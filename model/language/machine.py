"""A specification made concrete: initial state, steps, enabled steps, explanations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from model.language.errors import RangeError, StepError
from model.language.generate import DELAY, Source
from model.language.instance import Instance, Value, cardinality, decode, parse
from model.language.sorts import Duration, Int, Timer
from model.language.specification import Action, Field, Guard, Specification
from model.language.terms import Term, subterms
from model.language.walk import Walker

State = tuple[int, ...]
Step = tuple[int, tuple[int, ...]]  # number of the action, its parameters


@dataclass(frozen=True, slots=True)
class Answer:
    """What one guard says in one state, and the fields it reads with their values."""

    guard: Guard
    holds: bool
    reads: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an action can, or cannot, be taken."""

    action: str
    answers: tuple[Answer, ...]

    @property
    def enabled(self) -> bool:
        """Whether every guard agrees."""
        return all(item.holds for item in self.answers)

    @property
    def refusals(self) -> tuple[Answer, ...]:
        """The guards that say no."""
        return tuple(item for item in self.answers if not item.holds)


class Machine:
    """One instance of a specification. States are flat tuples; `slots` names their positions."""

    def __init__(self, spec: Specification, instance: Instance) -> None:
        self.spec, self.instance = spec, instance
        self.tick = instance.ticks_per_second(spec)
        self.slots: list[str] = []
        self.fields: list[Field] = []
        self._places: dict[tuple[str, str], tuple[int, int]] = {}
        self._lay_out()
        strides = {name: self._stride(name) for name in spec.rigids}
        self._walker = Walker(self, instance, strides)
        self.actions: tuple[Action, ...] = tuple(spec.actions.values())
        self.numbers = {action.name: i for i, action in enumerate(self.actions)}
        self._source = Source(spec, instance, self._places, strides, self.tick)
        #: what acts on a state; each is compiled when it is called for the first time
        self._steps: list[Callable[..., State | None]] = [
            partial(self._first, i) for i in range(len(self.actions))
        ]
        if any(isinstance(field.sort, Timer) for field in self.fields):
            self.numbers[DELAY] = len(self.actions)
            self._steps.append(partial(self._first, len(self.actions)))
        self.initial: State = self._initial()

    # ---- the text that runs
    def source_of(self, number: int) -> str:
        """Python text of the step of that number."""
        if number == len(self.actions):
            return self._source.delay(self.fields)
        return self._source.step(self.actions[number])

    @cached_property
    def enabled(self) -> Callable[[State], list[Step]]:
        """All steps that can be taken in a state."""
        found: Callable[[State], list[Step]] = self._compiled(
            self._source.enabled(self.fields), "enabled"
        )
        return found

    def _first(self, number: int, state: State, *params: int) -> State | None:
        step = self._steps[number] = self._compiled(self.source_of(number), "step")
        after: State | None = step(state, *params)
        return after

    def _compiled(self, text: str, name: str) -> Any:
        scope: dict[str, Any] = {"RangeError": RangeError}
        exec(compile(self._source.preamble() + text, f"<{self.spec.name}>", "exec"), scope)
        return scope[name]

    # ---- layout
    def _lay_out(self) -> None:
        for group in self.spec.groups.values():
            base, width = len(self.slots), len(group.fields)
            count = self.instance.sizes[group.domain.name] if group.domain else 1
            for position, field in enumerate(group.fields):
                self._places[group.name, field.name] = base + position, width if group.domain else 0
            for index in range(count):
                for field in group.fields:
                    mark = f"[{index}]" if group.domain else ""
                    self.slots.append(f"{group.name}{mark}.{field.name}")
                    self.fields.append(field)

    def slot(self, group: str, field: str, index: int = 0) -> int:
        """Position of a field in a state, of the index-th element for a family."""
        base, stride = self._places[group, field]
        return base + index * stride

    def _stride(self, name: str) -> tuple[int, ...]:
        strides, step = [], 1
        for sort in reversed(self.spec.rigids[name].arguments):
            strides.append(step)
            step *= cardinality(sort, self.instance.sizes)
        return tuple(reversed(strides))

    def _initial(self) -> State:
        values = (self._walker.value(field.initial, (), {}, self.tick) for field in self.fields)
        return tuple(_concrete(value) for value in values)

    # ---- the product
    def apply(self, state: State, step: Step) -> State | None:
        """The state after a step, or None if a guard says no. RangeError: a faulty specification."""
        return self._steps[step[0]](state, *step[1])

    # ---- the oracle
    def walk_apply(self, state: State, step: Step) -> State | None:
        """The same as `apply`, by walking the terms."""
        number, params = step
        if number == len(self.actions):
            return self._walk_delay(state, params[0])
        action = self.actions[number]
        names = self._names(action, params)
        if not all(self.value(item.term, state, names) for item in action.guards):
            return None
        after = list(state)
        for target, term in action.updates:
            value = _concrete(self.value(term, state, names))
            sort = target.sort
            if isinstance(sort, Int) and not sort.low <= value <= sort.high:
                raise RangeError(action.name, str(target), value)
            index = int(self.value(target.args[0], state, names)) if target.args else 0
            after[self.slot(target.data[0], target.data[1], index)] = value
        return tuple(after)

    def _walk_delay(self, state: State, ticks: int) -> State | None:
        timers = [i for i, field in enumerate(self.fields) if isinstance(field.sort, Timer)]
        if ticks <= 0 or any(0 <= state[i] < ticks for i in timers if self.fields[i].urgent):
            return None
        late = {i: max(state[i] - ticks, 0) for i in timers if state[i] >= 0}
        return tuple(late.get(i, value) for i, value in enumerate(state))

    def walk_enabled(self, state: State) -> Iterator[Step]:
        """The same as `enabled`, by trying every parameter of every action."""
        for number, action in enumerate(self.actions):
            for params in itertools.product(*(self._choices(item) for item in action.params)):
                names = self._names(action, params)
                if all(self.value(item.term, state, names) for item in action.guards):
                    yield number, params
        moments = [state[i] for i, f in enumerate(self.fields) if isinstance(f.sort, Timer)]
        for timer, least in self.spec.windows():
            domain = self.spec.groups[timer.data[0]].domain
            for index in range(self.instance.sizes[domain.name] if domain else 1):
                left = state[self.slot(timer.data[0], timer.data[1], index)]
                moments.append(left - int(self.value(least, state, {})))
        ahead = [moment for moment in moments if moment > 0]
        if ahead and self._walk_delay(state, min(ahead)) is not None:
            yield len(self.actions), (min(ahead),)

    def _choices(self, item: Term) -> range:
        low = item.sort.low if isinstance(item.sort, Int) else 0
        return range(low, low + cardinality(item.sort, self.instance.sizes))

    @staticmethod
    def _names(action: Action, params: tuple[int, ...]) -> dict[str, int]:
        return dict(zip((str(item.data) for item in action.params), params, strict=True))

    def value(self, term: Term, state: State, names: Mapping[str, int]) -> Value:
        """The value of any term in a state."""
        return self._walker.value(term, state, names, self.tick)

    # ---- for people
    def explain(self, state: State, name: str, params: tuple[int, ...] = ()) -> Explanation:
        """What each guard of an action says, with its reason, its clause and what it reads."""
        if name not in self.spec.actions:
            raise StepError(f"no action {name!r} in {self.spec.name}")
        action = self.spec.actions[name]
        names = self._names(action, params)
        answers = []
        for item in action.guards:
            reads = sorted(
                {
                    self.slots[self._slot_of(part, state, names)]
                    for part in subterms(item.term)
                    if part.op in ("var", "cell")
                }
            )
            values = tuple((slot, self.text(self.slots.index(slot), state)) for slot in reads)
            answers.append(Answer(item, bool(self.value(item.term, state, names)), values))
        return Explanation(name, tuple(answers))

    def _slot_of(self, term: Term, state: State, names: Mapping[str, int]) -> int:
        index = int(self.value(term.args[0], state, names)) if term.args else 0
        return self.slot(term.data[0], term.data[1], index)

    def text(self, slot: int, state: State) -> str:
        """The value at a position as text; timers in seconds."""
        sort, value = self.fields[slot].sort, state[slot]
        if isinstance(sort, Timer) and value >= 0:
            return f"{Fraction(value, self.tick)}s"
        return decode(sort, value)

    def changes(self, before: State, after: State) -> list[tuple[str, str, str]]:
        """What differs between two states: (variable, old, new) as text."""
        return [
            (self.slots[i], self.text(i, before), self.text(i, after))
            for i in range(len(self.slots))
            if before[i] != after[i]
        ]

    def step(self, name: str, **params: str) -> Step:
        """A step by name, parameters as text; StepError says what is wrong with it."""
        if name not in self.numbers:
            raise StepError(f"no action {name!r} in {self.spec.name}")
        number = self.numbers[name]
        if number == len(self.actions):
            if set(params) != {"seconds"}:
                raise StepError("delay takes one parameter, seconds")
            ticks = parse(Duration(), params["seconds"], {}) * self.tick
            if ticks != int(ticks):
                raise StepError(f"{params['seconds']} s is not a whole number of ticks")
            return number, (int(ticks),)
        action = self.actions[number]
        wanted = {str(item.data): item.sort for item in action.params}
        if set(params) != set(wanted):
            raise StepError(f"{name} takes {', '.join(wanted) or 'no parameters'}")
        values = (parse(sort, params[key], self.instance.sizes) for key, sort in wanted.items())
        return number, tuple(int(value) for value in values)

    def describe(self, step: Step) -> tuple[str, dict[str, str]]:
        """The name and parameters of a step as text, as `step` takes them."""
        number, params = step
        if number == len(self.actions):
            return DELAY, {"seconds": str(Fraction(params[0], self.tick))}
        action = self.actions[number]
        texts = (decode(item.sort, p) for item, p in zip(action.params, params, strict=True))
        return action.name, dict(zip((str(i.data) for i in action.params), texts, strict=True))


def _concrete(value: Value) -> int:
    return value if isinstance(value, bool) else int(value)
