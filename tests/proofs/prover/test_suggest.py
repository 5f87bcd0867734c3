"""A Horn solver may suggest lemmas; what counts is shown by induction."""

from __future__ import annotations

import pytest

from model.language.sorts import BOOL, DURATION, Enum, Int
from model.language.specification import Specification, guard, urgent_timer
from model.language.terms import Term, arm
from model.promises import Always
from proofs.prover import smt
from proofs.prover.asking import Asker
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction
from proofs.prover.suggest import suggest

STATE = Enum("State", ("idle", "asked", "answered", "done"))


def talk() -> tuple[Specification, Term]:
    """A talk in which each step follows another; beside it a timer that is nobody's business."""
    spec = Specification("talk")
    spec.actor("one", "who acts")
    most = spec.rigid("most", Int(1, 5), "how often is asked")
    wait = spec.rigid("wait", DURATION, "how long")
    talk = spec.record("talk", "The talk.", state=STATE, asked=BOOL, heard=BOOL, tries=Int(0, 5))
    clock = spec.record("clock", "The clock.", due=urgent_timer())
    steps: dict[str, tuple[Term, dict[Term, object]]] = {
        "talk.ask": (
            talk.state.eq("idle"),
            {talk.state: "asked", talk.asked: True, clock.due: arm(wait)},
        ),
        "talk.again": (
            talk.state.eq("asked") & (talk.tries < most) & clock.due.expired,
            {talk.tries: talk.tries + 1, clock.due: arm(wait)},
        ),
        "talk.answer": (talk.state.eq("asked"), {talk.state: "answered"}),
        "talk.hear": (talk.state.eq("answered"), {talk.state: "done", talk.heard: True}),
    }
    for name, (given, updates) in steps.items():
        guards = [guard("may", given, "not now", "R1")]
        spec.action(name, "one", "Act.", requirements="R1", guards=guards, updates=updates)
    return spec, talk.heard.implies(talk.asked)


ALL = ("talk.state", "talk.asked", "talk.heard", "talk.tries")


def proved(spec: Specification, made: dict[str, Always]) -> bool:
    induction = Induction(Lowering(spec), made)
    owed = [item for name in made for item in induction.of(name)]
    return {Asker().ask(item).verdict for item in owed} == {"unsat"}


def test_a_claim_that_is_not_inductive_becomes_so_with_what_is_suggested() -> None:
    spec, claim = talk()
    assert not proved(spec, {"claim": Always(claim, claim)})
    found = suggest(spec, claim, ALL)
    assert found is not None and found.lemmas and found.proves
    made = {str(number): Always(term, term) for number, term in enumerate(found.lemmas)}
    assert proved(spec, {**made, "claim": Always(claim, claim)})


def test_a_slice_is_enough_where_the_claim_needs_no_more() -> None:
    spec, claim = talk()
    found = suggest(spec, claim, ALL[:3])
    assert found is not None and found.proves
    assert not any("tries" in str(term) for term in found.lemmas)
    # Without the state anything may be heard at any time.
    assert suggest(spec, claim, ("talk.asked", "talk.heard")) is None


def test_what_is_false_is_suggested_nothing_for() -> None:
    spec, _ = talk()
    state = Term("var", (), STATE, ("talk", "state"))
    assert suggest(spec, state.ne("done"), ALL) is None


def test_a_wrong_suggestion_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, claim = talk()

    def boast(state: list[smt.Formula], *_: object) -> smt.Formula:
        named = {str(item): item for item in state}
        return smt.all_of([smt.negated(named["talk.heard@0"]), named["talk.tries@0"] >= 0])

    monkeypatch.setattr(smt, "horn", boast)
    found = suggest(spec, claim, ALL)
    assert found is not None and not found.proves
    assert not any("heard" in str(term) for term in found.lemmas)


def test_an_engine_that_gives_up_suggests_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def canceled(*_: object) -> None:
        raise smt.SolverError("canceled")

    monkeypatch.setattr(smt.Engine, "query", canceled)
    spec, claim = talk()
    assert suggest(spec, claim, ALL) is None


def test_a_slice_holds_plain_variables_only() -> None:
    spec, claim = talk()
    with pytest.raises(KeyError, match=r"clock\.due"):
        suggest(spec, claim, (*ALL, "clock.due"))
    with pytest.raises(KeyError, match="more than the slice"):
        suggest(spec, claim, ("talk.state",))
