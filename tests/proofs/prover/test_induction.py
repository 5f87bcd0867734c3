"""Induction on small machines whose truth is plain: it proves what holds, and nothing else."""

from __future__ import annotations

import pytest

from model.language.sorts import BOOL, Enum, Int
from model.language.specification import Specification, ghost, guard, urgent_timer
from model.language.terms import Term, arm, param
from model.promises import Always, Whenever
from proofs.prover import smt
from proofs.prover.asking import Asker
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction, Obligation

LIGHT = Enum("Light", ("red", "green"))


def counter(limit: str = "less") -> tuple[Specification, Term]:
    """A number that is counted up while it is below a bound."""
    spec = Specification("counter")
    spec.actor("one", "who counts")
    bound = spec.rigid("bound", Int(0, 10), "where to stop")
    count = spec.record("count", "The number.", number=Int(0, 10))
    below = count.number < bound if limit == "less" else count.number <= bound
    spec.action(
        "count.up",
        "one",
        "Count.",
        requirements="R1",
        guards=[guard("below", below, "it is enough", "R1")],
        updates={count.number: count.number + 1},
    )
    return spec, count.number <= bound


def failing(spec: Specification, made: dict[str, Always | Whenever], name: str) -> list[str]:
    induction = Induction(Lowering(spec), made)
    return [owed.where for owed in induction.of(name) if verdict(owed) != "unsat"]


def verdict(owed: Obligation) -> str:
    """What is said when it is asked in parts; asked whole, the same is said."""
    whole = smt.solve(owed.fixed, owed.hypotheses).verdict
    assert Asker().ask(owed).verdict == whole
    return whole


def test_a_bound_that_holds_is_proved_for_every_bound() -> None:
    spec, term = counter()
    assert failing(spec, {"bounded": Always(term, term)}, "bounded") == []


def test_a_bound_that_is_off_by_one_is_not_proved() -> None:
    spec, term = counter("at most")
    assert failing(spec, {"bounded": Always(term, term)}, "bounded") == ["count.up"]


@pytest.mark.parametrize(("limit", "wrong"), [("less", []), ("at most", ["sat"])])
def test_an_update_that_may_leave_its_range_is_found(limit: str, wrong: list[str]) -> None:
    spec, _ = counter(limit)
    induction = Induction(Lowering(spec), {})
    found = [verdict(owed) for owed in induction.types(spec.actions["count.up"])]
    assert [item for item in found if item != "unsat"] == wrong


def test_a_proof_names_the_lemma_it_used_and_fails_without_it() -> None:
    spec = Specification("pair")
    spec.actor("one", "who acts")
    pair = spec.record("pair", "Two flags.", first=BOOL, second=BOOL, third=BOOL)
    for a, b in ((pair.first, None), (pair.second, pair.first), (pair.third, pair.second)):
        needs = [guard("needs", b, "not yet", "R1")] if b is not None else []
        name = str(a).replace("pair.", "set.")
        spec.action(name, "one", "Set.", requirements="R1", guards=needs, updates={a: True})
    promise = Always(pair.third.implies(pair.first), pair.third)
    lemma = Always(pair.second.implies(pair.first), pair.second)
    assert failing(spec, {"p": promise}, "p") == ["set.third"]
    made: dict[str, Always | Whenever] = {"p": promise, "lemma": lemma}
    assert failing(spec, made, "p") == [] and failing(spec, made, "lemma") == []
    owed = {o.where: o for o in Induction(Lowering(spec), made).of("p")}["set.third"]
    assert smt.solve(owed.fixed, owed.hypotheses).core == ("lemma",)
    assert Asker({"lemma"}).ask(owed).core == ("lemma",)


def timed(*, urgent: bool) -> tuple[Specification, Term]:
    """A light that turns red when its time is over."""
    spec = Specification("light")
    spec.actor("one", "who switches")
    limit = spec.rigid("limit", arm(0).args[0].sort, "how long it is green")
    timer = urgent_timer() if urgent else ghost(arm(0).sort)
    light = spec.record("light", "The light.", state=LIGHT, end=timer)
    spec.action(
        "light.go",
        "one",
        "Turn green.",
        requirements="R1",
        guards=[guard("red", light.state.eq("red"), "it is green", "R1")],
        updates={light.state: "green", light.end: arm(limit)},
    )
    if urgent:
        spec.action(
            "light.stop",
            "one",
            "Turn red.",
            requirements="R1",
            guards=[guard("over", light.end.expired, "it is early", "R1")],
            updates={light.state: "red", light.end: None},
        )
    return spec, light.state.eq("green").implies(light.end.armed & (light.end.left <= limit))


def test_time_passes_no_urgent_deadline_and_left_counts_down() -> None:
    spec, term = timed(urgent=True)
    made: dict[str, Always | Whenever] = {"p": Always(term, term)}
    assert failing(spec, made, "p") == []
    assert verdict(Induction(Lowering(spec), made).punctual()) == "unsat"


def test_without_urgency_time_passes_the_deadline() -> None:
    spec, _ = timed(urgent=False)
    light = Lowering(spec).spec.groups["light"]
    end = Term("var", (), light.field("end").sort, ("light", "end"))
    state = Term("var", (), LIGHT, ("light", "state"))
    running = Always(state.eq("green").implies(end.running), state.eq("green"))
    assert "delay" in failing(spec, {"p": running}, "p")


def test_another_element_of_a_family_may_break_what_a_record_promises() -> None:
    spec = Specification("family")
    spec.actor("one", "who acts")
    many = spec.domain("many")
    total = spec.record("total", "How many are open.", open=Int(0, 9))
    door = spec.family("door", many, "A door.", is_open=BOOL)
    n = param("n", many)
    spec.action(
        "door.open",
        "one",
        "Open a door.",
        requirements="R1",
        params=[n],
        guards=[
            guard("shut", ~door[n].is_open, "it is open", "R1"),
            guard("few", total.open < 9, "enough", "R1"),
        ],
        updates={door[n].is_open: True, total.open: total.open + 1},
    )
    # True of the door that is followed alone; another door may have been opened before it.
    wrong = Always((total.open > 0).implies(door[n].is_open), total.open > 0)
    right = Always(door[n].is_open.implies(total.open > 0), door[n].is_open)
    assert failing(spec, {"p": wrong}, "p") == ["door.open elsewhere"]
    assert failing(spec, {"p": right}, "p") == []


def test_whenever_is_about_the_step_in_which_something_comes_to_hold() -> None:
    spec, _ = timed(urgent=True)
    state = Term("var", (), LIGHT, ("light", "state"))
    end = Term("var", (), arm(0).sort, ("light", "end"))
    late: dict[str, Always | Whenever] = {"p": Whenever(state.eq("red"), end.expired)}
    assert failing(spec, late, "p") == []
    early: dict[str, Always | Whenever] = {"p": Whenever(state.eq("red"), end.running)}
    assert failing(spec, early, "p") == ["light.stop"]
