"""How large something gets: suprema in real time, attained or not, each with the run that shows it (R20)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from model.language.generate import DELAY
from model.language.instance import Instance
from model.language.sorts import BOOL, DURATION, TIMER, Enum
from model.language.specification import Specification, ghost, guard, urgent_timer
from model.language.terms import TRUE, Term, arm
from model.promises import Always, Whenever
from model.spec import machine
from model.spec.agreeing import AGREEING
from proofs.prover import smt
from proofs.prover.optimum import Quantity, Supremum, Unconfirmed, policies, supremum
from proofs.prover.proving import everything
from proofs.prover.stories import stories

HOUR = 3600
PHASE = Enum("Phase", ("none", "up", "ended"))
STORY = ("one.up", DELAY, "two.install", DELAY, "two.install", "one.expire", "one.delete", DELAY)


def overlap() -> tuple[Specification, Quantity, Term, dict[str, Always | Whenever]]:
    """An SA of Phase II that outlives its Phase I SA: how long."""
    spec = Specification("overlap")
    spec.actor("peer", "who acts")
    life1, life2, horizon = (
        spec.rigid(name, DURATION, "how long") for name in ("life1", "life2", "horizon")
    )
    one = spec.record("one", "Phase I.", state=PHASE, life=urgent_timer(), since=ghost(TIMER))
    two = spec.record("two", "Phase II.", state=PHASE, hard=urgent_timer())

    def is_in(state: str) -> list[object]:
        return [guard("state", one.state.eq(state), "another state", "R20")]

    def act(name: str, says: str, guards: list[object], updates: dict[Term, object]) -> None:
        spec.action(name, "peer", says, requirements="R20", guards=guards, updates=updates)  # type: ignore[arg-type]

    ended: dict[Term, object] = {one.state: "ended", one.life: None, one.since: arm(horizon)}
    act("one.up", "Stand.", is_in("none"), {one.state: "up", one.life: arm(life1)})
    over = guard("over", one.life.expired, "its time is not over", "R17")
    act("one.expire", "End.", [*is_in("up"), over], ended)
    allowed = guard("allowed", spec.rigid("deletes", PHASE, "x").eq("up"), "not allowed", "R18")
    act("one.delete", "End early.", [*is_in("up"), allowed], ended)
    running = guard("running", one.life.running, "its time is over", "R17")
    installed: dict[Term, object] = {two.state: "up", two.hard: arm(life2)}
    none = guard("none", two.state.eq("none"), "it stands", "R19")
    act("two.install", "Install.", [*is_in("up"), running, none], installed)
    gone: dict[Term, object] = {two.state: "ended", two.hard: None}
    hard = guard("over", two.hard.expired, "its time is not over", "R19")
    act("two.expire", "Expire.", [hard], gone)
    where = one.state.eq("ended") & two.state.eq("up") & one.since.running
    bounded = (two.hard.left + horizon <= life2 + one.since.left) | ~where
    young = two.state.eq("up").implies(two.hard.armed & (two.hard.left <= life2))
    made: dict[str, Always | Whenever] = {
        "bounded": Always(bounded, where),
        "young": Always(young, where),
    }
    return spec, Quantity(horizon, one.since.left), where, made


def found(
    life1: object, life2: object, *, deletes: bool, story: tuple[str, ...] = STORY
) -> Supremum:
    spec, quantity, where, made = overlap()
    policy = {
        "life1": life1,
        "life2": life2,
        "horizon": 100 * HOUR,
        "deletes": "up" if deletes else "none",
    }
    instance = Instance.of(spec, {}, policy)
    answer = supremum(spec, instance, quantity, where, story, made)
    assert answer is not None and answer.run is not None
    return answer


def shown(answer: Supremum) -> Fraction:
    """How long the SA outlives Phase I in the run that is given."""
    assert answer.run is not None
    replayed = answer.run.replayed
    machine, state = replayed.machine, replayed.states[-1]
    return 100 * HOUR - Fraction(state[machine.slot("one", "since")], machine.tick)


def test_r20_the_overlap_is_not_quite_the_lifetime_of_phase2_and_a_run_lacks_one_tick() -> None:
    answer = found(8 * HOUR, 2 * HOUR, deletes=False)
    assert (answer.value, answer.attained, answer.proved) == (Fraction(2 * HOUR), False, False)
    assert shown(answer) == 2 * HOUR - 1


def test_r20_an_early_delete_attains_it_and_the_invariants_say_no_run_exceeds_it() -> None:
    answer = found(8 * HOUR, 2 * HOUR, deletes=True)
    assert (answer.value, answer.attained, answer.proved) == (Fraction(2 * HOUR), True, True)
    assert shown(answer) == 2 * HOUR


def test_lifetimes_may_be_any_rational() -> None:
    answer = found(Fraction(7, 2), Fraction(1, 3), deletes=False)
    assert (answer.value, answer.attained) == (Fraction(1, 3), False)
    assert shown(answer) == Fraction(1, 3) - Fraction(1, 6)


def test_where_no_run_comes_there_is_no_supremum() -> None:
    spec, quantity, where, made = overlap()
    policy = {"life1": 1, "life2": 1, "horizon": 9, "deletes": "none"}
    instance = Instance.of(spec, {}, policy)
    assert supremum(spec, instance, quantity, where, ("one.up", DELAY), made) is None


def test_a_short_story_shows_less_and_that_is_not_taken_for_proved() -> None:
    answer = found(8 * HOUR, 2 * HOUR, deletes=True, story=(*STORY[:3], "one.delete"))
    assert (answer.value, answer.attained, answer.proved) == (Fraction(0), True, False)


@pytest.mark.parametrize("wrong", [2 * HOUR - 60, 2 * HOUR + 60])
def test_an_optimum_that_runs_and_proofs_deny_is_not_given(
    wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = smt.supremum

    def mistaken(*asked: object) -> smt.Bound | None:
        said = honest(*asked)  # type: ignore[arg-type]
        lies = said is not None and said.value == 2 * HOUR
        return smt.Bound(Fraction(wrong), attained=False) if lies else said

    monkeypatch.setattr(smt, "supremum", mistaken)
    with pytest.raises(Unconfirmed):
        found(8 * HOUR, 2 * HOUR, deletes=False)


def test_without_its_self_test_the_solver_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smt, "supremum", lambda *_: smt.Bound(Fraction(1), attained=True))
    with pytest.raises(Unconfirmed, match="its test"):
        found(8 * HOUR, 2 * HOUR, deletes=False)


@pytest.mark.slow
@pytest.mark.parametrize("early", [False, True])
def test_r20_in_the_whole_machine_an_sa_outlives_phase1_by_its_lifetime(early: bool) -> None:
    ike = machine()
    policy = {**AGREEING, "life": 8 * HOUR, "life2": 2 * HOUR, "horizon": 48 * HOUR}
    policy |= {"deletes_early": early, "limit": 2}
    sizes = {"transform": 1, "protection": 1, "negotiation": 1}
    instance = Instance.of(ike.spec, sizes, policy)
    assert all(term.sort is BOOL for term in policies(ike.spec, instance))
    pair, end = ike.driver.starter[ike.phase2.n], ike.phase1.initiator
    where = (
        pair.state.eq("installed")
        & ike.phase2.starter.role.eq("initiator")
        & end.state.eq("ended")
        & end.since_end.running
        & (TRUE if early else end.ended_by.eq("lifetime"))
    )
    quantity = Quantity(ike.phase1.timing.horizon, end.since_end.left)
    answer = supremum(ike.spec, instance, quantity, where, stories("ike")["sas"], everything("ike"))
    assert answer is not None
    assert (answer.value, answer.attained, answer.proved) == (Fraction(2 * HOUR), early, True)
