"""Colours of the explorer: roles to styles, dark, light and without colour (Okabe-Ito, 4.5:1 at least)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style
from textual.theme import Theme

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
#: what says by itself that it is set apart, where there is no colour
_MONO = {
    "strong": Style(bold=True), "here": Style(bold=True), "key": Style(bold=True), "failed": Style(bold=True),
    "faint": Style(dim=True), "band": Style(reverse=True), "pick": Style(bold=True, reverse=True), "raise": Style(reverse=True),
    "badge": Style(reverse=True), "badge-ok": Style(bold=True, reverse=True),
    "badge-failed": Style(bold=True, reverse=True), "badge-forged": Style(bold=True, reverse=True),
    "differs": Style(bold=True, reverse=True), "cap": Style(bold=True, reverse=True),
}  # fmt: skip


@lru_cache(512)
def style(theme: str, roles: str, ground: str = "background") -> Style:
    """The style of a role, or of several; on a ground: background, raise, band or surface."""
    if theme == "mono":
        made = Style(reverse=True) if ground in ("band", "raise") else Style()
        for role in roles.split():
            made += _MONO.get(role, Style())
        return made
    c = PALETTES[theme]
    made = Style(color=c["foreground"], bgcolor=c[ground])
    for role in roles.split():
        made += _one(c, role)
    return made


def _one(c: Mapping[str, str], role: str) -> Style:
    if role in ("strong", "bold"):
        return Style(bold=True)
    if role in ("here", "key", "failed"):
        return Style(color=c["here" if role == "key" else role], bold=True)
    if role == "band":
        return Style(bgcolor=c["band"])
    if role == "pick":
        return Style(bgcolor=c["band"], color=c["here"], bold=True)
    if role == "badge":
        return Style(bgcolor=c["rule"], color=c["foreground"], bold=True)
    fills = {"badge-ok": "ok", "badge-failed": "failed-fill", "badge-forged": "forged",
             "differs": "failed-fill", "cap": "here"}  # fmt: skip
    if role in fills:
        return Style(bgcolor=c[fills[role]], color=c["ink"], bold=True)
    return Style(color=c[role]) if role in c else Style()


def themes() -> list[Theme]:
    """What Textual itself draws with: dialogs, inputs, scroll bars."""
    made = []
    for name, c in PALETTES.items():
        made.append(
            Theme(
                f"ikeproof-{name}",
                primary=c["here"], secondary=c["ok"], warning=c["forged"], error=c["failed-fill"],
                success=c["ok"], accent=c["here"], foreground=c["foreground"],
                background=c["background"], surface=c["surface"], panel=c["raise"], dark=name == "dark",
            )
        )  # fmt: skip
    return made
