"""What an engine reports. Keys are for the driver, and are never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from impl.auth.interface import Work
from impl.ike.settings import Address, Host, Phase1Choice, Phase2Choice
from impl.wire.payloads import Identification, Notification
from model.vocabulary.selectors import Selector


@dataclass(frozen=True, slots=True)
class Phase1Established:
    """An authenticated Phase I SA is up: cookies, who the peer is, and what was agreed.

    proved   who the peer's credential says it is: a certificate's subject, a principal; empty: a shared key
    """

    name: bytes
    peer: Address
    connection: str
    identity: Identification
    choice: Phase1Choice
    initiated: bool
    proved: str = ""


@dataclass(frozen=True, slots=True)
class StepNeeded:
    """An authentication cannot go on before `work` is done, which may block: run it where that is allowed,
    and hand what comes of it to `Engine.step_done` under this number. No report, so no `Event`."""

    number: int
    name: bytes
    peer: Address
    connection: str
    what: str
    work: Work[Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Phase1Failed:
    """An exchange of Phase I ended without an SA; `reason` in the words of verdicts, `why` in full. If it was
    not `initiated` here, anybody may have started it."""

    name: bytes
    peer: Address
    connection: str
    initiated: bool
    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class FellBack:
    """Nobody answered the first message, and the policy lets packets go in clear (a soft SA, R8)."""

    peer: Address
    connection: str


@dataclass(frozen=True, slots=True)
class Phase1Ended:
    """A Phase I SA has ended: by its lifetime, a Delete of either end, or because it was replaced."""

    name: bytes
    peer: Address
    connection: str
    why: str


@dataclass(frozen=True, slots=True)
class ProtocolSas:
    """The SAs of one protocol: one inbound, one outbound (R11). SPIs are numbers; keys are KEYMAT, encryption
    key first."""

    choice: Phase2Choice
    inbound_spi: int
    outbound_spi: int
    inbound_key: bytes = field(repr=False)
    outbound_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaPair:
    """What a Quick Mode made for a set of packets, for the driver: both directions, of one protocol or of
    several that are applied together as one unit.

    sas         the SAs of each protocol, in the order of outbound processing: ESP, then AH around it (RFC 2401
                4.3); inbound in reverse
    life        in seconds, `kilobytes` in units of 1024 octets, None for no limit: the driver ends it then,
                and says so to the engine (R19)
    originals   the addresses of initiator and responder as the peer sees them, where transport mode passes a
                NAT (RFC 3947 5.2)
    """

    child: str
    peer: Address
    sas: tuple[ProtocolSas, ...]
    local: Selector
    remote: Selector
    life: int | None
    initiated: bool
    originals: tuple[Host, Host] | None = None
    kilobytes: int | None = None

    @property
    def inbound_spi(self) -> int:
        """Its name: the inbound SPI of its first protocol. No two SAs of an engine have the same, whatever
        their protocols."""
        return self.sas[0].inbound_spi


@dataclass(frozen=True, slots=True)
class SasInstalled:
    """A pair of SAs (of each protocol) is ready: the inbound one at once, the outbound one too, as the peer has
    its own."""

    name: bytes
    connection: str
    pair: SaPair


@dataclass(frozen=True, slots=True)
class SasDeleted:
    """A pair of SAs (of each protocol) is to be removed; named by the inbound SPI of the first."""

    connection: str
    pair: SaPair
    why: str


@dataclass(frozen=True, slots=True)
class Phase2Failed:
    """A Quick Mode ended without SAs."""

    name: bytes
    peer: Address
    connection: str
    child: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class Notified:
    """The peer sent a notify; `protected`: a key of the SA protects it, else anybody can have sent it."""

    peer: Address
    notification: Notification
    protected: bool


@dataclass(frozen=True, slots=True)
class PeerMoved:
    """A message that verified came from another address: a NAT has given the peer a new one (RFC 3947 7).
    From now on every SA with it uses that address."""

    name: bytes
    connection: str
    peer: Address


Event = (
    Phase1Established
    | Phase1Failed
    | FellBack
    | Phase1Ended
    | SasInstalled
    | SasDeleted
    | Phase2Failed
    | Notified
    | PeerMoved
)
