"""Running SPIN, as a second opinion on explicit search."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from proofs.export.promela import broken


@dataclass(frozen=True)
class Counts:
    """What pan said: its counts, and the invariants it found broken."""

    states: int
    transitions: int
    errors: int
    broken: frozenset[str]
    report: str


def run_spin(model: str, folder: Path, *, flags: str = "-o2", ends: bool = False) -> Counts:
    """Search a model exhaustively; `ends`: a state without successor is an error too.

    Skips the test where SPIN or a C compiler is missing.
    """
    for program in ("spin", "gcc"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: spin gcc libc6-dev)")
    (folder / "model.pml").write_text(model)
    _run(folder, "spin", *flags.split(), "-a", "model.pml")
    _run(folder, "gcc", "-O1", "-w", "-DNOREDUCE", "-DSAFETY", "-o", "pan", "pan.c")
    report = _run(folder, "./pan", "-m200000", "-w20", "-c0", "-n", *([] if ends else ["-E"]))
    assert "search depth too small" not in report
    assert "errors: " in report, report

    def number(pattern: str) -> int:
        found = re.search(pattern, report)
        assert found, report
        return int(found[1])

    return Counts(
        number(r"(\d+) states, stored"),
        number(r"(\d+) transitions \(= stored\+matched\)"),
        number(r"errors: (\d+)"),
        broken(report),
        report,
    )


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    # pan's status is that of its run, whatever errors it found; SPIN's is 1 for a malformed model.
    assert done.returncode == 0, done.stdout
    return done.stdout
