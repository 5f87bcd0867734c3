"""How the promises stand at a step."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.view.explore.spans import Line, cut, wrapped
from explorer.view.explore.view import View

#: of a group, beside the other panes
_FEW = 3
#: room for a name, where all of them are listed
_COLUMN = 58


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
    shown = names if view.alone else names[:_FEW]
    many = max(view.columns // _COLUMN, 1) if view.alone else 1
    each = view.columns // many
    for first in range(0, len(shown), many):
        row = [
            cut("   " + _words(name), each, view.glyphs.more)
            for name in shown[first : first + many]
        ]
        lines.append(
            (("".join(text.ljust(each) for text in row), "" if role == "ok" else "muted"),)
        )
    if len(names) > len(shown):
        lines.append(((f"   and {len(names) - len(shown)} more", "muted"),))
    return lines


def _words(name: str) -> str:
    return name.replace("_", " ")
