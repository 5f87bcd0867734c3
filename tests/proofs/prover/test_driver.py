"""The driver's machine: stories, explicit states, and what it leaves out about other numbers (R13, R19)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from model.language.instance import Instance
from model.language.machine import Machine, State
from model.language.terms import FALSE, Term
from model.promises import Always, promises
from model.spec.agreeing import SMALL_PAIR
from model.spec.driver import ipsec
from proofs.prover.bounded import Search
from proofs.prover.mutants import fates_of
from proofs.prover.proving import everything
from proofs.prover.runs import Breaks, Found, NotFound
from proofs.prover.stories import stories
from proofs.prover.weaknesses import weaknesses_of
from proofs.prover.witnesses import bare
from proofs.search import explore

PROMISES = {n: item.formula for n, item in promises().items() if item.machine == "driver"}
INVARIANTS: dict[str, Term] = {
    name: made.term for name, made in everything("driver").items() if isinstance(made, Always)
}
POLICIES: list[dict[str, object]] = [
    {},
    {"checks_replay": False, "ends_by_bytes": False, "tracked": 0},
    {"ends_by_time": False, "window": 1, "most_number": 2},
    {"soft_life": 9, "soft_bytes": 6, "soft_number": 3, "tracked": 3},
    {"number": lambda p: 0 if p == 0 else 2, "packet_spi": 0, "most_bytes": 4},
]


def pair(policy: Mapping[str, object]) -> Machine:
    sizes = {"packet": 4, "spi": 2, "address": 1}
    spec = ipsec().spec
    return Machine(spec, Instance.of(spec, sizes, {**SMALL_PAIR, **policy}))


@pytest.mark.parametrize("policy", POLICIES)
def test_explicit_states_keep_every_invariant_and_end_nowhere(policy: dict[str, object]) -> None:
    found = explore(pair(policy), limit=60_000)
    assert found.complete and found.states > 1_000
    assert [n for n, item in found.check(INVARIANTS).items() if item.run is not None] == []
    assert not found.deadlocks  # other SAs always come and go


def test_every_action_fires_where_both_limits_are_small() -> None:
    found = explore(pair({}), limit=60_000)
    assert [name for name, count in found.fired.items() if not count] == []


def test_r19_time_passes_until_an_act_is_due_that_can_be_done() -> None:
    machine = pair({})
    late = 0
    for state in explore(machine, limit=60_000).parents:
        acts = [machine.describe(step)[0] for step in machine.enabled(state)]
        ends = [state[i] for i, f in enumerate(machine.fields) if f.urgent and state[i] >= 0]
        if 0 in ends:
            assert "delay" not in acts
            assert {"sa.soft_lifetime_ends", "sa.expire_by_time"} & set(acts)
            late += 1
        elif ends:
            assert "delay" in acts
    assert late


def test_no_story_breaks_a_promise_and_each_bare_claim_is_broken_by_its_weakness() -> None:
    search = Search(ipsec().spec)
    goals = {name: Breaks(item) for name, item in PROMISES.items()}
    for story in stories("driver").values():
        found = search.story(goals, story)
        assert isinstance(found, NotFound) and not found.why
    for name, item in PROMISES.items():
        if item.unless is not FALSE:
            goal = {name: Breaks(bare(item))}
            tried = [search.story(goal, story) for story in stories("driver").values()]
            assert any(isinstance(found, Found) for found in tried), name


def test_r13_without_anti_replay_a_replay_is_accepted() -> None:
    (weakness,) = weaknesses_of("no_replay_accepted")
    assert weakness.needs == ("no_anti_replay",)
    assert [name for name, _ in weakness.run.steps].count("inbound.take") == 2


@pytest.mark.parametrize("action", ["sa.expire_by_receiving", "inbound.verify", "others.change"])
def test_no_mutant_of_the_driver_stays_open(action: str) -> None:
    fates = fates_of(("driver", action))
    assert {item.mutant: item.why for item in fates if item.fate == "open"} == {}
    assert any(item.fate == "killed" for item in fates)


def accepted(machine: Machine, state: State, packet: int) -> State | None:
    """The state when a packet of the peer has arrived; None if it was not accepted."""
    step = machine.step("inbound.pick", p=str(packet), intact="true")
    for act in (step, machine.step("inbound.verify"), machine.step("inbound.take")):
        after = machine.apply(state, act)
        if after is None:
            return None
        state = after
    return state


def test_r13_one_number_followed_at_a_time_is_the_window_of_the_standard() -> None:
    # RFC 2401 appendix C: a window of 2 below the highest number, and each number in it once. Four
    # packets in all orders, with repetitions; each of their numbers is followed in turn.
    numbers = range(4)
    wide = {"packet_spi": 0, "ends_by_bytes": False, "ends_by_time": False}
    machines = [pair({**wide, "tracked": number + 1}) for number in numbers]
    count = 0
    for order in itertools.product(numbers, repeat=5):
        states = [
            machine.apply(machine.initial, machine.step("sa.install")) for machine in machines
        ]
        window: set[int] = set()
        for packet in order:
            fresh = packet not in window and packet > max(window, default=-1) - 2
            state = states[packet]
            assert state is not None
            assert (accepted(machines[packet], state, packet) is not None) == fresh
            if fresh:
                window.add(packet)
                states = [
                    accepted(machine, at, packet) if at is not None else None
                    for machine, at in zip(machines, states, strict=True)
                ]
            count += not fresh
    assert count > 1_000  # replays and late ones


SPIS = (0, 0, 1)
Table = dict[int, int]  # SPI -> which SA has it


def sees_packets(machines: list[Machine], states: tuple[State, ...], table: Table) -> None:
    """Each machine gives a packet to its own pair, or to another, as the table does."""
    for packet, (i, machine) in itertools.product((0, 1), enumerate(machines)):
        own = machine.step("inbound.pick", p=str(packet), intact="true")
        other = machine.step("others.pick", p=str(packet))
        picked = machine.apply(states[i], own) is not None
        assert picked == (table.get(packet) == i)
        elsewhere = packet in table and not picked
        if elsewhere or SPIS[i] == packet:  # who has another SPI it does not know
            assert (machine.apply(states[i], other) is not None) == elsewhere


def changed(
    machines: list[Machine], states: tuple[State, ...], i: int, act: str
) -> tuple[State, ...] | None:
    """The states when a pair was installed or deleted and the others of its SPI were told; or None."""
    why = {"why": "down"} if act == "sa.delete" else {}
    after = machines[i].apply(states[i], machines[i].step(act, **why))
    if after is None:
        return None
    told = list(states)
    told[i] = after
    holds = "true" if act == "sa.install" else "false"
    for j, machine in enumerate(machines):
        if j != i and SPIS[j] == SPIS[i]:
            new = machine.apply(states[j], machine.step("others.change", holds=holds))
            assert new is not None
            told[j] = new
    return tuple(told)


def test_r1_one_pair_beside_others_is_a_table_of_many() -> None:
    # Three SAs in one table by SPI, two of them of the same SPI, installed and deleted in all orders.
    # Each is followed by a machine of its own, for which the other two are "others".
    free = {"ends_by_time": False, "ends_by_bytes": False, "packet_spi": lambda p: p % 2}
    machines = [pair({**free, "own_spi": spi}) for spi in SPIS]
    installed, absent = ipsec().installed, ipsec().sa.state.eq("absent")
    todo = [tuple(machine.initial for machine in machines)]
    seen = set(todo)
    while todo:
        states = todo.pop()
        told = list(zip(machines, states, strict=True))
        table = {SPIS[i]: i for i, (m, at) in enumerate(told) if m.value(installed, at, {})}
        sees_packets(machines, states, table)
        for i, (machine, at) in enumerate(told):
            new = changed(machines, states, i, "sa.install")
            free_spi = SPIS[i] not in table
            assert (new is not None) == bool(machine.value(absent, at, {}) and free_spi)
            for after in (new, changed(machines, states, i, "sa.delete")):
                if after is not None and after not in seen:
                    seen.add(after)
                    todo.append(after)
    assert len(seen) == 3 * (3 * 3 - 1)  # the two of one SPI are never both installed
