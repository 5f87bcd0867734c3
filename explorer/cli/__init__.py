"""The command line: `main()` runs a command and returns its exit code."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; every foreseeable fault is one clear line on stderr, no traceback."""
    from explorer.cli import exits
    from explorer.view.safe import safe
    from model.vocabulary.places import PolicyError

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
        # The reader has enough; nothing more may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.FINE
