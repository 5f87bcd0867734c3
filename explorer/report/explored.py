"""A session in other formats: JSON, ITF, Mermaid, SVG, HTML and text.

None of them holds a secret: a session has none, only their labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from explorer.report import drawn
from explorer.session.moments import Event, Kind, Refused, Take
from explorer.session.session import Session
from explorer.session.times import duration
from explorer.session.tree import Node
from explorer.view.explore.axis import worth_it
from explorer.view.explore.page import page, text
from explorer.view.explore.spans import UNICODE, Glyphs, Line
from explorer.view.safe import safe

SCHEMA_VERSION = 1
#: every format, with the ending of its files
FORMATS = {
    "text": ".txt", "json": ".json", "itf": ".itf.json", "mermaid": ".mmd", "svg": ".svg", "html": ".html",
}  # fmt: skip
PANES = ("why", "peers", "timers", "promises", "network", "branches")
CAPTURED = ("why", "packet", "peers")


def exported(
    session: Session,
    form: str,
    columns: int = 100,
    glyphs: Glyphs = UNICODE,
    theme: str = "dark",
    panes: Sequence[str] | None = None,
) -> str:
    """The session in a format. Refused: it does not have that one."""
    if form not in FORMATS:
        raise Refused(f"no format {form!r}; there are {', '.join(FORMATS)}")
    if form == "json":
        return json.dumps(tree(session), indent=2, ensure_ascii=True) + "\n"
    if form == "itf":
        return _itf(session)
    if form == "mermaid":
        return "\n".join(_mermaid(session)) + "\n"
    session.standing()
    names = panes if panes is not None else panes_of(session)
    lines: list[Line] = page(session, columns, glyphs, names)
    if form == "text":
        return "".join(f"{safe(line)}\n" for line in text(lines).split("\n")[:-1])
    title = f"ikeproof explore: {session.source.title}"
    colours = theme if theme in ("dark", "light") else "light"
    if form == "svg":
        return drawn.svg(lines, columns, title, colours)
    return drawn.html(lines, columns, title, colours, _table(session))


def panes_of(session: Session) -> tuple[str, ...]:
    """What stands below the chart: the time axis only where hours have passed."""
    if session.specified is None:
        return CAPTURED
    return (*PANES, "axis") if worth_it(session) else PANES


# ---- JSON


def tree(session: Session) -> dict[str, Any]:
    """Everything on the line with the cursor, for programs."""
    source, now = session.source, session.now
    verdict, standing = session.verdict(), session.standing()
    return {
        "schema_version": SCHEMA_VERSION,
        "source": {"kind": source.kind, "title": source.title, "about": source.about},
        "lanes": [
            {"title": x.title, "name": x.name or None, "address": x.address or None}
            for x in source.lanes
        ],
        "status": {
            "step": now.depth,
            "steps": session.rows()[-1].depth,
            "time": _seconds(now.moment.at),
            "branch": now.branch,
            "diverged": session.diverged[1] if session.diverged is not None else None,
        },
        "verdict": {
            "badge": verdict.badge,
            "tone": verdict.tone.value,
            "first": verdict.first,
            "second": verdict.second,
            "over": verdict.over,
        },
        "steps": [_step(session, node) for node in session.rows()[1:]],
        "branches": [
            {
                "name": x.name,
                "badge": end.badge,
                "steps": x.tip.depth,
                "time": _seconds(x.tip.moment.at),
            }
            for x, end in session.tips()
        ],
        "promises": {
            "kept": list(standing.kept),
            "open": list(standing.open),
            "broken": [item.name for item in standing.broken],
        }
        if standing is not None
        else None,
    }


def _step(session: Session, node: Node) -> dict[str, Any]:
    event, now = node.event, session.now
    return {
        "step": node.depth,
        "branch": node.branch,
        "time": _seconds(node.moment.at),
        "ahead": node.number > now.number,
        "kind": event.kind.value,
        "actor": event.actor,
        "to": event.to if event.kind is Kind.MESSAGE else None,
        "message": event.name or None,
        "says": event.says,
        "lost": event.lost or None,
        "protected": event.protected,
        "forged": event.forged,
        "action": event.action,
        "parameters": dict(event.parameters),
        "clause": event.clause or None,
        "changes": [
            {"field": name, "old": old, "new": new} for name, old, new in session.changes(node)
        ],
        "broken_promises": [item.name for item in session.broken(node)],
    }


def _seconds(time: Fraction) -> int | float:
    return int(time) if time.denominator == 1 else float(time)


# ---- ITF


def _itf(session: Session) -> str:
    from proofs.export.itf import itf
    from proofs.export.itf import text as written

    source = session.specified
    if source is None:
        raise Refused("only a run of the specification has a state for each step: not a capture")
    rows = session.rows()
    if any(node.moment.powers != rows[0].moment.powers for node in rows):
        raise Refused("the attacker's powers were switched on the way: a trace has one policy")
    steps = [step for node in rows if isinstance(node.act, Take) for step in node.act.steps]
    broken = dict.fromkeys(item.name for node in rows for item in session.broken(node))
    status = f"broken: {', '.join(broken)}" if broken else "ok"
    return written(itf(source.machine(rows[0].moment), steps, source.about or source.title, status))


# ---- Mermaid


def _mermaid(session: Session) -> Iterator[str]:
    lanes = session.source.lanes
    yield "sequenceDiagram"
    for number, lane in enumerate(lanes):
        name = " ".join(filter(None, (lane.name or lane.title.capitalize(), lane.address)))
        yield f"    participant L{number} as {_said(name)}"
    rows = session.rows()[1:]
    if any(node.event.forged or (node.event.kind is Kind.MESSAGE and node.event.actor is None) for node in rows):  # fmt: skip
        yield "    participant A as the attacker"
    over = f"L0,L{len(lanes) - 1}" if len(lanes) > 1 else "L0"
    for node in rows:
        if node.event.wait:
            yield f"    Note over {over}: {duration(node.event.wait)} pass"
        yield f"    {_row(node.event, over)}"
        yield from _states(session, node)


def _row(event: Event, over: str) -> str:
    says = _said(f"{event.name} {event.says}".strip())
    if event.kind is not Kind.MESSAGE:
        where = f"L{event.actor}" if event.actor is not None else over
        return f"Note over {where}: {says}"
    sealed = " (encrypted)" if event.protected else ""
    actor = "A" if event.forged or event.actor is None else f"L{event.actor}"
    to = event.to if event.to is not None else 1 - (event.actor or 0)
    lost = f", {_said(event.lost)}" if event.lost else ""
    return f"{actor}{'-x' if event.lost else '->>'}L{to}: {says}{sealed}{lost}"


def _states(session: Session, node: Node) -> Iterator[str]:
    """Outcomes: what stands in capitals beside a lifeline."""
    assert node.parent is not None
    before, after = session.source.ends(node.parent.moment), session.source.ends(node.moment)
    for lane, (was, end) in enumerate(zip(before, after, strict=True)):
        if end.label != was.label and end.label.isupper():
            yield f"    Note over L{lane}: {_said(end.label)}"


def _said(words: str) -> str:
    """Text that ends no statement of Mermaid, and begins no comment or entity."""
    parts = {"#": "#35;", ";": "#59;", "%": "#37;"}
    return "".join(parts.get(sign, sign) for sign in safe(words))


# ---- the table of the page


def _table(session: Session) -> list[tuple[str, ...]]:
    """Step, time, who, what, and what changed."""
    names = [lane.name or lane.title.lower() for lane in session.source.lanes]
    found: list[tuple[str, ...]] = [("step", "time", "who", "what", "changes")]
    for node in session.rows()[1:]:
        event = node.event
        who = "the attacker" if event.forged else "the network"
        if event.actor is not None:
            who = names[event.actor]
        what = " ".join(filter(None, (event.name, event.says, event.lost)))
        changed = "; ".join(f"{name}: {old} → {new}" for name, old, new in session.changes(node))
        step = str(node.depth) if event.kind is not Kind.NETWORK else ""
        found.append((step, duration(node.moment.at), who, what, changed))
    return found
