"""`ikeproof explain`."""

from __future__ import annotations

import difflib
import json

from explorer.cli import exits
from explorer.cli.peers import usage
from proofs.verify.catalogue import CATALOGUE, Entry


def run_explain(id_: str | None, output: str) -> int:
    """Print one entry of the catalogue, or all."""
    entries = list(CATALOGUE.values())
    if id_ is not None:
        entry = CATALOGUE.get(id_.upper())
        if entry is None:
            near = difflib.get_close_matches(id_.upper(), CATALOGUE, 1)
            mend = f"did you mean {near[0]}?" if near else "ikeproof explain lists them"
            raise usage(f"no finding {id_!r}", mend)
        entries = [entry]
    if output == "json":
        tree = {"schema_version": 1, "findings": [_tree(item) for item in entries]}
        print(json.dumps(tree, indent=2))
    elif id_ is None:
        for item in entries:
            print(f"{item.id:<22}{item.severity.value:<9}{item.title}")
    else:
        item = entries[0]
        print(f"{item.id} ({item.severity.value}): {item.title}\n")
        print(f"{item.explanation}\n\nMend: {item.mend}\nSources: {item.sources}")
    return exits.FINE


def _tree(entry: Entry) -> dict[str, str]:
    return {
        "id": entry.id,
        "severity": entry.severity.value,
        "title": entry.title,
        "explanation": entry.explanation,
        "mend": entry.mend,
        "sources": entry.sources,
    }
