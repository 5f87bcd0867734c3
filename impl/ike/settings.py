"""The settings of an engine: numbers of the wire instead of words of a policy (R3, R8, R9, R10, R16, R21)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from impl.auth.certificate import CertificateSettings
from impl.auth.kerberos import KerberosSettings
from impl.auth.patterns import Pattern
from impl.crypto.schedule import Cookies, Keys
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification
from model.vocabulary.policy import AddressPattern
from model.vocabulary.profiles import Selectors
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Selector

Address = tuple[str, int]  # host, port
Host = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Phase1Choice:
    """The four parameters of Phase I, as numbers; `key_bits` None where the cipher has one length."""

    encryption: int
    key_bits: int | None
    hash: int
    method: int
    group: int


@dataclass(frozen=True, slots=True)
class Phase2Choice:
    """One transform of Quick Mode: protocol, transform id, key length, integrity, PFS group, mode."""

    protocol: int
    transform: int
    key_bits: int | None
    integrity: int | None
    group: int | None
    encapsulation: int


#: protocols that are applied to a packet together, in the order in which an outbound one meets them: ESP,
#: then AH around it (RFC 2401 4.3); mostly it is one. All have one PFS group and one mode
Bundle = tuple[Phase2Choice, ...]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Lifetime of an SA in seconds, None for no limit: what is offered, and when it ends here. The shorter of
    this and the peer's applies.

    soft        when a successor is negotiated; None: Phase I of ours shortly before its end, Phase II when
                the driver says so
    jitter      up to so many seconds earlier, at random, so that both ends seldom begin at once
    kilobytes   the lifetime in units of 1024 octets, offered and in force: the driver counts them
    own_counts  the local lifetime applies whatever the peer wants, and the peer is not notified
    """

    offered: int | None
    hard: int | None
    soft: int | None = None
    jitter: int = 0
    kilobytes: int | None = None
    own_counts: bool = False

    def in_force(self, agreed: int) -> int:
        """The seconds that apply if these were agreed on."""
        if self.hard is None:
            return agreed
        return self.hard if self.own_counts else min(self.hard, agreed)

    def kilobytes_in_force(self, agreed: int | None) -> int | None:
        """The kilobytes that apply if these were agreed on; 0 means none."""
        both = (self.kilobytes,) if self.own_counts else (self.kilobytes, agreed)
        return min((item for item in both if item), default=None)


@dataclass(frozen=True, slots=True)
class ChildSettings:
    """What Quick Mode protects: traffic between two sets of packets, and the acceptable choices.

    choices     what is offered, in order, each one protocol or a bundle of them; of one PFS group at a time
                (`phase2.offer_quick`)
    accepted    what is accepted when the peer starts, in groups of equal rank; empty: `choices`
    negotiates  False for packets that pass, or are dropped, without IPsec: requests for them are rejected
    restarts    whether a pair is negotiated again when its peer was found dead
    """

    name: str
    local: Selector
    remote: Selector
    choices: tuple[Bundle, ...]
    life: Lifetime
    accepted: tuple[tuple[Bundle, ...], ...] = ()
    negotiates: bool = True
    restarts: bool = False

    @property
    def takes(self) -> Sequence[Sequence[Bundle]]:
        """What is accepted when the peer starts, by rank."""
        return self.accepted or [(choice,) for choice in self.choices]


@dataclass(frozen=True, slots=True)
class Detection:
    """Dead peer detection (RFC 3706), with peers that support it; in seconds.

    idle    idle time before R-U-THERE is sent
    every   time between two of them
    dead    idle time after which the peer is dead: longer than `idle`, so that R-U-THERE can be answered
    """

    idle: float = 30.0
    every: float = 3.0
    dead: float = 45.0


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One policy towards a peer.

    choices         what is offered, in order
    accepted        what is accepted when the peer starts, in groups of equal rank; empty: `choices`
    prefers_own     of a peer's offer the local order decides, in both phases; else the peer's
    selectors       what happens if no child has exactly the selectors that a peer proposes
    own, expected   ID payloads, or for `expected` a pattern of them; None: any that the credential proves
    secret          the pre-shared key for a peer's address; None: it has none
    certificate, kerberos   settings of the other two methods; None: not available
    limit           negotiations of Phase II per Phase I SA; None: no limit (R16)
    spare           choices that are acceptable, but offered only to a peer that names them as alternatives (R7)
    detection       how a dead peer is detected; None: it is not
    """

    name: str
    remotes: tuple[AddressPattern, ...]
    choices: tuple[Phase1Choice, ...]
    prefers_own: bool
    own: Identification | None
    expected: Identification | Pattern | None
    secret: Secret | None = field(repr=False)
    life: Lifetime
    children: tuple[ChildSettings, ...]
    limit: int | None = None
    falls_back: bool = False
    spare: tuple[Phase1Choice, ...] = ()
    detection: Detection | None = None
    certificate: CertificateSettings | None = None
    kerberos: KerberosSettings | None = None
    accepted: tuple[tuple[Phase1Choice, ...], ...] = ()
    selectors: Selectors = Selectors.NARROWED

    @property
    def takes(self) -> Sequence[Sequence[Phase1Choice]]:
        """What is accepted when the peer starts, by rank."""
        stated = self.accepted or [(choice,) for choice in self.choices]
        return [*stated, *((choice,) for choice in self.spare)]


@dataclass(frozen=True, slots=True)
class Nat:
    """NAT traversal: the ports that this engine is reached at, and the peers' other port (RFC 3947).

    keepalive   seconds between NAT keepalives, if this end is behind a NAT (RFC 3948 4)
    force       claim to be behind a NAT, so that ESP is sent in UDP
    """

    port: int = 500
    float_port: int = 4500
    peer_float_port: int = 4500
    keepalive: float = 20.0
    force: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """One engine.

    local                its address, which is also its identity if the policy states none
    resends, interval    of one message, and the seconds between two sendings (R8)
    brief                seconds to wait after the last resend
    half_open, open_for  how many half-open exchanges are kept, and for how long (R9)
    remembered           how many received messages an SA remembers, to recognise repeated ones
    nat                  None: no NAT traversal
    parallel             negotiations of Phase II that we have under way at once under one Phase I SA: when
                         strongSwan rejects one it drops the others, and it mixes up more than three
    overlap              seconds for which a pair remains beside the one that has replaced it
    most_ids             message IDs of one Phase I SA, which are all remembered: then it is renewed
    cookie_life          seconds after which cookies are made with another secret
    alternatives         whether a rejection names acceptable choices, to a peer that supports that (R7)
    utc                  the time of day, with a time zone, at a moment of the engine's clock: certificates
                         need it
    step_for             seconds that a step of an authentication may take elsewhere
    steps_of_host, unproved_of_host   for half-open exchanges of one host: steps that are under way, as others'
                         wait for them; and exchanges that have had a Diffie-Hellman
    """

    local: Host
    connections: tuple[ConnectionSettings, ...]
    resends: int = 5
    interval: float = 3.0
    brief: float = 3.0
    half_open: int = 1000
    open_for: float = 30.0
    remembered: int = 64
    nat: Nat | None = None
    parallel: int = 1
    overlap: float = 10.0
    most_ids: int = 16_384
    cookie_life: float = 60.0
    alternatives: bool = True
    utc: Callable[[float], datetime] | None = None
    step_for: float = 20.0
    steps_of_host: int = 8
    unproved_of_host: int = 64


Random = Callable[[int], bytes]
#: called with the cookies of an SA and its keys when they are derived
KeyLog = Callable[[Cookies, Keys], None]


@lru_cache(maxsize=4096)
def host_of(text: str) -> Host:
    """An address of a socket, read once."""
    return ip_address(text)


@lru_cache(maxsize=4096)
def identification_of(host: Host) -> Identification:
    """An address as an ID payload."""
    type_ = IdType.IPV4_ADDR if host.version == 4 else IdType.IPV6_ADDR
    return Identification(type_, 0, 0, host.packed)
