"""What an engine knows of one peer does not depend on how many there are (R22): look-ups that go by index
say what a scan of everything says."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from impl.crypto.schedule import Cookies
from impl.ike.events import ProtocolSas, SaPair
from impl.ike.remotes import Remotes
from impl.ike.sadb import Answered, IkeSa, Sadb
from impl.ike.settings import Address, ConnectionSettings
from impl.ike.tables import State
from model.vocabulary.policy import AddressPattern
from tests.impl.ike.conftest import ESP_3DES, A, connection, named, net

HOSTS = ("192.0.2.1", "192.0.2.2")
PORTS = (500, 4500)
WAYS = [connection((host, 500), "10.1.0.0/16", "10.2.0.0/16") for host in HOSTS]
STATES = [State.AWAITS_MM2, State.AWAITS_MM3, State.ESTABLISHED, State.ESTABLISHED]
STEPS = ("add", "add", "install", "install", "remove", "uninstall", "move", "settle", "float")


class Scanned:
    """Everything that was kept, in lists: what the index is held against."""

    def __init__(self, chance: Random) -> None:
        self.sadb, self.chance = Sadb(), chance
        self.kept: list[IkeSa] = []
        self.pairs: list[tuple[IkeSa, SaPair]] = []
        self._spis = 256

    def sas(self) -> list[IkeSa]:
        """Exchanges, and ended SAs of which pairs are left, the oldest first."""
        known = {id(sa): sa for sa in (*self.kept, *(owner for owner, _ in self.pairs))}
        return sorted(known.values(), key=lambda sa: sa.number)

    def address(self) -> Address:
        return self.chance.choice(HOSTS), self.chance.choice(PORTS)

    def step(self, what: str) -> None:
        """Something happens to an SA, drawn at random."""
        if what == "add":
            self.add()
        elif self.kept and what in ("install", "remove", "move", "settle", "float"):
            getattr(self, what)(self.chance.choice(self.kept))
        elif self.pairs and what == "uninstall":
            owner, pair = self.pairs.pop(self.chance.randrange(len(self.pairs)))
            assert self.sadb.uninstall(owner, pair)

    def add(self) -> None:
        chance = self.chance
        cookies = Cookies(chance.randbytes(8), chance.randbytes(8))
        initiated, way = chance.random() < 0.5, chance.choice(WAYS)
        state = chance.choice(STATES)
        sa = IkeSa(initiated, self.address(), way, cookies, state, Answered(4))
        sa.begun = chance.choice((sa.peer, self.address()))
        self.identify(sa)
        self.sadb.add(sa)
        self.kept.append(sa)

    def identify(self, sa: IkeSa) -> None:
        sa.identity = named(self.chance.choice(("one", "other")))

    def settle(self, sa: IkeSa) -> None:
        sa.state = State.ESTABLISHED
        self.sadb.no_longer_half_open(sa)

    def float(self, sa: IkeSa) -> None:
        sa.peer, sa.nat.floated = (sa.peer[0], 4500), True

    def move(self, sa: IkeSa) -> None:
        self.sadb.moved(sa, self.address())

    def remove(self, sa: IkeSa) -> None:
        sa.state = State.ENDED
        self.kept.remove(sa)
        self.sadb.remove(sa)

    def install(self, sa: IkeSa) -> None:
        self._spis += 1
        local, remote = net("10.1.0.0/16"), net(f"10.{self.chance.randrange(2, 4)}.0.0/16")
        sas = (ProtocolSas(ESP_3DES, self._spis, self._spis + 1, b"", b""),)
        pair = SaPair("net", sa.peer, sas, local, remote, 60, initiated=True)
        self.pairs.append((sa, pair))
        self.sadb.install(sa, pair, float(self._spis))

    def agrees(self) -> None:
        """Each look-up says what the scan says."""
        everything = self.sas()
        for peer in ((host, port) for host in HOSTS for port in PORTS):
            found = [sa for sa in everything if sa in self.kept and sa.leads_to(peer)]
            assert self.sadb.leading_to(peer) == found
        for sa in self.kept:
            near = [other for other in everything if other.same_end(sa)]
            akin = [other for other in near if other.same_credential(sa)]
            stand = [o for o in akin if o is not sa and o.state is State.ESTABLISHED]
            assert self.sadb.others(sa) == stand
            assert self.sadb.alone(sa) is (near == [sa])
            with_it = [held for held in self.pairs if any(held[0] is item for item in akin)]
            assert self.sadb.pairs_with(sa) == with_it
            younger = [
                other
                for other in near
                if other.number > sa.number and other.connection is sa.connection
                if other.state is State.ESTABLISHED
                or (other.initiated and other.state is not State.ENDED)
            ]
            assert self.sadb.successor(sa) is (younger[0] if younger else None)
        assert self.sadb.half_open == sum(sa.half_open for sa in self.kept)
        assert len(self.sadb) == len(self.kept)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32), st.lists(st.sampled_from(STEPS), min_size=20, max_size=60))
def test_r22_what_is_known_of_a_peer_is_what_a_scan_of_all_sas_finds(
    seed: int, steps: list[str]
) -> None:
    world = Scanned(Random(seed))
    for what in steps:
        world.step(what)
        world.agrees()


def _pattern(first: int, last: int) -> AddressPattern:
    low, high = (ip_address(0xC0000200 + number) for number in (first, last))
    return AddressPattern(f"{low}-{high}", low, high)


ANYBODY = AddressPattern("%any", ip_address("0.0.0.0"), ip_address("255.255.255.255"), True)
PATTERNS = st.one_of(
    st.integers(0, 5).map(lambda number: _pattern(number, number)),
    st.tuples(st.integers(0, 5), st.integers(0, 3)).map(lambda s: _pattern(s[0], s[0] + s[1])),
    st.just(AddressPattern("peer.example", None, None)),
    st.just(ANYBODY),
)


@given(st.lists(st.lists(PATTERNS, max_size=3).map(tuple), max_size=6))
def test_r22_the_policy_for_an_address_is_the_first_that_holds_it(
    remotes: list[tuple[AddressPattern, ...]],
) -> None:
    ways: list[ConnectionSettings] = [
        connection(A, "10.1.0.0/16", "10.2.0.0/16", name=str(number), remotes=patterns)
        for number, patterns in enumerate(remotes)
    ]
    index = Remotes(ways)
    for host in (*(ip_address(0xC0000200 + number) for number in range(9)), ip_address("::1")):
        holding = [way for way in ways if any(pattern.holds(host) for pattern in way.remotes)]
        assert index.connection_for(host) is (holding[0] if holding else None)
