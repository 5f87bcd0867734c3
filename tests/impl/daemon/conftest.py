"""Daemons on loopback, in one process: real sockets, real policies, free ports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from impl.daemon.daemon import Daemon
from impl.daemon.keyfile import KeyFile
from impl.daemon.sockets import Node
from impl.translate import local_addresses, plan
from model.formats import load
from tests.conftest import DictReader

A, B = "127.0.0.1", "127.0.0.2"
#: seconds after which a test gives up
DEADLINE = 20.0
Tree = dict[str, Any]
TEXT = """connections {{ rig {{
  version = 1
  local_addrs = {here}
  remote_addrs = {there}
  proposals = aes128-sha256-modp1024, 3des-sha1-modp1024
  local {{ auth = psk
    id = {own} }}
  remote {{ auth = psk
    id = {other} }}
  children {{
    net {{ local_ts = {net}
      remote_ts = {far}
      esp_proposals = aes128-sha256 }}
    two {{ local_ts = {net}[tcp/80]
      remote_ts = {far}[tcp/80]
      esp_proposals = {second} }}
  }}
}} }}
secrets {{ ike {{ secret = {psk} }} }}
"""


def policy(side: str, *, psk: str = "hush", second: str = "3des-sha1") -> str:
    """One side's swanctl.conf."""
    ends = [(A, "a.test", "10.1.0.0/16"), (B, "b.test", "10.2.0.0/16")]
    (here, own, net), (there, other, far) = ends if side == "a" else reversed(ends)
    return TEXT.format(
        here=here, there=there, own=own, other=other, net=net, far=far, psk=psk, second=second
    )


def node(
    side: str,
    text: str,
    peer_ports: tuple[int, int] = (1, 1),
    interval: float = 3.0,
) -> Node:
    """A node on free ports; seconds between two sendings of a message."""
    peer = load(f"{side}.conf", side, DictReader({f"{side}.conf": text.encode()}))
    (address, *_) = local_addresses(peer)
    made = plan(peer, address)
    settings = replace(made.settings, interval=interval, brief=interval)
    return Node(replace(made, settings=settings), (0, 0), peer_ports)


class Running:
    """A daemon that runs, what it has said, and waiting for what it says."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon, self.events = daemon, list[Tree]()
        self._wanted: list[tuple[str, int, asyncio.Event]] = []
        daemon.listen(self._hear)
        self.task = asyncio.ensure_future(daemon.run())

    def _hear(self, event: Tree) -> None:
        self.events.append(event)
        for kind, count, seen in self._wanted:
            if len(self.of(kind)) >= count:
                seen.set()

    def of(self, kind: str) -> list[Tree]:
        """What it has said, of one kind."""
        return [item for item in self.events if item["event"] == kind]

    async def until(self, kind: str, count: int = 1) -> list[Tree]:
        """So many events of a kind."""

        seen = asyncio.Event()
        self._wanted.append((kind, count, seen))
        if len(self.of(kind)) < count:
            await asyncio.wait_for(seen.wait(), DEADLINE)
        return self.of(kind)

    async def stop(self) -> None:
        """End it, as a signal does."""
        self.daemon.stop("SIGTERM")
        await asyncio.wait_for(self.task, DEADLINE)


@asynccontextmanager
async def two(
    folder: Path,
    *,
    a: str | None = None,
    b: str | None = None,
    keylog: Path | None = None,
    interval: float = 3.0,
) -> AsyncIterator[tuple[Running, Running]]:
    """Two daemons; `a` knows where `b` is. Control sockets are a.sock and b.sock."""
    other = node("b", b or policy("b"), interval=interval)
    one = node("a", a or policy("a"), (other.port, other.nat_port), interval)
    ends = [
        Running(Daemon([one], str(folder / "a.sock"))),
        Running(Daemon([other], str(folder / "b.sock"))),
    ]
    if keylog is not None:
        ends[0].daemon.log_keys(KeyFile(str(keylog)))
    try:
        for end in ends:
            await end.until("listening")
        yield ends[0], ends[1]
    finally:
        for end in ends:
            await end.stop()


async def ask(path: Path, *requests: Any) -> list[Tree]:
    """Requests on one connection to a control socket, and their answers; octets go as they are."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=1 << 24)
    try:
        found = []
        for request in requests:
            raw = request if isinstance(request, bytes) else json.dumps(request).encode()
            writer.write(raw + b"\n")
            line = await asyncio.wait_for(reader.readline(), DEADLINE)
            found.append(json.loads(line) if line else {})
        return found
    finally:
        writer.close()


def result(answer: Tree) -> Tree:
    """What an answer says, which must be yes."""
    assert answer["ok"], answer
    found: Tree = answer["result"]
    return found


def run(made: Callable[[], Any]) -> None:
    """Run an asynchronous test."""
    asyncio.run(made())
