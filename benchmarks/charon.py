"""CPU of a handshake: both our peers in this process against two strongSwan daemons (DESIGN.md 9), by turns.

    python -m benchmarks.charon [--rounds 7] [--each 15]

Needs root and strongSwan, as tests/interop does. A handshake is initiate and terminate: Main Mode, Quick Mode
without PFS, and Deletes. Of strongSwan it is what its two daemons have run (/proc/PID/task/*/schedstat), each
with sockets, userland ESP and log level -1; of ours both engines, without sockets. So it is not like for
like, and says what negotiating costs, not what a gateway does.

Status 1 if a ratio is above its goal, 3 if the rig cannot run here.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.handshake import SUITES, Pair
from tests.interop.cases import text_of
from tests.interop.harness import rig_script, why_not

GOAL = 0.3
#: strongSwan's proposals, and our suite of `benchmarks.handshake`
PROPOSALS = {
    "modp1024 3des-sha1": ("3des-sha1-modp1024", "3des-sha1", 2),
    "modp2048 aes128-sha256": ("aes128-sha256-modp2048", "aes128-sha256", 0),
}


def nanoseconds(pid: str) -> int:
    """What all threads of a process have run."""
    found = 0
    for path in Path("/proc", pid, "task").glob("*/schedstat"):
        found += int(path.read_text().split()[0])
    return found


def daemons(folder: str) -> list[str]:
    """The process ids of this rig's daemons."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            named = path.read_text().strip() == "charon"
            ours = folder.encode() in (path.parent / "environ").read_bytes()
        except OSError:
            continue
        if named and ours:
            found.append(path.parent.name)
    return found


def swanctl(*words: str) -> None:
    """Have the peer's daemon do something."""
    subprocess.run(
        [os.environ["RIG_PEER_SWANCTL"], *words], stdout=subprocess.DEVNULL, check=True, timeout=30
    )


def charon_ms(pids: list[str], count: int) -> float:
    """CPU milliseconds of both daemons for one handshake."""
    before = sum(map(nanoseconds, pids))
    for _ in range(count):
        swanctl("--initiate", "--child", "net")
        swanctl("--terminate", "--ike", "rig")
    return (sum(map(nanoseconds, pids)) - before) / count / 1e6


def ours_ms(pair: Pair, count: int) -> float:
    """CPU milliseconds of both engines for the same."""
    start = time.process_time()
    for _ in range(count):
        pair.handshake()
        pair.clear()
    return (time.process_time() - start) / count * 1e3


def inside(name: str, rounds: int, each: int) -> int:
    """In the rig: both by turns."""
    pids = daemons(os.environ["RIG_DIR"])
    if len(pids) != 2:
        print(f"{name}: {len(pids)} daemons instead of two")
        return 1
    gc.disable()
    pair = Pair(SUITES[PROPOSALS[name][2]])
    charon_ms(pids, 2)
    ours_ms(pair, 20)
    found = [(ours_ms(pair, each * 4), charon_ms(pids, each)) for _ in range(rounds)]
    mine, theirs = (statistics.median(times) for times in zip(*found, strict=True))
    ratio = statistics.median(one / other for one, other in found)
    verdict = "ok" if ratio <= GOAL else "ABOVE"
    print(
        f"{name:<24} {mine:5.2f} ms   two charons {theirs:5.2f} ms   x{ratio:4.2f}   goal x{GOAL}: {verdict}"
    )
    return 0 if ratio <= GOAL else 1


def rig(name: str, rounds: int, each: int, folder: Path) -> int:
    """Start both daemons, and this program beside them."""
    first, second, _ = PROPOSALS[name]
    text = re.sub(r"(?<= proposals = ).*", first, text_of("psk-3des-sha1-modp1024"), count=1)
    text = re.sub(r"(?<=esp_proposals = ).*", second, text)
    file = folder / "rig.swanctl.conf"
    file.write_text(text)
    own = [sys.executable, "-m", "benchmarks.charon", "--inside", name]
    command = [sys.executable, str(rig_script()), "--conf", str(file), "--second-conf", str(file)]
    command += ["--no-pki", "--debug", "-1", "--timeout", "300", "--"]
    command += [*own, "--rounds", str(rounds), "--each", str(each)]
    return subprocess.run(command, check=False, timeout=400).returncode


def main() -> int:
    """Print both ratios; 1 if one is above its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--each", type=int, default=15, help="strongSwan's handshakes in a round")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside is not None:
        return inside(asked.inside, asked.rounds, asked.each)
    problem = why_not()
    if problem:
        print(f"no comparison with strongSwan: it {problem}")
        return 3
    with tempfile.TemporaryDirectory(prefix="ikeproof-benchmark-") as folder:
        codes = [rig(name, asked.rounds, asked.each, Path(folder)) for name in PROPOSALS]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
