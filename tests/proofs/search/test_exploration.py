"""Explicit search finds what the oracle reaches, by shortest runs, and says when it does not know."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from model.language.errors import RangeError, SpecificationError
from model.language.machine import Machine, State
from model.language.sorts import BOOL, Int
from model.language.terms import Term, param
from model.promises import Always, promises
from model.spec import machine as ike_parts
from proofs.search import Exploration, explore, find, graph, predicate
from tests.proofs.search.toys import counter, lamp, overflow, random_machines, shop, small_ike

ROOT = Path(__file__).resolve().parents[3]
Toy = tuple[Machine, dict[str, Term]]


def walked(machine: Machine) -> tuple[dict[State, int], Counter[str], list[State]]:
    """By the tree walk: distance of each state, steps of each action, states without successor."""
    distance = {machine.initial: 0}
    todo, fired, stuck = [machine.initial], Counter[str](), []
    for state in todo:
        steps = list(machine.walk_enabled(state))
        if not steps:
            stuck.append(state)
        for step in steps:
            fired[machine.describe(step)[0]] += 1
            after = machine.walk_apply(state, step)
            assert after is not None
            if after not in distance:
                distance[after] = distance[state] + 1
                todo.append(after)
    return distance, fired, stuck


def end_of(machine: Machine, run: tuple[tuple[int, tuple[int, ...]], ...]) -> State:
    state = machine.initial
    for step in run:
        after = machine.walk_apply(state, step)
        assert after is not None
        state = after
    return state


def agrees_with_the_walk(machine: Machine) -> Exploration:
    distance, fired, stuck = walked(machine)
    found = explore(machine)
    assert found.complete
    assert set(found.parents) == set(distance)
    assert found.states == len(distance)
    assert found.depth == max(distance.values())
    assert {name: count for name, count in found.fired.items() if count} == fired
    assert found.edges == sum(fired.values())
    assert sorted(found.deadlocks) == sorted(stuck)
    assert all(len(found.run(state)) == steps for state, steps in distance.items())
    return found


@given(random_machines())
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_search_finds_what_the_tree_walk_reaches_by_shortest_runs(
    made: tuple[Machine, Term],
) -> None:
    machine, goal = made
    found = agrees_with_the_walk(machine)
    distance, _, _ = walked(machine)
    holding = [s for s in distance if machine.value(goal, s, {})]
    for answer in (found.find(goal), find(machine, goal)):
        if not holding:
            assert answer.unreachable
            continue
        assert answer.run is not None
        assert len(answer.run) == min(distance[state] for state in holding)
        assert end_of(machine, answer.run) == answer.state in holding


def test_search_agrees_with_the_walk_on_families_and_tables() -> None:
    machine, _ = shop()
    assert agrees_with_the_walk(machine).states > 100


@pytest.mark.parametrize("toy", [lamp(), shop()], ids=["lamp", "shop"])
def test_invariants_hold_or_a_shortest_run_breaks_them(toy: Toy) -> None:
    machine, invariants = toy
    found = explore(machine)
    verdicts = found.check(invariants)
    for name, verdict in verdicts.items():
        assert verdict.complete
        assert not verdict.undecided
        assert verdict.unreachable is not name.startswith("false"), name
        if verdict.run is not None:
            assert end_of(machine, verdict.run) == verdict.state


def test_a_predicate_says_what_the_walker_says() -> None:
    for machine, invariants in (lamp(), shop()):
        states = explore(machine).parents
        for name, term in invariants.items():
            if name.startswith(("each", "false_each")):
                continue
            holds = predicate(machine, term)
            assert all(holds(state) == machine.value(term, state, {}) for state in states), name


def test_a_condition_with_parameters_holds_if_it_does_for_some_of_their_values() -> None:
    machine, invariants = shop(jobs=2)
    term = invariants["false_each_job_open"]
    holds = predicate(machine, term)
    for state in explore(machine).parents:
        assert holds(state) == any(machine.value(term, state, {"j": j}) for j in range(2))


def test_a_limit_makes_the_answer_undecided_and_not_no() -> None:
    machine = counter(9)
    box = machine.spec.actions["never"].guards[0].term
    part = explore(machine, limit=5)
    assert (part.states, part.complete) == (5, False)
    assert part.find(box).undecided
    assert find(machine, box, limit=5).undecided
    whole = explore(machine, limit=10)
    assert (whole.states, whole.complete, whole.depth, whole.edges) == (10, True, 9, 9)
    assert whole.find(box).unreachable
    assert find(machine, box, limit=10).unreachable


def test_a_search_for_a_goal_ends_with_it() -> None:
    machine = counter(200)
    below = machine.spec.actions["more"].guards[0].term.args[0] < 3
    run = find(machine, ~below, limit=10).run
    assert run == ((0, ()),) * 3


def test_ends_that_are_intended_are_no_deadlocks() -> None:
    machine = counter(4)
    plain = explore(machine)
    assert (plain.ends, plain.deadlocks) == (0, ((4,),))
    full = ~machine.spec.actions["more"].guards[0].term
    fine = explore(machine, ends=full)
    assert (fine.ends, fine.deadlocks) == (1, ())


def test_actions_that_never_fire_are_named() -> None:
    found = explore(counter(4))
    assert found.never_fired == ("never",)
    assert found.fired == {"more": 4, "never": 0}


def test_leaving_a_range_is_an_error_of_the_specification() -> None:
    with pytest.raises(RangeError):
        explore(overflow())


def test_nonsense_conditions_are_refused() -> None:
    machine, invariants = lamp()
    other, foreign = shop()
    number = other.spec.actions["rest"].guards[0].term.args[0].args[0]
    with pytest.raises(SpecificationError, match="no condition"):
        predicate(other, number)
    for term in foreign.values():
        with pytest.raises(SpecificationError, match="has no"):
            predicate(machine, term)
    two = param("x", BOOL) & param("x", Int(0, 1)).eq(1)
    with pytest.raises(SpecificationError, match="two parameters"):
        predicate(machine, two & invariants["false_never_tired"])


def test_r2_ike_keeps_its_promises_on_a_small_instance_and_reaches_phase_1() -> None:
    machine = small_ike()
    found = explore(machine, limit=300_000)
    assert found.complete
    assert found.states > 20
    made = {name: item.formula for name, item in promises().items() if item.machine == "ike"}
    always = {name: item.term for name, item in made.items() if isinstance(item, Always)}
    for name, verdict in found.check(always).items():
        assert verdict.unreachable, name
    up = ike_parts().phase1.initiator.state.eq("established")
    answer = found.find(up)
    assert answer.run is not None
    assert len(answer.run) >= 4
    assert len(answer.run) == len(find(machine, up).run or ())


def test_the_state_graph_has_all_states_and_every_step() -> None:
    networkx = pytest.importorskip("networkx")
    machine, _ = shop()
    found = explore(machine)
    made = graph(found)
    assert made.number_of_nodes() == found.states
    assert sum(len(steps) for _, _, steps in made.edges(data="steps")) == found.edges
    far = made.nodes[found.states - 1]["state"]
    path = networkx.shortest_path_length(made, 0, found.states - 1)
    assert path == len(found.run(far)) == found.depth


def test_search_and_export_load_neither_z3_nor_networkx() -> None:
    code = (
        "import sys, proofs.search, proofs.export.promela, proofs.export.itf\n"
        "sys.exit(bool({'z3', 'networkx', 'cvc5'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
