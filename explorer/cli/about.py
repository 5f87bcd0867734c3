"""What program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def version_here() -> str:
    """The installed version; of a checkout that is not installed none is known."""
    try:
        return version("ikeproof")
    except PackageNotFoundError:
        return "(not installed)"
