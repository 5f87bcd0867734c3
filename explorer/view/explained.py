"""One finding explained, and what a log points to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explorer.view.findings import ROLES
from explorer.view.layout import Line
from model.vocabulary.findings import Finding, Severity
from proofs.verify.catalogue import CATALOGUE, Entry
from proofs.verify.log_lines import lines_of
from proofs.verify.logs import Pointed

MOST_LINES = 3
_LABEL = 10


def entry_lines(entry: Entry) -> Iterator[Line]:
    """An entry of the catalogue."""
    yield Line(ROLES[entry.severity], "", f"{entry.id} ({entry.severity.value}): {entry.title}")
    yield Line("plain", "", "")
    yield Line("plain", "", entry.explanation)
    yield Line("plain", "", "")
    yield Line("plain", "Fix:", entry.mend, "", _LABEL)
    yield Line("plain", "Sources:", entry.sources, "", _LABEL)
    for number, item in enumerate(lines_of(entry.id)):
        mark = "" if item.sure else "  (other findings have this line too)"
        label = "Log:" if not number else ""
        yield Line("plain", label, f"{item.end}: {item.example}{mark}", "", _LABEL)


def pointed_lines(found: Sequence[Pointed], file: str) -> Iterator[Line]:
    """What a log points to: certain findings first, each with lines of the log."""
    if not found:
        yield Line("ok", "", f"No line of {file} points to a finding.")
        return
    for item in sorted(found, key=lambda x: (not x.sure, -_rank(x))):
        titles = [f"{name}: {CATALOGUE[name].title}" for name in item.findings]
        role = ROLES[CATALOGUE[item.findings[0]].severity]
        if item.sure:
            yield Line(role, titles[0], "")
        else:
            yield Line("open", "one of", "; ".join(titles), "", 7)
        for number, text in item.lines[:MOST_LINES]:
            yield Line("plain", f"  {number}:", text, "", 8)
        if len(item.lines) > MOST_LINES:
            yield Line("dim", "", f"  and {len(item.lines) - MOST_LINES} more lines")
    yield Line(
        "dim",
        "",
        "Explain one: ikeproof explain ID. Compare with a policy: ikeproof verify FILE --log LOG.",
    )


def _rank(item: Pointed) -> int:
    return max(CATALOGUE[name].severity.rank for name in item.findings)


def confirmed_lines(
    findings: Sequence[Finding], found: Sequence[Pointed], file: str
) -> Iterator[Line]:
    """Which findings of a verdict a log confirms, and which findings of the log the files do not explain."""
    ids = {item.id for item in findings}
    yield Line("plain", "", "")
    yield Line("plain", "", f"Log {file}")
    told: set[str] = set()
    for item in sorted(found, key=lambda x: not x.sure):
        here = [name for name in item.findings if name in ids]
        if set(here) & told or (not item.sure and told & set(item.findings)):
            continue
        number, text = item.lines[0]
        if here:
            told |= set(here)
            yield Line(
                "bad" if _error(here) else "warn",
                "  confirms",
                f"{', '.join(here)}, line {number}: {text}",
                "",
                14,
            )
        elif any(CATALOGUE[x].severity is Severity.ERROR for x in item.findings):
            names = " or ".join(item.findings)
            said = f"{names}, line {number}: {text}; the files do not explain it: are they the ones in use?"
            yield Line("open", "  also shows", said, "", 14)
    missing = [
        x
        for x in dict.fromkeys(i.id for i in findings if i.severity is Severity.ERROR)
        if x not in told
    ]
    if missing:
        yield Line("plain", "  silent on", ", ".join(missing), "", 14)


def _error(ids: Sequence[str]) -> bool:
    return any(CATALOGUE[name].severity is Severity.ERROR for name in ids)
