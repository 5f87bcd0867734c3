"""Sorts: the types of values.

Concrete values are small integers and booleans, so that a state is a flat tuple:

    Bool      False, True                 Enum     position among the members
    Int       the number                  Domain   0 .. size - 1, the size chosen by the instance
    Maybe     as Domain, or -1 for none   Timer    ticks left, or -1 when it is off
    Duration  ticks (rational seconds before an instance fixes the length of a tick)
"""

from __future__ import annotations

from dataclasses import dataclass

from model.language.errors import SpecificationError

NONE = -1
OFF = -1


@dataclass(frozen=True, slots=True)
class Bool:
    """Truth values."""

    def __str__(self) -> str:
        return "Bool"


@dataclass(frozen=True, slots=True)
class Int:
    """Integers from `low` to `high`, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Enum:
    """Named alternatives."""

    name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    def position(self, member: str) -> int:
        """Where a member stands; SpecificationError if there is no such member."""
        if member not in self.members:
            raise SpecificationError(
                f"{member!r} is no {self.name}; members: {', '.join(self.members)}"
            )
        return self.members.index(member)


@dataclass(frozen=True, slots=True)
class Domain:
    """A finite set whose size is rigid: an instance chooses it, a run never changes it."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Maybe:
    """An element of a domain, or none."""

    domain: Domain

    def __str__(self) -> str:
        return f"{self.domain} or none"


@dataclass(frozen=True, slots=True)
class Timer:
    """Off, running towards its deadline, or expired. Time itself is the `delay` action's."""

    def __str__(self) -> str:
        return "Timer"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time, a non-negative rational number of seconds."""

    def __str__(self) -> str:
        return "Duration"


Sort = Bool | Int | Enum | Domain | Maybe | Timer | Duration
BOOL, TIMER, DURATION = Bool(), Timer(), Duration()
