"""Times as people read them."""

from __future__ import annotations

from fractions import Fraction

_LONG = 600


def duration(seconds: Fraction | int) -> str:
    """How long: 3 s, 0.5 s, 12 ms, 10.055 s, 2:00:00 from ten minutes on."""
    value = Fraction(seconds)
    if value >= _LONG:
        return clock(value)
    if value.denominator == 1:
        return f"{value} s"
    if abs(value) < 1 and (value * 10).denominator != 1:
        return f"{float(value * 1000):.3g} ms"
    if abs(value) >= 100:
        return f"{float(value):.0f} s"
    return f"{float(value):.3f}".rstrip("0").rstrip(".") + " s"


def clock(seconds: Fraction | int) -> str:
    """Hours, minutes and seconds: 8:00:00; what is below a second is left out."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def since_start(seconds: Fraction | int) -> str:
    """A point in time: +18 s, or 7:59:59 from ten minutes on."""
    value = Fraction(seconds)
    return clock(value) if value >= _LONG else f"+{duration(value)}" if value else "+0 s"


def spoken(seconds: Fraction | int) -> str:
    """How long, in a sentence: 1 h 59 min 59 s."""
    whole = int(seconds)
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or duration(seconds)


_TIMES = ("never", "once", "twice", "three times", "four times", "five times", "six times")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh")


def times(count: int) -> str:
    """How often: once, twice, six times, 12 times."""
    return _TIMES[count] if count < len(_TIMES) else f"{count} times"


def ordinal(count: int) -> str:
    """Which one: first, seventh, 12th."""
    return _ORDINALS[count] if 0 < count < len(_ORDINALS) else f"{count}th"
