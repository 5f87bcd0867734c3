"""An instance makes a specification concrete: how large each domain is, what each policy says."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from model.language.errors import SpecificationError
from model.language.sorts import NONE, Bool, Domain, Duration, Enum, Int, Maybe, Sort, Timer
from model.language.specification import Rigid, Specification
from model.language.terms import Term, subterms

Value = int | Fraction
Policy = object | Callable[..., object]


def cardinality(sort: Sort, sizes: Mapping[str, int]) -> int:
    """How many values a table argument or action parameter of that sort has."""
    if isinstance(sort, Bool):
        return 2
    if isinstance(sort, Enum):
        return len(sort.members)
    if isinstance(sort, Domain):
        return sizes[sort.name]
    if isinstance(sort, Int):
        return sort.high - sort.low + 1
    raise SpecificationError(f"a {sort} is not enumerated")


def encode(sort: Sort, value: object, sizes: Mapping[str, int]) -> Value:
    """A Python value as the concrete one (see `sorts`); SpecificationError if it does not fit."""
    if isinstance(sort, Bool) and isinstance(value, bool):
        return value
    if isinstance(sort, Enum) and isinstance(value, str):
        return sort.position(value)
    if isinstance(sort, Maybe) and value is None:
        return NONE
    if isinstance(sort, Duration) and isinstance(value, int | Fraction) and value >= 0:
        return Fraction(value)
    if isinstance(value, int) and not isinstance(value, bool):
        domain = sort.domain if isinstance(sort, Maybe) else sort
        if isinstance(domain, Domain) and 0 <= value < sizes[domain.name]:
            return value
        if isinstance(sort, Int) and sort.low <= value <= sort.high:
            return value
    raise SpecificationError(f"{value!r} is not a value of {sort}")


def decode(sort: Sort, value: Value) -> str:
    """A concrete value as the text that runs and explanations use; `encode` inverts `parse`."""
    if isinstance(sort, Bool):
        return "true" if value else "false"
    if isinstance(sort, Enum):
        return sort.members[int(value)]
    if isinstance(sort, Maybe):
        return "none" if value == NONE else str(value)
    return str(value) if not (isinstance(sort, Timer) and value < 0) else "off"


def parse(sort: Sort, text: str, sizes: Mapping[str, int]) -> Value:
    """The concrete value that `decode` shows so; SpecificationError if the text is not valid."""
    try:
        if isinstance(sort, Bool):
            return {"true": True, "false": False}[text]
        if isinstance(sort, Enum):
            return sort.position(text)
        if isinstance(sort, Duration):
            return encode(sort, Fraction(text), sizes)
        if isinstance(sort, Maybe) and text == "none":
            return NONE
        return encode(sort, int(text), sizes)
    except (KeyError, ValueError, ZeroDivisionError):
        raise SpecificationError(f"{text!r} is not a value of {sort}") from None


def rows(rigid: Rigid, sizes: Mapping[str, int]) -> Iterator[tuple[int, ...]]:
    """All argument tuples of a table, in the order of its flat values."""
    return itertools.product(*(range(cardinality(sort, sizes)) for sort in rigid.arguments))


@dataclass(frozen=True)
class Instance:
    """Sizes of the domains, and the value of every rigid parameter, tables flat in row order."""

    sizes: Mapping[str, int]
    rigid: Mapping[str, tuple[Value, ...]]

    @staticmethod
    def of(spec: Specification, sizes: Mapping[str, int], policy: Mapping[str, Policy]) -> Instance:
        """From Python values by name; a table's is a function of its arguments.

        Arguments reach the function as Python values too: numbers for domains, names for members
        of enumerations.
        """
        missing, extra = set(spec.domains) ^ set(sizes), set(spec.rigids) ^ set(policy)
        if missing or extra:
            raise SpecificationError(f"instance of {spec.name}: check {sorted(missing | extra)}")
        rigid: dict[str, tuple[Value, ...]] = {}
        for name, declared in spec.rigids.items():
            given = policy[name]
            values = []
            for row in rows(declared, sizes):
                value: object = given
                if callable(given):
                    value = given(*map(_argument, declared.arguments, row))
                values.append(encode(declared.sort, value, sizes))
            rigid[name] = tuple(values)
        return Instance(dict(sizes), rigid)

    def scalar(self, name: str) -> Value:
        """The value of a rigid parameter without arguments."""
        return self.rigid[name][0]

    def ticks_per_second(self, spec: Specification) -> int:
        """The fewest ticks per second that make every duration of the specification whole."""
        durations = [
            value
            for name, declared in spec.rigids.items()
            if isinstance(declared.sort, Duration)
            for value in self.rigid[name]
        ]
        for action in spec.actions.values():
            for term in (*(g.term for g in action.guards), *(v for _, v in action.updates)):
                durations += [t.data for t in subterms(term) if _is_duration(t)]
        return math.lcm(*(Fraction(value).denominator for value in durations))


def _is_duration(term: Term) -> bool:
    return term.op == "const" and isinstance(term.sort, Duration)


def _argument(sort: Sort, position: int) -> object:
    if isinstance(sort, Enum):
        return sort.members[position]
    return bool(position) if isinstance(sort, Bool) else position
