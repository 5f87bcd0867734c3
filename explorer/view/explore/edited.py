"""The form for altering messages as the attacker could: by message, with what each edit makes of a field."""

from __future__ import annotations

from explorer.session.edits import Edited, edits
from explorer.session.session import Session
from explorer.session.specified import POWERS
from explorer.view.explore.spans import Glyphs, Line, cut
from model.spec.words import MESSAGES

#: a line of a form with the command that it stands for; empty: it cannot be chosen
Row = tuple[str, Line]
_SAYS, _NAME = 38, 22


def edit_rows(session: Session, columns: int, glyphs: Glyphs) -> list[Row]:
    """What he can do to each message, then the powers that he does not have. Empty: nobody attacks here."""
    rows: list[Row] = []
    for item in edits(session):
        rows += [*_message(item, columns, glyphs), ("", ())]
    off = [name for name, on in session.powers() if not on]
    if off:
        rows.append(("", (("Powers that he does not have: Enter gives him one", "here"),)))
    for name in off:
        said = f"  {name.replace('_', ' ')}".ljust(_NAME)
        could = cut(f"he could {POWERS[name]}", columns - _NAME - 2, glyphs.more)
        rows.append((f"power {name} on", ((said, ""), (could, "muted"))))
    return rows if off or not rows else rows[:-1]


def _message(item: Edited, columns: int, g: Glyphs) -> list[Row]:
    title = MESSAGES[item.message]
    where = "on its way" if item.flies else "a copy of his own"
    how = "encrypted" if item.sealed else "in clear"
    head: Line = (
        (title.short, "here"),
        (f"  {title.long}", "strong"),
        (f"   {where}, {how}", "muted"),
    )
    rows: list[Row] = [("", head)]
    for edit in item.edits:
        says = cut(f"  {edit.says}", _SAYS - 1, g.more).ljust(_SAYS)
        room = max(columns - _SAYS - 4, 10)
        changes = ", ".join(f"{name}  {old} {g.becomes} {new}" for name, old, new in edit.changes)
        rows.append((edit.command, ((says, ""), (cut(changes, room, g.more), "forged"))))
    if not item.edits:
        why = "a key protects it" if item.sealed else "he may not alter it"
        said = f"  {why}: x drops it, d doubles it, < and > move it"
        rows.append(("", ((cut(said, columns - 4, g.more), "muted"),)))
    return rows
