"""One registry of commands: it feeds keys, palette, `:` line, `--exec`, scripts, saved sessions, help and docs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from explorer.session.moments import Refused
from explorer.session.session import Session

Line = str
#: groups, in the order in which help lists them
GROUPS = ("Move", "Change the network", "Ask", "See", "Share")


@dataclass(frozen=True)
class Reply:
    """What a command answers: lines to print, or a view by name that the caller draws.

    of      what the view is of: the two branches that are compared
    failed  an assertion of a script that does not hold
    """

    lines: tuple[Line, ...] = ()
    view: str = ""
    of: tuple[str, ...] = ()
    failed: bool = False


Run = Callable[[Session, Sequence[str]], Reply]


@dataclass(frozen=True)
class Command:
    """A command.

    name     as it is typed     title  in menus: "drop this message"     usage  its arguments
    help     one sentence or two     keys  on the screen, the first one is shown
    changes  whether a saved session holds it: it moves the cursor, or does something
    screen   it needs the screen: `--exec` refuses it
    when     whether it can be done now
    """

    name: str
    group: str
    title: str
    help: str
    run: Run
    usage: str = ""
    keys: tuple[str, ...] = ()
    changes: bool = False
    screen: bool = False
    when: Callable[[Session], bool] = field(default=lambda _session: True)


COMMANDS: dict[str, Command] = {}


def command(
    name: str,
    group: str,
    title: str,
    *,
    usage: str = "",
    keys: Iterable[str] = (),
    changes: bool = False,
    when: Callable[[Session], bool] | None = None,
) -> Callable[[Run], Run]:
    """Register a function as a command; its docstring is the help."""

    def register(run: Run) -> Run:
        says = " ".join((run.__doc__ or "").split())
        assert says and name not in COMMANDS and group in GROUPS, name
        COMMANDS[name] = Command(
            name, group, title, says, run, usage, tuple(keys), changes,
            when=when or (lambda _session: True),
        )  # fmt: skip
        return run

    return register


def on_screen(name: str, group: str, title: str, says: str, keys: Iterable[str]) -> None:
    """Register what only a screen can do."""

    def refuse(_session: Session, _args: Sequence[str]) -> Reply:
        raise Refused(f"{name} needs the screen")

    COMMANDS[name] = Command(name, group, title, says, refuse, "", tuple(keys), screen=True)


def found(name: str) -> Command:
    """A command by name, or by the only one that begins so. Refused: none, or several."""
    if name in COMMANDS:
        return COMMANDS[name]
    near = [item for item in COMMANDS if item.startswith(name)] if name else []
    if len(near) == 1:
        return COMMANDS[near[0]]
    if near:
        raise Refused(f"{name!r} can be {', '.join(near)}")
    raise Refused(f"no command {name!r}; `help` lists them")


def number(text: str, what: str, most: int = 100_000) -> int:
    """A count that a person typed: 5, x5 or ×5. Refused: it is none."""
    digits = text.lstrip("x×")
    if not (digits.isascii() and digits.isdigit()) or not 0 <= int(digits) <= most:
        raise Refused(f"{text!r} is not {what}")
    return int(digits)


def wants(args: Sequence[str], least: int, most: int, usage: str) -> None:
    """Refused: too few arguments, or too many."""
    if not least <= len(args) <= most:
        raise Refused(f"write: {usage}")
