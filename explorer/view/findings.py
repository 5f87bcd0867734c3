"""Findings as a page shows them: the same finding for both directions or several places is shown once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from explorer.view.layout import Line, Paths
from model.vocabulary.findings import Edit, Finding, Severity
from model.vocabulary.outcomes import Report
from model.vocabulary.places import Place

ROLES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "note"}


@dataclass(frozen=True, slots=True)
class Merged:
    """One finding with all its directions, children and places."""

    finding: Finding
    ways: tuple[tuple[str, str], ...]
    children: tuple[str, ...]
    places: tuple[Place, ...]
    edits: tuple[Edit, ...]
    members: tuple[Finding, ...]


def all_findings(report: Report) -> list[Finding]:
    """Those of the files and of all pairs, each once, the most severe first."""
    found = dict.fromkeys(report.findings)
    for pair in report.pairs:
        found.update(dict.fromkeys(pair.findings))
    return sorted(found, key=lambda item: -item.severity.rank)


def merged(findings: Iterable[Finding]) -> list[Merged]:
    """Findings of one kind that say the same thing, together; in the order of the first of each."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for item in findings:
        groups.setdefault((item.id, item.what), []).append(item)
    return [_merge(items) for items in groups.values()]


def counted(findings: Iterable[Finding]) -> Counter[Severity]:
    """How many there are of each severity. What makes both directions fail is one fault: the same lines, or
    the same changes that mend it, whatever each direction says of it."""
    faults: dict[object, Severity] = {}
    for item in findings:
        key: object = item.id, item.what
        if item.severity is Severity.ERROR and item.id.startswith(("P1-", "P2-")):
            places = frozenset(x for x in (item.place, *item.others) if x is not None)
            key = frozenset(item.edits) or places or key
        faults.setdefault(key, item.severity)
    return Counter(faults.values())


def _merge(items: list[Finding]) -> Merged:
    places = [x for item in items for x in (item.place, *item.others) if x is not None]
    return Merged(
        items[0],
        tuple(dict.fromkeys(item.way for item in items if item.way is not None)),
        tuple(dict.fromkeys(item.child for item in items if item.child is not None)),
        tuple(dict.fromkeys(places)),
        tuple(dict.fromkeys(edit for item in items for edit in item.edits)),
        tuple(items),
    )


def finding_lines(
    findings: Iterable[Finding],
    paths: Paths,
    about: bool = True,
    see: Mapping[Finding, str] | None = None,
) -> Iterator[Line]:
    """In the style of a linter; `about`: with direction and child; `see`: the command that shows it."""
    for item in merged(findings):
        first = item.finding
        said = f"{_about(item)}: {first.what}" if about and _about(item) else first.what
        label = f"{first.severity.value:<8} {first.id}"
        yield Line(ROLES[first.severity], label, said, paths.all(item.places), 30)
        command = next((see[x] for x in item.members if x in see), "") if see else ""
        if command:
            yield Line("dim", "  see", command, "", 9, code=True)


def _about(item: Merged) -> str:
    parts = [f"{a} -> {b}" for a, b in item.ways] if len(item.ways) == 1 else []
    if item.children:
        parts.append(f"child {', '.join(item.children)}")
    return ", ".join(parts)
