"""Paths: states, and between two of them the moves that may be taken; goals on them; runs out of models.

Domains are small here, so what is found is a run, and what is not found says nothing. Every model
becomes an instance and steps, which the concrete machine takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from model.language.generate import DELAY
from model.language.instance import Instance, Value
from model.language.sorts import Bool, Domain, Duration
from model.language.specification import Action, Specification
from model.language.terms import Term
from model.promises import Always
from proofs.prover import smt
from proofs.prover.footprint import NOW, variable
from proofs.prover.lowering import Lowering, State, later, merged, same
from proofs.prover.runs import Breaks, Found, Goal, Reaches, Takes, check
from proofs.prover.smt import Formula, Model


@dataclass(frozen=True)
class Move:
    """An action (None: time passes), for these elements of the families that it is about."""

    action: Action | None
    elements: Mapping[Domain, int]

    @property
    def name(self) -> str:
        """The action's name, with the element unless it is the first."""
        name = self.action.name if self.action else DELAY
        return name + "".join(f"[{i}]" for i in self.elements.values() if i)


@dataclass(frozen=True)
class Path:
    """States, and between two of them the moves that may be taken, each with when it is."""

    states: list[State]
    steps: list[list[tuple[Move, Formula]]]


class Paths:
    """Lays out paths of one specification, with domains of these sizes, and time in such units."""

    def __init__(
        self,
        spec: Specification,
        sizes: Mapping[str, int],
        assuming: Sequence[Term],
        unit: Fraction | None = Fraction(1),
    ) -> None:
        self.spec, self.sizes = spec, sizes
        self._low = Lowering(spec, sizes, unit)
        self._unit = unit or Fraction(1)
        self.moves = {move.name: move for move in self._all()}
        self._start = self._low.state("0")
        given = [self.given(term) for term in assuming]
        self.fixed = [*self._low.policies(), *given, *self._low.initial(self._start)]

    def _all(self) -> Iterator[Move]:
        for action in self.spec.actions.values():
            family = [p.sort for p in action.params if p.sort in self.spec.families]
            domain = family[0] if family else None
            for index in range(self.sizes[domain.name] if isinstance(domain, Domain) else 1):
                yield Move(action, {domain: index} if isinstance(domain, Domain) else {})
        if self._low.timed:
            yield Move(None, {})

    def given(self, term: Term) -> Formula:
        """What a term says of the policies."""
        return self._low.formula(term, self._start)

    def value(self, term: Term, state: State) -> Formula:
        """A term in a state of a path, of the first element of a family."""
        return self._low.value(term, state, {})

    # ---- steps
    def empty(self) -> Path:
        """The path of no step."""
        return Path([self._start], [])

    def free(self, path: Path) -> list[Formula]:
        """One more step, by any move."""
        number, before = len(path.steps), path.states[-1]
        after = self._low.state(str(number + 1))
        choice = smt.integer(f"step@{number}")
        found = [choice >= 0, choice < len(self.moves)]
        options, cases = [], []
        for position, move in enumerate(self.moves.values()):
            guards, result = self._effect(move, before, number)
            taken = smt.equal(choice, smt.number(position))
            found.append(smt.implies(taken, smt.all_of(guards)))
            options.append((move, taken))
            cases.append((taken, result))
        merging = _merged(before, cases)
        found += [same(value, merging.values[key]) for key, value in after.values.items()]
        found.append(smt.equal(after.now, merging.now))
        path.states.append(after)
        path.steps.append(options)
        return found

    def told(self, path: Path, move: Move, *, whole: bool) -> list[Formula]:
        """One more step, by this move or (unless `whole`) none."""
        number, before = len(path.steps), path.states[-1]
        taken = smt.TRUE if whole else smt.boolean(f"taken@{number}")
        guards, result = self._effect(move, before, number)
        path.states.append(result if whole else _merged(before, [(taken, result)]))
        path.steps.append([(move, taken)])
        return [smt.implies(taken, smt.all_of(guards))]

    def _effect(self, move: Move, before: State, number: int) -> tuple[list[Formula], State]:
        """What a move needs as a step of that number, and the state after it."""
        if move.action is None:
            until = self._low.moment(str(number + 1))
            taken = [fact for _, fact in self._low.may_wait(before, until)]
            return taken, later(before, until)
        names, bounds = self._low.parameters(move.action, str(number), move.elements)
        guards = [*bounds, *self._low.guards(move.action, before, names)]
        return guards, self._low.after(move.action, before, names)

    # ---- goals
    def met(self, goal: Goal, path: Path, length: int) -> Formula | None:
        """The goal after so many steps; None where it is about a step and there is none."""
        end = path.states[length]
        if isinstance(goal, Reaches):
            return self._low.formula(goal.term, end)
        if isinstance(goal, Breaks) and isinstance(goal.promise, Always):
            return smt.negated(self._low.formula(goal.promise.term, end))
        if not length:
            return None
        if isinstance(goal, Takes):
            return smt.any_of(self._taken(goal, path, length - 1))
        promise, before = goal.promise, path.states[length - 1]
        assert not isinstance(promise, Always)
        return smt.all_of(
            [
                smt.negated(self._low.formula(promise.event, before)),
                self._low.formula(promise.event, end),
                smt.negated(self._low.formula(promise.needs, before)),
            ]
        )

    def _taken(self, goal: Takes, path: Path, number: int) -> Iterator[Formula]:
        """How a step is by the action, with parameters and in a state as they are wanted."""
        for move, taken in path.steps[number]:
            if move.action is not None and move.action.name == goal.action:
                names, _ = self._low.parameters(move.action, str(number), move.elements)
                when = self._low.formula(goal.when, path.states[number], names)
                then = self._low.formula(goal.then, path.states[number + 1], names)
                yield smt.all_of([taken, when, then])

    # ---- models
    def found(
        self,
        name: str,
        goal: Goal,
        model: Model,
        path: Path,
        length: int,
        of: Specification | None = None,
    ) -> Found:
        """The run of a model, replayed; its goal is met after so many steps of the path.

        of   the specification that takes it, if not this one: one that has fewer parameters
        """
        spec = of or self.spec
        moves: list[tuple[str, tuple[Value, ...]]] = []
        for number, options in enumerate(path.steps[:length]):
            taken = next((move for move, when in options if model.value(when)), None)
            if taken is None:
                continue
            if taken.action is None:
                waited = model.value(path.states[number + 1].now - path.states[number].now)
                moves.append((DELAY, (Fraction(waited) * self._unit,)))
            else:
                given = self._parameters(taken.action, taken, model, number)
                moves.append((taken.action.name, given))
        found = Found(name, spec, self._instance(spec, model), tuple(moves))
        check(goal, found)
        return found

    def _instance(self, spec: Specification, model: Model) -> Instance:
        rigid: dict[str, tuple[Value, ...]] = {}
        for key, declared in spec.rigids.items():
            values = [model.value(cell) for cell in self._low.rows[key].values()]
            duration = isinstance(declared.sort, Duration)
            rigid[key] = tuple(
                Fraction(value) * self._unit if duration else value for value in values
            )
        return Instance(dict(self.sizes), rigid)

    def _parameters(self, action: Action, move: Move, model: Model, number: int) -> tuple[int, ...]:
        names, _ = self._low.parameters(action, str(number), move.elements)
        given = []
        for item in action.params:
            value = names[item.data]
            plain = value if isinstance(value, int) else model.value(value)
            given.append(bool(plain) if isinstance(item.sort, Bool) else int(plain))
        return tuple(given)


def _merged(before: State, cases: Sequence[tuple[Formula, State]]) -> State:
    """The state after whichever case holds; that before, if none does."""
    values, written = dict(before.values), set()
    for key, old in before.values.items():
        new = [(hit, r.values[key]) for hit, r in cases if r.values[key] is not old]
        if new:
            values[key] = merged(new, old)
            written.add(variable(*key[:2]))
    moments = [(hit, r.now) for hit, r in cases if r.now is not before.now]
    if moments:
        written.add(NOW)
    return State(values, merged(moments, before.now), before, frozenset(written))
