"""What the attacker can make of each message: the edits that no key forbids, folded by message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from explorer.session.moments import Choice, Take
from explorer.session.session import Session
from explorer.session.specified import Specified
from model.spec.words import ACTS, MESSAGES


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that he can do now.

    says     in words: "puts its own key into MM3"     command  what does it
    changes  fields of the message: name, value now, value then
    """

    says: str
    command: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """A message with what he can do to it. `flies`: a copy is on its way; `sealed`: a key protects it."""

    message: str
    flies: bool
    sealed: bool
    edits: tuple[Edit, ...]


def edits(session: Session) -> list[Edited]:
    """By message: those on their way first, in their order, then what he can invent."""
    source = session.specified
    if source is None:
        return []
    found: dict[str, list[Edit]] = {copy.message: [] for copy in session.now.moment.flight}
    for choice in session.choices():
        if choice.group == "attacker" and isinstance(choice.act, Take):
            message, edit = _edit(session, source, choice, choice.act)
            found.setdefault(message, []).append(edit)
    flight = {copy.message for copy in session.now.moment.flight}
    return [
        Edited(name, name in flight, source.spec.groups[name].protected, tuple(items))
        for name, items in sorted(found.items(), key=lambda item: item[0] not in flight)
    ]


def _edit(session: Session, source: Specified, choice: Choice, act: Take) -> tuple[str, Edit]:
    state = session.now.moment.state
    machine, step = source.machine(session.now.moment), act.steps[-1]
    name, parameters = machine.describe(step)
    after = machine.apply(state, step)
    assert after is not None
    changed = [(x.partition(".")[::2], old, new) for x, old, new in machine.changes(state, after)]
    message = next((x for x in _written(source, name)), name)
    fields = tuple(
        (field.replace("_", " "), old, new)
        for (record, field), old, new in changed
        if record.partition("[")[0] == message and field not in ("sent", "forged")
    )
    words = " ".join([name, *(f"{k}={v}" for k, v in parameters.items())])
    return message, Edit(ACTS[name], f"take {words}", fields)


def _written(source: Specified, name: str) -> Iterator[str]:
    """The messages that an action of the attacker writes or sends."""
    action = source.spec.actions[name]
    yield from action.sends
    for target, _ in action.updates:
        group = str(target.data[0])
        if source.spec.groups[group].message and group in MESSAGES:
            yield group
