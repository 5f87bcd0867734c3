"""The specification as formulas; the only module that imports z3.

    Bool, Enum, Int   Bool, and Int with bounds       Timer     on or off, and an absolute deadline
    Domain            a sort of its own, of any size  Duration  Real
    Maybe             none or not, and an element     table     an uninterpreted function

Of a family one arbitrary element is followed: an action on another element changes nothing that is
followed, and what it reads of its own element may be anything (modelling notes, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import z3  # type: ignore[import-untyped]

from model.language.errors import SpecificationError
from model.language.sorts import Bool, Domain, Duration, Enum, Int, Maybe, Sort, Timer
from model.language.specification import Action, Specification
from model.language.terms import Term, subterms

Formula = Any  # a z3 expression
Names = Mapping[str, Any]


@dataclass(frozen=True)
class Optional:
    """A Maybe: whether it is none, and the element if it is not."""

    none: Formula
    element: Formula


@dataclass(frozen=True)
class Clock:
    """A timer: whether it is on, and its deadline on the clock of `now`."""

    on: Formula
    deadline: Formula


Value = Any  # Formula, Optional or Clock


@dataclass(frozen=True)
class State:
    """The variables of one moment; `now` only where the specification has timers."""

    values: Mapping[tuple[str, str], Value]
    now: Formula


class Lowering:
    """One specification as formulas. States and parameters are told apart by a tag in their names."""

    def __init__(self, spec: Specification) -> None:
        self.spec = spec
        self.timed = any(
            isinstance(field.sort, Timer)
            for group in spec.groups.values()
            for field in group.fields
        )
        self._elements = {
            name: z3.DeclareSort(name) for name, d in spec.domains.items() if d not in spec.families
        }
        self._tables = {name: self._table(name) for name in spec.rigids}

    # ---- sorts
    def _sort(self, sort: Sort) -> Any:
        if isinstance(sort, Bool):
            return z3.BoolSort()
        if isinstance(sort, Enum | Int):
            return z3.IntSort()
        if isinstance(sort, Duration):
            return z3.RealSort()
        if isinstance(sort, Domain) and sort.name in self._elements:
            return self._elements[sort.name]
        raise SpecificationError(f"a {sort} has no sort of its own in a proof")

    def _table(self, name: str) -> Any:
        declared = self.spec.rigids[name]
        result = self._sort(declared.sort)
        if not declared.arguments:
            return z3.Const(name, result)
        return z3.Function(name, *map(self._sort, declared.arguments), result)

    def _fresh(self, sort: Sort, name: str) -> Value:
        if isinstance(sort, Maybe):
            return Optional(
                z3.Bool(f"{name}.none"), z3.Const(name, self._elements[sort.domain.name])
            )
        if isinstance(sort, Timer):
            return Clock(z3.Bool(f"{name}.on"), z3.Real(f"{name}.deadline"))
        return z3.Const(name, self._sort(sort))

    # ---- states
    def state(self, tag: str) -> State:
        """Fresh variables for one moment."""
        values = {
            (group.name, field.name): self._fresh(field.sort, f"{group.name}.{field.name}@{tag}")
            for group in self.spec.groups.values()
            for field in group.fields
        }
        return State(values, z3.Real(f"now@{tag}"))

    def typed(self, state: State) -> list[Formula]:
        """Every variable has a value of its sort; no clock runs backwards."""
        found = [
            bound
            for group in self.spec.groups.values()
            for field in group.fields
            for bound in _bounds(field.sort, state.values[group.name, field.name])
        ]
        return [*found, state.now >= 0] if self.timed else found

    def policies(self) -> list[Formula]:
        """Every policy parameter has a value of its sort."""
        found = []
        for name, declared in self.spec.rigids.items():
            arguments = [self._fresh(sort, f"a{i}") for i, sort in enumerate(declared.arguments)]
            value = self._tables[name](*arguments) if arguments else self._tables[name]
            for bound in _bounds(declared.sort, value):
                found.append(z3.ForAll(arguments, bound) if arguments else bound)
        return found

    def initial(self, state: State) -> list[Formula]:
        """The state at the start of a run."""
        found = [
            _same(state.values[group.name, field.name], self.value(field.initial, state, {}))
            for group in self.spec.groups.values()
            for field in group.fields
        ]
        return [*found, state.now == 0] if self.timed else found

    # ---- terms
    def value(self, term: Term, state: State, names: Names) -> Value:
        """A term in a state; `names` gives parameters and bound names."""
        op, args = term.op, term.args
        if op == "const":
            return self._constant(term)
        if op in ("param", "bound"):
            return names[term.data]
        if op in ("var", "cell"):
            return state.values[term.data]
        if op == "rigid":
            return self._tables[term.data]
        if op == "apply":
            return self._tables[term.data](*(self.value(a, state, names) for a in args))
        if op in ("every", "some"):
            return self._quantified(term, state, names)
        if op in ("armed", "running", "expired", "arm", "is_none"):
            return self._special(term, state, names)
        values = [self.value(item, state, names) for item in args]
        if op == "eq":
            return _same(values[0], values[1])
        if op == "ite":
            return _choice(*values)
        return _PLAIN[op](*values)

    def formula(self, term: Term, state: State, names: Names | None = None) -> Formula:
        """A Bool term in a state."""
        return self.value(term, state, names or {})

    def _constant(self, term: Term) -> Value:
        sort = term.sort
        if isinstance(sort, Maybe):
            return Optional(z3.BoolVal(True), z3.Const(f"some {sort.domain.name}",
                                                       self._elements[sort.domain.name]))  # fmt: skip
        if isinstance(sort, Timer):
            return Clock(z3.BoolVal(False), z3.RealVal(0))
        if isinstance(sort, Bool):
            return z3.BoolVal(term.data)
        if isinstance(sort, Duration):
            return z3.RealVal(str(term.data))
        if isinstance(sort, Domain):
            return z3.Const(f"first {sort.name}", self._sort(sort))
        return z3.IntVal(int(term.data))

    def _special(self, term: Term, state: State, names: Names) -> Value:
        value = self.value(term.args[0], state, names)
        if term.op == "is_none":
            return value.none
        if term.op == "arm":
            return Clock(z3.BoolVal(True), state.now + value)
        if term.op == "armed":
            return value.on
        ahead = state.now < value.deadline
        return z3.And(value.on, ahead if term.op == "running" else z3.Not(ahead))

    def _quantified(self, term: Term, state: State, names: Names) -> Formula:
        variable, body = term.args
        constant = z3.Const(f"{variable.data}", self._sort(variable.sort))
        inner = self.value(body, state, {**names, variable.data: constant})
        return (z3.ForAll if term.op == "every" else z3.Exists)([constant], inner)

    # ---- steps
    def parameters(self, action: Action, tag: str) -> tuple[dict[str, Value], list[Formula]]:
        """Fresh parameters of an action, and their bounds; a family's is the element followed."""
        names: dict[str, Value] = {}
        bounds: list[Formula] = []
        for item in action.params:
            if isinstance(item.sort, Domain) and item.sort in self.spec.families:
                continue
            names[item.data] = self._fresh(item.sort, f"{action.name}.{item.data}@{tag}")
            bounds += _bounds(item.sort, names[item.data])
        return names, bounds

    def guards(self, action: Action, state: State, names: Names) -> list[Formula]:
        """The guards of an action on the element that is followed."""
        return [self.formula(item.term, state, names) for item in action.guards]

    def step(self, action: Action, before: State, after: State, names: Names) -> list[Formula]:
        """The action is taken between the two states: guards, updates, and everything else stays."""
        written = {target.data: value for target, value in action.updates}
        found = self.guards(action, before, names)
        for key, value in after.values.items():
            new = self.value(written[key], before, names) if key in written else before.values[key]
            found.append(_same(value, _lifted(value, new)))
        return [*found, after.now == before.now] if self.timed else found

    def delay(self, before: State, after: State, seconds: Formula) -> list[Formula]:
        """Time passes, and no urgent deadline with it."""
        found = [seconds > 0, after.now == before.now + seconds]
        for key, value in before.values.items():
            found.append(_same(after.values[key], value))
        for group in self.spec.groups.values():
            for field in group.fields:
                clock = before.values[group.name, field.name]
                if isinstance(clock, Clock) and field.urgent:
                    due = z3.And(clock.on, before.now <= clock.deadline)
                    found.append(z3.Implies(due, after.now <= clock.deadline))
        return found

    def element_of(self, value: Value, sort: Sort) -> Value:
        """A value as one of that sort: an element of a domain as a Maybe that is not none."""
        return Optional(z3.BoolVal(False), value) if isinstance(sort, Maybe) else value


def reads(term: Term) -> set[tuple[str, str]]:
    """The variables that a term reads."""
    return {item.data for item in subterms(term) if item.op in ("var", "cell")}


def _bounds(sort: Sort, value: Value) -> Iterator[Formula]:
    if isinstance(sort, Enum):
        yield z3.And(value >= 0, value < len(sort.members))
    elif isinstance(sort, Int):
        yield z3.And(value >= sort.low, value <= sort.high)
    elif isinstance(sort, Duration):
        yield value >= 0


def _same(left: Value, right: Value) -> Formula:
    if isinstance(left, Clock) or isinstance(right, Clock):
        return z3.And(left.on == right.on, z3.Implies(left.on, left.deadline == right.deadline))
    if isinstance(left, Optional) or isinstance(right, Optional):
        a, b = _lifted(right, left), _lifted(left, right)
        return z3.And(a.none == b.none, z3.Or(a.none, a.element == b.element))
    return left == right


def _lifted(like: Value, value: Value) -> Value:
    if isinstance(like, Optional) and not isinstance(value, Optional):
        return Optional(z3.BoolVal(False), value)
    return value


def _choice(condition: Formula, then: Value, otherwise: Value) -> Value:
    if isinstance(then, Optional) or isinstance(otherwise, Optional):
        a, b = _lifted(otherwise, then), _lifted(then, otherwise)
        return Optional(z3.If(condition, a.none, b.none), z3.If(condition, a.element, b.element))
    if isinstance(then, Clock):
        return Clock(
            z3.If(condition, then.on, otherwise.on),
            z3.If(condition, then.deadline, otherwise.deadline),
        )
    return z3.If(condition, then, otherwise)


_PLAIN = {
    "not": z3.Not,
    "and": lambda *parts: z3.And(*parts),
    "or": lambda *parts: z3.Or(*parts),
    "implies": z3.Implies,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "min": lambda a, b: z3.If(a <= b, a, b),
    "max": lambda a, b: z3.If(a <= b, b, a),
}


# ---- solving


@dataclass(frozen=True)
class Answer:
    """What the solver says: `sat` with a model, `unsat`, or `unknown` with why."""

    verdict: str
    model: Any = None
    why: str = ""


def solve(formulas: Sequence[Formula], *, milliseconds: int = 20_000, seed: int = 0) -> Answer:
    """Ask z3 once."""
    solver = _solver(formulas, milliseconds, seed)
    verdict = str(solver.check())
    if verdict == "sat":
        return Answer(verdict, solver.model())
    return Answer(verdict, why=solver.reason_unknown() if verdict == "unknown" else "")


def _solver(formulas: Sequence[Formula], milliseconds: int, seed: int) -> Any:
    solver = z3.Solver()
    solver.set("timeout", milliseconds)
    solver.set("random_seed", seed)
    solver.add(*formulas)
    return solver


def smt2(formulas: Sequence[Formula]) -> str:
    """The formulas as SMT-LIB 2, `(check-sat)` included."""
    return str(_solver(formulas, 0, 0).to_smt2())


def negated(formula: Formula) -> Formula:
    """Its negation."""
    return z3.Not(formula)


def any_of(formulas: Sequence[Formula]) -> Formula:
    """Their disjunction."""
    return z3.Or(*formulas)


def all_of(formulas: Sequence[Formula]) -> Formula:
    """Their conjunction."""
    return z3.And(*formulas)


def version() -> str:
    """z3's version."""
    return str(z3.get_version_string())
