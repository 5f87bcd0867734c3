"""The SAs of both ends, and the timers that run."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from explorer.session.times import duration
from explorer.session.tree import Node
from explorer.view.explore.spans import Line, cut, field_words, wrapped
from explorer.view.explore.view import View
from model.language.sorts import Timer

BAR = 11


def sadb(view: View) -> list[Line]:
    """The security associations of both ends, with what is left of them."""
    session, g = view.session, view.glyphs
    source = session.specified
    assert source is not None
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
    assert source is not None
    machine, state = source.machine(session.now.moment), session.now.moment.state
    lines: list[Line] = []
    for slot, field in enumerate(machine.fields):
        if not isinstance(field.sort, Timer) or field.ghost or state[slot] < 0:
            continue
        name = _timer(machine.slots[slot], session.source.fields(session.now.moment))
        began = _armed(session.now, slot)
        left = Fraction(state[slot], machine.tick)
        whole = max(Fraction(began, machine.tick), left)
        full = round(BAR * left / whole) if whole else 0
        bar = g.full * full, g.empty * (BAR - full)
        lines.append(
            ((cut(name, 14).ljust(15), "muted"), (bar[0], "pending"), (bar[1], "faint"),
             (f"  {duration(left)} left", "pending"))
        )  # fmt: skip
    found: list[Line] = lines or [(("No timer runs.", "muted"),)]
    timing = session.source.timing
    return [*found, *(((text, "muted"),) for text in wrapped(timing, view.columns) if timing)]


_OF_SIDES = {"due": "resend", "hard": "SA pair"}


def _timer(slot: str, fields: Mapping[str, str]) -> str:
    """What a timer is called: the end, I or R, and what it is for."""
    if slot in _TIMERS:
        return _TIMERS[slot]
    group, _, name = slot.partition(".")
    side, _, index = group.removesuffix("]").partition("[")
    starts = side.startswith("starter")
    role = fields.get(f"starter[{index}].role", "")
    if not role:
        return field_words(slot)
    end = "I" if (role == "initiator") == starts else "R"
    what = _OF_SIDES.get(name, name) if starts or name == "hard" else "awaits QM3"
    return f"{end} {what} {int(index) + 1}"


def _armed(node: Node, slot: int) -> int:
    """What a timer was set to: its value when it last grew."""
    at = node
    while at.parent is not None:
        before, after = at.parent.moment.state[slot], at.moment.state[slot]
        if after > before:
            return after
        at = at.parent
    return node.moment.state[slot]
