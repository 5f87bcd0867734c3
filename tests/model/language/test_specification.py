"""A specification that makes no sense is refused while it is written down, with its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from model.language.diagrams import dot, edges, machines, mermaid
from model.language.document import text
from model.language.errors import SpecificationError
from model.language.sorts import BOOL, Enum, Int
from model.language.specification import Specification, ghost, guard
from model.language.terms import every, param

PHASE = Enum("Phase", ("idle", "busy"))


class Draft:
    """A specification with one record, one family and one ghost, to make mistakes in."""

    def __init__(self) -> None:
        self.spec = Specification("draft")
        self.spec.actor("me", "acts")
        self.sa = self.spec.domain("sa")
        self.one = self.spec.record("one", "a record", p=BOOL, n=Int(0, 3), g=ghost(BOOL))
        self.many = self.spec.family("many", self.sa, "a family", p=BOOL, state=PHASE)
        self.i, self.j = param("i", self.sa), param("j", self.sa)

    def act(self, condition: object, **kwargs: object) -> None:
        self.spec.action(
            "act",
            "me",
            "Act.",
            requirements="R0",
            guards=[guard("g", condition, "no", "none")],
            **kwargs,  # type: ignore[arg-type]
        )


MISTAKES: dict[str, tuple[Callable[[Draft], object], str]] = {
    "a guard reads an SA by a second index": (
        lambda d: d.act(d.many[d.i].p & d.many[d.j].p, params=[d.i, d.j]),
        "a proof tracks one",
    ),
    "a guard ranges over all SAs": (
        lambda d: d.act(every(d.sa, lambda u: d.many[u].p), params=[d.i]),
        "tracks one element only",
    ),
    "a guard reads an SA that no parameter names": (
        lambda d: d.act(d.many[param("k", d.sa)].p),
        "not a parameter of the action",
    ),
    "an update reads a second SA": (
        lambda d: d.act(True, params=[d.i, d.j], updates={d.many[d.i].p: d.many[d.j].p}),
        "a proof tracks one",
    ),
    "a guard reads a ghost": (lambda d: d.act(d.one.g), "is a ghost"),
    "an update of a variable reads a ghost": (
        lambda d: d.act(True, updates={d.one.p: d.one.g}),
        "is a ghost",
    ),
    "a field that is not there": (lambda d: d.act(d.one.q), "has no field 'q'"),
    "a family without index": (lambda d: d.act(d.many.p), "give an index"),
    "an update of a wrong sort": (
        lambda d: d.act(True, updates={d.one.p: d.one.n}),
        "expected Bool",
    ),
    "an update that is never in range": (
        lambda d: d.act(True, updates={d.one.n: d.one.n + 9}),
        "never within",
    ),
    "an update of no variable": (lambda d: d.act(True, updates={d.i: 1}), "only variables"),
    "an unknown actor": (
        lambda d: d.spec.action("x", "you", "Act.", requirements="R0", guards=[]),
        "not an actor",
    ),
    "a Python comparison as guard": (
        lambda d: d.act(d.one.p == d.one.n),
        "not compared with ==",
    ),
    "an initial value out of range": (
        lambda d: d.spec.record("two", "", n=(Int(0, 3), 7)),
        "outside",
    ),
    "a name declared twice": (lambda d: d.spec.record("one", ""), "declared twice"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_build_error_with_its_place(mistake: str) -> None:
    make, says = MISTAKES[mistake]
    with pytest.raises(SpecificationError, match=says) as error:
        make(Draft())
    assert "test_specification.py:" in str(error.value)


def test_ghosts_may_depend_on_everything() -> None:
    draft = Draft()
    draft.act(True, params=[draft.i], updates={draft.one.g: draft.many[draft.i].p & draft.one.g})
    assert "act" in draft.spec.actions


def test_the_document_shows_every_action_guard_reason_and_clause(toy: Specification) -> None:
    document = text(toy)
    for action in toy.actions.values():
        assert f"### {action.name}" in document
        for item in action.guards:
            assert item.reason in document and item.clause in document
    assert "`clock.due := arm(patience)`" in document


def test_state_diagrams_are_read_off_the_actions() -> None:
    draft = Draft()
    state = draft.many[draft.i].state
    draft.act(state.eq("idle"), params=[draft.i], updates={state: "busy"})
    assert machines(draft.spec) == [("many", "state")]
    assert [(e.source, e.target, e.action) for e in edges(draft.spec, "many", "state")] == [
        ("idle", "busy", "act")
    ]
    assert "idle --> busy: act" in mermaid(draft.spec, "many", "state")
    assert '"idle" -> "busy" [label="act"]' in dot(draft.spec, "many", "state")
    with pytest.raises(SpecificationError):
        edges(draft.spec, "one", "p")
