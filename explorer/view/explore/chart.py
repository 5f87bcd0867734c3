"""The sequence chart: a row for each event, lifelines with the state of both ends, what lies ahead faint.

A message stands beside its sender and a state beside its lifeline; a time is written when it differs
from the row above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from explorer.session.moments import End, Event, Kind, Life
from explorer.session.session import Session
from explorer.session.times import duration, since_start
from explorer.session.tree import Node
from explorer.view.explore.spans import UNICODE, Canvas, Glyphs, Line, cut, plain, width

STEP, TIME, LABEL = 5, 14, 25  # the columns before which step, time and state end
LEAST, MARGIN = 60, 16
WIDER = 2  # columns more for recorded times, which have fractions


class Place(Enum):
    """What a row of the chart is."""

    HEAD = "head"
    EVENT = "event"
    SILENCE = "silence"
    FORK = "fork"
    DETAIL = "detail"


@dataclass(frozen=True, slots=True)
class Row:
    """A row: an event, or what stands between two of them."""

    place: Place
    node: Node
    number: int = 0


def rows(session: Session, *, silence: bool, unfolded: int = 0) -> list[Row]:
    """The rows of the way to the cursor and of what lies ahead.

    silence   whether waits have rows of their own     unfolded  how many details the cursor's row has
    """
    found: list[Row] = []
    for node in session.rows():
        found += rows_of(node, silence=silence)
        if node is session.now:
            found += [Row(Place.DETAIL, node, number) for number in range(unfolded)]
    return found


def rows_of(node: Node, *, silence: bool) -> list[Row]:
    """The rows of one event: a fork and a silence before it may have their own."""
    if node.parent is None:
        return []
    found: list[Row] = []
    if node.event.kind is not Kind.NETWORK:
        if node.branch != node.parent.branch:
            found.append(Row(Place.FORK, node))
        if silence and node.event.wait:
            found.append(Row(Place.SILENCE, node))
    return [*found, Row(Place.EVENT, node)]


class Chart:
    """Draws rows in a given width."""

    def __init__(
        self, session: Session, columns: int, glyphs: Glyphs = UNICODE, *, numbers: bool = True
    ) -> None:
        self._session, self._g, self._numbers = session, glyphs, numbers
        self.columns = max(columns, LEAST)
        lanes = len(session.source.lanes)
        wider = WIDER if session.source.recorded else 0
        self._time, self._label = TIME + wider // 2, LABEL + wider
        self._left = self._label + 1
        right = self.columns - MARGIN - 1
        span = (right - self._left) / max(lanes - 1, 1)
        self._at = [round(self._left + span * lane) for lane in range(lanes)]

    def head(self) -> list[Line]:
        """Who acts, above the lifelines: titles, and names with addresses."""
        g, titles, names = self._g, Canvas(self.columns), Canvas(self.columns)
        for at, lane in zip(self._at, self._session.source.lanes, strict=True):
            titles.put(at - len(lane.title) // 2, lane.title, "strong")
            name = plain(" ".join(filter(None, (lane.name, lane.address))), g)
            if name.lower() != lane.title.lower():
                names.put(max(at - len(name) // 2, 0), name, "muted")
        named = names.line()
        return [titles.line(), named] if any(text.strip() for text, _ in named) else [titles.line()]

    def line(self, row: Row, before: Row | None, now: Node, details: Sequence[Line] = ()) -> Line:
        """One row. `before` is the row above it, `now` the cursor's node."""
        # the nodes of one line are numbered in its order
        faint = "faint" if row.node.number > now.number else ""
        if row.place is Place.DETAIL:
            return self._detail(row, details)
        canvas = Canvas(self.columns)
        node, parent = row.node, row.node.parent
        assert parent is not None
        source = self._session.source
        earlier = source.ends(parent.moment)
        if node is now and row.place is Place.EVENT:
            canvas.put(0, self._g.here, "here")
        if row.place is Place.FORK or node.event.kind is Kind.NETWORK:
            self._lifelines(canvas, earlier)
            self._network(canvas, row)
            return canvas.line(faint)
        if row.place is Place.SILENCE:
            self._lifelines(canvas, earlier)
            self._silence(canvas, node)
            return canvas.line(faint)
        ends = source.ends(node.moment)
        self._lifelines(canvas, ends, earlier, node.event)
        if self._numbers:
            canvas.put_left(STEP, str(node.depth), "here" if node is now else "muted")
        if before is None or before.node.parent is None or before.node.moment.at != node.moment.at or before.node is node:  # fmt: skip
            canvas.put_left(self._time, since_start(node.moment.at), "strong")
        self._labels(canvas, earlier, ends)
        if node.event.kind is Kind.MESSAGE:
            self._message(canvas, node.event)
        else:
            self._act(canvas, node.event, ends)
        return canvas.line(faint)

    # ---- lifelines
    def _lifelines(
        self,
        canvas: Canvas,
        ends: Sequence[End],
        earlier: Sequence[End] | None = None,
        event: Event | None = None,
    ) -> None:
        for lane, (at, end) in enumerate(zip(self._at, ends, strict=True)):
            was = earlier[lane] if earlier is not None else end
            if end.life.over:
                if not was.life.over:
                    canvas.put(at, self._g.ended, _tone(end.life))
                continue
            glyph = {Life.IDLE: self._g.idle, Life.UP: self._g.up}.get(end.life, self._g.waits)
            canvas.put(at, glyph, _tone(end.life))

    def _labels(self, canvas: Canvas, earlier: Sequence[End], ends: Sequence[End]) -> None:
        for lane, (was, end) in enumerate(zip(earlier, ends, strict=True)):
            if was.label == end.label or not end.label:
                continue
            role = _label_role(end)
            text = plain(end.label, self._g)
            if lane == 0:
                canvas.put_left(self._label, cut(text, self._label - self._time + 1), role)
            elif lane == len(ends) - 1:
                canvas.put(self._at[lane] + 2, cut(text, MARGIN - 1), role)
            else:
                canvas.put(self._at[lane] + 2, text, role)

    # ---- what stands between them
    def _message(self, canvas: Canvas, event: Event) -> None:
        if event.forged or event.actor is None:
            self._forged(canvas, event)
            return
        g, to = self._g, event.to if event.to is not None else 1 - event.actor
        start, end = self._at[event.actor], self._at[to]
        rightward = start < end
        stroke = g.sealed if event.protected else g.clear
        tone = "failed" if event.lost else "strong"
        line = "failed" if event.lost else "muted"
        name = plain(f"{event.name}  {event.says}", g)
        low, high = (start, end) if rightward else (end, start)
        join = {(True, True): g.sealed_right, (True, False): g.sealed_left,
                (False, True): g.join_right, (False, False): g.join_left}[event.protected, rightward]  # fmt: skip
        canvas.put(start, join, line)
        if event.lost:
            self._lost(canvas, event, low, high, rightward, stroke, name)
            return
        canvas.put(low + 1, stroke * (high - low - 1), line)
        if rightward:
            canvas.put(low + 3, f" {event.name}", "strong")
            canvas.put(low + 4 + len(event.name), plain(f"  {event.says} ", g), "muted")
            canvas.put(high - 1, g.right, line)
        else:
            canvas.put_left(high - 2, f" {name} ", "muted")
            canvas.put(high - 2 - len(name) - 1, event.name, tone)
            canvas.put(low + 1, g.left, line)

    def _lost(
        self,
        canvas: Canvas,
        event: Event,
        low: int,
        high: int,
        rightward: bool,
        stroke: str,
        name: str,
    ) -> None:
        g = self._g
        says = plain(event.lost, g)
        room = min(len(says) + 3, (high - low) // 2)
        cross = high - room if rightward else low + room
        if rightward:
            cross = max(cross, low + 6 + len(name))
            canvas.put(low + 1, stroke * (cross - low - 1), "failed")
            canvas.put(low + 3, f" {name} ", "failed")
            canvas.put(cross, g.cross, "failed")
            canvas.put(cross + 2, cut(says, high - cross - 2), "failed")
        else:
            cross = min(cross, high - 6 - len(name))
            canvas.put(cross + 1, stroke * (high - cross - 1), "failed")
            canvas.put_left(high - 2, f" {name} ", "failed")
            canvas.put(cross, g.cross, "failed")
            canvas.put_left(cross - 1, cut(says, cross - low - 1), "failed")

    def _forged(self, canvas: Canvas, event: Event) -> None:
        """From the attacker, who stands on the wire, to his victim: a filled label, a wavy line."""
        g = self._g
        low, high = self._at[0], self._at[-1]
        label = plain(f" {event.name}  {event.says} ", g)
        if event.to == 0:
            canvas.put(low + 1, f"{g.left}{g.forged * 2} ", "forged")
            canvas.put(low + 5, label, "badge-forged")
            canvas.put(low + 5 + len(label), f" {g.forged}{g.attacker} attacker", "forged")
        else:
            tail = f" {g.forged * 2}{g.right}"
            canvas.put_left(high, tail, "forged")
            canvas.put_left(high - len(tail), label, "badge-forged")
            canvas.put_left(
                high - len(tail) - len(label), f"attacker {g.attacker}{g.forged} ", "forged"
            )

    def _act(self, canvas: Canvas, event: Event, ends: Sequence[End]) -> None:
        g = self._g
        text = plain(event.says, g)
        if event.actor is None:
            canvas.put(self._at[0] + 2, text, "forged" if event.action else "muted")
            return
        failed = ends[event.actor].life is Life.FAILED
        role = "failed" if failed else "strong"
        at = self._at[event.actor]
        clause = f"  {event.clause}" if failed and event.clause.startswith("R") else ""
        if event.actor < len(ends) - 1:
            canvas.put(at + 2, text, role)
            canvas.put(at + 2 + len(text), clause, "here")
        else:
            canvas.put_left(at - 1, text + clause, role)

    def _silence(self, canvas: Canvas, node: Node) -> None:
        event = node.event
        wait = duration(event.wait)
        text = f"{wait}, no answer" if event.again or "no answer" in event.says or "resent" in event.says else wait  # fmt: skip
        if event.actor is not None and event.actor == len(self._at) - 1:
            canvas.put_left(self._at[event.actor] - 1, text, "muted")
        else:
            canvas.put(self._at[event.actor or 0] + 2, text, "muted")

    def _network(self, canvas: Canvas, row: Row) -> None:
        g, node = self._g, row.node
        parts = []
        if node.parent is not None and node.branch != node.parent.branch:
            parts.append(f"branch “{node.branch}” forks from {node.parent.branch}")
        if row.place is not Place.FORK:
            parts.append(node.event.says)
        text = plain("; ".join(parts), g)
        room = self.columns - STEP - 8
        text = cut(text, room, g.more)
        canvas.put(STEP + 1, " " * (self.columns - STEP - 1))
        rest = self.columns - STEP - 1 - len(text) - 6
        canvas.put(STEP + 1, f"{g.fork * 4} {text} {g.fork * max(rest, 0)}", "muted")

    def _detail(self, row: Row, details: Sequence[Line]) -> Line:
        canvas = Canvas(self.columns)
        parent = row.node
        self._lifelines(canvas, self._session.source.ends(parent.moment))
        at = self._at[0] + 2
        if row.number < len(details):
            line = details[row.number]
            if at + width(line) >= self._at[-1]:  # over the right lifeline, rather than cut
                canvas.put(self._at[-1], " ")
            for text, role in line:
                shown = cut(plain(text, self._g), self.columns - 1 - at, self._g.more)
                canvas.put(at, shown, role)
                at += len(shown)
        return canvas.line()

    def legend(self) -> Line:
        """What the lines mean; `lines` that do not occur are explained too."""
        g = self._g
        parts: list[tuple[str, str]] = [
            (f"{g.join_right}{g.clear * 2}{g.right} ", "muted"), ("in clear   ", "muted"),
            (f"{g.sealed_right}{g.sealed * 2}{g.right} ", "muted"), ("encrypted   ", "muted"),
            (f"{g.sealed_right}{g.sealed * 2}{g.cross} ", "failed"), ("lost   ", "muted"),
            (f"{g.waits} ", "muted"), ("waits   ", "muted"), (f"{g.up} ", "ok"), ("up   ", "muted"),
            (f"{g.ended} ", "failed"), ("ended", "muted"),
        ]  # fmt: skip
        return ((" " * (STEP + 1), ""), *parts)


def details(session: Session, glyphs: Glyphs = UNICODE) -> list[Line]:
    """What is beneath the cursor's event: its guards, each with what it saw, and what it changed."""
    node, source = session.now, session.specified
    found: list[Line] = []
    if source is not None and node.event.action is not None and node.parent is not None:
        action = source.spec.actions[node.event.action]
        for item in action.guards:
            name = item.name.replace("_", " ")
            found.append(((f"{glyphs.ok} {name:<16}", "muted"), (f"{item.clause}", "here")))
    for name, old, new in session.changes(node):
        if not name.endswith(".sent"):
            found.append(
                ((f"{glyphs.becomes} {name:<16} ", "muted"), (f"{old} {glyphs.becomes} ", "faint"), (new, "strong"))
            )  # fmt: skip
    return found


def _tone(life: Life) -> str:
    return {Life.UP: "ok", Life.FAILED: "failed", Life.IDLE: "faint"}.get(life, "muted")


def _label_role(end: End) -> str:
    if end.life is Life.FAILED or end.label in ("FAILED", "REFUSED", "WRONG PROOF", "NO ANSWER"):
        return "failed"
    if end.label in ("ESTABLISHED", "INSTALLED"):
        return "ok"
    if end.label.isupper():
        return "pending"
    return "muted"
