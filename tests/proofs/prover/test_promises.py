"""The promises are proved, and say something (R1 to R22 as far as promises carry their numbers)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from model.language.specification import Specification
from model.promises import Always, promises
from model.run import Run, replay
from model.spec import specification, specifications
from proofs.prover import smt
from proofs.prover.bounded import Search
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction
from proofs.prover.proving import Question, everything, prove, run_of
from proofs.prover.runs import Found, Goal, Reaches, Takes
from proofs.prover.verdicts import Verdict

ROOT = Path(__file__).resolve().parents[3]
#: how many steps lead to the farthest action of a machine
DEPTH = {"ike": 9, "flow": 12}


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return list(prove(list(promises()), Question(), jobs=2))


@pytest.fixture(scope="module")
def inductions() -> dict[str, Induction]:
    return {
        name: Induction(Lowering(spec), everything(name)) for name, spec in specifications().items()
    }


@pytest.fixture(scope="module", params=list(specifications()))
def witnesses(request: pytest.FixtureRequest) -> tuple[Specification, dict[str, object]]:
    """Shortest runs to every action, and to what makes each promise say something."""
    spec = specification(request.param)
    goals: dict[str, Goal] = {name: Takes(name) for name in spec.actions}
    for name, item in promises().items():
        if item.machine == request.param:
            made = item.formula
            premise = made.premise if isinstance(made, Always) else made.event
            goals[f"premise {name}"] = Reaches(premise & ~made.unless)
    return spec, dict(Search(spec).all(goals, DEPTH[spec.name]))


def test_every_promise_is_proved_by_both_solvers(verdicts: list[Verdict]) -> None:
    assert {v.name: v.text for v in verdicts} == dict.fromkeys(promises(), "proved (z3+cvc5)")
    assert all(v.obligations > 3 for v in verdicts)


def test_every_action_and_every_premise_has_a_run_that_replays(
    witnesses: tuple[Specification, dict[str, object]],
) -> None:
    spec, runs = witnesses
    assert [name for name, found in runs.items() if not isinstance(found, Found)] == []
    for name, found in runs.items():
        assert isinstance(found, Found)
        run = Run.parse(run_of(found, name).text())
        assert replay(spec, run).diverged_at is None, name


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
    premise = made.premise if isinstance(made, Always) else made.event
    found = smt.solve(induction.satisfies(premise & ~made.unless, invariants=True))
    assert found.verdict == "sat"


def test_promises_say_what_they_rest_on_and_carry_known_requirements() -> None:
    known = set(
        re.findall(r"^\| (R\d+) \|", (ROOT / "docs/requirements.md").read_text(), re.MULTILINE)
    )
    assert len(known) == 22
    for item in promises().values():
        assert item.requirements and set(item.requirements) <= known
        assert re.search(r"\b(Rests on|Unless)\b", item.says), item.name


def test_only_one_module_knows_each_solver() -> None:
    for solver, home in (("z3", "smt.py"), ("cvc5", "certificates.py")):
        found = {
            path.name
            for layer in ("model", "proofs", "explorer", "impl")
            for path in (ROOT / layer).rglob("*.py")
            if re.search(rf"^\s*(import|from) {solver}\b", path.read_text("utf-8"), re.MULTILINE)
        }
        assert found == {home}
