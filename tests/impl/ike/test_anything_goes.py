"""Whatever both ends do, and whatever the link does to it: nothing breaks, nothing grows without bound, and
when the link is good again both ends come up with each other (R8, R9, R15 to R19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from impl.ike.engine import Engine
from impl.ike.events import SasDeleted, SasInstalled
from impl.ike.settings import Address, Detection, Lifetime, Nat
from impl.link.network import Faults
from tests.impl.ike.conftest import (
    AH_SHA1,
    ESP_3DES,
    LARGE,
    LARGE_PFS,
    A,
    B,
    Pair,
    children,
    pair_of,
)
from tests.impl.ike.test_nat import anybody_behind_nat

BOTH = {
    "life": Lifetime(200, 200, soft=150, jitter=40),
    "detection": Detection(idle=40, every=3, dead=52),
}
CHILD = Lifetime(90, 90, soft=60, jitter=20)


@dataclass(frozen=True)
class World:
    """A pair of engines, whose drivers are played here."""

    pair: Pair
    forget: Callable[[], None]

    def ends(self) -> tuple[tuple[Address, Engine], ...]:
        return (A, self.pair.a), (B, self.pair.b)

    def let(self, seconds: float) -> None:
        """Time passes; drivers end pairs in time."""
        for _ in range(int(seconds)):
            self.pair.run(1.0)
            for _, engine in self.ends():
                now = self.pair.network.now
                for spi, (_, pair) in list(engine.sadb.pairs.items()):
                    if pair.life is not None and engine.sadb.made(pair) + pair.life <= now:
                        engine.expired(spi, now)
        self.pair.run(0.0)  # what that was reported with is heard

    def act(self, what: str, chance: Random) -> None:
        """One of the things that can be done to an end, or happen to the way between."""
        _, engine = self.ends()[chance.randrange(2)]
        now, sas = self.pair.network.now, list(engine.sadb)
        if what == "start":
            self.pair.start()
        elif what == "end" and sas:
            engine.end(chance.choice(sas), now, "on demand")
        elif what == "renew" and engine.sadb.pairs:
            engine.renew(chance.choice(list(engine.sadb.inbound)), now)
        elif what == "expired" and engine.sadb.pairs:
            engine.expired(chance.choice(list(engine.sadb.inbound)), now)
        elif what == "forget":
            self.forget()


def world(
    seed: int, *, nat: bool, faults: Faults, takes: float = 0.0, bundled: bool = False
) -> World:
    """`takes`: seconds that Diffie-Hellman takes elsewhere, in both phases; 0: it is done at once.
    `bundled`: AH and ESP together, where no NAT is."""
    esp, both = (LARGE_PFS, {**BOTH, "choices": (LARGE,)}) if takes else (ESP_3DES, BOTH)
    bundle = (esp, replace(AH_SHA1, group=esp.group))
    choices = (bundle, esp) if bundled else (esp,)
    a, b = ({**children(who, *choices, life=CHILD), **both} for who in (A, B))
    made = _world(seed, nat=nat, faults=faults, a=a, b=b)
    made.pair.network.step_takes = takes
    return made


def _world(
    seed: int, *, nat: bool, faults: Faults, a: dict[str, object], b: dict[str, object]
) -> World:
    if nat:
        changes, translator = anybody_behind_nat()
        pair = pair_of(
            {**a, **changes[0]}, {**b, **changes[1]}, faults, seed, nats=(translator,), nat=Nat()
        )
        return World(pair, translator.forget)
    return World(pair_of(a, b, faults, seed), lambda: None)


ACTIONS = st.sampled_from(["start", "start", "end", "renew", "renew", "expired", "forget", "wait"])


@given(
    st.integers(0, 1 << 16),
    st.booleans(),
    st.lists(st.tuples(ACTIONS, st.integers(0, 40)), min_size=3, max_size=15),
    st.sampled_from([0.0, 0.1, 0.4]),
    st.sampled_from([0.0, 0.0, 0.3, 4.0]),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_r9_r15_to_r19_both_ends_come_up_again(
    seed: int, nat: bool, script: list[tuple[str, int]], loss: float, takes: float, bundled: bool
) -> None:
    faults, chance = Faults(loss, 0.2, (0.0, 0.8)), Random(seed)
    made = world(seed, nat=nat, faults=faults, takes=takes, bundled=bundled)
    pair = made.pair
    for what, seconds in script:
        made.act(what, chance)
        made.let(seconds)
        for _, engine in made.ends():
            assert len(engine.sadb) <= 12 and len(engine.sadb.pairs) <= 3 * len(script) + 6
    pair.network.faults = Faults()
    made.let(250)  # whatever was under way has come to an end
    pair.start()
    made.let(60)
    ours = {(p.inbound_spi, p.sas[0].outbound_spi) for _, p in pair.a.sadb.pairs.values()}
    theirs = {(p.sas[0].outbound_spi, p.inbound_spi) for _, p in pair.b.sadb.pairs.values()}
    assert ours & theirs
    for end, engine in made.ends():
        installed = {item.pair.inbound_spi for item in pair.of(end, SasInstalled)}
        deleted = [item.pair.inbound_spi for item in pair.of(end, SasDeleted)]
        assert len(deleted) == len(set(deleted))
        assert installed - set(deleted) == set(engine.sadb.pairs)
        held = [sas.inbound_spi for _, item in engine.sadb.pairs.values() for sas in item.sas]
        assert sorted(held) == sorted(engine.sadb.inbound)
        assert all(
            len(item.sas) == (2 if bundled and not nat else 1)
            for _, item in engine.sadb.pairs.values()
        )
