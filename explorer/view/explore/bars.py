"""The lines above and below the chart: status, verdict, what Enter does."""

from __future__ import annotations

from explorer.session.moments import Choice, Standing, Tone, Verdict
from explorer.session.times import since_start
from explorer.session.tree import Node
from explorer.view.explore.spans import Glyphs, Line, cut, wrapped
from explorer.view.explore.view import View


def badge(verdict: Verdict, glyphs: Glyphs) -> tuple[str, str]:
    """The filled word in front of the verdict: text and role."""
    glyph = {Tone.OK: glyphs.ok, Tone.FAILED: glyphs.bad, Tone.WARNING: "!"}.get(
        verdict.tone, glyphs.half
    )
    role = {Tone.OK: "badge-ok", Tone.FAILED: "badge-failed", Tone.WARNING: "badge-forged"}.get(
        verdict.tone, "badge"
    )
    return f" {glyph} {verdict.badge} ", role


def verdict_lines(view: View) -> list[Line]:
    """The badge, what has happened, and one line more; one line only where there is no room."""
    verdict = view.session.verdict()
    text, role = badge(verdict, view.glyphs)
    indent = len(text) + 2
    first = wrapped(verdict.first, max(view.columns - indent - 1, 20))
    lines: list[Line] = [((text, role), ("  ", ""), (first[0], "strong"))]
    rest = [*first[1:], *wrapped(verdict.second, max(view.columns - indent - 1, 20))]
    lines += [((" " * indent, ""), (item, "strong" if n < len(first) - 1 else "muted")) for n, item in enumerate(rest) if item]  # fmt: skip
    return lines


def status(view: View) -> tuple[Line, Line]:
    """The status bar: what is explored, and where the cursor stands (left and right part)."""
    session, g = view.session, view.glyphs
    now = session.now
    left: Line = (
        (f" {session.source.kind} ", "badge"),
        ("  ", ""),
        (session.source.title, "strong"),
    )
    if len(session.tree.branches) > 1 or now.branch != "baseline":
        left = (*left, ("  ", ""), (now.branch, "here"))
    if session.source.recorded and view.columns >= 120:
        left = (*left, ("  ", ""), (cut(session.source.about, view.columns - 60), "here"))
    last = session.rows()[-1].depth
    short = view.columns < 100
    where = f"{now.depth}/{last}" if short else f"step {now.depth} of {last}"
    right: Line = ((where, "muted"), ("   ", ""), (since_start(now.moment.at), "strong"))
    standing = session.standing_if_known()
    if standing is not None:
        right = (*right, ("   ", ""), *_counts(standing, g, short=short))
    return left, (*right, (" ", ""))


def _counts(standing: Standing, g: Glyphs, *, short: bool) -> Line:
    broken = len(standing.broken)
    words = ("", "", "") if short else (" kept", " broken", " open")
    space = "" if short else " "
    gap = " " if short else "  "
    return (
        (f"{g.ok}{space}{len(standing.kept)}{words[0]}", "ok"),
        (gap, ""),
        (f"{g.bad}{space}{broken}{words[1]}", "badge-failed" if broken else "muted"),
        (gap, ""),
        (f"{g.open}{space}{len(standing.open)}{words[2]}", "muted"),
    )


def coming(view: View) -> Line:
    """What Enter does now."""
    session = view.session
    found = session.coming()
    if isinstance(found, Choice):
        return ((found.says, "strong"),)
    if isinstance(found, Node):
        event = found.event
        says = f"{event.name}  {event.says}" if event.name else event.says
        return ((f"on to step {found.depth}: {says}", "strong"),)
    return (("nothing can happen any more. ", "strong"), ("N", "key"), (" steps back", "muted"))
