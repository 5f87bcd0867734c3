"""`ikeproof prove`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli import exits
from explorer.cli.peers import usage
from explorer.report.live import Screen, screen
from explorer.report.text import write
from explorer.view.proofs import (
    composition_rows,
    fates_row,
    heading_rows,
    open_rows,
    proof_tree,
    summary_row,
    verdict_rows,
    weakness_rows,
)
from model.promises import promises
from model.vocabulary.profiles import PROFILES

if TYPE_CHECKING:
    from model.run import Run
    from proofs.prover.matrix import Cell
    from proofs.prover.mutants import Fate
    from proofs.prover.proving import Answered, Question
    from proofs.prover.verdicts import Verdict
    from proofs.prover.weaknesses import Weakness


@dataclass(frozen=True)
class Asked:
    """The options of the command."""

    names: Sequence[str]
    profiles: Sequence[str]
    attacker: str | None
    mutants: bool
    weaknesses: bool
    certificates: str | None
    runs: str | None
    jobs: int
    output: str


@dataclass
class Done:
    """The results so far."""

    verdicts: list[Verdict] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    weaknesses: list[Weakness] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    composed: list[Answered] = field(default_factory=list)


def run_prove(asked: Asked) -> int:
    """Prove, print results as they come, and return the exit code."""
    names, question, done = _names(asked.names), _question(asked), Done()
    profiles = _profiles(asked.profiles)
    jobs = asked.jobs or min(os.cpu_count() or 1, 8)
    start = time.perf_counter()
    try:
        with screen(quiet=asked.output != "text") as shown:
            _work(asked, names, question, profiles, jobs, done, shown)
    except KeyboardInterrupt:
        if asked.output == "text":
            write([summary_row(done.verdicts, len(names), time.perf_counter() - start)])
        raise
    finally:
        if asked.output != "text":
            fates = done.fates if asked.mutants else None
            tree = proof_tree(done.verdicts, fates, done.weaknesses, done.cells, done.composed)
            print(json.dumps(tree, indent=2))
    _save(done, asked.runs)
    return _code(done)


def _work(
    asked: Asked,
    names: Sequence[str],
    question: Question,
    profiles: Sequence[str],
    jobs: int,
    done: Done,
    shown: Screen,
) -> None:
    from proofs.prover.matrix import has_exceptions

    start = time.perf_counter()
    shown.rows(heading_rows(profiles))
    cells = _cells(names, profiles, jobs)
    for number, verdict in enumerate(_verdicts(names, question, jobs), 1):
        own = [next(cells) for _ in profiles] if has_exceptions(verdict.name) else []
        done.verdicts.append(verdict)
        done.cells += own
        shown.rows(verdict_rows(verdict, profiles, own))
        shown.at(f"{number} of {len(names)} promises")
    if not asked.names:
        _compose(question, jobs, done, shown)
    shown.rows([summary_row(done.verdicts, len(names), time.perf_counter() - start)])
    if asked.weaknesses:
        for number, found in enumerate(_weaknesses(names, jobs), 1):
            done.weaknesses += found
            for weakness in found:
                shown.rows(weakness_rows(weakness))
            shown.at(f"weaknesses of {number} of {len(names)} promises")
    if asked.mutants:
        for number, total, fates in _fates(jobs):
            done.fates += fates
            shown.rows(open_rows(fates))
            shown.at(f"mutants of {number} of {total} actions")
        shown.rows([fates_row(done.fates)])


def _compose(question: Question, jobs: int, done: Done, shown: Screen) -> None:
    """How the machines fit together is shown when all promises are proved."""
    from proofs.prover.proving import in_order
    from proofs.prover.refinement import check, refinements

    shown.at("how the machines fit together")
    names = list(refinements())
    for answered in in_order(partial(check, question=question), names, jobs):
        done.composed.append(answered)
        shown.rows(composition_rows(answered, refinements()[answered.name].requirements))


def _code(done: Done) -> int:
    kinds = {verdict.proof.value for verdict in done.verdicts}
    if "broken" in kinds:
        return exits.FINDINGS
    undecided = bool(kinds & {"unknown", "bounded"}) or any(f.fate == "open" for f in done.fates)
    undecided = undecided or any(item.failed or item.doubted for item in done.composed)
    return exits.UNDECIDED if undecided else exits.FINE


# ---- what is asked
def _names(given: Sequence[str]) -> list[str]:
    known = list(promises())
    for name in given:
        if name not in known:
            near = ", ".join(item for item in known if set(name.split("_")) & set(item.split("_")))
            raise usage(
                f"unknown promise {name!r}", f"did you mean one of: {near or ', '.join(known)}"
            )
    return list(dict.fromkeys(given)) or known


def _question(asked: Asked) -> Question:
    from model.spec import machine
    from proofs.prover.proving import Question

    switches = list(machine().phase1.attacker.switches)
    off: list[str] = []
    if asked.attacker is not None:
        powers = [item for item in asked.attacker.split(",") if item not in ("", "none")]
        for item in powers:
            if item not in switches:
                mend = f"powers are {', '.join(switches)}, joined by commas, or none"
                raise usage(f"unknown attacker power {item!r}", mend)
        off = [name for name in switches if name not in powers]
    if asked.certificates is not None:
        try:
            Path(asked.certificates).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise usage(f"cannot write certificates: {error.strerror}", "name a folder") from None
    return Question(tuple(off), certificates=asked.certificates)


def _profiles(given: Sequence[str]) -> list[str]:
    """The requested profiles, each a column."""
    for name in given:
        if name not in PROFILES and name != "all":
            raise usage(f"unknown profile {name!r}", f"profiles are {', '.join(PROFILES)}, or all")
    return list(PROFILES) if "all" in given else list(dict.fromkeys(given))


# ---- work
def _verdicts(names: Sequence[str], question: Question, jobs: int) -> Iterator[Verdict]:
    from proofs.prover.proving import prove

    try:
        yield from prove(names, question, jobs)
    except OSError as error:
        raise usage(f"cannot write certificates: {error.strerror}", "name a folder") from None


def _cells(names: Sequence[str], profiles: Sequence[str], jobs: int) -> Iterator[Cell]:
    """Each promise that has exceptions, under each profile, in this order."""
    from proofs.prover.matrix import cell, has_exceptions
    from proofs.prover.proving import in_order

    asked = [(name, profile) for name in names if has_exceptions(name) for profile in profiles]
    if asked:
        yield from in_order(cell, asked, jobs)


def _weaknesses(names: Sequence[str], jobs: int) -> Iterator[list[Weakness]]:
    from proofs.prover.proving import in_order
    from proofs.prover.weaknesses import weaknesses_of

    yield from in_order(weaknesses_of, names, jobs)


def _fates(jobs: int) -> Iterator[tuple[int, int, list[Fate]]]:
    """The fates of an action's mutants, the number of the action, and how many actions there are."""
    from model.spec import specifications
    from proofs.prover.mutants import fates_of
    from proofs.prover.proving import in_order

    names = [(name, action) for name, spec in specifications().items() for action in spec.actions]
    for number, fates in enumerate(in_order(fates_of, names, jobs), 1):
        yield number, len(names), fates


def _save(done: Done, folder: str | None) -> None:
    """Save the runs of broken promises and, if a folder is given, those of weaknesses and profiles."""
    runs: dict[str, Run] = {v.name: v.run for v in done.verdicts if v.run is not None}
    if folder is not None:
        runs |= {f"{w.promise}-{'-'.join(w.needs)}": w.run for w in done.weaknesses}
        runs |= {f"{c.promise}-{c.profile}": c.run for c in done.cells if c.run is not None}
    place = Path(folder or ".")
    try:
        if runs:
            place.mkdir(parents=True, exist_ok=True)
        for name, run in runs.items():
            (place / f"{name}.run").write_text(run.text(), "utf-8")
            print(f"saved {place / name}.run", file=sys.stderr)
    except OSError as error:
        raise usage(f"cannot write runs: {error.strerror}", "name a folder to write to") from None
