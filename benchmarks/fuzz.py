"""Mutated messages at engines in every state, as many as you like (tests/impl/fuzz has what is checked).

    python -m benchmarks.fuzz [--messages 1000000] [--seed 1] [--jobs 1]

Prints what was tried, how long a message took, and how much memory the process gained. Status 1 if something
escaped, an SA changed, memory grew, or a message took long; the message that did it is printed, and comes
again with its seed, but for certificates and large groups, whose secrets OpenSSL draws.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.impl.fuzz.harness import Found, Fuzzer, Tally

#: MiB that a process may gain after its first tenth
GAIN = 16
#: seconds that a message may take at most: powers of both phases, and Python's own tidying up
LONGEST = 0.25


def fuzz(seed: int, messages: int) -> tuple[Tally, int, str]:
    """One stream: what was tried, KiB gained after the first tenth, and what was found."""
    fuzzer, early = Fuzzer(seed), 0
    try:
        while fuzzer.tally.messages < messages:
            fuzzer.step()
            if fuzzer.tally.messages == messages // 10:
                early = _peak()
    except Found as found:
        return fuzzer.tally, 0, str(found)
    return fuzzer.tally, _peak() - early, ""


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    """Run all streams, and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    began, each = time.monotonic(), -(-asked.messages // asked.jobs)
    seeds = range(asked.seed, asked.seed + asked.jobs)
    total, fine = Tally(), True
    with ProcessPoolExecutor(asked.jobs) as pool:
        for seed, (tally, gain, found) in zip(
            seeds, pool.map(fuzz, seeds, [each] * asked.jobs), strict=True
        ):
            total = _sum(total, tally)
            fine &= not found and gain < GAIN * 1024 and tally.slowest < LONGEST
            print(f"seed {seed}: {tally.messages} messages, memory +{gain / 1024:.1f} MiB", found)
    print(f"{total.messages} messages in {time.monotonic() - began:.0f} s, {total.runs} runs,")
    print(f"{total.finished} of them finished by their genuine messages")
    print("kinds     ", dict(total.kinds))
    print("runs      ", dict(total.ways))
    print("awaiting  ", {number: total.states[number] for number in sorted(total.states)})
    print("moved on  ", {number: total.moved[number] for number in sorted(total.moved)})
    print(f"a message: {total.seconds / max(1, total.messages) * 1e6:.0f} us", end="")
    print(f", {total.slowest * 1e3:.1f} ms at most; {len(total.dropped)} reasons to drop one")
    return 0 if fine else 1


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.messages + other.messages,
        one.runs + other.runs,
        one.finished + other.finished,
        one.kinds + other.kinds,
        one.states + other.states,
        one.ways + other.ways,
        one.moved + other.moved,
        one.dropped + other.dropped,
        max(one.slowest, other.slowest),
        one.seconds + other.seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
