"""What is to be shown so that a promise holds in every run: 1-induction over all invariants.

The invariants are the promises of the kind Always and the declared lemmas. Each holds at the start, and
each action, and the passing of time, keeps each of them, given all of them before. A promise of the kind
Whenever is shown for every action from the invariants alone. What must not be is stated, so each
obligation must be unsatisfiable; its hypotheses are named, so that a proof tells which it used.

Of a family one element is followed. An action of another element may still change records: what that
owes is an obligation of its own, with `elsewhere` in its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.language.generate import DELAY
from model.language.sorts import Int
from model.language.specification import Action
from model.language.terms import Term, subterms
from model.promises import Always, Whenever
from proofs.prover import smt
from proofs.prover.lowering import Clock, Lowering, Names, State, reads
from proofs.prover.smt import Formula

Made = Mapping[str, Always | Whenever]
Hypotheses = tuple[tuple[str, Formula], ...]
#: what an obligation is about that belongs to no promise: values stay in their sorts
TYPES = "types"


@dataclass(frozen=True)
class Obligation:
    """A question that must have no answer.

    invariant   the promise or lemma that it is about, or TYPES
    where       "start", "delay", or the action that must keep it
    fixed       policies, types, the step, and what must not be
    hypotheses  the invariants before the step, by name
    """

    invariant: str
    where: str
    fixed: tuple[Formula, ...]
    hypotheses: Hypotheses = ()


@dataclass(frozen=True)
class _Step:
    action: Action
    names: Names
    taken: Sequence[Formula]
    after: State


class Induction:
    """The obligations of a set of promises and lemmas over one specification.

    assuming   what is taken as given of the policies: a profile, switches that are off
    """

    def __init__(self, lowering: Lowering, made: Made, assuming: Sequence[Term] = ()) -> None:
        self._low = lowering
        self.made = made
        self.terms: dict[str, Term] = {
            name: item.term for name, item in made.items() if isinstance(item, Always)
        }
        self._before = lowering.state("0")
        given = [lowering.formula(term, self._before) for term in assuming]
        self._policies = [*lowering.policies(), *given]
        self._fixed = [*self._policies, *lowering.typed(self._before)]
        self._known = self._hypotheses(self._before)
        self._steps: dict[str, _Step] = {}

    def of(self, name: str) -> Iterator[Obligation]:
        """Everything owed to one promise or lemma."""
        item = self.made[name]
        if isinstance(item, Always):
            start = self._before
            wrong = smt.negated(self._low.formula(item.term, start))
            yield Obligation(name, "start", (*self._policies, *self._low.initial(start), wrong))
        for action in self._low.spec.actions.values():
            yield from self.for_action(name, action)
        if any(part.op in ("running", "expired", "left") for part in subterms(_watched(item))):
            until = self._later()
            after = State(self._before.values, until)
            yield self._owed(name, DELAY, after, self._low.may_wait(self._before, until))

    def for_action(self, name: str, action: Action) -> Iterator[Obligation]:
        """What an action owes to one promise or lemma: nothing if it changes none of its variables."""
        watched = reads(_watched(self.made[name]))
        if {target.data for target, _ in action.updates} & watched:
            step = self._step(action)
            yield self._owed(name, action.name, step.after, step.taken)
        records = {target.data for target, _ in action.updates if target.op == "var"}
        if records & watched and any(p.sort in self._low.spec.families for p in action.params):
            yield self._elsewhere(name, action)

    def types(self, action: Action) -> Iterator[Obligation]:
        """An action stores no number outside its range, and arms no urgent timer in the past."""
        step = self._step(action)
        fixed = (*self._fixed, *step.taken)
        for target, value in action.updates:
            stored = self._low.value(value, self._before, step.names)
            sort = target.sort
            if isinstance(sort, Int) and not _within(value.sort, sort):
                wrong = smt.any_of([stored < sort.low, stored > sort.high])
            elif isinstance(stored, Clock) and value.op != "const" and self._urgent(target):
                wrong = smt.all_of([stored.on, stored.deadline < self._before.now])
            else:
                continue
            yield Obligation(TYPES, f"{action.name} {target}", (*fixed, wrong), self._known)

    def punctual(self) -> Obligation:
        """Time passes no urgent deadline."""
        until = self._later()
        after = State(self._before.values, until)
        wrong = smt.negated(smt.all_of(self._low.punctual(after)))
        taken = self._low.may_wait(self._before, until)
        return Obligation(TYPES, DELAY, (*self._fixed, *taken, wrong), self._known)

    def implied(self, action: Action, term: Term, given: Sequence[Term]) -> Obligation:
        """Whether the invariants and these other guards of an action already say `term`."""
        names, bounds = self._low.parameters(action, "0")
        fixed = [*self._fixed, *bounds]
        fixed += [self._low.formula(item, self._before, names) for item in given]
        wrong = smt.negated(self._low.formula(term, self._before, names))
        return Obligation("implied", action.name, (*fixed, wrong), self._known)

    def satisfies(self, term: Term, *, invariants: bool) -> list[Formula]:
        """A typed state, of the invariants or not, in which this holds."""
        known = [formula for _, formula in self._known] if invariants else []
        return [*self._fixed, *known, self._low.formula(term, self._before)]

    # ---- pieces
    def _urgent(self, timer: Term) -> bool:
        return self._low.spec.field_of(timer).urgent

    def _later(self) -> Formula:
        return self._low.state("1").now

    def _step(self, action: Action) -> _Step:
        """An action as a step, worked out once: most invariants ask for most actions."""
        known = self._steps.get(action.name)
        if known is None or known.action is not action:
            names, bounds = self._low.parameters(action, "0")
            taken = [*bounds, *self._low.guards(action, self._before, names)]
            after = self._low.after(action, self._before, names)
            known = self._steps[action.name] = _Step(action, names, taken, after)
        return known

    def _hypotheses(self, before: State, of: str = "") -> Hypotheses:
        return tuple(
            (name + of, self._low.formula(term, before)) for name, term in self.terms.items()
        )

    def _owed(
        self,
        name: str,
        where: str,
        after: State,
        taken: Sequence[Formula],
        more: Hypotheses = (),
    ) -> Obligation:
        item = self.made[name]
        if isinstance(item, Always):
            wrong = [smt.negated(self._low.formula(item.term, after))]
        else:
            wrong = [
                smt.negated(self._low.formula(item.event, self._before)),
                self._low.formula(item.event, after),
                smt.negated(self._low.formula(item.needs, self._before)),
            ]
        return Obligation(name, where, (*self._fixed, *taken, *wrong), (*self._known, *more))

    def _elsewhere(self, name: str, action: Action) -> Obligation:
        """The same action of an element that is not followed: only records change."""
        strange, groups = self._low.state("elsewhere"), self._low.spec.groups
        seen = {
            key: (strange.values[key] if groups[key[0]].domain else value)
            for key, value in self._before.values.items()
        }
        other = State(seen, self._before.now)
        names, bounds = self._low.parameters(action, "elsewhere")
        written = self._low.updates(action, other, names)
        records = {key: value for key, value in written.items() if groups[key[0]].domain is None}
        taken = [*bounds, *self._low.typed(other), *self._low.guards(action, other, names)]
        after = State({**self._before.values, **records}, self._before.now)
        of = self._hypotheses(other, of=" of the other")
        return self._owed(name, f"{action.name} elsewhere", after, taken, of)


def _watched(item: Always | Whenever) -> Term:
    return item.term if isinstance(item, Always) else item.event


def _within(sort: object, target: Int) -> bool:
    return isinstance(sort, Int) and target.low <= sort.low and sort.high <= target.high
