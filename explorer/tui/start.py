"""The start screen: scenarios, with what each will show; Enter on the first one works."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from explorer.session.scenarios import SCENARIOS, Scenario
from explorer.tui.lines import Lines, Skin
from explorer.view.explore.page import rule
from explorer.view.explore.spans import Line, cut, wrapped

OPEN = (
    ("o", "open a capture", "pcap or pcapng, with a key log if you have one", "capture "),
    ("p", "compare two policies", "do they come up with each other, and if not, why", "policies "),
    ("r", "open a run", "a .run file: of verify, of prove, a weakness", "run "),
)
KNOW = (
    ("Enter", "takes the likeliest next step; N steps back. Nothing can break."),
    ("x", "loses a message: a new branch begins, the old one stays."),
    ("w", "says why something did not happen."),
)


class StartScreen(Screen[None]):
    """What would you like to see?"""

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-compact"), (120, "-normal"), (200, "-wide")]  # noqa: RUF012 (Textual's)

    AUTO_FOCUS = ""  # the hidden input would take every letter

    def __init__(self, skin: Skin, open_line: Callable[[str], str]) -> None:
        """`open_line` opens what a line names, and says what is wrong with it, or nothing."""
        super().__init__()
        self.skin, self._open_line = skin, open_line
        self._at, self._said = 0, ""
        self._all: list[Scenario] = list(SCENARIOS.values())

    def compose(self) -> ComposeResult:
        """Status, a list, what it will show, what Enter does, keys."""
        yield Lines(id="status", ground="raise")
        yield Lines(id="verdict")
        with Horizontal(id="body"):
            yield Lines(id="start-list", pressed=self._pressed)
            yield Lines(id="start-preview")
        yield Lines(id="next", ground="raise", pressed=lambda _x, _y: self._open())
        yield Lines(id="keys")
        yield Input(id="line", compact=True)

    def on_mount(self) -> None:
        """Draw it."""
        self.query_one("#line", Input).display = False
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Draw it anew."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Everything, for the size that there is."""
        if not self.is_mounted or not self.size.width:
            return
        small = self.size.width < 120
        self._show(
            "#status",
            [((" ikeproof ", "badge"), ("  explore", "strong"), ("   IKE, step by step", "muted"))],
        )
        ask: list[Line] = [((" What would you like to see?", "strong"),)]
        if not small:
            ask = [(), *ask, ((" Enter opens it, and Enter again takes each next step. Nothing here touches a network.", "muted"),)]  # fmt: skip
        self._show("#verdict", ask)
        self._show("#start-list", self._list(self.query_one("#start-list").size.width, small))
        preview = self.query_one("#start-preview")
        preview.display = not small
        if not small:
            self._show("#start-preview", self._preview(preview.size.width))
        name = self._all[self._at].name
        said: Line = ((" Enter ", "cap"), ("  ", ""), (f"open {name}", "strong"))
        self._show(
            "#next",
            [((" ! ", "badge-forged"), ("  ", ""), (self._said, "strong")) if self._said else said],
        )
        self._show("#keys", [((" ↑ ↓" if not self.skin[1].ascii else " up down", "key"), (" choose   ", "muted"), *((part, role) for key, says, _, _ in OPEN for part, role in ((key, "key"), (f" {says.split()[-1]}   ", "muted"))), ("?", "key"), (" help   ", "muted"), ("h", "key"), (" glossary   ", "muted"), ("q", "key"), (" quit", "muted"))])  # fmt: skip

    def _show(self, widget: str, lines: list[Line]) -> None:
        self.query_one(widget, Lines).show(lines, self.skin)

    def _list(self, columns: int, small: bool) -> list[Line]:
        g = self.skin[1]
        lines: list[Line] = [rule(columns, "", "Scenarios", g, focused=True)]
        for number, item in enumerate(self._all):
            here = number == self._at
            role = "band" if here else ""
            lines.append(((f"{g.here if here else ' '} ".rjust(3), f"here {role}"), (item.name.ljust(18), f"strong {role}"), (cut(item.says, columns - 22).ljust(columns - 22), role)))  # fmt: skip
            if not small:
                lines.append((("   ", role), ((" " * 18 + cut(item.shows, columns - 22)).ljust(columns - 4), f"muted {role}")))  # fmt: skip
        lines += [(), rule(columns, "", "Or", g)]
        lines += [((f"   {key}  ", "key"), (says.ljust(24), ""), (cut(more, columns - 32), "muted")) for key, says, more, _ in OPEN]  # fmt: skip
        lines += [(), rule(columns, "", "Three things to know", g)]
        lines += [
            ((f"   {key.ljust(7)}", "key"), (cut(says, columns - 12), "")) for key, says in KNOW
        ]
        return lines

    def _preview(self, columns: int) -> list[Line]:
        item = self._all[self._at]
        lines: list[Line] = [rule(columns, "", "What you will see", self.skin[1])]
        lines += [((f" {text}", "strong"),) for text in wrapped(item.says, columns - 2)]
        lines += [(), *(((f" {text}", ""),) for text in wrapped(item.shows, columns - 2))]
        lines += [(), *(((f" {text}", "muted"),) for text in wrapped(item.times, columns - 2))]
        if item.script:
            lines.append(())
            said = "It opens with this done, at the start: " + item.script
            lines += [((f" {text}", "muted"),) for text in wrapped(said, columns - 2)]
        return lines

    def _pressed(self, _x: int, y: int) -> None:
        each = 1 if self.size.width < 120 else 2
        at = (y - 1) // each
        if y >= 1 and at < len(self._all):
            if at == self._at:
                self._open()
            else:
                self._at = at
                self.draw()

    def _open(self) -> None:
        self._ask(f"scenario {self._all[self._at].name}")

    def _ask(self, line: str) -> None:
        self._said = self._open_line(line)
        self.draw()

    def on_key(self, event: Key) -> None:
        """Choose, open, ask."""
        box = self.query_one("#line", Input)
        name = event.character if event.character and event.character.isprintable() else event.key
        if box.display:
            if name == "escape":
                self._hide()
            return
        event.stop()
        self._said = ""
        if name in ("down", "j", "up", "k"):
            self._at = (self._at + (1 if name in ("down", "j") else -1)) % len(self._all)
        elif name == "enter":
            self._open()
            return
        elif name in ("q", "escape"):
            self.app.exit()
        elif name == "?":
            from explorer.tui.dialogs import Dialog
            from explorer.view.explore.sheets import keys

            self.app.push_screen(
                Dialog("Keys", lambda n: keys(n, self.skin[1]), self.skin, wide=True)
            )
        elif name in ("h", "f2"):
            from explorer.tui.dialogs import glossary_dialog

            self.app.push_screen(glossary_dialog(self.skin))
        else:
            for key, _, _, start in OPEN:
                if key == name:
                    box.display, box.value = True, start
                    self.query_one("#keys").display = False
                    box.focus()
                    box.cursor_position = len(start)
        self.draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A file, or two."""
        self._hide()
        self._ask(event.value)

    def _hide(self) -> None:
        self.query_one("#line", Input).display = False
        self.query_one("#keys").display = True
        self.set_focus(None)
