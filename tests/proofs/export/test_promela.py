"""SPIN and explicit search agree: on states, transitions, ends, and on every invariant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from model.language.errors import RangeError, SpecificationError
from model.language.instance import Instance
from model.language.machine import Machine
from model.language.sorts import BOOL, DURATION, TIMER, Int
from model.language.specification import Specification
from model.language.terms import Term, arm, lift
from model.promises import Always, promises
from model.spec import machine as ike_parts
from model.spec.agreeing import SMALL_PAIR
from model.spec.driver import build
from proofs.export.promela import broken, promela
from proofs.search import Exploration, explore, predicate
from tests.proofs.export.spin import Counts, run_spin
from tests.proofs.search.toys import (
    counter,
    dead_ends,
    lamp,
    overflow,
    random_machines,
    shop,
    small_ike,
)

Toy = tuple[Machine, dict[str, Term]]


def model(machine: Machine, invariants: Mapping[str, Term] | None = None) -> str:
    return promela(machine.spec, machine.instance, invariants or {})


def agree(machine: Machine, invariants: Mapping[str, Term], folder: Path) -> Counts:
    """SPIN's counts, after they were found equal to those of explicit search."""
    ours = explore(machine)
    assert ours.complete
    spin = run_spin(model(machine, invariants), folder)
    pairs = breaches(ours, invariants)
    assert spin.states == ours.states
    assert spin.errors == sum(pairs.values())
    assert spin.transitions == ours.edges + 1 + sum(pairs.values())
    verdicts = ours.check(invariants)
    assert spin.broken == {name for name, verdict in verdicts.items() if verdict.run is not None}
    assert spin.broken == {name for name, count in pairs.items() if count}
    return spin


def breaches(ours: Exploration, invariants: Mapping[str, Term]) -> dict[str, int]:
    """How many states break each invariant."""
    return {
        name: sum(map(predicate(ours.machine, ~term), ours.parents))
        for name, term in invariants.items()
    }


@pytest.mark.parametrize("toy", [lamp(), shop()], ids=["timers", "family"])
def test_spin_agrees_on_toys_and_on_what_is_broken(toy: Toy, tmp_path: Path) -> None:
    machine, invariants = toy
    spin = agree(machine, invariants, tmp_path)
    assert spin.broken == {name for name in invariants if name.startswith("false")}


@pytest.mark.parametrize("toy", [shop(1, 1), (counter(300), {})], ids=["small", "wide"])
def test_spin_agrees_on_small_families_and_wide_numbers(toy: Toy, tmp_path: Path) -> None:
    agree(*toy, tmp_path)


def test_spin_agrees_on_random_machines(tmp_path: Path) -> None:
    @given(random_machines())
    @settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    def check(made: tuple[Machine, Term]) -> None:
        machine, goal = made
        agree(machine, {"goal": goal, "not_goal": ~goal}, tmp_path)

    check()


#: from large to small: as the specification grows, the first one with few enough states is taken
IKE: tuple[tuple[dict[str, int], dict[str, object]], ...] = (
    ({"negotiation": 2}, {"resends": 1, "answers": 1, "alters": True, "drops": True}),
    ({}, {"alters": True, "drops": True}),
    ({"negotiation": 2}, {"resends": 1}),
    ({"negotiation": 2}, {}),
    ({}, {"resends": 1, "answers": 1}),
    ({}, {}),
)


@pytest.mark.slow
def test_spin_agrees_on_ike_and_its_promises(tmp_path: Path) -> None:
    machines = (small_ike(sizes, **policy) for sizes, policy in IKE)
    machine = next(one for one in machines if explore(one, limit=120_000).complete)
    parts = ike_parts()
    made = {name: item.formula for name, item in promises().items() if item.machine == "ike"}
    invariants = {name: item.term for name, item in made.items() if isinstance(item, Always)}
    invariants["false_never_established"] = parts.phase1.initiator.state.ne("established")
    invariants["false_never_offered"] = ~parts.phase2.starter.state.eq("awaits_qm2")
    spin = agree(machine, invariants, tmp_path)
    assert spin.broken == {name for name in invariants if name.startswith("false")}
    assert spin.states > 1000


def test_spin_agrees_on_the_driver_and_its_promises(tmp_path: Path) -> None:
    own = build(most=2**15)  # Promela has no numbers of 64 bits
    sizes = {"packet": 3, "spi": 2, "address": 1}
    machine = Machine(own.spec, Instance.of(own.spec, sizes, {**SMALL_PAIR, "most_bytes": 5}))
    made = {n: item.made(own) for n, item in promises().items() if item.machine == "driver"}
    invariants = {name: item.term for name, item in made.items() if isinstance(item, Always)}
    invariants["false_never_expired"] = own.sa.state.ne("expired")
    invariants["false_never_twice"] = own.inbound.times.ne(1)
    spin = agree(machine, invariants, tmp_path)
    assert spin.broken == {name for name in invariants if name.startswith("false")}
    assert spin.states > 1000


def test_spin_counts_states_without_successor_as_we_do(tmp_path: Path) -> None:
    ours = explore(dead_ends())
    assert len(ours.deadlocks) == 6
    assert run_spin(model(dead_ends()), tmp_path, ends=True).errors == 6
    assert run_spin(model(dead_ends()), tmp_path).errors == 0


def test_without_o2_spin_leaves_out_what_nobody_reads(tmp_path: Path) -> None:
    spec = Specification("ghostly")
    spec.actor("a", "acts")
    box = spec.record("box", "a box", n=BOOL, seen=BOOL)
    spec.action("flip", "a", "Flip.", requirements="R0", guards=[], updates={box.n: ~box.n})
    spec.action("see", "a", "See.", requirements="R0", guards=[], updates={box.seen: True})
    machine = Machine(spec, Instance.of(spec, {}, {}))
    assert explore(machine).states == 4
    assert run_spin(model(machine), tmp_path).states == 4
    assert run_spin(model(machine), tmp_path, flags="-o1").states == 2


def test_leaving_a_range_is_an_error_for_spin_too(tmp_path: Path) -> None:
    with pytest.raises(RangeError):
        explore(overflow())
    spin = run_spin(model(overflow()), tmp_path)
    assert spin.errors
    assert "<=3" in spin.report


def test_a_machine_that_can_do_nothing_has_one_state(tmp_path: Path) -> None:
    machine, _ = shop(0, 0)
    assert agree(machine, {}, tmp_path).states == 1


def test_updates_read_the_old_values() -> None:
    machine, _ = shop()
    (line,) = {
        line.split("-> ", 1)[1]
        for line in model(machine).splitlines()
        if "desk_right_1 == 2" in line and "New_1 = desk_left_0" in line
    }
    assert line == "New_1 = desk_left_0; desk_left_0 = 2; desk_right_1 = New_1 }"


def test_what_a_policy_rules_out_is_not_in_the_model() -> None:
    machine, _ = shop()
    text = model(machine)
    assert "/* pick j=0 i=0 */" in text
    assert "/* pick j=0 i=1 */" not in text  # item 1 is not liked


def test_numbers_that_promela_cannot_hold_are_refused() -> None:
    def machine(seconds: int, high: int, *, longer: bool = False) -> Machine:
        spec = Specification("large")
        spec.actor("a", "acts")
        wait = spec.rigid("wait", DURATION, "how long")
        box = spec.record("box", "a box", n=Int(0, high), due=TIMER)
        time_left = box.due.left + wait if longer else wait
        updates = {box.due: arm(time_left)}
        spec.action("go", "a", "Go.", requirements="R0", guards=[], updates=updates)
        return Machine(spec, Instance.of(spec, {}, {"wait": seconds}))

    assert "int box_due_1" in model(machine(2**29, 2**31 - 1))
    for large in (machine(2**31, 1), machine(1, 2**31), machine(1, 1, longer=True)):
        with pytest.raises(SpecificationError, match="does not fit"):
            model(large)


def test_names_and_invariants_are_checked() -> None:
    machine, invariants = lamp()
    with pytest.raises(SpecificationError, match="lower-case"):
        model(machine, {"not a name": lift(True, BOOL)})
    with pytest.raises(SpecificationError, match="no condition"):
        model(machine, {"short": invariants["short_light"].args[0]})


def test_the_report_of_pan_names_the_broken_invariants() -> None:
    line = "pan:1: assertion violated  !(Broken_a_name_2) (at depth 5)\nerrors: 1\n"
    assert broken(line) == {"a_name_2"}
    assert broken("errors: 0") == frozenset()
