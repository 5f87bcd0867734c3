"""The solver: formulas, questions, models. The only module that imports z3."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import z3  # type: ignore[import-untyped]

Formula = Any  # a z3 expression
Concrete = int | bool | Fraction
TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)


# ---- building
def boolean(name: str) -> Formula:
    """A Bool constant."""
    return z3.Bool(name)


def integer(name: str) -> Formula:
    """An Int constant."""
    return z3.Int(name)


def real(name: str) -> Formula:
    """A Real constant."""
    return z3.Real(name)


def sort(name: str) -> Any:
    """An uninterpreted sort: any number of elements, at least one."""
    return z3.DeclareSort(name)


def element(name: str, of: Any) -> Formula:
    """A constant of an uninterpreted sort."""
    return z3.Const(name, of)


def function(name: str, arguments: Sequence[Any], result: Any) -> Any:
    """An uninterpreted function."""
    return z3.Function(name, *arguments, result)


BOOLEANS, INTEGERS, REALS = z3.BoolSort(), z3.IntSort(), z3.RealSort()


def number(value: int) -> Formula:
    """An Int."""
    return z3.IntVal(value)


def rational(value: Fraction | int) -> Formula:
    """A Real, exactly."""
    return z3.RealVal(str(value))


def truth(value: bool) -> Formula:
    """A Bool."""
    return TRUE if value else FALSE


def negated(formula: Formula) -> Formula:
    """Its negation."""
    return z3.Not(formula)


def any_of(formulas: Iterable[Formula]) -> Formula:
    """Their disjunction; false if there are none."""
    return z3.Or(*formulas)


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Their conjunction; true if there are none."""
    return z3.And(*formulas)


def implies(premise: Formula, conclusion: Formula) -> Formula:
    """An implication."""
    return z3.Implies(premise, conclusion)


def either(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """If, then, else."""
    return z3.If(condition, then, otherwise)


def for_all(variables: Sequence[Formula], body: Formula) -> Formula:
    """A universal quantifier; the body itself if there is nothing to quantify."""
    return z3.ForAll(list(variables), body) if variables else body


def there_is(variables: Sequence[Formula], body: Formula) -> Formula:
    """An existential quantifier."""
    return z3.Exists(list(variables), body) if variables else body


# ---- asking
@dataclass(frozen=True)
class Model:
    """What satisfies the formulas."""

    found: Any

    def value(self, formula: Formula) -> Concrete:
        """The value of a Bool, Int or Real formula; anything where the model does not care."""
        value = self.found.eval(formula, model_completion=True)
        if z3.is_bool(value):
            return bool(z3.is_true(value))
        if z3.is_int_value(value):
            return int(value.as_long())
        return Fraction(value.numerator_as_long(), value.denominator_as_long())


@dataclass(frozen=True)
class Answer:
    """What the solver says.

    verdict  "sat" with a model, "unsat" with the tracked names that it took, or "unknown" with why
    """

    verdict: str
    model: Model | None = None
    core: tuple[str, ...] = ()
    why: str = ""


def solve(
    formulas: Sequence[Formula],
    tracked: Sequence[tuple[str, Formula]] = (),
    *,
    milliseconds: int = 20_000,
    seed: int = 0,
) -> Answer:
    """Ask once; of the `tracked` formulas, by name, an unsat answer says which it needed."""
    solver = _solver(formulas, milliseconds, seed)
    for name, formula in tracked:
        solver.assert_and_track(formula, name)
    verdict = str(solver.check())
    if verdict == "sat":
        return Answer(verdict, Model(solver.model()))
    if verdict == "unsat":
        return Answer(verdict, core=tuple(str(item) for item in solver.unsat_core()))
    return Answer(verdict, why=str(solver.reason_unknown()))


def _solver(formulas: Sequence[Formula], milliseconds: int, seed: int) -> Any:
    solver = z3.Solver()
    solver.set("timeout", milliseconds)
    solver.set("random_seed", seed)
    solver.add(*formulas)
    return solver


class Growing:
    """A solver to which formulas are added, and questions asked in between."""

    def __init__(self, milliseconds: int) -> None:
        self._solver = _solver((), milliseconds, 0)

    def add(self, formulas: Sequence[Formula]) -> None:
        """From now on these hold."""
        self._solver.add(*formulas)

    def ask(self, *formulas: Formula) -> Answer:
        """Whether these can hold besides; nothing is kept."""
        self._solver.push()
        self._solver.add(*formulas)
        verdict = str(self._solver.check())
        model = Model(self._solver.model()) if verdict == "sat" else None
        why = str(self._solver.reason_unknown()) if verdict == "unknown" else ""
        self._solver.pop()
        return Answer(verdict, model, why=why)


def smt2(formulas: Sequence[Formula]) -> str:
    """The formulas as SMT-LIB 2, `(check-sat)` included."""
    return str(_solver(formulas, 0, 0).to_smt2())


def recheck(text: str, *, milliseconds: int = 20_000) -> str:
    """The verdict of a z3 that knows nothing but this SMT-LIB text."""
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("timeout", milliseconds)
    solver.add(*z3.parse_smt2_string(text, ctx=context))
    return str(solver.check())


def version() -> str:
    """z3's version."""
    return str(z3.get_version_string())
