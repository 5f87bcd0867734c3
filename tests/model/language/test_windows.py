"""The time left of a timer: acts that may be a little early, in both interpreters alike."""

from __future__ import annotations

from fractions import Fraction

import pytest

from model.language.errors import SpecificationError
from model.language.instance import Instance
from model.language.machine import Machine, State
from model.language.sorts import DURATION, Enum, Int
from model.language.specification import Record, Specification, guard, urgent_timer
from model.language.terms import arm, lift, times


def ringing(slack: Fraction) -> Machine:
    """A bell that rings up to three times, each within `slack` before its time is over."""
    spec = Specification("bell")
    spec.actor("one", "who rings")
    window = spec.rigid("slack", DURATION, "how early it may ring")
    state = Enum("Bell", ("quiet", "waits"))
    bell: Record = spec.record("bell", "The bell.", state=state, rung=Int(0, 3), due=urgent_timer())
    spec.action(
        "bell.wind",
        "one",
        "Wind it.",
        requirements="R1",
        guards=[guard("quiet", bell.state.eq("quiet"), "it is wound", "R1")],
        updates={bell.state: "waits", bell.due: arm(5)},
    )
    near = bell.due.armed & (bell.due.left <= window)
    spec.action(
        "bell.ring",
        "one",
        "Ring.",
        requirements="R1",
        guards=[guard("near", near, "it is early", "R1"), guard("more", bell.rung < 3, "no", "R1")],
        updates={bell.rung: bell.rung + 1, bell.due: arm(5)},
    )
    return Machine(spec, Instance.of(spec, {}, {"slack": slack}))


@pytest.mark.parametrize("slack", [Fraction(0), Fraction(2), Fraction(1, 2), Fraction(9)])
def test_both_interpreters_offer_the_moments_at_which_a_window_opens(slack: Fraction) -> None:
    machine = ringing(slack)
    found: set[State] = set()
    todo = [machine.initial]
    while todo:
        state = todo.pop()
        if state in found:
            continue
        found.add(state)
        steps = machine.enabled(state)
        assert sorted(steps) == sorted(machine.walk_enabled(state))
        for step in steps:
            after = machine.apply(state, step)
            assert after is not None and after == machine.walk_apply(state, step)
            todo.append(after)
    rung = machine.slots.index("bell.rung")
    assert {state[rung] for state in found} == {0, 1, 2, 3}
    lefts = {state[machine.slots.index("bell.due")] for state in found} - {-1}
    assert (slack * machine.tick in lefts) == (slack <= 5)


def test_a_duration_times_a_number_is_a_sum() -> None:
    machine = ringing(Fraction(1, 2))
    rung = Record(machine.spec.groups["bell"]).rung
    total = times(rung, lift(Fraction(3, 2), DURATION))
    for count in range(4):
        state = tuple(
            count if name == "bell.rung" else value
            for name, value in zip(machine.slots, machine.initial, strict=True)
        )
        assert machine.value(total, state, {}) == count * Fraction(3, 2) * machine.tick


def test_a_duration_is_not_taken_a_negative_number_of_times() -> None:
    machine = ringing(Fraction(1))
    rung = Record(machine.spec.groups["bell"]).rung
    with pytest.raises(SpecificationError, match="not a number from 0 to 64"):
        times(rung - 1, lift(1, DURATION))
