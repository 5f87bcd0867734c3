"""The specification as formulas.

    Bool, Enum, Int   Bool, and Int with bounds       Timer     on or off, and an absolute deadline
    Domain            a sort of its own, of any size  Duration  Real
    Maybe             none or not, and an element     table     an uninterpreted function

Without sizes a proof is made: domains have any size, and of a family one arbitrary element is followed.
An action on another element changes nothing that is followed, and what it reads of its own element may
be anything (modelling notes, section 3; `obligations.elsewhere` checks that it is so).

With sizes a run is searched: domains are 0 .. size - 1, quantifiers are written out, every element of a
family is there, tables are one constant a row, and time is whole units of so many seconds, so that a
model is an instance; without a unit it is real here too, as a supremum needs it (`optimum`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from model.language.errors import SpecificationError
from model.language.instance import cardinality
from model.language.sorts import Bool, Domain, Duration, Enum, Int, Maybe, Sort, Timer
from model.language.specification import Action, Specification
from model.language.terms import Term
from proofs.prover import smt
from proofs.prover.footprint import NOW, footprint, free, variable
from proofs.prover.smt import Formula

Key = tuple[str, str, int]  # group, field, which element (0 of a record, and of what is followed)
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
    """The variables of one moment; `now` only where the specification has timers.

    before   the state that this one comes from, if it differs from it in `written` (names) only
    known    the terms that have been lowered in it
    """

    values: Mapping[Key, Value]
    now: Formula
    before: State | None = None
    written: frozenset[str] = frozenset()
    known: dict[Term, Value] = field(default_factory=dict, compare=False, repr=False)


class Lowering:
    """One specification as formulas. States and parameters are distinguished by a tag in their names."""

    def __init__(
        self,
        spec: Specification,
        sizes: Mapping[str, int] | None = None,
        unit: Fraction | None = Fraction(1),
    ) -> None:
        self.spec, self.sizes = spec, sizes
        self.unit = None if sizes is None else unit
        self.timed = any(
            isinstance(item.sort, Timer) for group in spec.groups.values() for item in group.fields
        )
        self._elements = {
            name: smt.sort(name)
            for name, domain in spec.domains.items()
            if sizes is None and domain not in spec.families
        }
        self.rows: dict[str, dict[tuple[int, ...], Formula]] = {}
        self._tables = {name: self._table(name) for name in spec.rigids}

    # ---- sorts
    def _sort(self, sort: Sort) -> Any:
        if isinstance(sort, Bool):
            return smt.BOOLEANS
        if isinstance(sort, Enum | Int):
            return smt.INTEGERS
        if isinstance(sort, Duration):
            return smt.REALS if self.unit is None else smt.INTEGERS
        if isinstance(sort, Domain) and self.sizes is not None:
            return smt.INTEGERS
        if isinstance(sort, Domain) and sort.name in self._elements:
            return self._elements[sort.name]
        raise SpecificationError(f"a {sort} has no sort of its own in a proof")

    def _table(self, name: str) -> Any:
        declared = self.spec.rigids[name]
        result = self._sort(declared.sort)
        if self.sizes is not None:
            ranges = (range(cardinality(sort, self.sizes)) for sort in declared.arguments)
            self.rows[name] = {
                row: smt.element("".join([name, *(f".{i}" for i in row)]), result)
                for row in itertools.product(*ranges)
            }
            return self.rows[name]
        if not declared.arguments:
            return smt.element(name, result)
        return smt.function(name, [self._sort(sort) for sort in declared.arguments], result)

    def _fresh(self, sort: Sort, name: str) -> Value:
        if isinstance(sort, Maybe):
            return Optional(smt.boolean(f"{name}.none"), smt.element(name, self._sort(sort.domain)))
        if isinstance(sort, Timer):
            return Clock(
                smt.boolean(f"{name}.on"), smt.element(f"{name}.due", self._sort(Duration()))
            )
        return smt.element(name, self._sort(sort))

    def _count(self, domain: Domain | None) -> int:
        return self.sizes[domain.name] if domain is not None and self.sizes is not None else 1

    # ---- states
    def keys(self) -> Iterator[tuple[Key, Sort, Term]]:
        """Every variable with its sort and initial value."""
        for group in self.spec.groups.values():
            for index in range(self._count(group.domain)):
                for item in group.fields:
                    yield (group.name, item.name, index), item.sort, item.initial

    def state(self, tag: str) -> State:
        """Fresh variables for one moment."""
        values = {
            key: self._fresh(sort, f"{key[0]}{_index(key)}.{key[1]}@{tag}")
            for key, sort, _ in self.keys()
        }
        return State(values, self.moment(tag))

    def moment(self, tag: str) -> Formula:
        """A fresh point in time."""
        return smt.element(f"now@{tag}", self._sort(Duration()))

    def typed(self, state: State) -> list[Formula]:
        """Every variable has a value of its sort; no clock runs backwards."""
        return [fact for facts in self.facts(state).values() for fact in facts]

    def facts(self, state: State) -> dict[str, list[Formula]]:
        """The same, by the variable that it is about, with what is so of its urgent deadline."""
        found: dict[str, list[Formula]] = {NOW: [state.now >= 0]} if self.timed else {}
        for key, sort, _ in self.keys():
            facts = found.setdefault(variable(*key[:2]), [])
            facts += self._bounds(sort, state.values[key])
        for name, fact in self.punctual(state):
            found[name].append(fact)
        return found

    def punctual(self, state: State) -> Iterator[tuple[str, Formula]]:
        """No urgent deadline has passed (`obligations.punctual` shows it), timer by timer."""
        for key, value in self._urgent(state):
            on_time = smt.implies(value.on, state.now <= value.deadline)
            yield variable(*key[:2]), on_time

    def _urgent(self, state: State) -> Iterator[tuple[Key, Clock]]:
        for key, value in state.values.items():
            if isinstance(value, Clock) and self.spec.groups[key[0]].field(key[1]).urgent:
                yield key, value

    def policies(self) -> list[Formula]:
        """Every policy parameter has a value of its sort."""
        return [fact for facts in self.policy_facts().values() for fact in facts]

    def policy_facts(self) -> dict[str, list[Formula]]:
        """The same, by the parameter that it is about."""
        found: dict[str, list[Formula]] = {}
        for name, declared in self.spec.rigids.items():
            facts = found.setdefault(name, [])
            if self.sizes is not None:
                for value in self.rows[name].values():
                    facts += self._bounds(declared.sort, value)
                continue
            arguments = [self._fresh(sort, f"a{i}") for i, sort in enumerate(declared.arguments)]
            value = self._tables[name](*arguments) if arguments else self._tables[name]
            for bound in self._bounds(declared.sort, value):
                facts.append(smt.for_all(arguments, bound))
        return found

    def initial(self, state: State) -> list[Formula]:
        """The state at the start of a run."""
        found = [
            _same(state.values[key], self.value(initial, state, {}))
            for key, _, initial in self.keys()
        ]
        return [*found, state.now == 0] if self.timed else found

    def _bounds(self, sort: Sort, value: Value) -> Iterator[Formula]:
        if isinstance(sort, Enum):
            yield smt.all_of([value >= 0, value < len(sort.members)])
        elif isinstance(sort, Int):
            yield smt.all_of([value >= sort.low, value <= sort.high])
        elif isinstance(sort, Duration):
            yield value >= 0
        elif isinstance(sort, Domain) and self.sizes is not None:
            yield smt.all_of([value >= 0, value < self.sizes[sort.name]])
        elif isinstance(sort, Maybe) and self.sizes is not None:
            bounds = smt.all_of(self._bounds(sort.domain, value.element))
            yield smt.any_of([value.none, bounds])

    # ---- terms
    def value(self, term: Term, state: State, names: Names) -> Value:
        """A term in a state; `names` gives parameters and bound names, elements of families as int."""
        if not self._closed(term):
            return self._lowered(term, state, names)
        known = state.known.get(term)
        if known is None:
            before = state.before
            if before is not None and footprint(term).isdisjoint(state.written):
                known = self.value(term, before, names)
            else:
                known = self._lowered(term, state, names)
            state.known[term] = known
        return known

    def _closed(self, term: Term) -> bool:
        """Whether no name matters to a term: in a proof each family has one element."""
        names = free(term)
        if not names or self.sizes is not None:
            return not names
        return all(item.op == "param" and item.sort in self.spec.families for item in names)

    def _lowered(self, term: Term, state: State, names: Names) -> Value:
        op, args = term.op, term.args
        if op == "const":
            return self._constant(term)
        if op in ("param", "bound"):
            return names[term.data]
        if op == "var":
            return state.values[(*term.data, 0)]
        if op == "cell":
            return state.values[(*term.data, names.get(args[0].data, 0))]
        if op in ("rigid", "apply"):
            return self._lookup(term, [self.value(item, state, names) for item in args])
        if op in ("every", "some"):
            return self._quantified(term, state, names)
        if op in ("armed", "running", "expired", "left", "arm", "is_none"):
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
            some = self._sort(sort.domain)
            return Optional(smt.TRUE, smt.element(f"some {sort.domain.name}", some))
        if isinstance(sort, Timer):
            return Clock(smt.FALSE, self._seconds(0))
        if isinstance(sort, Bool):
            return smt.truth(term.data)
        if isinstance(sort, Duration):
            return self._seconds(term.data)
        if isinstance(sort, Domain) and self.sizes is None:
            return smt.element(f"first {sort.name}", self._sort(sort))
        return smt.number(int(term.data))

    def _seconds(self, value: Any) -> Formula:
        if self.unit is None:
            return smt.rational(value)
        count = value / self.unit
        if count != int(count):
            raise SpecificationError(f"{value} s: this search counts whole {self.unit} s only")
        return smt.number(int(count))

    def _lookup(self, term: Term, arguments: Sequence[Formula]) -> Formula:
        """The value of a rigid parameter; with sizes, row by row."""
        table = self._tables[term.data]
        if self.sizes is None:
            return table(*arguments) if arguments else table
        *others, last = table.items()
        value = last[1]
        for row, cell in reversed(others):
            hit = [_equal(a, position) for a, position in zip(arguments, row, strict=True)]
            if any(item is False for item in hit):
                continue
            wanted = [item for item in hit if item is not True]
            value = smt.either(smt.all_of(wanted), cell, value) if wanted else cell
        return value

    def _special(self, term: Term, state: State, names: Names) -> Value:
        value = self.value(term.args[0], state, names)
        if term.op == "is_none":
            return value.none
        if term.op == "arm":
            return Clock(smt.TRUE, state.now + value)
        if term.op == "armed":
            return value.on
        ahead = state.now < value.deadline
        if term.op == "left":
            running = smt.all_of([value.on, ahead])
            return smt.either(running, value.deadline - state.now, self._seconds(0))
        return smt.all_of([value.on, ahead if term.op == "running" else smt.negated(ahead)])

    def _quantified(self, term: Term, state: State, names: Names) -> Formula:
        variable, body = term.args
        every = term.op == "every"
        if self.sizes is not None:
            cases = [
                self.value(body, state, {**names, variable.data: smt.number(i)})
                for i in range(self.sizes[str(variable.sort)])
            ]
            return smt.all_of(cases) if every else smt.any_of(cases)
        constant = smt.element(f"{variable.data}", self._sort(variable.sort))
        inner = self.value(body, state, {**names, variable.data: constant})
        return smt.for_all([constant], inner) if every else smt.there_is([constant], inner)

    # ---- steps
    def parameters(
        self, action: Action, tag: str, elements: Mapping[Domain, int] | None = None
    ) -> tuple[dict[str, Value], list[Formula]]:
        """Fresh parameters of an action, and their bounds; of families the elements given, or 0."""
        names: dict[str, Value] = {}
        bounds: list[Formula] = []
        for item in action.params:
            if isinstance(item.sort, Domain) and item.sort in self.spec.families:
                names[item.data] = (elements or {}).get(item.sort, 0)
                continue
            names[item.data] = self._fresh(item.sort, f"{action.name}.{item.data}@{tag}")
            bounds += self._bounds(item.sort, names[item.data])
        return names, bounds

    def guards(self, action: Action, state: State, names: Names) -> list[Formula]:
        """The guards of an action, one by one."""
        return [self.formula(item.term, state, names) for item in action.guards]

    def updates(self, action: Action, before: State, names: Names) -> dict[Key, Value]:
        """The values that an action writes, as they are after it."""
        found: dict[Key, Value] = {}
        for target, value in action.updates:
            index = names.get(target.args[0].data, 0) if target.args else 0
            like = before.values[(*target.data, index)]
            found[(*target.data, index)] = _lifted(like, self.value(value, before, names))
        return found

    def after(self, action: Action, before: State, names: Names) -> State:
        """The state after an action: what it writes, and everything else as it was."""
        return changed(before, self.updates(action, before, names))

    def may_wait(self, before: State, until: Formula) -> Iterator[tuple[str, Formula]]:
        """Time may pass up to that moment: no urgent deadline is passed, timer by timer."""
        yield NOW, until > before.now
        for key, value in self._urgent(before):
            due = smt.all_of([value.on, before.now <= value.deadline])
            yield variable(*key[:2]), smt.implies(due, until <= value.deadline)


def changed(before: State, values: Mapping[Key, Value]) -> State:
    """The state with these variables changed."""
    written = frozenset(variable(*key[:2]) for key in values)
    return State({**before.values, **values}, before.now, before, written)


def later(before: State, until: Formula) -> State:
    """The state when that much time has passed."""
    return State(before.values, until, before, frozenset((NOW,)))


def merged(cases: Sequence[tuple[Formula, Value]], otherwise: Value) -> Value:
    """The value of the first case that holds."""
    for condition, value in reversed(cases):
        otherwise = _choice(condition, value, otherwise)
    return otherwise


def same(left: Value, right: Value) -> Formula:
    """Whether two values are the same."""
    return _same(left, right)


def _index(key: Key) -> str:
    return f"[{key[2]}]" if key[2] else ""


def _equal(value: Any, position: int) -> Any:
    """Whether a table's argument is at that position; True or False where it is a plain number."""
    if isinstance(value, int):
        return value == position
    plain = value.sort() == smt.INTEGERS
    return smt.equal(value, smt.number(position) if plain else smt.truth(bool(position)))


def _same(left: Value, right: Value) -> Formula:
    if isinstance(left, Clock) or isinstance(right, Clock):
        due = smt.implies(left.on, smt.equal(left.deadline, right.deadline))
        return smt.all_of([smt.equal(left.on, right.on), due])
    if isinstance(left, Optional) or isinstance(right, Optional):
        a, b = _lifted(right, left), _lifted(left, right)
        either = smt.any_of([a.none, smt.equal(a.element, b.element)])
        return smt.all_of([smt.equal(a.none, b.none), either])
    return smt.equal(left, right)


def _lifted(like: Value, value: Value) -> Value:
    if isinstance(like, Optional) and not isinstance(value, Optional):
        return Optional(smt.FALSE, value)
    return value


def _choice(condition: Formula, then: Value, otherwise: Value) -> Value:
    if isinstance(then, Optional) or isinstance(otherwise, Optional):
        a, b = _lifted(otherwise, then), _lifted(then, otherwise)
        return Optional(
            smt.either(condition, a.none, b.none), smt.either(condition, a.element, b.element)
        )
    if isinstance(then, Clock):
        return Clock(
            smt.either(condition, then.on, otherwise.on),
            smt.either(condition, then.deadline, otherwise.deadline),
        )
    return smt.either(condition, then, otherwise)


_PLAIN: dict[str, Any] = {
    "not": smt.negated,
    "and": lambda *parts: smt.all_of(parts),
    "or": lambda *parts: smt.any_of(parts),
    "implies": smt.implies,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "min": lambda a, b: smt.either(a <= b, a, b),
    "max": lambda a, b: smt.either(a <= b, b, a),
}
