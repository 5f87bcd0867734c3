"""What stands beside the chart, each as lines: why, peers, SADB, timers, promises, network, branches."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.session.answers import Value, Why
from explorer.session.moments import Kind, Life, Refused, Tone
from explorer.session.times import since_start
from explorer.view.explore.associations import sadb, timers
from explorer.view.explore.axis import axis
from explorer.view.explore.neighbours import states
from explorer.view.explore.packets import packet_lines
from explorer.view.explore.promised import promise_lines
from explorer.view.explore.spans import Glyphs, Line, cut, field_words, wrapped
from explorer.view.explore.view import Pane, View
from model.spec.words import MESSAGES

BAR = 11


# ---- why


def why(view: View) -> list[Line]:
    """The question that suggests itself here, and its answer."""
    try:
        answers = view.session.why()
    except Refused as error:
        return [((str(error), "muted"),)]
    if not answers:
        return [(("Nothing here asks for a reason.", "muted"),)]
    number = view.session.asked % len(answers)
    lines = why_answer(view, answers[number])
    if len(answers) > 1:
        lines += [(), (("w", "key"), (f" asks the next of {len(answers)} questions", "muted"))]
    return lines


def why_answer(view: View, answer: Why) -> list[Line]:
    """Question, answer, clause, values with the step that wrote them."""
    lines: list[Line] = [((text, "strong"),) for text in wrapped(answer.question, view.columns)]
    for says, clause in answer.answers:
        parts = wrapped(says, view.columns)
        lines += [((text, "failed"),) for text in parts[:-1]]
        if len(parts[-1]) + 2 + len(clause) <= view.columns:
            lines.append(((parts[-1], "failed"), ("  ", ""), (clause, "here")))
        else:
            lines.append(((parts[-1], "failed"),))
            lines += [((text, "here"),) for text in wrapped(clause, view.columns)]
    if answer.values:
        lines.append(())
    names = [field_words(item.name) for item in answer.values]
    column = min(max(map(len, names), default=0) + 2, view.columns // 2)
    for name, value in zip(names, answer.values, strict=True):
        lines.append(_value(view, name, value, column))
    return lines + _notes(view, answer)


def _notes(view: View, answer: Why) -> list[Line]:
    """A finding and its fix, each below its label."""
    lines: list[Line] = [()] if answer.notes else []
    for label, text in answer.notes:
        role = {"finding": "strong", "fix": "strong"}.get(label, "")
        for number, part in enumerate(wrapped(text, max(view.columns - 9, 10))):
            shown = "ok" if label == "fix" else "muted"
            lines.append((((label if not number else "").ljust(9), shown), (part, role)))
    return lines


def _value(view: View, name: str, value: Value, column: int) -> Line:
    where = "policy"
    if value.step is not None:
        where = f"since step {value.step.depth}, {since_start(value.step.moment.at)}"
        if value.step.parent is None:
            where = "since the start"
    parts: list[tuple[str, str]] = [(name.ljust(column), "muted")]
    if value.amount is not None and value.step is not None:
        parts.append((view.glyphs.square * value.amount + "  " if value.amount else "", "failed"))
    elif value.amount:
        parts.append((view.glyphs.square * value.amount + "  ", "strong"))
    parts += [(value.text, "strong"), (f"   {where}", "muted")]
    return tuple(parts)


# ---- peers


def peers(view: View) -> list[Line]:
    """Both ends side by side: state, what it was, reason, what they agreed on."""
    session = view.session
    lanes = session.source.lanes
    first = 9
    each = max((view.columns - first) // max(len(lanes), 1), 8)
    lines: list[Line] = [_row("", [lane.name or lane.title.capitalize() for lane in lanes], first, each, "strong")]  # fmt: skip
    if any(lane.address for lane in lanes):
        lines.append(_row("address", [lane.address or "-" for lane in lanes], first, each))
    ends = session.source.ends(session.now.moment)
    states = [_state(end.life, end.label, view.glyphs) for end in ends]
    lines.append(
        (("state".ljust(first), "muted"), *((cut(t, each - 1).ljust(each), r) for t, r in states))
    )
    if session.now.parent is not None:
        before = session.source.ends(session.now.parent.moment)
        if before != ends:
            was = [a.label or "idle" if a != b else "" for a, b in zip(before, ends, strict=True)]
            lines.append(_row("  was", was, first, each, "muted"))
    for name, *texts in session.source.facts(session.now.moment):
        lines.append(_row(name, texts, first, each))
    return lines


def _state(life: Life, label: str, g: Glyphs) -> tuple[str, str]:
    glyph, role = {
        Life.UP: (g.ok, "ok"), Life.FAILED: (g.bad, "failed"), Life.ENDED: (g.bad, "muted"),
        Life.WAITS: (g.half, "pending"), Life.IDLE: (" ", "muted"),
    }[life]  # fmt: skip
    if label in ("REFUSED", "WRONG PROOF", "NO ANSWER"):
        glyph, role = g.bad, "failed"
    if "awaits" in label:
        glyph, role = g.half, "pending"
    shown = label.lower().replace("phase i", "Phase I") if label.isupper() else label or "idle"
    return f"{glyph} {shown}", role


def _row(name: str, values: Sequence[str], first: int, each: int, role: str = "") -> Line:
    return ((name.ljust(first), "muted"), *((cut(v, each - 1).ljust(each), role) for v in values))


# ---- network, branches


def network(view: View) -> list[Line]:
    """Rules with what they have lost, and what is in flight."""
    session, g = view.session, view.glyphs
    moment = session.now.moment
    lines: list[Line] = []
    for number, rule in enumerate(moment.rules, 1):
        crosses = " ".join(g.cross * min(rule.used, 10))
        lines.append(
            ((f"rule {number}".ljust(11), "muted"),
             (f"drop {MESSAGES[rule.message].short} {g.times}{rule.times}".ljust(15), "strong"),
             (f"{crosses}   ".lstrip(), "failed"), (f"{rule.used} of {rule.times} used", "muted"))
        )  # fmt: skip
    if moment.flight:
        names: list[tuple[str, str]] = []
        for copy in moment.flight:
            names += [
                (MESSAGES[copy.message].short, "forged" if copy.forged else "strong"),
                ("  ", ""),
            ]
        keys = (("  x", "key"), (" drop  ", "muted"), ("d", "key"), (" duplicate", "muted"))
        lines.append((("in flight  ", "muted"), *names, *keys))
    else:
        lines.append(
            (("in flight  ", "muted"), ("nothing.  ", ""), ("t", "key"),
             (" lets time pass to the next timer", "muted"))
        )  # fmt: skip
    powers = [item for item in session.powers() if item[0] != "drops"]  # rules show that
    if powers:
        shown = [(f"{g.square if on else '.'} {name.replace('_', ' ')}  ", "forged" if on else "faint") for name, on in powers if on]  # fmt: skip
        if shown:
            lines.append((("attacker   ", "muted"), *shown))
    return lines


def branches(view: View) -> list[Line]:
    """The branches as a tree, each with how it ends; the one with the cursor is marked."""
    session, g = view.session, view.glyphs
    lines: list[Line] = []
    found = list(session.tips())
    for number, (branch, verdict) in enumerate(found):
        here = branch.name == session.now.branch
        stem = "" if not number else f"{g.last if number == len(found) - 1 else g.tee} "
        role = {Tone.OK: "ok", Tone.FAILED: "failed", Tone.WARNING: "forged"}.get(
            verdict.tone, "muted"
        )
        glyph = {Tone.OK: g.ok, Tone.FAILED: g.bad, Tone.WARNING: "!"}.get(verdict.tone, g.half)
        room = max(view.columns - 50, 18) if view.alone else 18
        name = cut(branch.name, room, g.more)
        lines.append(
            ((stem, "muted"), (f"{g.node if here else g.hollow} ", "here" if here else "muted"),
             (name.ljust(room + 4 - len(stem)), "strong" if here else ""),
             (f"{glyph} {verdict.badge.lower()}".ljust(15), role),
             (since_start(branch.tip.moment.at).rjust(8), ""), ("   you are here" if here else "", "here"))
        )  # fmt: skip
    if len(found) == 1 and not session.source.recorded:
        lines.append(
            (("One branch.  ", "muted"), ("x", "key"), (" on a message begins another.", "muted"))
        )
    return lines


def choices(view: View) -> list[Line]:
    """What can happen now, folded by group."""
    lines: list[Line] = []
    group = ""
    for number, item in enumerate(view.session.choices(), 1):
        if item.group != group:
            group = item.group
            lines.append(((group, "strong"),))
        lines.append(((f"{number:>4}  ", "muted"), (cut(item.says, view.columns - 6), "")))
    return lines or [(("Nothing can happen any more.", "muted"),)]


def powers(view: View) -> list[Line]:
    """The attacker's powers, with those that he has marked."""
    g = view.glyphs
    return [
        ((f"{g.square if on else '.'} ", "forged" if on else "faint"), (name.ljust(20), "strong" if on else ""), ("on" if on else "off", "muted"))
        for name, on in view.session.powers()
    ] or [(("Nothing here has an attacker.", "muted"),)]  # fmt: skip


def changes(view: View) -> list[Line]:
    """What the last event changed."""
    g = view.glyphs
    made = view.session.changes(view.session.now)
    column = min(max((len(name) for name, _, _ in made), default=0) + 2, view.columns // 2)
    lines: list[Line] = [
        (
            (cut(name, column - 2, g.more).ljust(column), "muted"),
            (f"{old} {g.becomes} ", "faint"),
            (new, "strong"),
        )
        for name, old, new in made
    ]
    return lines or [(("This step changed nothing.", "muted"),)]


def packet(view: View) -> list[Line]:
    """The message of this step: what the specification has in it."""
    session = view.session
    if session.source.octets:
        return packet_lines(view)
    event = session.now.event
    if event.kind is not Kind.MESSAGE or event.message is None:
        return [
            (
                ("No message was sent in this step.  ", "muted"),
                ("N", "key"),
                (" goes to the one before.", "muted"),
            )
        ]
    title = MESSAGES[event.message.message]
    lines: list[Line] = [((event.name, "strong"), ("  " + title.long, ""), ("  " + ("encrypted" if event.protected else "in clear"), "muted"))]  # fmt: skip
    source = session.specified
    if source is None:
        return lines
    machine, group = source.machine(session.now.moment), source.spec.groups[event.message.message]
    lines += [(("  " + text, "muted"),) for text in wrapped(group.says, view.columns - 2)]
    for field in group.fields:
        if field.name != "sent":
            slot = machine.slot(group.name, field.name, event.message.index)
            value = machine.text(slot, session.now.moment.state)
            lines.append(
                ((f"  {field.name.replace('_', ' ')}".ljust(18), "muted"), (value, "strong"))
            )
    return lines


PANES: dict[str, tuple[str, str, Pane]] = {
    # name: key, title, lines
    "packet": ("1", "Packet", packet),
    "peers": ("2", "Peers", peers),
    "sadb": ("3", "SADB", sadb),
    "timers": ("4", "Timers", timers),
    "promises": ("5", "Promises", promise_lines),
    "states": ("6", "States", states),
    "network": ("7", "Network", network),
    "branches": ("8", "Branches", branches),
    "axis": ("9", "Time axis", axis),
    "why": ("w", "Why", why),
    "changes": ("D", "Changes", changes),
    "choices": ("", "What can happen", choices),
    "powers": ("a", "Attacker", powers),
}


def pane_lines(name: str, view: View) -> list[Line]:
    """What a pane shows; where its source has nothing for it, the sentence that says so."""
    absent = view.session.source.absent.get(name)
    if absent is not None:
        return [((text, "muted"),) for text in wrapped(absent, view.columns)]
    return PANES[name][2](view)
