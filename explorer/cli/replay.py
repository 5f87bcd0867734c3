"""`ikeproof replay`."""

from __future__ import annotations

import json

from explorer.cli import exits
from explorer.cli.peers import usage
from explorer.cli.reader import FileReader
from explorer.report.text import write
from explorer.view.rows import Row
from model.formats.reader import ReadError
from model.run import Replay, Run, fingerprint, replay
from model.spec import MACHINES, specification


def run_replay(file: str, output: str) -> int:
    """Replay a saved run; 4 if it diverges."""
    try:
        text = FileReader().read(file).decode("utf-8", "replace")
    except ReadError as error:
        raise usage(f"cannot read {file}: {error}", "check the name") from None
    run = Run.parse(text, file)
    if run.specification not in MACHINES:
        known = ", ".join(MACHINES)
        raise usage(f"{file} is a run of {run.specification!r}", f"specifications are {known}")
    spec = specification(run.specification)
    done = replay(spec, run)
    changed = run.fingerprint != fingerprint(spec)
    if output == "json":
        print(json.dumps(_tree(run, done, changed), indent=2))
    else:
        write(_rows(run, done, changed))
    return exits.FINE if done.diverged_at is None else exits.DIVERGED


def _rows(run: Run, done: Replay, changed: bool) -> list[Row]:
    rows = [Row("plain", run.about)]
    if changed:
        rows.append(
            Row(
                "open",
                "note",
                f"made with another version of the specification ({run.fingerprint})",
            )
        )
    for number, (name, params) in enumerate(run.steps[: len(done.states) - 1], 1):
        given = " ".join(f"{key}={value}" for key, value in params.items())
        rows.append(Row("plain", f"{number:>3}  {name}", given))
        for slot, old, new in done.machine.changes(done.states[number - 1], done.states[number]):
            rows.append(Row("dim", "      ", f"{slot}: {old} -> {new}"))
    if done.diverged_at is None:
        rows.append(Row("ok", "replays", f"{len(run.steps)} steps"))
    else:
        rows.append(Row("bad", f"diverged at step {done.diverged_at}:", done.why))
    return rows


def _tree(run: Run, done: Replay, changed: bool) -> dict[str, object]:
    steps = []
    for number, (name, params) in enumerate(run.steps[: len(done.states) - 1], 1):
        changes = done.machine.changes(done.states[number - 1], done.states[number])
        steps.append(
            {
                "action": name,
                "parameters": dict(params),
                "changes": [{"variable": v, "old": o, "new": n} for v, o, n in changes],
            }
        )
    return {
        "schema_version": 1,
        "about": run.about,
        "same_specification": not changed,
        "steps": steps,
        "diverged_at": done.diverged_at,
        "why": done.why or None,
    }
