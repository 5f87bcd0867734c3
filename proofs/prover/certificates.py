"""Certificates: each obligation as an SMT-LIB 2 file, checked again by solvers that know nothing else.

A file must be unsatisfiable. It holds only the hypotheses that the proof used, so that a reader sees on
what it rests. z3 reads it afresh; cvc5 (a development dependency) is the second opinion.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from proofs.prover import smt
from proofs.prover.obligations import Obligation


@dataclass(frozen=True)
class Opinion:
    """What a solver says of one certificate: `unsat`, `sat` or `unknown`."""

    solver: str
    verdict: str


def text(obligation: Obligation, used: tuple[str, ...], specification: str) -> str:
    """The certificate; `used` are the hypotheses that it keeps, by name."""
    about = [
        f"; ikeproof: {obligation.invariant}, {obligation.where}",
        f"; specification {specification}",
        f"; rests on: {', '.join(used) or 'nothing else'}",
        "; must be unsatisfiable",
        "(set-logic ALL)",
    ]
    return "\n".join([*about, smt.smt2(obligation.sliced(used))])


def again(certificate: str, *, fresh: bool = True) -> list[Opinion]:
    """What cvc5 says of it, if it is there, and with `fresh` a z3 that reads the text."""
    found = [Opinion("z3", smt.recheck(certificate))] if fresh else []
    if has_cvc5():
        found.append(Opinion("cvc5", _cvc5(certificate)))
    return found


def has_cvc5() -> bool:
    """Whether the second solver is installed."""
    return importlib.util.find_spec("cvc5") is not None


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """The solvers that are asked, each with its version."""
    found = [("z3", smt.version())]
    if has_cvc5():
        found.append(("cvc5", importlib.metadata.version("cvc5")))
    return tuple(found)


def _cvc5(certificate: str, milliseconds: int = 20_000) -> str:
    import cvc5  # type: ignore[import-untyped]

    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(milliseconds))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, certificate, "certificate")
    symbols, said = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        said = command.invoke(solver, symbols).strip() or said
    return said if said in ("sat", "unsat") else "unknown"


def save(folder: Path, obligation: Obligation, certificate: str) -> Path:
    """Write one file, whole or not at all; OSError if that cannot be."""
    place = folder / _plain(obligation.invariant)
    place.mkdir(parents=True, exist_ok=True)
    target = place / f"{_plain(obligation.where)}.smt2"
    partial = target.with_suffix(".part")
    partial.write_text(certificate, "utf-8")
    os.replace(partial, target)
    return target


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")
