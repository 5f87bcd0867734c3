"""The glossary: one source of its texts, and all ways to it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from explorer.session.commands import COMMANDS
from explorer.view.explore.glossary import FIRST, PAGE, glossary, terms
from explorer.view.explore.spans import text_of
from tests.explorer.conftest import Run
from tests.explorer.tui.screens import shown

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("keys", [["h"], ["f2"], ["colon", *"glossary", "enter"]])
def test_a_key_and_a_command_show_it(keys: list[str], size: tuple[int, int]) -> None:
    found = shown(keys, "main-psk", size)
    assert "Glossary" in found.text and FIRST in found.text and "MM1 to MM6" in found.text
    assert "half-open" in shown(["colon", *"glossary half-open", "enter"], "main-psk", size).text


def test_the_start_screen_and_the_palette_lead_to_it() -> None:
    assert "Glossary" in shown(["h"]).text and "glossary" in shown().lines[-1]
    assert COMMANDS["glossary"].keys and COMMANDS["glossary"].title == "glossary"
    assert any("h  glossary" in line for line in shown(["question_mark"], "main-psk").lines)


def test_arrows_scroll_it_and_escape_closes_it() -> None:
    top = shown(["h"], "main-psk", (80, 24))
    down = shown(["h", *["pagedown"] * 4], "main-psk", (80, 24))
    assert "QM1 to QM3" in top.text and "QM1 to QM3" not in down.text
    assert "Glossary" not in shown(["h", "escape"], "main-psk").text


def test_its_texts_stand_in_one_place_which_the_wheel_has_too() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]
    assert "docs/glossary.md" in wheel["wheel"]["only-include"]
    assert wheel["wheel"]["sources"]["docs"] == "ikeproof_layers/docs"
    assert PAGE == ROOT / "docs" / "glossary.md"
    meaning = next(item.meaning for item in terms() if item.term == "half-open")
    for file in (ROOT / "explorer").rglob("*.py"):
        assert meaning not in file.read_text(encoding="utf-8"), file


def test_every_row_of_the_page_is_a_term_with_a_meaning() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    found = terms()
    assert len(found) == len([row for row in rows if not row.startswith("| term |")])
    assert all(item.term and item.meaning and "|" not in item.meaning for item in found)
    assert not any(sign in item.term + item.meaning for item in found for sign in "`*[")
    assert found[0].section == FIRST


@pytest.mark.parametrize(
    "word",
    "MM1 QM1 AM1 N D choice proof awaits step branch ahead flight lost forged power kept open offer suite "
    "half-open served resend SA PFS lifetime initiator rule promise weakness".split(),
)
def test_what_stands_in_chart_and_panes_is_explained(word: str) -> None:
    assert any(word in item.term.replace(",", " ").split() or word in item.term for item in terms())


@pytest.mark.parametrize("columns", [40, 76, 120])
def test_lines_keep_their_width(columns: int) -> None:
    assert all(len(text_of(line)) <= columns for line in glossary(columns))


def test_a_term_is_found_without_a_screen(run: Run) -> None:
    done = run("explore", "--scenario", "main-psk", "--exec", "glossary resend")
    assert done.code == 0 and "again after a timeout" in done.out
    assert "has no term" in run("explore", "--scenario", "main-psk", "--exec", "glossary qqq").out
