"""How long the daemon's event loop stands still while peers come up in a large group (DESIGN.md 6).

    python -m benchmarks.loop [--rounds 10] [--group modp8192]

Two daemons on loopback in this process bring up Phase I and a pair with PFS, both in that group, round after
round. Meanwhile a watch asks the loop for its next turn all the time: the longest wait for one in a round is
what a packet of any other peer may have to wait. By turns with Diffie-Hellman where `ikeproof run` has it done,
in other processes, and in threads, which hold the interpreter as long as the power takes.

Status 1 unless the first is shorter than one power of that group takes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

from explorer.cli.reader import FileReader
from impl.auth.interface import Outcome, Work
from impl.crypto.groups import group_of
from impl.daemon.daemon import Daemon
from impl.daemon.requests import Down, Up
from impl.daemon.sockets import Node
from impl.daemon.workers import Workers
from impl.translate import plan
from model.formats import load

T = TypeVar("T")
A, B = "127.0.0.1", "127.0.0.2"
POLICY = """connections {{ peer {{
  version = 1
  local_addrs = {here}
  remote_addrs = {there}
  proposals = aes128-sha256-{group}
  local {{ auth = psk }}
  remote {{ auth = psk }}
  children {{ net {{ local_ts = {net}
    remote_ts = {far}
    esp_proposals = aes128-sha256-{group} }} }}
}} }}
secrets {{ ike {{ secret = "a benchmark's, so no secret" }} }}
"""


class Threads(Workers):
    """Everything in threads."""

    async def run(self, work: Work[T]) -> Outcome[T]:
        """Do it beside the loop, in this interpreter."""
        return await super().run(replace(work, apart=False))


def _node(folder: Path, here: str, there: str, group: str, peer_ports: tuple[int, int]) -> Node:
    """One end."""
    nets = ("10.1.0.0/16", "10.2.0.0/16")
    net, far = nets if here == A else reversed(nets)
    path = folder / f"{here}.conf"
    path.write_text(POLICY.format(here=here, there=there, net=net, far=far, group=group))
    peer = load(str(path), here, FileReader())
    return Node(plan(peer, ip_address(here)), (0, 0), peer_ports)


async def _watch(gaps: list[float]) -> None:
    """Note how long each turn of the loop was waited for."""
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now


async def longest(workers: Workers, folder: Path, group: str, rounds: int) -> list[float]:
    """The longest wait of each round, in seconds."""
    other = _node(folder, B, A, group, (1, 1))
    one = _node(folder, A, B, group, (other.port, other.nat_port))
    daemons = [Daemon([one], None, workers), Daemon([other], None, workers)]
    running = [asyncio.ensure_future(daemon.run()) for daemon in daemons]
    await asyncio.sleep(1.0)  # processes are up
    found = []
    for number in range(rounds + 1):
        gaps: list[float] = []
        watch = asyncio.ensure_future(_watch(gaps))
        answer = await daemons[0].answer(Up(command="up", connection="peer", wait=60))
        watch.cancel()
        if answer["outcome"] != "established":
            raise SystemExit(f"no handshake: {answer}")
        if number:  # the first is for caches
            found.append(max(gaps))
        await daemons[0].answer(Down(command="down"))
        await asyncio.sleep(0.05)
    for daemon in daemons:
        daemon.stop("done")
    await asyncio.gather(*running)
    return found


def _power(name: str) -> float:
    """Seconds that one power takes."""
    group = group_of(int({"modp3072": 15, "modp4096": 16, "modp6144": 17, "modp8192": 18}[name]))
    assert group is not None
    times = []
    for _ in range(11):
        start = time.perf_counter()
        group.private(os.urandom)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    """Print both; 1 if the loop waits as long as a power takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--group", default="modp8192")
    asked = parser.parse_args()
    power = _power(asked.group)
    with tempfile.TemporaryDirectory() as name:
        kinds = {"processes": Workers(), "threads": Threads()}
        medians = {}
        for kind, workers in kinds.items():
            waits = asyncio.run(longest(workers, Path(name), asked.group, asked.rounds))
            medians[kind] = statistics.median(waits)
            print(
                f"{asked.group}, {kind:<9} longest wait of a round: median {medians[kind] * 1e3:6.2f} ms, "
                f"worst {max(waits) * 1e3:6.2f} ms"
            )
    ratio = medians["processes"] / power
    verdict = "ok" if ratio < 1 else "ABOVE"
    print(
        f"one power takes {power * 1e3:.2f} ms; with processes the loop waits x{ratio:.2f} of one: {verdict}"
    )
    return 0 if ratio < 1 else 1


if __name__ == "__main__":
    sys.exit(main())
