"""Colours of the explorer: what a role looks like, dark, light and without colour (Okabe-Ito, 4.5:1 at least)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

_DARK = {
    "background": "#121212", "surface": "#1C1C1F", "raise": "#26262B", "band": "#3C2C46",
    "foreground": "#E9E9EC", "muted": "#ACACB4", "faint": "#9A9AA4", "rule": "#45454D",
    "here": "#DB8CB9", "ok": "#56B4E9", "failed-fill": "#D55E00", "failed": "#FF8050",
    "pending": "#F0E442", "forged": "#E69F00", "ink": "#121212",
}  # fmt: skip
_LIGHT = {
    "background": "#FDFDFC", "surface": "#F2F2EF", "raise": "#E7E7E3", "band": "#F0D2E3",
    "foreground": "#1B1B1E", "muted": "#4C4C53", "faint": "#5F5F68", "rule": "#BDBDB8",
    "here": "#963067", "ok": "#005F9E", "failed-fill": "#B23A00", "failed": "#A63000",
    "pending": "#6B5A00", "forged": "#855300", "ink": "#FFFFFF",
}  # fmt: skip
PALETTES: Mapping[str, Mapping[str, str]] = {"dark": _DARK, "light": _LIGHT}
_FILLS = {"badge-ok": "ok", "badge-failed": "failed-fill", "badge-forged": "forged",
          "differs": "failed-fill", "cap": "here"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """Colour, ground, and whether it is bold."""

    color: str
    ground: str
    bold: bool = False


@lru_cache(512)
def look(theme: str, roles: str, ground: str = "background") -> Look:
    """The look of a role, or of several; on a ground: background, raise, band or surface."""
    c = PALETTES[theme]
    made = Look(c["foreground"], c[ground])
    for role in roles.split():
        made = _one(c, role, made)
    return made


def _one(c: Mapping[str, str], role: str, so_far: Look) -> Look:
    if role in ("strong", "bold"):
        return replace(so_far, bold=True)
    if role in ("here", "key", "failed"):
        return replace(so_far, color=c["here" if role == "key" else role], bold=True)
    if role == "band":
        return replace(so_far, ground=c["band"])
    if role == "pick":
        return replace(so_far, color=c["here"], ground=c["band"], bold=True)
    if role == "badge":
        return Look(c["foreground"], c["rule"], True)
    if role in _FILLS:
        return Look(c["ink"], c[_FILLS[role]], True)
    return replace(so_far, color=c[role]) if role in c else so_far
