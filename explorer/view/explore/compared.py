"""The comparison of two branches as lines: both charts side by side, and what differs."""

from __future__ import annotations

from explorer.session.compare import Comparison, Mark
from explorer.session.moments import Tone, Verdict
from explorer.session.session import Session
from explorer.session.times import since_start
from explorer.session.tree import Node
from explorer.view.explore.spans import Canvas, Glyphs, Line, cut, plain
from model.spec.words import REASONS, state_words

MOST_FIELDS = 12


def headline(found: Comparison) -> tuple[str, str]:
    """What the comparison says, in a sentence and one more."""
    marked = found.marked
    if not marked:
        return "Both branches are alike.", ""
    first = marked[0]
    pair = found.pairs[first]
    one, other = pair.left, pair.right
    if one is not None and other is not None and one.event.lost != other.event.lost:
        lost = found.right.name if other.event.lost else found.left.name
        what = f"{one.event.name} is lost in “{lost}”, and arrives in the other"
        if one.event.lost and other.event.lost:
            what = f"{one.event.name} is lost in both, but not as often"
    elif pair.mark is Mark.DIFFERS:
        what = "the same event has another time or another choice"
    else:
        only = one or other
        assert only is not None
        what = f"{only.event.name or only.event.says} happens in one of them only"
    ends = "; ".join(
        f"“{branch.name}”: {verdict.badge.lower()} at {since_start(branch.tip.moment.at)}"
        for branch, verdict in zip((found.left, found.right), found.verdicts, strict=True)
    )
    return f"Alike for {first} events. At event {first + 1}: {what}.", f"{ends}."


def chart(session: Session, found: Comparison, columns: int, glyphs: Glyphs, at: int) -> list[Line]:
    """Both sequences, aligned by event; the row `at` is marked."""
    half = (columns - 5) // 2
    lines: list[Line] = []
    head = Canvas(columns)
    for offset, branch, verdict in zip(
        (0, half + 5), (found.left, found.right), found.verdicts, strict=True
    ):
        head.put(offset + 2, cut(plain(branch.name, glyphs), half - 28), "strong")
        text, role = _ending(verdict, branch.tip, glyphs)
        head.put(offset + half - 26, plain(text, glyphs), role)
    lines.append(head.line())
    for number, pair in enumerate(found.pairs):
        canvas = Canvas(columns)
        same = pair.mark is Mark.SAME
        for offset, node in ((0, pair.left), (half + 5, pair.right)):
            if node is not None:
                _event(session, canvas, offset, half, node, glyphs, faint=same and number != at)
        if not same:
            sign = {
                Mark.DIFFERS: f" {glyphs.differs} ",
                Mark.LEFT: f" {glyphs.left} ",
                Mark.RIGHT: f" {glyphs.right} ",
            }
            role = (
                "differs"
                if pair.mark is Mark.DIFFERS
                else "ok"
                if pair.mark is Mark.LEFT
                else "failed"
            )
            canvas.put(half + 1, sign[pair.mark], role)
        if number == at:
            canvas.put(0, glyphs.here, "here")
        lines.append(canvas.line())
    return lines


def _ending(verdict: Verdict, tip: Node, g: Glyphs) -> tuple[str, str]:
    role = {Tone.OK: "ok", Tone.FAILED: "failed", Tone.WARNING: "forged"}.get(verdict.tone, "muted")
    glyph = {Tone.OK: g.ok, Tone.FAILED: g.bad, Tone.WARNING: "!"}.get(verdict.tone, g.half)
    return f"{glyph} {verdict.badge.lower()}  {since_start(tip.moment.at)}", role


def _event(
    session: Session, canvas: Canvas, offset: int, half: int, node: Node, g: Glyphs, *, faint: bool
) -> None:
    event = node.event
    canvas.put_left(offset + 10, since_start(node.moment.at), "faint" if faint else "strong")
    left, right = offset + 12, offset + half - 14
    role = "faint" if faint else "failed" if event.lost else ""
    rightward = event.actor is None or event.to is None or event.actor < event.to
    stroke = g.sealed if event.protected else g.clear
    if event.name and event.lost:
        canvas.put(
            left,
            f"{g.join_right}{stroke * 2} {event.name} {stroke * 2}{g.cross} {plain(event.lost, g)}",
            role,
        )
    elif event.name:
        room = max(right - left - len(event.name) - 7, 1)
        arrow = (
            f"{g.join_right}{stroke} {event.name} {stroke * room}{g.right}"
            if rightward
            else f"{g.left}{stroke * room} {event.name} {stroke}{g.join_left}"
        )
        canvas.put(left, arrow, role)
    elif event.actor:
        canvas.put_left(right + 1, cut(plain(event.says, g), right - left), role)
    else:
        canvas.put(left + 2, cut(plain(event.says, g), right - left), role)
    if node.parent is not None:
        before, after = session.source.ends(node.parent.moment), session.source.ends(node.moment)
        changed = [
            b.label
            for a, b in zip(before, after, strict=True)
            if a.label != b.label and b.label.isupper()
        ]
        if changed:
            tone = "failed" if "FAILED" in changed else "ok"
            canvas.put(right + 2, cut(changed[-1], 12), "faint" if faint else tone)


def fields(
    found: Comparison, columns: int, glyphs: Glyphs, most: int | None = MOST_FIELDS
) -> list[Line]:
    """What differs at the ends, field by field, and since which event; `most` of them, None: all."""
    each = max((columns - 28 - 12) // 2, 12)
    names = (found.left.name, found.right.name)
    lines: list[Line] = [
        (("    at the end".ljust(28), "muted"), (cut(names[0], each - 2).ljust(each), "strong"),
         (cut(names[1], each - 2).ljust(each), "here"), ("first differs", "muted"))
    ]  # fmt: skip
    for item in found.fields[:most]:
        left, right = (REASONS.get(x, state_words(x)) for x in (item.left, item.right))
        lines.append(
            ((f"  {glyphs.differs} ", "failed"), (cut(item.field, 23).ljust(24), "muted"),
             (cut(left, each - 2).ljust(each), ""), (cut(right, each - 2).ljust(each), ""),
             (f"event {item.first}", "muted"))
        )  # fmt: skip
    if most is not None and len(found.fields) > most:
        lines.append(((f"    and {len(found.fields) - most} more", "muted"),))
    return lines
