"""All SAs of all peers, in one place (R1, R9, R22): exchanges of Phase I, and pairs of Phase II."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import attrgetter

from impl.auth.interface import Authenticator, Refused
from impl.crypto.groups import PrivateValue
from impl.crypto.schedule import Cookies
from impl.ike.events import SaPair
from impl.ike.sealing import Sealing
from impl.ike.settings import (
    Address,
    Bundle,
    ChildSettings,
    ConnectionSettings,
    Host,
    Phase1Choice,
)
from impl.ike.tables import BY_METHOD, Row, State
from impl.wire.numbers import ProtocolId
from impl.wire.payloads import Identification
from impl.wire.proposals import SecurityAssociation


@dataclass(slots=True)
class Sending:
    """The last message of an exchange, as it was sent; these octets are resent."""

    datagram: bytes = b""
    tries: int = 0


class Answered:
    """Accepted messages and their answers: a repeated message gets the same octets."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[bytes, list[object]] = OrderedDict()
        self._last = b"", b""

    def remember(self, datagram: bytes, reply: bytes) -> None:
        """Keep the digest of a message; the oldest is forgotten first."""
        self._known[self._digest(datagram)] = [reply, 0]
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def _digest(self, datagram: bytes) -> bytes:
        """The digest of a message; cached, as it is needed twice."""
        if self._last[0] is not datagram:
            self._last = datagram, blake2b(datagram, digest_size=16).digest()
        return self._last[1]

    def again(self, datagram: bytes, limit: int) -> bytes | None:
        """The answer to a message that was accepted before (empty: none, or the limit is reached); None: it is new."""
        found = self._known.get(self._digest(datagram))
        if found is None:
            return None
        reply, count = found
        assert isinstance(reply, bytes) and isinstance(count, int)
        found[1] = count + 1
        return reply if count < limit else b""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way to speak of NAT traversal: the text of its vendor id, and whether its numbers are a draft's."""

    name: str
    draft: bool


@dataclass(slots=True)
class NatState:
    """NAT traversal of an SA: the dialect, who is behind a NAT, whether the ports have changed."""

    dialect: Dialect | None = None
    here: bool = False
    there: bool = False
    floated: bool = False

    @property
    def detected(self) -> bool:
        """Whether there is a NAT between both ends."""
        return self.dialect is not None and (self.here or self.there)


@dataclass(slots=True, eq=False, kw_only=True)
class UnderWay:
    """A row that waits for work which is done elsewhere: `what`, and the number of its outcome."""

    number: int = 0
    what: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pair that is to be negotiated: for a child; in place of another pair, and then for its packets."""

    child: ChildSettings
    replaces: SaPair | None = None


@dataclass(slots=True, eq=False)
class Agreed:
    """What was agreed on of one SA payload; own and peer's SPIs by protocol, lifetime as in offers."""

    bundle: Bundle
    seconds: int
    kilobytes: int | None
    spis: dict[int, bytes]
    peer_spis: dict[int, bytes]


@dataclass(slots=True, eq=False)
class Quick:
    """One Quick Mode under a Phase I SA.

    spis       the local SPI for each protocol of our offer
    agreed     what was chosen, a piece for each SA payload: of ours there is one
    protocol, peer_spi   whose SA a refusal is about
    begun      when its first message was made or came
    replaces   the pair that this one is to come in place of
    anew       whether it offers for the second time, what the answerer has named (R7)
    task       the row that is under way elsewhere: until it is done, no message is taken
    """

    message_id: int
    initiated: bool
    state: State
    child: ChildSettings | None = None
    ids: tuple[Identification, Identification] | None = None
    offered: tuple[Bundle, ...] = ()
    spis: dict[int, bytes] = field(default_factory=dict)
    agreed: list[Agreed] = field(default_factory=list)
    nonce: bytes = field(default=b"", repr=False)
    peer_nonce: bytes = field(default=b"", repr=False)
    protocol: int = ProtocolId.ESP
    peer_spi: bytes = b""
    private: PrivateValue | None = field(default=None, repr=False)
    secret: bytes = field(default=b"", repr=False)
    originals: tuple[Host, Host] | None = None
    begun: float = 0.0
    replaces: SaPair | None = None
    anew: bool = False
    sending: Sending = field(default_factory=Sending)
    task: UnderWay | None = field(default=None, repr=False)

    @property
    def group(self) -> int | None:
        """The PFS group of all that was agreed on; None without PFS."""
        return self.agreed[0].bundle[0].group

    @property
    def own_spis(self) -> list[tuple[int, bytes]]:
        """Every SPI of ours, with its protocol."""
        if not self.agreed:
            return list(self.spis.items())
        return [item for agreed in self.agreed for item in agreed.spis.items()]


_by_number = attrgetter("number")
_HALF_OPEN = (State.AWAITS_MM3, State.AWAITS_MM5, State.AWAITS_MM7)


@dataclass(slots=True, eq=False)
class IkeSa:
    """One exchange of Phase I, and the SA that comes of it.

    peer      where the peer is reached now; `begun`: where it was when it began
    problem   the last thing that went wrong without changing anything: why, if nothing better comes
    stated    the lifetime that the initiator's offer states; `seconds`: the one in force
    number    its position among all that were kept
    ends      when its lifetime is over; `old`: the SA that we began this one to replace
    refusals  of Quick Modes of ours that the peer has not named
    hinted    kinds of notify in clear that were reported
    why_ends  the reason that will be reported for its end
    alive     when something of the peer's verified last; `asked`: questions since, and the last's number
    answered_to   the number that the peer's next question must not be below
    named     what is offered again, as the responder has asked for it (R7)
    detects, names_alternatives, gssapi   the peer understands RFC 3706, alternatives, method 65001 as
              Kerberos (its vendor ids)
    auth      how both ends authenticate, once that is agreed on; `proved`: who the credential says it is
    task      the row that is under way elsewhere: until it is done, no message is taken
    served    negotiations of Phase II that it has completed (R16)
    """

    initiated: bool
    peer: Address
    connection: ConnectionSettings
    cookies: Cookies
    state: State
    answered: Answered = field(repr=False)
    offer: SecurityAssociation | None = None
    choice: Phase1Choice | None = None
    seconds: int = 0
    stated: int = 0
    nonces: tuple[bytes, bytes] = field(default=(b"", b""), repr=False)
    publics: tuple[bytes, bytes] = (b"", b"")
    private: PrivateValue | None = field(default=None, repr=False)
    sealing: Sealing | None = field(default=None, repr=False)
    identity: Identification | None = None
    wanted: list[Wanted] = field(default_factory=list)
    quick: dict[int, Quick] = field(default_factory=dict)
    used_ids: set[int] = field(default_factory=set, repr=False)
    pairs: list[SaPair] = field(default_factory=list)
    served: int = 0
    heard: bool = False
    last: bool = False
    problem: tuple[str, str] | None = None
    sending: Sending = field(default_factory=Sending)
    nat: NatState = field(default_factory=NatState)
    detects: bool = False
    alive: float = 0.0
    asked: int = 0
    question: int = 0
    answered_to: int = 0
    named: tuple[Phase1Choice, ...] = ()
    number: int = 0
    ends: float = 0.0
    old: IkeSa | None = field(default=None, repr=False)
    refusals: list[Refused] = field(default_factory=list)
    hinted: set[int] = field(default_factory=set)
    why_ends: str = "its lifetime is over"
    names_alternatives: bool = False
    gssapi: bool = False
    auth: Authenticator | None = field(default=None, repr=False)
    proved: str = ""
    task: UnderWay | None = field(default=None, repr=False)
    begun: Address = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.peer

    @property
    def name(self) -> bytes:
        """Both cookies: what the SA is called."""
        return self.cookies.both

    @property
    def half_open(self) -> bool:
        """Whether it takes a place among the exchanges that somebody else began and has not proved."""
        return not self.initiated and self.state in _HALF_OPEN

    @property
    def row(self) -> Row | None:
        """What Main Mode, by the method agreed on, does with the next message; None: it awaits none."""
        return BY_METHOD[self.choice.method if self.choice is not None else None].get(self.state)

    def same_credential(self, other: IkeSa) -> bool:
        """Whether both were authenticated as the same."""
        return (self.identity, self.proved) == (other.identity, other.proved)

    def leads_to(self, peer: Address) -> bool:
        """Whether the peer is at that address, began there, or is on its host and has changed ports."""
        return peer in (self.peer, self.begun) or (self.nat.floated and peer[0] == self.peer[0])

    def same_end(self, other: IkeSa) -> bool:
        """Whether both lead to one address, or may do so through a NAT; who is there, the identity says."""
        if self.peer == other.peer or self.begun == other.begun:
            return True
        return self.peer[0] == other.peer[0] and (self.nat.floated or other.nat.floated)


class Sadb:
    """Every exchange by its cookies, and every pair of SAs by its inbound SPI; by those of its other protocols
    too in `inbound`."""

    def __init__(self) -> None:
        self._by_cookie: dict[bytes, IkeSa] = {}
        self._half_open: dict[bytes, IkeSa] = {}
        self._begun: dict[tuple[bytes, Address], IkeSa] = {}
        self.pairs: dict[int, tuple[IkeSa, SaPair]] = {}
        self.inbound: dict[int, tuple[IkeSa, SaPair]] = {}
        self._made: dict[int, float] = {}
        #: by the hosts that an SA leads to, or did when it began: with many peers few are looked at
        self._at: dict[str, dict[IkeSa, None]] = {}
        self._count = 0

    def __iter__(self) -> Iterator[IkeSa]:
        return iter(list(self._by_cookie.values()))

    def __len__(self) -> int:
        return len(self._by_cookie)

    def own_cookie(self, sa: IkeSa) -> bytes:
        """The cookie that this end chose, by which it finds the exchange again."""
        return sa.cookies.initiator if sa.initiated else sa.cookies.responder

    def own(self, cookie: bytes) -> IkeSa | None:
        """The exchange for which this end chose that cookie."""
        return self._by_cookie.get(cookie)

    def add(self, sa: IkeSa) -> None:
        """Keep an exchange."""
        self._count += 1
        sa.number = self._count
        self._place(sa)
        self._by_cookie[self.own_cookie(sa)] = sa
        if sa.half_open:
            self._half_open[self.own_cookie(sa)] = sa
            self._begun[sa.cookies.initiator, sa.begun] = sa

    def remove(self, sa: IkeSa) -> None:
        """Forget an exchange; its pairs live on (R19)."""
        self._by_cookie.pop(self.own_cookie(sa), None)
        self._half_open.pop(self.own_cookie(sa), None)
        if self._begun.get((sa.cookies.initiator, sa.begun)) is sa:
            del self._begun[sa.cookies.initiator, sa.begun]
        self._gone(sa)

    def moved(self, sa: IkeSa, peer: Address) -> None:
        """The peer is at another address, on the other port."""
        self._displace(sa)
        sa.peer, sa.nat.floated = peer, True
        self._place(sa)

    def _place(self, sa: IkeSa) -> None:
        for host in (sa.peer[0], sa.begun[0]):
            self._at.setdefault(host, {})[sa] = None

    def _displace(self, sa: IkeSa) -> None:
        for host in {sa.peer[0], sa.begun[0]} & self._at.keys():
            self._at[host].pop(sa, None)
            if not self._at[host]:
                del self._at[host]

    def _gone(self, sa: IkeSa) -> None:
        """Forget it, unless it still has pairs."""
        if not sa.pairs and self._by_cookie.get(self.own_cookie(sa)) is not sa:
            self._displace(sa)

    def _near(self, sa: IkeSa) -> list[IkeSa]:
        """SAs that may lead to the same end, this one too, the oldest first; ended ones of which pairs are
        left."""
        known = self._at.get(sa.peer[0], {})
        if sa.begun[0] != sa.peer[0]:
            known = known | self._at.get(sa.begun[0], {})
        return sorted((other for other in known if other.same_end(sa)), key=_by_number)

    def find(self, initiator: bytes, responder: bytes) -> IkeSa | None:
        """The exchange of a message: by either cookie, if the other is the one that is known, or none is
        known of the peer yet."""
        sa = self._by_cookie.get(responder)
        if sa is not None and not sa.initiated:
            return sa if sa.cookies.initiator == initiator else None
        sa = self._by_cookie.get(initiator)
        if sa is not None and sa.initiated:
            unknown = not any(sa.cookies.responder)
            return sa if unknown or sa.cookies.responder == responder else None
        return None

    # ---- who is one peer
    def leading_to(self, peer: Address) -> list[IkeSa]:
        """Exchanges, and the SAs that are up, that lead to an address, the oldest first."""
        known = (sa for sa in self._at.get(peer[0], ()) if sa.leads_to(peer))
        kept = [sa for sa in known if self.own(self.own_cookie(sa)) is sa]
        return sorted(kept, key=_by_number)

    def others(self, sa: IkeSa) -> list[IkeSa]:
        """The other Phase I SAs that are up with the same authenticated peer, the oldest first."""
        return [
            other
            for other in self._near(sa)
            if other is not sa and other.state is State.ESTABLISHED and other.same_credential(sa)
        ]

    def successor(self, sa: IkeSa) -> IkeSa | None:
        """A younger Phase I SA of the same policy and end that is up, or that we are bringing up."""
        for other in self._near(sa):
            coming = other.initiated and other.state not in (State.ENDED, State.FAILED)
            may = coming or other.state is State.ESTABLISHED
            if other.number > sa.number and may and other.connection is sa.connection:
                return other
        return None

    def alone(self, sa: IkeSa) -> bool:
        """Whether nothing else is known of the end that an SA leads to: no other SA, and no pair."""
        return not any(other is not sa for other in self._near(sa))

    # ---- pairs
    def install(self, sa: IkeSa, pair: SaPair, now: float) -> None:
        """Keep a pair that was made under this SA."""
        sa.pairs.append(pair)
        self._place(sa)
        held = self.pairs[pair.inbound_spi] = sa, pair
        for item in pair.sas:
            self.inbound[item.inbound_spi] = held
        self._made[pair.inbound_spi] = now

    def uninstall(self, sa: IkeSa, pair: SaPair) -> bool:
        """Forget a pair; whether it was there."""
        self._made.pop(pair.inbound_spi, None)
        if pair in sa.pairs:
            sa.pairs.remove(pair)
        self._gone(sa)
        for item in pair.sas:
            self.inbound.pop(item.inbound_spi, None)
        return self.pairs.pop(pair.inbound_spi, None) is not None

    def made(self, pair: SaPair) -> float:
        """When it was made."""
        return self._made[pair.inbound_spi]

    def pairs_with(self, sa: IkeSa) -> list[tuple[IkeSa, SaPair]]:
        """Every pair with the peer of an SA, whichever SA it was made under, the oldest first."""
        owners = (other for other in self._near(sa) if other.same_credential(sa))
        found = [(owner, pair) for owner in owners for pair in owner.pairs]
        return sorted(found, key=lambda held: self._made[held[1].inbound_spi])

    def alike(self, sa: IkeSa, pair: SaPair) -> list[SaPair]:
        """The peer's other pairs for the same packets of the same child, the oldest first."""
        what = pair.child, pair.local, pair.remote
        return [
            other
            for _, other in self.pairs_with(sa)
            if other is not pair and (other.child, other.local, other.remote) == what
        ]

    def has_successor(self, sa: IkeSa, pair: SaPair) -> bool:
        """Whether there is a younger pair for a pair's packets, or we are negotiating one in its place."""
        made = self.made(pair)
        if any(self.made(other) > made for other in self.alike(sa, pair)):
            return True
        near = self._near(sa)
        under_way = (quick.replaces for sa in near for quick in sa.quick.values())
        waits = (wanted.replaces for sa in near for wanted in sa.wanted)
        return any(item is pair for item in (*under_way, *waits))

    # ---- half open
    def no_longer_half_open(self, sa: IkeSa) -> None:
        """It is authenticated, or over."""
        self._half_open.pop(self.own_cookie(sa), None)

    @property
    def half_open(self) -> int:
        """How many exchanges are half open."""
        return len(self._half_open)

    def victim(self, random: bytes) -> IkeSa | None:
        """One to give up for another, drawn at random: of those that have sent no public value, so that a
        flood mostly meets itself; if all have, and so are where they say, of the host that has most, which
        is none where each has but one."""
        cheap = State.AWAITS_MM3
        found = [sa for sa in self._half_open.values() if sa.state is cheap and sa.task is None]
        if not found:
            hosts = Counter(sa.begun[0] for sa in self._half_open.values())
            worst = next((host for host, most in hosts.most_common(1) if most > 1), None)
            found = [sa for sa in self._half_open.values() if sa.begun[0] == worst]
        return found[int.from_bytes(random, "big") % len(found)] if found else None

    def unproved(self, host: str) -> int:
        """How many exchanges of a host are past Diffie-Hellman but not authenticated."""
        known = self._at.get(host, ())
        return sum(sa.half_open and sa.state is not State.AWAITS_MM3 for sa in known)

    def begun_with(self, initiator: bytes, peer: Address) -> IkeSa | None:
        """The exchange of a first message that came before."""
        return self._begun.get((initiator, peer))
