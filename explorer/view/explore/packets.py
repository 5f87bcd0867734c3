"""A packet with octets: its tree of fields, its octets with the chosen field marked, offer beside policy."""

from __future__ import annotations

from explorer.session.offers import Beside, Column
from explorer.session.packet import Field, Packet
from explorer.session.session import Session
from explorer.view.explore.spans import Glyphs, Line, Span, cells, cut, wrapped
from explorer.view.explore.view import View

#: octets of a line, with a gap after the eighth
OCTETS = 16
#: lines of octets that are shown around the chosen field
MOST_OCTETS = 24
_LABEL, _LEAST = 12, 14
#: lines from which on there is room for tree and octets
BOTH = 12


def chosen(session: Session) -> int:
    """The position of the chosen field in the tree of this message."""
    packet = session.source.packet(session.now.moment)
    first = packet.first if packet is not None else 0
    return session.field if session.field is not None else first


def packet_lines(view: View) -> list[Line]:
    """The message of this step: an offer beside the policy that refuses it, the tree, the octets."""
    source, now = view.session.source, view.session.now.moment
    packet, offers = source.packet(now), source.offers(now)
    if packet is None:
        empty: Line = (
            ("No message yet.  ", "muted"),
            ("n", "key"),
            (" goes to the first one.", "muted"),
        )
        about = wrapped(view.session.source.about, view.columns) if source.about else []
        return [empty, *([()] if about else []), *(((text, "pending"),) for text in about)]
    lines: list[Line] = []
    if offers is not None:
        lines += [*offer_lines(offers, view.columns, view.glyphs, every=view.alone), ()]
    at = chosen(view.session)
    made = tree(packet, at, view.columns, view.glyphs)
    below = octets(packet, at, view.columns, view.glyphs)
    if view.rows is not None and len(lines) + len(made) + 1 + len(below) > view.rows:
        room = max(view.rows - len(lines), BOTH + 4 if view.alone else 0)
        few = min(len(below), max(room // 3, 4))
        below = octets(packet, at, view.columns, view.glyphs, few - 2) if room >= BOTH else []
        here = at + len(made) - len(packet.fields)
        made = _around(made, here, room - len(below) - bool(below), view.glyphs)
    return [*lines, *made, *([(), *below] if below else [])]


def _around(lines: list[Line], here: int, room: int, g: Glyphs) -> list[Line]:
    """So many of the lines, those around one of them; the title stays."""
    if len(lines) <= room or room < 4:
        return lines[: max(room, 0)]
    tells = room >= BOTH // 2
    rest, size = lines[1:], room - 1 - tells
    first = max(0, min(here - 1 - size // 2, len(rest) - size))
    if not tells:
        return [lines[0], *rest[first : first + size]]
    said = f"{g.more} fields {first + 1} to {first + size} of {len(rest)}; J and K choose one"
    return [lines[0], *rest[first : first + size], ((said, "faint"),)]


# ---- the tree
def tree(packet: Packet, at: int, columns: int, glyphs: Glyphs) -> list[Line]:
    """The fields with their values in a column; the chosen one on a band."""
    role = {"decrypted": "ok", "encrypted": "pending"}.get(packet.form, "muted")
    size = f"{len(packet.octets)} octets"
    lines: list[Line] = [
        ((packet.title, "strong"), (f"  {packet.form}", role), (f"   {size}", "muted"))
    ]
    if packet.note:
        lines += [((text, "pending"),) for text in wrapped(packet.note, columns)]
    widest = max((2 * item.depth + cells(item.name) for item in packet.fields), default=0)
    column = min(max(widest + 5, _LEAST), columns // 2)
    lines += [
        _field(item, column, columns, glyphs, here=number == at)
        for number, item in enumerate(packet.fields)
    ]
    return lines


def _field(item: Field, column: int, columns: int, g: Glyphs, *, here: bool) -> Line:
    band = " band" if here else ""
    mark = g.here if here else " "
    name = cut(f"{'  ' * item.depth}{item.name}", column - 3, g.more).ljust(column - 2)
    value = cut(item.value, columns - column, g.more)
    head = "strong" if item.depth == 0 else "muted"
    return (
        (f"{mark} ", f"here{band}"),
        (name, f"{head}{band}"),
        (value.ljust(columns - column), f"{item.role or 'strong'}{band}"),
    )


# ---- the octets
def octets(
    packet: Packet, at: int, columns: int, glyphs: Glyphs, most: int = MOST_OCTETS
) -> list[Line]:
    """Offset, hexadecimal and text, the chosen field marked; those of secret fields are not shown."""
    item = packet.fields[at] if at < len(packet.fields) else None
    each = OCTETS if columns >= 6 + 3 * OCTETS + 2 + OCTETS else OCTETS // 2
    start, size = (item.start, item.size) if item is not None else (0, 0)
    form = "decrypted" if packet.form == "decrypted" else packet.form
    said = f"{item.name or 'text'}: offset {start:04x}, {size} octets" if item is not None else ""
    lines: list[Line] = [((f"Octets, {form}", "muted"), (f"   {said}", "here"))]
    hidden = {
        position
        for one in packet.fields
        if one.secret
        for position in range(one.start + 4, one.start + one.size)
    }
    count = -(-len(packet.octets) // each)
    most = max(most, 1)
    first = max(0, min(start // each - most // 3, count - most))
    for row in range(first, min(first + most, count)):
        lines.append(
            _row(packet.octets, row * each, each, range(start, start + size), hidden, glyphs)
        )
    if count > most:
        shown = f"lines {first + 1} to {min(first + most, count)} of {count}"
        lines.append(((shown, "faint"),))
    return lines


def _row(data: bytes, at: int, each: int, marked: range, hidden: set[int], g: Glyphs) -> Line:
    dot = "." if g.ascii else "·"
    hexes: list[Span] = []
    texts: list[Span] = []
    for offset in range(at, at + each):
        here = offset in marked
        role = "pick" if here else ""
        gap = "  " if offset % 8 == 7 else " "
        if offset >= len(data):
            hexes.append((f"  {gap}", ""))
            continue
        shown = dot * 2 if offset in hidden else f"{data[offset]:02x}"
        follows = here and offset + 1 in marked and offset + 1 < at + each
        hexes += [(shown, role), (gap, role if follows else "")]
        char = chr(data[offset])
        plain = offset not in hidden and 32 <= data[offset] < 127
        texts.append((char if plain else dot, role or ("" if plain else "faint")))
    return ((f"{at:04x}  ", "muted"), *hexes, (" ", ""), *texts)


# ---- offer beside policy
def offer_lines(found: Beside, columns: int, glyphs: Glyphs, *, every: bool = False) -> list[Line]:
    """One column an offer, the policy in the last; a cell that keeps an offer from being taken is filled.

    Offers that do not fit are counted; with `every`, they follow in further tables.
    """
    shown = _shown(found, columns)
    if not every:
        return [*_table(found, shown, columns, glyphs), *_rest(found, len(shown), columns)]
    lines = _table(found, shown, columns, glyphs)
    rest = [x for x in range(len(found.offers)) if x not in shown]
    for first in range(0, len(rest), len(shown)):
        lines += [(), *_table(found, rest[first : first + len(shown)], columns, glyphs)]
    return [*lines, *_rest(found, len(found.offers), columns)]


def _table(found: Beside, shown: list[int], columns: int, glyphs: Glyphs) -> list[Line]:
    each = _width(found, columns)
    bar: Span = (f"{glyphs.waits} ", "rule")
    lines: list[Line] = []

    def row(name: str, cells_: list[Span], last: Span) -> None:
        lines.append(((name.ljust(_LABEL), "muted"), *cells_, bar, last))

    row(
        "",
        [_cell(f"  {found.offerer} offers" if not number else "", each, "strong") for number in range(len(shown))],
        (cut(f"{found.answerer} wants", each, glyphs.more), "strong"),
    )  # fmt: skip
    row("", [_cell(f"  {found.offers[x].title}", each, "muted") for x in shown], ("", ""))
    for number, name in enumerate(found.rows):
        made: list[Span] = []
        for position in shown:
            made += _filled(found.offers[position], number, each, glyphs)
        want = found.wanted.cells[number]
        row(name, made, (cut(want.text, each, glyphs.more), "failed" if want.differs else ""))
    row("differs in", [_count(found, x, each) for x in shown], ("", ""))
    at = [found.offers[x].at for x in shown]
    if any(at) or found.wanted.at:
        row("written in", [_cell(f"  {_tail(x, each - 3)}", each, "muted") for x in at],
            (_tail(found.wanted.at, each), "muted"))  # fmt: skip
    return lines


def _width(found: Beside, columns: int) -> int:
    """The columns of a cell."""
    return max(min((columns - _LABEL - 2) // (min(len(found.offers), 4) + 1), 24), 14)


def _shown(found: Beside, columns: int) -> list[int]:
    """The offers that there is room for: the first ones, and always the nearest."""
    room = max((columns - _LABEL - 2) // _width(found, columns) - 1, 1)
    shown = list(range(min(len(found.offers), room)))
    if found.nearest not in shown:
        shown[-1] = found.nearest
    return shown


def _cell(text: str, each: int, role: str = "") -> Span:
    return cut(text, each - 1).ljust(each), role


def _filled(column: Column, number: int, each: int, g: Glyphs) -> list[Span]:
    cell = column.cells[number]
    if not cell.differs:
        return [_cell(f"  {cell.text}", each)]
    text = f"{g.differs} {cut(cell.text, each - 4, g.more)} "
    return [(text, "differs"), (" " * (each - cells(text)), "")]


def _count(found: Beside, position: int, each: int) -> Span:
    count = found.offers[position].count
    text = f"  {count} cell{'' if count == 1 else 's'}"
    if position == found.nearest:
        if each < 19:
            text = f"  {count}: nearest"
        return _cell(f"{text}: nearest" if count else "  nothing: it fits", each, "strong")
    return _cell(text, each, "muted")


def _tail(text: str, room: int) -> str:
    """The end of a path with its line."""
    return text if len(text) <= room else f"…{text[-max(room - 1, 1) :]}"


def _rest(found: Beside, shown: int, columns: int) -> list[Line]:
    more = len(found.offers) - shown
    parts = [f"{more} more offer{'s' * (more > 1)} differ as much or more"] if more else []
    if found.others:
        one = found.others == 1
        parts.append(f"{found.others} other proposal{'' if one else 's'} of {found.answerer} {'is' if one else 'are'} no nearer")  # fmt: skip
    return [((text, "faint"),) for text in wrapped("; ".join(parts), columns)] if parts else []
