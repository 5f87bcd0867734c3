"""The form for altering messages as the attacker could."""

from __future__ import annotations

import pytest

from explorer.cli.explore import Asked, opened
from explorer.session.commands import execute
from explorer.session.edits import edits
from explorer.session.session import Session
from explorer.view.explore.edited import edit_rows
from explorer.view.explore.spans import ASCII, UNICODE, text_of
from model.spec.words import MESSAGES
from tests.explorer.tui.screens import shown


def session(script: str) -> Session:
    made = opened(Asked(scenario="main-psk"))
    for command in script.split("; "):
        execute(made, command)
    return made


def test_edits_are_by_message_with_those_on_their_way_first() -> None:
    found = edits(session("power alters on; step 1"))
    assert found[0].message == "mm1" and found[0].flies and not found[0].sealed
    assert found[0].edits[0].changes == (("altered", "false", "true"),)
    assert len({item.message for item in found}) == len(found)
    assert not any(item.flies for item in found[1:])


@pytest.mark.parametrize(
    "script",
    ["power alters on; power forges on; step 3", "power alters on; power knows_secret on; step 2"],
)
def test_each_edit_does_what_its_row_says(script: str) -> None:
    count = sum(len(item.edits) for item in edits(session(script)))
    assert count
    for number in range(count):
        made = session(script)
        item, edit = [(x, e) for x in edits(made) for e in x.edits][number]
        execute(made, edit.command)
        sent = made.now.event.message
        assert sent is not None and sent.forged
        assert MESSAGES[sent.message].short == MESSAGES[item.message].short
        fields = made.source.fields(made.now.moment)
        for name, _, then in edit.changes:
            values = [v for k, v in fields.items() if k.endswith(f".{name.replace(' ', '_')}")]
            assert then in values


def test_a_message_that_a_key_protects_says_what_is_left_to_do() -> None:
    rows = [text_of(line) for _, line in edit_rows(session("goto 5"), 76, UNICODE)]
    assert rows[0].startswith("MM5  message 5   on its way, encrypted")
    assert "a key protects it: x drops it" in rows[1]
    assert any("alter what no key protects" in row for row in rows)


@pytest.mark.parametrize("columns", [70, 76, 116])
def test_rows_fit_and_ascii_is_ascii(columns: int) -> None:
    made = session("power alters on; power forges on; step 2")
    for _, line in edit_rows(made, columns, ASCII):
        assert len(text_of(line)) <= columns and text_of(line).isascii()


def test_keys_choose_an_edit_and_pass_over_headings() -> None:
    keys = ["colon", *"power alters on", "enter", "n", "e"]
    form = shown(keys, "main-psk", (80, 24))
    assert "► alters the offer in MM1" in " ".join(form.text.split())
    done = shown([*keys, "enter"], "main-psk")
    assert "attacker" in done.text and "MM1" in done.text and "step 2 of 2" in done.lines[0]
    moved = shown([*keys, "down"], "main-psk", (80, 24))
    assert "► MM" not in " ".join(moved.text.split()) and "►" in moved.text
    assert "step 1 of 1" in shown([*keys, "escape"], "main-psk").lines[0]


def test_without_a_power_the_form_gives_one() -> None:
    keys = ["n", "e"]
    assert "Powers that he does not have" in shown(keys, "main-psk").text
    given = shown([*keys, "enter", "e"], "main-psk").text
    assert "alters the offer in MM1" in given
