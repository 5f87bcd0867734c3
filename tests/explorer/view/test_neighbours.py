"""The states nearby, and the map: read off the specification, true of what happens next."""

from __future__ import annotations

import itertools

import pytest

from explorer.cli.explore import Asked, opened
from explorer.session.commands import execute
from explorer.session.nearby import arrows, layout, nearby, paths
from explorer.session.scenarios import SCENARIOS
from explorer.session.session import Session
from explorer.view.explore.neighbours import state_map, states
from explorer.view.explore.spans import ASCII, UNICODE, Glyphs, text_of
from explorer.view.explore.view import View
from model.spec import specification

WIDTHS = (40, 76, 116)
NEGOTIATIONS = [name for name, item in SCENARIOS.items() if item.machine == "ike"]


def session(script: str = "", name: str = "main-psk") -> Session:
    made = opened(Asked(scenario=name))
    for command in filter(None, script.split("; ")):
        execute(made, command)
    return made


def drawn(
    made: Session, columns: int = 76, glyphs: Glyphs = UNICODE, *, alone: bool = False
) -> list[str]:
    view = View(made, columns, glyphs, alone=alone)
    return [text_of(line) for line in states(view)]


def the_map(made: Session, glyphs: Glyphs = UNICODE) -> list[str]:
    return [text_of(line) for line in state_map(paths(made), ["hq", "branch"], 60, glyphs)]


def test_each_end_shows_where_it_came_from_where_it_is_and_what_comes_next() -> None:
    lines = drawn(session("goto 5"))
    at = lines.index("hq   Phase I")
    assert lines[at + 1].split()[:3] == ["before", "awaits", "MM4"]
    assert "step 5, +0 s" in lines[at + 1]
    assert lines[at + 2].split() == ["now", "awaits", "MM6"]
    assert (
        lines[at + 3].split()[:2] == ["next", "up"] and "MM6: verifies the proof" in lines[at + 3]
    )
    branch = lines.index("branch   Phase I")
    assert lines[branch + 3].startswith("next   ► up") and "MM5" in lines[branch + 3]


@pytest.mark.parametrize("name", NEGOTIATIONS)
def test_what_is_marked_as_next_is_what_enter_does(name: str) -> None:
    made, seen = session(name=name), 0
    made.first()
    for _ in range(40):
        marked = [(x.lane, x.phase, a.state) for x in nearby(made) for a in x.ahead if a.next]
        assert len(marked) <= 1
        coming = made.likely()
        if coming is None:
            break
        made.do(coming.act)
        for lane, phase, state in marked:
            seen += 1
            now = {(x.lane, x.phase): x.now for x in nearby(made)}
            # a Quick Mode that is up gives its place to its SAs
            assert now.get((lane, phase), "established") == state
    assert seen > 3


def test_what_only_an_old_message_could_bring_about_is_not_marked_as_possible() -> None:
    lines = drawn(session("drop mm5 x6; run; back"))
    verifies = next(x for x in lines if "MM5: verifies the proof" in x)
    assert UNICODE.ok not in verifies


def test_the_map_marks_where_each_end_stands() -> None:
    assert the_map(session("goto 5"))[:6] == [
        "MAIN MODE",
        "hq      idle ─► MM2 ─► MM4 ─► MM6 ─► up",
        "                 ├──────┴──────┴─► failed",
        "                 └─► in clear         │",
        "                                      └─► ended",
        "branch  idle ─► MM3 ─► MM5 ─► up",
    ]
    failed = the_map(session("drop mm5 x6; run"), ASCII)
    assert "                 +------+------+->[failed]" in failed
    assert "branch  idle -> MM3 -> MM5 -> up" in failed
    assert "branch [idle]-> QM3 -> up" in failed
    up = the_map(session("run"), ASCII)
    assert up[1] == "hq      idle -> MM2 -> MM4 -> MM6 ->[up]"
    assert "hq      idle -> QM2 ->[up]" in up


def test_what_was_passed_is_bold_where_it_stands_is_marked_and_the_rest_is_faint() -> None:
    made = session("goto 5")
    line = state_map(paths(made), ["hq", "branch"], 60, UNICODE)[1]
    roles = {text.split()[-1]: role for text, role in line if text.strip()}
    assert roles["MM4"] == "strong" and roles["MM6"] == "band here" and roles["up"] == "faint"


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("script", ["", "goto 6", "run", "drop mm5 x6; run"])
def test_it_fits_its_width_and_ascii_is_ascii(script: str, glyphs: Glyphs, columns: int) -> None:
    for alone in (False, True):
        lines = drawn(session(script), columns, glyphs, alone=alone)
        assert all(len(line) <= columns for line in lines)
        assert glyphs is UNICODE or all(line.isascii() for line in lines)
        for word in ("failed", "ended", "in clear", "MM6", "QM3"):
            assert any(word in line for line in lines)


@pytest.mark.parametrize(
    "group", ["initiator", "responder", "starter", "answerer", "starter_driver"]
)
def test_the_whole_map_has_every_state_of_the_specification_and_no_arrow_of_its_own(
    group: str,
) -> None:
    spec = specification()
    prefixes = {"initiator": ("mm", "am"), "responder": ("mm", "am")}.get(group, ("qm", ""))
    drawn_, known = set(), {(x.source, x.target) for x in arrows(spec, group)}
    for prefix in prefixes if group != "starter_driver" else ("",):
        spine, falls = layout(spec, group, prefix)
        if prefix or group == "starter_driver":
            drawn_ |= {*spine, *(state for state, _ in falls)}
        assert set(itertools.pairwise(spine)) <= known
        assert {(spine[n], state) for state, leads in falls for n in leads} <= known
    sort = spec.groups[group].field("state").sort
    assert drawn_ == set(getattr(sort, "members", ()))


def test_alone_it_shows_both_exchanges_and_the_sas() -> None:
    lines = drawn(session("run"), 116, alone=True)
    assert {"MAIN MODE", "AGGRESSIVE MODE", "QUICK MODE", "SAs"} <= set(lines)
    assert "AGGRESSIVE MODE" not in drawn(session("run"), 116)


def test_alone_it_says_which_guard_refuses_what_cannot_happen() -> None:
    lines = drawn(session("goto 5"), 116, alone=True)
    assert any("MM6: verifies the proof" in x and "Message 6 has not arrived." in x for x in lines)


def test_other_machines_say_that_they_have_no_map() -> None:
    made = session(name="fall-back")
    assert nearby(made)
    for name, item in SCENARIOS.items():
        if item.machine != "ike":
            assert not nearby(session(name=name)) and not paths(session(name=name))
