"""Makes every text in plain data safe to show: the border at which texts of packets enter a session."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from explorer.view.safe import safe

T = TypeVar("T")


def purified(value: T) -> T:
    """The value with each text in it made safe: texts, tuples and data classes. What is safe is not copied."""
    made: Any = value
    if isinstance(value, str) and not isinstance(value, Enum):
        made = safe(value)
    elif type(value) is tuple:
        before = cast("tuple[Any, ...]", value)
        items = [purified(item) for item in before]
        same = all(new is old for new, old in zip(items, before, strict=True))
        made = value if same else tuple(items)
    elif is_dataclass(value) and not isinstance(value, type):
        pairs = [(name, getattr(value, name)) for name in _names(type(value))]
        changed = {name: new for name, old in pairs if (new := purified(old)) is not old}
        made = replace(value, **changed) if changed else value
    return cast(T, made)


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind) if item.init)
