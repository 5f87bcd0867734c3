"""How fast the concrete interpreter is: the whole two-peer machine of `model/spec` (DESIGN.md 9).

    python -m benchmarks.interpreter [--seconds 2]

Two figures, and the tree walk (the oracle) beside them as the yardstick of the same run:

given actions    a recorded run of Phase I and Quick Modes is applied again and again
chosen steps     in each state all enabled (action, parameters) are enumerated, one is chosen at random

Status 1 if a figure is below its budget.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable

from model.language.generate import DELAY
from model.language.instance import Instance
from model.language.machine import Machine, State, Step
from model.spec import specification
from model.spec.agreeing import AGREEING
from model.spec.clock import TIMED

GIVEN_BUDGET, CHOSEN_BUDGET = 500_000, 60_000
TRANSFORMS, PROTECTIONS, NEGOTIATIONS = 4, 4, 3
SEED, RUN = 2409, 50

POLICY: dict[str, object] = {
    **AGREEING,
    "offers": lambda t: t < 3,
    "accepts": lambda t: t > 0,
    "accept_rank": lambda t: TRANSFORMS - t,
    "prefers_own": True,
    "alters": True,
    "drops": True,
    "resends": 5,
    "life": 3600,
    "offers2": lambda _role, t: t < 3,
    "accepts2": lambda _role, t: t > 0,
}


def two_peers() -> Machine:
    """Both peers with several offers, both able to start Quick Modes; the attacker alters."""
    spec = specification()
    sizes = {"transform": TRANSFORMS, "protection": PROTECTIONS, "negotiation": NEGOTIATIONS}
    return Machine(spec, Instance.of(spec, sizes, POLICY))


def chosen(machine: Machine, enabled: Callable[[State], list[Step]], seconds: float) -> float:
    """Steps per second where each is chosen among all that are enabled, run after run."""
    pick = random.Random(SEED).randrange
    steps = 0
    start = time.perf_counter()
    end = start + seconds
    while time.perf_counter() < end:
        state = machine.initial
        for _ in range(RUN):
            possible = enabled(state)
            if not possible:
                break
            after = machine.apply(state, possible[pick(len(possible))])
            assert after is not None
            state = after
            steps += 1
    return steps / (time.perf_counter() - start)


def recorded(machine: Machine) -> list[Step]:
    """A run in which both peers establish Phase I and every Quick Mode: the longest of some."""
    source = random.Random(SEED)
    longest: list[Step] = []
    for _ in range(200):
        state, steps = machine.initial, []
        while possible := [step for step in machine.enabled(state) if plain(machine, step)]:
            step = source.choice(possible)
            after = machine.apply(state, step)
            assert after is not None
            if after == state:
                break
            state = after
            steps.append(step)
        longest = max(longest, steps, key=len)
    return longest


def plain(machine: Machine, step: Step) -> bool:
    """Whether a step belongs to a negotiation in which nothing is late, lost or altered."""
    name = machine.describe(step)[0]
    return name != DELAY and name not in TIMED and not name.startswith(("attacker.", "flood."))


def given(
    machine: Machine,
    apply: Callable[[State, Step], State | None],
    run: list[Step],
    seconds: float,
) -> float:
    """Given actions applied per second, guards checked at each."""
    applied = 0
    start = time.perf_counter()
    end = start + seconds
    while time.perf_counter() < end:
        for _ in range(20):
            state: State | None = machine.initial
            for step in run:
                state = apply(state, step)  # type: ignore[arg-type]
            assert state is not None
        applied += 20 * len(run)
    return applied / (time.perf_counter() - start)


def main() -> int:
    """Print the figures; 1 if one is below its budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    seconds = parser.parse_args().seconds
    machine = two_peers()
    run = recorded(machine)
    fast = given(machine, machine.apply, run, seconds)
    walked = given(machine, machine.walk_apply, run, seconds)
    stepped = chosen(machine, machine.enabled, seconds)
    trudged = chosen(machine, lambda state: list(machine.walk_enabled(state)), seconds)
    print(
        f"machine: {len(machine.actions)} actions, {len(machine.slots)} variables, "
        f"{TRANSFORMS} transforms, {NEGOTIATIONS} Quick Modes from either side; "
        f"a run of {len(run)} steps"
    )
    for name, figure, oracle, budget in (
        ("given actions applied/s", fast, walked, GIVEN_BUDGET),
        ("chosen steps/s", stepped, trudged, CHOSEN_BUDGET),
    ):
        verdict = "ok" if figure >= budget else "BELOW"
        print(
            f"{name:24} {figure:>11,.0f}   tree walk {oracle:>9,.0f} (x{figure / oracle:.0f})   "
            f"budget {budget:,}: {verdict}"
        )
    return 0 if fast >= GIVEN_BUDGET and stepped >= CHOSEN_BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
