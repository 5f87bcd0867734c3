"""The solver: formulas, questions, models. The only module that imports z3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import z3  # type: ignore[import-untyped]

Formula = Any  # a z3 expression
Concrete = int | bool | Fraction
CONTEXT = z3.main_ctx().ref()
TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)
_NUMBERS: dict[int, Formula] = {}


# ---- building. By the solver's own functions where there are many to build: z3's operators look at
# the sorts of everything, and most of a proof's time went there. Constants are folded on the way.
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


@cache
def number(value: int) -> Formula:
    """An Int, one object a value."""
    made = z3.IntVal(value)
    _NUMBERS[id(made)] = made
    return made


def rational(value: Fraction | int) -> Formula:
    """A Real, exactly."""
    return z3.RealVal(str(value))


def truth(value: bool) -> Formula:
    """A Bool."""
    return TRUE if value else FALSE


def negated(formula: Formula) -> Formula:
    """Its negation."""
    if formula is TRUE or formula is FALSE:
        return FALSE if formula is TRUE else TRUE
    return z3.BoolRef(z3.Z3_mk_not(CONTEXT, formula.ast))


def any_of(formulas: Iterable[Formula]) -> Formula:
    """Their disjunction; false if there are none."""
    return _joined(formulas, FALSE, TRUE, z3.Z3_mk_or)


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Their conjunction; true if there are none."""
    return _joined(formulas, TRUE, FALSE, z3.Z3_mk_and)


def _joined(formulas: Iterable[Formula], unit: Formula, zero: Formula, join: Any) -> Formula:
    parts = [item for item in formulas if item is not unit]
    if any(item is zero for item in parts):
        return zero
    if len(parts) <= 1:
        return parts[0] if parts else unit
    asts = (z3.Ast * len(parts))(*(item.ast for item in parts))
    return z3.BoolRef(join(CONTEXT, len(parts), asts))


def implies(premise: Formula, conclusion: Formula) -> Formula:
    """An implication."""
    if premise is TRUE or conclusion is TRUE:
        return conclusion
    if premise is FALSE:
        return TRUE
    return z3.BoolRef(z3.Z3_mk_implies(CONTEXT, premise.ast, conclusion.ast))


def equal(left: Formula, right: Formula) -> Formula:
    """Whether both are the same; both of one sort."""
    if left is right:
        return TRUE
    if id(left) in _NUMBERS and id(right) in _NUMBERS:
        return FALSE
    return z3.BoolRef(z3.Z3_mk_eq(CONTEXT, left.ast, right.ast))


def either(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """If, then, else."""
    if condition is TRUE or then is otherwise:
        return then
    return otherwise if condition is FALSE else z3.If(condition, then, otherwise)


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

    def says(self, formula: Formula) -> bool | None:
        """Whether a Bool formula holds; None where a quantifier hides it."""
        truth = z3.Z3_get_bool_value(CONTEXT, self._evaluated(formula))
        return truth > 0 if truth else None

    def value(self, formula: Formula) -> Concrete:
        """The value of a Bool, Int or Real formula; anything where the model does not care."""
        found = self._evaluated(formula)
        truth = z3.Z3_get_bool_value(CONTEXT, found)
        if truth:
            return bool(truth > 0)
        value = Fraction(z3.Z3_get_numeral_string(CONTEXT, found))
        return int(value) if value.denominator == 1 and z3.is_int(formula) else value

    def _evaluated(self, formula: Formula) -> Any:
        """Its value, to be read at once. Hundreds a run: z3's own classes around each would cost more
        than the search."""
        found = (z3.Ast * 1)()
        if not z3.Z3_model_eval(CONTEXT, self.found.model, formula.ast, True, found):
            raise ValueError(f"the model says nothing of {formula}")
        return found[0]


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
    names = {f"given {name}": name for name, _ in tracked}  # no name is a variable's
    for name, formula in tracked:
        solver.assert_and_track(formula, f"given {name}")
    verdict = str(solver.check())
    if verdict == "sat":
        return Answer(verdict, Model(solver.model()))
    if verdict == "unsat":
        return Answer(verdict, core=tuple(names[str(item)] for item in solver.unsat_core()))
    return Answer(verdict, why=str(solver.reason_unknown()))


def _solver(formulas: Sequence[Formula], milliseconds: int, seed: int) -> Any:
    solver = z3.Solver()
    solver.set("timeout", milliseconds)
    solver.set("random_seed", seed)
    solver.add(*formulas)
    return solver


class Growing:
    """A solver to which formulas are added, and questions asked in between.

    effort   the most that one answer may cost in the solver's own unit, which does not hang on how busy
             the machine is: some millions a second; 0 for any
    """

    def __init__(self, milliseconds: int, effort: int = 0) -> None:
        self._solver = _solver((), milliseconds, 0)
        self._solver.set("rlimit", effort)

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


class Inquiry:
    """Many small questions about one thing, each of which may be asked again with more given."""

    def __init__(self, given: Iterable[Formula], milliseconds: int, seed: int) -> None:
        self._solver = z3.SimpleSolver()
        self._solver.set("timeout", milliseconds)
        self._solver.set("random_seed", seed)
        self._add(given)
        self._labels: dict[str, Formula] = {}
        self._tracked: dict[str, tuple[Formula, Formula]] = {}

    def _add(self, formulas: Iterable[Formula]) -> None:
        for formula in formulas:
            z3.Z3_solver_assert(CONTEXT, self._solver.solver, formula.ast)

    def begin(self, formulas: Iterable[Formula]) -> None:
        """A question: whether these can hold besides."""
        self._solver.push()
        self._labels.clear()
        self._add(formulas)

    def given(self, facts: Iterable[Formula], tracked: Mapping[str, Formula]) -> None:
        """For this question these hold too; of the tracked, an answer says which it needed. A name
        stands for one formula, whatever the question."""
        self._add(facts)
        for name, formula in tracked.items():
            if name not in self._tracked:
                label = boolean(f"given {name}")
                self._tracked[name] = label, implies(label, formula)
            self._labels[name], labelled = self._tracked[name]
            self._add((labelled,))

    def ask(self) -> Answer:
        """What the solver says of this question."""
        verdict = str(self._solver.check(*self._labels.values()))
        if verdict == "sat":
            return Answer(verdict, Model(self._solver.model()))
        if verdict == "unsat":
            core = {label.get_id() for label in self._solver.unsat_core()}
            used = (name for name, label in self._labels.items() if label.get_id() in core)
            return Answer(verdict, core=tuple(used))
        return Answer(verdict, why=str(self._solver.reason_unknown()))

    def end(self) -> None:
        """On to the next question."""
        self._solver.pop()


@dataclass(frozen=True)
class Bound:
    """The supremum of a number: none if it grows without bound; attained, or only approached."""

    value: Fraction | None
    attained: bool


def supremum(formulas: Sequence[Formula], number: Formula, milliseconds: int) -> Bound | None:
    """The supremum of a real number where all this holds; None where it cannot hold, or the solver gives
    up. It is not to be trusted alone: this part of the solver has been wrong before."""
    optimize = z3.Optimize()
    optimize.set("timeout", milliseconds)
    optimize.add(*formulas)
    goal = optimize.maximize(number)
    if str(optimize.check()) != "sat":
        return None
    # (infinite, value, epsilon): only the signs of the first and the last mean anything.
    infinite, value, epsilon = (Fraction(str(part)) for part in optimize.upper_values(goal))
    if infinite:
        return Bound(None, attained=False)
    return Bound(value, attained=not epsilon)


def smt2(formulas: Sequence[Formula]) -> str:
    """The formulas, at least one, as SMT-LIB 2, `(check-sat)` included."""
    *others, last = (item.ast for item in formulas)
    asts = (z3.Ast * len(others))(*others)
    made = z3.Z3_benchmark_to_smtlib_string(CONTEXT, "", "", "unknown", "", len(others), asts, last)
    return str(made)


def recheck(text: str, *, milliseconds: int = 20_000) -> str:
    """The verdict of a z3 that knows nothing but this SMT-LIB text: its formulas live apart."""
    context = _apart()
    solver = z3.Solver(ctx=context)
    solver.set("timeout", milliseconds)
    solver.add(*z3.parse_smt2_string(text, ctx=context))
    return str(solver.check())


@cache
def _apart() -> Any:
    return z3.Context()


def version() -> str:
    """z3's version."""
    return str(z3.get_version_string())


# ---- Horn clauses
Engine, SolverError = z3.Fixedpoint, z3.Z3Exception


@dataclass(frozen=True)
class Clause:
    """A rule: in every state of a run so far that satisfies `body`, the run goes on to the state `after`
    (values of the same variables); a start if `from_start`."""

    body: Sequence[Formula]
    after: Sequence[Formula]
    from_start: bool = False


def horn(
    state: Sequence[Formula], clauses: Sequence[Clause], wrong: Formula, milliseconds: int
) -> Formula | None:
    """An invariant of the runs that these rules make, over the variables of `state`, with which `wrong`
    is impossible; None if the engine finds none in time, or finds a run that is wrong.

    The engine has given wrong answers: whatever it says is a suggestion.
    """
    engine = Engine()
    engine.set(engine="spacer", timeout=milliseconds)
    runs = z3.Function("runs", *(item.sort() for item in state), z3.BoolSort())
    bad = z3.Function("bad", z3.BoolSort())
    engine.register_relation(runs)
    engine.register_relation(bad)
    known = {str(item): item for item in state}
    for clause in clauses:
        for formula in (*clause.body, *clause.after):
            known |= {str(item): item for item in constants(formula)}
    engine.declare_var(*known.values())
    for clause in clauses:
        before = [] if clause.from_start else [runs(*state)]
        engine.rule(runs(*clause.after), [*before, *clause.body])
    engine.rule(bad(), [runs(*state), wrong])
    try:
        if engine.query(bad()) != z3.unsat:
            return None
        return _answer_for(engine.get_answer(), "runs", state)
    except SolverError:  # a time-out is raised, not returned
        return None


def _answer_for(answer: Formula, relation: str, state: Sequence[Formula]) -> Formula | None:
    """What an answer says of a relation, its bound variables, numbered from the last, replaced."""
    parts = answer.children() if z3.is_and(answer) else [answer]
    for part in parts:
        body = part.body() if z3.is_quantifier(part) else part
        if body.num_args() == 2 and body.arg(0).decl().name() == relation:
            places = [z3.get_var_index(item) for item in body.arg(0).children()]
            by_index = dict(zip(places, state, strict=True))
            return z3.substitute_vars(body.arg(1), *(by_index[i] for i in sorted(by_index)))
    return None


def constants(formula: Formula) -> list[Formula]:
    """The constants in a formula that have no fixed value."""
    found: dict[int, Formula] = {}
    seen: set[int] = set()
    stack = [formula]
    while stack:
        item = stack.pop()
        if item.get_id() in seen:
            continue
        seen.add(item.get_id())
        if z3.is_const(item) and item.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found[item.get_id()] = item
        stack.extend(item.children())
    return list(found.values())


_HEADS = {
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_NOT: "not",
    z3.Z3_OP_IMPLIES: "implies",
    z3.Z3_OP_EQ: "eq",
    z3.Z3_OP_LE: "le",
    z3.Z3_OP_LT: "lt",
    z3.Z3_OP_GE: "ge",
    z3.Z3_OP_GT: "gt",
    z3.Z3_OP_ADD: "add",
    z3.Z3_OP_MUL: "mul",
}


def taken_apart(formula: Formula) -> tuple[str, Sequence[Formula], Any]:
    """The head of a formula ("const" with its value, "name", an operator, or "other") and its parts."""
    if z3.is_true(formula) or z3.is_false(formula):
        return "const", (), z3.is_true(formula)
    if z3.is_int_value(formula):
        return "const", (), formula.as_long()
    if z3.is_const(formula):
        return "name", (), str(formula)
    head = _HEADS.get(formula.decl().kind(), "other") if z3.is_app(formula) else "other"
    return head, formula.children(), None


def simplified(formula: Formula) -> Formula:
    """An equal formula that is simpler, as a conjunction where it is one."""
    return z3.simplify(formula)
