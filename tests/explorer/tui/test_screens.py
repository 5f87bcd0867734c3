"""What people see and press: the first run, the reviewer's story, every screen in three sizes."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from explorer.cli.explore import Asked, opened
from explorer.session.commands import COMMANDS
from explorer.session.scenarios import SCENARIOS
from explorer.tui.app import ExplorerApp
from explorer.tui.keys import Counting, counted, table
from explorer.tui.layout import TABS
from explorer.view.explore.page import tabs
from explorer.view.explore.panes import PANES
from explorer.view.explore.spans import ASCII, UNICODE, Glyphs
from tests.explorer.tui.screens import Shown, lines, opener, settled, shown

KEPT = Path(__file__).parent / "kept"
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
#: screens by name: the scenario, and the keys that lead there
SCREENS: dict[str, tuple[str | None, list[str]]] = {
    "start": (None, []),
    "explore": ("main-psk", ["c"]),
    "failed": ("message-5-lost", ["5", "G", "6", "x", "c", "N"]),
    "overlap": ("overlap-8h-2h", ["G", "N", "N", "N"]),
    "broken": ("reflected-quick", ["G"]),
    "into": ("main-psk", ["5", "G", "s"]),
    "compare": ("message-5-lost", ["5", "G", "6", "x", "c", "vertical_line"]),
    "keys": ("main-psk", ["question_mark"]),
    "presenter": ("message-5-lost", ["5", "G", "6", "x", "c", "N", "P"]),
    "powers": ("main-psk", ["n", "a"]),
    "zoomed": ("main-psk", ["c", "5", "z"]),
}


#: what is looked at each time; the others are slow tests
OFTEN = {("120x40", UNICODE), ("80x24", ASCII)}
ALL = [
    pytest.param(size, signs, id=f"{size}-{'ascii' if signs.ascii else 'unicode'}",
                 marks=[] if (size, signs) in OFTEN else [pytest.mark.slow])
    for size in SIZES for signs in (UNICODE, ASCII)
]  # fmt: skip


@pytest.mark.parametrize(("size", "signs"), ALL)
@pytest.mark.parametrize("name", SCREENS)
def test_each_screen_is_as_it_was_looked_at(name: str, size: str, signs: Glyphs) -> None:
    """IKEPROOF_KEEP=1 writes what is there now: look at it before it is committed."""
    scenario, keys = SCREENS[name]
    found = shown(keys, scenario, SIZES[size], signs).text + "\n"
    path = KEPT / f"{name}-{size}-{'ascii' if signs.ascii else 'unicode'}.txt"
    if os.environ.get("IKEPROOF_KEEP"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")
    assert not signs.ascii or found.isascii()


def test_a_newcomer_needs_enter_only() -> None:
    first = shown()
    assert "Enter" in first.text and "main-psk" in first.text
    walked = shown(["enter"] * 12)
    assert "ESTABLISHED" in walked.lines[2] and "step 11 of 11" in walked.lines[0]


def test_the_reviewers_story_takes_twelve_presses() -> None:
    keys = ["enter", "5", "G", "5", "x", "c", "5", "G", "6", "x", "c", "vertical_line"]
    assert len(keys) <= 12
    established = shown(keys[:6])
    assert "ESTABLISHED" in established.text and "+15 s" in established.lines[0]
    failed = shown(keys[:11])
    assert "FAILED" in failed.text and "+30 s" in failed.lines[0] and "lost 6 of 6" in failed.text
    assert "+18 s" in next(line for line in failed.lines if "gives up: it has" in line)
    back = shown([*keys[:11], "N"])
    assert any("It has resent enough" in line and "R8" in line for line in back.lines)
    both = shown(keys)
    assert (
        "Alike for 9 events" in both.text
        and "MM5 lost ×5" in both.text
        and "MM5 lost ×6" in both.text
    )


def test_a_digit_is_a_pane_until_a_key_makes_it_a_count() -> None:
    counting = Counting()
    assert counting.pressed("6", "6") == ("pane", "6")
    assert counting.pressed("x", "x") == ("drop", "6") and not counting.pending
    assert counting.pressed("m", "m") is None
    assert counting.pressed("a", "a") == ("mark a", "")
    assert counted("drop", "6") == "drop x6" and counted("last", "5") == "goto 5"


def test_every_key_of_the_registry_does_something_and_none_is_taken_twice() -> None:
    keys = [key for item in COMMANDS.values() for key in item.keys]
    assert len(keys) == len(set(keys))
    assert {"n", "N", "c", "C", "x", "w", "|", ":", "?", "/", "t", "s", "S"} <= set(table())


def test_the_command_line_takes_what_scripts_take_and_says_what_is_wrong() -> None:
    found = shown(["colon", *"drop mm5 x6", "enter", "c", "N"], "main-psk")
    assert "FAILED" in found.text
    wrong = shown(["colon", *"drop mm9", "enter"], "main-psk")
    assert "not a message" in wrong.lines[-2]


def test_escape_leaves_the_command_line_and_zoom() -> None:
    assert "in flight" in shown(["colon", "escape", "z", "escape"], "main-psk").text


def test_every_scenario_can_be_opened_from_the_start() -> None:
    for number, name in enumerate(SCENARIOS):
        assert name in shown([*["down"] * number, "enter"]).lines[0]


def test_without_colour_the_focus_has_brackets_in_ascii() -> None:
    found = shown(["5"], "main-psk", glyphs=ASCII, theme="mono")
    assert any("[ 5 Promises ]" in line for line in found.lines)


def test_a_small_terminal_shows_the_chart_alone() -> None:
    found = shown(["c"], "main-psk", size=(70, 20))
    assert "MM6" in found.text and "Promises" not in found.text


@pytest.mark.parametrize("key", ["a", "e"])
@pytest.mark.parametrize("leave", ["escape", "enter", "x"])
def test_a_list_closes_itself_and_not_the_screen_below(key: str, leave: str) -> None:
    found = shown(["n", "n", key, "j", leave], "main-psk")
    assert "main-psk" in found.lines[0] and "MM2" in found.text


def test_a_pane_that_was_looked_at_is_no_count_for_enter_or_after_escape() -> None:
    assert "step 3 of 3" in shown(["n", "n", "4", "enter"], "main-psk").lines[0]
    assert "step 3 of 3" in shown(["n", "n", "4", "escape", "n"], "main-psk").lines[0]
    assert "step 6 of 6" in shown(["n", "n", "4", "n"], "main-psk").lines[0]


def _pane(found: Shown) -> str:
    """The pane that is alone, or shown in the tab at 80 columns."""
    return next((line for line in found.lines if "puts the others back" in line), "")


def test_a_digit_before_a_key_that_takes_no_number_is_the_pane() -> None:
    ran = shown(["5", "c"], "main-psk")
    assert "step 11 of 11" in ran.lines[0]  # and not five steps
    assert "5 Promises" in _pane(shown(["5", "z"], "main-psk"))
    timed = shown(["n", "n", "n", "n", "n", "4", "t"], "main-psk")
    assert "+3 s" in timed.lines[0] and "step 6 of 6" in timed.lines[0]


def test_a_number_before_a_key_that_takes_none_says_so_and_leaves_the_panes() -> None:
    found = shown(["1", "5", "c"], "main-psk")
    assert "step 11 of 11" in found.lines[0] and not _pane(found)
    assert any("15 counts for n, N, x, G and X only" in line for line in found.lines)
    assert "INSTALLED" in found.text and "1 Packet" not in found.text
    again = shown(["1", "5", "c", "n"], "main-psk")
    assert "counts for" not in again.text


def test_a_number_is_taken_whole_or_refused() -> None:
    assert "step 11 of 11" in shown(["1", "1", "n"], "main-psk").lines[0]
    assert any("'12345' is not" in line for line in shown([*"12345", "n"], "main-psk").lines)


@pytest.mark.parametrize("columns", [80, 90, 119])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("chosen", TABS)
def test_no_name_of_a_pane_is_cut_in_the_row_of_tabs(
    chosen: str, columns: int, glyphs: Glyphs
) -> None:
    line = tabs(TABS, chosen, columns, glyphs)
    row = "".join(part for part, _ in line)
    assert len(row) == columns and glyphs.more not in row
    for name in TABS:
        key, title, _ = PANES[name]
        short = {"network": "Net", "axis": "Axis"}.get(name, title)
        assert f"{key} {short}" in row or re.search(rf"(?<!\S){key}(?!\S)", row), name
        assert name != chosen or f"{key} {short}" in row
    if columns > 90:
        assert all(PANES[name][1] in row for name in TABS if name not in ("network", "axis"))


def test_the_tabs_are_whole_on_the_screen_of_80_columns() -> None:
    row = next(line for line in shown(["c"], "main-psk", (80, 24)).lines if " w Why" in line)
    assert "8 Branches" in row and row.rstrip("─ ").endswith("9")
    axis = shown(["c", "9"], "main-psk", (80, 24))
    assert any("9 Axis" in line and "8 Branches" in line for line in axis.lines)


async def _pages(size: tuple[int, int], keys: list[str]) -> list[str]:
    """What a pane that is alone shows from its first line to its last one."""
    app = ExplorerApp(opened(Asked(scenario="reflected-quick")), opener, ("dark", UNICODE))
    found: list[list[str]] = []
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press(*keys)
        await settled(pilot)
        while not found or lines(app) != found[-1]:
            found.append(lines(app))
            await pilot.press("pagedown")
            await pilot.pause()
    return [line for page in found for line in page]


@pytest.mark.parametrize("size", SIZES.values())
def test_a_pane_that_is_alone_shows_every_promise(size: tuple[int, int]) -> None:
    session = opened(Asked(scenario="reflected-quick"))
    session.last()
    standing = session.standing()
    assert standing is not None
    shown_ = asyncio.run(_pages(size, ["G", "5", "z"]))
    text = "\n".join(shown_)
    assert not re.search(r"and \d+ more", text)
    for name in (*standing.kept, *standing.open, *(x.name for x in standing.broken)):
        words = name.replace("_", " ")
        assert any(words in line for line in shown_), name


def test_arrows_and_the_wheel_scroll_a_pane_that_is_alone_and_take_no_step() -> None:
    top = shown(["c", "5", "z"], "main-psk", (80, 24))
    down = shown(["c", "5", "z", "down", "down"], "main-psk", (80, 24))
    assert "1 to 19 of" in top.text and "3 to 21 of" in down.text
    assert down.lines[0] == top.lines[0]
    assert (
        "1 to 19 of" in shown(["c", "5", "z", "down", "down", "z", "z"], "main-psk", (80, 24)).text
    )
    assert "1 to 19 of" in shown(["c", "5", "z", "down", "up", "up"], "main-psk", (80, 24)).text


def test_a_pane_that_is_cut_says_which_key_shows_all_of_it() -> None:
    small = shown(["c", "5"], "main-psk", (80, 24))
    assert any(line.rstrip().endswith("… z all") for line in small.lines)
    assert any("… z shows all of it" in line for line in shown(["c"], "main-psk", (200, 60)).lines)


def test_rows_are_not_out_of_sight_while_there_is_room_below_them() -> None:
    found = shown(["5", "G", "6", "x", "c", "N"], "message-5-lost", (80, 24))
    assert "MM3  key" in found.text and "+30 s" in found.text
    at = next(y for y, line in enumerate(found.lines) if "+30 s" in line and "forgets" in line)
    assert found.lines[at + 1].startswith(" w Why") or found.lines[at + 2].startswith(" w Why")


def test_rows_come_back_into_sight_when_the_terminal_grows() -> None:
    async def resized() -> str:
        app = ExplorerApp(opened(Asked(scenario="main-psk")), opener, ("dark", UNICODE))
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            await pilot.press("c")
            for size in ((80, 14), (120, 40)):
                await pilot.resize_terminal(*size)
                await settled(pilot)
            return "\n".join(lines(app))

    assert "MM1  offer" in asyncio.run(resized())


@pytest.mark.parametrize("size", SIZES.values())
def test_what_is_beneath_a_step_is_not_cut_at_the_lifeline(size: tuple[int, int]) -> None:
    found = shown(["5", "G", "s"], "main-psk", size)
    assert "RFC 2408 section 4.1" in found.text
    assert any(
        "initiator.state" in line and "awaits_mm4 → awaits_mm6" in line for line in found.lines
    )
