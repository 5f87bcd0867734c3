"""Makes every text in plain data safe to show: the border at which texts of packets enter a session."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar, cast

from explorer.view.safe import safe

T = TypeVar("T")


def purified(value: T) -> T:
    """The value with each text in it made safe: data classes, tuples and mappings of them."""
    made: Any = value
    if isinstance(value, str) and not isinstance(value, Enum):
        made = safe(value)
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        made = tuple(purified(item) for item in value)
    elif is_dataclass(value) and not isinstance(value, type):
        named = {item.name: getattr(value, item.name) for item in fields(value) if item.init}
        changed = {name: purified(item) for name, item in named.items()}
        made = replace(value, **changed)
    return cast(T, made)
