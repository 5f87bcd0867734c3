"""The pages under docs/ that are generated from the code; a test checks that they are current.

python -m explorer.report.docs     write them
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from dataclasses import fields
from enum import Enum
from pathlib import Path

from explorer.report import keys, tour, weaknesses
from impl.daemon.told import events_schema
from model.language import diagrams
from model.language.document import text
from model.promises import promises
from model.promises.possibilities import POSSIBILITIES
from model.spec import specifications
from model.vocabulary.profiles import PROFILES, StackProfile
from proofs.prover.lemmas import lemmas
from proofs.prover.refinement import refinements
from proofs.verify.catalogue import CATALOGUE
from proofs.verify.log_lines import lines_of
from proofs.verify.reasons import CAUSES

DOCS = Path(__file__).resolve().parents[2] / "docs"
_MADE = "Generated from the code by `python -m explorer.report.docs`.\n"
#: the generated part of verify.md is between these two lines
_FROM = "<!-- Generated from the code by `python -m explorer.report.docs`: -->\n"
_UNTIL = "<!-- until here -->\n"


def pages() -> dict[str, str]:
    """File name below docs/ and its text."""
    return {
        "specification.md": _specification(),
        "states.md": _states(),
        "findings.md": _findings(),
        "profiles.md": _profiles(),
        "promises.md": _promises(),
        "weaknesses.md": f"# Weaknesses\n\n{_MADE}\n{weaknesses.page()}",
        "policies.md": keys.page((DOCS / "policies.md").read_text("utf-8")),
        "verify.md": _verify((DOCS / "verify.md").read_text("utf-8")),
        "explore.md": _explore((DOCS / "explore.md").read_text("utf-8")),
        **{f"img/{name}": picture for name, picture in tour.pictures().items()},
        "events.schema.json": json.dumps(events_schema(), indent=1) + "\n",
    }


def _specification() -> str:
    """Every machine; the first has the page's title, the others follow it."""
    parts: list[str] = []
    for spec in specifications().values():
        title, _, rest = text(spec).partition("\n")
        parts.append(f"{title}: the specification\n\n{'' if parts else _MADE}{rest}")
    return "\n".join(parts)


def _states() -> str:
    parts = ["# State diagrams\n", _MADE]
    for spec in specifications().values():
        for group, field in diagrams.machines(spec):
            drawn = diagrams.mermaid(spec, group, field).strip()
            said = spec.groups[group].says + "\n"
            parts += [f"## {spec.name}: {group}\n", said, f"```mermaid\n{drawn}\n```\n"]
    return "\n".join(parts)


def _findings() -> str:
    rows = ["# Findings\n", _MADE, "| id | severity | what it is |", "|---|---|---|"]
    rows += [f"| {x.id} | {x.severity.value} | {x.title} |" for x in CATALOGUE.values()]
    for item in CATALOGUE.values():
        rows.append(f"\n## {item.id}\n\n{item.title} ({item.severity.value}). {item.explanation}\n")
        rows.append(f"- Fix: {item.mend}\n- Sources: {item.sources}")
        rows += _log_lines(item.id)
    return "\n".join(rows) + "\n"


def _log_lines(finding: str) -> list[str]:
    """What strongSwan logs for a finding, at which end."""
    found = lines_of(finding)
    several = " (other findings have this line too)"
    lines = [f"  - {x.end}: `{x.example}`{'' if x.sure else several}" for x in found]
    return ["- strongSwan logs:", *lines] if lines else []


def _verify(written: str) -> str:
    """The page with its table of reasons: what people wrote, around what the code says."""
    before, _, rest = written.partition(_FROM)
    after = rest.partition(_UNTIL)[2]
    rows = ["| reason | finding | meaning |", "|---|---|---|"]
    for reason, cause in CAUSES.items():
        entry = CATALOGUE[cause.id]
        link = f"[{entry.id}](findings.md#{entry.id.lower()})"
        rows.append(f"| `{reason.value}` | {link} | {entry.title}. {entry.explanation} |")
    return before + _FROM + "\n" + "\n".join(rows) + "\n\n" + _UNTIL + after


def _explore(written: str) -> str:
    """The tour with its tables: what people wrote, around what the registry says."""
    before, _, rest = written.partition(_FROM)
    after = rest.partition(_UNTIL)[2]
    return f"{before}{_FROM}\n{tour.tables()}\n{_UNTIL}{after}"


def _promises() -> str:
    """All promises by theme, then the lemmas."""
    rows = ["# Promises\n", _MADE]
    rows.append(
        "What the specification promises, for all policies, any number of negotiations and runs of\n"
        "any length. `ikeproof prove` proves each by induction with z3, and cvc5 checks the proof.\n"
        "`ikeproof prove --weaknesses` shows what breaks a promise without its exceptions.\n"
        "The machines are in [specification.md](specification.md). The first has two honest peers and an\n"
        "outsider, one exchange of Phase I and any number of Quick Modes. The second is the IPsec driver,\n"
        "packet by packet, and is proved to do what Quick Mode assumes. The third is the flow between two\n"
        'ends that may both start, exchange after exchange. [trust.md](trust.md) explains what "proved"\n'
        "rests on.\n"
    )
    theme = ""
    for item in promises().values():
        about = _about(item.made.__module__)
        if about != theme:
            theme = about
            rows.append(f"## {about.rstrip('.')}\n")
        rows.append(f"### {item.name}\n\n{item.says} ({', '.join(item.requirements)})\n")
    rows += _possibilities()
    rows += _refinements()
    rows += ["## Lemmas\n", "The proofs of the promises rest on these. Each is proved too.\n"]
    rows += [f"- **{item.name}**: {item.why}" for item in lemmas().values()]
    return "\n".join(rows) + "\n"


def _possibilities() -> list[str]:
    """What must remain possible, each with the steps of its run."""
    rows = [
        "## Possibilities\n",
        "These must remain possible. For each, a run with these steps shows that it is.\n",
    ]
    for item in POSSIBILITIES.values():
        head = f"### {item.name}\n\n{item.says} ({', '.join(item.requirements)})\n"
        rows += [head, f"{item.machine}: {', '.join(f'`{step}`' for step in item.steps)}\n"]
    return rows


def _refinements() -> list[str]:
    """How machines are put together, and what each leaves to its caller."""
    rows = [
        "## Refinements\n",
        "In each, a detailed machine replaces a part of another one. This is proved too.\n",
    ]
    for item in refinements().values():
        head = f"### {item.name}\n\n{item.says} ({', '.join(item.requirements)})\n"
        left = item.made().left_to_the_caller().items()
        seen_to = [f"- `{name}`: {', '.join(guards)}" for name, guards in left]
        rows += [
            head,
            f"Guards that are left to {item.abstract}, for each joint step:\n",
            *seen_to,
            "",
        ]
    return rows


def _about(module: str) -> str:
    """The first line of a module's docstring, without its requirement numbers."""
    text = (inspect.getdoc(importlib.import_module(module)) or "").split("\n\n")[0]
    return re.sub(r" \(R[0-9, R]+\)", "", " ".join(text.split()))


def _profiles() -> str:
    """Every parameter of a stack with its value in each profile, and what it means."""
    meanings = dict(_meanings())
    names = list(PROFILES)
    rows = [
        "# Stack profiles\n",
        _MADE,
        "A profile describes how an implementation behaves where implementations differ. A peer has the\n"
        + "profile of its file's format, or the one that `--profile PEER=NAME` sets.\n",
        f"| parameter | {' | '.join(names)} | meaning |",
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
    (DOCS / "img").mkdir(exist_ok=True)
    for name, page in pages().items():
        (DOCS / name).write_text(page, "utf-8")


if __name__ == "__main__":
    main()
