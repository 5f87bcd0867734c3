"""What lies above the screen for a while: keys, help, lists to choose from, presenter, comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import ModalScreen, Screen

from explorer.session.compare import Comparison, compare
from explorer.session.session import Session
from explorer.session.times import since_start
from explorer.tui.lines import Lines, Skin
from explorer.view.explore.bars import badge, coming
from explorer.view.explore.chart import Chart, rows
from explorer.view.explore.compared import chart, fields, headline
from explorer.view.explore.edited import Row, edit_rows
from explorer.view.explore.glossary import glossary
from explorer.view.explore.page import rule
from explorer.view.explore.sheets import PANE_HELP, keys, large
from explorer.view.explore.spans import Line, wrapped
from explorer.view.explore.view import View


def dialog(
    what: str, session: Session, skin: Skin, of: tuple[str, ...], pane: str
) -> Screen[str | None] | None:
    """The screen of that name; None: it would be empty."""
    if what == "keys":
        return Dialog("Keys", lambda columns: keys(columns, skin[1]), skin, wide=True)
    if what == "glossary":
        return glossary_dialog(skin, " ".join(of))
    if what == "help":
        text = PANE_HELP.get(pane or "chart", PANE_HELP["chart"])
        return Dialog(
            "Help on this pane", lambda columns: [((x, ""),) for x in wrapped(text, columns)], skin
        )
    if what == "text":
        return Dialog("", lambda columns: [((x, ""),) for item in of for x in wrapped(item, columns) or [""]], skin, wide=True)  # fmt: skip
    if what == "powers":
        items = [
            (f"power {name}", f"{skin[1].square if on else '.'} {name.replace('_', ' ')}")
            for name, on in session.powers()
        ]
        return Chooser("The attacker can", items, skin) if items else None
    if what == "edit":
        form = Form("Alter as the attacker could", lambda n: edit_rows(session, n, skin[1]), skin)
        return form if edit_rows(session, 72, skin[1]) else None
    if what == "compare":
        return CompareScreen(session, compare(session, *of), skin)
    if what == "presenter":
        return Presenter(session, skin)
    return None


def glossary_dialog(skin: Skin, of: str = "") -> Dialog:
    """The terms of the screens, or those that have a text."""
    title = f"Glossary: {of}" if of else "Glossary   :glossary TERM finds one"
    return Dialog(title, lambda columns: glossary(columns, of), skin, wide=True)


def leave(screen: Screen[str | None], result: str | None = None) -> None:
    """Close a screen that lies over another; a second key may come while it is already closing."""
    if screen.is_current:
        screen.dismiss(result)


class Dialog(ModalScreen[str | None]):
    """Lines in a box; any key closes it, arrows scroll."""

    def __init__(
        self, title: str, lines: Callable[[int], list[Line]], skin: Skin, *, wide: bool = False
    ) -> None:
        super().__init__()
        self._title, self._made, self._skin_of, self._wide = title, lines, skin, wide
        self._top = 0

    def compose(self) -> ComposeResult:
        """One box."""
        yield Lines(id="box", ground="surface")

    def on_mount(self) -> None:
        """Draw it in the room that there is."""
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Draw it anew."""
        self.call_after_refresh(self.draw)

    def content(self, columns: int) -> list[Line]:
        """The lines inside."""
        return self._made(columns)

    def draw(self) -> None:
        """The box around the lines, with as many of them as fit."""
        if not self.is_mounted:
            return
        box = self.query_one("#box", Lines)
        columns = min(self.app.size.width - 4, 124 if self._wide else 72)
        lines = self.content(columns - 4)
        height = min(len(lines), self.app.size.height - 4)
        self._top = max(0, min(self._top, len(lines) - height))
        box.styles.width, box.styles.height = columns, height + 2
        glyphs = self._skin_of[1]
        shown = lines[self._top : self._top + height]
        below = "Esc closes" if height == len(lines) else f"lines {self._top + 1} to {self._top + height} of {len(lines)}; arrows scroll; Esc closes"  # fmt: skip
        framed: list[Line] = [rule(columns, "", self._title or "ikeproof", glyphs, focused=True)]
        framed += [(("  ", ""), *line) for line in shown]
        framed.append(rule(columns, "", below, glyphs))
        self.call_after_refresh(lambda: box.show(framed, self._skin_of))

    def on_key(self, event: Key) -> None:
        """One handler for all dialogs: Textual calls that of every base class, so none may have its own."""
        event.stop()
        self.pressed(event.key)

    def pressed(self, key: str) -> None:
        """Arrows and pages scroll; everything else closes."""
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "space": 10, "pageup": -10}
        if key in steps:
            self._top += steps[key]
            self.draw()
        else:
            leave(self, None)


class Chooser(Dialog):
    """A list; Enter gives the command of the line under the cursor."""

    def __init__(self, title: str, items: Sequence[tuple[str, str]], skin: Skin) -> None:
        super().__init__(f"{title}   Enter does it", self._items, skin)
        self._list, self._at = list(items), 0

    def _items(self, columns: int) -> list[Line]:
        g = self._skin_of[1]
        return [
            ((f"{g.here if n == self._at else ' '} ", "here"), (says[: columns - 4], "strong band" if n == self._at else ""))
            for n, (_, says) in enumerate(self._list)
        ]  # fmt: skip

    def pressed(self, key: str) -> None:
        """Up, down, Enter; everything else closes."""
        if key in ("down", "j", "up", "k"):
            self._at = (self._at + (1 if key in ("down", "j") else -1)) % len(self._list)
            self._top = self._at - 3  # in sight, where not all of them fit
            self.draw()
        elif key == "enter":
            leave(self, self._list[self._at][0])
        else:
            leave(self, None)


class Form(Dialog):
    """Lines in groups; Enter gives the command of the line under the cursor, which passes over headings."""

    def __init__(self, title: str, rows: Callable[[int], list[Row]], skin: Skin) -> None:
        super().__init__(f"{title}   Enter does it", self._lines, skin, wide=True)
        self._rows = rows
        self._commands = [n for n, (command, _) in enumerate(rows(72)) if command]
        self._at = 0

    def _lines(self, columns: int) -> list[Line]:
        g, here = self._skin_of[1], self._commands[self._at] if self._commands else -1
        lines: list[Line] = []
        for number, (_, line) in enumerate(self._rows(columns)):
            mark = g.here if number == here else " "
            shown = (
                tuple((text, f"{role} band".strip()) for text, role in line)
                if number == here
                else line
            )
            lines.append(((f"{mark} ", "here"), *shown))
        return lines

    def pressed(self, key: str) -> None:
        """Up, down, Enter; everything else closes."""
        if key in ("down", "j", "up", "k") and self._commands:
            by = 1 if key in ("down", "j") else -1
            self._at = (self._at + by) % len(self._commands)
            self._top = self._commands[self._at] - 6  # in sight, with its heading
            self.draw()
        elif key == "enter" and self._commands:
            leave(self, self._rows(72)[self._commands[self._at]][0])
        else:
            leave(self, None)


class CompareScreen(Screen[str | None]):
    """Two branches side by side."""

    def __init__(self, session: Session, found: Comparison, skin: Skin) -> None:
        super().__init__()
        self._session, self._found, self._skin_of = session, found, skin
        self._marked = found.marked
        self._which, self._top = 0, 0

    def compose(self) -> ComposeResult:
        """Status, verdict, charts, fields, keys."""
        yield Lines(id="status", ground="raise")
        yield Lines(id="verdict")
        yield Lines(id="compared")
        yield Lines(id="next", ground="raise")
        yield Lines(id="keys")

    def on_mount(self) -> None:
        """Draw it."""
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Draw it anew."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Everything, for the width that there is."""
        if not self.is_mounted:
            return
        found, (_, glyphs) = self._found, self._skin_of
        columns, box = self.size.width, self.query_one("#compared", Lines)
        at = self._marked[self._which] if self._marked else 0
        count = (
            f"difference {self._which + 1} of {len(self._marked)}"
            if self._marked
            else "no difference"
        )
        self._show("#status", [((f" {self._session.source.kind} ", "badge"), ("  ", ""), (self._session.source.title, "strong"), ("  compare", "here"), (f"   {count}", "muted"))])  # fmt: skip
        first, second = headline(found)
        sign = f" {glyphs.differs} DIFFERENT " if self._marked else f" {glyphs.ok} ALIKE "
        role = "badge-failed" if self._marked else "badge-ok"
        head: list[Line] = [((" ", ""), (sign, role), ("  ", ""), (first, "strong"))]
        if second:
            head.append(((" " * (len(sign) + 3), ""), (second, "muted")))
        small = self.query_one("#verdict").size.height < 3
        self._show("#verdict", head[:1] if small else [(), *head])
        differs = [rule(columns, "", "What differs", glyphs), *fields(found, columns, glyphs)]
        charts = chart(self._session, found, columns, glyphs, at)
        room = max(box.size.height - len(differs) - 2, box.size.height // 2)
        top = max(0, min(at + 1 - room // 2, len(charts) - room))
        shown = [charts[0], *charts[max(top, 1) : max(top, 1) + room - 1]]
        title = rule(columns, "0", "Chart, aligned by event", glyphs, focused=True)
        box.show([title, *shown, (), *differs], self._skin_of)
        self._show(
            "#next",
            [
                (
                    (" Enter ", "cap"),
                    ("  ", ""),
                    ("go to this event, and explore from there", "strong"),
                )
            ],
        )
        self._show("#keys", [((" ]/[", "key"), (" next, previous difference   ", "muted"), ("Tab", "key"), (" other side   ", "muted"), ("Esc", "key"), (" back", "muted"))])  # fmt: skip

    def _show(self, widget: str, lines: list[Line]) -> None:
        self.query_one(widget, Lines).show(lines, self._skin_of)

    def on_key(self, event: Key) -> None:
        """Differences, sides, back."""
        name = event.character if event.character and event.character.isprintable() else event.key
        event.stop()
        if name in ("]", "n", "j", "down") and self._marked:
            self._which = (self._which + 1) % len(self._marked)
        elif name in ("[", "N", "k", "up") and self._marked:
            self._which = (self._which - 1) % len(self._marked)
        elif name == "tab":
            f = self._found
            self._found = compare(self._session, f.right.name, f.left.name)
            self._marked = self._found.marked
        elif name == "enter":
            self._enter()
            return
        elif name in ("escape", "q", "|"):
            leave(self)
            return
        self.draw()

    def _enter(self) -> None:
        at = self._marked[self._which] if self._marked else len(self._found.pairs) - 1
        pair = self._found.pairs[at]
        node = pair.right or pair.left
        if node is not None:
            tip = self._found.right.tip if pair.right is not None else self._found.left.tip
            self._session.go(tip)
            self._session.go(node)
        leave(self)


class Presenter(Screen[str | None]):
    """Outcome and time in large letters, the cause in a sentence, the chart without numbers."""

    def __init__(self, session: Session, skin: Skin) -> None:
        super().__init__()
        self._session, self._skin_of = session, skin

    def compose(self) -> ComposeResult:
        """One page, and what Enter does."""
        yield Lines(id="status", ground="raise")
        yield Lines(id="page")
        yield Lines(id="next", ground="raise")

    def on_mount(self) -> None:
        """Draw it."""
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Draw it anew."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Everything that is to be read from the last row of a room."""
        if not self.is_mounted:
            return
        session, (_, glyphs) = self._session, self._skin_of
        columns, box = self.size.width, self.query_one("#page", Lines)
        verdict = session.verdict()
        role = {"ok": "ok", "failed": "failed", "warning": "forged"}.get(
            verdict.tone.value, "pending"
        )
        word = f"{verdict.badge} {since_start(session.now.moment.at)}"
        lines: list[Line] = [(), *(((" ", ""), *line) for line in large(word, role, glyphs)), ()]
        lines += [((f" {text}", "strong"),) for text in wrapped(verdict.first, columns - 2)]
        lines += [(), ((glyphs.heavy * columns, "here"),)]
        painted = Chart(session, columns, glyphs, numbers=False)
        shown = [
            row for row in rows(session, silence=False) if row.node.number <= session.now.number
        ]
        body = [
            painted.line(row, shown[n - 1] if n else None, session.now)
            for n, row in enumerate(shown)
        ]
        ends = self._ends()
        room = max(box.size.height - len(lines) - len(ends) - 2, 3)
        lines += [painted.head()[0], *body[-room:], (), *ends]
        box.show(
            [tuple((text, f"{role} strong") for text, role in line) for line in lines],
            self._skin_of,
        )
        view = View(session, columns, glyphs, bare=True)
        self.query_one("#status", Lines).show(
            [((f" {session.source.kind} ", "badge"), ("  ", ""), (session.source.title, "strong"), ("  ", ""),
              (session.now.branch, "here"), ("   secrets hidden   P leaves", "muted"))],
            self._skin_of,
        )  # fmt: skip
        self.query_one("#next", Lines).show(
            [((" Enter ", "cap"), ("  ", ""), *coming(view))], self._skin_of
        )

    def _ends(self) -> list[Line]:
        """This branch, and one that ends otherwise."""
        g = self._skin_of[1]
        here = self._session.verdict(self._session.branch(self._session.now.branch).tip)
        parts: list[tuple[str, str]] = []
        for branch, verdict in self._session.tips():
            mine = branch.name == self._session.now.branch
            if mine or (verdict.badge != here.badge and len(parts) < 8):
                text, role = badge(verdict, g)
                at = since_start(branch.tip.moment.at)
                parts += [(f" {g.node if mine else g.hollow} ", "here" if mine else ""), (f"{branch.name} ", ""), (text, role), (f" at {at}  ", "")]  # fmt: skip
        return [tuple(parts)]

    def on_key(self, event: Key) -> None:
        """Enter and n go on, N back; everything else leaves."""
        event.stop()
        if event.key in ("enter", "n", "down", "space"):
            self._session.forward()
            self.draw()
        elif event.key in ("N", "upper_n", "up"):
            self._session.back()
            self.draw()
        elif event.character == "c":
            self._session.run()
            self.draw()
        else:
            leave(self)
