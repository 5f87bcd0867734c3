"""Colours: all text is at least 4.5:1 on every ground that it stands on, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from explorer.tui.theme import style
from explorer.view.explore.palette import PALETTES, look

ROOT = Path(__file__).resolve().parents[3]
GROUNDS = ("background", "surface", "raise", "band")
#: roles of text; what fills its own ground stands below
TEXT = (
    "", "strong", "muted", "faint", "here", "key", "ok", "failed", "pending", "forged", "pick", "band",
    "strong band", "here band", "muted band", "faint strong", "ok band", "failed band", "pending band",
)  # fmt: skip
FILLED = ("badge", "badge-ok", "badge-failed", "badge-forged", "differs", "cap")
LEAST = 4.5


def luminance(color: str) -> float:
    """Relative luminance, as the WCAG defines it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    a, b = sorted((luminance(one), luminance(other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def test_the_measure_is_the_known_one() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("role", TEXT)
def test_text_can_be_read_on_every_ground(role: str, ground: str, theme: str) -> None:
    shown = look(theme, role, ground)
    assert contrast(shown.color, shown.ground) >= LEAST


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("role", FILLED)
def test_text_can_be_read_in_every_badge(role: str, theme: str) -> None:
    shown = look(theme, role)
    assert contrast(shown.color, shown.ground) >= LEAST


def test_every_role_that_is_drawn_is_tried_here() -> None:
    """The roles in the code: a quoted word of a palette's names or fills, beside a text."""
    known = {part for role in (*TEXT, *FILLED) for part in role.split()} | {"rule", "bold"}
    for file in (ROOT / "explorer").rglob("*.py"):
        if "view/explore" in file.as_posix() or "tui" in file.parts:
            for roles in re.findall(r', "([a-z -]+)"\)', file.read_text(encoding="utf-8")):
                if all(part in PALETTES["dark"] or part in known for part in roles.split()):
                    assert set(roles.split()) <= known | set(GROUNDS), (file.name, roles)


@pytest.mark.parametrize("theme", PALETTES)
def test_the_terminal_gets_the_same_colours_as_pictures(theme: str) -> None:
    for role in (*TEXT, *FILLED):
        drawn, shown = style(theme, role, "surface"), look(theme, role, "surface")
        assert drawn.color is not None and drawn.bgcolor is not None
        assert (drawn.color.name.upper(), drawn.bgcolor.name.upper()) == (
            shown.color.upper(), shown.ground.upper()
        )  # fmt: skip
