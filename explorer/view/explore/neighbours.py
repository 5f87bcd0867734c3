"""Where each end came from, where it is, and what can come next."""

from __future__ import annotations

from explorer.session.moments import UNLIKELY
from explorer.session.session import Session
from explorer.session.tree import Node
from explorer.view.explore.spans import Line, cut
from explorer.view.explore.view import View
from model.spec.words import state_words


def states(view: View) -> list[Line]:
    """Where the acting end came from, where it is, and where it can go."""
    session = view.session
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
