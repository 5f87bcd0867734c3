"""How large something gets under given policies: the supremum, in real time, and the run that shows it.

The solver's optimum along a story is a claim, confirmed both ways before it is given: a run on the concrete
machine attains it, or comes within one tick of it; along the story nothing exceeds it, and where
invariants are given they leave no state of any run that does (formal methods, sections 4 and 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from model.language.instance import Instance, Value, rows
from model.language.sorts import DURATION, Bool, Domain, Enum, Sort
from model.language.specification import Specification
from model.language.terms import Term, lift
from proofs.prover import smt
from proofs.prover.lowering import Lowering, State
from proofs.prover.obligations import Induction, Made
from proofs.prover.paths import Paths
from proofs.prover.runs import Found, Reaches
from proofs.prover.smt import Formula

MILLISECONDS = 20_000
_NOTHING = lift(0, DURATION)


class Unconfirmed(AssertionError):
    """The solver's optimum is not what runs and proofs say. A fault of this program, or of the solver."""


@dataclass(frozen=True)
class Quantity:
    """A length of time: `more` less `less`. So a stopwatch that was armed with a horizon shows how long
    it has run: the horizon less what is left of it."""

    more: Term
    less: Term = _NOTHING


@dataclass(frozen=True)
class Supremum:
    """How large a quantity gets.

    value     in seconds; None if it grows without bound (or as far as a stopwatch counts: see there)
    attained  whether a run reaches it; else runs come as near as one likes
    run       one that reaches it, or lacks one tick of it
    proved    whether the invariants say that no run at all exceeds it, not only none of the story
    """

    value: Fraction | None
    attained: bool
    run: Found | None
    proved: bool


def supremum(
    spec: Specification,
    instance: Instance,
    quantity: Quantity,
    where: Term,
    story: Sequence[str],
    invariants: Made | None = None,
) -> Supremum | None:
    """The supremum of a quantity in the states in which `where` holds, along a story under the policies of
    an instance; None if no run of the story comes there.

    Unconfirmed if the solver contradicts itself.
    """
    self_test()
    told = _Story(spec, instance, story, None)
    found = smt.supremum(told.ends(where), told.value(quantity), MILLISECONDS)
    if found is None:
        return None
    if found.value is None:
        return Supremum(None, False, None, False)
    tick = Fraction(1, instance.ticks_per_second(spec))
    least = found.value if found.attained else found.value - tick
    run = _Story(spec, instance, story, tick).run(quantity, where, least)
    if run is None:
        raise Unconfirmed(f"no run comes to {least} s")
    if told.exceeds(quantity, where, found.value, found.attained):
        raise Unconfirmed(f"a run exceeds {found.value} s")
    proved = _proved(spec, instance, quantity, where, found, invariants or {})
    return Supremum(found.value, found.attained, run, proved)


def self_test() -> None:
    """That the solver tells a bound that is attained from one that is not; Unconfirmed if it does not."""
    r, one = smt.real("r"), smt.rational(1)
    below = smt.supremum([r < one], r, MILLISECONDS)
    at = smt.supremum([r <= one], r, MILLISECONDS)
    beyond = smt.supremum([r > one], r, MILLISECONDS)
    expected = (smt.Bound(Fraction(1), False), smt.Bound(Fraction(1), True), smt.Bound(None, False))
    if (below, at, beyond) != expected:
        raise Unconfirmed("the solver's optimum fails its test")


class _Story:
    """One story under given policies, in reals or in whole units of time."""

    def __init__(
        self,
        spec: Specification,
        instance: Instance,
        story: Sequence[str],
        unit: Fraction | None,
    ) -> None:
        self._unit = unit
        given = list(policies(spec, instance))
        self._paths = Paths(spec, instance.sizes, given, unit)
        self._path = self._paths.empty()
        self._formulas = list(self._paths.fixed)
        for name in story:
            move = self._paths.moves[name]
            self._formulas += self._paths.told(self._path, move, whole=False)

    @property
    def _end(self) -> State:
        return self._path.states[-1]

    def ends(self, where: Term) -> list[Formula]:
        """That the story ends in such a state."""
        return [*self._formulas, self._paths.value(where, self._end)]

    def value(self, quantity: Quantity) -> Formula:
        """The quantity at its end."""
        more = self._paths.value(quantity.more, self._end)
        return more - self._paths.value(quantity.less, self._end)

    def exceeds(self, quantity: Quantity, where: Term, value: Fraction, attained: bool) -> bool:
        """Whether more may come out, or, if the bound is not attained, as much."""
        beyond = _beyond(self.value(quantity), value, attained)
        answer = smt.solve([*self.ends(where), beyond], milliseconds=MILLISECONDS)
        if answer.verdict == "unknown":
            raise Unconfirmed(answer.why)
        return answer.verdict == "sat"

    def run(self, quantity: Quantity, where: Term, least: Fraction) -> Found | None:
        """A run in which at least so much comes out, replayed."""
        assert self._unit is not None
        enough = self.value(quantity) >= smt.number(int(least / self._unit))
        answer = smt.solve([*self.ends(where), enough], milliseconds=MILLISECONDS)
        if answer.model is None:
            return None
        length = len(self._path.steps)
        return self._paths.found("supremum", Reaches(where), answer.model, self._path, length)


def _beyond(number: Formula, value: Fraction, attained: bool) -> Formula:
    bound = smt.rational(value)
    return number > bound if attained else number >= bound


def _proved(
    spec: Specification,
    instance: Instance,
    quantity: Quantity,
    where: Term,
    found: smt.Bound,
    invariants: Made,
) -> bool:
    """Whether no state of the invariants has more, whatever run it belongs to. Tables over domains of any
    size are left open: so it is shown for all of their values."""
    assert found.value is not None
    low = Lowering(spec)
    given = list(policies(spec, instance, sized=False))
    induction = Induction(low, invariants, given)
    state = induction.before
    more, less = (low.value(term, state, {}) for term in (quantity.more, quantity.less))
    beyond = _beyond(more - less, found.value, found.attained)
    answer = smt.solve([*induction.satisfies(where, invariants=True), beyond])
    return answer.verdict == "unsat"


def policies(spec: Specification, instance: Instance, *, sized: bool = True) -> Iterator[Term]:
    """What an instance says of the policies, row by row; without sizes, of what no domain indexes."""
    for name, declared in spec.rigids.items():
        if not sized and any(
            isinstance(sort, Domain) for sort in (*declared.arguments, declared.sort)
        ):
            continue
        op = "apply" if declared.arguments else "rigid"
        for row, value in zip(rows(declared, instance.sizes), instance.rigid[name], strict=True):
            given = tuple(map(_constant, declared.arguments, row))
            yield Term(op, given, declared.sort, name).eq(_constant(declared.sort, value))


def _constant(sort: Sort, value: Value) -> Term:
    if isinstance(sort, Bool):
        return lift(bool(value), sort)
    if isinstance(sort, Enum | Domain):
        return Term("const", (), sort, int(value))
    return lift(value if sort == DURATION else int(value), sort)
