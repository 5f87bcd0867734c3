"""The mouse, and the keys that belong to terminals: Ctrl+C, Ctrl+Z."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from textual.command import CommandPalette
from textual.events import Key

from explorer.cli.explore import Asked, opened
from explorer.tui.app import INTERRUPTED, ExplorerApp
from explorer.tui.layout import TABS
from explorer.view.explore.page import tab_at, tabs
from explorer.view.explore.panes import PANES
from explorer.view.explore.spans import ASCII, UNICODE, Glyphs
from tests.explorer.tui.screens import lines, opener, settled

Place = tuple[str, tuple[int, int]]


def pressed(
    places: Sequence[Place | str],
    scenario: str | None = "main-psk",
    size: tuple[int, int] = (80, 24),
) -> tuple[list[str], ExplorerApp]:
    """The screen after keys and presses of the mouse: a widget, and where in it."""

    async def driven() -> tuple[list[str], ExplorerApp]:
        session = opened(Asked(scenario=scenario)) if scenario else None
        app = ExplorerApp(session, opener, ("dark", UNICODE))
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            for place in places:
                if isinstance(place, str):
                    await pilot.press(place)
                else:
                    await pilot.click(place[0], offset=place[1])
            await settled(pilot)
            return (lines(app) if app.is_running else []), app

    return asyncio.run(driven())


def test_a_press_on_a_row_goes_to_its_step() -> None:
    shown, _ = pressed(["c", ("#chart", (30, 4))])
    assert "5/11" in shown[0] and any(line.startswith("►   5") for line in shown)


@pytest.mark.parametrize("name", ["peers", "promises", "branches"])
def test_a_press_on_a_tab_shows_its_pane(name: str) -> None:
    key, title, _ = PANES[name]
    row = "".join(text for text, _ in tabs(TABS, "why", 80, UNICODE))
    shown, _ = pressed(["c", ("#tabs", (row.index(f"{key} {title}") + 3, 0))])
    assert any(f" {key} {title}  " in line for line in shown)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("chosen", TABS)
def test_every_column_of_the_tabs_is_of_the_pane_that_it_names(chosen: str, glyphs: Glyphs) -> None:
    row = "".join(text for text, _ in tabs(TABS, chosen, 80, glyphs))
    for x, char in enumerate(row):
        name = tab_at(TABS, chosen, 80, glyphs, x)
        if char.isdigit():
            assert PANES[name][0] == char
        elif char.isalpha():
            short = {"network": "Net", "axis": "Axis"}.get(name, PANES[name][1])
            assert char in f"w{short}"


def test_a_press_on_what_enter_does_does_it() -> None:
    assert "1/1" in pressed([("#next", (10, 0))])[0][0]
    started, _ = pressed([("#next", (10, 0))], None)
    assert "main-psk" in started[0] and "SIM" in started[0]


def test_a_press_on_a_pane_gives_it_the_focus() -> None:
    shown, _ = pressed(["c", ("#side", (5, 12))], size=(120, 40))
    assert any("━ 2 Peers" in line or "━ 4 Timers" in line for line in shown)


def test_ctrl_c_leaves_with_the_code_of_shells() -> None:
    _, app = pressed(["n", "ctrl+c"])
    assert app.return_code == INTERRUPTED
    _, app = pressed(["ctrl+c"], None)
    assert app.return_code == INTERRUPTED
    _, app = pressed(["question_mark", "ctrl+c"])
    assert app.return_code == INTERRUPTED


def test_ctrl_c_closes_the_command_line_first() -> None:
    shown, app = pressed(["colon", "d", "ctrl+c"])
    assert app.return_code is None or app.return_code == 0
    assert "n/N step" in shown[-1]


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_what_was_tried_and_is_not_saved_is_left_only_if_asked_twice(key: str) -> None:
    shown, _ = pressed(["n", "x", key])
    assert "is not saved" in shown[-2]
    assert not pressed(["n", "x", key, key])[0]
    again, _ = pressed(["n", "x", key, "n", key])
    assert "is not saved" in again[-2]
    assert not pressed(["n", "n", "N", key])[0]  # nothing was tried


def test_ctrl_z_suspends_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(ExplorerApp, "action_suspend_process", lambda _app: asked.append(1))
    pressed(["n", "ctrl+z"])
    assert asked


def test_the_palette_waits_for_a_dialog_that_is_closing() -> None:
    async def driven() -> tuple[bool, bool]:
        app = ExplorerApp(opened(Asked(scenario="main-psk")), opener, ("dark", UNICODE))
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            await pilot.press("P")
            await settled(pilot)
            app.screen.post_message(
                Key("P", "P")
            )  # it waits in the queue of the presenter's screen
            app.action_command_palette()
            for _ in range(200):
                if isinstance(app.screen, CommandPalette):
                    break
                await pilot.pause(0.01)
            opened_ = isinstance(app.screen, CommandPalette)
            await pilot.press("escape")
            await settled(pilot)
            return opened_, app.is_running

    assert asyncio.run(driven()) == (True, True)
