"""The chart on the screen: line by line, cached, with the cursor's row on a band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from explorer.session.session import Session
from explorer.session.tree import Node
from explorer.tui.lines import Skin, strip
from explorer.view.explore.chart import Chart, Place, Row, details, rows, rows_of
from explorer.view.explore.spans import UNICODE, Line

ROOM = 64  # rows of room that are added at once, so that the size seldom changes


@dataclass(frozen=True, slots=True)
class _Key:
    """What decides how a row looks."""

    place: Place
    node: int
    number: int
    above: int
    now: int
    here: bool
    ahead: bool


class ChartView(ScrollView, can_focus=True):
    """The sequence chart of a session."""

    DEFAULT_CSS = """
    ChartView { height: 1fr; width: 1fr; overflow-y: scroll; overflow-x: hidden;
                scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    def __init__(self, pressed: Callable[[Node], None], id: str | None = None) -> None:
        super().__init__(id=id)
        self._pressed = pressed
        self._session: Session | None = None
        self._skin: Skin = ("dark", UNICODE)
        self._rows: list[Row] = []
        self._at: dict[Node, int] = {}
        self._strips: dict[tuple[_Key, int, Skin], Strip] = {}
        self._details: list[Line] = []
        self._chart: Chart | None = None
        self._now: Node | None = None
        self._tip: Node | None = None
        self._shape: tuple[bool, int] = (True, 0)
        self._known = 0
        self._tall = 0

    def show(self, session: Session, skin: Skin, *, silence: bool, unfolded: bool) -> None:
        """Show a session as it stands now."""
        found = details(session, skin[1]) if unfolded else []
        shape = silence, len(found)
        other = (
            session is not self._session or skin != self._skin or self.size.width != self._width()
        )
        before, self._session, self._skin = self._now, session, skin
        self._now, self._details = session.now, found
        if other or self._chart is None:
            self._chart = Chart(session, self.size.width - 1, skin[1])
            self._strips.clear()
        line = session.rows()
        if other or shape != self._shape or unfolded or self._forked(line):
            self._lay_out(shape)
            self.refresh()
        else:
            self._grow(line)
            if before is not None and before is not session.now:
                self._repaint_between(before, session.now)
        self._follow()

    def _width(self) -> int:
        return self._chart.columns + 1 if self._chart is not None else -1

    def _forked(self, line: Sequence[Node]) -> bool:
        """Whether the line is another one than that which is laid out, and not merely longer."""
        return (
            self._tip is None or len(line) < self._known or line[self._known - 1] is not self._tip
        )

    def _lay_out(self, shape: tuple[bool, int]) -> None:
        assert self._session is not None
        self._shape = shape
        self._rows = rows(self._session, silence=shape[0], unfolded=shape[1])
        self._at = {row.node: y for y, row in enumerate(self._rows) if row.place is Place.EVENT}
        line = self._session.rows()
        self._at[line[0]] = 0
        self._tip, self._known = line[-1], len(line)
        self._make_room()

    def _grow(self, line: Sequence[Node]) -> None:
        """Rows for the events that came at the end."""
        for node in line[self._known :]:
            for row in rows_of(node, silence=self._shape[0]):
                self._repaint(len(self._rows))
                self._rows.append(row)
            self._at[node] = len(self._rows) - 1
        if len(line) > self._known:
            self._tip, self._known = line[-1], len(line)
            self._make_room()

    def _make_room(self) -> None:
        """The size changes seldom, as each change lays the whole screen out anew."""
        size = Size(max(self.size.width - 1, 1), (len(self._rows) // ROOM + 1) * ROOM)
        if size != self.virtual_size:
            self.virtual_size = size

    def _repaint(self, y: int) -> None:
        top = y - self.scroll_offset.y
        if 0 <= top < self.size.height:
            self.refresh(Region(0, top, self.size.width, 1))

    def _repaint_between(self, one: Node, other: Node) -> None:
        """Rows that change from ahead to behind, or back."""
        a, b = sorted((self._at.get(one, 0), self._at.get(other, 0)))
        for y in range(
            max(a, self.scroll_offset.y), min(b, self.scroll_offset.y + self.size.height) + 1
        ):
            self._repaint(y)

    def _follow(self) -> None:
        assert self._session is not None
        y, top, height = self._at.get(self._session.now, 0), self.scroll_offset.y, self.size.height
        last = y + self._shape[1]
        ahead = self._session.now is not self._tip  # nothing comes below the last row for now
        if height != self._tall or ahead:  # no rows out of sight while there is room below
            self._tall, most = height, max(0, len(self._rows) - height + 1)
            if top > most and last < most + height:
                self.scroll_to(y=most, animate=False, immediate=True)
                top = most
        if not top <= y < top + height - 1 or last >= top + height:
            self.scroll_to(y=max(0, y - height // 2), animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        at, session = y + self.scroll_offset.y, self._session
        columns = self.size.width
        if session is None or self._chart is None or at >= len(self._rows):
            return strip((), columns, self._skin)
        row, above = self._rows[at], self._rows[at - 1] if at else None
        now = session.now
        here = row.node is now and row.place is Place.EVENT
        position = self._at.get(now, 0)
        key = _Key(
            row.place, row.node.number, row.number, above.node.number if above else -1,
            now.number if row.place is Place.DETAIL else -1, here, at > position and row.node is not now,
        )  # fmt: skip
        known = self._strips.get((key, columns, self._skin))
        if known is None:
            line = self._chart.line(row, above, now, self._details)
            known = strip(line, columns, self._skin, "band" if here else "background")
            if len(self._strips) > 5000:
                self._strips.clear()
            self._strips[key, columns, self._skin] = known
        return known

    def on_click(self, event: object) -> None:
        """Go to the step that was pressed."""
        at = getattr(event, "y", 0) + self.scroll_offset.y
        if 0 <= at < len(self._rows):
            self._pressed(self._rows[at].node)
