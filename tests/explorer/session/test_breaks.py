"""Breaks of the session, kept: with each of them a story of tests/explorer/session/test_session.py fails.

A story that a wrong session would also pass would be no check.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from explorer.session import compare as comparing
from explorer.session import kept, network, specified
from explorer.session.commands import execute
from explorer.session.compare import Mark, compare
from explorer.session.moments import Choice, Copy, Moment
from explorer.session.session import Session
from explorer.session.specified import Specified
from explorer.session.tree import Node, Tree
from model.promises import Always, promises
from proofs.search.predicates import parameters, span
from tests.explorer.session import test_session as stories

Patch = pytest.MonkeyPatch


def nothing_is_lost(patch: Patch) -> None:
    def sent(now: Moment, copies: Sequence[Copy]) -> tuple[Moment, str]:
        return replace(now, flight=(*now.flight, *copies)), ""

    patch.setattr(specified, "sent", sent)


def a_rule_never_ends(patch: Patch) -> None:
    plain = network.sent

    def sent(now: Moment, copies: Sequence[Copy]) -> tuple[Moment, str]:
        moment, lost = plain(now, copies)
        return replace(moment, rules=now.rules), lost

    patch.setattr(specified, "sent", sent)


def promises_never_break(patch: Patch) -> None:
    patch.setattr(kept.Promises, "broken", lambda _self, _node: ())


def nobody_wrote_anything(patch: Patch) -> None:
    def wrote(_self: Specified, node: Node, _slot: int) -> Node:
        return node.path()[0]

    patch.setattr(Specified, "wrote", wrote)


def what_lies_ahead_is_forgotten(patch: Patch) -> None:
    def go(self: Tree, node: Node) -> None:
        node.follows, self.now = None, node

    patch.setattr(Tree, "go", go)


def the_same_act_forks(patch: Patch) -> None:
    patch.setattr(Tree, "known", lambda _self, _act: None)


def time_comes_before_deliveries(patch: Patch) -> None:
    plain = Specified.choices

    def choices(self: Specified, now: Moment) -> list[Choice]:
        return sorted(plain(self, now), key=lambda item: item.group != "time")

    patch.setattr(Specified, "choices", choices)


def stops_are_never_met(patch: Patch) -> None:
    patch.setattr(Session, "hit", lambda _self, _item, _node: False)


def branches_never_differ(patch: Patch) -> None:
    patch.setattr(comparing, "differences", lambda _source, _one, _other: [])


BREAKS: list[tuple[Callable[[Patch], None], Callable[[], Any]]] = [
    (nothing_is_lost, stories.test_r8_five_lost_messages_5_still_establish),
    (a_rule_never_ends, stories.test_r8_five_lost_messages_5_still_establish),
    (promises_never_break, stories.test_a_reflected_quick_mode_breaks_a_promise_and_stops_the_run),
    (nobody_wrote_anything, stories.test_r8_r9_six_lost_messages_5_fail_and_the_responder_forgets),
    (what_lies_ahead_is_forgotten, stories.test_what_follows_stays_until_something_else_is_done),
    (the_same_act_forks, stories.test_doing_the_same_again_forks_nothing),
    (time_comes_before_deliveries, stories.test_enter_alone_walks_through_a_whole_negotiation),
    (stops_are_never_met, stories.test_r8_a_run_stops_where_a_timer_has_run_out),
]


@pytest.mark.parametrize(("broken", "story"), BREAKS, ids=lambda item: item.__name__)
def test_with_a_break_its_story_fails(
    broken: Callable[[Patch], None], story: Callable[[], Any], monkeypatch: Patch
) -> None:
    story()  # as it is, it passes
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        story()


def two_branches() -> Session:
    return stories.session(script="run; goto 5; drop x5; run; goto 5; drop x6; run")


def fields_of_two_branches() -> None:
    made = two_branches()
    found = compare(made, "MM5 lost ×5", "MM5 lost ×6")
    first = found.pairs[found.marked[0]]
    assert (
        found.marked[0] == 9 and first.mark is Mark.DIFFERS
    )  # the sixth sending: it arrives in the one
    assert first.left is not None and first.right is not None
    assert not first.left.event.lost and first.right.event.lost == "lost 6 of 6"
    ends = {item.field: (item.left, item.right) for item in found.fields}
    assert ends["initiator.state"] == ("established", "failed")
    assert ends["starter_driver[0].state"] == ("installed", "absent")


def test_a_comparison_names_the_first_event_and_the_fields_that_differ(monkeypatch: Patch) -> None:
    fields_of_two_branches()
    branches_never_differ(monkeypatch)
    with pytest.raises((AssertionError, KeyError)):
        fields_of_two_branches()


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("main-psk", "drop mm5 x6; run"),
        ("reflected-quick", "run 8; take quick.answer_oneself n=0 t=0 spi=2; run"),
        ("main-kerberos", "run; run"),
        ("main-psk", "run 1; power forges on; take attacker.name_alternatives; run; run"),
    ],
)
def test_broken_promises_are_those_that_a_walk_of_the_formula_finds(name: str, script: str) -> None:
    """`Promises` compiles formulas; here each is walked term by term, by the oracle of the interpreter."""
    made = stories.session(name, script)
    source = made.specified
    assert source is not None
    execute(made, "promise")  # loads them
    for node in made.now.path()[1:]:
        machine, state = source.machine(node.moment), node.moment.state
        walked = set()
        for item in promises().values():
            if item.machine != "ike" or not isinstance(formula := item.formula, Always):
                continue
            named = parameters(machine.spec, formula.claim)
            spans = [span(one.sort, machine.instance.sizes) for one in named]
            for values in itertools.product(*spans):
                given = dict(zip((str(one.data) for one in named), values, strict=True))
                if not machine.value(formula.claim, state, given):
                    walked.add(item.name)
        made.go(node)
        standing = made.standing()
        assert standing is not None
        shown = {x.name for x in standing.broken if isinstance(promises()[x.name].formula, Always)}
        assert shown == walked, node.depth
