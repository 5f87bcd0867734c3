"""`ikeproof explore`: the explorer on a terminal; without one, or with --exec, as text."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli import exits
from explorer.cli.peers import NOTHING, Beside, usage
from explorer.cli.reader import FileReader
from explorer.session.moments import Refused
from explorer.view.safe import safe
from model.formats.reader import ReadError

if TYPE_CHECKING:
    from explorer.session.session import Session
    from explorer.session.specified import Specified
    from explorer.view.explore.spans import Glyphs

FORMATS = ("text", "json", "itf", "mermaid", "svg", "html")
_VIEWS = ("chart", "peers", "timers", "promises", "network", "branches")


@dataclass(frozen=True)
class Asked:
    """What the command line says.

    files   two policies (more, if `links` names the pair), one .run file, `weakness:NAME`, or nothing
    child   narrows `finding` to one child
    """

    files: Sequence[str] = ()
    scenario: str | None = None
    capture: str | None = None
    keylog: str | None = None
    finding: str | None = None
    script: str | None = None
    exec: str | None = None
    output: str | None = None
    size: str = "100x40"
    theme: str | None = None
    ascii: bool = False
    links: Sequence[str] = ()
    beside: Beside = NOTHING
    child: str | None = None
    example: str | None = None


def run_explore(asked: Asked) -> int:
    """Open what is asked for, on a screen or as text; the exit code."""
    columns, _ = _size(asked.size)
    glyphs = _glyphs(asked)
    texts = asked.exec is not None or asked.script is not None or asked.output is not None
    screen = sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if not texts and screen:
        return _on_screen(asked, glyphs)
    if not texts:
        print(
            "ikeproof: no terminal, so this is text; --exec and --script drive it", file=sys.stderr
        )
    try:
        session = opened(asked, default="main-psk")
        code = _executed(session, asked, columns, glyphs)
    except Refused as error:
        raise usage(str(error), "ikeproof explore --exec help lists the commands") from None
    sys.stdout.write(
        _rendered(
            session, asked.output or "text", columns, glyphs, quiet=asked.output is None and texts
        )
    )
    return code


def _on_screen(asked: Asked, glyphs: Glyphs) -> int:
    from explorer.tui.app import run

    session: Session | None = None
    if asked.files or asked.scenario or asked.capture or asked.example:
        try:
            session = opened(asked)
        except Refused as error:
            raise usage(str(error), "ikeproof explore shows what there is") from None
    mono = bool(os.environ.get("NO_COLOR"))
    theme = asked.theme or ("mono" if mono else "dark")
    return run(session, lambda line: opened(_asked(line)), (theme, glyphs))


def _asked(line: str) -> Asked:
    """What is typed on the start screen: `scenario NAME`, `run FILE`, `policies A B`, `capture F [KEYLOG]`."""
    try:
        words = shlex.split(line)
    except ValueError:
        raise Refused("a quote is not closed") from None
    kind, rest = (words[0], words[1:]) if words else ("", [])
    if kind == "scenario" and len(rest) == 1:
        return Asked(scenario=rest[0])
    if kind == "run" and len(rest) == 1:
        return Asked(files=rest)
    if kind == "policies" and len(rest) == 2:
        return Asked(files=rest)
    if kind == "capture" and len(rest) in (1, 2):
        return Asked(capture=rest[0], keylog=rest[1] if len(rest) > 1 else None)
    raise Refused("write: run FILE, policies A B, or capture FILE [KEYLOG]")


def opened(asked: Asked, default: str | None = None) -> Session:
    """The session over what is asked for. Refused: it cannot be opened."""
    from explorer.session.session import Session

    if asked.capture is not None:
        raise Refused("captures are not stepped through yet: ikeproof decode reads them")
    if asked.scenario is not None or (not asked.files and not asked.example and default):
        return _scenario(asked.scenario or default or "")
    if len(asked.files) > 1 or asked.example is not None:
        from explorer.cli.explore_pair import pair_session

        narrowed = asked.finding, asked.child, asked.example
        return pair_session(asked.files, asked.beside, asked.links, *narrowed)
    if len(asked.files) != 1:
        raise Refused("name two policies, or one run, or --scenario NAME")
    return Session(_run(asked.files[0]))


def _scenario(name: str) -> Session:
    from explorer.session.commands import lines_of
    from explorer.session.commands.script import executed
    from explorer.session.scenarios import scenario
    from explorer.session.session import Session

    item = scenario(name)
    session = Session(item.source())
    if item.script:
        for _ in executed(session, lines_of(item.script)):
            pass
        session.first()
    return session


def _run(file: str) -> Specified:
    from explorer.session.saved import run_source
    from model.run import Run

    name = file.removeprefix("weakness:")
    path = str(_weakness(name)) if file.startswith("weakness:") else file
    try:
        text = FileReader().read(path).decode("utf-8", "replace")
    except ReadError as error:
        raise Refused(f"cannot read {file}: {error}") from None
    return run_source(Run.parse(text, file), safe(Path(path).name))


def _weakness(name: str) -> Path:
    from explorer.cli.peers import EXAMPLES

    folder = EXAMPLES / "weaknesses"
    known = sorted(item.stem for item in folder.glob("*.run"))
    if name not in known:
        raise Refused(f"no weakness {name!r}; there are {', '.join(known)}")
    return folder / f"{name}.run"


def _executed(session: Session, asked: Asked, columns: int, glyphs: Glyphs) -> int:
    """Run the commands, print what they answer; 1 if an assertion fails."""
    from explorer.session.commands import lines_of
    from explorer.session.commands.script import executed

    text = asked.exec or ""
    if asked.script is not None:
        try:
            read = (
                sys.stdin.read()
                if asked.script == "-"
                else FileReader().read(asked.script).decode("utf-8", "replace")
            )
        except ReadError as error:
            raise Refused(f"cannot read {asked.script}: {error}") from None
        text = f"{read}\n{text}"
    code = exits.FINE
    for line, reply in executed(session, lines_of(text)):
        if asked.output is None:
            print(f"> {safe(line)}")
            for item in reply.lines:
                print(safe(item))
            if reply.view:
                sys.stdout.write(_viewed(session, reply.view, reply.of, columns, glyphs))
        if reply.failed:
            code = exits.FINDINGS
    return code


def _viewed(session: Session, view: str, of: Sequence[str], columns: int, glyphs: Glyphs) -> str:
    from explorer.session.compare import compare
    from explorer.view.explore import compared
    from explorer.view.explore.page import chart_lines, text
    from explorer.view.explore.panes import PANES
    from explorer.view.explore.view import View

    if view == "chart":
        return text(chart_lines(session, columns, glyphs))
    if view == "compare":
        found = compare(session, *of)
        first, second = compared.headline(found)
        lines = [((first, "strong"),), ((second, "muted"),), ()]
        lines += compared.chart(session, found, columns, glyphs, -1)
        return text([*lines, (), *compared.fields(found, columns, glyphs)])
    return text(PANES[view][2](View(session, columns, glyphs))) if view in PANES else ""


def _rendered(session: Session, form: str, columns: int, glyphs: Glyphs, *, quiet: bool) -> str:
    from explorer.view.explore.axis import worth_it
    from explorer.view.explore.page import page, text

    if form == "text":
        session.standing()
        views = ("why", *_VIEWS[1:], *(("axis",) if worth_it(session) else ()))
        return text(page(session, columns, glyphs, () if quiet else views))
    raise Refused(f"--format {form} is not there yet")


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if not (
        columns.isdigit()
        and rows.isdigit()
        and 60 <= int(columns) <= 400
        and 10 <= int(rows) <= 400
    ):
        raise usage(f"--size {text}", "write for example 120x40, from 60x10 to 400x400")
    return int(columns), int(rows)


def _glyphs(asked: Asked) -> Glyphs:
    from explorer.view.explore.spans import ASCII, UNICODE

    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return ASCII if asked.ascii or not encoding.startswith("utf") else UNICODE
