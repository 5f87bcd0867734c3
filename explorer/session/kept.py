"""Promises at every node: kept, broken here, or not yet spoken of.

A promise speaks when its premise holds, or its event comes to hold. It is broken where its bare claim
fails; the exceptions that its text admits are told apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from explorer.session.moments import Broken, Standing, Take
from explorer.session.specified import Specified
from explorer.session.tree import Node
from model.language.machine import Machine, State
from model.language.terms import Term
from model.promises import Always, Promise, Whenever, promises
from model.spec.parameters import METHOD
from model.spec.weaknesses import KNOWN
from proofs.search.predicates import Predicate, parameters, predicate, span


class _Instance:
    """A formula with values for its parameters; what decides is compiled when it is asked for.

    event  the premise of an Always
    """

    def __init__(self, machine: Machine, terms: Sequence[Term], transition: bool) -> None:
        self._machine, self._terms, self.transition = machine, terms, transition
        self.event: Predicate = predicate(machine, terms[0])

    @cached_property
    def fails(self) -> Predicate:
        """Whether the bare claim does not hold."""
        return predicate(self._machine, self._terms[1])

    @cached_property
    def excepted(self) -> Predicate:
        """Whether an exception of the promise's text holds."""
        return predicate(self._machine, self._terms[2])


Powers = tuple[tuple[str, bool], ...]


class Promises:
    """The promises about the machine of a source, compiled for it as it is asked for.

    What an attacker could do while a step was taken, he could do in that run: where a power is taken from
    him later, the promises still count it.
    """

    def __init__(self, source: Specified) -> None:
        self._source = source
        self.about: dict[str, Promise] = {
            name: item for name, item in promises().items() if item.machine == source.spec.name
        }
        self._compiled: dict[Powers, dict[str, list[_Instance]]] = {}
        self._kept: dict[Node, tuple[frozenset[str], tuple[Broken, ...]]] = {}
        self._had: dict[Node, frozenset[str]] = {}
        self._on: dict[Powers, frozenset[str]] = {}

    def _instances(self, node: Node) -> Mapping[str, Sequence[_Instance]]:
        powers = self._powers(node)
        if powers not in self._compiled:
            self._compiled[powers] = _compiled(
                self._source.machine(replace(node.moment, powers=powers))
            )
        return self._compiled[powers]

    def _powers(self, node: Node) -> Powers:
        """The powers that the attacker has, or has had on the way here."""
        had = self._had[node]
        return tuple((name, on or name in had) for name, on in node.moment.powers)

    def at(self, node: Node) -> Standing:
        """How they stand at a node."""
        spoken, broken = self._look(node)
        names = {item.name for item in broken}
        return Standing(
            broken,
            tuple(name for name in self.about if name in spoken and name not in names),
            tuple(name for name in self.about if name not in spoken and name not in names),
        )

    def broken(self, node: Node) -> tuple[Broken, ...]:
        """Those that are broken by the event that led to this node."""
        here = self._look(node)[1]
        before = {x.name for x in self._look(node.parent)[1]} if node.parent else set()
        return tuple(item for item in here if item.name not in before)

    def weakness(self, node: Node, promise: str) -> str | None:
        """A known weakness by which a promise can be broken at a node: the attacker has the powers that it needs,
        and peers authenticate as it needs."""
        self._look(node)
        powers = dict(self._powers(node))
        rigid = self._source.machine(node.moment).instance.rigid
        methods = {METHOD.members[int(value)] for value in rigid.get("method", ())}

        def met(need: str) -> bool:
            if need in powers:
                return powers[need]
            return need in methods if need in METHOD.members else True

        known = (item for item in KNOWN.values() if item.promise == promise)
        return next((item.name for item in known if all(map(met, item.needs))), None)

    def _look(self, node: Node) -> tuple[frozenset[str], tuple[Broken, ...]]:
        """What has been spoken of up to a node, and what is broken there; nodes before it first."""
        missing: list[Node] = []
        at: Node | None = node
        while at is not None and at not in self._kept:
            missing.append(at)
            at = at.parent
        for item in reversed(missing):
            self._had[item] = self._powers_had(item)
            self._kept[item] = self._judged(item)
        return self._kept[node]

    def _powers_had(self, node: Node) -> frozenset[str]:
        """The powers that the attacker had while a step was taken, up to a node."""
        if node.parent is None or not isinstance(node.act, Take):
            return self._had[node.parent] if node.parent is not None else frozenset()
        now = node.moment.powers
        if now not in self._on:
            powers = self._source.powers
            self._on[now] = frozenset(x for x in powers if self._source.power(node.moment, x))
        had = self._had[node.parent]
        return had if self._on[now] <= had else had | self._on[now]

    def _judged(self, node: Node) -> tuple[frozenset[str], tuple[Broken, ...]]:
        instances = self._instances(node)
        if node.parent is None:
            return self._at_state(instances, None, node.moment.state)
        spoken, broken = self._kept[node.parent]
        before = node.parent.moment.state
        for after in self._states(node):
            named, broken = self._at_state(instances, before, after)
            spoken, before = spoken | named, after
        return spoken, broken

    def _states(self, node: Node) -> Iterator[State]:
        """The states from the parent's on: a wait and an act are two."""
        if not isinstance(node.act, Take) or node.parent is None:
            return
        machine = self._source.machine(node.moment)
        state: State | None = node.parent.moment.state
        for step in node.act.steps:
            assert state is not None
            state = machine.apply(state, step)
            assert state is not None
            yield state

    def _at_state(
        self, instances: Mapping[str, Sequence[_Instance]], before: State | None, after: State
    ) -> tuple[frozenset[str], tuple[Broken, ...]]:
        spoken, found = set(), []
        for name, each in instances.items():
            for item in each:
                where = after
                if item.transition:
                    if before is None or item.event(before) or not item.event(after):
                        continue
                    where = before
                fails = item.fails(where)  # also where the premise does not hold
                if not fails and not item.transition and not item.event(after):
                    continue
                spoken.add(name)
                if fails:
                    found.append(Broken(name, item.excepted(where)))
                    break
        return frozenset(spoken), tuple(found)


@lru_cache(8)
def _compiled(machine: Machine) -> dict[str, list[_Instance]]:
    """The promises about a machine as functions: sessions over the same one share them."""
    about = (item for item in promises().values() if item.machine == machine.spec.name)
    return {item.name: list(_instances(machine, item.formula)) for item in about}


def weaknesses_of(promise: str) -> tuple[str, ...]:
    """The known weaknesses that show where a promise ends."""
    return tuple(item.name for item in KNOWN.values() if item.promise == promise)


def _instances(machine: Machine, formula: Always | Whenever) -> Iterator[_Instance]:
    event = formula.premise if isinstance(formula, Always) else formula.event
    terms = (event, ~formula.claim, formula.unless)
    named = {str(p.data): p for term in terms for p in parameters(machine.spec, term)}
    spans = [span(item.sort, machine.instance.sizes) for item in named.values()]
    for values in itertools.product(*spans):
        given = {
            name: Term("const", (), item.sort, value)
            for (name, item), value in zip(named.items(), values, strict=True)
        }
        made = [_given(term, given, {}) for term in terms]
        yield _Instance(machine, made, isinstance(formula, Whenever))


def _given(term: Term, values: Mapping[str, Term], done: dict[int, Term]) -> Term:
    """The term with constants in the place of its parameters."""
    if term.op == "param":
        return values[str(term.data)]
    if not term.args:
        return term
    if id(term) not in done:
        args = tuple(_given(item, values, done) for item in term.args)
        done[id(term)] = Term(term.op, args, term.sort, term.data)
    return done[id(term)]
