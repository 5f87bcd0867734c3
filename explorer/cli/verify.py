"""`ikeproof verify`."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

from explorer.cli import exits
from explorer.cli.peers import example_files, links, load_peers, reloader, usage
from explorer.report.text import width_of, write
from explorer.view.verdicts import all_findings, overall, report_rows
from model.vocabulary.findings import Severity
from model.vocabulary.outcomes import Outcome, Report
from model.vocabulary.policy import Peer


def run_verify(
    files: Sequence[str],
    stated: Sequence[str],
    profiles: Sequence[str],
    fail_on: str,
    output: str,
    runs: str | None,
    example: str | None,
) -> int:
    """Judge and print; the exit code."""
    if example is not None:
        if files:
            raise usage("--example and files", "name one or the other")
        files = example_files(example)
    if not files:
        raise usage("no files", "name two policy files, or --example NAME")
    peers = load_peers(files, profiles)
    pairs = links(peers, stated)
    from proofs.verify import verify

    today = datetime.datetime.now(tz=datetime.UTC).date()
    report = verify(peers, pairs, today, reloader(files, profiles))
    threshold = Severity(fail_on)
    if output == "json":
        from explorer.report.json import report_json

        sys.stdout.write(report_json(report) + "\n")
    else:
        write(report_rows(report, threshold, width_of()))
    if runs is not None:
        save_runs(peers, pairs, today, Path(runs))
    return exit_code(report, threshold)


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
    """Write the run that shows each decided verdict, one file each."""
    from proofs.verify.witness import witnesses

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, run in witnesses(peers, pairs, today):
            (folder / name).write_text(run.text(), "utf-8")
            print(f"saved {folder / name}", file=sys.stderr)
    except OSError as error:
        raise usage(f"cannot write runs: {error.strerror}", "name a folder to write to") from None
