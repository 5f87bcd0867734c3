"""What stands beside the chart, each as lines: why, peers, SADB, timers, promises, network, branches."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from explorer.session.moments import UNLIKELY, Kind, Life, Refused, Tone
from explorer.session.session import Session
from explorer.session.times import duration, since_start
from explorer.session.tree import Node
from explorer.session.why import Value, Why
from explorer.view.explore.axis import axis
from explorer.view.explore.spans import Glyphs, Line, cut, wrapped
from explorer.view.explore.view import Pane, View
from model.language.sorts import Timer
from model.spec.words import MESSAGES, REASONS, state_words

BAR = 13


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
            lines += [((parts[-1], "failed"),), ((clause, "here"),)]
    if answer.values:
        lines.append(())
    names = [_field(item.name) for item in answer.values]
    column = min(max(map(len, names), default=0) + 2, view.columns // 2)
    for name, value in zip(names, answer.values, strict=True):
        lines.append(_value(view, name, value, column))
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


def _field(name: str) -> str:
    """A field as people read it: the record and the field, without indexes of the only element."""
    return name.replace("[0]", "").replace("_", " ").replace(".", " ")


# ---- peers, SADB, timers


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
    if session.specified is not None and session.specified.spec.name == "ike":
        lines += _agreed(view, first, each)
    return lines


def _agreed(view: View, first: int, each: int) -> list[Line]:
    fields = view.session.source.fields(view.session.now.moment)
    roles = ("initiator", "responder")
    lines = []
    reasons = [REASONS.get(fields[f"{role}.reason"], fields[f"{role}.reason"]) for role in roles]
    if any(item != "-" for item in reasons):
        lines.append(_row("reason", reasons, first, each))
    chosen = [fields[f"{role}.chosen"] for role in roles]
    lines.append(_row("suite", ["-" if x == "none" else f"transform {int(x) + 1}" for x in chosen], first, each))  # fmt: skip
    keys = [_keys(fields[f"{role}.peer_public"]) for role in roles]
    lines.append(_row("keys", keys, first, each))
    whom = [fields[f"{role}.peer"] for role in roles]
    lines.append(_row("peer is", ["-" if x == "none" else x for x in whom], first, each))
    return lines


def _keys(public: str) -> str:
    if public == "none":
        return "-"
    return {"attacker": "with attacker", "degenerate": "degenerate"}.get(public, "shared")


def _state(life: Life, label: str, g: Glyphs) -> tuple[str, str]:
    glyph, role = {
        Life.UP: (g.ok, "ok"), Life.FAILED: (g.bad, "failed"), Life.ENDED: (g.bad, "muted"),
        Life.WAITS: (g.half, "pending"), Life.IDLE: (" ", "muted"),
    }[life]  # fmt: skip
    if "awaits" in label:
        glyph, role = g.half, "pending"
    shown = label.lower().replace("phase i", "Phase I") if label.isupper() else label or "idle"
    return f"{glyph} {shown}", role


def _row(name: str, values: Sequence[str], first: int, each: int, role: str = "") -> Line:
    return ((name.ljust(first), "muted"), *((cut(v, each - 1).ljust(each), role) for v in values))


def sadb(view: View) -> list[Line]:
    """The security associations of both ends, with what is left of them."""
    session, g = view.session, view.glyphs
    source = session.specified
    if source is None or source.spec.name != "ike":
        return [(("The SAs are the capture's: see the packet.", "muted"),)]
    fields = session.source.fields(session.now.moment)
    lines: list[Line] = []
    count = source.instance.sizes["negotiation"]
    for role, lane in zip(("initiator", "responder"), source.lanes, strict=True):
        mine: list[Line] = []
        state = fields[f"{role}.state"]
        if state in ("established", "ended"):
            up = state == "established"
            left = f"{_left(fields[f'{role}.life'])} left" if up else "ended"
            mine.append(
                (
                    ("IKE SA    ", "muted"),
                    (f"{g.ok if up else g.bad} ", "ok" if up else "muted"),
                    (left, ""),
                )
            )
        for n in range(count):
            side = "starter" if fields[f"starter[{n}].role"] == role else "answerer"
            driver = f"{side}_driver[{n}]"
            if fields[f"{driver}.state"] == "absent":
                continue
            up = fields[f"{driver}.state"] == "installed"
            left = f"{_left(fields[f'{driver}.hard'])} left" if up else fields[f"{driver}.state"]
            spis = (
                f"SPI in {fields[f'{driver}.inbound_spi']}, out {fields[f'{driver}.outbound_spi']}"
            )
            mine.append(
                ((f"SA pair {n + 1} ", "muted"), (f"{g.ok if up else g.bad} ", "ok" if up else "muted"),
                 (f"{left}   ", ""), (spis, "muted"))
            )  # fmt: skip
        if mine:
            lines += [((f"at {lane.name or lane.title.lower()}", "strong"),), *mine, ()]
    return lines[:-1] or [
        (("No SA is up.  ", "muted"), ("c", "key"), (" runs until one is.", "muted"))
    ]


def _left(text: str) -> str:
    if text == "off":
        return "no limit"
    return duration(Fraction(text.removesuffix("s")))


_TIMERS = {
    "initiator.due": "I resend", "responder.half_open": "R half-open", "initiator.life": "I Phase I",
    "responder.life": "R Phase I", "initiator.renew": "I renew", "responder.renew": "R renew",
}  # fmt: skip


def timers(view: View) -> list[Line]:
    """The timers that run, with how much of each is left."""
    session, g = view.session, view.glyphs
    source = session.specified
    if source is None:
        return [(("A capture has no timers, only times.", "muted"),)]
    machine, state = source.machine(session.now.moment), session.now.moment.state
    lines: list[Line] = []
    for slot, field in enumerate(machine.fields):
        if not isinstance(field.sort, Timer) or field.ghost or state[slot] < 0:
            continue
        name = _TIMERS.get(machine.slots[slot]) or _field(machine.slots[slot])
        began = _armed(session.now, slot)
        left = Fraction(state[slot], machine.tick)
        whole = max(Fraction(began, machine.tick), left)
        full = round(BAR * left / whole) if whole else 0
        bar = g.full * full, g.empty * (BAR - full)
        lines.append(
            ((cut(name, 16).ljust(17), "muted"), (bar[0], "pending"), (bar[1], "faint"),
             (f"  {duration(left)} left", "pending"))
        )  # fmt: skip
    return lines or [(("No timer runs.", "muted"),)]


def _armed(node: Node, slot: int) -> int:
    """What a timer was set to: its value when it last grew."""
    at = node
    while at.parent is not None:
        before, after = at.parent.moment.state[slot], at.moment.state[slot]
        if after > before:
            return after
        at = at.parent
    return node.moment.state[slot]


# ---- promises, network, branches


def promise_lines(view: View) -> list[Line]:
    """The promises in groups: broken ones with their sentence, then kept, then open."""
    g, standing = view.glyphs, view.session.standing_if_known()
    if standing is None:
        return [(("The promises are being loaded.", "muted"),)]
    lines: list[Line] = []
    here = {item.name for item in view.session.broken(view.session.now)}
    if standing.broken:
        from model.promises import promises

        lines.append(((f" {g.bad} BROKEN {len(standing.broken)} ", "badge-failed"),))
        for item in standing.broken:
            known = promises()[item.name]
            where = "  here" if item.name in here else ""
            lines.append((("   " + _words(item.name), "strong"), (where, "failed")))
            says = f"{known.says.partition('. ')[0].rstrip('.')}."
            lines += [(("   " + text, ""),) for text in wrapped(says, view.columns - 3)]
            if item.excepted:
                note = "its text admits this: an exception holds"
                lines += [(("   " + text, "muted"),) for text in wrapped(note, view.columns - 3)]
        lines.append(())
    lines += _group(view, g.ok, "kept", standing.kept, "ok")
    lines += _group(view, g.open, "open", standing.open, "muted", "nothing has spoken of them yet")
    return lines


def _group(
    view: View, glyph: str, word: str, names: Sequence[str], role: str, note: str = ""
) -> list[Line]:
    lines: list[Line] = [
        ((f"{glyph} {word} {len(names)}", role), (f"   {note}" if note else "", "muted"))
    ]
    shown = names[:3]
    lines += [((cut("   " + _words(name), view.columns), "" if role == "ok" else "muted"),) for name in shown]  # fmt: skip
    if len(names) > len(shown):
        lines.append(((f"   and {len(names) - len(shown)} more", "muted"),))
    return lines


def _words(name: str) -> str:
    return name.replace("_", " ")


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
        name = cut(f"{branch.name}", 18)
        lines.append(
            ((stem, "muted"), (f"{g.node if here else g.hollow} ", "here" if here else "muted"),
             (name.ljust(22 - len(stem)), "strong" if here else ""),
             (f"{glyph} {verdict.badge.lower()}".ljust(15), role),
             (since_start(branch.tip.moment.at).rjust(8), ""), ("   you are here" if here else "", "here"))
        )  # fmt: skip
    if len(found) == 1:
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


def states(view: View) -> list[Line]:
    """Where the acting end came from, where it is, and where it can go."""
    session = view.session
    if session.specified is None or session.specified.spec.name != "ike":
        return [(("Only negotiations have a map of states.", "muted"),)]
    lines: list[Line] = []
    fields = session.source.fields(session.now.moment)
    now = session.now
    for role, lane in zip(("initiator", "responder"), session.source.lanes, strict=True):
        name = lane.name or lane.title.lower()
        was = _was(session, now, f"{role}.state")
        lines.append(((name, "strong"),))
        if was:
            lines.append((("  before  ", "muted"), (state_words(was), "muted")))
        lines.append(
            (("  now     ", "muted"), (f" {state_words(fields[f'{role}.state'])} ", "band strong"))
        )
    lines.append(())
    listed = session.choices()
    likely = [item for item in listed if item.rank < UNLIKELY] or listed
    for item in likely[:6]:
        lines.append((("next      ", "muted"), (cut(item.says, view.columns - 10), "")))
    return lines


def _was(session: Session, node: Node, field: str) -> str:
    """What a field was before it last changed; empty if it never did."""
    source = session.specified
    if source is None:
        return ""
    machine = source.machine(node.moment)
    slot = machine.slots.index(field)
    at = node
    while at.parent is not None:
        at = at.parent
        if at.moment.state[slot] != node.moment.state[slot]:
            return machine.text(slot, at.moment.state)
    return ""


def changes(view: View) -> list[Line]:
    """What the last event changed."""
    g = view.glyphs
    made = view.session.changes(view.session.now)
    lines: list[Line] = [
        ((cut(name, 24).ljust(26), "muted"), (f"{old} {g.becomes} ", "faint"), (new, "strong"))
        for name, old, new in made
    ]
    return lines or [(("This step changed nothing.", "muted"),)]


def packet(view: View) -> list[Line]:
    """The message of this step: what the specification has in it."""
    session = view.session
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
