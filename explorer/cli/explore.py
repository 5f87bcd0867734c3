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
from explorer.cli.explore_checks import on_terminal
from explorer.cli.explore_shared import (
    Policies,
    is_saved,
    policies_line,
    policies_of,
    saved_session,
)
from explorer.cli.peers import NOTHING, Beside, example_files, usage
from explorer.cli.reader import FileReader
from explorer.session.moments import Refused
from explorer.view.safe import safe
from model.formats.reader import ReadError

if TYPE_CHECKING:
    from explorer.cli.explore_capture import Capture
    from explorer.session.session import Session
    from explorer.session.specified import Specified
    from explorer.view.explore.spans import Glyphs


@dataclass(frozen=True)
class Asked:
    """What the command line says.

    files   two policies (more, if `links` names the pair), one .run file, `weakness:NAME`, a saved session
            or token, or nothing
    child   narrows `finding` to one child
    """

    files: Sequence[str] = ()
    scenario: str | None = None
    capture: Capture | None = None
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
    if not texts and on_terminal():
        return _on_screen(asked, glyphs)
    if not texts:
        print(
            "ikeproof: no terminal, so this is text; --exec and --script drive it", file=sys.stderr
        )
    from explorer.report.explored import exported

    try:
        session = opened(asked, default="main-psk")
        code = _executed(session, asked, columns, glyphs)
    except Refused as error:
        raise usage(str(error), "ikeproof explore --exec help lists the commands") from None
    quiet = asked.output is None and texts
    try:
        made = exported(
            session,
            asked.output or "text",
            columns,
            glyphs,
            asked.theme or "dark",
            () if quiet else None,
        )
    except Refused as error:
        raise usage(str(error), "choose another --format") from None
    sys.stdout.write(made)
    if session.diverged is not None:
        print(f"ikeproof: diverged: {safe(session.diverged[1])}", file=sys.stderr)
        return exits.DIVERGED
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
    return run(session, opened_line, (theme, glyphs))


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
    if kind in ("policies", "example") and rest:
        return _policies(kind, policies_of(rest))
    if kind == "capture" and len(rest) in (1, 2):
        from explorer.cli.explore_capture import Capture

        return Asked(capture=Capture(rest[0], rest[1] if len(rest) > 1 else None))
    raise Refused("write: run FILE, policies A B, example NAME, or capture FILE [KEYLOG]")


def _policies(kind: str, given: Policies) -> Asked:
    if kind == "example" and len(given.files) != 1:
        raise Refused("write: example NAME")
    named = {"example": given.files[0]} if kind == "example" else {"files": given.files}
    return Asked(
        **named,
        finding=given.one("finding"),
        child=given.one("child"),
        links=given.options.get("link", ()),
        beside=given.beside,
    )


def _line(asked: Asked, default: str | None) -> str:
    """What `_asked` reads: it opens the same source again. Empty: no such line says all of it."""
    capture = asked.capture
    if capture is not None:
        plain = (
            not asked.files
            and asked.example is None
            and capture == type(capture)(capture.file, capture.keylog)
        )
        words = ["capture", capture.file, *([capture.keylog] if capture.keylog else [])]
        return shlex.join(words) if plain else ""
    if asked.example is not None or len(asked.files) > 1:
        narrowed = asked.finding, asked.child
        return policies_line(
            tuple(asked.files), asked.example, narrowed, tuple(asked.links), asked.beside
        )
    if asked.files:
        return shlex.join(["run", *asked.files])
    return shlex.join(["scenario", asked.scenario or default or ""])


def opened_line(line: str) -> Session:
    """The session over what is typed on the start screen. Refused: it cannot be opened."""
    return opened(_asked(line))


def opened(asked: Asked, default: str | None = None) -> Session:
    """The session over what is asked for. Refused: it cannot be opened."""
    if len(asked.files) == 1 and is_saved(asked.files[0]):
        return saved_session(asked.files[0], lambda line: opened(_asked(line)))
    session = _opened(asked, default)
    session.origin = _line(asked, default)
    session.log.begin()
    return session


def _opened(asked: Asked, default: str | None) -> Session:
    from explorer.session.session import Session

    if asked.capture is not None:
        from explorer.cli.explore_capture import capture_source

        files = example_files(asked.example) if asked.example is not None else asked.files
        return Session(capture_source(asked.capture, files, asked.beside))
    if asked.scenario is not None or (not asked.files and not asked.example and default):
        return _scenario(asked.scenario or default or "")
    if len(asked.files) > 1 or asked.example is not None:
        from explorer.cli.explore_pair import pair_session

        narrowed = asked.finding, asked.child, asked.example
        return pair_session(asked.files, asked.beside, asked.links, *narrowed)
    if len(asked.files) != 1:
        raise Refused("name two policies, one run or saved session, or --scenario NAME")
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
    from explorer.view.explore.panes import PANES, pane_lines
    from explorer.view.explore.view import View

    if view == "chart":
        return text(chart_lines(session, columns, glyphs))
    if view == "glossary":
        from explorer.view.explore.glossary import glossary

        return text(glossary(columns, " ".join(of)))
    if view == "compare":
        found = compare(session, *of)
        first, second = compared.headline(found)
        lines = [((first, "strong"),), ((second, "muted"),), ()]
        lines += compared.chart(session, found, columns, glyphs, -1)
        return text([*lines, (), *compared.fields(found, columns, glyphs, None)])
    return (
        text(pane_lines(view, View(session, columns, glyphs, alone=True))) if view in PANES else ""
    )


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
