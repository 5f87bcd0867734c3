"""The promises are proved, and say something (R1 to R22 as far as promises carry their numbers)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from model.promises import Always, promises
from model.promises.possibilities import possibilities
from model.run import Run, replay
from model.spec import specification, specifications
from proofs.prover import smt
from proofs.prover.lemmas import lemmas
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction
from proofs.prover.proving import Question, everything, prove, run_of
from proofs.prover.runs import Found, Reaches, check
from proofs.prover.verdicts import Verdict
from proofs.prover.witnesses import goals, premise, shown, witnesses

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return list(prove(list(promises()), Question(), jobs=2))


@pytest.fixture(scope="module")
def inductions() -> dict[str, Induction]:
    return {
        name: Induction(Lowering(spec), everything(name)) for name, spec in specifications().items()
    }


def test_every_promise_is_proved_by_both_solvers(verdicts: list[Verdict]) -> None:
    assert {v.name: v.text for v in verdicts} == dict.fromkeys(promises(), "proved (z3+cvc5)")
    assert all(v.obligations > 3 for v in verdicts)


@pytest.mark.parametrize("machine", list(specifications()))
def test_every_action_and_every_premise_has_a_run_that_replays(machine: str) -> None:
    spec, runs = specification(machine), witnesses(machine)
    about = {f"premise of {name}" for name, item in promises().items() if item.machine == machine}
    assert set(runs) == {*spec.actions, *about}
    assert [name for name, found in runs.items() if not isinstance(found, Found)] == []
    for name, found in runs.items():
        assert isinstance(found, Found)
        check(goals(machine)[name], found)


@pytest.mark.parametrize("machine", list(specifications()))
def test_what_must_remain_possible_has_a_run_by_its_steps(machine: str) -> None:
    for name, item in possibilities(machine).items():
        run = shown(machine)[name]
        assert isinstance(run, Found), name
        assert run.schedule == item.steps and set(item.requirements) <= requirements()
        check(Reaches(item.term), run)


def test_no_two_invariants_have_one_name() -> None:
    assert not set(promises()) & set(lemmas()), "one of the two would not be proved"


def requirements() -> set[str]:
    text = (ROOT / "docs/requirements.md").read_text("utf-8")
    return set(re.findall(r"^\| (R\d+) \|", text, re.MULTILINE))


def test_a_witness_is_a_run_of_the_whole_machine_as_text_too() -> None:
    for name in ("quick.complete", "premise of clear_text_ends"):
        found = witnesses("ike")[name]
        assert isinstance(found, Found)
        run = Run.parse(run_of(found, name).text())
        assert replay(specification(), run).diverged_at is None


@pytest.mark.parametrize("name", list(promises()))
def test_no_promise_is_a_tautology(name: str, inductions: dict[str, Induction]) -> None:
    made, induction = promises()[name].formula, inductions[promises()[name].machine]
    term = made.term if isinstance(made, Always) else made.needs
    found = smt.solve(induction.satisfies(~term, invariants=False))
    assert found.verdict == "sat"


@pytest.mark.parametrize("name", list(promises()))
def test_the_invariants_leave_room_for_each_premise(
    name: str, inductions: dict[str, Induction]
) -> None:
    made, induction = promises()[name].formula, inductions[promises()[name].machine]
    found = smt.solve(induction.satisfies(premise(made).term, invariants=True))
    assert found.verdict == "sat"


def test_promises_say_what_they_rest_on_and_carry_known_requirements() -> None:
    known = requirements()
    assert len(known) == 22
    for item in promises().values():
        assert item.requirements and set(item.requirements) <= known
        assert re.search(r"\b(No exceptions|Exception)\b", item.says), item.name


def test_only_one_module_knows_each_solver() -> None:
    for solver, home in (("z3", "smt.py"), ("cvc5", "certificates.py")):
        found = {
            path.name
            for layer in ("model", "proofs", "explorer", "impl")
            for path in (ROOT / layer).rglob("*.py")
            if re.search(rf"^\s*(import|from) {solver}\b", path.read_text("utf-8"), re.MULTILINE)
        }
        assert found == {home}
