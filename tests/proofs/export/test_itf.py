"""A run as ITF says all that the run says: states, actions, picks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from model.language.errors import StepError
from model.language.machine import Machine, State
from model.language.sorts import Enum, Maybe, Timer
from model.run import Run
from proofs.export.itf import itf, itf_of_run, text
from proofs.search import explore, find
from tests.proofs.search.toys import lamp, shop, small_ike

Steps = tuple[tuple[int, tuple[int, ...]], ...]


def far_run(machine: Machine) -> Steps:
    """A shortest run to a state as far from the start as any of the first thousands."""
    found = explore(machine, limit=5_000)
    return found.run(list(found.parents)[-1])


def visited(machine: Machine, steps: Steps) -> list[State]:
    states = [machine.initial]
    for step in steps:
        after = machine.walk_apply(states[-1], step)
        assert after is not None
        states.append(after)
    return states


def decoded(machine: Machine, shown: dict[str, Any]) -> State:
    """The state that ITF shows, read by ITF's own rules."""
    state = []
    for slot, field in zip(machine.slots, machine.fields, strict=True):
        group, name = slot.split(".")
        group, _, index = group.rstrip("]").partition("[")
        value = shown[group]
        if index:
            value = {key["#bigint"]: item for key, item in value["#map"]}[index]
        value = value[name]
        if isinstance(field.sort, Maybe | Timer):
            some = value["tag"] == "Some"
            assert some or value == {"tag": "None", "value": {"#tup": []}}
            value = value["value"] if some else {"#bigint": "-1"}
        if isinstance(field.sort, Enum):
            value = field.sort.position(value)
        state.append(int(value["#bigint"]) if isinstance(value, dict) else value)
    return tuple(state)


@pytest.mark.parametrize(
    "machine", [lamp()[0], shop()[0], small_ike()], ids=["timers", "family", "ike"]
)
def test_states_and_actions_can_be_read_back(machine: Machine) -> None:
    steps = far_run(machine)
    assert len(steps) > 5
    trace = json.loads(text(itf(machine, steps)))
    assert [decoded(machine, shown) for shown in trace["states"]] == visited(machine, steps)
    assert [shown["#meta"]["index"] for shown in trace["states"]] == list(range(len(steps) + 1))
    assert [shown["mbt::actionTaken"] for shown in trace["states"]] == [
        "init",
        *(machine.describe(step)[0] for step in steps),
    ]
    assert set(trace["vars"]) == set(trace["states"][0]) - {"#meta"}


def test_picks_are_named_and_none_where_an_action_has_no_such_parameter() -> None:
    machine, _ = shop()
    trace = itf(machine, [machine.step("pick", i="2", j="1")])
    none = {"tag": "None", "value": {"#tup": []}}
    states: Any = trace["states"]
    assert states[0]["mbt::nondetPicks"] == {"i": none, "j": none}
    some = {"tag": "Some", "value": {"#bigint": "2"}}
    assert states[1]["mbt::nondetPicks"]["i"] == some
    assert states[1]["desk"]["right"] == some
    assert states[1]["jobs"]["#map"][1] == [
        {"#bigint": "1"},
        {"colour": "red", "done": False, "shown": {"#bigint": "0"}},
    ]


def test_a_delay_picks_ticks_whose_length_is_in_the_meta_data() -> None:
    machine, _ = lamp()
    trace = itf(machine, [machine.step("lamp.press"), machine.step("delay", seconds="3/2")])
    meta, states = trace["#meta"], trace["states"]
    assert isinstance(meta, dict)
    assert isinstance(states, list)
    assert meta["format"] == "ITF"
    assert meta["ticks_per_second"] == 2
    ticks = {"tag": "Some", "value": {"#bigint": "3"}}
    assert states[2]["mbt::actionTaken"] == "delay"
    assert states[2]["mbt::nondetPicks"] == {"ticks": ticks}
    assert states[2]["box"]["off"] == {"tag": "Some", "value": {"#bigint": "1"}}


def test_a_step_that_cannot_be_taken_is_an_error() -> None:
    machine, _ = lamp()
    with pytest.raises(StepError, match=r"lamp\.out"):
        itf(machine, [machine.step("lamp.out")])


def test_a_recorded_run_becomes_the_same_trace_as_its_steps() -> None:
    machine, invariants = lamp()
    steps = find(machine, ~invariants["false_never_tired"]).run
    assert steps is not None
    run = Run.parse(Run.of(machine, steps, "a lamp that is tired").text())
    trace = itf_of_run(machine.spec, run)
    assert trace == itf(machine, steps, "a lamp that is tired")
    assert trace["#meta"]["status"] == "ok"  # type: ignore[index]


def test_a_run_that_diverges_is_shown_as_far_as_it_goes() -> None:
    machine, _ = lamp()
    run = Run.of(machine, [machine.step("lamp.press")], "pressed twice")
    twice = Run.parse(run.text() + "step lamp.press\n")
    trace: Any = itf_of_run(machine.spec, twice)
    assert len(trace["states"]) == 2
    assert "it shines or rests" in trace["#meta"]["status"]


def test_the_text_has_one_line_a_state() -> None:
    machine, _ = lamp()
    lines = text(itf(machine, [machine.step("lamp.press")])).splitlines()
    assert sum(line.startswith('{"#meta":{"index"') for line in lines) == 2
