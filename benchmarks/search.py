"""Explicit search beside SPIN on the same machine, its compiler included (DESIGN.md 9).

    python -m benchmarks.search [--rounds 5]

A small IKE of two agreeing policies, every state of it, by turns: SPIN writes a searcher in C, gcc compiles it,
it runs; our own search walks the specification. Both must count the same states. Status 1 if the ratio of
wall times is above its goal, 2 where SPIN or a C compiler is missing.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from proofs.export.promela import promela
from proofs.search import explore
from tests.proofs.export.spin import run_spin
from tests.proofs.search.toys import small_ike

GOAL = 4.0
LIMIT = 1_000_000


def main() -> int:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    for program in ("spin", "gcc"):
        if shutil.which(program) is None:
            print(f"{program} is not installed (Debian: spin gcc libc6-dev)")
            return 2
    machine = small_ike({"negotiation": 2})
    text = promela(machine.spec, machine.instance, {})
    rounds, states = [], 0
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            theirs = run_spin(text, Path(folder))
            between = time.perf_counter()
            ours = explore(machine, limit=LIMIT)
            ended = time.perf_counter()
        if ours.states != theirs.states:
            raise SystemExit(f"{ours.states} states of ours, {theirs.states} of SPIN's")
        states = ours.states
        rounds.append((ended - between, between - began))
    mine, spins = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(own / spin for own, spin in rounds)
    verdict = "ok" if ratio <= GOAL else "ABOVE"
    print(
        f"{states:,} states   ours {mine:.2f} s   SPIN with its compiler {spins:.2f} s   ", end=""
    )
    print(f"x{ratio:.2f}   goal x{GOAL:.0f}: {verdict}")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
