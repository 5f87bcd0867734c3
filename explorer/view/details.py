"""The whole page of `ikeproof verify --details`: both phases, packets, bounds, every finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from explorer.view.findings import all_findings, finding_lines
from explorer.view.layout import GAP, Line, Paths, laid
from explorer.view.rows import Row
from explorer.view.verdicts import (
    INDENT,
    ROLES,
    both_sides,
    explains,
    finding_of,
    mend_lines,
    need_lines,
    overall,
    packets,
    peer_lines,
    summary,
    title_of,
)
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.outcomes import Outcome, PairVerdict, Phase1Verdict, Phase2Verdict, Report
from model.vocabulary.policy import WithoutSA
from proofs.verify.bounds import THEOREMS

MOST_SAID = 8


def detailed_rows(
    report: Report, threshold: Severity, width: int, see: Mapping[Finding, str] | None = None
) -> Iterator[Row]:
    """Everything in the report; `see`: the command that opens the explorer at a finding."""
    paths = Paths(file for peer in report.peers for file in peer.files)
    lines = list(peer_lines(report))
    for pair in report.pairs:
        lines.append(Line("plain", "", ""))
        lines += _pair(pair, paths)
    if not report.pairs:
        lines.append(Line("open", "", "No IKEv1 connection of these peers faces another."))
    lines.append(Line("plain", "", ""))
    lines += packets(report, paths)
    findings = all_findings(report)
    if findings:
        lines += [Line("plain", "", ""), Line("plain", "", "Findings (ikeproof explain ID)")]
        lines += finding_lines(findings, paths, see=see)
    lines.append(Line("plain", "", ""))
    lines += summary(report, threshold, complete=True)
    lines += _undecided(report)
    if any(pair.overlap for pair in report.pairs):
        proved = ", ".join(_theorems(report))
        lines.append(Line("dim", "", f"Proved for all policies: {proved}."))
    yield from laid(lines, width)


def _pair(pair: PairVerdict, paths: Paths) -> Iterator[Line]:
    outcome = overall(pair)
    way = f"{pair.initiator.peer} -> {pair.responder.peer}"
    ends = f"connection {pair.initiator.connection or '?'}"
    if pair.responder.connection is not None and pair.responder != pair.initiator:
        ends += f", answered by {pair.responder.connection}"
    yield Line(ROLES[outcome], outcome.value.upper(), f"{way}{GAP}{ends}", "", 12)
    yield from _phase(pair, pair.phase1, "Phase I", paths)
    for child in pair.phase2:
        label = f"Phase II, child {child.child}"
        yield from _phase(pair, child, label, paths)
        if child.initiator_selector is not None:
            said = f"{child.initiator_selector} === {child.responder_selector}"
            yield _label("", said)
    yield from _bounds(pair)


def _phase(
    pair: PairVerdict, verdict: Phase1Verdict | Phase2Verdict, label: str, paths: Paths
) -> Iterator[Line]:
    said = verdict.outcome.value
    if verdict.suite is not None and verdict.outcome is not Outcome.FAILS:
        said += f": {verdict.suite}"
        if isinstance(verdict, Phase1Verdict):
            said += f", {verdict.suite.authentication.value}"
        else:
            said += f", {verdict.suite.mode.value} mode"
    if verdict.outcome is not Outcome.ESTABLISHED:
        reason = f" ({verdict.reason.value})" if verdict.reason else ""
        said = f"{said}: {title_of(verdict)}{reason}"
    yield Line(ROLES[verdict.outcome], f"  {label}", said, "", 2 + max(13, len(label) + 1))
    if verdict.outcome is Outcome.ESTABLISHED:
        return
    yield from both_sides(pair, verdict, paths, MOST_SAID)
    yield from need_lines(verdict)
    if explains(pair, verdict):
        yield _label("why", verdict.why)
    yield from mend_lines(finding_of(pair, verdict), paths)


def _label(label: str, text: str, role: str = "plain") -> Line:
    return Line(role, f"  {label}", text, "", INDENT)


def _bounds(pair: PairVerdict) -> Iterator[Line]:
    """Overlap and exposure: what the proved promises say for these lifetimes."""
    if pair.overlap is None or pair.exposure is None:
        return
    overlap, exposure = pair.overlap, pair.exposure
    if overlap.supremum_seconds is None:
        text = "unlimited: Phase II has no lifetime in seconds"
    elif overlap.supremum_seconds == 0:
        text = "none: Phase II ends with Phase I"
    else:
        ending = "reached" if overlap.reached else "never reached unless Phase I is deleted early"
        text = f"less than {overlap.supremum_seconds} s after Phase I ends ({ending})"
    yield _label("overlap", text)
    time = f"{exposure.seconds} s" if exposure.seconds is not None else "unlimited time"
    data = f"{exposure.kilobytes} kB" if exposure.kilobytes is not None else "unlimited data"
    yield _label("exposure", f"one Diffie-Hellman secret opens {time}, {data}")


def _undecided(report: Report) -> Iterator[Line]:
    needs: dict[str, None] = {}
    for pair in report.pairs:
        needs |= dict.fromkeys(pair.phase1.needs)
        needs |= dict.fromkeys(need for child in pair.phase2 for need in child.needs)
    if needs:
        yield Line("open", "", f"Undecided: {'; '.join(needs)}.")


def _theorems(report: Report) -> dict[str, None]:
    """The promises that the report rests on."""
    kinds = ["overlap", "exposure"]
    stated = [item for pair in report.pairs for item in pair.without_sa]
    kinds += ["clear-after-silence"] if WithoutSA.CLEAR_AFTER_SILENCE in stated else []
    return dict.fromkeys(name for kind in kinds for name in THEOREMS[kind])
