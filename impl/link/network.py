"""Engines joined by a link that loses, repeats, reorders and delays, on a virtual clock (R8, R9, R22)."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from impl.auth.interface import Outcome, Work
from impl.ike.engine import Engine
from impl.ike.events import Event, StepNeeded
from impl.ike.settings import Address

Tap = Callable[["Sent"], "bytes | None"]


@dataclass(frozen=True, slots=True)
class Faults:
    """How a link treats datagrams: chances from 0 to 1, and seconds of delay, the least and the most.

    What is delayed by different times is reordered.
    """

    loss: float = 0.0
    duplication: float = 0.0
    delay: tuple[float, float] = (0.01, 0.01)


@dataclass(frozen=True, slots=True)
class Sent:
    """A datagram on its way."""

    time: float
    source: Address
    target: Address
    datagram: bytes


@dataclass(eq=False)
class Translator:
    """A NAT before one host: what the host sends seems to come from `public`, from a port a mapping; what
    comes to such a port reaches the host. `forget` ends all mappings, as a reboot does (RFC 3947 7)."""

    inside: str
    public: str
    first_port: int = 20_000

    def __post_init__(self) -> None:
        self._ports: dict[int, int] = {}
        self._next = self.first_port

    def outwards(self, source: Address) -> Address:
        """Where a datagram of the host seems to come from."""
        if source[1] not in self._ports:
            self._ports[source[1]] = self._next
            self._next += 1
        return self.public, self._ports[source[1]]

    def inwards(self, target: Address) -> Address | None:
        """Whom a datagram from outside reaches; nobody without a mapping."""
        for own, mapped in self._ports.items():
            if mapped == target[1]:
                return self.inside, own
        return None

    def forget(self, public: str | None = None) -> None:
        """End all mappings; those to come may be of another address."""
        self._ports.clear()
        self.public = public or self.public


@dataclass(eq=False)
class Network:
    """Engines by address; one that does NAT traversal has its other port too.

    nats   what stands before a host
    step_takes   virtual seconds that a step of an authentication takes; `does`: who does it
    tap    sees every datagram as it is sent, and says what goes on: it, another one, or nothing (None)
    log    everything that was sent, in order; events, and steps that were needed, by address
    """

    faults: Faults = field(default_factory=Faults)
    seed: int = 0
    tap: Tap | None = None
    nats: tuple[Translator, ...] = ()
    step_takes: float = 0.0
    does: Callable[[Work[Any]], Outcome[Any]] = Work.run

    def __post_init__(self) -> None:
        self.now = 0.0
        self.log: list[Sent] = []
        self.events: dict[Address, list[Event]] = {}
        self.steps: dict[Address, list[StepNeeded]] = {}
        self._engines: dict[Address, Engine] = {}
        self._other: dict[Address, Engine] = {}
        self._chance = Random(self.seed)
        self._way: list[tuple[float, int, Sent]] = []
        self._due_steps: list[tuple[float, int, Address]] = []
        self._count = 0

    def join(self, address: Address, engine: Engine) -> None:
        """An engine at an address, instead of whatever was there."""
        self._engines[address] = engine
        if engine.settings.nat is not None:
            self._other[address[0], engine.settings.nat.float_port] = engine
        self.events[address] = []
        self.steps[address] = []
        self._due_steps = [item for item in self._due_steps if item[2] != address]
        heapq.heapify(self._due_steps)

    def send(self, source: Address, target: Address, datagram: bytes) -> None:
        """Put a datagram on its way, as whoever sends it."""
        for nat in self.nats:
            if source[0] == nat.inside:
                source = nat.outwards(source)
        sent = Sent(self.now, source, target, datagram)
        self.log.append(sent)
        on = self.tap(sent) if self.tap is not None else datagram
        if on is None:
            return
        faults = self.faults
        copies = 2 if self._chance.random() < faults.duplication else 1
        for _ in range(copies):
            if self._chance.random() >= faults.loss:
                self._count += 1
                due = self.now + self._chance.uniform(*faults.delay)
                moved = Sent(self.now, source, target, on)
                heapq.heappush(self._way, (due, self._count, moved))

    def run(self, until: float) -> None:
        """Let time pass up to that moment; as much happens as is due."""
        self._gather()
        while (due := self._next()) is not None and due <= until:
            self.now = max(self.now, due)
            while self._due_steps and self._due_steps[0][0] <= self.now:
                _, number, address = heapq.heappop(self._due_steps)
                (step,) = [item for item in self.steps[address] if item.number == number]
                self._engines[address].step_done(number, self.does(step.work), self.now)
            while self._way and self._way[0][0] <= self.now:
                _, _, sent = heapq.heappop(self._way)
                self._arrive(sent)
            for engine in self._engines.values():
                deadline = engine.next_deadline()
                if deadline is not None and deadline <= self.now:
                    engine.handle_timeout(self.now)
            self._gather()
        self.now = until

    def _arrive(self, sent: Sent) -> None:
        target: Address | None = sent.target
        for nat in self.nats:
            if sent.target[0] == nat.public:
                target = nat.inwards(sent.target)
        if target in self._engines:
            self._engines[target].receive_datagram(sent.datagram, sent.source, self.now)
        elif target in self._other:
            engine = self._other[target]
            engine.receive_datagram(sent.datagram, sent.source, self.now, floated=True)

    def _next(self) -> float | None:
        due = [item[0][0] for item in (self._way, self._due_steps) if item]
        due += [d for e in self._engines.values() if (d := e.next_deadline()) is not None]
        return min(due, default=None)

    def _gather(self) -> None:
        for address, engine in self._engines.items():
            while (event := engine.next_event()) is not None:
                self.events[address].append(event)
            while (step := engine.next_step()) is not None:
                self.steps[address].append(step)
                due = self.now + self.step_takes
                heapq.heappush(self._due_steps, (due, step.number, address))
            nat = engine.settings.nat
            for item in engine.outgoing():
                port = nat.float_port if nat is not None and item.floated else address[1]
                self.send((address[0], port), item.target, item.datagram)
