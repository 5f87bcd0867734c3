"""NAT traversal between two of our engines (RFC 3947, 3948)."""

from __future__ import annotations

import os
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from impl.ike import natt
from impl.ike.engine import Engine
from impl.ike.events import PeerMoved, Phase1Established, Phase2Failed, SasDeleted, SasInstalled
from impl.ike.settings import Address, Lifetime, Nat, Phase2Choice, Settings
from impl.link.network import Faults, Network, Sent, Translator
from impl.wire.message import decode_header, decode_message, encode_message
from impl.wire.numbers import Encapsulation, ExchangeType, ProtocolId
from impl.wire.payloads import NatDiscovery, VendorId
from impl.wire.vendors import vendor_id
from model.vocabulary.policy import AddressPattern
from model.vocabulary.selectors import OWN_ADDRESS
from tests.impl.ike.conftest import ESP_3DES, A, B, MakePair, Pair, children, connection, named

PUBLIC = "198.51.100.7"
NAMES_A = {"own": named("a"), "expected": named("b")}
NAMES_B = {"own": named("b"), "expected": named("a")}


def anybody_behind_nat() -> tuple[tuple[dict[str, Any], dict[str, Any]], Translator]:
    """What connections are told so that A is behind a NAT, and the NAT."""
    anybody = AddressPattern("any", ip_address("0.0.0.0"), ip_address("255.255.255.255"))
    return (NAMES_A, NAMES_B | {"remotes": (anybody,)}), Translator(A[0], PUBLIC)


def behind_nat(make_pair: MakePair, **how: Any) -> tuple[Pair, Translator]:
    """A behind a NAT, B outside; B's policy is for whoever comes."""
    (a, b), nat = anybody_behind_nat()
    a, b = a | how.pop("a", {}), b | how.pop("b", {})
    return make_pair(a, b, nats=(nat,), nat=how.pop("nat", Nat()), **how), nat


def forced(make_pair: MakePair, who: str, **how: Any) -> Pair:
    """Some ends say that they are behind a NAT."""
    pair = make_pair(nat=Nat(), **how)
    for name, engine in (("a", pair.a), ("b", pair.b)):
        engine.settings = replace(engine.settings, nat=Nat(force=name in who))
    return pair


def marked(pair: Pair) -> list[Sent]:
    return [sent for sent in pair.network.log if sent.datagram.startswith(natt.MARKER)]


def test_without_a_nat_nothing_changes(make_pair: MakePair) -> None:
    pair = make_pair(nat=Nat())
    pair.start()
    pair.run(30)
    assert not marked(pair) and len(pair.network.log) == 9
    assert pair.of(A, SasInstalled)[0].pair.sas[0].choice.encapsulation == Encapsulation.TUNNEL


def test_behind_a_nat_ports_change_with_message_5_and_esp_goes_in_udp(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair)
    pair.start()
    pair.run(5)
    log = pair.network.log
    assert [sent.datagram.startswith(natt.MARKER) for sent in log] == [False] * 4 + [True] * 5
    assert [sent.target[1] for sent in log if sent.source[0] == PUBLIC] == [500] * 2 + [4500] * 3
    assert [sent.target for sent in log if sent.source[0] == B[0]] == [(PUBLIC, 20_000)] * 2 + [
        (PUBLIC, 20_001)
    ] * 2
    one, other = pair.of(A, SasInstalled)[0].pair, pair.of(B, SasInstalled)[0].pair
    assert one.sas[0].choice == other.sas[0].choice
    assert one.sas[0].choice.encapsulation == Encapsulation.UDP_TUNNEL
    assert one.originals is None and other.originals is None  # transport mode alone needs them
    assert one.peer == (B[0], 4500) and other.peer == (PUBLIC, 20_001)
    assert one.sas[0].inbound_key == other.sas[0].outbound_key


@pytest.mark.parametrize("draft", ["-03", "-02\n", "-02"])
def test_with_a_peer_of_the_drafts_their_numbers_are_spoken(
    make_pair: MakePair, draft: str
) -> None:
    text = f"draft-ietf-ipsec-nat-t-ike{draft}"
    others = {vendor_id(item.name) for item in natt.DIALECTS if item.name != text}

    def alter(sent: Sent) -> bytes:
        header = decode_header(sent.datagram) if sent.datagram[:4] != natt.MARKER else None
        if header is None or header.encrypted:
            return sent.datagram
        message = decode_message(sent.datagram)
        kept = [p for p in message.payloads if not isinstance(p, VendorId) or p.data not in others]
        return encode_message(replace(message, payloads=tuple(kept)))

    pair, _ = behind_nat(make_pair, tap=alter)
    pair.start()
    pair.run(5)
    discoveries = [
        payload
        for sent in pair.network.log[2:4]
        for payload in decode_message(sent.datagram).payloads
        if isinstance(payload, NatDiscovery)
    ]
    assert len(discoveries) == 4 and all(item.draft for item in discoveries)
    (made,) = pair.of(B, SasInstalled)
    assert made.pair.sas[0].choice.encapsulation == Encapsulation.UDP_TUNNEL_DRAFT


@pytest.mark.parametrize("who", ["a", "b", "ab"])
def test_udp_can_be_had_without_a_nat(make_pair: MakePair, who: str) -> None:
    pair = forced(make_pair, who)
    pair.start()
    pair.run(5)
    assert len(marked(pair)) == 5
    assert pair.of(B, SasInstalled)[0].pair.sas[0].choice.encapsulation == Encapsulation.UDP_TUNNEL


def test_a_peer_without_nat_traversal_is_met_without(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair)
    plain = make_pair(NAMES_A, None)
    engine = type(plain.b)(replace(pair.b.settings, nat=None), plain.b.random)
    pair.network.join(B, engine)
    pair.start()
    pair.run(5)
    assert pair.of(A, SasInstalled)[0].pair.sas[0].choice.encapsulation == Encapsulation.TUNNEL
    assert not marked(pair)


def test_only_who_is_behind_the_nat_keeps_its_mapping_alive(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair)
    pair.start()
    pair.run(70)
    alive = [sent for sent in pair.network.log if sent.datagram == natt.KEEPALIVE]
    assert [round(sent.time) for sent in alive] == [20, 40, 60]
    assert all(sent.source[0] == PUBLIC and sent.target == (B[0], 4500) for sent in alive)
    assert pair.b.dropped["not IKE, on the port for NAT traversal"] == 3


def test_a_new_mapping_is_followed_with_what_verifies(make_pair: MakePair) -> None:
    pair, nat = behind_nat(make_pair)
    pair.start()
    pair.run(5)
    nat.forget("198.51.100.9")
    pair.start()
    pair.run(5)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 2
    (moved,) = pair.of(B, PeerMoved)
    assert moved.peer == ("198.51.100.9", 20_002) and not pair.of(A, PeerMoved)


def test_nobody_else_can_move_a_peer(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair)
    pair.start()
    pair.run(5)
    stranger = ("203.0.113.5", 4500)
    quick = [sent for sent in marked(pair) if sent.source[0] == PUBLIC][-2]
    for datagram in (
        quick.datagram,  # repeated as it was
        quick.datagram[:-1] + bytes([quick.datagram[-1] ^ 1]),  # altered
        natt.KEEPALIVE,
        natt.MARKER + quick.datagram[4:20] + bytes(40),
    ):
        pair.b.receive_datagram(datagram, stranger, pair.network.now, floated=True)
    assert not [item for item in pair.b.outgoing() if item.target == stranger]
    (sa,) = pair.b.sadb
    assert sa.peer == (PUBLIC, 20_001) and not pair.of(B, PeerMoved)


@pytest.mark.parametrize("force", [False, True])
def test_who_is_behind_a_nat_follows_nobody(make_pair: MakePair, force: bool) -> None:
    """Its peer's address does not change: to follow would only help who sends from elsewhere."""
    pair, _ = behind_nat(make_pair, nat=Nat(force=force))
    pair.start()
    pair.run(5)
    (sa,) = pair.b.sadb
    pair.b.rekey(sa, "net", pair.network.now)
    (sent,) = pair.b.outgoing()
    pair.a.receive_datagram(sent.datagram, ("203.0.113.5", 4500), pair.network.now, floated=True)
    assert not pair.a.outgoing() and next(iter(pair.a.sadb)).peer == (B[0], 4500)


def test_message_5_of_a_peer_without_a_nat_comes_from_its_host(make_pair: MakePair) -> None:
    stolen: list[Sent] = []

    def steal(sent: Sent) -> bytes | None:
        if sent.source == (A[0], 4500):
            stolen.append(sent)
            return None
        return sent.datagram

    pair = forced(make_pair, "b", tap=steal)
    pair.start()
    pair.run(1)
    pair.b.receive_datagram(
        stolen[0].datagram, ("203.0.113.5", 4500), pair.network.now, floated=True
    )
    assert not pair.b.outgoing() and not pair.b.next_event()
    pair.b.receive_datagram(stolen[0].datagram, (A[0], 4500), pair.network.now, floated=True)
    assert [item.target for item in pair.b.outgoing()] == [(A[0], 4500)]


def test_r17_a_successor_is_begun_through_the_mapping_that_is_in_use(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair, b={"life": Lifetime(100, 100, soft=40)})
    pair.start()
    pair.run(75)
    assert len(pair.of(A, Phase1Established)) == len(pair.of(B, Phase1Established)) == 2
    pair.start()
    pair.run(2)
    assert pair.of(B, SasInstalled)[1].name == pair.of(B, Phase1Established)[1].name


def test_a_peer_that_begins_anew_from_another_port_of_its_nat_is_known_again(
    make_pair: MakePair,
) -> None:
    pair, nat = behind_nat(make_pair)
    pair.start()
    pair.run(5)
    nat.forget()
    pair.a = type(pair.a)(pair.a.settings, pair.a.random)
    pair.network.join(A, pair.a)
    pair.start()
    pair.run(5)
    assert [item.why for item in pair.of(B, SasDeleted)] == ["the peer has restarted"]
    assert len(pair.b.sadb) == len(pair.b.sadb.pairs) == 1


def test_what_lacks_the_marker_is_no_ike(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair)
    pair.start()
    pair.run(5)
    known = len(pair.network.events[B])
    esp = (300).to_bytes(4, "big") + bytes(60)
    for datagram in (b"", b"\0", bytes(4), esp, natt.KEEPALIVE, bytes(8)):
        pair.b.receive_datagram(datagram, (PUBLIC, 20_001), pair.network.now, floated=True)
    assert not pair.b.outgoing() and len(pair.network.events[B]) == known
    # and what has one is none of the first port
    quick = marked(pair)[-1]
    pair.b.receive_datagram(quick.datagram, quick.source, pair.network.now)
    assert not pair.b.outgoing() and len(pair.network.events[B]) == known


def transport(address: tuple[str, int], *choices: Phase2Choice) -> dict[str, Any]:
    changes = {"local": OWN_ADDRESS, "remote": OWN_ADDRESS}
    mode = replace(ESP_3DES, encapsulation=Encapsulation.TRANSPORT)
    return children(address, *(choices or (mode,)), **changes)


def test_transport_mode_tells_the_original_addresses(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair, a=transport(A), b=transport(B))
    pair.start()
    pair.run(5)
    one, other = pair.of(A, SasInstalled)[0].pair, pair.of(B, SasInstalled)[0].pair
    assert one.sas[0].choice.encapsulation == Encapsulation.UDP_TRANSPORT
    # as the other end sees initiator and responder
    assert one.originals == (ip_address(PUBLIC), ip_address(B[0]))
    assert other.originals == (ip_address(A[0]), ip_address(B[0]))
    assert str(other.remote) == f"{PUBLIC}/32" and str(other.local) == f"{B[0]}/32"
    assert str(one.local) == f"{A[0]}/32" and str(one.remote) == f"{B[0]}/32"


def test_ah_does_not_pass_a_nat_and_that_is_said(make_pair: MakePair) -> None:
    ah = replace(ESP_3DES, protocol=ProtocolId.AH, transform=3)
    pair, _ = behind_nat(make_pair, a=transport(A, ah), b=transport(B, ah))
    pair.start()
    pair.run(5)
    (failed,) = pair.of(A, Phase2Failed)
    assert failed.reason == "proposal-p2" and "AH does not pass a NAT" in failed.why
    assert pair.of(A, Phase1Established)


def test_deletes_reach_through_the_nat(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair)
    pair.start()
    pair.run(5)
    (sa,) = pair.a.sadb
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(5)
    assert pair.of(B, SasDeleted) and not len(pair.b.sadb)


@pytest.mark.parametrize("seed", range(8))
def test_r8_a_bad_link_with_a_nat_is_survived(make_pair: MakePair, seed: int) -> None:
    faults = Faults(loss=0.25, duplication=0.3, delay=(0.0, 2.0))
    pair, _ = behind_nat(make_pair, faults=faults, seed=seed)
    pair.start()
    pair.run(200)
    (one,), (other,) = pair.of(A, SasInstalled), pair.of(B, SasInstalled)
    assert one.pair.sas[0].inbound_key == other.pair.sas[0].outbound_key


def test_quick_mode_on_the_port_that_was_left_is_dropped(make_pair: MakePair) -> None:
    pair, _ = behind_nat(make_pair)
    pair.start()
    pair.run(5)
    pair.start()
    quick = pair.a.outgoing()[0].datagram[len(natt.MARKER) :]
    assert decode_header(quick).exchange == ExchangeType.QUICK
    pair.b.receive_datagram(quick, (PUBLIC, 20_000), pair.network.now)
    assert not pair.b.outgoing() and pair.b.dropped["no such exchange"] == 1


@pytest.mark.parametrize("force", [False, True])
def test_r21_the_same_over_version_6(force: bool) -> None:
    ends: tuple[Address, ...] = (("2001:db8::1", 500), ("2001:db8::2", 500))
    nets = ("2001:db8:1::/48", "2001:db8:2::/48")
    network, engines = Network(), []
    for own, peer, (local, remote) in zip(ends, ends[::-1], (nets, nets[::-1]), strict=True):
        told = Settings(
            ip_address(own[0]), (connection(peer, local, remote),), nat=Nat(force=force)
        )
        engines.append(Engine(told, os.urandom))
        network.join(own, engines[-1])
    engines[0].start(engines[0].settings.connections[0], ends[1], 0.0)
    network.run(5)
    made = [item for end in ends for item in network.events[end] if isinstance(item, SasInstalled)]
    assert [str(item.pair.local) for item in made] == list(nets)
    modes = {item.pair.sas[0].choice.encapsulation for item in made}
    assert modes == {Encapsulation.UDP_TUNNEL if force else Encapsulation.TUNNEL}
    assert made[0].pair.sas[0].inbound_key == made[1].pair.sas[0].outbound_key
