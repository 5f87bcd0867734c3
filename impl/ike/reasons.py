"""Counts dropped messages by reason."""

from __future__ import annotations

from collections import Counter

#: number of reasons that are distinguished: some contain numbers that a peer chooses
MOST_REASONS = 256
OTHERS = "other reasons"


class Reasons(Counter[str]):
    """A counter with a limited number of keys; further ones are counted together."""

    def __setitem__(self, why: str, count: int) -> None:
        if why not in self and len(self) >= MOST_REASONS:
            why, count = OTHERS, self[OTHERS] + count
        super().__setitem__(why, count)
