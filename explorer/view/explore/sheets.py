"""Help as lines: all keys, a pane's help, the glossary of the chart, big letters for presenting."""

from __future__ import annotations

from explorer.session.commands.registry import COMMANDS, GROUPS
from explorer.view.explore.spans import Glyphs, Line, cut

PANE_HELP = {
    "why": "Why something did not happen: the guard that refuses, its clause, and the values that it reads, with the "
    "step that wrote each. w asks the next question; `why mm6` asks about a message, `why initiator.state` about a field.",
    "packet": "The message of this step. Of a capture: its payloads, decrypted where keys are known, and its octets.",
    "peers": "Both ends side by side: the state, what it was before this step, the reason of a failure.",
    "sadb": "The security associations of both ends, with what is left of their lifetimes.",
    "timers": "The timers that run. t lets time pass to the next one that ends.",
    "promises": "Promises of the specification at this step: broken, kept, or not yet spoken of. A failure of the "
    "negotiation is not a broken promise. `promise NAME` says what one says.",
    "states": "Where each end came from, where it is, and what can come next: an arrow for what Enter does, a tick for "
    "what can happen. Below it the map of all states, with what was passed in bold. z shows all of both.",
    "network": "Copies on their way and rules that lose them. x drops, d duplicates, < and > reorder. 6x drops six copies.",
    "branches": "Every line of events that was tried. x on a message begins another; `branch NAME` goes to one.",
    "chart": "Who sends what to whom. A double line is encrypted, a cross is lost, a wavy line is the attacker's. Faint "
    "rows lie ahead: they happened once, and stay until something else is done.",
    "changes": "What the last step changed in the specification's state.",
    "choices": "What can happen now, the likeliest first. `choose N` does one of them.",
    "powers": "What the attacker can do. Enter switches a power.",
}
NAMES = (("MM", "Main Mode"), ("AM", "Aggressive Mode"), ("QM", "Quick Mode"), ("N", "notification"), ("D", "Delete"))  # fmt: skip


def keys(columns: int, glyphs: Glyphs) -> list[Line]:
    """All keys by group, in as many columns as there is room for."""
    blocks: list[list[Line]] = []
    for group in GROUPS:
        block: list[Line] = [((group, "here"),)]
        for item in COMMANDS.values():
            if item.group == group and item.keys:
                shown = _key(item.keys[0])
                block.append(((shown.rjust(7), "strong"), (f"  {item.title}", "muted")))
        if len(block) > 1:
            blocks.append([*block, ()])
    blocks[0][1:1] = []
    blocks.append([(("Read the chart", "here"),), *_reading(glyphs), ()])
    blocks.append(
        [(("Names", "here"),), *(((f"{a.rjust(7)}  ", "strong"), (b, "muted")) for a, b in NAMES)]
    )
    many = 3 if columns >= 110 else 2 if columns >= 72 else 1
    each = columns // many
    sides: list[list[Line]] = [[] for _ in range(many)]
    for block in blocks:
        min(sides, key=len).extend(block)
    height = max(map(len, sides))
    lines: list[Line] = []
    for row in range(height):
        parts: list[tuple[str, str]] = []
        for side in sides:
            line = side[row] if row < len(side) else ()
            used = sum(len(text) for text, _ in line)
            parts += [*line, (" " * max(each - used, 0), "")]
        lines.append(tuple(parts))
    lines.append((("A pane that is alone (z) scrolls with arrows, pages and the wheel.", "muted"),))
    lines.append(
        (
            (
                "n s c go forward, N S C back. A number before n, N, x is how many, before G the step.",
                "muted",
            ),
        )
    )
    return lines


def _reading(g: Glyphs) -> list[Line]:
    return [
        (
            (f"  {g.join_right}{g.clear * 2} MM1 {g.clear * 2}{g.right}  ", ""),
            ("in clear", "muted"),
        ),
        (
            (f"  {g.sealed_right}{g.sealed * 2} MM5 {g.sealed * 2}{g.right}  ", ""),
            ("encrypted", "muted"),
        ),
        (
            (f"  {g.sealed_right}{g.sealed * 2} MM5 {g.sealed * 2}{g.cross}  ", "failed"),
            ("lost", "muted"),
        ),
        (
            (f"  {g.left}{g.forged * 2} N {g.forged}{g.attacker}     ", "forged"),
            ("forged", "muted"),
        ),
        ((f"  {g.waits} waits  {g.up} up  {g.idle} idle  {g.ended} ended", "muted"),),
        (("  faint rows lie ahead; a new act forks", "muted"),),
    ]


def _key(name: str) -> str:
    return {
        "enter": "Enter",
        "apostrophe": "'",
        "home": "Home",
        "end": "End",
        "tab": "Tab",
        "0": "0-9",
    }.get(name, name)


_FONT = {
    "A": ("▄▀▄", "█▀█", "▀ ▀"), "B": ("█▀▄", "█▀▄", "▀▀ "), "C": ("▄▀▀", "█  ", " ▀▀"), "D": ("█▀▄", "█ █", "▀▀ "),
    "E": ("█▀▀", "█▀ ", "▀▀▀"), "F": ("█▀▀", "█▀ ", "▀  "), "G": ("▄▀▀", "█ █", " ▀▀"), "H": ("█ █", "█▀█", "▀ ▀"),
    "I": ("█", "█", "▀"), "K": ("█ █", "█▀▄", "▀ ▀"), "L": ("█  ", "█  ", "▀▀▀"), "M": ("█▄ ▄█", "█ ▀ █", "▀   ▀"),
    "N": ("█▄ █", "█ ▀█", "▀  ▀"), "O": ("▄▀▄", "█ █", " ▀ "), "P": ("█▀▄", "█▀ ", "▀  "), "R": ("█▀▄", "█▀▄", "▀ ▀"),
    "S": ("▄▀▀", " ▀▄", "▀▀ "), "T": ("▀█▀", " █ ", " ▀ "), "U": ("█ █", "█ █", " ▀ "), "V": ("█ █", "█ █", " ▀ "),
    "W": ("█   █", "█ █ █", " ▀ ▀ "), "Y": ("█ █", " █ ", " ▀ "), "0": ("▄▀▄", "█ █", " ▀ "), "1": ("▄█", " █", " ▀"),
    "2": ("▀▀▄", "▄▀ ", "▀▀▀"), "3": ("▀▀▄", " ▀▄", "▀▀ "), "4": ("█ █", "▀▀█", "  ▀"), "5": ("█▀▀", "▀▀▄", "▀▀ "),
    "6": ("▄▀▀", "█▀▄", " ▀ "), "7": ("▀▀█", " █ ", " ▀ "), "8": ("▄▀▄", "▄▀▄", " ▀ "), "9": ("▄▀▄", " ▀█", "▀▀ "),
    "+": ("   ", "▀█▀", " ▀ "), ":": (" ", "▀", "▀"), ".": (" ", " ", "▀"), " ": ("  ", "  ", "  "),
}  # fmt: skip


def large(text: str, role: str, glyphs: Glyphs) -> list[Line]:
    """A word in letters three rows high; in ASCII, the word as it is."""
    if glyphs.ascii:
        return [(), ((" ".join(text.upper()), f"{role} strong"),), ()]
    shapes = [_FONT.get(char, ("?", "?", "?")) for char in text.upper()]
    return [(("  ".join(shape[row] for shape in shapes), role),) for row in range(3)]


def command_list(columns: int) -> list[Line]:
    """Commands as they are typed, each with its title."""
    return [
        (
            (cut(item.usage or item.name, 44).ljust(46), "strong"),
            (cut(item.title, columns - 46), "muted"),
        )
        for item in COMMANDS.values()
    ]
