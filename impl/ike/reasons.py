"""How often messages were dropped, by why."""

from __future__ import annotations

from collections import Counter

#: reasons that are distinguished: some carry numbers that a stranger chooses
MOST_REASONS = 256
OTHERS = "other reasons"


class Reasons(Counter[str]):
    """A counter that does not grow beyond its bound; what comes on top is counted together."""

    def __setitem__(self, why: str, count: int) -> None:
        if why not in self and len(self) >= MOST_REASONS:
            why, count = OTHERS, self[OTHERS] + count
        super().__setitem__(why, count)
