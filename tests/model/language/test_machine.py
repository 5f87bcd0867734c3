"""Generated source (the product) and tree walk (the oracle) agree; explanations are free."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.language.errors import RangeError, SpecificationError, StepError
from model.language.instance import Instance
from model.language.machine import Machine
from model.language.sorts import Int
from model.language.specification import Specification
from model.language.terms import param


def agree(machine: Machine, seed: int, steps: int) -> int:
    """Walk at random; product and oracle give the same steps and states. Returns steps taken."""
    pick = random.Random(seed)
    state, taken = machine.initial, 0
    for _ in range(steps):
        enabled = machine.enabled(state)
        assert sorted(enabled) == sorted(machine.walk_enabled(state))
        if not enabled:
            break
        step = pick.choice(enabled)
        after = machine.apply(state, step)
        assert after == machine.walk_apply(state, step)
        assert after is not None
        assert [type(a) for a in after] == [type(b) for b in machine.walk_apply(state, step) or ()]
        state, taken = after, taken + 1
    return taken


@given(st.data(), st.integers(0, 2**32))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_generated_source_and_tree_walk_agree_on_random_specifications(
    machines: st.SearchStrategy[Machine], data: st.DataObject, seed: int
) -> None:
    agree(data.draw(machines), seed, 12)


def test_they_agree_on_timers_families_and_messages(toy_machine: Machine) -> None:
    assert sum(agree(toy_machine, seed, 60) for seed in range(30)) > 500


def test_disabled_steps_are_refused_by_both(toy_machine: Machine) -> None:
    step = toy_machine.step("pick", i="1")
    assert toy_machine.apply(toy_machine.initial, step) is None
    assert toy_machine.walk_apply(toy_machine.initial, step) is None


def test_explain_names_guard_reason_clause_and_the_fields_it_reads(toy_machine: Machine) -> None:
    explanation = toy_machine.explain(toy_machine.initial, "work", (0,))
    assert not explanation.enabled
    (no,) = explanation.refusals
    assert no.guard.name == "arrived"
    assert no.guard.reason == "call has not arrived"
    assert no.guard.clause
    assert no.reads == (("call.sent", "false"),)


def test_time_does_not_pass_an_urgent_deadline(toy_machine: Machine) -> None:
    m = toy_machine
    state = m.apply(m.initial, m.step("pick", i="0"))
    assert state is not None
    assert m.tick == 2  # 3/2 s and 1/2 s are whole numbers of half seconds
    assert m.apply(state, m.step("delay", seconds="2")) is None
    due = m.apply(state, m.step("delay", seconds="3/2"))
    assert due is not None
    assert m.apply(due, m.step("delay", seconds="1/2")) is None
    assert "tire" in {m.describe(step)[0] for step in m.enabled(due)}


def test_a_step_survives_its_text_form(toy_machine: Machine) -> None:
    for step in [*toy_machine.enabled(toy_machine.initial), toy_machine.step("delay", seconds="1")]:
        name, params = toy_machine.describe(step)
        assert toy_machine.step(name, **params) == step


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("nothing", {}),
        ("pick", {}),
        ("pick", {"i": "9"}),
        ("pick", {"i": "x"}),
        ("work", {"i": "0"}),
    ],
)
def test_nonsense_steps_are_errors(toy_machine: Machine, name: str, params: dict[str, str]) -> None:
    with pytest.raises((StepError, SpecificationError)):
        toy_machine.step(name, **params)


def test_leaving_a_range_is_a_fault_of_the_specification_in_both_interpreters() -> None:
    spec = Specification("overflow")
    spec.actor("a", "acts")
    box = spec.record("box", "a box", n=Int(0, 1))
    spec.action("more", "a", "Add.", requirements="R0", guards=[], updates={box.n: box.n + 1})
    machine = Machine(spec, Instance.of(spec, {}, {}))
    full = machine.apply(machine.initial, (0, ()))
    assert full == (1,)
    for interpreter in (machine.apply, machine.walk_apply):
        with pytest.raises(RangeError):
            interpreter(full, (0, ()))


def test_an_instance_gives_every_parameter_and_nothing_else(toy: Specification) -> None:
    with pytest.raises(SpecificationError, match="patience"):
        Instance.of(toy, {"item": 1, "job": 1}, {"likes": True})
    with pytest.raises(SpecificationError, match="extra"):
        Instance.of(
            toy, {"item": 1, "job": 1}, {"likes": True, "patience": Fraction(1), "extra": 1}
        )


def test_domains_of_size_zero_are_fine(toy: Specification) -> None:
    empty = Instance.of(toy, {"item": 0, "job": 0}, {"likes": True, "patience": 1})
    machine = Machine(toy, empty)
    assert machine.enabled(machine.initial) == list(machine.walk_enabled(machine.initial)) == []


def test_parameters_of_a_domain_are_numbers() -> None:
    assert str(param("n", Int(0, 3))) == "n"
