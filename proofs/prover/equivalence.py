"""Proofs that a mutant does what the specification does.

Both directions are shown, as steps between states of the invariants: each step of the mutant is a step
of the specification, by the same action or another, or changes nothing; and the other way round. Ghosts
count: what only observes is part of the state here. So the two have the same runs, up to the names of
the actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from model.language.sorts import Bool, Domain, Enum, Int, Sort, Timer
from model.language.specification import Action, Specification
from model.language.terms import Term, conjunction, every, lift
from proofs.prover.asking import Asker
from proofs.prover.footprint import free
from proofs.prover.mutations import Mutant, changed
from proofs.prover.obligations import Induction


class Equivalence:
    """Compares the mutants of one specification with it."""

    def __init__(self, spec: Specification, induction: Induction, asker: Asker) -> None:
        self._spec, self._induction, self._asker = spec, induction, asker

    def implied(self, mutant: Mutant) -> str:
        """Why the changed guard makes no difference; empty if the invariants and the other guards do not
        say it. The cheapest question: it is asked first."""
        if mutant.guard is None:
            return ""
        action, guards, alike = self._compared(mutant)
        owed = self._induction.implied(action, alike, guards)
        said = self._asker.part(owed).verdict == "unsat"
        return "the invariants and the other guards already say it" if said else ""

    def quickly(self, mutant: Mutant) -> str:
        """Why the changed guard or update makes no difference; empty if that is not proved."""
        if mutant.guard is None:
            action = self._spec.actions[mutant.action]
            guards, new = [item.term for item in action.guards], changed(action, mutant)
            # Each step as before is one without the update, and the other way round.
            same = self._covered(action, guards, [new]) and self._covered(new, guards, [action])
            return "the variable has that value already" if same else ""
        action, guards, alike = self._compared(mutant)
        if self._covered(action, [*guards, ~alike], []):
            return "where the two guards differ, the action changes nothing"
        return self.implied(mutant)

    def _compared(self, mutant: Mutant) -> tuple[Action, list[Term], Term]:
        """The action, its other guards, and whether the changed one says what it said."""
        action = self._spec.actions[mutant.action]
        guards = [item.term for item in action.guards]
        assert mutant.guard is not None
        return action, guards, _alike(guards.pop(mutant.guard), mutant)

    def by_a_new_invariant(self, mutant: Mutant) -> str:
        """The other guard, or all of them, that make no difference, shown by an invariant of its own."""
        action = self._spec.actions[mutant.action]
        guards = {item.name: item.term for item in action.guards}
        if mutant.guard is None:
            assert mutant.target is not None
            value = dict(action.updates)[mutant.target]
            if isinstance(mutant.target.sort, Timer):
                return ""
            alike = mutant.target.eq(value)
        else:
            alike = _alike(guards.pop(action.guards[mutant.guard].name), mutant)
        named = [*((name, term) for name, term in guards.items()), *_together(guards)]
        for name, given in named:
            if self._invariant(_for_all_parameters(given.implies(alike), self._spec)):
                return f"whenever {name} holds it makes no difference, by an invariant of its own"
        return ""

    def _invariant(self, term: Term) -> bool:
        owed = self._induction.supposed("supposed", term)
        return all(self._asker.part(item).verdict == "unsat" for item in owed)

    def by_another_step(self, mutant: Mutant) -> str:
        """Which actions do what the mutated one does beyond or beside the original, and the other way
        round; empty if that is not proved."""
        old = self._spec.actions[mutant.action]
        new = changed(old, mutant)
        others = [a for n, a in self._spec.actions.items() if n != old.name and _comparable(a, old)]
        several = [others] if len(others) > 1 else []
        for some in [[], *([item] for item in others), *several]:
            there = self._covered(new, [item.term for item in new.guards], [old, *some])
            if there and self._covered(old, [item.term for item in old.guards], [new, *some]):
                names = (
                    ", ".join(item.name for item in some) or f"{old.name} with others' parameters"
                )
                return f"a step of the one that is none of the other is one of {names}"
        return ""

    def _covered(self, action: Action, given: Sequence[Term], by: Sequence[Action]) -> bool:
        owed = self._induction.covered(action, given, by)
        return self._asker.part(owed).verdict == "unsat"


def _comparable(other: Action, action: Action) -> bool:
    """Whether another action can do the same: it writes no other constant."""
    values = dict(action.updates)
    shared = [(value, values[target]) for target, value in other.updates if target in values]
    return bool(shared) and not any(
        a.op == "const" and b.op == "const" and a is not b for a, b in shared
    )


def _alike(old: Term, mutant: Mutant) -> Term:
    """Whether the two guards say the same."""
    assert mutant.term is not None
    return (old & mutant.term) | (~old & ~mutant.term)


def _together(guards: Mapping[str, Term]) -> Iterator[tuple[str, Term]]:
    if len(guards) > 1:
        yield "every other guard", conjunction(*guards.values())


def _for_all_parameters(term: Term, spec: Specification) -> Term:
    """The term for all parameters in it but elements of families."""
    for item in sorted(free(term), key=lambda item: str(item.data)):
        if item.sort in spec.families:
            continue
        if isinstance(item.sort, Domain):
            term = every(item.sort, partial(substituted, term, item))
        else:
            term = conjunction(*(substituted(term, item, value) for value in _values(item.sort)))
    return term


def _values(sort: Sort) -> Iterator[Term]:
    if isinstance(sort, Bool):
        yield from (lift(False, sort), lift(True, sort))
    elif isinstance(sort, Enum):
        yield from (lift(member, sort) for member in sort.members)
    elif isinstance(sort, Int):
        yield from (lift(value, sort) for value in range(sort.low, sort.high + 1))


def substituted(term: Term, item: Term, value: Term) -> Term:
    """The term with a value in the place of one of its terms."""
    if term is item:
        return value
    if not term.args:
        return term
    args = tuple(substituted(part, item, value) for part in term.args)
    return Term(term.op, args, term.sort, term.data)
