"""Finds the policy for a peer's address among many (R22)."""

from __future__ import annotations

from collections.abc import Sequence

from impl.ike.settings import ConnectionSettings, Host
from model.vocabulary.policy import AddressPattern


class Remotes:
    """Connections by their remote addresses: single ones are looked up, only ranges are gone through."""

    def __init__(self, connections: Sequence[ConnectionSettings]) -> None:
        self._connections = connections
        self._single: dict[Host, int] = {}
        self._ranges: list[tuple[int, AddressPattern]] = []
        for number, connection in enumerate(connections):
            for pattern in connection.remotes:
                single = None if pattern.anything else pattern.single
                if single is None:
                    self._ranges.append((number, pattern))
                else:
                    self._single.setdefault(single, number)

    def connection_for(self, host: Host) -> ConnectionSettings | None:
        """The first connection whose remote addresses contain this one; None if none does."""
        found = self._single.get(host)
        for number, pattern in self._ranges:
            if found is not None and number >= found:
                break
            if pattern.holds(host):
                found = number
                break
        return None if found is None else self._connections[found]
