"""The pages under docs/ that are made from the code; a test holds them current.

python -m explorer.report.docs     write them
"""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from enum import Enum
from pathlib import Path

from model.language import diagrams
from model.language.document import text
from model.spec import specification
from model.vocabulary.profiles import PROFILES, StackProfile
from proofs.verify.catalogue import CATALOGUE

DOCS = Path(__file__).resolve().parents[2] / "docs"
_MADE = "Made from the code by `python -m explorer.report.docs`.\n"


def pages() -> dict[str, str]:
    """File name below docs/ and its text."""
    return {
        "specification.md": _specification(),
        "states.md": _states(),
        "findings.md": _findings(),
        "profiles.md": _profiles(),
    }


def _specification() -> str:
    title, _, rest = text(specification()).partition("\n")
    return f"{title}: the specification\n\n{_MADE}{rest}"


def _states() -> str:
    spec = specification()
    parts = ["# State diagrams\n", _MADE]
    for group, field in diagrams.machines(spec):
        drawn = diagrams.mermaid(spec, group, field).strip()
        parts += [f"## {group}\n", spec.groups[group].says + "\n", f"```mermaid\n{drawn}\n```\n"]
    return "\n".join(parts)


def _findings() -> str:
    rows = ["# Findings\n", _MADE, "| id | severity | what it is |", "|---|---|---|"]
    rows += [f"| {x.id} | {x.severity.value} | {x.title} |" for x in CATALOGUE.values()]
    for item in CATALOGUE.values():
        rows.append(f"\n## {item.id}\n\n{item.title} ({item.severity.value}). {item.explanation}\n")
        rows.append(f"- Mend: {item.mend}\n- Sources: {item.sources}")
    return "\n".join(rows) + "\n"


def _profiles() -> str:
    """Every parameter of a stack with its value in each profile, and what it means."""
    meanings = dict(_meanings())
    names = list(PROFILES)
    rows = [
        "# Stack profiles\n",
        _MADE,
        "Where implementations differ, the difference is one of these parameters. A peer has the\n"
        + "profile of its file's format, or the one that `--profile PEER=NAME` gives it.\n",
        f"| parameter | {' | '.join(names)} | |",
        "|---" * (len(names) + 2) + "|",
    ]
    for field in fields(StackProfile):
        if field.name == "name":
            continue
        values = [_value(getattr(PROFILES[name], field.name)) for name in names]
        rows.append(f"| {field.name} | {' | '.join(values)} | {meanings.get(field.name, '')} |")
    return "\n".join(rows) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.value) if isinstance(value, Enum) else str(value)


def _meanings() -> list[tuple[str, str]]:
    """The parameters that the profile's docstring explains, name and words."""
    lines = re.sub(r"\n {8,}", " ", inspect.getdoc(StackProfile) or "").splitlines()
    found = []
    for line in lines:
        match = re.match(r"((?:\w+, )*\w+) {2,}(.+)", line)
        if match and not match[2].startswith("see "):
            meaning = re.sub(r" +", " ", match[2])
            found += [(name, meaning) for name in match[1].split(", ")]
    return found


def main() -> None:
    """Write every page."""
    for name, page in pages().items():
        (DOCS / name).write_text(page, "utf-8")


if __name__ == "__main__":
    main()
