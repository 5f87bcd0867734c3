"""Witnesses: a run to each action, and to what makes each promise say something (nothing holds vacuously).

Stories give most of them, and fast; only what no story gives is searched for among all runs. A run that
was found takes other actions on its way: they need no search of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from model.language.specification import Specification
from model.language.terms import FALSE, Term
from model.promises import Always, Whenever, promises
from model.promises.possibilities import possibilities
from model.spec import specification
from proofs.prover.bounded import Search
from proofs.prover.runs import Found, Goal, NotFound, Reaches, Takes
from proofs.prover.stories import sizes_for, stories

#: how long a run may be that no story gives
DEPTH = 9
PREMISE = "premise of "


def premise(item: Always | Whenever) -> Reaches:
    """A state in which a promise says something, and no exception excuses it."""
    when = item.premise if isinstance(item, Always) else item.event
    return Reaches(when & ~item.unless)


def goals(machine: str) -> dict[str, Goal]:
    """What there must be a run to, by name: an action's, or `premise of` a promise."""
    found: dict[str, Goal] = {name: Takes(name) for name in specification(machine).actions}
    for name, item in promises().items():
        if item.machine == machine:
            found[f"{PREMISE}{name}"] = premise(item.formula)
    return found


@cache
def witnesses(machine: str) -> Mapping[str, Found | NotFound]:
    """A run to each of them that the machine takes, or how far none was found."""
    spec, wanted = specification(machine), goals(machine)
    found: dict[str, Found | NotFound] = {}
    for story in stories(machine).values():
        told = Search(spec, sizes_for(story)).told(story)
        for name, goal in wanted.items():
            if name in found:
                continue
            run = told.run(told.aim({name: goal}))
            if isinstance(run, Found):
                found |= {other: way for other, way in on_the_way(run) if other not in found}
                found[name] = run
    left = {name: goal for name, goal in wanted.items() if name not in found}
    found |= Search(spec).all(left, DEPTH) if left else {}
    return {name: found[name] for name in wanted}


@cache
def shown(machine: str) -> Mapping[str, Found | NotFound]:
    """The run that shows each declared possibility: all its steps, in order, and nothing else."""
    spec, found = specification(machine), dict[str, Found | NotFound]()
    for name, item in possibilities(machine).items():
        search = Search(spec, sizes_for(item.steps))
        found[name] = search.story({name: Reaches(item.term)}, item.steps, whole=True)
    return found


def on_the_way(run: Found) -> Iterator[tuple[str, Found]]:
    """The first part of a run up to each action that it takes."""
    for length, (name, _) in enumerate(run.moves, 1):
        if name in run.spec.actions:
            yield name, Found(name, run.spec, run.instance, run.moves[:length])


def bare(item: Always | Whenever) -> Always | Whenever:
    """The promise without its exceptions."""
    return replace(item, unless=FALSE)


def shortened(
    spec: Specification, run: Found, goal: Mapping[str, Goal], assuming: Sequence[Term] = ()
) -> Found:
    """The run without the steps that it does not need: halves first, then smaller parts."""
    told = Search(spec, run.instance.sizes, assuming).told(run.schedule)
    aim, kept = told.aim(goal), list(range(len(run.moves)))
    gone: list[int] = []
    size = max(len(kept) // 2, 1)
    while size:
        start = 0
        while start < len(kept):
            fewer = told.run(aim, without=[*gone, *kept[start : start + size]])
            if isinstance(fewer, Found):
                run = fewer
                gone += kept[start : start + size]
                del kept[start : start + size]
            else:
                start += size
        size //= 2
    return run
