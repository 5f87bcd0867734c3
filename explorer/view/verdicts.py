"""The short page of `ikeproof verify`: what comes up, what does not and why, and what to write.

Each direction has one line; if it fails, both sides' lines and the change to make follow. Everything
else is counted, and `details` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from explorer.view.findings import all_findings, counted, finding_lines, merged
from explorer.view.layout import GAP, Line, Paths, laid
from explorer.view.rows import Row, safe_row
from model.vocabulary.findings import Edit, Finding, Severity
from model.vocabulary.outcomes import (
    Outcome,
    PairVerdict,
    Phase1Verdict,
    Phase2Verdict,
    Report,
    Said,
)
from model.vocabulary.policy import WithoutSA
from proofs.verify.reasons import CAUSES
from proofs.verify.reasons import both_sides as sides_in_words

__all__ = ["Row", "all_findings", "overall", "report_rows", "safe_row"]

INDENT = 15
SCREEN = 15  # lines that a failing pair takes
MOST_LISTED = 20  # directions that come up are counted beyond so many
MOST_FINDINGS = 6
ROLES = {Outcome.ESTABLISHED: "ok", Outcome.FAILS: "bad", Outcome.UNDECIDED: "open"}


def report_rows(
    report: Report, threshold: Severity, width: int, see: Mapping[Finding, str] | None = None
) -> Iterator[Row]:
    """The short page; where it would be longer than the first screen, less is listed of each side.

    see  the command that opens the explorer at a finding: shown for the first direction that fails
    """
    paths = Paths(file for peer in report.peers for file in peer.files)
    errors, warnings = _others(report)
    end = list(laid(summary(report, threshold), width))
    rows: list[Row] = []
    for most, shown in ((2, see), (1, see), (1, None)):
        rows = list(laid(_body(report, errors, paths, _Told(most, shown or {})), width))
        if len(rows) + len(end) <= SCREEN:
            break
    yield from rows
    yield from _fitting(warnings, report, paths, width, SCREEN - len(rows) - len(end))
    yield from end


def _body(report: Report, errors: list[Finding], paths: Paths, told: _Told) -> list[Line]:
    """All but warnings and summary."""
    lines = [*peer_lines(report), Line("plain", "", "")]
    listed = [x for x in report.pairs if overall(x) is not Outcome.ESTABLISHED]
    if len(report.pairs) <= MOST_LISTED:
        listed = list(report.pairs)
    for pair in listed:
        lines += _direction(pair, paths, told)
    if len(listed) < len(report.pairs):
        up = len(report.pairs) - len(listed)
        lines.append(
            Line("ok", "ESTABLISHED", f"{up} directions come up (--details lists them)", "", 12)
        )
    if not report.pairs:
        lines.append(Line("open", "", "No IKEv1 connection of these peers faces another."))
    lines += _short(errors, report, paths)
    lines.append(Line("plain", "", ""))
    if len(report.peers) == 2:
        lines += packets(report, paths)
    return lines


def _fitting(
    warnings: list[Finding], report: Report, paths: Paths, width: int, room: int
) -> Iterator[Row]:
    """As many warnings as the first screen has room for; the summary counts them all."""
    for item in merged(warnings):
        same = [x for x in warnings if (x.id, x.what) == (item.finding.id, item.finding.what)]
        found = list(laid(_short(same, report, paths), width))
        room -= len(found)
        if room < 0:
            return
        yield from found


def peer_lines(report: Report) -> Iterator[Line]:
    """Each peer with its file and profile; of a fleet only their number."""
    if len(report.peers) > 8:
        yield Line("dim", "", f"{len(report.peers)} peers, {len(report.pairs)} directions")
        return
    column = max((len(peer.name) for peer in report.peers), default=0) + 1
    for peer in report.peers:
        yield Line("dim", peer.name, peer.files[0], f"({peer.profile})", column)


def overall(pair: PairVerdict) -> Outcome:
    """The worst of both phases."""
    found = {pair.phase1.outcome, *(item.outcome for item in pair.phase2)}
    for outcome in (Outcome.FAILS, Outcome.UNDECIDED):
        if outcome in found:
            return outcome
    return Outcome.ESTABLISHED


# ---- one direction


@dataclass
class _Told:
    """What the page has already shown: changes, and causes by their lines.

    most   how many items of each side are listed
    see    commands that open the explorer; emptied when one is shown
    """

    most: int
    see: Mapping[Finding, str] = field(default_factory=dict)
    edits: set[Edit] = field(default_factory=set)
    causes: set[tuple[object, ...]] = field(default_factory=set)


def _direction(pair: PairVerdict, paths: Paths, told: _Told) -> Iterator[Line]:
    way = f"{pair.initiator.peer} -> {pair.responder.peer}"
    outcome = overall(pair)
    if outcome is Outcome.ESTABLISHED:
        yield Line("ok", "ESTABLISHED", f"{way}{GAP}{_suites(pair)}", "", 12)
        return
    if pair.phase1.intended:
        at = paths.all([x.place for x in pair.phase1.sent if x.place is not None])
        yield Line("note", "ANSWERS ONLY", f"{way}{GAP}{pair.phase1.why}", at, 12)
        return
    if pair.phase1.outcome is not Outcome.ESTABLISHED:
        title = title_of(pair.phase1)
        yield Line(ROLES[outcome], outcome.value.upper(), f"{way}{GAP}Phase I: {title}", "", 12)
        yield from _cause(pair, pair.phase1, paths, told)
        return
    for child in pair.phase2:
        text = f"{way}{GAP}Phase II, child {child.child}: "
        if child.outcome is Outcome.ESTABLISHED:
            yield Line("ok", "ESTABLISHED", text + str(child.suite), "", 12)
            continue
        label = child.outcome.value.upper()
        yield Line(ROLES[child.outcome], label, text + title_of(child), "", 12)
        yield from _cause(pair, child, paths, told)


def _suites(pair: PairVerdict) -> str:
    if not pair.phase2:
        first = pair.phase1.suite
        return f"Phase I only (no child negotiates): {first}"
    suites = {str(child.suite) for child in pair.phase2}
    names = ", ".join(child.child for child in pair.phase2)
    if len(suites) == 1:
        many = f" (children {names})" if len(pair.phase2) > 1 else ""
        return f"{suites.pop()}{many}"
    return "; ".join(f"{child.child}: {child.suite}" for child in pair.phase2)


def title_of(verdict: Phase1Verdict | Phase2Verdict) -> str:
    """In a few words what is wrong, or that something is missing."""
    if verdict.outcome is Outcome.UNDECIDED:
        return "information is missing"
    return CAUSES[verdict.reason].title if verdict.reason else "it fails"


def _cause(
    pair: PairVerdict, verdict: Phase1Verdict | Phase2Verdict, paths: Paths, told: _Told
) -> Iterator[Line]:
    """Both sides' lines, why, and what to write."""
    found = finding_of(pair, verdict)
    edits = found.edits if found is not None else ()
    if edits and set(edits) <= told.edits:
        yield _label("fix", "by the same change" if len(edits) == 1 else "by the same changes")
        return
    cause = verdict.reason, frozenset((x.text, x.place) for x in (*verdict.sent, *verdict.wanted))
    if verdict.sent and verdict.wanted and not edits and cause in told.causes:
        yield _label("why", "for the same reason")
        return
    told.causes.add(cause)
    yield from both_sides(pair, verdict, paths, told.most)
    yield from need_lines(verdict)
    if explains(pair, verdict):
        yield _label("why", verdict.why, at="" if verdict.sent else _where(found, paths))
    told.edits |= set(edits)
    yield from mend_lines(found, paths)
    if found is not None and found in told.see:
        yield Line("dim", "  see", told.see[found], "", INDENT, code=True)
        told.see = {}


def explains(pair: PairVerdict, verdict: Phase1Verdict | Phase2Verdict) -> bool:
    """Whether `why` says more than both sides' lines do."""
    ends = pair.initiator.peer, pair.responder.peer
    return bool(verdict.why) and verdict.why != sides_in_words(verdict, *ends)


def need_lines(verdict: Phase1Verdict | Phase2Verdict) -> Iterator[Line]:
    """What is missing for a verdict; alternatives have a line each."""
    for need in verdict.needs:
        for number, part in enumerate(need.split("; ")):
            yield _label("needs" if not number else "", f"{'  ' if number else ''}{part}", "open")


def finding_of(pair: PairVerdict, verdict: Phase1Verdict | Phase2Verdict) -> Finding | None:
    """The error that this verdict is."""
    child = verdict.child if isinstance(verdict, Phase2Verdict) else None
    prefix = "P2-" if child is not None else "P1-"
    for item in pair.findings:
        if item.severity is Severity.ERROR and item.id.startswith(prefix) and item.child == child:
            return item
    return None


def _where(found: Finding | None, paths: Paths) -> str:
    if found is None:
        return ""
    return paths.all([x for x in (found.place, *found.others) if x is not None])


def both_sides(
    pair: PairVerdict, verdict: Phase1Verdict | Phase2Verdict, paths: Paths, most: int
) -> Iterator[Line]:
    """What each side says, if they have nothing in common."""
    rows = [
        (f"{who} {item.verb or verb}" if not number else "", item)
        for who, verb, said in (
            (pair.initiator.peer, "sends", verdict.sent),
            (pair.responder.peer, "wants", verdict.wanted),
        )
        for number, item in enumerate(_most(said, most))
    ]
    column = max((len(item.text) for _, item in rows), default=0)
    for lead, item in rows:
        at = paths.at(item.place)
        text = f"{item.text:<{column}}   {at}" if at and column < 48 else item.text
        yield Line("plain", f"  {lead}", text, "" if text != item.text else at, INDENT)


def _most(said: tuple[Said, ...], most: int) -> Iterable[Said]:
    if most == 1 and len(said) > most:
        yield replace(said[0], text=f"{said[0].text}, and {len(said) - most} more")
        return
    yield from said[:most]
    if len(said) > most:
        yield Said(f"and {len(said) - most} more")


def mend_lines(found: Finding | None, paths: Paths) -> Iterator[Line]:
    """The lines to write, or what to do."""
    if found is None:
        return
    for edit in found.edits:
        at = paths.at(edit.place)
        yield Line(
            "plain", "  fix", edit.text, f"add to {at}" if edit.adds else at, INDENT, code=True
        )
    if not found.edits and found.mend:
        yield _label("fix", found.mend)


def _label(label: str, text: str, role: str = "plain", at: str = "") -> Line:
    return Line(role, f"  {label}", text, at, INDENT)


# ---- what holds for the pair


_WITHOUT = {
    WithoutSA.CLEAR: "sends in CLEAR until an SA is up",
    WithoutSA.CLEAR_AFTER_SILENCE: "sends in CLEAR when the peer does not answer (soft SA)",
    WithoutSA.DROPPED: "drops packets until an SA is up",
}


def packets(report: Report, paths: Paths) -> Iterator[Line]:
    """What happens to packets without an SA, once for each peer."""
    worst: dict[str, WithoutSA] = {}
    order = list(_WITHOUT)
    for pair in report.pairs:
        for end, what in zip((pair.initiator, pair.responder), pair.without_sa, strict=True):
            if what is not None:
                known = worst.get(end.peer, WithoutSA.DROPPED)
                worst[end.peer] = min(known, what, key=order.index)
    places = {
        item.way[0]: item.place
        for pair in report.pairs
        for item in pair.findings
        if item.id.startswith("CLEAR-") and item.way is not None
    }
    if len(set(worst.values())) == 1 and len(worst) == 2:
        (what,) = set(worst.values())
        at = paths.all([x for x in places.values() if x is not None])
        role = "plain" if what is WithoutSA.DROPPED else "warn"
        said = _WITHOUT[what].replace("sends", "send").replace("drops", "drop")
        yield Line(role, "packets", f"both peers {said}", at, INDENT)
        return
    for peer, what in worst.items():
        role = "plain" if what is WithoutSA.DROPPED else "warn"
        yield Line(role, "packets", f"{peer} {_WITHOUT[what]}", paths.at(places.get(peer)), INDENT)


def _others(report: Report) -> tuple[list[Finding], list[Finding]]:
    """Errors and warnings that no direction's lines have shown."""
    shown = {
        found
        for pair in report.pairs
        for found in (
            finding_of(pair, pair.phase1),
            *(finding_of(pair, child) for child in pair.phase2),
        )
        if found is not None
    }
    two = len(report.peers) == 2
    rest = [
        item
        for item in all_findings(report)
        if item not in shown
        and not (two and (item.id.startswith("CLEAR-") or item.id == "ONE-WAY"))
    ]
    errors = [item for item in rest if item.severity is Severity.ERROR]
    return errors, [item for item in rest if item.severity is Severity.WARNING]


def _short(rest: list[Finding], report: Report, paths: Paths) -> Iterator[Line]:
    """The first of them, each with the lines that fix it."""
    together = merged(rest)
    for item in together[:MOST_FINDINGS]:
        same = [x for x in rest if (x.id, x.what) == (item.finding.id, item.finding.what)]
        yield from finding_lines(same, paths, about=len(report.pairs) > 2)
        if item.finding.severity is Severity.ERROR or item.finding.edits:
            yield from mend_lines(item.finding, paths)
    if len(together) > MOST_FINDINGS:
        yield Line("plain", "", f"and {len(together) - MOST_FINDINGS} more (--details)")


def summary(report: Report, threshold: Severity, complete: bool = False) -> Iterator[Line]:
    """Counts and assumptions; `complete`: the page shows everything that is counted."""
    findings = all_findings(report)
    counts = counted(findings)
    named = ((counts[kind], kind.value) for kind in reversed(Severity))
    text = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in named)
    assumed = dict.fromkeys(item for pair in report.pairs for item in pair.assumptions)
    failing = any(x.severity.rank >= threshold.rank for x in findings)
    undecided = any(overall(pair) is Outcome.UNDECIDED for pair in report.pairs)
    role = "bad" if failing else "open" if undecided else "ok"
    rest = f" Assumed: {'; '.join(assumed)}." if assumed else ""
    if report.untried:
        failing_links = report.tried + len(report.untried)
        yield Line(
            "note",
            "",
            f"Changes were tried for {report.tried} of {failing_links} failing links; for the others "
            "there is advice only. Apply these changes and run verify again, or judge fewer links "
            "at a time (--link A=B).",
        )
    more = "" if complete else " (--details shows all)"
    yield Line(role, "", f"{text}{more}.{rest}")
