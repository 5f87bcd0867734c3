"""The known weaknesses: their runs under examples/weaknesses, and the page made from them.

python -m explorer.report.weaknesses     search the runs again, and write them
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from model.run import Run
from model.spec.weaknesses import KNOWN, Known

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "weaknesses"


def stored(known: Known) -> Run:
    """The saved run of a weakness; OSError if there is none."""
    return Run.parse((FOLDER / f"{known.name}.run").read_text("utf-8"), f"{known.name}.run")


def page() -> str:
    """All of them: what breaks, what it needs, what closes it, and the run."""
    about = (
        "Each is a run of the specification that breaks a promise without its exceptions, with the fewest\n"
        "powers and policies. `ikeproof prove --weaknesses` searches for all; these are the ones with a name.\n"
        "`ikeproof replay examples/weaknesses/NAME.run` replays a run step by step.\n"
    )
    rows = [about, "| weakness | breaks | needs |", "|---|---|---|"]
    for item in KNOWN.values():
        needs = ", ".join(sorted(item.needs))
        rows.append(f"| [{item.name}](#{item.name}) | {item.promise} | {needs} |")
    for item in KNOWN.values():
        rows += _section(item)
    return "\n".join(rows) + "\n"


def _section(item: Known) -> Iterator[str]:
    from proofs.prover.closures import closures
    from proofs.prover.conditions import conditions

    machine = stored(item).specification
    closed_by = closures(item.promise, item.needs)
    yield f"\n## {item.name}\n\n{item.says}\n"
    for condition in conditions(machine):
        if condition.name in item.needs:
            closes = closed_by[condition.name]
            says = f", closed by: {closes}" if closes else ""
            yield f"- `{condition.name}`{says if condition.mend else ', a power on the wire'}"
    yield ""
    for number, (name, params) in enumerate(stored(item).steps, 1):
        given = " ".join(f"{key}={value}" for key, value in params.items())
        yield f"{number}. `{name}`{f' {given}' if given else ''}"


def main() -> None:
    """Write every run."""
    from proofs.prover.weaknesses import shown

    FOLDER.mkdir(exist_ok=True)
    for item in KNOWN.values():
        (FOLDER / f"{item.name}.run").write_text(shown(item).run.text(), "utf-8")


if __name__ == "__main__":
    main()
