"""Whatever comes in, nothing escapes, no SA changes that nobody with its keys has changed, and memory is flat
(R9, R14). The million, and what a message costs, is `python -m benchmarks.fuzz --messages 1000000`."""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from impl.ike.engine import Engine
from impl.ike.events import Event, Phase1Established, SasInstalled
from impl.ike.settings import Address, Settings
from impl.link.network import Network
from impl.wire.message import Header, Message, encode_message
from impl.wire.payloads import KeyExchange, Nonce
from model.vocabulary.policy import AddressPattern
from tests.impl.fuzz.harness import Fuzzer, corpus
from tests.impl.fuzz.mutate import mutated
from tests.impl.fuzz.runs import WHOLE, A, B, Run, settings, state_of

SLICE = 20_000


def test_r9_r14_mutated_messages_change_nothing_in_any_state() -> None:
    fuzzer = Fuzzer(20_261_125)
    while fuzzer.tally.messages < SLICE:
        fuzzer.step()
    tally = fuzzer.tally
    assert all(tally.states[stop] > 150 for stop in range(WHOLE + 1)), tally.states
    assert all(tally.kinds[kind] > 150 for kind in ("mutated", "resealed", "insider", "unmarked"))
    assert len(tally.ways) == 7 and min(tally.ways.values()) > 5, tally.ways
    assert tally.finished > 60  # runs that the genuine messages finished after 120 others
    assert len(tally.dropped) > 30  # many different checks have refused something


def veteran(seed: int) -> tuple[Engine, Run]:
    """An engine that has an SA with an honest peer, and is reached by others."""
    run = Run(WHOLE, seed)
    return run.ends[1], run


def rubbish(
    chance: random.Random, run: Run, others: list[bytes]
) -> Iterator[tuple[bytes, Address]]:
    """Mutated messages for ever, from the peer's address and ports beside it."""
    while True:
        source = A[0], chance.choice((500, 4500, chance.randrange(1, 65_536)))
        octets = mutated(chance, chance.choice(others), others)
        if chance.random() < 0.3:  # as if somebody began anew
            octets = chance.randbytes(8) + octets[8:]
        yield octets, source


def test_r9_memory_is_flat_and_the_honest_sa_stands() -> None:
    engine, run = veteran(7)
    chance, others = random.Random(7), corpus() + [item.datagram for item in run.sent]
    stream, now = rubbish(chance, run, others), run.now
    before = {sa: said for sa, said in state_of(engine).items() if sa.pairs}

    def feed(count: int) -> None:
        nonlocal now
        for _ in range(count):
            now += 0.005
            octets, source = next(stream)
            engine.receive_datagram(octets, source, now)
            due = engine.next_deadline()
            if due is not None and due <= now:
                engine.handle_timeout(now)
            engine.outgoing()
            while engine.next_event() is not None:
                pass
        gc.collect()

    feed(4000)  # tables fill up to their limits
    tracemalloc.start()
    try:
        feed(3000)
        one, _ = tracemalloc.get_traced_memory()
        feed(3000)
        two, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert two - one < 128 * 1024, (one, two)
    assert engine.sadb.half_open <= engine.settings.half_open
    now_held = state_of(engine)
    for sa in before:
        assert sa in now_held and sa.pairs and sa.served == 1


def test_r9_what_is_counted_of_refused_messages_has_a_bound() -> None:
    run = Run(2, 3)
    engine, first = run.ends[1], run.sent[2].datagram
    cookies = first[:8], first[8:16]
    for size in range(257, 1500):
        message = Message(
            Header(*cookies, 0, 2, 0, 0, 0), (KeyExchange(bytes(96)), Nonce(bytes(size)))
        )
        engine.receive_datagram(encode_message(message), A, run.now)
    assert sum(engine.dropped.values()) == 1500 - 257
    assert len(engine.dropped) <= 257
    assert run.finish()


def crowded(peer: Address) -> Settings:
    """Settings of B, for anybody, with the table that is the default's."""
    made = settings(B, peer)
    (one,) = made.connections
    anybody = AddressPattern("%any", None, None, anything=True)
    return replace(made, connections=(replace(one, remotes=(anybody,)),), half_open=1000)


def test_r9_ten_thousand_half_open_exchanges_leave_an_honest_peer_able_to_connect() -> None:
    """The flood goes on while the honest peer tries; it has until its resends and the brief interval end."""
    network = Network(seed=11)
    chance = random.Random(11)
    honest = Engine(settings(A, B), chance.randbytes)
    target = Engine(crowded(A), chance.randbytes)
    network.join(A, honest)
    network.join(B, target)
    template = Run(0, 1).sent[0].datagram
    most, began = 0, 5.0

    def flood(count: int, until: float) -> None:
        """So many first messages, each of another cookie and address, spread over the time until then."""
        nonlocal most
        start = network.now
        for number in range(count):
            network.run(start + (until - start) * number / count)
            host = str(ip_address(0xC6336400 + chance.randrange(200)))
            forged = chance.randbytes(8) + template[8:]
            network.send((host, chance.randrange(1, 65_536)), B, forged)
            most = max(most, target.sadb.half_open)

    flood(3_000, began)
    honest.start(honest.settings.connections[0], B, network.now)
    flood(7_000, began + 6 * 3 + 3)
    network.run(began + 6 * 3 + 3)
    assert most == 1000

    def told(end: Address, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in network.events[end])

    assert told(A, Phase1Established) == told(A, SasInstalled) == told(B, SasInstalled) == 1
    network.run(network.now + 60)
    assert target.sadb.half_open == 0
