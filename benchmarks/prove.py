"""How long the proofs take, from process start (DESIGN.md 9).

    python -m benchmarks.prove [--mutants]

all promises      z3's work, and apart from it the second solver's; both by two processes, as a user waits
one promise       one that rests on many lemmas
mutants           the whole run of `ikeproof prove --mutants`, with --mutants only

The yardstick beside them is a bare Python in the same run. Status 1 if a figure is above its budget.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALL, ONE, MUTANTS = 20.0, 3.0, 180.0  # seconds


def seconds(*command: str) -> float:
    """How long a command takes; its exit code must be 0 or 3 (open mutants)."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=False
    )
    taken = time.perf_counter() - start
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")
    return taken


def work(*names: str) -> tuple[float, float]:
    """Seconds of z3 and of the second solver for these promises (all, if none), one process."""
    command = [sys.executable, "ikeproof.py", "prove", *names, "--jobs", "1", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    tree = json.loads(done.stdout)["seconds"]
    return tree["z3"], tree["second_solver"]


def main() -> int:
    """Print the figures; 1 if one is above its budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mutants", action="store_true", help="time the mutation run too")
    with_mutants = parser.parse_args().mutants
    bare = seconds("-c", "pass")
    all_z3, all_second = work()
    one_z3, one_second = work("agreed_sas_match")
    rows: list[tuple[str, float, float | None]] = [
        ("all promises, z3, one process", all_z3, ALL),
        ("  and by the second solver", all_second, None),
        ("  both, two processes", seconds("ikeproof.py", "prove", "--jobs", "2"), None),
        ("one promise, z3", one_z3, ONE),
        ("  and by the second solver", one_second, None),
    ]
    if with_mutants:
        taken = seconds("ikeproof.py", "prove", "--mutants", "--jobs", "2")
        rows.append(("promises and mutants, two processes", taken, MUTANTS))
    print(f"{'bare python':36} {bare:8.2f} s")
    for name, taken, budget in rows:
        held = (
            "" if budget is None else f"budget {budget:g} s: {'ok' if taken < budget else 'ABOVE'}"
        )
        print(f"{name:36} {taken:8.2f} s  x{taken / bare:.0f}  {held}".rstrip())
    return 0 if all(budget is None or taken < budget for _, taken, budget in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
