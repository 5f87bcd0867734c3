"""The error for an unsupported setting."""

from __future__ import annotations

from model.vocabulary.places import Place, PolicyError


def cannot(why: str, place: Place | None, mend: str) -> PolicyError:
    """An unsupported setting: where it is, and what to write instead."""
    return PolicyError(why, place=place, mend=mend)
