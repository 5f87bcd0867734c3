"""Bounded search: a run to a goal, for policies that the solver chooses.

Two kinds of path are laid out: any action at each step (`all`, `shortest`), or a story, in which each
step is one given action, taken or left out (`story`), which is much faster and finds what one expects.
Domains are small here (two transforms unless told otherwise), so what is found is a run, and what is not
found says nothing. Every model becomes an instance and steps, which the concrete machine takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from model.language.generate import DELAY
from model.language.instance import Instance
from model.language.machine import Machine, Step
from model.language.sorts import Bool, Domain, Duration
from model.language.specification import Action, Specification
from model.language.terms import Term
from model.promises import Always, Whenever
from proofs.prover import smt
from proofs.prover.footprint import footprint, variable
from proofs.prover.lowering import Lowering, State, later, merged, same
from proofs.prover.runs import Found, Goal, NotFound, Reaches, Takes, check
from proofs.prover.smt import Formula, Model

MILLISECONDS = 20_000


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


class Search:
    """Runs of one specification with domains of these sizes (families: one element).

    assuming   what is taken as given of the policies
    """

    def __init__(
        self,
        spec: Specification,
        sizes: Mapping[str, int] | None = None,
        assuming: Sequence[Term] = (),
        milliseconds: int = MILLISECONDS,
    ) -> None:
        default = {name: 1 if d in spec.families else 2 for name, d in spec.domains.items()}
        self.spec = spec
        self.sizes = {**default, **(sizes or {})}
        self._low = Lowering(spec, self.sizes)
        self._milliseconds = milliseconds
        self._moves = {move.name: move for move in self._all()}
        start = self._low.state("0")
        given = [self._low.formula(term, start) for term in assuming]
        self._given = [*self._low.policies(), *given, *self._low.initial(start)]

    def _all(self) -> Iterator[Move]:
        for action in self.spec.actions.values():
            family = [p.sort for p in action.params if p.sort in self.spec.families]
            domain = family[0] if family else None
            for index in range(self.sizes[domain.name] if isinstance(domain, Domain) else 1):
                yield Move(action, {domain: index} if isinstance(domain, Domain) else {})
        if self._low.timed:
            yield Move(None, {})

    # ---- searching
    def shortest(self, goal: Goal, depth: int) -> Found | NotFound:
        """A shortest run to the goal, whatever the actions."""
        return self.all({"": goal}, depth)[""]

    def all(self, goals: Mapping[str, Goal], depth: int) -> dict[str, Found | NotFound]:
        """A shortest run to each goal, of one search."""
        solver, path = smt.Growing(self._milliseconds), self._empty()
        solver.add(self._given)
        found: dict[str, Found | NotFound] = {}
        for length in range(depth + 1):
            if length:
                solver.add(self._free(path))
            for name, goal in goals.items():
                if name in found:
                    continue
                wanted = self._met(goal, path, length)
                answer = solver.ask(wanted) if wanted is not None else None
                if answer is not None and answer.model is not None:
                    found[name] = self._found(name, goal, answer.model, path, length)
                elif answer is not None and answer.verdict == "unknown":
                    found[name] = NotFound(length - 1, answer.why)
            if len(found) == len(goals):
                break
        return {name: found.get(name, NotFound(depth)) for name in goals}

    def story(
        self, goals: Mapping[str, Goal], steps: Iterable[str], *, whole: bool = False
    ) -> Found | NotFound:
        """A run to any of the goals that takes these actions in this order, each or not.

        whole   each is taken, and the goal is met with the last
        """
        path, formulas = self._empty(), list(self._given)
        for name in steps:
            if name not in self._moves:
                return NotFound(0, f"no action {name}")
            formulas += self._told(path, self._moves[name], whole=whole)
        met = [
            (name, length, wanted)
            for name, goal in goals.items()
            for length in ([len(path.steps)] if whole else self._worth_asking(goal, path))
            if (wanted := self._met(goal, path, length)) is not None
        ]
        wanted = smt.any_of(formula for _, _, formula in met)
        answer = smt.solve([*formulas, wanted], milliseconds=self._milliseconds)
        if answer.model is None:
            return NotFound(len(path.steps), answer.why)
        for name, length, formula in met:
            if answer.model.value(formula):
                return self._found(name, goals[name], answer.model, path, length)
        raise AssertionError("a model that meets no goal")

    @staticmethod
    def _worth_asking(goal: Goal, path: Path) -> list[int]:
        """After how many steps of a story a goal may be met: a state at the end, as what follows it
        can be left out; a step where the move is of the kind."""
        if isinstance(goal, Reaches) or not (
            isinstance(goal, Takes) or isinstance(goal.promise, Whenever)
        ):
            return [len(path.steps)]
        found = []
        for number, ((move, _),) in enumerate(path.steps, 1):
            if move.action is None:
                continue
            if isinstance(goal, Takes):
                hit = move.action.name == goal.action
            else:
                assert isinstance(goal.promise, Whenever)
                written = {variable(*target.data) for target, _ in move.action.updates}
                hit = bool(written & footprint(goal.promise.event))
            found += [number] if hit else []
        return found

    # ---- paths
    def _empty(self) -> Path:
        return Path([self._low.state("0")], [])

    def _effect(self, move: Move, before: State, number: int) -> tuple[list[Formula], State]:
        """What a move needs as a step of that number, and the state after it."""
        if move.action is None:
            until = self._low.moment(str(number + 1))
            taken = [fact for _, fact in self._low.may_wait(before, until)]
            return taken, later(before, until)
        names, bounds = self._low.parameters(move.action, str(number), move.elements)
        guards = [*bounds, *self._low.guards(move.action, before, names)]
        return guards, self._low.after(move.action, before, names)

    def _free(self, path: Path) -> list[Formula]:
        """One more step, by any move."""
        number, before = len(path.steps), path.states[-1]
        after = self._low.state(str(number + 1))
        choice = smt.integer(f"step@{number}")
        found = [choice >= 0, choice < len(self._moves)]
        options, cases = [], []
        for position, move in enumerate(self._moves.values()):
            guards, result = self._effect(move, before, number)
            taken = choice == position
            found.append(smt.implies(taken, smt.all_of(guards)))
            options.append((move, taken))
            cases.append((taken, result))
        merging = self._merged(before, cases)
        found += [same(value, merging.values[key]) for key, value in after.values.items()]
        found.append(after.now == merging.now)
        path.states.append(after)
        path.steps.append(options)
        return found

    def _told(self, path: Path, move: Move, *, whole: bool) -> list[Formula]:
        """One more step, by this move or none."""
        number, before = len(path.steps), path.states[-1]
        taken = smt.TRUE if whole else smt.boolean(f"taken@{number}")
        guards, result = self._effect(move, before, number)
        path.states.append(result if whole else self._merged(before, [(taken, result)]))
        path.steps.append([(move, taken)])
        return [smt.implies(taken, smt.all_of(guards))]

    @staticmethod
    def _merged(before: State, cases: Sequence[tuple[Formula, State]]) -> State:
        """The state after whichever case holds; that before, if none does."""
        values = {}
        for key, old in before.values.items():
            written = [(hit, r.values[key]) for hit, r in cases if r.values[key] is not old]
            values[key] = merged(written, old)
        moments = [(hit, r.now) for hit, r in cases if r.now is not before.now]
        return State(values, merged(moments, before.now))

    def _met(self, goal: Goal, path: Path, length: int) -> Formula | None:
        """The goal after so many steps; None where it is about a step and there is none."""
        end = path.states[length]
        if isinstance(goal, Reaches):
            return self._low.formula(goal.term, end)
        if not isinstance(goal, Takes) and isinstance(goal.promise, Always):
            return smt.negated(self._low.formula(goal.promise.term, end))
        if not length:
            return None
        if isinstance(goal, Takes):
            options = path.steps[length - 1]
            return smt.any_of(
                taken for move, taken in options if move.action and move.action.name == goal.action
            )
        promise, before = goal.promise, path.states[length - 1]
        assert not isinstance(promise, Always)
        return smt.all_of(
            [
                smt.negated(self._low.formula(promise.event, before)),
                self._low.formula(promise.event, end),
                smt.negated(self._low.formula(promise.needs, before)),
            ]
        )

    # ---- models
    def _found(self, name: str, goal: Goal, model: Model, path: Path, length: int) -> Found:
        rigid = {}
        for key, declared in self.spec.rigids.items():
            values = [model.value(cell) for cell in self._low.rows[key].values()]
            duration = isinstance(declared.sort, Duration)
            rigid[key] = tuple(Fraction(value) if duration else value for value in values)
        machine = Machine(self.spec, Instance(dict(self.sizes), rigid))
        steps: list[Step] = []
        for number, options in enumerate(path.steps[:length]):
            taken = next((move for move, when in options if model.value(when)), None)
            if taken is None:
                continue
            if taken.action is None:
                waited = model.value(path.states[number + 1].now - path.states[number].now)
                steps.append((machine.numbers[DELAY], (int(waited) * machine.tick,)))
            else:
                given = self._parameters(taken.action, taken, model, number)
                steps.append((machine.numbers[taken.action.name], given))
        found = Found(name, machine, tuple(steps))
        check(goal, found)
        return found

    def _parameters(self, action: Action, move: Move, model: Model, number: int) -> tuple[int, ...]:
        names, _ = self._low.parameters(action, str(number), move.elements)
        given = []
        for item in action.params:
            value = names[item.data]
            plain = value if isinstance(value, int) else model.value(value)
            given.append(bool(plain) if isinstance(item.sort, Bool) else int(plain))
        return tuple(given)
