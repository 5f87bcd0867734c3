"""How a refusal is worded."""

from __future__ import annotations

from model.vocabulary.places import Place, PolicyError


def cannot(why: str, place: Place | None, mend: str) -> PolicyError:
    """What the engine cannot do: where it is asked for, and what to write instead."""
    return PolicyError(why, place=place, mend=mend)
