"""Runs: text that replays, step for step, and says where it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.language.instance import Instance
from model.language.machine import Machine
from model.language.sorts import Int
from model.language.specification import Specification, guard
from model.language.terms import param
from model.run import Run, fingerprint, replay
from model.vocabulary.places import PolicyError


def counter(limit: int = 3) -> Specification:
    spec = Specification("counter")
    spec.actor("a", "counts")
    level = spec.rigid("level", Int(0, 9), "where to stop")
    box = spec.record("box", "a box", n=Int(0, 9))
    by = param("by", Int(1, limit))
    room = guard("room", box.n + by <= level, "the box would be full", "R0")
    spec.action(
        "add",
        "a",
        "Add.",
        requirements="R0",
        params=[by],
        guards=[room],
        updates={box.n: box.n + by},
    )
    return spec


SPEC = counter()
MACHINE = Machine(SPEC, Instance.of(SPEC, {}, {"level": 5}))


def run(*steps: int) -> Run:
    taken = [MACHINE.step("add", by=str(n)) for n in steps]
    return Run.of(MACHINE, taken, "a test", ["box.n"], ["a note"])


@given(st.lists(st.integers(1, 3), max_size=3).filter(lambda steps: sum(steps) <= 5))
def test_a_run_survives_its_text_and_replays(steps: list[int]) -> None:
    made = run(*steps)
    again = Run.parse(made.text())
    assert again == made
    done = replay(SPEC, again)
    assert done.diverged_at is None
    assert len(done.states) == len(steps) + 1


def test_a_step_that_cannot_be_taken_is_named_with_the_guard_that_says_no() -> None:
    text = run(2, 2).text().replace("end box.n 4", "step add by=2\nend box.n 6")
    done = replay(SPEC, Run.parse(text))
    assert done.diverged_at == 3
    assert done.why == "add: the box would be full (R0)"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("by=2", "by=9", "not a value"),
        ("step add", "step sub", "no action"),
        ("end box.n 4", "end box.n 5", "at the end box.n is 4"),
        ("end box.n 4", "end box.m 4", "no such variable"),
    ],
)
def test_other_divergences(old: str, new: str, says: str) -> None:
    done = replay(SPEC, Run.parse(run(2, 2).text().replace(old, new, 1)))
    assert done.diverged_at is not None and says in done.why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "ikeproof-run 2\nspecification counter x\n",
        "ikeproof-run 1\n",
        "ikeproof-run 1\nspecification counter x\nstep add by\n",
        "ikeproof-run 1\nspecification counter x\nspecification counter x\n",
    ],
)
def test_what_is_no_run_is_an_error_with_a_line(text: str) -> None:
    with pytest.raises(PolicyError, match=r"run:\d+: "):
        Run.parse(text)


@pytest.mark.parametrize("line", ["policy level 99", "policy level", "policy other 1", "size x 3"])
def test_policies_that_do_not_fit_are_errors(line: str) -> None:
    text = run(1).text().replace("policy level 5", line)
    with pytest.raises(PolicyError, match="cannot replay"):
        replay(SPEC, Run.parse(text))


def test_the_fingerprint_changes_with_the_specification() -> None:
    assert fingerprint(counter()) == fingerprint(SPEC)
    assert fingerprint(counter(4)) != fingerprint(SPEC)
