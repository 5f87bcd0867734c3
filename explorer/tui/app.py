"""The program on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from textual.app import App
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen

from explorer.session.commands import COMMANDS
from explorer.session.moments import Refused
from explorer.session.session import Session
from explorer.tui.explore import ExploreScreen
from explorer.tui.lines import Skin
from explorer.tui.start import StartScreen
from explorer.tui.theme import themes
from explorer.view.safe import safe
from model.vocabulary.places import PolicyError

#: the exit code of Ctrl+C, as shells have it
INTERRUPTED = 130
Opener = Callable[[str], Session]


class Palette(Provider):
    """Every command that can be done now, for Ctrl+P."""

    def _screen(self) -> ExploreScreen | None:
        screen = self.screen
        return screen if isinstance(screen, ExploreScreen) else None

    def _listed(self) -> Iterable[tuple[str, str, str, Callable[[], None]]]:
        screen = self._screen()
        if screen is None:
            return
        for item in COMMANDS.values():
            if item.when(screen.session):
                group = item.group.split()[-1].lower()
                run = partial(screen.command, item.name)
                yield f"{group}: {item.title}", item.name, item.help, run

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for title, name, says, run in self._listed():
            yield DiscoveryHit(title, run, text=name, help=says)

    async def search(self, query: str) -> Hits:
        """Those that fit what is typed."""
        matcher = self.matcher(query)
        for title, name, says, run in self._listed():
            score = max(matcher.match(title), matcher.match(name))
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, text=name, help=says)


class ExplorerApp(App[None]):
    """Start screen and explore screen over one session at a time."""

    CSS_PATH = Path(__file__).with_name("explorer.tcss")
    COMMANDS = {Palette}  # noqa: RUF012 (Textual's)
    TITLE = "ikeproof explore"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [  # noqa: RUF012 (Textual's)
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(self, session: Session | None, opener: Opener, skin: Skin) -> None:
        super().__init__(ansi_color=skin[0] == "mono")
        self._first, self._opener, self.skin = session, opener, skin

    def on_mount(self) -> None:
        """Colours, then the first screen."""
        for theme in themes():
            self.register_theme(theme)
        if self.skin[0] != "mono":
            self.theme = f"ikeproof-{self.skin[0]}"
        self.push_screen(self.first_screen())

    def first_screen(self) -> Screen[None]:
        """The session that was asked for, else the start."""
        if self._first is not None:
            return ExploreScreen(self._first, self.skin)
        return StartScreen(self.skin, self.open_line)

    def open_line(self, line: str) -> str:
        """Open what a line names, such as `scenario main-psk`; what is wrong with it, or nothing."""
        try:
            session = self._opener(line)
        except (Refused, PolicyError) as error:
            return safe(str(error))
        self.push_screen(ExploreScreen(session, self.skin))
        return ""

    def action_command_palette(self) -> None:
        """Ctrl+P comes before the keys that still wait for a dialog: the palette opens when these are done, and
        over a screen of a session only."""
        self.set_timer(0.05, self._open_palette)

    def _open_palette(self) -> None:
        if isinstance(self.screen, ExploreScreen):
            super().action_command_palette()

    def action_interrupt(self) -> None:
        """Ctrl+C leaves, as in other programs; on the explore screen it first asks what `q` asks."""
        screen = self.screen
        if not isinstance(screen, ExploreScreen) or screen.leaves():
            self.exit(return_code=INTERRUPTED)

    def _handle_exception(self, error: Exception) -> None:
        """End without showing any variable: one of them may be a secret.

        Textual's own page of a crash prints locals. What is kept is the kind of fault, and where in the
        program it is.
        """
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.panic(crash(error))


def crash(error: BaseException) -> str:
    """What is said of a fault of the program: its kind and place, no value of anything."""
    lines = [f"ikeproof: a fault of the program ({type(error).__name__}). Nothing was written."]
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f"  {code.co_qualname}, line {trace.tb_lineno}")
        trace = trace.tb_next
    lines.append("Please report it with these lines; they show no policy, key or packet.")
    return "\n".join(lines[:2] + lines[-13:])


def run(session: Session | None, opener: Opener, skin: Skin) -> int:
    """Run until the user leaves; the exit code."""
    return run_app(ExplorerApp(session, opener, skin))


def run_app(app: ExplorerApp) -> int:
    """Run a program that is made; the exit code."""
    app.run()
    if app.return_code and app.return_code != INTERRUPTED:
        print("ikeproof: ended by a fault of the program", file=sys.stderr)
    return app.return_code or 0
