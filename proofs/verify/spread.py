"""Many links judged by several processes: a full mesh of 200 peers has 39,800 directions.

The processes are forked, so that they have the peers without a copy (secrets are never pickled), and
send back verdicts and findings only. What is found does not depend on how many there are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import PairVerdict

#: links that a process is given at once, and the number of links from which a second process pays
AT_ONCE, WORTH = 64, 512

Link = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Linked:
    """One link: the verdicts on both directions, findings on the pair, whether a change could help."""

    verdicts: tuple[PairVerdict, ...]
    findings: tuple[Finding, ...]
    lacks: bool


Judged = Callable[[Link], Linked]
_judged: list[Judged] = []  # what a forked process finds where it begins


def spread(judged: Judged, links: Sequence[Link], processes: int | None = None) -> Iterable[Linked]:
    """What `judged` gives for each link, in their order.

    processes  how many; None: one for each processor, if there are enough links
    """
    many = processes if processes is not None else _processes(len(links))
    return map(judged, links) if many < 2 else _by_processes(judged, links, many)


def _processes(links: int) -> int:
    """Linux alone: elsewhere a fork may not be safe, or does not exist."""
    if links < WORTH or not sys.platform.startswith("linux"):
        return 1
    return len(os.sched_getaffinity(0))


def _by_processes(judged: Judged, links: Sequence[Link], many: int) -> Iterable[Linked]:
    import multiprocessing  # few runs need either
    from concurrent.futures import ProcessPoolExecutor

    parts = [links[at : at + AT_ONCE] for at in range(0, len(links), AT_ONCE)]
    _judged.append(judged)
    try:
        with ProcessPoolExecutor(many, multiprocessing.get_context("fork")) as pool:
            for part in pool.map(_part, parts):
                yield from part
    finally:
        _judged.pop()


def _part(links: Sequence[Link]) -> list[Linked]:
    return [_judged[-1](link) for link in links]
