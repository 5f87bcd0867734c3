"""The explorer's page: its pictures, which the program draws, and its tables, which the registry fills."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from explorer.cli.explore_pair import pair_session
from explorer.report import drawn
from explorer.report.explored import exported
from explorer.session.commands import COMMANDS, GROUPS, lines_of
from explorer.session.commands.script import executed
from explorer.session.compare import compare
from explorer.session.scenarios import SCENARIOS, scenario
from explorer.session.session import Session
from explorer.view.explore import compared
from explorer.view.explore.axis import axis
from explorer.view.explore.spans import UNICODE, Line
from explorer.view.explore.view import View

COLUMNS = 100
_KEYS = {
    "apostrophe": "'",
    "enter": "Enter",
    "up": "↑",
    "down": "↓",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
}


@cache
def pictures() -> Mapping[str, str]:
    """File name below docs/img and the picture."""
    lost = _opened("main-psk", "run; goto 5; drop mm5 x6; run; goto 11")
    return {
        "explore-up.svg": exported(_opened("main-psk", "run"), "svg", panes=()),
        "explore-lost.svg": exported(lost, "svg", panes=("why", "branches")),
        "explore-compare.svg": _compared(),
        "explore-finding.svg": exported(
            pair_session((), finding="P2-PROPOSAL", example="branch-office"), "svg", panes=("why",)
        ),
        "explore-overlap.svg": _overlap(),
    }


def _opened(name: str, script: str) -> Session:
    session = Session(scenario(name).source())
    for _ in executed(session, lines_of(script)):
        pass
    return session


def _compared() -> str:
    session = _opened("message-5-lost", scenario("message-5-lost").script)
    found = compare(session, "MM5 lost ×5", "MM5 lost ×6")
    first, second = compared.headline(found)
    lines: list[Line] = [((first, "strong"),), ((second, "muted"),), ()]
    lines += compared.chart(session, found, COLUMNS, UNICODE, -1)
    return drawn.svg(lines, COLUMNS, "two branches side by side")


def _overlap() -> str:
    session = pair_session((), finding="OVERLAP", example="lifetimes")
    verdict = session.verdict()
    lines: list[Line] = [
        ((f" ! {verdict.badge} ", "badge-forged"), (f"  {verdict.first}", "strong")),
        (),
    ]
    lines += axis(View(session, COLUMNS, UNICODE))
    return drawn.svg(lines, COLUMNS, "Phase II outlives Phase I")


def tables() -> str:
    """Scenarios, keys and commands."""
    rows = ["## Scenarios\n", "| scenario | what it is | what there is to see |", "|---|---|---|"]
    rows += [f"| `{x.name}` | {x.says}. {x.times} | {x.shows} |" for x in SCENARIOS.values()]
    rows += ["\n## Keys\n", "| key | what it does | command |", "|---|---|---|"]
    for group in GROUPS:
        for item in COMMANDS.values():
            if item.group == group and item.keys:
                keys = ", ".join(f"`{_key(key)}`" for key in item.keys)
                rows.append(f"| {keys} | {item.title} | `{item.name}` |")
    rows.append("\n## Commands\n")
    rows.append("What a screen is needed for is not listed: zoom, panes, unfolding a step.\n")
    for group in GROUPS:
        listed = [x for x in COMMANDS.values() if x.group == group and not x.screen]
        rows += [f"### {group}\n", "| command | what it does |", "|---|---|"]
        rows += [f"| `{_cell(x.usage or x.name)}` | {_cell(x.help)} |" for x in listed]
        rows.append("")
    return "\n".join(rows)


def _key(name: str) -> str:
    shown = _KEYS.get(name, name)
    for modifier in ("ctrl", "shift"):
        shown = shown.replace(f"{modifier}+", f"{modifier.capitalize()}+")
    head, _, last = shown.rpartition("+")
    if len(last) > 1 and last[0] == "f" and last[1:].isdigit():
        shown = f"{head}+{last.upper()}" if head else last.upper()
    return _cell(shown)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
