"""What the rows of the tables work with: the engine's interface for them, and the current message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from impl.auth.interface import Dropped, Refused, one
from impl.ike.events import Event, SaPair
from impl.ike.sadb import IkeSa, Quick, Sadb
from impl.ike.sealing import Opened
from impl.ike.settings import Address, Random, Settings
from impl.wire.message import Header, prefixed
from impl.wire.payloads import AnyPayload, HashData

P = TypeVar("P")
__all__ = ["Core", "Dropped", "Got", "Refused", "Reply", "fresh"]


class Got:
    """A message that has been read: in clear, or opened."""

    __slots__ = ("_by_type", "header", "opened", "payloads")

    def __init__(
        self, header: Header, payloads: tuple[AnyPayload, ...], opened: Opened | None = None
    ) -> None:
        self.header, self.payloads, self.opened = header, payloads, opened
        self._by_type: dict[type, list[Any]] = {}
        for item in payloads:
            self._by_type.setdefault(type(item), []).append(item)

    def all(self, kind: type[P]) -> list[P]:
        """Its payloads of a type, in order."""
        return self._by_type.get(kind, [])

    def one(self, kind: type[P]) -> P:
        """Its payload of a type; Dropped unless it is there once."""
        found = self._by_type.get(kind, ())
        return found[0] if len(found) == 1 else one(self.payloads, kind)


class Reply(NamedTuple):
    """What goes back: payloads, under the keys of the SA or in clear; nothing if there are none.

    chain   the same, encoded, where it has been already to be hashed
    more    the proofs are not complete: it goes on as the row's `more` says
    """

    payloads: Sequence[AnyPayload] = ()
    sealed: bool = False
    chain: tuple[int, bytes] | None = None
    more: bool = False

    @classmethod
    def hashed(cls, made: bytes, rest: tuple[int, bytes]) -> Reply:
        """A sealed message from its HASH and what that covers."""
        first = HashData(made)
        return cls((first,), sealed=True, chain=prefixed(first, rest))


class Core(Protocol):
    """The engine, as rows see it."""

    settings: Settings
    random: Random
    sadb: Sadb

    @property
    def now(self) -> float:
        """The time of the message or time-out at hand."""
        ...

    def keys_made(self, sa: IkeSa) -> None:
        """An exchange has its keys: write them to the key log, if there is one."""
        ...

    def emit(self, event: Event) -> None:
        """Report."""
        ...

    def established(self, sa: IkeSa) -> None:
        """A Phase I SA is up: its lifetime runs, and what waits for it begins."""
        ...

    def installed(self, sa: IkeSa, quick: Quick, pair: SaPair) -> None:
        """A pair is made."""
        ...

    def drop_pair(self, owner: IkeSa, pair: SaPair, why: str) -> None:
        """A pair was deleted, with its timers."""
        ...

    def ended(self, sa: IkeSa, why: str) -> None:
        """A Phase I SA has ended; its pairs remain."""
        ...

    def shortened(self, sa: IkeSa, seconds: int) -> None:
        """The peer wants a Phase I SA to end earlier."""
        ...

    def answered(self, sa: IkeSa, question: int) -> None:
        """The peer has sent R-U-THERE-ACK."""
        ...

    def cookie(self, peer: Address, initiator: bytes) -> bytes:
        """An unused local cookie for an exchange with that address."""
        ...

    def drop_others(self, sa: IkeSa) -> None:
        """The peer has restarted (INITIAL-CONTACT): its other SAs are deleted."""
        ...


def fresh(random: Random, size: int) -> bytes:
    """Random octets that are not all zero."""
    while not any(found := random(size)):
        pass
    return found
