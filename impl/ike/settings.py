"""What an engine is told: numbers of the wire instead of words of a policy (R3, R8, R9, R10, R16, R21)."""

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
    """Lifetime of an SA in seconds, None for no limit: what is offered, and when it ends here. What is in
    force is the shorter of that and the peer's.

    soft        when a successor is negotiated; None: Phase I of ours shortly before its end, Phase II when
                the driver says so
    jitter      up to so many seconds earlier, at random, so that both ends seldom begin at once
    kilobytes   the lifetime in units of 1024 octets, offered and in force: the driver counts them
    own_counts  the local lifetime is in force whatever the peer wants, and the peer is not told
    """

    offered: int | None
    hard: int | None
    soft: int | None = None
    jitter: int = 0
    kilobytes: int | None = None
    own_counts: bool = False

    def in_force(self, agreed: int) -> int:
        """Seconds that count, where that is what was agreed on."""
        if self.hard is None:
            return agreed
        return self.hard if self.own_counts else min(self.hard, agreed)

    def kilobytes_in_force(self, agreed: int | None) -> int | None:
        """Kilobytes that count, where those were agreed on; 0 states none."""
        both = (self.kilobytes,) if self.own_counts else (self.kilobytes, agreed)
        return min((item for item in both if item), default=None)


@dataclass(frozen=True, slots=True)
class ChildSettings:
    """What Quick Mode shall protect: traffic between two sets of packets, and by which choices.

    choices     what is offered, in order, each one protocol or a bundle of them; of one PFS group at a time
                (`phase2.offer_quick`)
    accepted    what is taken when the peer begins, those of equal rank together; empty: `choices`
    negotiates  False for packets that pass, or are dropped, without IPsec: who asks for them is refused
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
        """What is taken when the peer begins, by rank."""
        return self.accepted or [(choice,) for choice in self.choices]


@dataclass(frozen=True, slots=True)
class Detection:
    """Dead peer detection (RFC 3706), of peers that understand it; in seconds.

    idle    silence after which a peer is asked whether it is there
    every   between two questions
    dead    silence after which it is dead: longer than `idle`, so that a question can be answered
    """

    idle: float = 30.0
    every: float = 3.0
    dead: float = 45.0


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One policy towards a peer.

    choices         what is offered, in order
    accepted        what is taken when the peer begins, those of equal rank together; empty: `choices`
    prefers_own     of a peer's offer the local order decides, in both phases; else the peer's
    selectors       what happens to packets that a peer asks for and no child selects just so
    own, expected   ID payloads, or for `expected` a pattern of them; None: any that the credential proves
    secret          the pre-shared key for a peer's address; None: it has none
    certificate, kerberos   what the other two methods need; None: they cannot be done
    limit           negotiations of Phase II per Phase I SA; None: no limit (R16)
    spare           choices that are acceptable, and offered only to a peer that asks for them (R7)
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
        """What is taken when the peer begins, by rank."""
        stated = self.accepted or [(choice,) for choice in self.choices]
        return [*stated, *((choice,) for choice in self.spare)]


@dataclass(frozen=True, slots=True)
class Nat:
    """NAT traversal: the ports that this engine is reached at, and the peers' other port (RFC 3947).

    keepalive   seconds between what keeps a mapping alive, from behind a NAT (RFC 3948 4)
    force       say that we are behind a NAT, so that ESP goes in UDP
    """

    port: int = 500
    float_port: int = 4500
    peer_float_port: int = 4500
    keepalive: float = 20.0
    force: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """One engine.

    local                where it is reached: what an ID payload says if the policy names none
    resends, interval    of one message, and the seconds between two sendings (R8)
    brief                seconds to wait after the last resend
    half_open, open_for  how many half-open exchanges are kept, and for how long (R9)
    remembered           how many received messages an SA tells a repeated one by
    nat                  None: no NAT traversal
    parallel             negotiations of Phase II that we have under way at once under one Phase I SA: when
                         strongSwan refuses one it loses the others, and more than three it mixes up
    overlap              seconds for which a pair stands beside the one that we have put in its place
    most_ids             message ids that one Phase I SA sees: then it is renewed, as all are remembered
    cookie_life          seconds after which cookies are made with another secret
    alternatives         whether a refusal names what would be acceptable, to who understands it (R7)
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
#: told the cookies of an SA, and its keys as they are made
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
