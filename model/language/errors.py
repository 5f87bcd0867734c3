"""Errors of the language, each with the place in the specification's source."""

from __future__ import annotations

import os
import sys

_HERE = os.path.dirname(os.path.realpath(__file__))


def origin() -> str:
    """`file:line` of the nearest caller outside the language: where the specification says it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    parts = frame.f_code.co_filename.split(
        os.sep
    )  # for each action: a Path takes five times as long
    return f"{'/'.join(parts[-3:])}:{frame.f_lineno}"


class SpecificationError(Exception):
    """A specification that makes no sense; raised while it is being written down."""

    def __init__(self, problem: str, place: str | None = None) -> None:
        self.place = place or origin()
        super().__init__(f"{self.place}: {problem}")


class RangeError(Exception):
    """An action would store a value outside its variable's range: a fault of the specification."""


class StepError(Exception):
    """A step that cannot be taken: unknown action, wrong parameters, or a guard that says no."""
