"""What Textual draws by itself, the command line and the palette: as readable as our own lines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from textual.widgets import Input, OptionList

from explorer.cli.explore import Asked, opened
from explorer.tui.app import ExplorerApp
from explorer.view.explore.spans import UNICODE
from tests.explorer.tui.screens import opener, settled
from tests.explorer.view.test_palette import LEAST, contrast


async def _texts(theme: str, keys: Sequence[str]) -> list[tuple[str, str, str]]:
    """Each piece of text in inputs and lists, with its colour and its ground."""
    app = ExplorerApp(opened(Asked(scenario="main-psk")), opener, (theme, UNICODE))
    found = []
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
        await settled(pilot)
        for widget in (*app.screen.query(Input), *app.screen.query(OptionList)):
            for y in range(widget.size.height if widget.display else 0):
                for part in widget.render_line(y):
                    style = part.style
                    if part.text.strip() and style and style.color and style.bgcolor:
                        pair = style.color.get_truecolor().hex, style.bgcolor.get_truecolor().hex
                        pair = pair[::-1] if style.reverse else pair
                        found.append((part.text, *pair))
    return found


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    "keys", [["ctrl+p"], ["ctrl+p", *"drop"], ["ctrl+p", "down", "down"], ["colon", *"dro"]]
)
def test_the_palette_and_the_command_line_can_be_read(keys: list[str], theme: str) -> None:
    texts = asyncio.run(_texts(theme, keys))
    assert texts
    bad = {x for x in texts if contrast(x[1], x[2]) < LEAST}
    assert not bad
