"""A session as text: `FILE.ikex`, and the same compressed as a token.

    ikeproof-session 1
    specification ike b4141fc9ea7a
    source scenario main-psk
    seed none

    drop mm5 x6
    assert step=5
    assert outcome='UNDER WAY'

`source` says what to open, as the start screen does: names of scenarios, runs and policies, never what is
in them. The rest are the commands that made the tree, with where each of them led. Neither holds any key.
"""

from __future__ import annotations

import base64
import binascii
import shlex
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from explorer.session.commands.registry import found
from explorer.session.commands.script import execute
from explorer.session.moments import Refused
from explorer.session.session import Session
from model.run import fingerprint
from model.spec import MACHINES, specification

VERSION = 1
PREFIX = "ikex1:"
MOST_LINES, MOST_LETTERS, MOST_TOKEN = 40_000, 2_000_000, 500_000
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Saved:
    """A session that was saved.

    source  the line that opens it     lines  its commands and assertions, with their numbers in the text
    """

    specification: str
    fingerprint: str
    source: str
    lines: tuple[tuple[int, str], ...]


# ---- writing


def text_of(session: Session) -> str:
    """A session as text. Refused: nothing opens its source again."""
    return "\n".join(_lines(session)) + "\n"


def _lines(session: Session) -> Iterator[str]:
    if not session.origin:
        raise Refused("this session has no source that could be opened again")
    source = session.specified
    spec = source.spec if source is not None else None
    yield f"ikeproof-session {VERSION}"
    yield (
        f"specification {spec.name} {fingerprint(spec)}"
        if spec
        else f"specification {_NONE} {_NONE}"
    )
    yield f"source {session.origin}"
    yield f"seed {_NONE}"
    yield ""
    for entry in session.log.entries():
        yield entry.line
        yield f"assert step={entry.step}"
        yield f"assert {shlex.quote(f'outcome={entry.badge}')}"


def token_of(session: Session) -> str:
    """The same as one word to paste."""
    packed = zlib.compress(text_of(session).encode(), 9)
    return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


# ---- reading


def parse_token(token: str) -> Saved:
    """What a token holds. Refused: it is none."""
    wrong = Refused("this is not a token of ikeproof, or a part of it is missing")
    word = token.strip()
    if not word.startswith(PREFIX) or not word.isascii() or len(word) > MOST_TOKEN:
        raise wrong
    body = word.removeprefix(PREFIX)
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True)
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, MOST_LETTERS)
        if not unpacking.eof or unpacking.unused_data:
            raise wrong
        return parse(text.decode(), "token")
    except (binascii.Error, zlib.error, ValueError):
        raise wrong from None


def parse(text: str, name: str) -> Saved:
    """What a file holds. Refused, with the line: it is not a saved session."""
    if len(text) > MOST_LETTERS or text.count("\n") > MOST_LINES:
        raise Refused(f"{name}: too large for a saved session")
    rows = text.split("\n")
    head: dict[str, str] = {}
    body = 0
    for number, row in enumerate(rows, 1):
        if not row.strip():
            body = number
            break
        key, _, value = row.strip().partition(" ")
        if key not in ("ikeproof-session", "specification", "source", "seed") or key in head:
            raise Refused(f"{name}:{number}: not the header of a saved session")
        head[key] = value.strip()
    if head.get("ikeproof-session") != str(VERSION) or len(head) != 4 or not body:
        raise Refused(f"{name}:1: not a session that this version of ikeproof wrote")
    spec = head["specification"].split()
    if len(spec) != 2 or (spec[0] not in MACHINES and spec[0] != _NONE):
        raise Refused(f"{name}:2: this version has no specification {head['specification']!r}")
    lines = tuple(_commands(rows[body:], body, name))
    return Saved(spec[0], spec[1], head["source"], lines)


def _commands(rows: list[str], before: int, name: str) -> Iterator[tuple[int, str]]:
    """The commands; only what moves through a session or changes its tree: nothing that writes a file."""
    for number, row in enumerate(rows, before + 1):
        if not row.strip() or row.startswith("#"):
            continue
        try:
            command = found((shlex.split(row) or [""])[0])
        except (Refused, ValueError):
            raise Refused(f"{name}:{number}: not a command") from None
        if not command.changes and command.name != "assert":
            raise Refused(f"{name}:{number}: {command.name} does not belong into a saved session")
        yield number, row.strip()


def again(session: Session, saved: Saved) -> None:
    """Run the commands. Where one no longer does what it did, it stops there and `diverged` says so."""
    source = session.specified
    name = source.spec.name if source is not None else _NONE
    old = ""
    if source is not None and saved.fingerprint != fingerprint(specification(name)):
        old = "saved with another version of the specification: "
    if saved.specification != name:
        session.diverged = (
            session.now,
            f"saved as a session of {saved.specification}, this is {name}",
        )
        return
    command = ""
    for number, line in saved.lines:
        asserted = line.startswith("assert ")
        command = command if asserted else line
        try:
            reply = execute(session, line)
        except Refused as error:
            session.diverged = session.now, f"{old}line {number}, {line}: {error}"
            return
        if reply.failed:
            instead = reply.lines[0].rpartition(": ")[2]
            wanted = " ".join(shlex.split(line)[1:])
            session.diverged = (
                session.now,
                f"{old}line {number}, {command}: expected {wanted}, but {instead}",
            )
            return
