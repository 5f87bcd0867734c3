"""Mutated messages at engines in every state: nothing escapes, and what is not authentic changes no SA.

A run is kept for a while and then finished with its genuine messages, which must still do: so no mutated one
has moved an IV, used up a message id, or left an exchange stuck.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from impl.capture.datagrams import Kind, datagrams
from impl.capture.files import frames
from impl.ike.settings import Address
from tests.impl.fuzz.mutate import insider, is_genuine, mutated, resealed
from tests.impl.fuzz.runs import WHOLE, A, B, Conditions, Run, Way, marked, state_of, unmarked

VECTORS = Path(__file__).resolve().parents[2] / "data" / "vectors"
#: messages that a run meets before it is finished
PATIENCE = 120
_STRANGERS: tuple[Address, ...] = (("192.0.2.9", 500), ("198.51.100.1", 4500), (A[0], 1), (B[0], 1))


class Found(AssertionError):
    """What a mutated message brought to light, and how to have it again."""


@dataclass
class Tally:
    """How often what was tried; the longest that one message took, in seconds of this thread's own time."""

    messages: int = 0
    runs: int = 0
    finished: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    states: Counter[int] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    moved: Counter[int] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    seconds: float = 0.0


def corpus() -> list[bytes]:
    """Recorded messages of other stacks, well-formed and malformed."""
    found = []
    for path in sorted(VECTORS.glob("handshake_*.json")):
        case = json.loads(path.read_text("utf-8"))
        messages = case.get("messages") or case["facts"]["messages"]
        found += [bytes.fromhex(item["hex"]) for item in messages]
    for path in sorted((VECTORS / "malformed").glob("*.pcap*")):
        for item in datagrams(frames(path.read_bytes()), ()):
            if item.kind is Kind.ISAKMP:
                found.append(item.octets)
    assert len(found) > 20, len(found)
    return found


class Fuzzer:
    """One stream of mutated messages, the same for the same seed as far as nobody else draws secrets."""

    def __init__(self, seed: int) -> None:
        self.seed, self.tally = seed, Tally()
        self._chance = random.Random(seed)
        self._corpus = corpus()
        self._begin()

    def _begin(self) -> None:
        chance, tally = self._chance, self.tally
        way = chance.choices(list(Way), (6, 2, 2, 2))[0]
        hold = bool(way.holds) and chance.random() < 0.5
        stop = chance.choice(way.holds) if hold else chance.randrange(WHOLE + 1)
        pfs, nat = hold or chance.random() < 0.3, chance.random() < 0.3
        under = Conditions(pfs, nat, chance.random() < 0.3, way)
        self.run = Run(stop, chance.getrandbits(32), under, hold=hold)
        self._target = self.run.target
        self._before = state_of(self.run.ends[self._target])
        before = [unmarked(item) for item in self.run.sent if item is not self.run.genuine]
        self._others = before * 3 + self._corpus
        self._left, self._spoilt = PATIENCE, False
        tally.runs += 1
        tally.ways[f"{way.name.lower()}{', held' if hold else ''}"] += 1

    def step(self) -> None:
        """One message more."""
        kind, datagram, source, floated = self._made()
        engine, tally, run = self.run.ends[self._target], self.tally, self.run
        began = time.thread_time()
        try:
            run.receive(self._target, datagram, source, floated=floated)
            engine.outgoing()
            while engine.next_event() is not None:
                pass
        except Exception as error:
            raise self._found(f"{error!r} escapes", kind, datagram) from error
        took = time.thread_time() - began
        tally.seconds += took
        tally.slowest = max(tally.slowest, took)
        tally.messages += 1
        tally.kinds[kind] += 1
        tally.states[run.stop] += 1
        self._compare(kind, datagram, floated=floated)
        self._left -= 1
        if self._spoilt or not self._left:
            self._end()

    def _made(self) -> tuple[str, bytes, Address, bool]:
        chance, run, item = self._chance, self.run, self.run.genuine
        which = chance.random()
        source, floated = run.source(item), item.floated
        if chance.random() < 0.1:
            source, floated = chance.choice(_STRANGERS), chance.random() < 0.5
        if which < 0.2:
            under = resealed(chance, run, item, self._others)
            if under is not None and not is_genuine(run, item, under):
                return "resealed", under, source, floated
        elif which < 0.23:
            under = insider(chance, run, item, self._others)
            if under is not None:
                return "insider", under, source, floated
        octets = self._worse()
        if chance.random() < 0.02:
            return "unmarked", octets, source, floated
        return "mutated", marked(octets, floated=floated), source, floated

    def _worse(self) -> bytes:
        """A mutated message; one that still says what the genuine one says, and so ends the run, seldom."""
        chance, run, item = self._chance, self.run, self.run.genuine
        first = unmarked(item) if chance.random() < 0.7 else chance.choice(self._others)
        octets = mutated(chance, first, self._others)
        while is_genuine(run, item, marked(octets, floated=item.floated)):
            if chance.random() < 0.03:
                break
            octets = mutated(chance, first, self._others)
        return octets

    def _compare(self, kind: str, datagram: bytes, *, floated: bool) -> None:
        """What has changed may have: in clear until message 4, by a peer that has the keys, or because the
        message is the genuine one after all."""
        run, engine = self.run, self.run.ends[self._target]
        now = state_of(engine)
        changed = any(now.get(sa) != said for sa, said in self._before.items())
        began = run.genuine.datagram[:8] if run.stop == 0 else None
        if began is not None and any(sa.cookies.initiator == began for sa in now):
            self._spoilt = (
                True  # somebody has begun with the genuine cookie: nothing protects message 1
            )
        if not changed:
            return
        self._spoilt = True
        self.tally.moved[run.stop] += 1
        octets = datagram[4:] if floated else datagram
        clear = run.stop < 4 and not octets[19] & 1
        if not clear and kind != "insider" and not is_genuine(run, run.genuine, datagram):
            raise self._found("an SA has changed", kind, datagram)

    def _end(self) -> None:
        """Finish the run, if it is as it was, and begin another."""
        for end in self.run.ends:
            self.tally.dropped.update(end.dropped)
        if not self._spoilt:
            if not self.run.finish():
                raise self._found("the genuine messages do not do any more", "run", b"")
            self.tally.finished += 1
        self._begin()

    def _found(self, what: str, kind: str, datagram: bytes) -> Found:
        number = self.tally.messages
        where = f"seed {self.seed}, message {number}, awaiting message {self.run.stop}"
        return Found(f"{what}: {kind}, {where}: {datagram.hex()[:4000]}")
