"""The explorer on a screen that is not there: keys in, lines of text out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from textual.pilot import Pilot

from explorer.cli.explore import Asked, opened
from explorer.session.session import Session
from explorer.tui.app import ExplorerApp
from explorer.view.explore.spans import UNICODE, Glyphs


def opener(line: str) -> Session:
    """What the start screen opens: scenarios only."""
    return opened(Asked(scenario=line.split()[-1]))


@dataclass
class Shown:
    """What stands on the screen after some keys."""

    lines: list[str]
    app: ExplorerApp

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


async def _driven(app: ExplorerApp, keys: Sequence[str], size: tuple[int, int]) -> Shown:
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
        await settled(pilot)
        return Shown(lines(app), app)


async def settled(pilot: Pilot[None]) -> None:
    """Until workers have ended and what they brought is painted."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def lines(app: ExplorerApp) -> list[str]:
    """The rows of the screen as text: every pane where it stands."""
    width, height = app.size
    grid = [[" "] * width for _ in range(height)]
    for widget in app.screen.query("Lines, ChartView"):
        if not widget.display or not widget.region.area:
            continue
        for y in range(widget.region.height):
            text = widget.render_line(y).text[: widget.region.width]
            for x, char in enumerate(text):
                if 0 <= widget.region.y + y < height and 0 <= widget.region.x + x < width:
                    grid[widget.region.y + y][widget.region.x + x] = char
    return ["".join(row).rstrip() for row in grid]


def shown(
    keys: Sequence[str] = (),
    scenario: str | None = None,
    size: tuple[int, int] = (120, 40),
    glyphs: Glyphs = UNICODE,
    theme: str = "dark",
) -> Shown:
    """The screen after these keys, from the start screen or in a scenario."""
    session = opened(Asked(scenario=scenario)) if scenario else None
    return drawn(session, keys, size, glyphs, theme)


def drawn(
    session: Session | None,
    keys: Sequence[str] = (),
    size: tuple[int, int] = (120, 40),
    glyphs: Glyphs = UNICODE,
    theme: str = "dark",
) -> Shown:
    """The screen over a session after these keys."""
    return asyncio.run(_driven(ExplorerApp(session, opener, (theme, glyphs)), keys, size))
