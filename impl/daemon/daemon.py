"""The daemon: nodes, control socket and events, from start until the last Delete is sent (R18, R22)."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Sequence

from impl.daemon.control import Control
from impl.daemon.keyfile import KeyFile
from impl.daemon.outcomes import Outcomes
from impl.daemon.requests import Down, Rekey, Request, RequestError, Status, Up
from impl.daemon.sockets import Node
from impl.daemon.status import engine_status, tables
from impl.daemon.told import (
    SCHEMA_VERSION,
    Listening,
    Noted,
    Stopped,
    Stopping,
    Told,
    told,
)
from impl.daemon.words import Tree
from impl.daemon.workers import Workers
from impl.ike.closing import close
from impl.ike.sadb import IkeSa
from impl.ike.settings import Address, ConnectionSettings
from impl.ike.tables import State

#: seconds that the last Deletes may take to leave
FAREWELL = 2.0
Sink = Callable[[Tree], None]


class Daemon:
    """Everything that runs. `stop` may be called from a signal handler of the loop."""

    def __init__(
        self,
        nodes: Sequence[Node],
        control: str | None = None,
        workers: Workers | None = None,
    ) -> None:
        self._nodes = list(nodes)
        self._workers = workers or Workers()
        self._keylog: KeyFile | None = None
        self._sinks: list[Sink] = []
        self._outcomes = Outcomes()
        self._control = Control(control, self) if control is not None else None
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()
        self._why = ""

    # ---- from start to end
    async def run(self, up: Sequence[str] = ()) -> None:
        """Serve until `stop` is called; then delete every SA, and tell the peers first.

        up   connections to bring up at once
        """
        try:
            for node in self._nodes:
                self._workers.prepare(node.plan.settings.connections)
            for node in self._nodes:
                await node.open(self._report, self._workers)
                self._tell(Listening(node.address, node.port, node.nat_port))
                for note in node.plan.notes:
                    self._tell(Noted(note))
            if self._control is not None:
                await self._control.open()
            for name in up:
                node, connection = self.find(name)
                node.start(connection, self._target(node, name), None)
            await self._stopping.wait()
            await self._farewell()
        finally:
            await self.close()
        self._tell(Stopped())

    async def close(self) -> None:
        """Release everything."""
        if self._control is not None:
            await self._control.close()
        for node in self._nodes:
            node.close()
        self._workers.close()
        if self._keylog is not None:
            self._keylog.close()

    def stop(self, why: str) -> None:
        """End; the second time, without waiting for anything."""
        if self._stopping.is_set():
            self._at_once.set()
        self._why = self._why or why
        self._stopping.set()

    def log_keys(self, keylog: KeyFile) -> None:
        """From now on keys go into that file, which ends with the daemon."""
        self._keylog = keylog
        for node in self._nodes:
            node.keylog = keylog

    async def _farewell(self) -> None:
        """Send Deletes to every peer, within a bounded time."""
        count = sum(len(node.engine.sadb) for node in self._nodes)
        self._tell(Stopping(self._why, count))
        for node in self._nodes:
            close(node.engine, None, node.now, "the daemon stops")
            node.serve()
        loop = asyncio.get_running_loop()
        end = loop.time() + FAREWELL
        while any(node.waiting for node in self._nodes) and loop.time() < end:
            if self._at_once.is_set():
                return
            await asyncio.sleep(0.01)

    # ---- events
    def listen(self, sink: Sink) -> Callable[[], None]:
        """Give every event to `sink`, as JSON, until the function that is returned is called."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def _report(self, event: Told) -> None:
        self._tell(event)
        self._outcomes.see(event)
        if self._keylog is not None and self._keylog.problem:
            self._tell(Noted(f"no more keys are logged: {self._keylog.problem}"))
            self._keylog.close()
            self._keylog = None

    def _tell(self, event: Told) -> None:
        now = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="milliseconds")
        said = told(event, now)
        for sink in list(self._sinks):
            sink(said)

    # ---- what may be asked
    async def answer(self, request: Request) -> Tree:
        """Do what is asked; RequestError in words if that cannot be."""
        if isinstance(request, Status):
            return self.status()
        if isinstance(request, Up):
            return await self._up(request)
        if isinstance(request, Rekey):
            return await self._rekey(request)
        assert isinstance(request, Down)
        return self._down(request)

    def status(self) -> Tree:
        """What there is, by address."""
        return {
            "schema_version": SCHEMA_VERSION,
            "addresses": [
                {
                    "address": node.address,
                    "port": node.port,
                    "nat_port": node.nat_port,
                    "connections": [_connection(node, c) for c in node.plan.settings.connections],
                    **engine_status(node.engine, node.now),
                    "socket_errors": dict(node.errors),
                }
                for node in self._nodes
            ],
            "tables": tables(),
        }

    def find(self, name: str) -> tuple[Node, ConnectionSettings]:
        """A connection and where it runs; RequestError if there is none of that name."""
        known: dict[str, tuple[Node, ConnectionSettings]] = {}
        for node in self._nodes:
            for connection in node.engine.settings.connections:
                known.setdefault(connection.name, (node, connection))
        if name not in known:
            raise RequestError(f"no connection {name!r}; the connections are: {', '.join(known)}")
        return known[name]

    def _target(self, node: Node, name: str) -> Address:
        target = node.plan.targets.get(name)
        if target is None:
            raise RequestError(f"{name} cannot start: {node.plan.mute[name]}")
        return str(target), node.peer_port

    async def _up(self, request: Up) -> Tree:
        node, connection = self.find(request.connection)
        target = self._target(node, connection.name)
        standing = _standing(node, connection)
        wanted = _children(connection, request.child)
        missing = [name for name in wanted if name not in standing]
        waits = self._outcomes.expect(connection.name, missing)
        waits.has([name for name in wanted if name in standing])
        for name in missing:
            node.start(connection, target, name)
        if not missing and not _established(node, connection):
            waits = self._outcomes.expect(connection.name, [], phase1=True)
            node.start(connection, target, "")
        return await self._outcomes.wait(waits, request.wait)

    async def _rekey(self, request: Rekey) -> Tree:
        node, connection = self.find(request.connection)
        wanted, standing = _children(connection, request.child), _standing(node, connection)
        found = {name: standing[name] for name in wanted if name in standing}
        if not found:
            raise RequestError(f"{connection.name} has no SAs to rekey: bring it up first")
        waits = self._outcomes.expect(connection.name, list(found))
        for name, owner in found.items():
            node.engine.rekey(owner, name, node.now)
        node.serve()
        return await self._outcomes.wait(waits, request.wait)

    def _down(self, request: Down) -> Tree:
        if request.connection is not None:
            self.find(request.connection)
        count = 0
        for node in self._nodes:
            count += close(node.engine, request.connection, node.now, "on demand")
            node.serve()
        return {"deleted": count}


def _children(connection: ConnectionSettings, child: str | None) -> list[str]:
    """The children that are meant; RequestError if there is none of that name."""
    known = [item.name for item in connection.children if item.negotiates]
    if child is not None and child not in known:
        there = ", ".join(known) or "none"
        raise RequestError(f"{connection.name} has no child {child!r}; its children are: {there}")
    return known if child is None else [child]


def _standing(node: Node, connection: ConnectionSettings) -> dict[str, IkeSa]:
    """The children that have a pair of SAs, and the Phase I SA that the last of them was made under."""
    pairs = node.engine.sadb.pairs.values()
    return {pair.child: sa for sa, pair in pairs if sa.connection is connection}


def _established(node: Node, connection: ConnectionSettings) -> bool:
    return any(
        sa.connection is connection and sa.state is State.ESTABLISHED for sa in node.engine.sadb
    )


def _connection(node: Node, connection: ConnectionSettings) -> Tree:
    target = node.plan.targets.get(connection.name)
    return {
        "name": connection.name,
        "peers": [item.text for item in connection.remotes],
        "calls": str(target) if target is not None else None,
        "why_not": node.plan.mute.get(connection.name),
        "children": [
            {
                "name": item.name,
                "local": str(item.local),
                "remote": str(item.remote),
                "negotiates": item.negotiates,
            }
            for item in connection.children
        ],
    }
