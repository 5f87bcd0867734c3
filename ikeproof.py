"""Start ikeproof, from a checkout or from an installed wheel."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_LAYERS = _HERE / "ikeproof_layers"  # only a wheel has this folder


def main() -> int:
    """Run the command line; returns the exit code."""
    sys.path.insert(0, str(_LAYERS if _LAYERS.is_dir() else _HERE))
    from explorer.cli import main as run  # lazy: spawned workers import this file again

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
