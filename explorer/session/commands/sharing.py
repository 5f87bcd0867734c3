"""Commands that share a session: files, pictures, tokens. What they write is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.session.commands.registry import Reply, command, wants
from explorer.session.moments import Refused
from explorer.session.session import Session

SAVED = ".ikex"


@command("export", "Share", "write a picture or a file", usage="export FORMAT FILE", keys=("E",))
def export(session: Session, args: Sequence[str]) -> Reply:
    """Write what is shown: text, json, itf, mermaid, svg or html. No format holds a secret."""
    from explorer.report.explored import FORMATS, exported

    wants(args, 2, 2, f"export FORMAT FILE; formats are {', '.join(FORMATS)}")
    return _written(args[1], exported(session, args[0]), FORMATS[args[0]])


@command("save", "Share", "save the session", usage="save FILE.ikex", keys=("ctrl+s",))
def save(session: Session, args: Sequence[str]) -> Reply:
    """Save the commands that made this session; `ikeproof explore FILE.ikex` runs them again. Policies and
    captures are named in it, and not part of it."""
    from explorer.session.shared import text_of

    wants(args, 1, 1, "save FILE.ikex")
    if not args[0].endswith(SAVED):
        raise Refused(f"a saved session is called FILE{SAVED}")
    return _written(args[0], text_of(session), SAVED)


@command("token", "Share", "the session as a token")
def token(session: Session, args: Sequence[str]) -> Reply:
    """Print the session as one word to paste; `ikeproof explore TOKEN` opens it. It holds no key."""
    from explorer.session.shared import token_of

    wants(args, 0, 0, "token")
    return Reply((token_of(session),))


def _written(path: str, text: str, ending: str) -> Reply:
    from explorer.report.files import write_whole

    try:
        write_whole(path, text, ending)
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror or error}") from None
    except ValueError:
        raise Refused(f"{path!r} is not a file name") from None
    return Reply((f"wrote {path}",))
