"""Terms: typed expressions, frozen and hash-consed, so that equal terms are the same object.

Operators: `&  |  ~` on Bool, `+  -  <  <=  >  >=` on Int, `.eq()`, `.ne()`, `.implies()`, `ite()`.
Equality is a method, and a term has no truth value: `and`, `not`, `if`, `in` and chained comparisons
would drop parts of a formula without a word, so they raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NoReturn, Self

from model.language.errors import SpecificationError
from model.language.sorts import (
    BOOL,
    DURATION,
    NONE,
    OFF,
    TIMER,
    Bool,
    Domain,
    Duration,
    Enum,
    Int,
    Maybe,
    Sort,
)

_TERMS: dict[tuple[object, ...], Any] = {}


class Term:
    """One node: operator, arguments, sort, and data (a name or a constant).

    op      const var cell param bound rigid apply not and or implies eq lt le add sub min max ite
            is_none every some armed running expired left arm
    data    const: the value; var: "record.field"; cell: (family, field); others: the name
    low, high   bounds of an Int term, worked out when it is built
    """

    __slots__ = ("args", "data", "op", "sort")
    op: str
    args: tuple[Term, ...]
    sort: Sort
    data: Any

    def __new__(cls, op: str, args: tuple[Term, ...], sort: Sort, data: object = None) -> Self:
        key = (op, args, sort, type(data), data)
        term: Self | None = _TERMS.get(key)
        if term is None:
            term = object.__new__(cls)
            for name, value in (("op", op), ("args", args), ("sort", sort), ("data", data)):
                object.__setattr__(term, name, value)
            _TERMS[key] = term
        return term

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise SpecificationError("terms are frozen")

    def __bool__(self) -> NoReturn:
        raise SpecificationError(
            f"a term has no truth value: use &, |, ~, .eq(), ite() instead of and, or, not, ==, if "
            f"(term: {self})"
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        raise SpecificationError(
            f"terms are not compared with == or !=: use .eq() or .ne() (term: {self})"
        )

    __hash__ = object.__hash__  # sound: equal terms are the same object

    def __contains__(self, item: object) -> NoReturn:
        raise SpecificationError("a term holds no elements: `in` means nothing here")

    def __iter__(self) -> NoReturn:
        raise SpecificationError("a term has no elements to go through")

    def __getstate__(self) -> NoReturn:
        raise TypeError("terms are not pickled: build the specification again")

    # ---- Bool
    def __and__(self, other: object) -> Term:
        return conjunction(self, other)

    def __or__(self, other: object) -> Term:
        return disjunction(self, other)

    def __invert__(self) -> Term:
        return Term("not", (lift(self, BOOL),), BOOL)

    def implies(self, other: object) -> Term:
        """False only where this is true and `other` is not."""
        return Term("implies", (lift(self, BOOL), lift(other, BOOL)), BOOL)

    # ---- any sort
    def eq(self, other: object) -> Term:
        """Whether both have the same value; Python values and member names are lifted."""
        if isinstance(self.sort, Timer_):
            raise SpecificationError("timers are not compared: ask .armed, .running or .expired")
        return Term("eq", (self, _like(self, other)), BOOL)

    def ne(self, other: object) -> Term:
        """The opposite of `eq`."""
        return ~self.eq(other)

    def one_of(self, *others: object) -> Term:
        """Whether the value is one of these."""
        return disjunction(*(self.eq(other) for other in others))

    # ---- Int and Duration
    def __lt__(self, other: object) -> Term:
        return Term("lt", _ordered(self, other), BOOL)

    def __le__(self, other: object) -> Term:
        return Term("le", _ordered(self, other), BOOL)

    def __gt__(self, other: object) -> Term:
        left, right = _ordered(self, other)
        return Term("lt", (right, left), BOOL)

    def __ge__(self, other: object) -> Term:
        left, right = _ordered(self, other)
        return Term("le", (right, left), BOOL)

    def __add__(self, other: object) -> Term:
        pair = _ordered(self, other)
        (a, b), (c, d) = map(interval, pair)
        return Term("add", pair, _number(self, a + c, b + d))

    def __sub__(self, other: object) -> Term:
        if isinstance(self.sort, Duration):
            raise SpecificationError("durations are not subtracted: they would become negative")
        pair = _ordered(self, other)
        (a, b), (c, d) = map(interval, pair)
        return Term("sub", pair, Int(a - d, b - c))

    # ---- Maybe and Timer
    @property
    def is_none(self) -> Term:
        """Whether a Maybe holds nothing."""
        if not isinstance(self.sort, Maybe):
            raise SpecificationError(f"{self} is a {self.sort}: only a Maybe can be none")
        return Term("is_none", (self,), BOOL)

    @property
    def armed(self) -> Term:
        """Whether a timer is not off (running or expired)."""
        return Term("armed", (_timer(self),), BOOL)

    @property
    def running(self) -> Term:
        """Whether a timer is armed and its deadline lies ahead."""
        return Term("running", (_timer(self),), BOOL)

    @property
    def expired(self) -> Term:
        """Whether a timer is armed and its deadline has come."""
        return Term("expired", (_timer(self),), BOOL)

    @property
    def left(self) -> Term:
        """How long a timer still runs; no time if it has expired or is off."""
        return Term("left", (_timer(self),), DURATION)

    def __str__(self) -> str:
        from model.language.document import show  # lazy: printing is seldom needed

        return show(self)

    def __repr__(self) -> str:
        return f"<{self}>"


Timer_ = type(TIMER)


def _timer(term: Term) -> Term:
    if not isinstance(term.sort, Timer_):
        raise SpecificationError(f"{term} is a {term.sort}, no timer")
    return term


def _number(term: Term, low: int, high: int) -> Sort:
    return DURATION if isinstance(term.sort, Duration) else Int(low, high)


def interval(term: Term) -> tuple[int, int]:
    """Lowest and highest value an Int term can have; (0, 0) for durations, which have no bound."""
    return (term.sort.low, term.sort.high) if isinstance(term.sort, Int) else (0, 0)


def lift(value: object, sort: Sort) -> Term:
    """A term of that sort: terms are checked, Python values become constants."""
    if isinstance(value, Term):
        if not fits(value.sort, sort):
            raise SpecificationError(f"expected {sort}, not {value.sort}: {value}")
        return value
    if isinstance(sort, Bool) and isinstance(value, bool):
        return Term("const", (), sort, value)
    if isinstance(sort, Int) and isinstance(value, int) and not isinstance(value, bool):
        return Term("const", (), Int(value, value), value)
    if isinstance(sort, Enum) and isinstance(value, str):
        return Term("const", (), sort, sort.position(value))
    if isinstance(sort, Maybe) and value is None:
        return Term("const", (), sort, NONE)
    if isinstance(sort, Timer_) and value is None:
        return Term("const", (), sort, OFF)
    if isinstance(sort, Duration) and isinstance(value, int | Fraction) and value >= 0:
        return Term("const", (), sort, Fraction(value))
    raise SpecificationError(
        f"expected {sort}, not the Python value {value!r}"
        + (" (a comparison with == or != ?)" if isinstance(value, bool) else "")
    )


def fits(have: Sort, want: Sort) -> bool:
    """Whether a value of one sort may stand where another is wanted; ranges of Int are apart."""
    if isinstance(have, Int) and isinstance(want, Int):
        return True
    return have == want or (isinstance(want, Maybe) and have == want.domain)


def _like(term: Term, other: object) -> Term:
    if isinstance(other, Term) and isinstance(other.sort, Maybe) and fits(term.sort, other.sort):
        return other
    return lift(other, term.sort)


def _ordered(term: Term, other: object) -> tuple[Term, Term]:
    if not isinstance(term.sort, Int | Duration):
        raise SpecificationError(f"{term} is a {term.sort}: only numbers have an order")
    return term, lift(other, term.sort)


def _flat(op: str, unit: bool, parts: tuple[object, ...]) -> Term:
    flat: dict[Term, None] = {}
    for part in parts:
        term = lift(part, BOOL)
        for item in term.args if term.op == op else (term,):
            if item.op == "const":
                if item.data is not unit:
                    return item
                continue
            flat[item] = None
    if not flat:
        return lift(unit, BOOL)
    return next(iter(flat)) if len(flat) == 1 else Term(op, tuple(flat), BOOL)


def conjunction(*parts: object) -> Term:
    """All of them; true if there are none."""
    return _flat("and", True, parts)


def disjunction(*parts: object) -> Term:
    """Any of them; false if there are none."""
    return _flat("or", False, parts)


TRUE, FALSE = lift(True, BOOL), lift(False, BOOL)


def ite(condition: object, then: Term, otherwise: object) -> Term:
    """`then` where the condition holds, else `otherwise`."""
    other = lift(otherwise, then.sort)
    sort: Sort = then.sort
    if isinstance(sort, Int):
        (a, b), (c, d) = interval(then), interval(other)
        sort = Int(min(a, c), max(b, d))
    return Term("ite", (lift(condition, BOOL), then, other), sort)


def minimum(left: Term, right: object) -> Term:
    """The smaller of two numbers."""
    pair = _ordered(left, right)
    (a, b), (c, d) = map(interval, pair)
    return Term("min", pair, _number(left, min(a, c), min(b, d)))


def maximum(left: Term, right: object) -> Term:
    """The larger of two numbers."""
    pair = _ordered(left, right)
    (a, b), (c, d) = map(interval, pair)
    return Term("max", pair, _number(left, max(a, c), max(b, d)))


def arm(duration: object) -> Term:
    """A timer that runs for so long from now."""
    return Term("arm", (lift(duration, DURATION),), TIMER)


def times(count: Term, duration: Term) -> Term:
    """A duration as often as a small number says, which must not be negative."""
    low, high = interval(count)
    if not isinstance(count.sort, Int) or low < 0 or high > 64:
        raise SpecificationError(f"{count} is not a number from 0 to 64")
    total = repeated = lift(0, DURATION)
    for number in range(1, high + 1):
        repeated = duration if number == 1 else repeated + duration
        total = ite(count >= number, repeated, total)
    return total


def param(name: str, sort: Sort) -> Term:
    """A parameter of an action: where all nondeterminism stands."""
    if isinstance(sort, Timer_ | Maybe):
        raise SpecificationError(f"parameter {name}: a {sort} cannot be enumerated")
    return Term("param", (), sort, name)


def every(domain: Domain, body: Callable[[Term], Term]) -> Term:
    """Whether `body` holds for each element of a domain of rigid size (never of a family)."""
    return _quantified("every", domain, body)


def some(domain: Domain, body: Callable[[Term], Term]) -> Term:
    """Whether `body` holds for an element of a domain of rigid size (never of a family)."""
    return _quantified("some", domain, body)


def _quantified(op: str, domain: Domain, body: Callable[[Term], Term]) -> Term:
    # The bound name is the nesting depth of quantifiers in the body: equal formulas become equal.
    trial = lift(body(Term("bound", (), domain, "?")), BOOL)
    depth = max((int(t.data[1:]) + 1 for t in subterms(trial) if _is_numbered(t)), default=0)
    variable = Term("bound", (), domain, f"u{depth}")
    return Term(op, (variable, lift(body(variable), BOOL)), BOOL)


def _is_numbered(term: Term) -> bool:
    return term.op == "bound" and term.data != "?"


def subterms(term: Term) -> Iterator[Term]:
    """The term and everything in it, each once."""
    seen: set[Term] = set()
    stack = [term]
    while stack:
        item = stack.pop()
        if item not in seen:
            seen.add(item)
            yield item
            stack.extend(item.args)
