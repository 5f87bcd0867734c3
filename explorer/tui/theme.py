"""Colours of the explorer on a terminal: roles to styles, dark, light and without colour."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.theme import Theme

from explorer.view.explore.palette import PALETTES, look

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
    found = look(theme, roles, ground)
    return Style(color=found.color, bgcolor=found.ground, bold=found.bold or None)


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
