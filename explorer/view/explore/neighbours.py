"""The states of both ends: where each came from, where it is, what can come next, and the whole map."""

from __future__ import annotations

from explorer.session.nearby import Ahead, Path, Place, nearby, paths
from explorer.session.times import since_start
from explorer.view.explore.spans import Canvas, Glyphs, Line, cut, wrapped
from explorer.view.explore.view import View
from model.spec.words import state_words

_LABEL = 7
#: columns from which on the guard that refuses stands beside what can come next
WIDE = 90
_FEW = 4


def states(view: View) -> list[Line]:
    """The neighbourhood of each end; below it the map, as far as there is room."""
    lines: list[Line] = []
    for place in nearby(view.session):
        lines += [*_place(view, place), ()]
    found = paths(view.session, every=view.alone)
    lines += state_map(found, _names(view), view.columns, view.glyphs)
    return lines


def _names(view: View) -> list[str]:
    return [lane.name or lane.title.lower() for lane in view.session.source.lanes]


# ---- the neighbourhood
def _place(view: View, place: Place) -> list[Line]:
    g = view.glyphs
    lines: list[Line] = [((_names(view)[place.lane], "strong"), (f"   {place.phase}", "muted"))]
    if place.before is not None:
        state, node = place.before
        said = node.event.says or node.event.name
        where = f"step {node.depth}, {since_start(node.moment.at)}"
        room = view.columns - _LABEL - 13
        shown = f"{said}  {where}" if len(said) + 2 + len(where) <= room else said
        lines.append(
            (("before ", "muted"), (f"  {_short(state)}".ljust(13), "muted"), (cut(shown, room, g.more), "muted"))
        )  # fmt: skip
    mark = "[]" if g.ascii else "  "
    lines.append(
        (
            ("now     ", "muted"),
            (" ", ""),
            (f"{mark[0]}{_short(place.now)}{mark[1]}", "band strong"),
        )
    )
    many = place.ahead if view.alone else place.ahead[:_FEW]
    lines += [_next(view, item, first=not number) for number, item in enumerate(many)]
    if not place.ahead:
        lines.append((("next   ", "muted"), ("  nothing: this is an end", "muted")))
    return lines


def _next(view: View, item: Ahead, *, first: bool) -> Line:
    g = view.glyphs
    mark = g.here if item.next else g.ok if item.can else " "
    role = _role(item.state) if item.can else "faint"
    wide = view.columns >= WIDE
    room = (view.columns - _LABEL - 13) // (2 if wide else 1)
    said = cut(_fitting(item.says, room - wide * 2), room - wide * 2, g.more)
    parts = [
        (("next" if first else "").ljust(_LABEL), "muted"),
        (f"{mark} ", "here" if item.next else "ok" if item.can else ""),
        (_short(item.state).ljust(11), role),
        (said.ljust(room) if wide else said, "" if item.can else "faint"),
    ]
    if wide and item.guard:
        parts.append((cut(item.guard, room, g.more), "faint"))
    return tuple(parts)


def _fitting(text: str, room: int) -> str:
    """The text without its last clauses, where it is too long."""
    while len(text) > room and text.count(": ") > 1:
        text = text.rpartition(": ")[0]
    return text


def _role(state: str) -> str:
    if state in ("established", "installed"):
        return "ok"
    return "failed" if state == "failed" else "strong"


def _short(state: str) -> str:
    """A state as rows have it."""
    return {"established": "up", "clear": "in clear"}.get(state, state_words(state))


# ---- the map
def state_map(found: list[Path], names: list[str], columns: int, g: Glyphs) -> list[Line]:
    """Each exchange with a line for each end: the way of one that comes up, and where it can fall to."""
    lines: list[Line] = []
    label = min(max(map(len, names), default=0), 10) + 2
    title = ""
    for path in found:
        if path.title != title:
            title = path.title
            lines += [(), ((title, "muted"),)] if lines else [((title, "muted"),)]
        lines += _drawn(path, cut(names[path.lane], label - 2, g.more), label, columns, g)
    if lines:
        mark = "[now]" if g.ascii else " now "
        lines += [(), (("passed  ", "strong"), (mark, "band here"), ("  not reached", "faint"))]
        lines += [((text, "faint"),) for text in wrapped("MM2: it awaits message 2", columns)]
    return lines


def _drawn(path: Path, name: str, label: int, columns: int, g: Glyphs) -> list[Line]:
    """The spine of an end, and below it a line for each state beside it."""
    words = [_node(state) for state in path.spine]
    joint, places = _laid_out(path, words, label, columns, g)
    canvas = Canvas(columns)
    canvas.put(0, name, "strong")
    for number, (state, word, where) in enumerate(zip(path.spine, words, places, strict=True)):
        at = where - len(word) // 2
        if number:
            canvas.put(at - len(joint), joint, "" if state in path.passed else "faint")
        _put(canvas, at, state, word, path, g)
    for state, word, where in zip(path.spine, words, places, strict=True):
        if state == path.now:  # over what joins it
            _put(canvas, where - len(word) // 2, state, word, path, g)
    lines = [canvas.line()]
    for number, (state, leads) in enumerate(path.falls):
        below = [places[x] for _, others in path.falls[number + 1 :] for x in others]
        lines.append(_fall(path, state, [places[x] for x in leads], below, columns, g))
    return lines


def _laid_out(
    path: Path, words: list[str], label: int, columns: int, g: Glyphs
) -> tuple[str, list[int]]:
    """The connectors between the states of a spine, and the column of each middle; shorter if space is short."""
    for joint in (f" {g.clear}{g.right} ", f" {g.right} "):
        places, at = [], label
        for word in words:
            places.append(at + len(word) // 2)
            at += len(word) + len(joint)
        last = at - len(joint)
        beside = [places[max(leads)] + 4 + len(_node(state)) for state, leads in path.falls]
        if max([last + 1, *beside]) <= columns:
            break
    return joint, places


def _fall(
    path: Path, state: str, leads: list[int], below: list[int], columns: int, g: Glyphs
) -> Line:
    """A line from states of the spine to one beside it; `below` are columns of lines that go on further down."""
    canvas, corner = Canvas(columns), "`" if g.ascii else "└"
    role = "" if path.now == state else "faint"
    word = _node(state)
    left, right = min(leads), max(leads)
    if right + 4 + len(word) > columns:  # no room to the right: it stands under the last one
        return _left_of(path, state, leads, columns, g)
    for x in range(left, right + 1):
        canvas.put(x, g.clear, role)
    for x in leads:
        canvas.put(x, ("+" if g.ascii else "┴") if x != left else corner, role)
    for x in below:
        known = x in leads
        canvas.put(x, ("+" if g.ascii else "├") if known and x == left else ("+" if g.ascii else "┼") if known or left < x < right else g.waits, role or "faint")  # fmt: skip
    canvas.put(right + 1, f"{g.clear}{g.right} ", role)
    _put(canvas, right + 4, state, word, path, g)
    return canvas.line()


def _left_of(path: Path, state: str, leads: list[int], columns: int, g: Glyphs) -> Line:
    """The same where the state stands to the left of the line's end."""
    canvas, word, x = Canvas(columns), _node(state), max(leads)
    role = "" if path.now == state else "faint"
    canvas.put(x - 2, f"{g.left}{g.clear}{chr(39) if g.ascii else '┘'}", role)
    _put(canvas, x - 3 - len(word), state, word, path, g)
    return canvas.line()


def _put(canvas: Canvas, at: int, state: str, word: str, path: Path, g: Glyphs) -> None:
    if state == path.now:
        ends = "[]" if g.ascii else "  "
        canvas.put(at - 1, f"{ends[0]}{word}{ends[1]}", "band here")
    else:
        canvas.put(at, word, "strong" if state in path.passed else "faint")


def _node(state: str) -> str:
    """A state as the map has it: MM2 for the one that awaits message 2."""
    return _short(state).removeprefix("awaits ")
