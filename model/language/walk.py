"""The plain evaluator: one recursive function over terms. Slow and obvious, it is the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from model.language.instance import Instance, Value
from model.language.sorts import NONE, Duration
from model.language.terms import Term


class Layout(Protocol):
    """Where a variable stands in a state."""

    def slot(self, group: str, field: str, index: int = 0) -> int:
        """Position of a field, of the index-th element for a family."""
        ...


_BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "min": min,
    "max": max,
    "implies": lambda a, b: bool(not a or b),
}
_TIMERS: dict[str, Callable[[Value], bool]] = {
    "armed": lambda left: left >= 0,
    "running": lambda left: left > 0,
    "expired": lambda left: left == 0,
}


class Walker:
    """Evaluates terms in a state, for one instance."""

    def __init__(self, layout: Layout, instance: Instance, tables: Mapping[str, tuple[int, ...]]):
        self._layout = layout
        self._instance = instance
        self._strides = tables

    def value(
        self, term: Term, state: tuple[int, ...], names: Mapping[str, int], tick: int = 1
    ) -> Value:
        """The value of a term; `names` gives parameters and bound names, `tick` ticks a second."""

        def walk(item: Term) -> Value:
            return self.value(item, state, names, tick)

        op, args = term.op, term.args
        if op == "const":
            return int(term.data * tick) if _is_duration(term) else term.data
        if op in ("param", "bound"):
            return names[term.data]
        if op == "var":
            return state[self._layout.slot(term.data[0], term.data[1])]
        if op == "cell":
            return state[self._layout.slot(term.data[0], term.data[1], int(walk(args[0])))]
        if op in ("rigid", "apply"):
            row = sum(int(walk(a)) * n for a, n in zip(args, self._strides[term.data], strict=True))
            value = self._instance.rigid[term.data][row]
            return int(value * tick) if _is_duration(term) else value
        if op == "not":
            return not walk(args[0])
        if op == "and":
            return all(walk(item) for item in args)
        if op == "or":
            return any(walk(item) for item in args)
        if op == "ite":
            return walk(args[1] if walk(args[0]) else args[2])
        if op == "is_none":
            return walk(args[0]) == NONE
        if op in ("arm", "left"):
            return max(walk(args[0]), 0)
        if op in _TIMERS:
            return _TIMERS[op](walk(args[0]))
        if op in ("every", "some"):
            return self._quantified(term, state, names, tick)
        return _BINARY[op](walk(args[0]), walk(args[1]))

    def _quantified(
        self, term: Term, state: tuple[int, ...], names: Mapping[str, int], tick: int
    ) -> bool:
        variable, body = term.args
        size = self._instance.sizes[str(variable.sort)]
        answers = (
            bool(self.value(body, state, {**names, variable.data: i}, tick)) for i in range(size)
        )
        return all(answers) if term.op == "every" else any(answers)


def _is_duration(term: Term) -> bool:
    return isinstance(term.sort, Duration)
