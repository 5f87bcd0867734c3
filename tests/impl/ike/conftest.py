"""Two engines back to back, on a link with a virtual clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st

from impl.ike.engine import Engine
from impl.ike.events import Event, Notified
from impl.ike.settings import (
    Address,
    Bundle,
    ChildSettings,
    ConnectionSettings,
    Lifetime,
    Phase1Choice,
    Phase2Choice,
    Settings,
)
from impl.link.network import Faults, Network, Sent, Tap, Translator
from impl.wire.numbers import (
    AhTransform,
    Encapsulation,
    Encryption,
    EspTransform,
    GroupId,
    Hash,
    IdType,
    Integrity,
    Method,
    NotifyType,
    ProtocolId,
)
from impl.wire.payloads import Identification
from model.vocabulary.policy import AddressPattern
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Selector

E = TypeVar("E", bound=Event)
A: Address = ("192.0.2.1", 500)
B: Address = ("192.0.2.2", 500)
DES3 = Phase1Choice(
    Encryption.TRIPLE_DES_CBC, None, Hash.SHA1, Method.PRE_SHARED_KEY, GroupId.MODP1024
)
AES = Phase1Choice(Encryption.AES_CBC, 128, Hash.SHA2_256, Method.PRE_SHARED_KEY, GroupId.MODP2048)
ESP_3DES = Phase2Choice(
    ProtocolId.ESP, EspTransform.TRIPLE_DES, None, Integrity.HMAC_SHA1, None, Encapsulation.TUNNEL
)
ESP_AES_PFS = Phase2Choice(
    ProtocolId.ESP,
    EspTransform.AES_CBC,
    128,
    Integrity.HMAC_SHA2_256,
    GroupId.MODP2048,
    Encapsulation.TUNNEL,
)
#: where Diffie-Hellman is done elsewhere
AH_SHA1 = Phase2Choice(
    ProtocolId.AH, AhTransform.SHA1, None, Integrity.HMAC_SHA1, None, Encapsulation.TUNNEL
)
LARGE = replace(AES, group=GroupId.MODP3072)
LARGE_PFS = replace(ESP_AES_PFS, group=GroupId.MODP3072)


def net(text: str) -> Selector:
    network = ip_network(text)
    return Selector(network.network_address, network.broadcast_address)


def secret(octets: bytes | None = b"the same key") -> Secret:
    return Secret("file:psk.txt", None, octets, None if octets else "no such file")


def named(name: str) -> Identification:
    return Identification(IdType.FQDN, 0, 0, name.encode())


def connection(peer: Address, local: str, remote: str, **changes: Any) -> ConnectionSettings:
    host = ip_address(peer[0])
    child = ChildSettings(
        "net", net(local), net(remote), ((ESP_3DES,), (ESP_AES_PFS,)), Lifetime(3600, 3600)
    )
    made = ConnectionSettings(
        "rig",
        (AddressPattern(peer[0], host, host),),
        (DES3, AES),
        False,
        None,
        None,
        secret(),
        Lifetime(28800, 28800),
        (child,),
    )
    return replace(made, **changes)


def children(
    address: tuple[str, int], *choices: Phase2Choice | Bundle, **changes: Any
) -> dict[str, Any]:
    """Changes of a connection: what is offered, single choices or bundles."""
    nets = ("10.1.0.0/16", "10.2.0.0/16")
    local, remote = nets if address == A else reversed(nets)
    peer = B if address == A else A
    (child,) = connection(peer, local, remote).children
    bundles = tuple((item,) if isinstance(item, Phase2Choice) else item for item in choices)
    wanted: dict[str, Any] = {"choices": bundles or child.choices, **changes}
    return {"children": (replace(child, **wanted),)}


@dataclass
class Pair:
    """Both engines, and the link between them."""

    network: Network
    a: Engine
    b: Engine

    def start(self, child: str | None = None) -> None:
        """A brings the connection up."""
        self.a.start(self.a.settings.connections[0], B, self.network.now, child)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.network.run(self.network.now + seconds)

    def of(self, address: Address, kind: type[E]) -> list[E]:
        """What an end reported, of one kind."""
        return [item for item in self.network.events[address] if isinstance(item, kind)]


def heard(pair: Pair, end: Address, kind: NotifyType) -> list[Notified]:
    """Notifies of a kind that an end has heard."""
    return [item for item in pair.of(end, Notified) if item.notification.type == kind]


def altering(data: st.DataObject) -> Tap:
    """One of the first messages gets a few other octets after its header."""
    target = data.draw(st.integers(0, 5))
    seen: list[int] = []

    def alter(sent: Sent) -> bytes:
        seen.append(len(seen))
        if seen[-1] != target:
            return sent.datagram
        octets = bytearray(sent.datagram)
        for _ in range(data.draw(st.integers(1, 3))):
            octets[data.draw(st.integers(28, len(octets) - 1))] = data.draw(st.integers(0, 255))
        return bytes(octets)

    return alter


MakePair = Callable[..., Pair]


def pair_of(
    a: dict[str, Any] | None = None,
    b: dict[str, Any] | None = None,
    faults: Faults | None = None,
    seed: int = 0,
    tap: Tap | None = None,
    nats: tuple[Translator, ...] = (),
    **settings: Any,
) -> Pair:
    """Two engines; `a` and `b` change their connections, `settings` both engines."""
    network = Network(faults or Faults(), seed, tap, nats)
    ends = []
    for own, peer, changes in ((A, B, a), (B, A, b)):
        nets = ("10.1.0.0/16", "10.2.0.0/16")
        local, remote = nets if own == A else reversed(nets)
        known = (connection(peer, local, remote, **(changes or {})),)
        engine = Engine(Settings(ip_address(own[0]), known, **settings), os.urandom)
        network.join(own, engine)
        ends.append(engine)
    return Pair(network, *ends)


@pytest.fixture
def make_pair() -> MakePair:
    """`pair_of`."""
    return pair_of
