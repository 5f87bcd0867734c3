"""How long `ikeproof verify` of one pair takes, from process start (budget: 0.4 s).

    python -m benchmarks.verify [--rounds 15]

Alternates with a bare `python -c pass`, so that the machine's mood is in both; medians. Compiled modules are
kept between runs, as they are for a user: without them (PYTHONDONTWRITEBYTECODE) it takes twice as long.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

BUDGET_SECONDS = 0.4
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
_COMMANDS = {
    "bare python": ["-c", "pass"],
    "verify, swanctl pair": ["-m", "ikeproof", "verify", "--example", "branch-office"],
    "verify, native pair": ["-m", "ikeproof", "verify", "--example", "windows-2000"],
}


def measured(rounds: int) -> dict[str, float]:
    """Median seconds of each command, taken in turns."""
    found: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(rounds):
        for name, arguments in _COMMANDS.items():
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, *arguments], capture_output=True, check=False, env=_ENVIRONMENT
            )
            found[name].append(time.perf_counter() - start)
            assert done.returncode in (0, 1, 3), done.stderr.decode()
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> int:
    """Print the figures; 1 if one is beyond its budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=15)
    found = measured(parser.parse_args().rounds)
    bare = found["bare python"]
    for name, seconds in found.items():
        print(f"{name:22} {seconds * 1000:6.0f} ms   x{seconds / bare:.1f} of a bare python")
    return 0 if max(found.values()) < BUDGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
