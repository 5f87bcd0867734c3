"""What is explored as a line of text, and saved sessions and tokens, which hold such a line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.cli.peers import Beside
from explorer.cli.reader import FileReader
from explorer.session.moments import Refused
from model.formats.reader import ReadError

if TYPE_CHECKING:
    from explorer.session.session import Session
    from explorer.session.shared import Saved

SAVED, TOKEN = ".ikex", "ikex1:"
_OPTIONS = ("finding", "child", "link", "profile", "nat", "version", "strongswan-conf")


@dataclass(frozen=True)
class Policies:
    """Two policies of a line: files, or an example, with the options of the command line by name."""

    files: tuple[str, ...]
    options: dict[str, tuple[str, ...]]

    def one(self, name: str) -> str | None:
        """The value of an option that is given once; None: it is not given."""
        return next(iter(self.options.get(name, ())), None)

    @property
    def beside(self) -> Beside:
        """What the options say about the peers."""
        names = ("profile", "nat", "version", "strongswan-conf")
        return Beside(*(self.options.get(name, ()) for name in names))


def policies_of(words: list[str]) -> Policies:
    """The words after `policies` or `example`. Refused: an option that is not known, or has no value."""
    files: list[str] = []
    options: dict[str, tuple[str, ...]] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            files.append(word)
            continue
        name, sign, value = word.removeprefix("--").partition("=")
        if name not in _OPTIONS:
            raise Refused(f"no option {word}; there are {', '.join(f'--{x}' for x in _OPTIONS)}")
        given = value if sign else next(rest, "")
        if not given:
            raise Refused(f"{word} needs a value")
        options[name] = (*options.get(name, ()), given)
    return Policies(tuple(files), options)


def policies_line(
    files: tuple[str, ...],
    example: str | None,
    narrowed: tuple[str | None, str | None],
    links: tuple[str, ...],
    beside: Beside,
) -> str:
    """The line that `policies_of` reads."""
    words = ["example", example] if example is not None else ["policies", *files]
    given: list[tuple[str, tuple[str, ...]]] = [
        *((name, (x,)) for name, x in zip(("finding", "child"), narrowed, strict=True) if x),
        ("link", links), ("profile", beside.profiles), ("nat", beside.nats),
        ("version", beside.versions), ("strongswan-conf", beside.settings),
    ]  # fmt: skip
    words += [word for name, values in given for x in values for word in (f"--{name}", x)]
    return shlex.join(words)


def is_saved(file: str) -> bool:
    """Whether it is the name of a saved session, or a token."""
    return file.startswith(TOKEN) or file.endswith(SAVED)


def saved_session(file: str, open_line: Callable[[str], Session]) -> Session:
    """Open a saved session or a token, and run its commands. Refused: it cannot be read or opened."""
    from explorer.session.shared import again

    saved = _read(file)
    if any(is_saved(word.strip("'")) for word in saved.source.split()):
        raise Refused("a saved session cannot begin with another one")
    session = open_line(saved.source)
    again(session, saved)
    return session


def _read(file: str) -> Saved:
    from explorer.session.shared import parse, parse_token

    if file.startswith(TOKEN):
        return parse_token(file)
    try:
        text = FileReader().read(file).decode()
    except ReadError as error:
        raise Refused(f"cannot read {file}: {error}") from None
    except UnicodeDecodeError:
        raise Refused(f"{file} is not text") from None
    return parse(text, file)
