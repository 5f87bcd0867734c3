"""Fates of mutants on a small machine, where it is plain which change matters."""

from __future__ import annotations

import pytest

from model.language.sorts import BOOL, DURATION, Enum, Int
from model.language.specification import Specification, guard, urgent_timer
from model.language.terms import TRUE, Term, arm
from model.promises import Always, Whenever
from proofs.prover.asking import Asker
from proofs.prover.equivalence import Equivalence
from proofs.prover.lowering import Lowering
from proofs.prover.mutants import Bench, Fate, Material
from proofs.prover.mutations import Mutant, mutants_of, superposed
from proofs.prover.obligations import Induction

STATE = Enum("State", ("idle", "up", "ended"))
STORY = ("sa.begin", "delay", "sa.expire", "sa.end", "log.note", "log.note", "log.tell")


def door(*, ends_early: bool) -> tuple[Specification, dict[str, Always | Whenever]]:
    """An SA that expires, or is ended before; and a log that says so."""
    spec = Specification("door")
    spec.actor("peer", "who acts")
    life = spec.rigid("life", DURATION, "how long it stands")
    most = spec.rigid("most", Int(1, 3), "how much is noted")
    sa = spec.record("sa", "The SA.", state=STATE, life=urgent_timer(), again=BOOL)
    log = spec.record("log", "The log.", over=BOOL, told=BOOL, notes=Int(0, 3))

    def is_in(state: str) -> object:
        return guard(f"in_{state}", sa.state.eq(state), "another state", "R1")

    def act(name: str, guards: list[object], updates: dict[Term, object]) -> None:
        spec.action(name, "peer", "Act.", requirements="R1", guards=guards, updates=updates)  # type: ignore[arg-type]

    begun: dict[Term, object] = {sa.state: "up", sa.life: arm(life), sa.again: False}
    ended: dict[Term, object] = {sa.state: "ended", sa.life: None, log.over: True}
    act("sa.begin", [is_in("idle")], begun)
    act("sa.expire", [is_in("up"), guard("due", sa.life.expired, "too early", "R1")], ended)
    if ends_early:
        act("sa.end", [is_in("up")], ended)
    over = guard("over", log.over, "it is not over", "R1")
    act("log.note", [guard("room", log.notes < most, "full", "R1")], {log.notes: log.notes + 1})
    act("log.tell", [over, is_in("ended")], {log.told: True})
    up = sa.state.eq("up")
    made: dict[str, Always | Whenever] = {
        "ends_are_logged": Always(sa.state.eq("ended").implies(log.over), sa.state.eq("ended")),
        "told_when_over": Whenever(log.told, sa.state.eq("ended")),
        "few_notes": Always(log.notes <= most, log.notes > 0),
        "stands_with_a_lifetime": Always(sa.life.armed.eq(up), up),
    }
    return spec, made


def fates(*, ends_early: bool) -> dict[str, Fate]:
    spec, made = door(ends_early=ends_early)
    story = [name for name in STORY if name in spec.actions or name == "delay"]
    bench = Bench(spec, Material(made, made, {"all": story}, lambda _: ()))
    return {f.mutant: f for action in spec.actions.values() for f in bench.fates(action)}


@pytest.fixture(scope="module")
def both() -> dict[str, Fate]:
    return fates(ends_early=True)


def test_a_run_that_breaks_a_promise_kills(both: dict[str, Fate]) -> None:
    lost = both["sa.end: lose log.over"]
    assert (lost.fate, lost.why) == ("killed", "breaks ends_are_logged")
    assert lost.schedule == ("sa.begin", "sa.end")
    assert both["log.note: drop room"].fate == "killed"


def test_a_witness_that_is_lost_kills(both: dict[str, Fate]) -> None:
    assert both["log.tell: negate over"].why == "the run that takes log.tell is gone"
    assert both["sa.begin: lose sa.state"].fate == "killed"


def test_what_another_action_does_too_is_equivalent_and_only_then(both: dict[str, Fate]) -> None:
    dropped = both["sa.expire: drop due"]
    assert dropped.fate == "equivalent" and "sa.end" in dropped.why
    alone = fates(ends_early=False)["sa.expire: drop due"]
    assert (alone.fate, alone.why) == ("open", "no promise needs it")


def test_an_update_to_the_value_that_is_there_is_equivalent(both: dict[str, Fate]) -> None:
    assert both["sa.begin: lose sa.again"].fate == "equivalent"


def test_a_guard_that_invariants_imply_is_equivalent(both: dict[str, Fate]) -> None:
    # `log.over` comes with the end of the SA: no promise says so, an invariant of its own does.
    assert "by an invariant of its own" in both["log.tell: drop in_ended"].why
    assert both["log.tell: drop over"].fate == "equivalent"
    assert both["log.tell: drop over"].why.startswith("the invariants")


def test_a_step_less_is_no_equivalence_although_each_step_left_is_one_of_before() -> None:
    spec, made = door(ends_early=True)
    induction = Induction(Lowering(spec), made)
    proofs = Equivalence(spec, induction, Asker())
    action = spec.actions["log.note"]
    never = Mutant("log.note", "negate", "room", 0, ~TRUE)
    for mutant in (never, *mutants_of(action)):
        assert proofs.quickly(mutant) == proofs.by_another_step(mutant) == ""


def test_all_mutants_at_once_are_each_of_them() -> None:
    spec, made = door(ends_early=True)
    every_one = superposed(spec)
    names = [m.name for action in spec.actions.values() for m in mutants_of(action)]
    assert list(every_one.chosen) == names
    # With none of them chosen it is the specification: what is proved of it is proved of this too.
    none = [~(a & b) for a, b in every_one.chosen.values()]
    induction = Induction(Lowering(every_one.spec), made, none)
    owed = [item for name in made for item in induction.of(name)]
    assert {Asker().ask(item).verdict for item in owed} == {"unsat"}
    free = Induction(Lowering(every_one.spec), made)
    owed = [item for name in made for item in free.of(name)]
    assert "sat" in {Asker().ask(item).verdict for item in owed}
