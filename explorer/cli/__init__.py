"""The command line: `main()` runs a command and returns its exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; every foreseeable error is one clear line on stderr, without a traceback."""
    from explorer.cli import exits
    from explorer.view.safe import safe
    from model.vocabulary.places import PolicyError

    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        from explorer.cli.commands import run

        code = run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
        return code
    except PolicyError as error:
        print(safe(f"error: {error}"), file=sys.stderr)
        return exits.USAGE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    except BrokenPipeError:
        _mute()  # the reader has enough
        return exits.FINE
    except OSError as error:
        # Errors of files and sockets are handled where they are used; what remains is the output.
        _mute()
        why = error.strerror or type(error).__name__
        with suppress(OSError):  # a terminal that was closed
            print(f"error: the output cannot be written: {why}", file=sys.stderr)
        return exits.USAGE


def _open_closed() -> None:
    """Streams that were closed before the program started discard their input."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _mute() -> None:
    """Nothing more can be written, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
