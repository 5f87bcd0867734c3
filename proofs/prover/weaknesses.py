"""The assumption lattice: for each promise, the minimal sets of conditions under which its bare claim
breaks, each with its run (modelling notes, section 6).

A condition is an attacker's power, something he holds, or what a policy allows. The sets are searched,
not listed: along the stories, for a claim without its `unless`. Minimal means that without any one
condition of a set the same story breaks the claim no more. What no story breaks is not thereby proved
to hold: that is what the proof of the promise is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from model.language.terms import FALSE, Term, disjunction
from model.promises import Promise, promises
from model.run import Run
from model.spec import specification
from model.spec.weaknesses import Known
from proofs.prover.bounded import Search, Told
from proofs.prover.closures import closures
from proofs.prover.conditions import METHODS, Condition, conditions
from proofs.prover.proving import run_of, stated
from proofs.prover.runs import Breaks, Found
from proofs.prover.stories import sizes_for, stories
from proofs.prover.witnesses import bare, shortened

#: a promise with more weaknesses than this is not a promise
MOST = 24


@dataclass(frozen=True)
class Weakness:
    """A minimal set of conditions that breaks the claim of a promise, and the run.

    needs   the conditions by name     closed_by   what makes each of them safe, in words; empty where nothing is
            proved to close the weakness
    """

    promise: str
    needs: tuple[str, ...]
    closed_by: tuple[str, ...]
    run: Run


@cache
def told_stories(machine: str) -> tuple[Told, ...]:
    """The stories of a machine, laid out for all its promises."""
    spec = specification(machine)
    return tuple(Search(spec, sizes_for(s)).told(s) for s in stories(machine).values())


def weaknesses(promise: Promise) -> Iterator[Weakness]:
    """The minimal sets for one promise, fewest conditions first; none where it has no exceptions, as its
    proof is that of the bare claim."""
    if promise.formula.unless is FALSE:
        return
    spec = specification(promise.machine)
    goal = {promise.name: Breaks(bare(promise.formula))}
    found: list[tuple[frozenset[str], Found]] = []
    for told in told_stories(promise.machine):
        lattice = Lattice(told, goal, conditions(promise.machine))
        while len(found) < MOST:
            run = lattice.run({names for names, _ in found})
            if run is None:
                break
            names, least = lattice.least(run)
            found = [(other, kept) for other, kept in found if not names < other]
            found.append((names, least))
    by_name = {item.name: item for item in conditions(promise.machine)}
    every_one = [names for names, _ in found]
    found = _without_methods(found)
    for names, run in sorted(found, key=lambda pair: (len(pair[0]), sorted(pair[0]))):
        chosen = tuple(item for item in by_name.values() if item.name in names)
        needs = tuple(item.name for item in chosen)
        about = f"{promise.name} breaks with {', '.join(needs) or 'nothing'}"
        off = [c.safe for c in by_name.values() if c not in chosen and _is_safe(run, c)]
        run = shortened(spec, run, goal, off)
        closed_by = closures(promise.name, names, every_one)
        yield Weakness(
            promise.name, needs, tuple(closed_by[name] for name in needs), run_of(run, about)
        )


def _without_methods(
    found: Sequence[tuple[frozenset[str], Found]],
) -> list[tuple[frozenset[str], Found]]:
    """One set in the place of three that differ in the method alone: some method is always used."""
    every_one = {names for names, _ in found}
    kept: dict[frozenset[str], Found] = {}
    for names, run in found:
        rest = names - METHODS
        same = len(names - rest) == 1 and all(rest | {method} in every_one for method in METHODS)
        kept.setdefault(rest if same else names, run)
    return list(kept.items())


def weaknesses_of(name: str) -> list[Weakness]:
    """Those of one promise, by its name."""
    return list(weaknesses(promises()[name]))


def shown(known: Known) -> Weakness:
    """The run of a known weakness, under the policies that make it telling; LookupError if there is
    none."""
    promise = promises()[known.promise]
    spec, goal = specification(promise.machine), {known.name: Breaks(bare(promise.formula))}
    every_one = conditions(promise.machine)
    told_of = known.needs | set(known.given) | (METHODS if not known.needs & METHODS else set())
    off = [item.safe for item in every_one if item.name not in told_of]
    given = [
        *off,
        *(term for name, value in known.given.items() for term in stated(spec, name, value)),
    ]
    for told in told_stories(promise.machine):
        found = told.run(told.aim(goal), given)
        if isinstance(found, Found):
            chosen = [item for item in every_one if item.name in known.needs]
            least = shortened(spec, found, goal, given)
            needs = tuple(item.name for item in chosen)
            closed_by = closures(promise.name, known.needs)
            mends = tuple(closed_by[name] for name in needs)
            return Weakness(promise.name, needs, mends, run_of(least, known.name))
    raise LookupError(known.name)


class Lattice:
    """One story, searched under ever other sets of conditions."""

    def __init__(
        self, told: Told, goal: Mapping[str, Breaks], conditions: Sequence[Condition]
    ) -> None:
        self._told, self._aim = told, told.aim(goal)
        self._conditions = conditions

    def run(self, known: set[frozenset[str]]) -> Found | None:
        """A run for which none of the sets known is enough."""
        safe = {item.name: item.safe for item in self._conditions}
        apart = []
        for names in known:
            parts = [safe[name] for name in names]
            apart.append(disjunction(*parts))
        return self._search(apart)

    def least(self, run: Found) -> tuple[frozenset[str], Found]:
        """Fewer and fewer conditions, as long as the story still breaks the claim."""
        needed = {item.name for item in self._conditions if not _is_safe(run, item)}
        off = [item for item in self._conditions if item.name not in needed]
        for item in [c for c in self._conditions if c.name in needed]:
            fewer = self._search([other.safe for other in [*off, item]])
            if fewer is not None:
                off.append(item)
                run = fewer
        kept = frozenset(item.name for item in self._conditions if item not in off)
        return kept, run

    def _search(self, assuming: Sequence[Term]) -> Found | None:
        found = self._told.run(self._aim, assuming)
        return found if isinstance(found, Found) else None


def _is_safe(run: Found, condition: Condition) -> bool:
    machine = run.replayed.machine
    return bool(machine.value(condition.safe, machine.initial, {}))
