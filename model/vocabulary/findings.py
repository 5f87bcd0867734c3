"""Findings: what a reader of a policy or a verdict should know or fix (DESIGN.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from model.vocabulary.places import Place


class Severity(Enum):
    """The severity of a finding; ordered by `rank`."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note up to 2 for an error."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to one configuration file.

    place   the line of the setting to replace, or of the section to add to
    text    settings or sections as the file's format writes them, one a line
    adds    True: the text goes in at the top of the section that begins at `place`
    """

    place: Place
    text: str
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `id` is stable and explained by `ikeproof explain ID`.

    place   the line to look at, None only if no line is at fault
    what    what happens, one sentence
    mend    the fix: one sentence, or what to write in the configuration
    others  further lines that matter
    way     initiator and responder, if it is about one direction only
    child   the Phase II policy of the initiator that it is about
    edits   changes that were tried: together they remove the finding
    seen    a run of the specification shows it: `ikeproof explore A B --finding ID`
    """

    id: str
    severity: Severity
    place: Place | None
    what: str
    mend: str
    others: tuple[Place, ...] = ()
    way: tuple[str, str] | None = None
    child: str | None = None
    edits: tuple[Edit, ...] = ()
    seen: bool = False
