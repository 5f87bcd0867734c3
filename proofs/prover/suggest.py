"""Lemmas suggested by a Horn solver (Spacer), for a chosen slice of the variables.

What the slice leaves out may be anything, so an invariant of the slice is one of the machine. But nothing
is believed: each conjunct of the solver's answer is read back as a term and shown by plain induction, with
the others that survive; what cannot be read back, or is not inductive, is left out. A time-out means that
there is no suggestion. Variables are Bool, Enum and Int; timers and domains are outside every slice.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.language.sorts import Bool, Enum, Int, Sort
from model.language.specification import Action, Specification
from model.language.terms import FALSE, TRUE, Term, conjunction, disjunction, lift
from model.promises import Always
from proofs.prover import smt
from proofs.prover.asking import Asker
from proofs.prover.footprint import footprint, free, variable
from proofs.prover.lowering import Lowering, Names, State
from proofs.prover.obligations import Induction, Made
from proofs.prover.smt import Clause, Formula

MILLISECONDS = 10_000
_PLAIN = (Bool, Enum, Int)


@dataclass(frozen=True)
class Suggested:
    """What came out.

    lemmas   inductive together, each of them shown again
    proves   whether the claim is inductive with them
    """

    lemmas: tuple[Term, ...]
    proves: bool


def suggest(
    spec: Specification,
    claim: Term,
    variables: Sequence[str],
    known: Made | None = None,
    milliseconds: int = MILLISECONDS,
) -> Suggested | None:
    """Lemmas for a claim over these variables ("record.field") and the policy parameters without
    arguments; None if the solver has none to suggest."""
    cut = _Slice(spec, variables)
    answer = smt.horn(cut.state, list(cut.clauses()), cut.wrong(claim), milliseconds)
    if answer is None:
        return None
    parts = (cut.term(part) for part in _conjuncts(smt.simplified(answer)))
    terms = [term for term in parts if term is not None]
    kept = _inductive(spec, terms, known or {})
    proves = _is_kept(spec, {**_named(kept), **(known or {})}, claim)
    return Suggested(tuple(kept), proves)


def _conjuncts(formula: Formula) -> Iterator[Formula]:
    head, parts, _ = smt.taken_apart(formula)
    if head == "and":
        for part in parts:
            yield from _conjuncts(part)
    else:
        yield formula


def _named(terms: Sequence[Term]) -> dict[str, Always]:
    return {f"suggested {number}": Always(term, TRUE) for number, term in enumerate(terms)}


def _inductive(spec: Specification, terms: Sequence[Term], known: Made) -> list[Term]:
    """Those that keep each other: what fails is left out, until nothing fails."""
    kept = list(terms)
    while True:
        made = _named(kept)
        induction, asker = Induction(Lowering(spec), {**made, **known}), Asker(made)
        lost = {name for name in made if not _shown(induction, asker, name)}
        if not lost:
            return kept
        kept = [item.claim for name, item in made.items() if name not in lost]


def _shown(induction: Induction, asker: Asker, name: str) -> bool:
    return all(asker.ask(owed).verdict == "unsat" for owed in induction.of(name))


def _is_kept(spec: Specification, made: Made, claim: Term) -> bool:
    induction = Induction(Lowering(spec), {**made, "claim": Always(claim, TRUE)})
    return _shown(induction, Asker(made), "claim")


class _Slice:
    """Some variables of a specification, as rules; everything else may be anything."""

    def __init__(self, spec: Specification, variables: Sequence[str]) -> None:
        self._spec, self._low = spec, Lowering(spec)
        self._before = self._low.state("0")
        self._terms: dict[str, Term] = {}
        for group in spec.groups.values():
            for field in group.fields:
                name = variable(group.name, field.name)
                if name in variables and group.domain is None and isinstance(field.sort, _PLAIN):
                    self._terms[name] = Term("var", (), field.sort, (group.name, field.name))
        missing = set(variables) - set(self._terms)
        if missing:
            raise KeyError(f"no Bool, Enum or Int of a record: {', '.join(sorted(missing))}")
        for name, declared in spec.rigids.items():
            if not declared.arguments and isinstance(declared.sort, _PLAIN):
                self._terms[name] = Term("rigid", (), declared.sort, name)
        self.state = [self._low.value(term, self._before, {}) for term in self._terms.values()]
        self._by_name = dict(zip(map(str, self.state), self._terms.values(), strict=True))

    def clauses(self) -> Iterator[Clause]:
        """The start, and each action that writes any of the variables."""
        first = self._low.state("start")
        start, bounds = [], []
        for term in self._terms.values():
            if term.op == "rigid":
                start.append(self._low.value(term, self._before, {}))
                bounds += self._bounds(term.sort, start[-1])
                continue
            initial = self._spec.field_of(term).initial
            inside = footprint(initial) <= set(self._terms)
            value = self._low.value(initial if inside else term, first, {})
            start.append(value)
            bounds += self._bounds(term.sort, value)
        yield Clause(bounds, start, from_start=True)
        for action in self._spec.actions.values():
            if any(variable(*target.data) in self._terms for target, _ in action.updates):
                yield self._step(action)

    def _step(self, action: Action) -> Clause:
        names, bounds = self._low.parameters(action, "0")
        taken = [*bounds, *(b for t in self._terms.values() for b in self._typed(t))]
        for item in action.guards:
            for part in item.term.args if item.term.op == "and" else (item.term,):
                if self._inside(part):
                    taken.append(self._low.formula(part, self._before, names))
        later = self._low.state("1")
        written = {variable(*target.data): value for target, value in action.updates}
        after = []
        for name, term in self._terms.items():
            value = self._value(term, written.get(name), names, later)
            after.append(value)
            taken += self._bounds(term.sort, value)
        return Clause(taken, after)

    def _value(self, term: Term, written: Term | None, names: Names, later: State) -> Formula:
        if written is None:
            return self._low.value(term, self._before, {})
        if self._inside(written):
            return self._low.value(written, self._before, names)
        return self._low.value(term, later, {})  # from outside the slice: anything

    def _inside(self, term: Term) -> bool:
        plain = all(isinstance(item.sort, _PLAIN) and item.op == "param" for item in free(term))
        return plain and footprint(term) <= set(self._terms)

    def _typed(self, term: Term) -> list[Formula]:
        return self._bounds(term.sort, self._low.value(term, self._before, {}))

    @staticmethod
    def _bounds(sort: Sort, value: Formula) -> list[Formula]:
        if isinstance(sort, Enum):
            return [value >= 0, value < len(sort.members)]
        return [value >= sort.low, value <= sort.high] if isinstance(sort, Int) else []

    def wrong(self, claim: Term) -> Formula:
        """That the claim does not hold."""
        if not self._inside(claim):
            raise KeyError(f"{claim} speaks of more than the slice")
        return smt.negated(self._low.formula(claim, self._before))

    # ---- reading back
    def term(self, formula: Formula) -> Term | None:
        """A formula over the slice as a term; None for what the language does not say."""
        head, parts, value = smt.taken_apart(formula)
        if head == "const" and isinstance(value, bool):
            return TRUE if value else FALSE
        if head == "name":
            return self._by_name.get(value)
        if head in ("le", "lt", "ge", "gt", "eq"):
            return self._compared(head, parts)
        below = [self.term(part) for part in parts]
        read = [term for term in below if term is not None]
        if len(read) < len(below) or head == "other":
            return None
        return _CONNECTED[head](*read) if head in _CONNECTED else None

    def _compared(self, head: str, parts: Sequence[Formula]) -> Term | None:
        """Two variables of one sort, or one and a number: of an Enum, its members that compare so."""
        sides = [self._side(part) for part in parts]
        if len(sides) != 2 or any(side is None for side in sides):
            return None
        left, right = sides
        if isinstance(left, int) and isinstance(right, Term):
            left, right, head = right, left, _TURNED[head]
        if not isinstance(left, Term):
            return None
        if isinstance(right, Term):
            ordered = isinstance(left.sort, Int) and isinstance(right.sort, Int)
            same = left.sort == right.sort and head == "eq"
            return _COMPARED[head](left, right) if ordered or same else None
        assert isinstance(right, int)
        if isinstance(left.sort, Enum):
            chosen = (m for n, m in enumerate(left.sort.members) if _HOLDS[head](n, right))
            return disjunction(*(left.eq(member) for member in chosen))
        if isinstance(left.sort, Int):
            return _COMPARED[head](left, lift(right, Int(right, right)))
        return None

    def _side(self, formula: Formula) -> Term | int | None:
        head, _, value = smt.taken_apart(formula)
        if head == "const" and not isinstance(value, bool):
            return int(value)
        return self.term(formula)


_CONNECTED: Mapping[str, Callable[..., Term]] = {
    "and": conjunction,
    "or": disjunction,
    "not": lambda item: ~item,
    "implies": lambda a, b: a.implies(b),
}
_HOLDS: Mapping[str, Callable[[int, int], bool]] = {
    "le": operator.le,
    "lt": operator.lt,
    "ge": operator.ge,
    "gt": operator.gt,
    "eq": operator.eq,
}
_COMPARED: Mapping[str, Callable[[Term, Term], Term]] = {
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "eq": lambda a, b: a.eq(b),
}
_TURNED = {"le": "ge", "lt": "gt", "ge": "le", "gt": "lt", "eq": "eq"}
