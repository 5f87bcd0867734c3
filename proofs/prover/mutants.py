"""Does anything notice when a guard or an update of the specification is gone?

A mutant is killed if a run of it breaks a promise, and replays on the mutated machine; or if a declared
witness is no run of it any more, whatever the policies (`declared`): the shortest run to an action, to
the very bound of a guard, to a declared possibility, to what makes a promise say something, or to the
breach of a promise without its exceptions; or if a run of it stores a number outside its range. One that takes the same steps as the specification is proved equivalent. The rest is open:
nothing needs what it takes away, or no run was found that shows the need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from model.language.errors import RangeError
from model.language.specification import Action, Specification
from model.promises import promises
from model.promises.possibilities import possibilities
from model.spec import specification
from proofs.prover.asking import Asker
from proofs.prover.bounded import Aim, Search, Told
from proofs.prover.declared import Witness, Witnesses
from proofs.prover.equivalence import Equivalence
from proofs.prover.foundations import Foundations
from proofs.prover.lemmas import lemmas
from proofs.prover.lowering import Lowering
from proofs.prover.mutations import (
    Mutant,
    changed,
    mutants_of,
    mutated,
    outside,
    superposed,
)
from proofs.prover.obligations import Induction, Made
from proofs.prover.proving import everything
from proofs.prover.runs import Breaks, Found, Goal, NotFound, Reaches, Takes
from proofs.prover.stories import sizes_for, stories, stories_for
from proofs.prover.witnesses import shown

#: how long one story is searched: some seconds, and the same on a busy machine; a clock only as a net
EFFORT, SEARCH_MS = 60_000_000, 300_000


@dataclass(frozen=True)
class Fate:
    """What happened to a mutant, by its name: `killed`, `equivalent` or `open`; why; the run that
    breaks a promise, of the mutated machine."""

    mutant: str
    fate: str
    why: str
    schedule: tuple[str, ...] = ()


@dataclass(frozen=True)
class Material:
    """What mutants are compared with.

    promises, made   the promises; promises and lemmas
    stories          orders of actions, by name         sprinkled   those for one action
    possible         the runs that show what must remain possible
    """

    promises: Made
    made: Made
    stories: Mapping[str, Sequence[str]]
    sprinkled: Callable[[str], Sequence[Sequence[str]]]
    possible: Sequence[Witness] = ()


class Bench:
    """What happens to the mutants of one specification."""

    def __init__(self, spec: Specification, material: Material) -> None:
        self._spec, self._material = spec, material
        self._all = superposed(spec)
        induction, asker = Induction(Lowering(spec), material.made), Asker(lemmas())
        self._foundations = Foundations(spec, induction, asker)
        self._equivalence = Equivalence(spec, induction, asker)
        self._goals: dict[str, Goal] = {n: Breaks(p) for n, p in material.promises.items()}
        told = {n: Search(spec, sizes_for(s)).told(s) for n, s in material.stories.items()}
        one = dict.fromkeys(spec.domains, 1)
        small = {
            n: Search(spec, {**one, **sizes_for(s)}).told(s) for n, s in material.stories.items()
        }
        self._witnesses = Witnesses(spec, material.promises, told, small, material.possible)
        self._stories: dict[str, Told] = {}
        self._runs: dict[str, tuple[Told, Aim]] = {}

    def fates(self, action: Action) -> Iterator[Fate]:
        """What happens to each mutant of an action."""
        sprinkled: list[Told] = []
        for mutant in mutants_of(action):
            yield self._fate(mutant, sprinkled)

    def fate(self, mutant: Mutant) -> Fate:
        """What happens to one."""
        return self._fate(mutant, [])

    def _fate(self, mutant: Mutant, sprinkled: list[Told]) -> Fate:
        """The cheap before the dear, so that few mutants are searched for long: what is no change at all
        is not searched for."""
        try:
            fate, goals = self._told(mutant, sprinkled)
        except RangeError as error:
            return Fate(mutant.name, "killed", f"stores a number outside its range: {error}")
        if fate is not None:
            return fate
        proofs = self._equivalence
        same = (
            proofs.quickly(mutant)
            or proofs.by_another_step(mutant)
            or proofs.by_a_new_invariant(mutant)
        )
        if same:
            return Fate(mutant.name, "equivalent", same)
        if not goals:
            return Fate(mutant.name, "open", "no promise needs it")
        few = [*goals][:3]
        more = f" or {len(goals) - len(few)} others" if len(goals) > len(few) else ""
        why = f"no run was found that breaks {' or '.join(few)}{more}"
        return Fate(mutant.name, "open", why)

    def _told(
        self, mutant: Mutant, sprinkled: list[Told]
    ) -> tuple[Fate | None, Mapping[str, Goal]]:
        """What happens to a mutant, if witnesses, a short proof or a story tell; and the promises whose
        proofs it shakes."""
        lost = self._lost(mutant, self._witnesses.of(mutant.action))
        if lost:
            return Fate(mutant.name, "killed", lost), {}
        same = self._equivalence.implied(mutant) if mutant.kind == "drop" else ""
        if same:
            return Fate(mutant.name, "equivalent", same), {}
        action = changed(self._spec.actions[mutant.action], mutant)
        if self._foundations.outside(action):
            self._overflow(mutant, action)
        shaken = self._foundations.shaken(self._foundations.failing(action))
        goals = {name: self._goals[name] for name in shaken if name in self._goals}
        for told in (self._plain(mutant.action), self._sprinkled(mutant.action, sprinkled)):
            found = self._breaks(mutant, goals, told) if goals else None
            if found is not None:
                why = f"breaks {found.goal}"
                return Fate(mutant.name, "killed", why, found.schedule), goals
            lost = lost or self._lost(mutant, self._also(mutant))
            if lost:
                return Fate(mutant.name, "killed", lost), goals
        return None, goals

    # ---- runs
    def _lost(self, mutant: Mutant, witnesses: Iterator[Witness]) -> str:
        """A witness that is no run of the mutant, in words; empty if each still is."""
        if mutant.kind == "drop":
            return ""  # whatever could be done still can
        for item in witnesses:
            if not item.stands(mutant) and mutant.action in {n for n, _ in item.shortest.moves}:
                told, aim = self._whole(item)
                found = told.run(aim, self._all.chosen[mutant.name], of=mutated(self._spec, mutant))
                if isinstance(found, NotFound) and not found.why:
                    return f"the run that {item.says} is gone"
        return ""

    def _overflow(self, mutant: Mutant, action: Action) -> None:
        """RangeError by a run that stores a number outside its range, if one is found."""
        goal = Takes(action.name, outside(action))
        for told in self._plain(mutant.action):
            aim = told.aim({"a number outside its range": goal})
            told.run(aim, self._all.chosen[mutant.name], of=mutated(self._spec, mutant))

    def _also(self, mutant: Mutant) -> Iterator[Witness]:
        """Witnesses beyond those that take the action somehow."""
        if mutant.target is not None:
            yield from self._witnesses.by(mutant.action, mutant.target)
        yield from self._witnesses.others(mutant.action)

    def _whole(self, item: Witness) -> tuple[Told, Aim]:
        """The shortest run of a witness, for any policies, laid out for all mutants."""
        if item.says not in self._runs:
            search = Search(self._all.spec, item.run.instance.sizes)
            told = search.told(item.shortest.schedule, whole=True)
            self._runs[item.says] = told, told.aim({item.says: item.goal})
        return self._runs[item.says]

    def _breaks(
        self, mutant: Mutant, goals: Mapping[str, Goal], stories: Iterator[Told]
    ) -> Found | None:
        """A run of the mutant that breaks one of these promises."""
        chosen, spec = self._all.chosen[mutant.name], mutated(self._spec, mutant)
        for told in stories:
            found = told.run(told.aim(goals), chosen, of=spec)
            if isinstance(found, Found):
                return found
        return None

    def _plain(self, action: str) -> Iterator[Told]:
        """Stories in which the action stands."""
        for name, story in self._material.stories.items():
            if action in story:
                if name not in self._stories:
                    self._stories[name] = self._lay_out(story)
                yield self._stories[name]

    def _sprinkled(self, action: str, known: list[Told]) -> Iterator[Told]:
        """Stories in which the action stands everywhere."""
        yield from known
        for story in self._material.sprinkled(action)[len(known) :]:
            known.append(self._lay_out(story))
            yield known[-1]

    def _lay_out(self, story: Sequence[str]) -> Told:
        search = Search(self._all.spec, sizes_for(story), milliseconds=SEARCH_MS, effort=EFFORT)
        return search.told(story)


def _new_bench(machine: str) -> Bench:
    made = {name: item.formula for name, item in promises().items() if item.machine == machine}
    sprinkled = partial(stories_for, machine=machine)
    runs, declared = shown(machine), possibilities(machine)
    possible = [
        Witness(f"shows that {name}", Reaches(item.term), run, whole=True)
        for name, item in declared.items()
        if isinstance(run := runs[name], Found)
    ]
    material = Material(made, everything(machine), stories(machine), sprinkled, possible)
    return Bench(specification(machine), material)


_bench = cache(_new_bench)


def fate_of(mutant: Mutant, machine: str = "ike") -> Fate:
    """What happens to one mutant of a machine."""
    return _bench(machine).fate(mutant)


def fates_of(action: tuple[str, str]) -> list[Fate]:
    """What happens to each mutant of one action: (machine, action)."""
    machine, name = action
    acts = specification(machine).actions[name]
    fates = _bench(machine).fates(acts)
    return list(decided(mutants_of(acts), fates, lambda item: _new_bench(machine).fate(item)))


def decided(
    mutants: Iterable[Mutant], fates: Iterable[Fate], again: Callable[[Mutant], Fate]
) -> Iterator[Fate]:
    """Fates of mutants, in order. One that stays open is looked at `again`, once and by itself: what solvers
    were asked before, which hangs on who was faster, can lead them astray."""
    for mutant, fate in zip(mutants, fates, strict=True):
        yield fate if fate.fate != "open" else again(mutant)
