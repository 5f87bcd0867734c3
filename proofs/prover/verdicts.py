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
class Verdict:
    """One promise.

    solvers      who accepted every obligation
    obligations  how many there were, lemmas included
    lemmas       the lemmas and promises it rests on
    seconds      z3's time, building the formulas included
    rechecked    seconds of the second solver
    profile      the stack profile that both peers have; None: any policies at all
    why          what stands in the way, where it is not proved
    depth        up to how many steps no run breaks it, where it is only bounded
    run          the run that breaks it
    """

    name: str
    requirements: tuple[str, ...]
    proof: Proof
    solvers: tuple[str, ...]
    obligations: int
    lemmas: tuple[str, ...]
    seconds: float
    rechecked: float = 0.0
    profile: str | None = None
    why: str = ""
    depth: int | None = None
    run: Run | None = None

    @property
    def text(self) -> str:
        """As tables show it."""
        if self.proof is Proof.PROVED:
            return f"proved ({'+'.join(self.solvers)})"
        if self.proof is Proof.BOUNDED:
            return f"bounded to {self.depth}"
        return str(self.proof.value)
