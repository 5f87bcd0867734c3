"""A report as JSON, schema_version 1. Keys are always present, null where nothing is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from model.vocabulary.findings import Edit, Finding
from model.vocabulary.outcomes import (
    End,
    Exposure,
    Overlap,
    PairVerdict,
    Phase1Verdict,
    Phase2Verdict,
    Report,
)
from model.vocabulary.places import Place
from model.vocabulary.policy import Peer
from model.vocabulary.suites import Phase1Suite, Phase2Suite
from proofs.verify.alone import Sheet
from proofs.verify.bounds import THEOREMS
from proofs.verify.logs import Pointed

SCHEMA_VERSION = 1


def report_json(
    report: Report,
    log: Sequence[Pointed] | None = None,
    see: Mapping[Finding, str] | None = None,
) -> str:
    """The whole report as ASCII text; `log`: what a log points to, if one was given; `see`: the command
    that opens the explorer at a finding."""
    tree: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "peers": [
            {"name": p.name, "files": list(p.files), "profile": p.profile} for p in report.peers
        ],
        "pairs": [_pair(item, see or {}) for item in report.pairs],
        "findings": [_finding(item) for item in report.findings],
        "changes": {
            "tried_links": report.tried,
            "untried_links": [list(link) for link in report.untried],
        },
    }
    if log is not None:
        tree["log"] = [_pointed(item) for item in log]
    return json.dumps(tree, indent=2, ensure_ascii=True)


def _pair(pair: PairVerdict, see: Mapping[Finding, str]) -> dict[str, Any]:
    initiator, responder = pair.without_sa
    return {
        "initiator": _end(pair.initiator),
        "responder": _end(pair.responder),
        "phase1": _phase1(pair.phase1),
        "phase2": [_phase2(item) for item in pair.phase2],
        "without_sa": {
            "initiator": initiator.value if initiator else None,
            "responder": responder.value if responder else None,
        },
        "overlap": _overlap(pair.overlap),
        "exposure": _exposure(pair.exposure),
        "assumptions": list(pair.assumptions),
        "findings": [_finding(item, see.get(item)) for item in pair.findings],
    }


def _end(end: End) -> dict[str, Any]:
    return {"peer": end.peer, "connection": end.connection}


def _phase1(verdict: Phase1Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.value if verdict.reason else None,
        "needs": list(verdict.needs),
        "suite": _phase1_suite(verdict.suite),
    }


def _phase1_suite(suite: Phase1Suite | None) -> dict[str, Any] | None:
    if suite is None:
        return None
    return {
        "encryption": str(suite.encryption),
        "hash": suite.hash.value,
        "group": suite.group.value,
        "authentication": suite.authentication.value,
    }


def _phase2(verdict: Phase2Verdict) -> dict[str, Any]:
    ours, theirs = verdict.initiator_selector, verdict.responder_selector
    return {
        "child": verdict.child,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.value if verdict.reason else None,
        "needs": list(verdict.needs),
        "suite": _phase2_suite(verdict.suite),
        "selectors": {
            "initiator": str(ours) if ours else None,
            "responder": str(theirs) if theirs else None,
        },
    }


def _phase2_suite(suite: Phase2Suite | None) -> dict[str, Any] | None:
    """Of a bundle: protocols joined by +, and the integrity of each."""
    if suite is None:
        return None
    parts = suite.protections
    ciphers = [str(item.encryption) for item in parts if item.encryption is not None]
    integrities = [item.integrity.value for item in parts if item.integrity is not None]
    return {
        "protocol": "+".join(item.protocol.value for item in parts),
        "encryption": "+".join(ciphers) or None,
        "integrity": "+".join(integrities) or None,
        "esn": any(item.esn for item in parts),
        "pfs_group": suite.pfs_group.value if suite.pfs_group else None,
        "mode": suite.mode.value,
    }


def _overlap(overlap: Overlap | None) -> dict[str, Any]:
    return {
        "supremum_seconds": overlap.supremum_seconds if overlap else None,
        "reached": overlap.reached if overlap else None,
        "theorems": list(THEOREMS["overlap"]) if overlap else [],
    }


def _exposure(exposure: Exposure | None) -> dict[str, Any]:
    return {
        "seconds": exposure.seconds if exposure else None,
        "kilobytes": exposure.kilobytes if exposure else None,
        "theorems": list(THEOREMS["exposure"]) if exposure else [],
    }


def _finding(finding: Finding, see: str | None = None) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "place": _place(finding.place),
        "what": finding.what,
        "mend": finding.mend,
        "others": [_place(item) for item in finding.others],
        "direction": list(finding.way) if finding.way else None,
        "child": finding.child,
        "edits": [_edit(item) for item in finding.edits],
        "see": see,
    }


def _edit(edit: Edit) -> dict[str, Any]:
    """A change that was tried; `adds`: insert into the section at this place, else replace the setting."""
    return {"place": _place(edit.place), "text": edit.text, "adds": edit.adds}


def alone_json(
    peer: Peer,
    sheets: Sequence[Sheet],
    findings: Sequence[Finding],
    log: Sequence[Pointed] | None = None,
) -> str:
    """One policy alone: its findings, and what the other end must have; `log` as for a report."""
    made = [asdict(item) for item in sheets]
    for sheet, item in zip(made, sheets, strict=True):
        sheet["place"] = _place(item.place)
        for child, of in zip(sheet["children"], item.children, strict=True):
            child["place"] = _place(of.place)
    tree: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "peer": {"name": peer.name, "files": list(peer.files), "profile": peer.profile.name},
        "findings": [_finding(item) for item in findings],
        "sheets": made,
    }
    if log is not None:
        tree["log"] = [_pointed(item) for item in log]
    return json.dumps(tree, indent=2, ensure_ascii=True)


def _place(place: Place | None) -> dict[str, Any] | None:
    return {"file": place.file, "line": place.line} if place else None


def log_json(file: str, found: Sequence[Pointed]) -> str:
    """What a log points to."""
    tree = {
        "schema_version": SCHEMA_VERSION,
        "log": file,
        "findings": [_pointed(x) for x in found],
    }
    return json.dumps(tree, indent=2, ensure_ascii=True)


def _pointed(item: Pointed) -> dict[str, Any]:
    """`ids`: one finding, or several that log the same line (`sure` is false then)."""
    lines = [{"line": number, "text": text} for number, text in item.lines]
    return {"ids": list(item.findings), "sure": item.sure, "lines": lines}
