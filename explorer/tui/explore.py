"""The explore screen: chart, inspector, network and branches, over one session."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Click, Key, MouseScrollDown, MouseScrollUp
from textual.screen import Screen
from textual.suggester import SuggestFromList
from textual.widgets import Input

from explorer.session.commands import COMMANDS, execute
from explorer.session.moments import Refused
from explorer.session.session import Session
from explorer.session.tree import Node
from explorer.tui.chart import ChartView
from explorer.tui.keys import Counting, counted
from explorer.tui.layout import (
    BELOW,
    BELOW_WIDE,
    DIGITS,
    FIELD_KEYS,
    INSPECTOR,
    KEYS,
    MIDDLE,
    MORE_KEYS,
    OF_PACKETS,
    PACKET_KEYS,
    SIDE,
    TABS,
)
from explorer.tui.lines import Lines, Skin
from explorer.view.explore.axis import axis, worth_it
from explorer.view.explore.bars import coming, status, verdict_lines
from explorer.view.explore.chart import Chart
from explorer.view.explore.page import (
    Stack,
    chart_title,
    first_lines,
    rule,
    stack,
    tab_at,
    tabs,
)
from explorer.view.explore.panes import PANES, pane_lines
from explorer.view.explore.spans import Line, width
from explorer.view.explore.view import View
from explorer.view.safe import safe


class ExploreScreen(Screen[None]):
    """One session, step by step."""

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-compact"), (120, "-normal"), (200, "-wide")]  # noqa: RUF012 (Textual's)

    def __init__(self, session: Session, skin: Skin) -> None:
        super().__init__()
        self.session, self.skin = session, skin
        self._counting = Counting()
        self._octets = session.source.octets
        self._pane, self._tab = "", "packet" if self._octets else "why"
        self._before = "", "why", False
        self._unfolded = self._zoomed = self._presents = False
        self._said, self._waits, self._top = "", False, 0
        self._axis: bool | None = None  # None: shown where there is something to see
        self._stacks: dict[str, Stack] = {}
        #: branches that are in a file, or came with the source; whether it was asked before leaving
        self._kept, self._asked = len(session.tree.branches), False

    # ---- layout
    def compose(self) -> ComposeResult:
        """The widgets; sizes are the style sheet's."""
        yield Lines(id="status", ground="raise")
        yield Lines(id="verdict")
        yield Lines(id="axis", pressed=lambda _x, _y: self._to_pane_named("axis"))
        with Horizontal(id="body"):
            with Vertical(id="chart-column"):
                yield Lines(id="chart-head", resized=self._later)
                yield ChartView(self._go, id="chart")
                yield Lines(
                    id="below", pressed=lambda _x, y: self._pressed("below", y), resized=self._later
                )
            yield Lines(id="divider-1")
            yield Lines(
                id="middle", pressed=lambda _x, y: self._pressed("middle", y), resized=self._later
            )
            yield Lines(id="divider-2")
            yield Lines(
                id="side", pressed=lambda _x, y: self._pressed("side", y), resized=self._later
            )
        yield Lines(id="zoom", resized=self._later)
        yield Lines(id="tabs", pressed=self._pressed_tab, resized=self._later)
        yield Lines(id="next", ground="raise", pressed=lambda _x, _y: self.command("step"))
        yield Lines(id="keys")
        yield Input(
            id="line",
            compact=True,
            suggester=SuggestFromList(sorted(COMMANDS), case_sensitive=False),
        )

    def on_mount(self) -> None:
        """The first frame shows the specification; what takes longer comes after it."""
        self.query_one("#line", Input).display = False
        self.set_class(self._octets, "-octets")
        self.call_after_refresh(self.update_all)
        self.set_timer(0.05, self._load)

    def _load(self) -> None:
        self.run_worker(self._promises, thread=True, exclusive=True, exit_on_error=False)

    def _promises(self) -> None:
        self.session.promises()
        self.app.call_from_thread(self.update_all)

    def on_resize(self) -> None:
        """Everything is drawn for the width that there is."""
        self._later()

    def _later(self) -> None:
        """Draw once, when all sizes are known."""
        if not self._waits:
            self._waits = True
            self.call_after_refresh(self.update_all)

    @property
    def size_name(self) -> str:
        """compact below 120 columns, wide from 200 on."""
        columns = self.size.width
        return "wide" if columns >= 200 else "normal" if columns >= 120 else "compact"

    # ---- drawing
    def update_all(self) -> None:
        """Show the session as it stands."""
        self._waits = False
        if not self.is_mounted or not self.size.width:
            return
        with self.app.batch_update():
            self._bars()
            self._axis_shown()
            self._chart()
            self._columns()

    def _view(self, widget: str) -> View:
        return View(self.session, self.query_one(widget).size.width, self.skin[1], self._presents)

    def _show(self, widget: str, lines: list[Line]) -> None:
        self.query_one(widget, Lines).show(lines, self.skin)

    def _bars(self) -> None:
        view = View(self.session, self.size.width, self.skin[1], self._presents)
        left, right = status(view)
        gap = max(view.columns - width(left) - width(right) - 1, 1)
        self._show("#status", [((" ", ""), *left, (" " * gap, ""), *right)])
        lines = verdict_lines(view)
        if self.size_name == "compact":
            self._show("#verdict", lines[:1])
        else:
            self._show("#verdict", [(), *(((" ", ""), *line) for line in lines[:2])])
        if self._said:
            self._show("#next", [((" ! ", "badge-forged"), ("  ", ""), (self._said, "strong"))])
        else:
            self._show("#next", [((" Enter ", "cap"), ("  ", ""), *coming(view))])
        self._show("#keys", [self._keys()])

    def _keys(self) -> Line:
        keys = (PACKET_KEYS if self._octets else KEYS) + (
            MORE_KEYS if self.size_name == "wide" else ()
        )
        if self._counting.pending:
            return ((f" {self._counting.pending}", "here"), ("  then x drops as many, G goes there, n takes as many steps; else it is a pane", "muted"))  # fmt: skip
        found: list[tuple[str, str]] = [(" ", "")]
        for key, word in keys:
            found += [(key, "key"), (f" {word}   ", "muted")]
        return tuple(found)

    def _chart(self) -> None:
        chart = self.query_one("#chart", ChartView)
        columns = self.query_one("#chart-head").size.width
        glyphs = self.skin[1]
        lanes = Chart(self.session, columns - 1, glyphs).head()
        heads = lanes[: 1 if self.size_name == "compact" else 2]
        title = rule(
            columns, "0", chart_title(self.session, columns), glyphs, focused=not self._pane
        )
        self._show("#chart-head", [title, *heads])
        chart.show(
            self.session, self.skin, silence=self.size_name != "compact", unfolded=self._unfolded
        )

    def _axis_shown(self) -> None:
        """The axis stands above the chart where hours have passed; 9 shows it, and hides it again."""
        wanted = self._axis if self._axis is not None else worth_it(self.session)
        box = self.query_one("#axis", Lines)
        shown = wanted and self.size_name != "compact" and not self._zoomed
        box.display = shown
        if shown:
            view = View(self.session, self.size.width, self.skin[1], self._presents)
            inner = axis(View(view.session, view.columns - 1, view.glyphs, view.bare))
            title = rule(view.columns, "9", "Time axis", view.glyphs, focused=self._pane == "axis")
            lines = [title, *(((" ", ""), *line) for line in inner), ()]
            if box.styles.height is None or box.styles.height.value != len(lines):
                box.styles.height = len(lines)
            box.show(lines, self.skin)

    def _columns(self) -> None:
        size = self.size_name
        if self._zoomed:
            self._alone()
            return
        if size == "compact":
            self._show("#tabs", self._tabs())
            return
        self._stack("below", BELOW if size == "normal" else BELOW_WIDE)
        self._stack("side", INSPECTOR if size == "normal" else SIDE)
        bar: Line = ((self.skin[1].waits, "rule"),)
        tall = self.query_one("#body").size.height
        self._show("#divider-2", [bar] * tall)
        if size == "wide":
            self._show("#divider-1", [bar] * tall)
            self._stack("middle", MIDDLE)

    def _alone(self) -> None:
        """One pane with the screen to itself: all of it, scrolled where it is longer than the screen."""
        name, glyphs = self._pane or self._tab, self.skin[1]
        columns = self.size.width
        tall = self.size.height - (
            5 if self.size_name == "compact" else 8
        )  # bars, and the rule above
        inner = View(self.session, columns - 2, glyphs, self._presents, tall, alone=True)
        lines = pane_lines(name, inner)
        self._top = max(0, min(self._top, len(lines) - tall))
        key, title, _ = PANES[name]
        where = ""
        if len(lines) > tall:
            where = f"   {self._top + 1} to {self._top + tall} of {len(lines)}, arrows scroll"
        head = rule(columns, key, f"{title}{where}   z puts the others back", glyphs, focused=True)
        shown = lines[self._top : self._top + tall]
        self._show("#zoom", [head, *(((" ", ""), *line) for line in shown)])

    def _scroll(self, key: str) -> bool:
        """Arrows and pages move through a pane that is alone; whether this key does."""
        page = max(self.size.height - 9, 1)
        steps = {"down": 1, "up": -1, "pagedown": page, "space": page, "pageup": -page}
        if not self._zoomed or key not in steps:
            return False
        self._top = max(0, self._top + steps[key])
        self._alone()
        return True

    def _stack(self, widget: str, names: tuple[str, ...]) -> None:
        if self._octets:
            names = OF_PACKETS[widget][self.size_name == "wide"]
        box = self.query_one(f"#{widget}")
        view = self._view(f"#{widget}")
        made = stack(view, names, box.size.height, self._pane)
        self._stacks[widget] = made
        self._show(f"#{widget}", made.lines)

    def _tabs(self) -> list[Line]:
        view = self._view("#tabs")
        room = self.query_one("#tabs").size.height - 1
        inner = View(view.session, view.columns - 2, view.glyphs, view.bare, room)
        lines = pane_lines(self._tab, inner)
        shown = first_lines(lines, room, inner.columns, view.glyphs)
        rest = [((" ", ""), *line) for line in shown]
        return [tabs(TABS, self._tab, view.columns, view.glyphs), *rest]

    # ---- keys and commands
    def on_key(self, event: Key) -> None:
        """A key is a command of the registry, unless a line is being typed."""
        if self.query_one("#line", Input).display:
            if event.key == "escape":
                self._line(False)
                event.stop()
            return
        if event.key == "escape":
            self._zoomed, self._said, self._pane = False, "", ""
            self._counting.forget()
            self._reclass()
            return
        field = FIELD_KEYS.get(event.key) if self._octets and self._pane == "packet" else None
        if field is not None:
            event.stop()
            self.command(field)
            return
        if self._scroll(event.key):
            event.stop()
            return
        found = self._counting.pressed(event.key, event.character)
        if found is None:
            self._bars()
            return
        event.stop()
        event.prevent_default()
        command, count = found
        if command == "pane":
            if len(self._counting.pending) < 2:
                self._before = self._pane, self._tab, self._zoomed
            self._to_pane(count)
            return
        line = counted(command, count)
        if line != command or len(count) > 1:  # the digits were a count, and no panes
            self._pane, self._tab, self._zoomed = self._before
            self._reclass()
        self.command(line)
        if line == command and len(count) > 1:
            self._said = f"{count} counts for n, N, x, G and X only: this was done once"
            self._bars()

    def command(self, line: str) -> None:
        """Do what a key, the palette or the command line says."""
        name = line.split()[0] if line.split() else ""
        self._said, self._asked = "", self._asked and name == "quit"
        acts = {
            "zoom": self._zoom, "into": lambda: self._fold(True), "out": lambda: self._fold(False),
            "quit": self._quit, "keys": lambda: self._push("keys"), "pane-help": lambda: self._push("help"),
            "command-line": lambda: self._line(True), "find": lambda: self._line(True, "find "),
            "presenter": self._present, "next-pane": self._next_pane, "edit": lambda: self._push("edit"),
            "until": lambda: self._line(True, "until "), "inject": lambda: self._line(True, "inject "),
            "writer": lambda: self._line(True, "writer "), "export": lambda: self._line(True, "export "),
            "save": lambda: self._line(True, "save "), "palette": self.app.action_command_palette,
        }  # fmt: skip
        if name in acts and line == name:
            acts[name]()
            return
        if line == "why":
            self._why()
        elif line == "power":
            self._push("powers")
        else:
            self._execute(line)
        self.update_all()

    def _execute(self, line: str) -> None:
        try:
            reply = execute(self.session, line)
        except Refused as error:
            self._said = safe(str(error))
            return
        if line.split()[0] in ("save", "token"):
            self._kept = len(self.session.tree.branches)
        if reply.view in PANES:
            self._to_pane_named(reply.view)
        elif reply.view in ("compare", "glossary"):
            self._push(reply.view, reply.of)
        elif reply.lines and line.split()[0] in (
            "choices",
            "help",
            "breaks",
            "changes",
            "promise",
            "assert",
            "export",
            "save",
            "token",
        ):
            self._push("text", tuple(safe(item) for item in reply.lines))

    def _why(self) -> None:
        if self._shows("why"):
            self.session.asked += 1
        self._to_pane_named("why")

    def _shows(self, name: str) -> bool:
        return self._tab == name if self.size_name == "compact" else self._pane == name

    def _push(self, what: str, of: tuple[str, ...] = ()) -> None:
        from explorer.tui.dialogs import dialog

        of_tab = self._tab if self.size_name == "compact" else ""
        found = dialog(what, self.session, self.skin, of, self._pane or of_tab)
        if found is None:
            self._said = "there is nothing to show"
            self.update_all()
            return
        self.app.push_screen(found, self._back)

    def _back(self, line: str | None) -> None:
        if line:
            self.command(line)
        self.update_all()

    def _line(self, shown: bool, text: str = "") -> None:
        box = self.query_one("#line", Input)
        box.display, box.value = shown, text
        self.query_one("#keys").display = not shown
        if shown:
            box.focus()
            box.cursor_position = len(text)
        else:
            self.query_one("#chart").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The command line is finished."""
        line = event.value.strip()
        self._line(False)
        if line:
            self.command(line)

    # ---- panes
    def _to_pane(self, digit: str) -> None:
        self._to_pane_named(DIGITS.get(digit, ""))

    def _to_pane_named(self, name: str) -> None:
        if name == "axis" and self.size_name != "compact":
            was = self._axis if self._axis is not None else worth_it(self.session)
            self._axis = not was
            self._pane = "" if was else "axis"
            self.update_all()
            return
        if name != self._pane:
            self._top = 0
        self._pane = name
        if name in TABS:
            self._tab = name
        shown = {pane for made in self._stacks.values() for pane in made.panes}
        if self.size_name != "compact" and name and name not in shown:
            self._zoomed = True
            self._reclass()
        else:
            self.update_all()

    def _next_pane(self) -> None:
        names = list(TABS) if self.size_name == "compact" else ["", *dict.fromkeys(p for s in self._stacks.values() for p in s.panes)]  # fmt: skip
        at = names.index(self._pane) if self._pane in names else -1
        self._to_pane_named(names[(at + 1) % len(names)])

    def _zoom(self) -> None:
        self._zoomed, self._top = not self._zoomed, 0
        self._reclass()

    def _quit(self) -> None:
        if self.leaves():
            self.app.exit()

    def leaves(self) -> bool:
        """Whether to leave now. A command line is closed first; what was tried and is not saved is lost only if
        one asks twice."""
        if self.query_one("#line", Input).display:
            self._line(False)
            return False
        if self._asked or len(self.session.tree.branches) <= self._kept:
            return True
        self._asked = True
        self._said = "what you tried is not saved: q again leaves, Ctrl+S saves it"
        self._bars()
        return False

    def _present(self) -> None:
        self._push("presenter")

    def _fold(self, into: bool) -> None:
        if into and self._unfolded:
            self.session.forward()
        self._unfolded = into
        self.update_all()

    def _reclass(self) -> None:
        self.set_class(self._zoomed, "-zoomed")
        self._later()

    # ---- the mouse
    def _go(self, node: Node) -> None:
        self._counting.forget()
        self.session.go(node)
        self._pane = ""
        self.update_all()

    def _pressed(self, widget: str, y: int) -> None:
        made = self._stacks.get(widget)
        if made is not None and y < len(made.panes):
            self._to_pane_named(made.panes[y])

    def _pressed_tab(self, x: int, y: int) -> None:
        name = tab_at(TABS, self._tab, self.size.width, self.skin[1], x)
        if not y and name:
            self._to_pane_named(name)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel scrolls a pane that is alone."""
        if self._scroll("down"):
            event.stop()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel scrolls a pane that is alone."""
        if self._scroll("up"):
            event.stop()

    def on_click(self, event: Click) -> None:
        """A press outside the chart changes the focus only."""
        event.stop()
