"""One own address: an engine, and the two UDP ports that it is reached at (RFC 3948)."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Protocol, cast

from impl.crypto.schedule import Cookies, Keys
from impl.daemon.workers import Workers
from impl.ike.engine import Engine
from impl.ike.events import Event, SasDeleted, SasInstalled, StepNeeded
from impl.ike.settings import Address, ConnectionSettings, KeyLog, Nat
from impl.translate import Plan

#: octets of datagrams that wait to be sent; what comes on top is lost, as on any link
_MOST_WAITING = 1 << 20
_RECEIVES = 1 << 20


def _utc(_now: float) -> datetime:
    """The time of day, as the system has it: certificates are checked against it."""
    return datetime.now(UTC)


class PortError(Exception):
    """A port that cannot be had: where, and why."""

    def __init__(self, address: str, port: int, why: str) -> None:
        super().__init__(f"{address} port {port}: {why}")
        self.address, self.port, self.why = address, port, why


class _Transport(Protocol):
    """What asyncio's datagram transports have; its abstract class does not name all of it."""

    def sendto(self, data: bytes, addr: Address) -> None: ...

    def get_write_buffer_size(self) -> int: ...

    def close(self) -> None: ...


class Node:
    """The engine at one address, on the loop's clock and the system's randomness.

    ports, peer_ports   the local ones (0: any that is free) and the peers', each with that for NAT traversal
    errors              what sockets reported, by why
    keylog              who is told keys, if anybody is
    """

    def __init__(
        self,
        plan: Plan,
        ports: tuple[int, int],
        peer_ports: tuple[int, int],
    ) -> None:
        address = str(plan.settings.local)
        main, other = _bound(address, ports)
        self.plan, self.address = plan, address
        self.port, self.nat_port = main.getsockname()[1], other.getsockname()[1]
        self.peer_port = peer_ports[0]
        self.errors: Counter[str] = Counter()
        self._sockets = main, other
        self._transports: tuple[_Transport, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._ends: dict[int, asyncio.TimerHandle] = {}
        self._steps: set[asyncio.Task[None]] = set()
        self._workers: Workers | None = None
        self._heard: Callable[[Event], None] = lambda _event: None
        self._loop: asyncio.AbstractEventLoop | None = None
        nat = Nat(self.port, self.nat_port, peer_ports[1])
        self.keylog: KeyLog | None = None
        settings = replace(plan.settings, nat=nat, utc=plan.settings.utc or _utc)
        self.engine = Engine(settings, os.urandom, self._keys_made)

    async def open(self, heard: Callable[[Event], None], workers: Workers) -> None:
        """Begin to listen. `heard` is told what happens; steps that may block are done by `workers`."""
        self._loop, self._heard = asyncio.get_running_loop(), heard
        self._workers = workers
        made = []
        for sock, floated in zip(self._sockets, (False, True), strict=True):
            transport, _ = await self._loop.create_datagram_endpoint(
                lambda floated=floated: _Port(self, floated=floated),  # type: ignore[misc]
                sock=sock,
            )
            made.append(cast("_Transport", transport))
        self._transports = tuple(made)

    @property
    def now(self) -> float:
        """The engine's clock."""
        assert self._loop is not None
        return self._loop.time()

    def _keys_made(self, cookies: Cookies, keys: Keys) -> None:
        if self.keylog is not None:
            self.keylog(cookies, keys)

    def start(self, connection: ConnectionSettings, peer: Address, child: str | None) -> None:
        """Bring a connection up."""
        self.engine.start(connection, peer, self.now, child)
        self.serve()

    def received(self, datagram: bytes, source: Address, *, floated: bool) -> None:
        """A datagram is here."""
        self.engine.receive_datagram(datagram, source, self.now, floated=floated)
        self.serve()

    def serve(self) -> None:
        """Send what is to be sent, report what has happened, and wait for what is due next."""
        for item in self.engine.outgoing():
            transport = self._transports[item.floated]
            if transport.get_write_buffer_size() < _MOST_WAITING:
                transport.sendto(item.datagram, item.target)
            else:
                self.errors["the socket does not keep up"] += 1
        while (step := self.engine.next_step()) is not None:
            self._have_done(step)
        while (event := self.engine.next_event()) is not None:
            self._clock(event)
            self._heard(event)
        self._arm()

    def _have_done(self, step: StepNeeded) -> None:
        """Private keys, certification paths, GSS-API and long powers: not on this loop."""
        assert self._loop is not None
        task = self._loop.create_task(self._do(step))
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)

    async def _do(self, step: StepNeeded) -> None:
        assert self._workers is not None
        outcome = await self._workers.run(step.work)
        if not self._closed:
            self.engine.step_done(step.number, outcome, self.now)
            self.serve()

    def _clock(self, event: Event) -> None:
        """In place of the driver: a pair ends after its seconds (R19). No packets pass, so nothing else of
        it is counted."""
        if isinstance(event, SasInstalled) and event.pair.life is not None:
            assert self._loop is not None
            spi = event.pair.inbound_spi
            self._ends[spi] = self._loop.call_later(event.pair.life, self._expired, spi)
        elif isinstance(event, SasDeleted):
            timer = self._ends.pop(event.pair.inbound_spi, None)
            if timer is not None:
                timer.cancel()

    def _expired(self, spi: int) -> None:
        self._ends.pop(spi, None)
        self.engine.expired(spi, self.now)
        self.serve()

    def _arm(self) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        due = self.engine.next_deadline()
        self._timer = self._loop.call_at(due, self._due) if due is not None else None

    def _due(self) -> None:
        self.engine.handle_timeout(self.now)
        self.serve()

    @property
    def waiting(self) -> int:
        """Octets that are still to be sent."""
        return sum(item.get_write_buffer_size() for item in self._transports)

    def close(self) -> None:
        """Listen no more."""
        self._closed = True
        for step in self._steps:
            step.cancel()
        for timer in (self._timer, *self._ends.values()):
            if timer is not None:
                timer.cancel()
        for transport in self._transports:
            transport.close()
        for sock in self._sockets if not self._transports else ():
            sock.close()


class _Port(asyncio.DatagramProtocol):
    """One port of a node."""

    def __init__(self, node: Node, *, floated: bool) -> None:
        self._node, self._floated = node, floated

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._node.received(data, (addr[0], addr[1]), floated=self._floated)

    def error_received(self, exc: Exception) -> None:
        why = exc.strerror if isinstance(exc, OSError) else None
        self._node.errors[why or type(exc).__name__] += 1


def _bound(address: str, ports: tuple[int, int]) -> tuple[socket.socket, socket.socket]:
    """Both sockets; PortError if one of the ports cannot be had, and then neither is."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    made: list[socket.socket] = []
    for port in ports:
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        made.append(sock)
        with suppress(OSError):  # the system's limit will do too
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVES)
        try:
            sock.bind((address, port))
        except OSError as error:
            for item in made:
                item.close()
            raise PortError(address, port, error.strerror or "it cannot be had") from None
    return made[0], made[1]
