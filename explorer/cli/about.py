"""The program's version."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def version_here() -> str:
    """The installed version; a checkout that is not installed has none."""
    try:
        return version("ikeproof")
    except PackageNotFoundError:
        return "(not installed)"
