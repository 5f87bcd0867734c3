"""What a proof attempt ends in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model.run import Run


class Proof(Enum):
    """The verdicts; `unknown` and `bounded` are never "proved"."""

    PROVED = "proved"
    BROKEN = "broken"
    BOUNDED = "bounded"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    """The work on one invariant: seconds of z3, and of the second solver and certificates."""

    name: str
    seconds: float
    rechecked: float


@dataclass(frozen=True)
class Verdict:
    """One promise.

    solvers      who accepted every obligation
    obligations  how many there were, lemmas included
    lemmas       the lemmas and promises it rests on
    parts        the work, invariant by invariant: promises share lemmas
    why          what stands in the way, where it is not proved
    depth        up to how many steps no run breaks it, where it is only bounded
    run          the run that breaks it
    seed         of z3's random choices
    versions     (solver, version) of those that were asked
    """

    name: str
    requirements: tuple[str, ...]
    proof: Proof
    solvers: tuple[str, ...]
    obligations: int
    lemmas: tuple[str, ...]
    parts: tuple[Part, ...]
    why: str = ""
    depth: int | None = None
    run: Run | None = None
    seed: int = 0
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> float:
        """z3's time for this promise and all it rests on, building the formulas included."""
        return sum(part.seconds for part in self.parts)

    @property
    def text(self) -> str:
        """As tables show it."""
        if self.proof is Proof.PROVED:
            return f"proved ({'+'.join(self.solvers)})"
        if self.proof is Proof.BOUNDED:
            return f"bounded to {self.depth}"
        return str(self.proof.value)
