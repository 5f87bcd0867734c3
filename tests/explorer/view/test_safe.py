"""Nothing that could move a cursor or hide text leaves `safe`."""

from __future__ import annotations

import io
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from explorer.report.text import write
from explorer.view.safe import safe
from explorer.view.verdicts import Row


@given(st.text())
def test_no_control_or_format_character_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in safe(text)}
    assert not left & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(0x202A <= ord(char) <= 0x202E for char in safe(text))


@given(st.text(), st.text())
def test_every_row_is_one_line(head: str, text: str) -> None:
    out = io.StringIO()
    write([Row("plain", head, text)], out)
    assert out.getvalue().count("\n") == 1
