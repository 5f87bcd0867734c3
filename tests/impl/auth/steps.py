"""Steps of an authentication, run to their end at once."""

from __future__ import annotations

from typing import TypeVar

from impl.auth.interface import Steps

T = TypeVar("T")


def completed(steps: Steps[T]) -> T:
    """What steps return, with all their work done here."""
    try:
        work = next(steps)
        while True:
            work = steps.send(work.run())
    except StopIteration as stop:
        found: T = stop.value
        return found
