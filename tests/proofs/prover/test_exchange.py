"""An exchange of Phase I is what the flow takes it for: step by step, without a solver and with one."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

import pytest

from model.language.machine import Machine, State, Step
from model.spec import machine
from model.spec.agreeing import UNDISTURBED
from proofs.prover.bounded import Search
from proofs.prover.proving import Question
from proofs.prover.refinement import Is, Simulation, refinements, shown
from proofs.prover.runs import Found, Takes
from proofs.prover.stories import sizes_for, stories
from proofs.search import explore
from tests.proofs.search.toys import small_ike

A, B = "phase1_is_the_exchange_that_a_started", "phase1_is_the_exchange_that_b_started"
POLICIES: list[dict[str, object]] = [
    {},
    {"drops": True, "falls_back": True},
    {"forges": True},
    {"accepts": False},
    {"accepts": False, "names_alternatives": False},
    {"accepts": False, "believes_refusals": False},
    {"exchange": "aggressive"},
    {"exchange": "aggressive", "accepts": False},
    {"exchange": "aggressive", "forges": True, "believes_refusals": False},
    {"exchange": "aggressive", "identity_accepted": lambda role: role != "initiator"},
]
#: an answer that ends the negotiation, after one that was doubted or taken
AFTER_ANOTHER = (
    (
        *("phase1.offer", "phase1.accept", "attacker.refuse_main", "phase1.doubt_refusal"),
        *("attacker.write_answer", "phase1.refuse_answer"),
    ),
    (
        *("phase1.offer", "attacker.name_alternatives", "phase1.offer_anew"),
        *("attacker.refuse_main", "phase1.give_up"),
    ),
    (
        *("aggressive.offer", "aggressive.answer", "attacker.refuse_aggressive"),
        *("aggressive.doubt_refusal", "aggressive.reject_responder"),
    ),
)


def made(name: str = A) -> Simulation:
    return refinements()[name].made()


def part(sim: Simulation, concrete: Machine, state: State) -> dict[tuple[str, str], object]:
    return {key: concrete.value(term, state, {}) for key, term in sim.part.items()}


def is_step(sim: Simulation, concrete: Machine, way: Is, before: State, after: State) -> bool:
    """Whether a step is that abstract action, as far as the part can tell."""
    action = sim.abstract.actions[way.action]
    guards = [g.term for g in action.guards if sim.is_mapped(g.term, way.given)]
    written = {t.data: v for t, v in action.updates if t.data in sim.part}
    values = {
        key: concrete.value(sim.mapped(term, way.given), before, {})
        for key, term in written.items()
    }
    return {**part(sim, concrete, before), **values} == part(sim, concrete, after) and all(
        concrete.value(sim.mapped(term, way.given), before, {}) for term in guards
    )


def along_stories(sim: Simulation) -> Iterator[tuple[Machine, State, Step, State]]:
    """The steps of a run to each action that is named, with what is assumed of the attacker."""

    def steps(found: object) -> Iterator[tuple[Machine, State, Step, State]]:
        assert isinstance(found, Found)
        state = found.machine.initial
        for step in found.steps:
            then = found.machine.apply(state, step)
            assert then is not None
            yield found.machine, state, step, then
            state = then

    for story in stories("ike").values():
        told = Search(sim.concrete, sizes_for(story), sim.assuming).told(story)
        for name in sim.may_be:
            found = told.run(told.aim({name: Takes(name)}))
            if isinstance(found, Found):
                yield from steps(found)
    for story in AFTER_ANOTHER:
        search = Search(sim.concrete, assuming=sim.assuming)
        yield from steps(search.story({"": Takes(story[-1])}, story, whole=True))


def test_explicit_states_take_only_steps_that_are_named_and_each_of_them() -> None:
    sim, taken = made(), set[tuple[str, str]]()

    def see(concrete: Machine, before: State, step: Step, after: State) -> None:
        name, _ = concrete.describe(step)
        if part(sim, concrete, before) == part(sim, concrete, after):
            return
        ways = [w for w in sim.may_be.get(name, ()) if is_step(sim, concrete, w, before, after)]
        assert ways, name
        taken.update((name, way.action) for way in ways)

    for policy in POLICIES:
        concrete = small_ike({}, **policy)
        for before, step, after in explore(concrete, limit=800).transitions():
            see(concrete, before, step, after)
    for concrete, before, step, after in along_stories(sim):
        see(concrete, before, step, after)
    named = {(name, way.action) for name, ways in sim.may_be.items() for way in ways}
    assert taken == named


def test_what_is_left_to_the_managers_is_about_the_managers_alone() -> None:
    left = made(B).left_to_the_caller()
    assert left["phase1.fall_back"] == ("b.fall_back: no_phase1", "b.fall_back: unprotected")
    assert set(left["phase1.offer"]) == {
        "b.negotiate: asked",
        "b.negotiate: no_phase1",
        "b.negotiate: needed",
    }
    for name in ("phase1.take_answer", "phase1.authenticate_initiator", "phase1.initiator_expires"):
        assert left[name] == ()


FAULTS = [
    ("phase1.fall_back", "silence"),
    ("phase1.time_out", "over"),
    ("phase1.take_answer", "in_awaits_mm2"),
    ("phase1.authenticate_initiator", "in_awaits_mm5"),
    ("phase1.initiator_hears_delete", "in_established"),
]


@pytest.mark.parametrize(("action", "guard"), FAULTS)
def test_an_exchange_without_a_guard_is_no_refinement(action: str, guard: str) -> None:
    sim = made()
    old = sim.concrete.actions[action]
    kept = tuple(item for item in old.guards if item.name != guard)
    assert len(kept) == len(old.guards) - 1
    spec = copy(sim.concrete)
    spec.actions = {**spec.actions, action: replace(old, guards=kept)}
    assert shown("less", replace(sim, concrete=spec), Question()).failed == f"{action}: sat"


def test_with_a_compromise_it_is_none() -> None:
    # The attacker then establishes Phase I with either end, whatever the other one does.
    failed = shown("compromised", replace(made(), assuming=()), Question()).failed
    assert failed.endswith(": sat")


@pytest.mark.parametrize("exchange", ["main", "aggressive"])
def test_r8_r9_an_initiator_whose_time_is_over_can_always_do_something(exchange: str) -> None:
    # What is forged for the other exchange, or half forged, is no answer: else time would stand still.
    policy = {**UNDISTURBED, "exchange": exchange, "forges": True, "alters": True}
    concrete = small_ike({}, **policy)
    due, late = concrete.slots.index("initiator.due"), 0
    for state in explore(concrete, limit=30_000).parents:
        if state[due] == 0:
            names = {concrete.describe(step)[0] for step in concrete.enabled(state)} - {"delay"}
            assert any(machine().spec.actions[name].actor == "initiator" for name in names)
            late += 1
    assert late
