"""Terms of one instance as Promela expressions: what is rigid is worked out, the rest is text.

Quantifiers are written out, tables and cells with an index that varies become case distinctions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from model.language.errors import SpecificationError
from model.language.instance import Value, cardinality
from model.language.machine import Machine
from model.language.sorts import NONE, Duration, Sort
from model.language.terms import Term, interval, subterms

Folded = int | str  # a value (bool for Bool), or the text of an expression
INT_MAX = 2**31 - 1  # Promela's int is C's
TIMER_MAX = INT_MAX // 2  # so that the time left of two timers can be added

_COMPARE: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    "eq": ("==", operator.eq),
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
}
_TIMERS = {"armed": ">= 0", "running": "> 0", "expired": "== 0"}


class Folder:
    """Folds terms of a machine's instance; `names` are those of the variables, by slot."""

    def __init__(self, machine: Machine, names: Sequence[str]) -> None:
        self._machine, self._names = machine, names
        self._free: dict[Term, frozenset[str]] = {}
        self._done: dict[tuple[Term, tuple[tuple[str, int], ...]], Folded] = {}

    def fold(self, term: Term, values: Mapping[str, int]) -> Folded:
        """The value of a term, or its text; `values` of its parameters and bound names.

        SpecificationError: a number that may not fit into Promela's int.
        """
        names = self._free.get(term)
        if names is None:
            found = {str(t.data) for t in subterms(term) if t.op in ("param", "bound")}
            names = self._free[term] = frozenset(found)
        # Of an inner bound name that hides an outer one, the outer value only splits the cache.
        key = term, tuple((name, values[name]) for name in sorted(names) if name in values)
        if key not in self._done:
            self._done[key] = self._fold(term, values)
        return self._done[key]

    def _fold(self, term: Term, values: Mapping[str, int]) -> Folded:
        op = term.op
        if op == "const":
            return self._number(term.data, term.sort)
        if op in ("param", "bound"):
            return values[term.data]
        if op in ("var", "cell"):
            return self._variable(term, values)
        if op in ("rigid", "apply"):
            return self._table(term, [self.fold(item, values) for item in term.args], 0)
        if op in ("every", "some"):
            variable, body = term.args
            size = self._machine.instance.sizes[str(variable.sort)]
            each = [self.fold(body, {**values, str(variable.data): i}) for i in range(size)]
            return both(*each) if op == "every" else either(*each)
        return self._combine(term, [self.fold(item, values) for item in term.args])

    def _variable(self, term: Term, values: Mapping[str, int]) -> Folded:
        group, field = term.data
        domain = self._machine.spec.groups[group].domain
        if domain is None:
            return self._names[self._machine.slot(group, field)]
        size = self._machine.instance.sizes[domain.name]
        index = self.fold(term.args[0], values)
        return _cases(index, size, lambda i: self._names[self._machine.slot(group, field, i)])

    def _number(self, value: Value, sort: Sort) -> int:
        if isinstance(value, bool):
            return value
        factor = self._machine.tick if isinstance(sort, Duration) else 1
        return _checked(int(value * factor))

    def _table(self, term: Term, arguments: list[Folded], row: int) -> Folded:
        """The entry of a rigid table, argument by argument; `row` of those before."""
        declared = self._machine.spec.rigids[term.data]
        position = len(declared.arguments) - len(arguments)
        if not arguments:
            return self._number(self._machine.instance.rigid[term.data][row], declared.sort)
        size = cardinality(declared.arguments[position], self._machine.instance.sizes)
        rest = arguments[1:]
        return _cases(arguments[0], size, lambda i: self._table(term, rest, row * size + i))

    def _combine(self, term: Term, parts: list[Folded]) -> Folded:
        op = term.op
        if op == "not":
            return negation(parts[0])
        if op == "and":
            return both(*parts)
        if op == "or":
            return either(*parts)
        if op == "implies":
            return either(negation(parts[0]), parts[1])
        if op == "ite":
            return choice(*parts)
        if op == "is_none":
            return _compared("eq", parts[0], NONE)
        if op == "arm":
            _checked(self._most(term.args[0]), TIMER_MAX)
            return parts[0]
        if op == "left":
            return f"({parts[0]} > 0 -> {parts[0]} : 0)"
        if op in _TIMERS:
            return f"({parts[0]} {_TIMERS[op]})"
        if op in _COMPARE:
            return _compared(op, *parts)
        if op in ("min", "max"):
            return choice(_compared("le", *(parts if op == "min" else parts[::-1])), *parts)
        return self._sum(term, parts)

    def _sum(self, term: Term, parts: list[Folded]) -> Folded:
        for bound in (self._most(term), *interval(term)):
            _checked(bound)
        left, right = parts
        if isinstance(left, int) and isinstance(right, int):
            return left + right if term.op == "add" else left - right
        return f"({left} {'+' if term.op == 'add' else '-'} {right})"

    def _most(self, term: Term) -> int:
        """The largest value of a Duration term, in ticks; 0 for other sorts."""
        if not isinstance(term.sort, Duration):
            return 0
        if term.op in ("rigid", "apply"):
            return max(int(v * self._machine.tick) for v in self._machine.instance.rigid[term.data])
        if term.op == "const":
            return int(term.data * self._machine.tick)
        if term.op == "left":
            return TIMER_MAX
        parts = [self._most(item) for item in term.args]
        return sum(parts) if term.op == "add" else max(parts)


def _checked(number: int, limit: int = INT_MAX) -> int:
    if abs(number) > limit:
        raise SpecificationError(f"{number} does not fit into an int of Promela")
    return number


def _cases(index: Folded, size: int, entry: Callable[[int], Folded]) -> Folded:
    """`entry(index)`; SpecificationError if the index varies over an empty domain."""
    if isinstance(index, int):
        return entry(index)
    if not size:
        raise SpecificationError(f"{index} is an element of an empty domain")
    entries = [entry(i) for i in range(size)]
    return reduce(
        lambda rest, i: choice(_compared("eq", index, i), entries[i], rest),
        reversed(range(size - 1)),
        entries[-1],
    )


def negation(part: Folded) -> Folded:
    """Not this."""
    return not part if isinstance(part, int) else f"(!{part})"


def both(*parts: Folded) -> Folded:
    """All of these; true if there are none."""
    return _connected("&&", True, parts)


def either(*parts: Folded) -> Folded:
    """Any of these; false if there are none."""
    return _connected("||", False, parts)


def _connected(mark: str, unit: bool, parts: Sequence[Folded]) -> Folded:
    texts = [part for part in parts if isinstance(part, str)]
    if any(isinstance(part, int) and bool(part) is not unit for part in parts):
        return not unit
    unique = list(dict.fromkeys(texts))
    if not unique:
        return unit
    return unique[0] if len(unique) == 1 else f"({f' {mark} '.join(unique)})"


def choice(condition: Folded, then: Folded, otherwise: Folded) -> Folded:
    """`then` where the condition holds, else `otherwise`."""
    if isinstance(condition, int):
        return then if condition else otherwise
    if type(then) is type(otherwise) and then == otherwise:
        return then
    if isinstance(then, bool):
        return either(condition, otherwise) if then else both(negation(condition), otherwise)
    if isinstance(otherwise, bool):
        return either(negation(condition), then) if otherwise else both(condition, then)
    return f"({condition} -> {literal(then)} : {literal(otherwise)})"


def _compared(op: str, left: Folded, right: Folded) -> Folded:
    mark, function = _COMPARE[op]
    if isinstance(left, int) and isinstance(right, int):
        return function(left, right)
    if left == right and not isinstance(left, int):
        return op != "lt"
    for truth, other in ((left, right), (right, left)):
        if isinstance(truth, bool):  # only Bool has these values, and only `eq` compares it
            return other if truth else negation(other)
    return f"({literal(left)} {mark} {literal(right)})"


def literal(part: Folded) -> str:
    """The text of a folded term."""
    if isinstance(part, bool):
        return "true" if part else "false"
    return part if isinstance(part, str) else f"({part})" if part < 0 else str(part)
