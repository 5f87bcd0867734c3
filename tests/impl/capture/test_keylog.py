"""Key logs: both forms are read, and what is none is named without its value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impl.capture.keylog import KeyLogError, read_keylog


def test_key_logs_of_both_forms_are_read() -> None:
    log = read_keylog(
        "# a comment\n\n"
        "0102030405060708 1112131415161718 g_xy AAbb  # and another\n"
        "0102030405060708,00112233\n"
        '"2122232425262728","0x44"\n'
    )
    one, other = bytes(range(1, 9)), bytes(range(0x11, 0x19))
    assert log.of(one, other) == {"G_XY": b"\xaa\xbb", "KEY": b"\x00\x11\x22\x33"}
    assert log.of(one, bytes(8)) == {"KEY": b"\x00\x11\x22\x33"}
    assert log.of(bytes(range(0x21, 0x29)), other) == {"KEY": b"\x44"}
    assert log.of(other, one) == {}


@pytest.mark.parametrize(
    "line",
    [
        "0102030405060708 1112131415161718 G_XY",
        "0102030405060708 1112131415161718 SECRET c0ffee",
        "0102030405060708 1112131415161718 KEY c0ffe",
        "0102030405060708 1112131415161718 KEY 0xc0ffee",
        "01020304050607 1112131415161718 KEY c0ffee",
        "0102030405060708 111213141516171g KEY c0ffee",
        "0102030405060708 1112131415161718 KEY " + "c0ffee" * 1000,
        "c0ffee,c0ffee",
    ],
)
def test_a_line_that_is_none_is_named_without_its_value(line: str) -> None:
    with pytest.raises(KeyLogError) as error:
        read_keylog("# first\n" + line)
    assert error.value.line == 2 and error.value.mend
    assert "c0ffe" not in str(error.value) + error.value.mend
    assert "c0ffee" not in repr(read_keylog("0102030405060708,c0ffee"))


@given(st.text(max_size=200))
def test_any_text_is_a_key_log_or_an_error_with_a_line(text: str) -> None:
    try:
        read_keylog(text)
    except KeyLogError as error:
        assert error.line >= 1
