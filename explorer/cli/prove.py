"""`ikeproof prove`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli import exits
from explorer.cli.peers import usage
from explorer.report.text import write
from explorer.view.proofs import (
    mutant_rows,
    proof_tree,
    summary_row,
    verdict_rows,
    weakness_rows,
)
from model.promises import promises
from model.vocabulary.profiles import PROFILES

if TYPE_CHECKING:
    from model.run import Run
    from proofs.prover.mutants import Fate
    from proofs.prover.proving import Question
    from proofs.prover.verdicts import Verdict
    from proofs.prover.weaknesses import Weakness


@dataclass(frozen=True)
class Asked:
    """The options of the command."""

    names: Sequence[str]
    profile: str | None
    attacker: str | None
    mutants: bool
    weaknesses: bool
    certificates: str | None
    runs: str | None
    jobs: int
    output: str


def run_prove(asked: Asked) -> int:
    """Prove, print as it goes, and say it all as an exit code."""
    names = _names(asked.names)
    question = _question(asked)
    jobs = asked.jobs or min(os.cpu_count() or 1, 8)
    text = asked.output == "text"
    start = time.perf_counter()
    verdicts: list[Verdict] = []
    fates: list[Fate] = []
    found: list[Weakness] = []
    try:
        for verdict in _verdicts(names, question, jobs):
            verdicts.append(verdict)
            if text:
                write(verdict_rows(verdict))
        if text:
            write([summary_row(verdicts, len(names), time.perf_counter() - start)])
        if asked.weaknesses:
            for weakness in _weaknesses(names, jobs):
                found.append(weakness)
                if text:
                    write(weakness_rows(weakness))
        if asked.mutants:
            fates = list(_fates(jobs, show=text))
            if text:
                write(mutant_rows(fates))
    except KeyboardInterrupt:
        if text:
            write([summary_row(verdicts, len(names), time.perf_counter() - start)])
        raise
    finally:
        if not text:
            tree = proof_tree(verdicts, fates if asked.mutants else None, found)
            print(json.dumps(tree, indent=2))
    _save(verdicts, found, asked.runs)
    return _code(verdicts, fates)


def _code(verdicts: Sequence[Verdict], fates: Sequence[Fate]) -> int:
    kinds = {verdict.proof.value for verdict in verdicts}
    if "broken" in kinds:
        return exits.FINDINGS
    undecided = bool(kinds & {"unknown", "bounded"}) or any(item.fate == "open" for item in fates)
    return exits.UNDECIDED if undecided else exits.FINE


# ---- what is asked
def _names(given: Sequence[str]) -> list[str]:
    known = list(promises())
    for name in given:
        if name not in known:
            near = ", ".join(item for item in known if set(name.split("_")) & set(item.split("_")))
            raise usage(f"no promise {name!r}", f"perhaps one of: {near or ', '.join(known)}")
    return list(dict.fromkeys(given)) or known


def _question(asked: Asked) -> Question:
    from model.spec import machine
    from proofs.prover.profiles import parameters
    from proofs.prover.proving import Question

    switches = list(machine().phase1.attacker.switches)
    off: list[str] = []
    if asked.attacker is not None:
        powers = [item for item in asked.attacker.split(",") if item not in ("", "none")]
        for item in powers:
            if item not in switches:
                mend = f"powers are {', '.join(switches)}, joined by commas, or none"
                raise usage(f"no power {item!r} of an attacker", mend)
        off = [name for name in switches if name not in powers]
    profile: tuple[tuple[str, bool], ...] = ()
    if asked.profile is not None:
        if asked.profile not in PROFILES:
            raise usage(f"no profile {asked.profile!r}", f"profiles are {', '.join(PROFILES)}")
        profile = parameters(PROFILES[asked.profile])
    if asked.certificates is not None:
        try:
            Path(asked.certificates).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise usage(f"cannot write certificates: {error.strerror}", "name a folder") from None
    return Question(tuple(off), profile, asked.certificates, asked.profile)


# ---- work
def _verdicts(names: Sequence[str], question: Question, jobs: int) -> Iterator[Verdict]:
    from proofs.prover.proving import prove

    try:
        yield from prove(names, question, jobs)
    except OSError as error:
        raise usage(f"cannot write certificates: {error.strerror}", "name a folder") from None


def _weaknesses(names: Sequence[str], jobs: int) -> Iterator[Weakness]:
    from proofs.prover.proving import in_order
    from proofs.prover.weaknesses import weaknesses_of

    for found in in_order(weaknesses_of, names, jobs):
        yield from found


def _fates(jobs: int, *, show: bool) -> Iterator[Fate]:
    from model.spec import specifications
    from proofs.prover.mutants import fates_of
    from proofs.prover.proving import in_order

    names = [(name, action) for name, spec in specifications().items() for action in spec.actions]
    for number, fates in enumerate(in_order(fates_of, names, jobs), 1):
        if show and sys.stderr.isatty():
            print(f"\rmutants of {number}/{len(names)} actions ", end="", file=sys.stderr)
        yield from fates
    if show and sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)


def _save(verdicts: Sequence[Verdict], found: Sequence[Weakness], folder: str | None) -> None:
    """Save the runs of broken promises, and with a folder those of weaknesses."""
    runs: dict[str, Run] = {v.name: v.run for v in verdicts if v.run is not None}
    if folder is not None:
        runs |= {f"{w.promise}-{'-'.join(w.needs)}": w.run for w in found}
    place = Path(folder or ".")
    try:
        if runs:
            place.mkdir(parents=True, exist_ok=True)
        for name, run in runs.items():
            (place / f"{name}.run").write_text(run.text(), "utf-8")
            print(f"saved {place / name}.run", file=sys.stderr)
    except OSError as error:
        raise usage(f"cannot write runs: {error.strerror}", "name a folder to write to") from None
