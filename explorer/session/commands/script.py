"""Scripts: commands separated by `;` or lines. Lines that begin with # are comments."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from explorer.session.commands.registry import Reply, found
from explorer.session.moments import Refused
from explorer.session.session import Session

MOST_LINES, MOST_LETTERS = 10_000, 500


@dataclass(frozen=True, slots=True)
class Script:
    """Commands in order, with the line of each."""

    commands: tuple[tuple[int, str], ...]


def lines_of(text: str) -> Script:
    """The commands of a text. Refused: it is far too long to be a script."""
    found_ = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("#"):
            continue
        for part in _parts(line):
            if len(part) > MOST_LETTERS:
                raise Refused(f"line {number}: a command of more than {MOST_LETTERS} letters")
            if part.strip():
                found_.append((number, part.strip()))
    if len(found_) > MOST_LINES:
        raise Refused(f"more than {MOST_LINES:,} commands")
    return Script(tuple(found_))


def _parts(line: str) -> Iterator[str]:
    """The commands of a line: a `;` within quotes does not end one."""
    quote, begin = "", 0
    for at, letter in enumerate(line):
        if letter in "'\"" and quote in ("", letter):
            quote = "" if quote else letter
        elif letter == ";" and not quote:
            yield line[begin:at]
            begin = at + 1
    yield line[begin:]


def execute(session: Session, line: str) -> Reply:
    """Run one command. Refused: it cannot be done now, or there is none of that name."""
    try:
        words = shlex.split(line, comments=False)
    except ValueError:
        raise Refused("a quote is not closed") from None
    if not words:
        return Reply()
    if any(not word.isprintable() for word in words):
        raise Refused("a command is one line of printable text")
    command = found(words[0])
    if not command.changes:
        return command.run(session, words[1:])
    with session.log.command(shlex.join([command.name, *words[1:]]), lambda: session.now):
        return command.run(session, words[1:])


def executed(session: Session, script: Script) -> Iterator[tuple[str, Reply]]:
    """Run a script, command by command. Refused, with the line: one cannot be done."""
    for number, line in script.commands:
        try:
            yield line, execute(session, line)
        except Refused as error:
            raise Refused(f"line {number}, {line!r}: {error}") from None
