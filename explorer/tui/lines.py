"""Widgets that show lines of text with roles, and repaint only those that differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from explorer.tui.theme import style
from explorer.view.explore.spans import UNICODE, Glyphs, Line, fitted

Skin = tuple[str, Glyphs]  # theme and signs


def strip(line: Line, columns: int, skin: Skin, ground: str = "background") -> Strip:
    """A line as Textual paints it, in exactly so many columns."""
    theme, glyphs = skin
    segments = [
        Segment(text, style(theme, role, ground)) for text, role in fitted(line, columns, glyphs)
    ]
    return Strip(segments, columns)


class Lines(Widget):
    """A pane of lines. `show` is given what it shows; it asks nobody."""

    DEFAULT_CSS = "Lines { height: 1fr; width: 1fr; }"

    def __init__(
        self,
        *,
        id: str | None = None,
        ground: str = "background",
        pressed: Callable[[int, int], None] | None = None,
        resized: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(id=id)
        self._ground, self._pressed, self._resized = ground, pressed, resized
        self._lines: list[Line] = []
        self._skin: Skin = ("dark", UNICODE)

    def show(self, lines: Sequence[Line], skin: Skin) -> None:
        """Show these lines; those that are as they were are not painted again."""
        before, self._lines = self._lines, list(lines)
        if skin != self._skin:
            self._skin = skin
            self.refresh()
            return
        for y in range(min(max(len(before), len(lines)), self.size.height)):
            old = before[y] if y < len(before) else ()
            new = lines[y] if y < len(lines) else ()
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        line = self._lines[y] if y < len(self._lines) else ()
        return strip(line, self.size.width, self._skin, self._ground)

    def on_resize(self) -> None:
        """The content depends on the size: the screen fills the pane again."""
        if self._resized is not None:
            self._resized()

    def on_click(self, event: object) -> None:
        """Report the column and the row that were clicked."""
        if self._pressed is not None:
            self._pressed(getattr(event, "x", 0), getattr(event, "y", 0))
