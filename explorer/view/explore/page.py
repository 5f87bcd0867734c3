"""Panes put together: a column of them in a given height, and a whole page as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.session.session import Session
from explorer.view.explore.bars import status, verdict_lines
from explorer.view.explore.chart import Chart, Row, rows
from explorer.view.explore.panes import PANES, pane_lines
from explorer.view.explore.spans import Glyphs, Line, cut, fitted, text_of, width
from explorer.view.explore.view import View

LEAST = 3  # a rule, a line, and a blank one: less of a pane is not worth its place


def rule(
    columns: int,
    key: str,
    title: str,
    glyphs: Glyphs,
    *,
    focused: bool = False,
    alarm: bool = False,
) -> Line:
    """The rule above a pane, with its key and title; without colour the one with the focus is in brackets."""
    role = "here" if focused else "rule"
    stroke = glyphs.heavy if focused and not glyphs.ascii else glyphs.rule
    shown = "failed" if alarm else "here" if focused else "muted"
    mark = ("[ ", " ]") if focused and glyphs.ascii else (" ", " ")
    head: Line = ((stroke, role), (mark[0], role), (f"{key} " if key else "", "key"), (title, shown), (mark[1], role))  # fmt: skip
    return (*head, (stroke * max(columns - width(head), 0), role))


def chart_title(session: Session, columns: int) -> str:
    """The title of the chart; where its times are not what they seem, that stands beside it."""
    timing = session.source.timing
    return f"Chart   {cut(timing, columns - 13)}" if timing else "Chart"


#: names in the row of tabs, where they differ from the titles
_SHORT = {"network": "Net", "axis": "Axis"}


def tabs(names: Sequence[str], chosen: str, columns: int, glyphs: Glyphs) -> Line:
    """The panes of a small screen in a row, the chosen one set apart. No name is cut: where not all of them
    fit, those farthest from the chosen one have their key alone."""
    shown = dict.fromkeys(names, True)
    far = names if names.index(chosen) > len(names) // 2 else names[::-1]
    line = _tabs(shown, chosen, glyphs)
    for name in far:
        if width(line) <= columns:
            break
        shown[name] = name == chosen
        line = _tabs(shown, chosen, glyphs)
    return (*line, (f" {glyphs.rule * columns}"[: columns - width(line)], "rule"))


def tab_at(names: Sequence[str], chosen: str, columns: int, glyphs: Glyphs, x: int) -> str:
    """The pane whose tab stands in a column; empty: none does."""
    keys = {PANES[name][0]: name for name in names}
    found, at = "", 0
    for text, role in tabs(names, chosen, columns, glyphs):
        name = keys.get(text if role == "key" else text.strip(" []").partition(" ")[0])
        found = name if name is not None and role in ("key", "badge") else found
        at += len(text)
        if x < at:
            return "" if role in ("", "rule") else found
    return ""


def _tabs(shown: Mapping[str, bool], chosen: str, g: Glyphs) -> Line:
    line: list[tuple[str, str]] = []
    for name, whole in shown.items():
        key, title, _ = PANES[name]
        text = _SHORT.get(name, title)
        if name == chosen:
            ends = "[]" if g.ascii else "  "
            line.append((f"{ends[0]}{key} {text}{ends[1]}", "badge"))
        else:
            line += [(" ", ""), (key, "key"), (f" {text}" if whole else "", "muted")]
    return tuple(line)


def first_lines(lines: Sequence[Line], room: int, columns: int, glyphs: Glyphs) -> list[Line]:
    """As many lines as there is room for, without blank ones; where some are left out, the last one says so."""
    full = [line for line in lines if line]
    shown = full[:room]
    if len(full) > room > 0:
        hint: Line = ((f" {glyphs.more} ", "muted"), ("z", "key"), (" all", "muted"))
        shown[-1] = (*fitted(shown[-1], columns - width(hint), glyphs), *hint)
    return shown


@dataclass(frozen=True, slots=True)
class Stack:
    """A column of panes: its lines, and which pane each of them is of."""

    lines: list[Line]
    panes: list[str]


def stack(view: View, names: Sequence[str], height: int, focused: str = "") -> Stack:
    """Panes one above the other, each with a blank row below, in so many rows at most.

    Where they do not fit, the longest ones are cut first; the last ones go if there is no room at all.
    """
    room = height - 2 if len(names) == 1 else 2 * height // 3
    inner = View(view.session, view.columns - 2, view.glyphs, view.bare, room)
    bodies = {name: pane_lines(name, inner) for name in names}
    shown = list(names)
    while shown and len(shown) * LEAST > height + 1:
        shown.pop()
    sizes = {name: max(len(bodies[name]), 1) for name in shown}
    while shown and sum(sizes.values()) + 2 * len(shown) - 1 > height:
        longest = max(shown, key=lambda name: sizes[name])
        if sizes[longest] <= 1:
            break
        sizes[longest] -= 1
    lines: list[Line] = []
    panes: list[str] = []
    for name in shown:
        key, title, _ = PANES[name]
        alarm = name == "promises" and any(
            "BROKEN" in text for line in bodies[name][:1] for text, _ in line
        )
        body = [((" ", ""), *line) for line in bodies[name][: sizes[name]]]
        if len(bodies[name]) > sizes[name]:
            body[-1] = ((f" {view.glyphs.more} z shows all of it", "muted"),)
        part = [
            rule(view.columns, key, title, view.glyphs, focused=name == focused, alarm=alarm),
            *body,
            (),
        ]
        lines += part
        panes += [name] * len(part)
    return Stack(lines[:height], panes[:height])


def page(session: Session, columns: int, glyphs: Glyphs, names: Sequence[str] = ()) -> list[Line]:
    """Everything on one page: status, verdict, the whole chart, and panes below it."""
    view = View(session, columns, glyphs)
    left, right = status(view)
    gap = max(columns - width(left) - width(right), 1)
    lines: list[Line] = [(*left, (" " * gap, ""), *right), ()]
    lines += [*verdict_lines(view), (), *chart_lines(session, columns, glyphs), ()]
    for name in names:
        key, title, _ = PANES[name]
        lines += [rule(columns, key, title, glyphs), *pane_lines(name, view), ()]
    return [fitted(line, columns, glyphs) for line in lines]


def chart_lines(session: Session, columns: int, glyphs: Glyphs) -> list[Line]:
    """The whole chart with its head and legend."""
    chart = Chart(session, columns, glyphs)
    lines, before = chart.head(), None
    row: Row
    for row in rows(session, silence=True):
        lines.append(chart.line(row, before, session.now))
        before = row
    timing = session.source.timing
    note: list[Line] = [((f"      {timing}", "muted"),)] if timing else []
    return [*lines, (), chart.legend(), *note]


def text(lines: Sequence[Line]) -> str:
    """Lines as plain text."""
    return "\n".join(text_of(line) for line in lines) + "\n"
