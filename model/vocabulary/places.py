"""Where a value was written, and the values that remember it (DESIGN.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One line of one policy file; `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """A policy value and where it was written; `place` is None for a default of the format."""

    value: T
    place: Place | None = None

    @property
    def is_default(self) -> bool:
        """True if no file states the value, so the format's default applies."""
        return self.place is None


class PolicyError(Exception):
    """A policy that cannot be used: what is wrong, where, and what to do.

    `place` is None only where no file is at fault (an unset environment variable, say).
    """

    def __init__(self, problem: str, *, place: Place | None, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place
        self.mend = mend

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.problem}; {self.mend}"
