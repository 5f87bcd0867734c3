"""Findings: what a reader of a policy or a verdict should know or mend (DESIGN.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model.vocabulary.places import Place


class Severity(Enum):
    """How grave a finding is; ordered by `rank`."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note up to 2 for an error."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `id` is stable and explained by `ikeproof explain ID`.

    place   the line to look at, None only if no line is at fault
    what    what happens, one sentence
    mend    what to write instead, one sentence or one line of configuration
    others  further lines that take part
    """

    id: str
    severity: Severity
    place: Place | None
    what: str
    mend: str
    others: tuple[Place, ...] = ()
