"""Texts of packets are made safe where they enter a session, however deep they lie."""

from __future__ import annotations

from fractions import Fraction

from explorer.session.moments import End, Life, Tone, Verdict
from explorer.session.packet import Field, Packet
from explorer.view.purified import purified


def test_every_text_is_made_safe_and_nothing_else_is_changed() -> None:
    packet = Packet(
        "a\x1b[2J", "in clear", b"\x1b[2J", (Field(0, "n\u202e", "v\x9b", 1, 2),), "\x07", 0
    )
    made = purified((packet, Fraction(1, 3), None))
    assert made == (
        Packet(
            "a\u241b[2J", "in clear", b"\x1b[2J",
            (Field(0, "n<U+202E>", "v<U+009B>", 1, 2),), "\u2407", 0,
        ),
        Fraction(1, 3), None,
    )  # fmt: skip


def test_what_is_safe_is_the_same_object() -> None:
    for value in (End(Life.UP, "ESTABLISHED"), Verdict("A", Tone.OK, "B."), ("x", (1, b"\x1b"))):
        assert purified(value) is value
