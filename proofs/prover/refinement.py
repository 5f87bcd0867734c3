"""Refinement: a detailed machine, put in the place of a part of an abstract one, does nothing that the
abstract one could not do. So what is proved of the abstract machine holds of the detailed one too.

The part is some variables of the abstract machine; a mapping says what each of them is in the detailed
one. Shown for every action of the detailed machine, under its invariants: the part stays as it is, or it
changes as in one of the abstract actions that are named, whose guards hold. Besides: the part is at its
start where the detailed machine is, and time does not pass a deadline of the part.

Assumed and guaranteed (modelling notes, section 4). Some actions are joint: the caller takes part in
them. What their abstract guards read besides the part is the caller's to see to, and the joint action
is taken only if both agree. All other actions are the part's own: their abstract actions read and write
nothing but the part and what was handed over. What the caller hands over is a parameter of the detailed
machine, for all of whose values it is shown: so it may be read only after it was handed over, from when
on it is needed for ever, and no action of the caller changes it any more. All three are shown. Nobody
else writes the part: every action that does is named. It is not circular: each guard is asked of the state before the step, by whoever owns what
it reads, and the detailed machine takes every request that the abstract part would take (`accepts`),
so that it does not keep its promises by doing nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from model.language.errors import SpecificationError
from model.language.generate import DELAY
from model.language.sorts import Int
from model.language.specification import Action, Specification
from model.language.terms import FALSE, TRUE, Term, fits, interval, subterms
from model.promises import Always
from model.run import fingerprint
from proofs.prover import smt
from proofs.prover.asking import Asker
from proofs.prover.footprint import footprint, footprints, variable
from proofs.prover.lemmas import lemmas
from proofs.prover.lowering import Lowering, Names, State, Value, later, same
from proofs.prover.obligations import Hypothesis, Made, Obligation, Step
from proofs.prover.proving import Answered, Question, settled
from proofs.prover.smt import Formula

Variable = tuple[str, str]  # group, field
_NOTHING: Mapping[str, Term] = MappingProxyType({})


@dataclass(frozen=True)
class Is:
    """An abstract action, and what its parameters are, over variables and parameters of the concrete
    one; those that nothing of the part reads need no value."""

    action: str
    given: Mapping[str, Term] = field(default_factory=dict)


@dataclass(frozen=True)
class Accepts:
    """A request of the caller: the abstract action, and the concrete one that takes it.

    given    the parameters of the concrete action
    when     over the part: what is so whenever the caller asks, as is shown of it
    unless   over the concrete variables: when the request may be refused
    """

    request: str
    action: str
    given: Mapping[str, Term] = field(default_factory=dict)
    when: Term = TRUE
    unless: Term = FALSE


@dataclass(frozen=True)
class Simulation:
    """A detailed machine as a part of an abstract one.

    concrete, abstract   the two machines
    proved, caller       what is proved of the one, and of the other
    mapping   each variable of the part -> what it is, over the concrete machine
    inputs    what the part reads besides (parameters, what the caller hands over) -> over the concrete
    may_be    concrete action -> the abstract actions that it may be, if it does not leave the part as it is
    joint     the concrete actions in which the caller takes part
    accepts   the requests that are taken
    needed    over the part: inputs are handed over, once, and stay as they are
    assuming  of the concrete machine's parameters
    """

    concrete: Specification
    abstract: Specification
    proved: Made
    mapping: Mapping[Term, Term]
    may_be: Mapping[str, Sequence[Is]]
    inputs: Mapping[Term, Term] = field(default_factory=dict)
    joint: frozenset[str] = frozenset()
    accepts: Sequence[Accepts] = ()
    needed: Term = TRUE
    caller: Made = field(default_factory=dict)
    assuming: Sequence[Term] = ()

    def __post_init__(self) -> None:
        _check(self)

    @property
    def part(self) -> dict[Variable, Term]:
        """What each variable of the part is."""
        return {variable.data: term for variable, term in self.mapping.items()}

    def mapped(self, term: Term, given: Mapping[str, Term] = _NOTHING) -> Term:
        """An abstract term as it is in the concrete machine; KeyError for one that reads more than the
        part, the inputs and the parameters given."""
        if term in self.inputs:
            return self.inputs[term]
        if term.op in ("var", "cell"):
            return self.part[term.data]
        if term.op == "param":
            return given[term.data]
        if term.op in ("rigid", "apply"):
            raise KeyError(str(term))
        if term.op == "ite":
            when = self.mapped(term.args[0], given)
            left, right = when.args if when.op == "eq" else (when, when)
            if left.op == right.op == "const" and left is not when:  # a parameter that is given
                return self.mapped(term.args[1 if left.data == right.data else 2], given)
        args = tuple(self.mapped(item, given) for item in term.args)
        return Term(term.op, args, term.sort, term.data)

    def is_mapped(self, term: Term, given: Mapping[str, Term] = _NOTHING) -> bool:
        """Whether an abstract term reads nothing but the part, the inputs and the parameters given."""
        try:
            self.mapped(term, given)
        except KeyError:
            return False
        return True

    def reads_what_was_handed_over(self, item: Is) -> bool:
        """Whether an abstract action reads an input that depends on the caller's variables."""
        action = self.abstract.actions[item.action]
        terms = [guard.term for guard in action.guards]
        terms += [value for target, value in action.updates if target.data in self.part]
        return any(
            part in self.inputs and any(x.op in ("var", "cell") for x in subterms(part))
            for term in terms
            for part in subterms(term)
        )

    def left_to_the_caller(self) -> dict[str, tuple[str, ...]]:
        """What is assumed of the caller: for each joint action the abstract guards that it sees to."""
        return {
            name: tuple(
                f"{item.action}: {guard.name}"
                for item in self.may_be.get(name, ())
                for guard in self.abstract.actions[item.action].guards
                if not self.is_mapped(guard.term, item.given)
            )
            for name in sorted(self.joint)
        }


@dataclass(frozen=True)
class Refinement:
    """A declared refinement, between two machines by name; `says` is its docstring."""

    name: str
    requirements: tuple[str, ...]
    says: str
    concrete: str
    abstract: str
    made: Callable[[], Simulation]


REFINEMENTS: dict[str, Refinement] = {}


def refinement(
    requirements: str, *, of: str, to: str
) -> Callable[[Callable[[], Simulation]], Callable[[], Simulation]]:
    """Register a refinement of the machine `to` by the machine `of` under its function's name."""

    def register(made: Callable[[], Simulation]) -> Callable[[], Simulation]:
        name, says = made.__name__, " ".join((made.__doc__ or "").split())
        assert says and name not in REFINEMENTS, name
        REFINEMENTS[name] = Refinement(name, tuple(requirements.split()), says, of, to, made)
        return made

    return register


def refinements() -> dict[str, Refinement]:
    """All of them, by name, in their order."""
    import proofs.prover.refinements  # noqa: F401  (they register)

    return REFINEMENTS


# ---- what is declared must fit together
def _check(made: Simulation) -> None:
    for item, term in (*made.mapping.items(), *made.inputs.items()):
        if not fits(term.sort, item.sort):
            raise SpecificationError(f"{item} is a {item.sort}, its image a {term.sort}")
    for item in made.mapping:
        if item.op not in ("var", "cell"):
            raise SpecificationError(f"{item} is not a variable")
        # Of a family the step of any one element is shown: so nothing may be read that is one's own.
        if any(part.op == "cell" for part in subterms(made.mapping[item])):
            raise SpecificationError(f"{item} is read of one of many: keep it in a record")
    named = {way.action for ways in made.may_be.values() for way in ways}
    for action in made.abstract.actions.values():
        if _written(made, action) and action.name not in named:
            raise SpecificationError(f"{action.name} writes the part: name a step that it is")
    for name, ways in made.may_be.items():
        for way in ways:
            _check_step(made, made.concrete.actions[name], way)


def _check_step(made: Simulation, concrete: Action, item: Is) -> None:
    action = made.abstract.actions[item.action]
    for target, value in _written(made, action).items():
        if not made.is_mapped(value, item.given):
            raise SpecificationError(f"{action.name}: {target} := {value} reads what is not mapped")
    if concrete.name in made.joint:
        return
    foreign = [g.name for g in action.guards if not made.is_mapped(g.term, item.given)]
    foreign += [
        str(target)
        for target, _ in action.updates
        if target.data not in made.part and not made.abstract.field_of(target).ghost
    ]
    if foreign:
        raise SpecificationError(
            f"{concrete.name} is not a joint action, but {action.name} needs the caller: {foreign[0]}"
        )


def _written(made: Simulation, action: Action) -> dict[Term, Term]:
    """What an abstract action writes of the part."""
    return {target: value for target, value in action.updates if target.data in made.part}


# ---- what is to be shown
class Proof:
    """The obligations of a simulation."""

    def __init__(self, name: str, made: Simulation) -> None:
        self._name, self._made = name, made
        self._low = Lowering(made.concrete)
        self._before = self._low.state("0")
        self._policies = self._low.policy_facts()
        for term in made.assuming:
            for rigid in footprint(term):
                self._policies[rigid].append(self._low.formula(term, self._before))
        self._facts = {**self._policies, **self._low.facts(self._before)}
        self._known = _invariants(made.proved, self._low, self._before)

    def obligations(self) -> Iterator[Obligation]:
        """Everything that is owed, each by the name of the action that owes it."""
        yield self._start()
        for action in self._made.concrete.actions.values():
            yield self._step(action)
        yield self._delay()
        yield from self._ranges()
        yield from map(self._accepted, self._made.accepts)
        yield from Caller(self._name, self._made).obligations()

    def _start(self) -> Obligation:
        first = {
            (group.name, item.name): item.initial
            for group in self._made.abstract.groups.values()
            for item in group.fields
        }
        equal = [
            same(image, self._low.value(self._made.mapped(first[key]), self._before, {}))
            for key, image in self._part(self._before).items()
        ]
        names = frozenset(self._facts)
        step = Step(tuple(self._low.initial(self._before)), names, self._policies)
        wrong = smt.negated(smt.all_of(equal))
        return Obligation(self._name, "start", step, (wrong,), names)

    def _step(self, action: Action) -> Obligation:
        names, bounds = self._low.parameters(action, "0")
        taken = [*bounds, *self._low.guards(action, self._before, names)]
        after = self._low.after(action, self._before, names)
        stays = self._becomes({}, after)
        ways = [self._is(item, after, names) for item in self._made.may_be.get(action.name, ())]
        if action.name not in self._made.joint:
            needed = self._needed(self._before)
            for number, item in enumerate(self._made.may_be.get(action.name, ())):
                if self._made.reads_what_was_handed_over(item):
                    ways[number] = smt.all_of([needed, ways[number]])
        right = smt.all_of([smt.any_of([stays, *ways]), self._still_needed(after)])
        return self._owed(action.name, taken, smt.negated(right))

    def _needed(self, state: State) -> Formula:
        return self._low.formula(self._made.mapped(self._made.needed), state)

    def _still_needed(self, after: State) -> Formula:
        """What was handed over is not handed over again: the parameters would have to change."""
        return smt.implies(self._needed(self._before), self._needed(after))

    def _is(self, item: Is, after: State, names: Names) -> Formula:
        """The step is that abstract action: its guards hold, and the part becomes what it writes."""
        action = self._made.abstract.actions[item.action]
        guards = [
            self._low.formula(self._made.mapped(guard.term, item.given), self._before, names)
            for guard in action.guards
            if self._made.is_mapped(guard.term, item.given)
        ]
        written = {
            target.data: self._low.value(self._made.mapped(value, item.given), self._before, names)
            for target, value in _written(self._made, action).items()
        }
        return smt.all_of([*guards, self._becomes(written, after)])

    def _becomes(self, written: Mapping[Variable, Value], after: State) -> Formula:
        """The part is as it was, but for what is written."""
        old, new = self._part(self._before), self._part(after)
        return smt.all_of(same(new[key], written.get(key, value)) for key, value in old.items())

    def _delay(self) -> Obligation:
        """When time passes the part stays as it is, and none of its deadlines is passed."""
        until = self._low.moment("1")
        after = later(self._before, until)
        old, new = self._part(self._before), self._part(after)
        kept = [self._still_needed(after), *(same(new[key], value) for key, value in old.items())]
        for (group, name), value in old.items():
            if self._made.abstract.groups[group].field(name).urgent:
                due = smt.all_of([value.on, self._before.now <= value.deadline])
                kept.append(smt.implies(due, until <= value.deadline))
        waits = [fact for _, fact in self._low.may_wait(self._before, until)]
        return self._owed(DELAY, waits, smt.negated(smt.all_of(kept)))

    def _ranges(self) -> Iterator[Obligation]:
        """Numbers of the part are within their sorts."""
        for item, term in self._made.mapping.items():
            sort, (low, high) = item.sort, interval(term)
            if isinstance(sort, Int) and (low < sort.low or high > sort.high):
                value = self._low.value(term, self._before, {})
                wrong = smt.any_of([value < sort.low, value > sort.high])
                yield self._owed(f"range of {item}", [], wrong)

    def _accepted(self, item: Accepts) -> Obligation:
        """Where the part would take a request, so does the concrete machine."""
        low, request = self._low, self._made.abstract.actions[item.request]
        action = self._made.concrete.actions[item.action]
        guards = [
            low.formula(self._made.mapped(guard.term), self._before)
            for guard in request.guards
            if self._made.is_mapped(guard.term)
        ]
        names, bounds = low.parameters(action, "0")
        names |= {key: low.value(term, self._before, names) for key, term in item.given.items()}
        asked = low.formula(self._made.mapped(item.when), self._before)
        needs = smt.negated(low.formula(item.unless, self._before))
        refused = smt.negated(smt.all_of(low.guards(action, self._before, names)))
        return self._owed(f"accepts {item.request}", [*bounds, *guards, asked, needs], refused)

    # ---- pieces
    def _part(self, state: State) -> dict[Variable, Value]:
        """The part as the concrete state has it."""
        return {key: self._low.value(term, state, {}) for key, term in self._made.part.items()}

    def _owed(self, where: str, taken: Sequence[Formula], wrong: Formula) -> Obligation:
        """A detailed machine is small: nothing of it is left out of a question."""
        names = frozenset(self._facts)
        step = Step(tuple(taken), names, self._facts, self._known)
        return Obligation(self._name, where, step, (wrong,), names)


class Caller:
    """What the abstract machine owes to the part that is put into it."""

    def __init__(self, name: str, made: Simulation) -> None:
        self._name, self._made = name, made
        self._low = Lowering(made.abstract)
        self._before = self._low.state("0")
        self._known = _invariants(made.caller, self._low, self._before)
        self._facts = {**self._low.policy_facts(), **self._low.facts(self._before)}

    def obligations(self) -> Iterator[Obligation]:
        """It keeps what it has handed over, and asks only when it may."""
        for action in self._made.abstract.actions.values():
            written = {variable(*target.data) for target, _ in action.updates}
            touched = [item for item in self._made.inputs if written & footprint(item)]
            if touched:
                _refuse_elsewhere(self._made.abstract, action, touched)
                yield self._keeps(action, touched)
        for item in self._made.accepts:
            if item.when is not TRUE:
                action = self._made.abstract.actions[item.request]
                wrong = smt.negated(self._low.formula(item.when, self._before))
                yield self._owed(f"{action.name} asks in time", action, [item.when], [wrong])

    def _keeps(self, action: Action, inputs: Sequence[Term]) -> Obligation:
        names, _ = self._low.parameters(action, "0")
        after = self._low.after(action, self._before, names)
        changed = [
            smt.negated(
                same(self._low.value(item, self._before, {}), self._low.value(item, after, {}))
            )
            for item in inputs
        ]
        wrong = [smt.any_of(changed), self._low.formula(self._made.needed, after)]
        about = [*inputs, self._made.needed]
        return self._owed(f"{action.name} keeps inputs", action, about, wrong)

    def _owed(
        self, where: str, action: Action, about: Sequence[Term], wrong: Sequence[Formula]
    ) -> Obligation:
        names, bounds = self._low.parameters(action, "0")
        taken = (*bounds, *self._low.guards(action, self._before, names))
        guards, values = [g.term for g in action.guards], [v for _, v in action.updates]
        reads = footprints([*guards, *values])
        step = Step(taken, reads, self._facts, self._known)
        return Obligation(self._name, where, step, tuple(wrong), footprints(about))


def _refuse_elsewhere(spec: Specification, action: Action, inputs: Sequence[Term]) -> None:
    """An input may not be a record's variable that an element of a family writes: only one is followed."""
    of_many = any(item.sort in spec.families for item in action.params)
    read = {part.data for term in inputs for part in subterms(term) if part.op == "var"}
    if of_many and read & {target.data for target, _ in action.updates}:
        raise SpecificationError(f"{action.name} of another element changes an input")


def _invariants(made: Made, low: Lowering, state: State) -> tuple[Hypothesis, ...]:
    return tuple(
        Hypothesis(name, low.formula(item.term, state), footprint(item.term))
        for name, item in made.items()
        if isinstance(item, Always)
    )


# ---- answers
def check(name: str, question: Question | None = None) -> Answered:
    """Show a declared refinement; KeyError for a name that is not valid."""
    return shown(name, refinements()[name].made(), question or Question())


def shown(name: str, made: Simulation, question: Question) -> Answered:
    """Show a simulation, as an invariant is shown."""
    start = time.perf_counter()
    mark = f"{fingerprint(made.concrete)}, refines {fingerprint(made.abstract)}"
    obligations = Proof(name, made).obligations()
    return settled(name, obligations, Asker(lemmas(), question.seed), question, mark, start)
