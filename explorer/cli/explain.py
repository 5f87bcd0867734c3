"""`ikeproof explain`."""

from __future__ import annotations

import difflib
import json
import sys

from explorer.cli import exits
from explorer.cli.peers import usage
from explorer.cli.reader import FileReader
from explorer.report.text import width_of, write
from explorer.view.explained import entry_lines, pointed_lines
from explorer.view.layout import laid
from model.formats.reader import ReadError
from proofs.verify.catalogue import CATALOGUE, Entry
from proofs.verify.log_lines import lines_of
from proofs.verify.logs import Pointed, is_log, pointed

_LOG_LIMIT = 64 * 1024 * 1024


def run_explain(id_: str | None, output: str, log: str | None = None) -> int:
    """Print one entry of the catalogue, or all, or what a log points to."""
    if log is not None:
        if id_ is not None:
            raise usage("a finding and --log", "name one or the other")
        return _explain_log(log, output)
    entries = list(CATALOGUE.values())
    if id_ is not None:
        entry = CATALOGUE.get(id_.upper())
        if entry is None:
            near = difflib.get_close_matches(id_.upper(), CATALOGUE, 1)
            mend = f"did you mean {near[0]}?" if near else "ikeproof explain lists them"
            raise usage(f"unknown finding {id_!r}", mend)
        entries = [entry]
    if output == "json":
        tree = {"schema_version": 1, "findings": [_tree(item) for item in entries]}
        print(json.dumps(tree, indent=2))
    elif id_ is None:
        for item in entries:
            print(f"{item.id:<24}{item.severity.value:<9}{item.title}")
    else:
        write(laid(entry_lines(entries[0]), width_of()))
    return exits.FINE


def read_log(file: str) -> tuple[Pointed, ...]:
    """What a log points to; `-` is standard input. PolicyError: it cannot be read, or is not a log."""
    if file == "-":
        text = sys.stdin.buffer.read(_LOG_LIMIT).decode("utf-8", "replace")
    else:
        try:
            text = FileReader(_LOG_LIMIT).read(file).decode("utf-8", "replace")
        except ReadError as error:
            raise usage(f"cannot read {file}: {error}", "check the name") from None
    if not is_log(text):
        raise usage(
            f"{file} does not look like a log of strongSwan",
            "give charon's log: lines such as 05[IKE] ..., from syslog, the journal or swanctl --log",
        )
    return pointed(text)


def _explain_log(file: str, output: str) -> int:
    found = read_log(file)
    if output == "json":
        from explorer.report.json import log_json

        print(log_json(file, found))
    else:
        write(laid(pointed_lines(found, file), width_of()))
    return exits.FINE


def _tree(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "severity": entry.severity.value,
        "title": entry.title,
        "explanation": entry.explanation,
        "mend": entry.mend,
        "sources": entry.sources,
        "log": [
            {"end": x.end, "example": x.example, "pattern": x.pattern} for x in lines_of(entry.id)
        ],
    }
