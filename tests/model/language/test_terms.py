"""Terms: typed, frozen, built once, and without a truth value."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest

from model.language.errors import SpecificationError
from model.language.sorts import BOOL, DURATION, TIMER, Domain, Enum, Int, Maybe
from model.language.terms import (
    FALSE,
    TRUE,
    Term,
    arm,
    conjunction,
    disjunction,
    every,
    interval,
    ite,
    maximum,
    minimum,
    param,
    some,
)

COLOUR = Enum("Colour", ("red", "green"))
ITEM = Domain("item")


def variable(name: str, sort: object) -> Term:
    return Term("var", (), sort, ("record", name))  # type: ignore[arg-type]


A, B = variable("a", BOOL), variable("b", BOOL)
X, Y = variable("x", Int(0, 5)), variable("y", Int(2, 9))


def test_equal_terms_are_the_same_object() -> None:
    assert (A & B) is (A & B)
    assert X.eq(3) is X.eq(3)
    assert (A & B) is not (B & A)


@pytest.mark.parametrize("misuse", [bool, iter, lambda t: A in t, lambda t: t and B])
def test_a_term_has_no_truth_value_and_no_elements(misuse: object) -> None:
    with pytest.raises(SpecificationError):
        misuse(A)  # type: ignore[operator]


def test_chained_comparisons_do_not_lose_a_part() -> None:
    with pytest.raises(SpecificationError):
        assert 0 < X < 3


@pytest.mark.parametrize("compare", [operator.eq, operator.ne])
def test_a_python_comparison_in_place_of_eq_is_refused(
    compare: Callable[[object, object], bool],
) -> None:
    for other in (3, "red", A, Y):
        with pytest.raises(SpecificationError, match=r"\.eq\(\)"):
            compare(X, other)


def test_terms_are_frozen() -> None:
    with pytest.raises(SpecificationError):
        A.op = "or"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: A & X,
        lambda: X.eq(A),
        lambda: X.eq("red"),
        lambda: variable("c", COLOUR).eq("blue"),
        lambda: A < B,
        lambda: X.is_none,
        lambda: X.expired,
        lambda: variable("t", TIMER).eq(variable("u", TIMER)),
        lambda: ite(A, X, B),
        lambda: arm(-1),
        lambda: param("t", TIMER),
        lambda: variable("d", DURATION) - 1,
    ],
)
def test_wrong_sorts_are_errors_that_name_this_file(wrong: object) -> None:
    with pytest.raises(SpecificationError, match=r"test_terms\.py:\d+"):
        wrong()  # type: ignore[operator]


def test_intervals_of_numbers_are_worked_out() -> None:
    assert interval(X + Y) == (2, 14)
    assert interval(X - Y) == (-9, 3)
    assert interval(minimum(X, Y)) == (0, 5)
    assert interval(maximum(X, Y)) == (2, 9)
    assert interval(ite(A, X, Y)) == (0, 9)


def test_connectives_drop_units_and_repeats() -> None:
    assert conjunction() is TRUE
    assert disjunction() is FALSE
    assert conjunction(A, TRUE, A, B) is (A & B)
    assert conjunction(A, FALSE) is FALSE
    assert disjunction(A, TRUE) is TRUE


def test_equal_quantified_formulas_are_the_same_object_and_nest_without_capture() -> None:
    table = Term("bound", (), ITEM, "u0").eq
    assert every(ITEM, lambda u: u.eq(u)) is every(ITEM, lambda u: u.eq(u))
    nested = every(ITEM, lambda u: some(ITEM, lambda v: u.eq(v)))
    outer, inner = nested.args[0], nested.args[1].args[0]
    assert outer.data != inner.data
    assert table is not None


def test_maybe_takes_elements_and_none() -> None:
    chosen = variable("m", Maybe(ITEM))
    t = param("t", ITEM)
    assert chosen.eq(t).sort == BOOL
    assert t.eq(chosen).sort == BOOL
    assert str(chosen.eq(None)) == "record.m = none"
