"""Timers by key."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


#: moved and cancelled deadlines that are kept at most, beside as many as there are armed ones
_STALE = 64


class Timers(Generic[K]):
    """Deadlines by key, on the clock of whoever asks; setting a key again moves its deadline."""

    def __init__(self) -> None:
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0

    def set(self, key: K, due: float) -> None:
        """Arm, or move."""
        self._due[key] = due
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, key))
        if len(self._heap) > 2 * len(self._due) + _STALE:
            self._heap = [(due, count, key) for count, (key, due) in enumerate(self._due.items())]
            heapq.heapify(self._heap)

    def cancel(self, key: K) -> None:
        """Off; nothing if it is not armed."""
        self._due.pop(key, None)

    def due(self, key: K) -> float | None:
        """When it is due; None if it is not armed."""
        return self._due.get(key)

    def pending(self) -> dict[K, float]:
        """Every deadline by its key."""
        return dict(self._due)

    def next(self) -> float | None:
        """The earliest deadline; None if nothing is armed."""
        self._clean()
        return self._heap[0][0] if self._heap else None

    def pop(self, now: float) -> K | None:
        """A key whose deadline has come, which is then off; None if there is none."""
        self._clean()
        if not self._heap or self._heap[0][0] > now:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._due[key]
        return key

    def _clean(self) -> None:
        """Drop what was moved or cancelled."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
