"""`ikeproof verify`."""

from __future__ import annotations

import datetime
import gc
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli import exits
from explorer.cli.peers import Beside, example_files, links, load_peers, reloader, usage
from explorer.cli.seeing import commands
from explorer.report.text import width_of, write
from explorer.view.findings import all_findings
from explorer.view.verdicts import overall, report_rows
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.outcomes import Outcome, Report
from model.vocabulary.policy import Peer

if TYPE_CHECKING:
    from proofs.verify.logs import Pointed


@dataclass(frozen=True)
class Asked:
    """The options and arguments of the command."""

    files: Sequence[str]
    links: Sequence[str]
    beside: Beside
    fail_on: str = "error"
    output: str = "text"
    details: bool = False
    color: str = "auto"
    runs: str | None = None
    example: str | None = None
    log: str | None = None


def run_verify(asked: Asked) -> int:
    """Judge and print; the exit code.

    Everything that is read and judged is kept to the end and has hardly any cycles; collecting them would
    take nearly half of the time (benchmarks.mesh).
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return _judged(asked)
    finally:
        if collects:
            gc.enable()


def _judged(asked: Asked) -> int:
    files = asked.files
    if asked.example is not None:
        if files:
            raise usage("--example and files", "name one or the other")
        files = example_files(asked.example)
    if not files:
        raise usage("no files", "name two policy files, or --example NAME")
    peers = load_peers(files, asked.beside)
    if len(peers) == 1 and not asked.links:
        return _alone(peers[0], asked)
    pairs = links(peers, asked.links)
    from proofs.verify import verify

    today = datetime.datetime.now(tz=datetime.UTC).date()
    report = verify(peers, pairs, today, reloader(files, asked.beside))
    threshold = Severity(asked.fail_on)
    log = _log(asked)
    see = commands(report, files, asked.beside, asked.example)
    if asked.output == "json":
        from explorer.report.json import report_json

        sys.stdout.write(report_json(report, log, see) + "\n")
    else:
        _print(report, threshold, asked, see)
        _print_log(all_findings(report), log, asked)
    if asked.runs is not None:
        save_runs(peers, pairs, today, Path(asked.runs))
    return exit_code(report, threshold)


def _log(asked: Asked) -> tuple[Pointed, ...] | None:
    if asked.log is None:
        return None
    from explorer.cli.explain import read_log

    return read_log(asked.log)


def _print_log(findings: Sequence[Finding], log: tuple[Pointed, ...] | None, asked: Asked) -> None:
    if log is None or asked.log is None:
        return
    from explorer.view.explained import confirmed_lines
    from explorer.view.layout import laid

    write(laid(confirmed_lines(findings, log, asked.log), width_of()), color=asked.color)


def _alone(peer: Peer, asked: Asked) -> int:
    """Judge one policy by itself, and print what the other end must have."""
    from proofs.verify.alone import findings_alone, sheets

    findings = findings_alone(peer, datetime.datetime.now(tz=datetime.UTC).date())
    made = sheets(peer)
    log = _log(asked)
    if asked.output == "json":
        from explorer.report.json import alone_json

        sys.stdout.write(alone_json(peer, made, findings, log) + "\n")
    else:
        from explorer.view.sheet import alone_rows

        rows = alone_rows(peer, made, findings, asked.details, width_of())
        write(rows, color=asked.color)
        _print_log(findings, log, asked)
    failing = any(x.severity.rank >= Severity(asked.fail_on).rank for x in findings)
    return exits.FINDINGS if failing else exits.FINE


def _print(report: Report, threshold: Severity, asked: Asked, see: Mapping[Finding, str]) -> None:
    rows = report_rows(report, threshold, width_of(), see)
    if asked.details:
        from explorer.view.details import detailed_rows

        rows = detailed_rows(report, threshold, width_of(), see)
    write(rows, color=asked.color)


def exit_code(report: Report, threshold: Severity) -> int:
    """1 for findings at or above the threshold, 3 if something is undecided, else 0."""
    if any(item.severity.rank >= threshold.rank for item in all_findings(report)):
        return exits.FINDINGS
    if not report.pairs or any(overall(pair) is Outcome.UNDECIDED for pair in report.pairs):
        return exits.UNDECIDED
    return exits.FINE


def save_runs(
    peers: Sequence[Peer], pairs: Sequence[tuple[str, str]], today: datetime.date, folder: Path
) -> None:
    """Write the run that shows each decided verdict, each to a file."""
    from proofs.verify.witness import witnesses

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, run in witnesses(peers, pairs, today):
            (folder / name).write_text(run.text(), "utf-8")
            print(f"saved {folder / name}", file=sys.stderr)
    except OSError as error:
        raise usage(f"cannot write runs: {error.strerror}", "name a folder to write to") from None
