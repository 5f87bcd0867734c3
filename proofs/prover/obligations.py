"""What is to be shown so that a promise holds in every run: 1-induction over all invariants.

The invariants are the promises of the kind Always and the declared lemmas. Each holds at the start, and
each action, and the passing of time, keeps each of them, given all of them before. A promise of the kind
Whenever is shown for every action from the invariants alone. What must not be is stated, so each
obligation must be unsatisfiable; its hypotheses are named, so that a proof tells which it used, and all
that it may take as given is kept by what it is about, so that a proof need not look at the rest.

Of a family one element is followed. An action of another element may still change records: what that
owes is an obligation of its own, with `elsewhere` in its name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.language.generate import DELAY
from model.language.sorts import Int, Maybe
from model.language.specification import Action
from model.language.terms import Term, subterms
from model.promises import Always, Whenever
from proofs.prover import smt
from proofs.prover.footprint import NOW, footprint, footprints, variable
from proofs.prover.lowering import Clock, Lowering, Names, State, changed, later, same
from proofs.prover.smt import Formula

Made = Mapping[str, Always | Whenever]
Facts = Mapping[str, Sequence[Formula]]
Formulas = tuple[Formula, ...]
Reads = frozenset[str]
#: what an obligation is about that belongs to no promise: values stay in their sorts
TYPES = "types"
#: marks what is said of an element that is not followed
_OTHER = "elsewhere "


@dataclass(frozen=True)
class Hypothesis:
    """An invariant before the step, by name, and the variables and parameters that it reads."""

    name: str
    formula: Formula
    reads: Reads


@dataclass(frozen=True, eq=False)
class Step:
    """A step from a state: what it takes, by what it reads, and what may be taken as given.

    facts       types, policies, deadlines, by the name that each is about
    hypotheses  the invariants before it
    """

    taken: Formulas
    reads: Reads
    facts: Facts
    hypotheses: tuple[Hypothesis, ...] = ()


@dataclass(frozen=True)
class Obligation:
    """A question that must have no answer.

    invariant   the promise or lemma that it is about, or TYPES
    where       "start", "delay", or the action that must keep it
    step        what is given
    wrong       what must not be, and the names that it reads
    """

    invariant: str
    where: str
    step: Step
    wrong: Formulas
    reads: Reads

    @property
    def fixed(self) -> list[Formula]:
        """All of it but the hypotheses."""
        facts = [fact for known in self.step.facts.values() for fact in known]
        return [*facts, *self.step.taken, *self.wrong]

    @property
    def hypotheses(self) -> list[tuple[str, Formula]]:
        """The invariants before the step, by name."""
        return [(item.name, item.formula) for item in self.step.hypotheses]

    def sliced(self, used: Iterable[str]) -> list[Formula]:
        """What speaks of the step, of what must not be, and of these hypotheses: enough for a proof
        that used them."""
        kept = [item for item in self.step.hypotheses if item.name in set(used)]
        names = self.reads.union(self.step.reads, *(item.reads for item in kept))
        facts = [fact for name, known in self.step.facts.items() if name in names for fact in known]
        return [*facts, *self.step.taken, *self.wrong, *(item.formula for item in kept)]


class Induction:
    """The obligations of a set of promises and lemmas over one specification.

    assuming   what is taken as given of the policies: a profile, switches that are off
    before     the state before a step
    """

    def __init__(self, lowering: Lowering, made: Made, assuming: Sequence[Term] = ()) -> None:
        self._low = lowering
        self.made = made
        self.terms: dict[str, Term] = {
            name: item.term for name, item in made.items() if isinstance(item, Always)
        }
        self.before = self._before = lowering.state("0")
        self._policies: dict[str, list[Formula]] = lowering.policy_facts()
        for term in assuming:
            for name in footprint(term):
                self._policies[name].append(lowering.formula(term, self._before))
        self._facts: Facts = {**self._policies, **lowering.facts(self._before)}
        self._known = tuple(
            Hypothesis(name, lowering.formula(term, self._before), footprint(term))
            for name, term in self.terms.items()
        )
        self._start = Step(tuple(lowering.initial(self._before)), frozenset(), self._policies)
        self._steps: dict[str, tuple[Action, Step, State]] = {}
        self._strange: dict[str, tuple[Action, Step, State]] = {}
        self._delay: tuple[Step, State] | None = None

    def of(self, name: str) -> Iterator[Obligation]:
        """Everything owed to one promise or lemma."""
        item = self.made[name]
        yield from self._by_itself(name, item)
        for action in self._low.spec.actions.values():
            yield from self.for_action(name, action)

    def for_action(self, name: str, action: Action) -> Iterator[Obligation]:
        """What an action owes to one promise or lemma: nothing if it changes none of its variables."""
        yield from self._by_action(name, self.made[name], action)

    def supposed(self, name: str, term: Term) -> Iterator[Obligation]:
        """Everything owed to a term that is no promise or lemma, so that it is an invariant too."""
        item = Always(term, term)
        own = Hypothesis(name, self._low.formula(term, self._before), footprint(term))
        obligations = list(self._by_itself(name, item))
        for action in self._low.spec.actions.values():
            obligations += self._by_action(name, item, action)
        for owed in obligations:
            step = replace(owed.step, hypotheses=(*owed.step.hypotheses, own))
            yield owed if owed.step is self._start else replace(owed, step=step)

    def _by_itself(self, name: str, item: Always | Whenever) -> Iterator[Obligation]:
        """At the start, and when time passes."""
        if isinstance(item, Always):
            wrong = smt.negated(self._low.formula(item.term, self._before))
            yield Obligation(name, "start", self._start, (wrong,), footprint(item.term))
        if any(part.op in ("running", "expired", "left") for part in subterms(_watched(item))):
            yield self._owed(name, item, DELAY, *self._waits())

    def _by_action(
        self, name: str, item: Always | Whenever, action: Action
    ) -> Iterator[Obligation]:
        watched = footprint(_watched(item))
        if _written_by(action) & watched:
            yield self._owed(name, item, action.name, *self._step(action))
        records = {variable(*target.data) for target, _ in action.updates if target.op == "var"}
        if records & watched and any(p.sort in self._low.spec.families for p in action.params):
            yield self._owed(name, item, f"{action.name} elsewhere", *self._elsewhere(action))

    def types(self, action: Action) -> Iterator[Obligation]:
        """An action stores no number outside its range, and arms no urgent timer in the past."""
        step, after = self._step(action)
        for target, value in action.updates:
            sort, stored = target.sort, after.values[(*target.data, 0)]
            if isinstance(sort, Int) and not _within(value.sort, sort):
                wrong = smt.any_of([stored < sort.low, stored > sort.high])
            elif isinstance(stored, Clock) and value.op != "const" and self._urgent(target):
                wrong = smt.all_of([stored.on, stored.deadline < self._before.now])
            else:
                continue
            where = f"{action.name} {target}"
            yield Obligation(TYPES, where, step, (wrong,), footprint(value))

    def punctual(self) -> Obligation:
        """Time passes no urgent deadline."""
        step, after = self._waits()
        found = dict[str, Formula](self._low.punctual(after))
        wrong = smt.negated(smt.all_of(found.values()))
        return Obligation(TYPES, DELAY, step, (wrong,), frozenset((*found, NOW)))

    def implied(self, action: Action, term: Term, given: Sequence[Term]) -> Obligation:
        """Whether the invariants and these other guards of an action already say `term`."""
        names, bounds = self._low.parameters(action, "0")
        guards = [self._low.formula(item, self._before, names) for item in given]
        step = Step((*bounds, *guards), footprints(given), self._facts, self._known)
        wrong = smt.negated(self._low.formula(term, self._before, names))
        return Obligation("implied", action.name, step, (wrong,), footprint(term))

    def covered(self, action: Action, given: Sequence[Term], by: Sequence[Action]) -> Obligation:
        """Whether each step of an action in a state in which all this holds is a step of another of
        these, or changes nothing. A parameter of the other is that of the same name, or what a variable
        holds."""
        names, bounds = self._low.parameters(action, "0")
        guards = [self._low.formula(item, self._before, names) for item in given]
        after, reads = self._low.after(action, self._before, names), _read_by(action)
        ways = [_alike(after, self._before)]
        for other in by:
            reads |= _read_by(other)
            for theirs, some in self._instances(other, names):
                taken = self._low.guards(other, self._before, theirs)
                result = self._low.after(other, self._before, theirs)
                ways.append(smt.all_of([*some, *taken, _alike(after, result)]))
        reads |= frozenset(n for known in (action, *by) for n in _written_by(known))
        step = Step((*bounds, *guards), reads, self._facts, self._known)
        wrong = smt.negated(smt.any_of(ways))
        return Obligation("covered", action.name, step, (wrong,), reads)

    def satisfies(self, term: Term, *, invariants: bool) -> list[Formula]:
        """A typed state, of the invariants or not, in which this holds."""
        facts = [fact for known in self._facts.values() for fact in known]
        known = [item.formula for item in self._known] if invariants else []
        return [*facts, *known, self._low.formula(term, self._before)]

    # ---- pieces
    def _instances(self, action: Action, names: Names) -> Iterator[tuple[Names, Formulas]]:
        """Values for the parameters of an action: those of these names, or what a variable holds that
        may be none."""
        own, _ = self._low.parameters(action, "0")
        choices: list[list[tuple[Any, Formulas]]] = []
        for item in action.params:
            here: list[tuple[Any, Formulas]] = []
            if item.data in names:
                here.append((names[item.data], ()))
            if item.sort in self._low.spec.families:
                here = [(own[item.data], ())]
            for (group, field, _), value in self._before.values.items():
                sort = self._low.spec.groups[group].field(field).sort
                if isinstance(sort, Maybe) and sort.domain == item.sort:
                    here.append((value.element, (smt.negated(value.none),)))
            choices.append(here)
        for chosen in itertools.product(*choices):
            keys = (str(item.data) for item in action.params)
            given = dict(zip(keys, (value for value, _ in chosen), strict=True))
            yield given, tuple(fact for _, facts in chosen for fact in facts)

    def _waits(self) -> tuple[Step, State]:
        """Time passes: that no urgent deadline does is a fact of each timer."""
        if self._delay is None:
            until = self._low.moment("1")
            facts = {name: list(known) for name, known in self._facts.items()}
            for name, fact in self._low.may_wait(self._before, until):
                facts.setdefault(name, []).append(fact)
            step = Step((), frozenset((NOW,)), facts, self._known)
            self._delay = step, later(self._before, until)
        return self._delay

    def _urgent(self, timer: Term) -> bool:
        return self._low.spec.field_of(timer).urgent

    def _step(self, action: Action) -> tuple[Step, State]:
        """An action as a step, worked out once: most invariants ask for most actions."""
        known = self._steps.get(action.name)
        if known is None or known[0] is not action:
            names, bounds = self._low.parameters(action, "0")
            taken = (*bounds, *self._low.guards(action, self._before, names))
            after = self._low.after(action, self._before, names)
            step = Step(taken, _read_by(action), self._facts, self._known)
            known = self._steps[action.name] = action, step, after
        return known[1:]

    def _elsewhere(self, action: Action) -> tuple[Step, State]:
        """The same action of an element that is not followed: only records change."""
        known = self._strange.get(action.name)
        if known is None or known[0] is not action:
            strange, groups = self._low.state("elsewhere"), self._low.spec.groups
            own = {k: v for k, v in strange.values.items() if groups[k[0]].domain is not None}
            other = changed(self._before, own)
            names, bounds = self._low.parameters(action, "elsewhere")
            written = self._low.updates(action, other, names)
            records = {k: v for k, v in written.items() if groups[k[0]].domain is None}
            taken = (*bounds, *self._low.guards(action, other, names))
            reads = self._renamed(_read_by(action))
            step = Step(taken, reads, *self._given_elsewhere(other))
            known = self._strange[action.name] = action, step, changed(self._before, records)
        return known[1:]

    def _given_elsewhere(self, other: State) -> tuple[Facts, tuple[Hypothesis, ...]]:
        """The facts and invariants of both elements: the one that is followed, and the other."""
        facts = dict(self._facts)
        for name, known in self._low.facts(other).items():
            if self._of_family(name):
                facts[_OTHER + name] = known
        theirs = [
            Hypothesis(
                f"{name}{OF_THE_OTHER}",
                self._low.formula(term, other),
                self._renamed(footprint(term)),
            )
            for name, term in self.terms.items()
            if any(map(self._of_family, footprint(term)))
        ]
        return facts, (*self._known, *theirs)

    def _of_family(self, name: str) -> bool:
        group = self._low.spec.groups.get(name.split(".")[0])
        return "." in name and group is not None and group.domain is not None

    def _renamed(self, names: Reads) -> Reads:
        return frozenset(_OTHER + name if self._of_family(name) else name for name in names)

    def _owed(
        self, name: str, item: Always | Whenever, where: str, step: Step, after: State
    ) -> Obligation:
        if isinstance(item, Always):
            wrong: Formulas = (smt.negated(self._low.formula(item.term, after)),)
            return Obligation(name, where, step, wrong, footprint(item.term))
        wrong = (
            smt.negated(self._low.formula(item.event, self._before)),
            self._low.formula(item.event, after),
            smt.negated(self._low.formula(item.needs, self._before)),
        )
        return Obligation(name, where, step, wrong, footprint(item.event) | footprint(item.needs))


#: ends the names of invariants about an element that is not followed
OF_THE_OTHER = " of the other"


def hypothesis(name: str) -> str:
    """The invariant that a hypothesis is an instance of."""
    return name.removesuffix(OF_THE_OTHER)


def _read_by(action: Action) -> Reads:
    """What the guards and the updates of an action read."""
    guards, updates = (item.term for item in action.guards), (value for _, value in action.updates)
    return footprints(guards) | footprints(updates)


def _written_by(action: Action) -> Reads:
    return frozenset(variable(*target.data) for target, _ in action.updates)


def _alike(one: State, other: State) -> Formula:
    """Whether two states are the same."""
    pairs = ((value, other.values[key]) for key, value in one.values.items())
    return smt.all_of(same(a, b) for a, b in pairs if a is not b)


def _watched(item: Always | Whenever) -> Term:
    return item.term if isinstance(item, Always) else item.event


def _within(sort: object, target: Int) -> bool:
    return isinstance(sort, Int) and target.low <= sort.low and sort.high <= target.high
