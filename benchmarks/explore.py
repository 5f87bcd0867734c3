"""What a command of the explorer's session takes, at many nodes (budget: p95 <= 5 ms; back <= 10 ms).

    python -m benchmarks.explore [--nodes 5000]

The session is filled with exchanges of other peers, forks and losses; then each kind of command is run
where it stands. Promises are loaded, as they are on the screen.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from explorer.session.commands import execute
from explorer.session.moments import Refused, Take
from explorer.session.scenarios import scenario
from explorer.session.session import Session

COMMAND_SECONDS, BACK_SECONDS = 0.005, 0.010
_ROUND = (
    "step",
    "drop",
    "timer",
    "why",
    "changes",
    "find QM1",
    "choices",
    "promise",
    "mark a",
    "branch baseline",
)


def filled(nodes: int) -> Session:
    """A session with so many nodes: a whole negotiation, then others' exchanges that come and go."""
    made = Session(scenario("main-psk").source())
    made.run()
    while made.tree.count < nodes:
        flood = [
            item for item in made.choices() if item.group == "others" and isinstance(item.act, Take)
        ]
        made.do(flood[made.tree.count % len(flood)].act)
    return made


def measured(made: Session, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each command, and of each step back."""
    commands, backs = [], []
    for number in range(rounds):
        for line in _ROUND:
            start = time.perf_counter()
            try:
                execute(made, line)
            except Refused:
                continue
            finally:
                commands.append(time.perf_counter() - start)
        made.last()
        start = time.perf_counter()
        execute(made, f"back {1 + number % 40}")
        backs.append(time.perf_counter() - start)
    return commands, backs


def main() -> int:
    """Print the figures; 1 if one is beyond its budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    start = time.perf_counter()
    made = filled(asked.nodes)
    made.standing()
    print(f"{made.tree.count} nodes in {time.perf_counter() - start:.1f} s")
    commands, backs = measured(made, asked.rounds)
    p95 = statistics.quantiles(commands, n=20)[-1]
    print(
        f"command   p50 {statistics.median(commands) * 1e3:6.2f} ms   p95 {p95 * 1e3:6.2f} ms   (goal 5)"
    )
    print(
        f"back      p50 {statistics.median(backs) * 1e3:6.2f} ms   max {max(backs) * 1e3:6.2f} ms   (goal 10)"
    )
    return 0 if p95 <= COMMAND_SECONDS and max(backs) <= BACK_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
