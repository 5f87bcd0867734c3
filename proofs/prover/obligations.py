"""What is to be shown so that a promise holds in every run: 1-induction over all invariants.

The invariants are the promises of the kind Always and the declared lemmas. Each holds at the start, and
each action keeps each of them, given all of them before. A promise of the kind Whenever is shown for
every action from the invariants alone. All formulas are negated: each obligation must be unsatisfiable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model.language.specification import Action
from model.language.terms import Term
from model.promises import Always, Whenever
from proofs.prover.smt import Formula, Lowering, State, negated, reads

Made = Mapping[str, Always | Whenever]


@dataclass(frozen=True)
class Obligation:
    """A formula that must have no model.

    invariant   the promise or lemma that it is about
    where       "start", "range of VARIABLE", or the action that must keep it
    """

    invariant: str
    where: str
    formulas: tuple[Formula, ...]


class Induction:
    """The obligations of a set of promises and lemmas over one specification."""

    def __init__(self, lowering: Lowering, made: Made) -> None:
        self._low = lowering
        self._spec = lowering.spec
        self.made = made
        self._terms: dict[str, Term] = {
            name: item.term for name, item in made.items() if isinstance(item, Always)
        }
        self._policies = lowering.policies()

    def of(self, name: str) -> Iterator[Obligation]:
        """The obligations that concern one promise or lemma directly."""
        item = self.made[name]
        if isinstance(item, Always):
            start = self._low.state("0")
            wrong = negated(self._low.formula(item.term, start))
            formulas = (*self._policies, *self._low.initial(start), wrong)
            yield Obligation(name, "start", formulas)
        for action in self._spec.actions.values():
            yield from self.for_action(name, action)

    def for_action(self, name: str, action: Action) -> Iterator[Obligation]:
        """What an action owes to one promise or lemma: nothing if it changes none of its variables."""
        item = self.made[name]
        changed = {target.data for target, _ in action.updates}
        watched = item.term if isinstance(item, Always) else item.event
        if not changed & reads(watched):
            return
        before, after, taken = self._step(action)
        if isinstance(item, Always):
            wrong = [negated(self._low.formula(item.term, after))]
        else:
            wrong = [
                negated(self._low.formula(item.event, before)),
                self._low.formula(item.event, after),
                negated(self._low.formula(item.needs, before)),
            ]
        yield Obligation(name, action.name, (*taken, *wrong))

    def _step(self, action: Action) -> tuple[State, State, list[Formula]]:
        """All invariants before, and the action."""
        before, after = self._low.state("0"), self._low.state("1")
        names, bounds = self._low.parameters(action, "0")
        known = [self._low.formula(term, before) for term in self._terms.values()]
        taken = [
            *self._policies,
            *self._low.typed(before),
            *known,
            *bounds,
            *self._low.step(action, before, after, names),
        ]
        return before, after, taken
