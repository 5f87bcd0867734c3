"""A report as rows of text with roles; no terminal and no colour here.

A row is (role, text); roles: ok, bad, open (undecided), warn, note, plain, dim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from explorer.view.safe import safe
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.outcomes import (
    Outcome,
    PairVerdict,
    Phase1Verdict,
    Phase2Verdict,
    Report,
    Said,
)
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import WithoutSA

WIDTH = 11
_ROLES = {Outcome.ESTABLISHED: "ok", Outcome.FAILS: "bad", Outcome.UNDECIDED: "open"}
_SEVERITY = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "note"}
from proofs.verify.bounds import THEOREMS


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its role, what stands first, and the rest."""

    role: str
    head: str
    text: str = ""


def report_rows(report: Report, threshold: Severity) -> Iterator[Row]:
    """The whole report: what a policy owner needs first, first."""
    for peer in report.peers:
        yield Row("dim", f"{peer.name}  {peer.files[0]} ({peer.profile})")
    for pair in report.pairs:
        yield Row("plain", "")
        yield from pair_rows(pair)
    if not report.pairs:
        yield Row("open", "No IKEv1 connection of these peers faces another.")
    findings = all_findings(report)
    if findings:
        yield Row("plain", "")
        yield Row("plain", "Findings")
        yield from finding_rows(findings)
    yield Row("plain", "")
    yield from _summary(report, findings, threshold)


def all_findings(report: Report) -> list[Finding]:
    """Those of the files and of all pairs, each once, the gravest first."""
    found = dict.fromkeys(report.findings)
    for pair in report.pairs:
        found.update(dict.fromkeys(pair.findings))
    return sorted(found, key=lambda item: -item.severity.rank)


def pair_rows(pair: PairVerdict) -> Iterator[Row]:
    """One direction."""
    outcome = overall(pair)
    way = f"{pair.initiator.peer} -> {pair.responder.peer}"
    yield Row(_ROLES[outcome], f"{outcome.value.upper():<12}", f"{way}   {_headline(pair)}")
    yield from _phase1_rows(pair)
    for child in pair.phase2:
        yield from _phase2_rows(pair, child)
    if not pair.phase2:
        for peer, what in zip((pair.initiator, pair.responder), pair.without_sa, strict=True):
            if what is not None:
                yield _label("packets", f"leave {peer.peer} {_WITHOUT[what]}")
    yield from _bounds(pair)


def overall(pair: PairVerdict) -> Outcome:
    """The worst of both phases."""
    found = {pair.phase1.outcome, *(item.outcome for item in pair.phase2)}
    for outcome in (Outcome.FAILS, Outcome.UNDECIDED):
        if outcome in found:
            return outcome
    return Outcome.ESTABLISHED


def _headline(pair: PairVerdict) -> str:
    if pair.phase1.outcome is not Outcome.ESTABLISHED:
        reason = f" ({pair.phase1.reason.value})" if pair.phase1.reason else ""
        what = pair.phase1.why or "needs something that is not in the files"
        return f"connection {pair.initiator.connection}, Phase I: {what}{reason}"
    for child in pair.phase2:
        if child.outcome is not Outcome.ESTABLISHED:
            reason = f" ({child.reason.value})" if child.reason else ""
            what = child.why or "needs something that is not in the files"
            return f"Phase II, child {child.child}: {what}{reason}"
    if not pair.phase2:
        return "Phase I only: no child negotiates"
    return "; ".join(str(child.suite) for child in pair.phase2)


def _label(label: str, text: str, role: str = "plain") -> Row:
    return Row(role, f"  {label:<{WIDTH}}", text)


def _phase1_rows(pair: PairVerdict) -> Iterator[Row]:
    verdict = pair.phase1
    text = verdict.outcome.value
    if verdict.suite is not None:
        method = verdict.suite.authentication.value
        text = f"{text:<12}   {verdict.suite}, {method}"
    yield _label("Phase I", text, _ROLES[verdict.outcome])
    for need in verdict.needs:
        yield _label("needs", need, "open")
    yield from _both_sides(pair, verdict)
    if verdict.outcome is Outcome.FAILS:
        yield from _mending(pair, None)


def _both_sides(pair: PairVerdict, verdict: Phase1Verdict | Phase2Verdict) -> Iterator[Row]:
    """What each side says, where they have no common ground."""
    if verdict.outcome is Outcome.ESTABLISHED:
        return
    for who, verb, said in (
        (pair.initiator.peer, "sends", verdict.sent),
        (pair.responder.peer, "wants", verdict.wanted),
    ):
        for number, item in enumerate(said[:4]):
            lead = f"{who} {verb}" if not number else ""
            yield _label("", f"{lead:<18} {_said(item)}")
        if len(said) > 4:
            yield _label("", f"{'':<18} and {len(said) - 4} more")


def _said(item: Said) -> str:
    return f"{item.text:<36} {item.place}" if item.place else item.text


def _phase2_rows(pair: PairVerdict, child: Phase2Verdict) -> Iterator[Row]:
    text = child.outcome.value
    if child.suite is not None:
        text = f"{text:<12}   {child.suite}, {child.suite.mode.value} mode"
    name = f"child {child.child}" if len(pair.phase2) > 1 else ""
    yield _label("Phase II", f"{text} {name}".rstrip(), _ROLES[child.outcome])
    for need in child.needs:
        yield _label("needs", need, "open")
    if child.initiator_selector is not None:
        yield _label("", f"{child.initiator_selector} === {child.responder_selector}")
    yield from _both_sides(pair, child)
    if child.outcome is Outcome.FAILS:
        yield from _mending(pair, child)
    for peer, stated in zip((pair.initiator, pair.responder), child.without_sa, strict=True):
        if stated is not None:
            yield _label("packets", f"leave {peer.peer} {_packets(stated)}")


_WITHOUT = {
    WithoutSA.CLEAR: "IN CLEAR while no SA stands",
    WithoutSA.CLEAR_AFTER_SILENCE: "IN CLEAR after silence (soft SA)",
    WithoutSA.DROPPED: "not at all while no SA stands: they are dropped",
}


def _packets(stated: Stated[WithoutSA]) -> str:
    where = f"   {stated.place}" if stated.place else ""
    return f"{_WITHOUT[stated.value]}{where}"


def _mending(pair: PairVerdict, child: Phase2Verdict | None) -> Iterator[Row]:
    prefix = "P2-" if child is not None else "P1-"
    for item in pair.findings:
        if item.severity is Severity.ERROR and item.id.startswith(prefix):
            if child is not None and child.child != item.child:
                continue
            for edit in item.edits:
                yield _label(
                    "mend", f"{'add to ' if edit.adds else ''}{_at(edit.place)}{edit.text}"
                )
            if not item.edits:
                yield _label("mend", f"{_at(item.place)}{item.mend}")
            return


def _at(place: Place | None) -> str:
    return f"{place}   " if place else ""


def _bounds(pair: PairVerdict) -> Iterator[Row]:
    """Overlap and exposure: what proved promises say for these lifetimes."""
    if pair.overlap is None or pair.exposure is None:
        return
    overlap, exposure = pair.overlap, pair.exposure
    if overlap.supremum_seconds is None:
        text = "without bound: Phase II has no lifetime in seconds"
    elif overlap.supremum_seconds == 0:
        text = "none: Phase II ends with Phase I"
    else:
        ending = "reached" if overlap.reached else "never reached, unless Phase I is deleted early"
        text = f"less than {overlap.supremum_seconds} s after Phase I ends ({ending})"
    yield _label("overlap", text)
    time = f"{exposure.seconds} s" if exposure.seconds is not None else "unbounded time"
    data = f"{exposure.kilobytes} kB" if exposure.kilobytes is not None else "unbounded data"
    yield _label("exposure", f"one Diffie-Hellman secret opens {time}, {data}")


def finding_rows(findings: Iterable[Finding]) -> Iterator[Row]:
    """Findings as a linter prints them."""
    for item in findings:
        where = f"{item.place}: " if item.place else ""
        yield Row(
            _SEVERITY[item.severity],
            f"  {item.severity.value:<8} {item.id:<20}",
            f"{where}{item.what}",
        )


def _summary(report: Report, findings: list[Finding], threshold: Severity) -> Iterator[Row]:
    counts = [sum(item.severity is kind for item in findings) for kind in reversed(Severity)]
    named = zip(counts, ("error", "warning", "note"), strict=True)
    text = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in named)
    assumed = dict.fromkeys(item for pair in report.pairs for item in pair.assumptions)
    needs: dict[str, None] = {}
    for pair in report.pairs:
        needs |= dict.fromkeys(pair.phase1.needs)
        needs |= dict.fromkeys(need for child in pair.phase2 for need in child.needs)
    failing = any(item.severity.rank >= threshold.rank for item in findings)
    role = "bad" if failing else "open" if needs else "ok"
    yield Row(role, f"{text}.", f"Assumed: {'; '.join(assumed) or 'nothing'}.")
    yield Row("plain", "", f"Undecided: {'; '.join(needs) or 'nothing'}.")
    if any(pair.overlap for pair in report.pairs):
        yield Row("dim", "", f"Proved for all policies: {', '.join(_theorems(report))}.")


def _theorems(report: Report) -> dict[str, None]:
    """The promises that the report rests on."""
    kinds = ["overlap", "exposure"]
    stated = [item for pair in report.pairs for item in pair.without_sa]
    kinds += ["clear-after-silence"] if WithoutSA.CLEAR_AFTER_SILENCE in stated else []
    return dict.fromkeys(name for kind in kinds for name in THEOREMS[kind])


def safe_row(row: Row) -> Row:
    """The row with control characters of its texts made visible."""
    return Row(row.role, safe(row.head), safe(row.text))
