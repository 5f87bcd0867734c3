"""The time axis: how long each SA lasts, to scale and never compressed (R17, R19, R20).

Where an SA of Phase II lasts longer than the Phase I under which it was made, the ground is tinted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from weakref import WeakKeyDictionary

from explorer.session.session import Session
from explorer.session.specified import Specified
from explorer.session.times import clock, duration, since_start, spoken
from explorer.session.tree import Node
from explorer.view.explore.spans import Canvas, Line
from explorer.view.explore.view import View
from model.language.sorts import Enum

MARGIN = 12
_STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400, 604800)


@dataclass(frozen=True, slots=True)
class Span:
    """One SA: from when to when; `open` if it is still up at the end of what is known."""

    name: str
    phase: int
    start: Fraction
    end: Fraction
    open: bool = False


_known: WeakKeyDictionary[Session, tuple[Node, list[Span]]] = WeakKeyDictionary()


def spans(session: Session) -> list[Span]:
    """The SAs of the line with the cursor, in the order in which they came up."""
    source, tip = session.specified, session.rows()[-1]
    if source is None or source.spec.name != "ike":
        return []
    if session not in _known or _known[session][0] is not tip:
        count = source.instance.sizes["negotiation"]
        found = [*_phase1(session, source), *_pairs(session, source, count)]
        _known[session] = tip, sorted(found, key=lambda item: (item.phase, item.start))
    return _known[session][1]


def _phase1(session: Session, source: Specified) -> list[Span]:
    ends = ("initiator", "responder")
    return _of(session, source, "IKE SA 1", 1, [(e, "state", 0) for e in ends], "established", ("initiator", "life", 0))  # fmt: skip


def _pairs(session: Session, source: Specified, count: int) -> list[Span]:
    found: list[Span] = []
    for n in range(count):
        drivers = [(f"{side}_driver", "state", n) for side in ("starter", "answerer")]
        found += _of(session, source, "", 2, drivers, "installed", ("starter_driver", "hard", n))
    found.sort(key=lambda item: item.start)
    return [Span(f"SA pair {n}", 2, x.start, x.end, x.open) for n, x in enumerate(found, 1)]


_Slot = tuple[str, str, int]


def _of(
    session: Session,
    source: Specified,
    name: str,
    phase: int,
    fields: Sequence[_Slot],
    value: str,
    timer: _Slot,
) -> list[Span]:
    """While any of the fields has the value: from the first to the last moment."""
    machine = source.machine(session.now.moment)
    slots = [machine.slot(*field) for field in fields]
    sort = machine.fields[slots[0]].sort
    assert isinstance(sort, Enum)
    wanted = sort.position(value)
    start: Fraction | None = None
    for node in session.rows():
        state = node.moment.state
        up = any(state[slot] == wanted for slot in slots)
        if up and start is None:
            start = node.moment.at
        elif not up and start is not None:
            return [Span(name, phase, start, node.moment.at)]
    if start is None:
        return []
    last = session.rows()[-1].moment
    left = max(last.state[machine.slot(*timer)], 0)
    return [Span(name, phase, start, last.at + Fraction(left, machine.tick), open=True)]


def worth_it(session: Session) -> bool:
    """Whether there is something to see on an axis: an SA, and time that has passed."""
    return session.rows()[-1].moment.at >= 600 and bool(spans(session))


def axis(view: View) -> list[Line]:
    """Bars to scale under a line of hours."""
    found = spans(view.session)
    if not found:
        return [(("No SA has been up.  ", "muted"), ("c", "key"), (" runs until one is.", "muted"))]
    total = max([item.end for item in found] + [view.session.rows()[-1].moment.at, Fraction(1)])
    room = max(view.columns - MARGIN - 2, 20)
    column = next((Fraction(s) for s in _STEPS if s * room >= total), Fraction(total / room))
    if total / room < column:  # as large as fits: a fraction of a round step is as true
        column = Fraction(total, room)
    return list(_Axis(view, found, total, column).lines())


class _Axis:
    def __init__(
        self, view: View, found: Sequence[Span], total: Fraction, column: Fraction
    ) -> None:
        self._view, self._found, self._total, self._column = view, found, total, column
        self._first = [item for item in found if item.phase == 1]
        self._end1 = max((item.end for item in self._first), default=Fraction(0))

    def _at(self, time: Fraction) -> int:
        return MARGIN + int(time / self._column)

    def lines(self) -> list[Line]:
        return [self._now(), self._hours(), self._ticks(), *self._bars()]

    def _now(self) -> Line:
        canvas, now = Canvas(self._view.columns), self._view.session.now.moment.at
        text = f"{self._view.glyphs.down} now {clock(now) if now >= 60 else since_start(now)}"
        at = min(self._at(now), self._view.columns - len(text))
        canvas.put(at, text, "here")
        canvas.put(0, f"1 col {duration(self._column)}"[: MARGIN - 1], "faint")
        return canvas.line()

    def _step(self) -> int:
        least = self._column * 10
        return next((step for step in _STEPS if step >= least), _STEPS[-1])

    def _hours(self) -> Line:
        canvas, step = Canvas(self._view.columns), self._step()
        for n in range(int(self._total // step) + 1):
            seconds = n * step
            text = f"{seconds // 3600} h" if step >= 3600 else f"{seconds // 60} min" if step >= 60 else f"{seconds} s"  # fmt: skip
            canvas.put(self._at(Fraction(seconds)), text, "muted")
        return canvas.line()

    def _ticks(self) -> Line:
        canvas, step, g = Canvas(self._view.columns), self._step(), self._view.glyphs
        canvas.put(MARGIN, g.clear * (self._at(self._total) - MARGIN), "rule")
        for n in range(int(self._total // step) + 1):
            canvas.put(self._at(Fraction(n * step)), g.waits, "muted")
        return canvas.line()

    def _bars(self) -> list[Line]:
        g, lines = self._view.glyphs, []
        beyond = [
            item
            for item in self._found
            if item.phase == 2 and item.end > self._end1 and self._first
        ]
        tint = (self._at(self._end1), self._at(max((x.end for x in beyond), default=self._end1)))
        for number, item in enumerate(self._found):
            canvas = Canvas(self._view.columns)
            if number == 0 or self._found[number - 1].phase != item.phase:
                canvas.put(0, "Phase I" if item.phase == 1 else "Phase II", "muted")
            over = item in beyond
            if beyond:
                canvas.put(tint[0], " " * (tint[1] - tint[0]), "band")
            low, high = self._at(item.start), max(self._at(item.end), self._at(item.start) + 1)
            role = "badge" if item.phase == 1 else "badge-forged" if over else "badge-ok"
            life = f"{item.name}  {duration(item.end - item.start)}"
            text = f" {life}" if len(life) + 2 <= high - low else ""
            fill = g.full if g.ascii else " "
            canvas.put(low, text.ljust(high - low, fill)[: high - low], role)
            if not text:
                label = f"{item.name}, from {since_start(item.start)}"
                if len(label) + 3 <= low:
                    canvas.put_left(low - 1, f"{label} {g.right}", "muted")
                else:
                    canvas.put(high + 1, f"{g.left} {life}", "muted")
            if item.open:
                canvas.put(high, g.more, "muted")
            lines.append(canvas.line())
        for item in beyond:
            canvas = Canvas(self._view.columns)
            says = f"{item.name} lasts {spoken(item.end - max(self._end1, item.start))} longer than Phase I"
            canvas.put_left(min(tint[1], self._view.columns - 6), says, "forged")
            canvas.put(min(tint[1], self._view.columns - 6) + 2, "R20", "here")
            lines.append(canvas.line())
        return lines
