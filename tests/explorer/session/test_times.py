"""Times as people read them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from explorer.session.times import duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ("3", "3 s"), ("0.5", "0.5 s"), ("0.012", "12 ms"), ("0.1472", "147 ms"), ("10.0546", "10.055 s"),
        ("59.9996", "60 s"), ("300.4", "300 s"), ("342.857", "343 s"), ("599", "599 s"), ("600", "0:10:00"),
    ],
)  # fmt: skip
def test_milliseconds_are_shown_as_far_as_they_can_be_read(seconds: str, said: str) -> None:
    assert duration(Fraction(seconds)) == said
