"""Diffie-Hellman in large groups is done elsewhere, in both phases, and nothing waits for it (R4, R9, R12)."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

from impl.auth.interface import Outcome, Refused, Work
from impl.ike.events import Phase1Established, Phase1Failed, Phase2Failed, SasDeleted, SasInstalled
from impl.ike.settings import Address
from impl.link.network import Faults, Sent
from impl.wire.numbers import ExchangeType
from tests.impl.ike.conftest import (
    ESP_AES_PFS,
    LARGE,
    LARGE_PFS,
    A,
    B,
    MakePair,
    Pair,
    children,
    net,
)

DRAW, AGREE = "generate a Diffie-Hellman secret", "compute the Diffie-Hellman secret"
WORKED_ON = "the message before it is still being processed"


def ends(**changes: object) -> dict[str, dict[str, object]]:
    """Both ends with large groups in both phases."""
    both = {"choices": (LARGE,), **changes}
    return {"a": {**children(A, LARGE_PFS), **both}, "b": {**children(B, LARGE_PFS), **both}}


def names(pair: Pair, end: Address) -> list[str]:
    return [step.what for step in pair.network.steps[end]]


def quick_messages(pair: Pair, source: Address) -> list[Sent]:
    kind = ExchangeType.QUICK
    return [i for i in pair.network.log if i.source == source and i.datagram[18] == kind]


def test_r4_r12_every_power_is_a_step_and_another_process_could_do_it(make_pair: MakePair) -> None:
    pair = make_pair(**ends())
    pair.start()
    pair.run(5)
    (mine,), (theirs,) = (pair.of(end, SasInstalled) for end in (A, B))
    assert mine.pair.sas[0].inbound_key == theirs.pair.sas[0].outbound_key
    # Main Mode, then Quick Mode: as starter and as answerer both ends do two powers each
    assert names(pair, A) == names(pair, B) == [DRAW, AGREE, DRAW, AGREE]
    for end in (A, B):
        for step in pair.network.steps[end]:
            assert step.work.apart and "exponent" not in repr(step)
            assert pickle.loads(pickle.dumps(step.work)).run().failure is None


def test_r4_in_small_groups_nothing_is_handed_out(make_pair: MakePair) -> None:
    pair = make_pair(children(A, ESP_AES_PFS), children(B, ESP_AES_PFS))
    pair.start()
    pair.run(5)
    assert pair.of(A, SasInstalled) and not names(pair, A) and not names(pair, B)


@pytest.mark.parametrize("takes", [0.4, 4.0])
def test_r8_r15_slow_powers_are_waited_for_and_repeats_meanwhile_change_nothing(
    make_pair: MakePair, takes: float
) -> None:
    pair = make_pair(**ends(), faults=Faults(duplication=0.6))
    pair.network.step_takes = takes
    pair.start()
    pair.run(60)
    (mine,), (theirs,) = (pair.of(end, SasInstalled) for end in (A, B))
    assert mine.pair.sas[0].inbound_key == theirs.pair.sas[0].outbound_key
    assert names(pair, A) == names(pair, B) == [DRAW, AGREE, DRAW, AGREE]
    if takes > pair.b.settings.interval:
        assert pair.b.dropped[WORKED_ON]  # message 1 came again


@pytest.mark.parametrize("seed", range(6))
def test_r8_on_a_bad_link(make_pair: MakePair, seed: int) -> None:
    faults = Faults(loss=0.25, duplication=0.3, delay=(0.0, 2.0))
    pair = make_pair(**ends(), faults=faults, seed=seed)
    pair.network.step_takes = 0.7
    pair.start()
    pair.run(200)
    ours = {item.pair.sas[0].inbound_key for item in pair.of(A, SasInstalled)}
    assert ours & {item.pair.sas[0].outbound_key for item in pair.of(B, SasInstalled)}


def test_r15_powers_that_take_too_long_end_what_they_are_for(make_pair: MakePair) -> None:
    pair = make_pair(**ends(), step_for=5.0)
    pair.start("nothing")
    pair.run(5)
    assert pair.of(A, Phase1Established)
    pair.network.step_takes = 6.0
    pair.start()
    pair.run(30)
    (failed,) = pair.of(A, Phase2Failed)
    assert (failed.reason, failed.why) == ("internal", f"could not {DRAW} in time")
    assert not any(sa.quick for engine in (pair.a, pair.b) for sa in engine.sadb)
    assert not quick_messages(pair, A)
    pair = make_pair(**ends(), step_for=5.0)
    pair.network.step_takes = 6.0
    pair.start()
    pair.run(60)
    (ended,) = pair.of(A, Phase1Failed)
    assert (ended.reason, ended.why) == ("internal", f"could not {DRAW} in time")


def test_r12_a_power_that_cannot_be_had_ends_one_negotiation_in_words(make_pair: MakePair) -> None:
    why = f"could not {AGREE}: the process has ended"

    def does(work: Work[Any]) -> Outcome[Any]:
        lost = work.what == AGREE and pair.of(A, Phase1Established)
        return Outcome(failure=Refused("internal", why)) if lost else work.run()

    pair = make_pair(**ends())
    pair.network.does = does
    pair.start()
    pair.run(5)
    (failed,) = pair.of(B, Phase2Failed)
    assert (failed.reason, failed.why) == ("internal", why)
    assert not pair.a.sadb.pairs and not pair.b.sadb.pairs
    pair.network.does = Work.run
    pair.run(60)
    pair.start()
    pair.run(10)
    assert len(pair.a.sadb.pairs) == len(pair.b.sadb.pairs) == 1


@pytest.mark.parametrize("after", [0.5, 1.5, 2.5, 3.5])
def test_r18_what_ends_meanwhile_has_no_use_for_powers(make_pair: MakePair, after: float) -> None:
    pair = make_pair(**ends())
    pair.start("nothing")
    pair.run(5)
    pair.network.step_takes = 1.0
    pair.start()
    pair.run(after)
    (sa,) = pair.a.sadb
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(30)
    installed = {item.pair.inbound_spi for item in pair.of(A, SasInstalled)}
    assert installed == {item.pair.inbound_spi for item in pair.of(A, SasDeleted)}
    assert not pair.a.sadb.pairs and not pair.b.sadb.pairs
    assert not len(pair.a.sadb) and not len(pair.b.sadb)


@pytest.mark.parametrize("takes", [0.0, 0.5])
def test_r16_no_more_are_served_than_policy_has_it_whatever_is_under_way(
    make_pair: MakePair, takes: float
) -> None:
    # Both ends begin at once, and each is done with its own while the other's is being worked on.
    pair = make_pair(**ends(limit=1))
    pair.start("nothing")
    pair.run(5)
    pair.network.step_takes = takes
    for engine, peer in ((pair.a, B), (pair.b, A)):
        engine.start(engine.settings.connections[0], peer, pair.network.now)
    pair.run(60)
    for end, engine in ((A, pair.a), (B, pair.b)):
        assert pair.of(end, SasInstalled)
        assert all(sa.served <= 1 for sa in engine.sadb)
        by_sa = [item.name for item in pair.of(end, SasInstalled)]
        assert len(by_sa) == len(set(by_sa))


def test_r9_others_are_served_while_a_negotiation_waits(make_pair: MakePair) -> None:
    sides = []
    for end, *nets in ((A, "10.3.0.0/16", "10.4.0.0/16"), (B, "10.4.0.0/16", "10.3.0.0/16")):
        (slow,) = children(end, LARGE_PFS)["children"]
        local, remote = map(net, nets)
        other = replace(slow, name="two", local=local, remote=remote, choices=((ESP_AES_PFS,),))
        sides.append({"children": (slow, other)})
    pair = make_pair(*sides)
    pair.start("nothing")
    pair.run(5)
    pair.network.step_takes = 10.0
    pair.start("net")
    pair.run(1)
    pair.b.start(pair.b.settings.connections[0], A, pair.network.now, "two")
    pair.run(3)
    assert [item.pair.child for item in pair.of(B, SasInstalled)] == ["two"]
    pair.run(60)
    assert sorted(item.pair.child for item in pair.of(B, SasInstalled)) == ["net", "two"]
