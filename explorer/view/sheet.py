"""One policy alone: what is wrong in it, and a sheet for the other end's administrator, without secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explorer.view.findings import finding_lines, merged
from explorer.view.layout import Line, Paths, laid
from explorer.view.rows import Row
from explorer.view.verdicts import INDENT
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.policy import Peer
from proofs.verify.alone import ChildSheet, Sheet

MOST = 8


def alone_rows(
    peer: Peer, sheets: Sequence[Sheet], findings: Sequence[Finding], details: bool, width: int
) -> Iterator[Row]:
    """What was found, then a sheet for each connection."""
    paths = Paths(peer.files)
    lines = [Line("dim", peer.name, peer.files[0], f"({peer.profile.name})", len(peer.name) + 1)]
    lines.append(Line("plain", "", ""))
    shown = [x for x in findings if details or x.severity is not Severity.NOTE]
    lines += finding_lines(sorted(shown, key=lambda x: -x.severity.rank), paths)
    lines.append(_counts(findings, details))
    for sheet in sheets:
        lines += [Line("plain", "", ""), *_sheet(sheet)]
    if not sheets:
        lines.append(Line("open", "", "No connection is for IKEv1."))
    yield from laid(lines, width)


def _counts(findings: Sequence[Finding], details: bool) -> Line:
    together = merged(findings)
    counts = [sum(x.finding.severity is kind for x in together) for kind in reversed(Severity)]
    words = zip(counts, ("error", "warning", "note"), strict=True)
    said = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in words)
    role = "bad" if counts[0] else "ok"
    more = "" if details or not counts[2] else " (--details shows notes)"
    return Line(role, "", f"{said}, independent of the other end{more}.")


def _sheet(sheet: Sheet) -> Iterator[Line]:
    yield Line("plain", "", f"Connection {sheet.connection}: what the other end must have")
    ours, theirs = sheet.from_ or "not stated", sheet.calls or "any: this end only answers"
    yield _label("our address", ours)
    yield _label("your address", theirs)
    yield _label(
        "Phase I",
        f"IKEv1, {sheet.exchange}, {sheet.method}, lifetime {_time(sheet.lifetime_seconds)}",
    )
    yield from _listed("we offer", sheet.sends)
    yield from _listed("we accept", sheet.takes)
    yield _label(
        "our identity",
        sheet.we or "our address" if "key" in sheet.method else sheet.we or "our subject",
    )
    yield _label("your identity", _any(sheet.they))
    if sheet.method == "pre-shared-key":
        yield _label("secret", "the same pre-shared key at both ends (send it separately)")
    for child in sheet.children:
        yield from _child(child)


def _child(child: ChildSheet) -> Iterator[Line]:
    lifetime = _time(child.lifetime_seconds)
    yield _label("Phase II", f"child {child.name}: {child.mode} mode, lifetime {lifetime}")
    yield _label("our packets", ", ".join(child.ours))
    yield _label("your packets", ", ".join(child.theirs))
    yield from _listed("proposals", child.proposals)


def _listed(label: str, items: Sequence[str]) -> Iterator[Line]:
    for number, item in enumerate(items[:MOST]):
        yield _label(label if not number else "", item)
    if len(items) > MOST:
        yield _label("", f"and {len(items) - MOST} more")


def _label(label: str, text: str) -> Line:
    return Line("plain", f"  {label}", text, "", INDENT)


def _any(text: str) -> str:
    return text if text and text != "any" else "any identity"


def _time(seconds: int | None) -> str:
    """A lifetime as people write it."""
    if seconds is None:
        return "unlimited"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
