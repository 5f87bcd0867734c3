"""Verdicts, weaknesses and mutants as rows, and as the tree that JSON shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from explorer.view.verdicts import Row
from model.spec.weaknesses import KNOWN

if TYPE_CHECKING:
    from model.run import Run
    from proofs.prover.matrix import Cell
    from proofs.prover.mutants import Fate
    from proofs.prover.proving import Answered
    from proofs.prover.verdicts import Verdict
    from proofs.prover.weaknesses import Weakness

SCHEMA_VERSION = 1
#: the cell of a promise under a profile
_CELLS = {"holds": "no exception needed", "breaks": "exception needed", "open": "open"}
_CELL = 21
_ROLES: dict[str, str] = {"proved": "ok", "broken": "bad", "bounded": "open", "unknown": "open"}


def heading_rows(profiles: Sequence[str]) -> Iterator[Row]:
    """What the columns say."""
    if profiles:
        said = "whether the promise needs its exceptions (every power on the wire, no compromise)"
        yield Row("dim", f"{', '.join(profiles)}:", said)
    columns = "".join(f"{name:<{_CELL}}" for name in profiles)
    said = f"{'promise':<49}{'requirements':<13}{'time':>6}"
    yield Row("dim", f"{'any policies':<17}", f"{columns}{said}")


def verdict_rows(
    verdict: Verdict, profiles: Sequence[str] = (), cells: Sequence[Cell] = ()
) -> Iterator[Row]:
    """One line for each promise, with a column for each profile; below it the obstacle, if any, and the run.

    A promise without exceptions needs none under any profile.
    """
    found = {item.profile: item.verdict for item in cells}
    columns = "".join(f"{_CELLS[found.get(name, 'holds')]:<{_CELL}}" for name in profiles)
    said = f"{verdict.name:<49}{' '.join(verdict.requirements):<13}{verdict.seconds:6.2f} s"
    yield Row(_ROLES[verdict.proof.value], f"{verdict.text:<17}", f"{columns}{said}")
    if verdict.why:
        yield Row("dim", "   ", f"reason: {verdict.why}")
    if verdict.run is not None:
        yield from run_rows(verdict.run)


def composition_rows(answered: Answered, requirements: Sequence[str]) -> Iterator[Row]:
    """How a machine fits into another, as a line like that of a promise."""
    fault = answered.failed or answered.doubted
    solvers = "z3" if answered.doubted or not answered.rechecked else "z3+cvc5"
    verdict = "unknown" if answered.failed else f"proved ({solvers})"
    said = f"{answered.name:<49}{' '.join(requirements):<13}{answered.seconds:6.2f} s"
    yield Row("open" if fault else "ok", f"{verdict:<17}", said)
    if fault:
        yield Row("dim", "   ", f"reason: {fault}")


def run_rows(run: Run) -> Iterator[Row]:
    """A run as a sequence of steps."""
    for number, (name, params) in enumerate(run.steps, 1):
        given = " ".join(f"{key}={value}" for key, value in params.items())
        yield Row("plain", f"    {number:>2} ", f"{name}{f'  {given}' if given else ''}")


def summary_row(verdicts: Sequence[Verdict], asked: int, seconds: float) -> Row:
    """How many were proved, of how many, and the time."""
    proved = sum(verdict.proof.value == "proved" for verdict in verdicts)
    role = "ok" if proved == asked else "open"
    missing = f", {asked - len(verdicts)} not reached" if len(verdicts) < asked else ""
    return Row(role, str(proved), f"of {asked} promises proved{missing}, in {seconds:.1f} s")


def weakness_rows(weakness: Weakness) -> Iterator[Row]:
    """What breaks the promise without its exceptions, how, and what closes it."""
    needs = " + ".join(weakness.needs) or "nothing"
    named = [
        item.name
        for item in KNOWN.values()
        if item.promise == weakness.promise and item.needs == set(weakness.needs)
    ]
    known = f"   (known as {named[0]})" if named else ""
    yield Row("warn", weakness.promise, f"breaks with {needs}{known}")
    yield from run_rows(weakness.run)
    for name, mend in zip(weakness.needs, weakness.closed_by, strict=True):
        if mend:
            yield Row("dim", "    closed by", f"{name}: {mend}")


def open_rows(fates: Sequence[Fate]) -> Iterator[Row]:
    """The mutants that nothing detects."""
    for item in fates:
        if item.fate == "open":
            yield Row("open", "open", f"{item.mutant}: {item.why}")


def fates_row(fates: Sequence[Fate]) -> Row:
    """How many mutants there are of each fate."""
    counts = Counter(item.fate for item in fates)
    role = "open" if counts["open"] else "ok"
    said = ", ".join(f"{counts[fate]} {fate}" for fate in ("killed", "equivalent", "open"))
    return Row(role, f"{len(fates)} mutants:", said)


def _work(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Seconds of work, each invariant once however many promises rest on it."""
    parts = {part.name: part for verdict in verdicts for part in verdict.parts}
    return {
        "z3": round(sum(part.seconds for part in parts.values()), 3),
        "second_solver": round(sum(part.rechecked for part in parts.values()), 3),
    }


def proof_tree(
    verdicts: Sequence[Verdict],
    fates: Sequence[Fate] | None,
    weaknesses: Sequence[Weakness],
    cells: Sequence[Cell] = (),
    composed: Sequence[Answered] = (),
) -> dict[str, object]:
    """The JSON of `prove`, schema_version 1; `mutants` is null where none were made."""
    return {
        "schema_version": SCHEMA_VERSION,
        "promises": [_promise_tree(item, cells) for item in verdicts],
        "composition": [
            {
                "name": item.name,
                "proved": not item.failed,
                "obligations": item.obligations,
                "seconds": round(item.seconds, 3),
                "why": item.failed or item.doubted or None,
            }
            for item in composed
        ],
        "seconds": _work(verdicts),
        "mutants": None if fates is None else _mutant_tree(fates),
        "weaknesses": [
            {
                "promise": w.promise,
                "needs": list(w.needs),
                "closed_by": dict(zip(w.needs, w.closed_by, strict=True)),
                "run": w.run.text(),
            }
            for w in weaknesses
        ],
    }


def _promise_tree(verdict: Verdict, cells: Sequence[Cell]) -> dict[str, object]:
    return {
        "name": verdict.name,
        "profile": None,  # a verdict is about all policies; the part about profiles is below
        "without_exceptions": {
            c.profile: {"verdict": c.verdict, "run": c.run.text() if c.run else None}
            for c in cells
            if c.promise == verdict.name
        },
        "requirements": list(verdict.requirements),
        "verdict": verdict.text,
        "solvers": list(verdict.solvers),
        "obligations": verdict.obligations,
        "rests_on": list(verdict.lemmas),
        "seconds": round(verdict.seconds, 3),
        "why": verdict.why or None,
        "run": verdict.run.text() if verdict.run else None,
    }


def _mutant_tree(fates: Sequence[Fate]) -> dict[str, object]:
    counts = Counter(item.fate for item in fates)
    return {
        "total": len(fates),
        "killed": counts["killed"],
        "equivalent": counts["equivalent"],
        "open": counts["open"],
        "open_ones": [f"{f.mutant}: {f.why}" for f in fates if f.fate == "open"],
    }
