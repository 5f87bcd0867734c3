"""What somebody without keys tries against an engine: state, effort, amplification (R8, R9, R14; RFC 2408 2.5.3)."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from impl.ike.engine import Engine
from impl.ike.events import Phase1Established, Phase1Failed, Phase2Failed, SasInstalled
from impl.ike.offers import LONGEST_LIFE, offer_phase1
from impl.ike.settings import Address, Lifetime, Nat
from impl.ike.tables import State
from impl.link.network import Sent, Translator
from impl.wire.message import NO_COOKIE, Header, Message, decode_header, encode_message
from impl.wire.numbers import (
    ExchangeType,
    GroupId,
    Hash,
    NotifyType,
    OakleyAttribute,
    ProtocolId,
)
from impl.wire.payloads import AnyPayload, KeyExchange, Nonce, Notification, VendorId
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation
from impl.wire.vendors import ALTERNATIVES, vendor_id
from model.vocabulary.policy import AddressPattern
from tests.impl.auth.authorities import authority, credentials, make, trust
from tests.impl.ike.conftest import (
    AES,
    DES3,
    A,
    B,
    MakePair,
    children,
    named,
    net,
)
from tests.impl.ike.test_certificates import clock, end

COOKIE = b"initiate"
ANYBODY = {"remotes": (AddressPattern("%any", None, None, anything=True),)}


def clear(responder: bytes, *payloads: AnyPayload, exchange: int = ExchangeType.MAIN) -> bytes:
    """A message in clear of the exchange that `COOKIE` names."""
    return encode_message(Message(Header(COOKIE, responder, 0, exchange, 0, 0, 0), payloads))


def first(*more: AnyPayload) -> bytes:
    return clear(NO_COOKIE, offer_phase1((DES3,), Lifetime(28_800, 28_800)), *more)


def offering(life: int | bytes) -> SecurityAssociation:
    """An offer whose lifetime is just that attribute."""
    (proposal,) = offer_phase1((DES3,), Lifetime(1, 1)).proposals
    (transform,) = proposal.transforms
    *kept, _ = transform.attributes
    stated = (*kept, Attribute(OakleyAttribute.LIFE_DURATION, life))
    return SecurityAssociation((replace_transform(proposal, stated),))


def replace_transform(proposal: Proposal, attributes: tuple[Attribute, ...]) -> Proposal:
    (transform,) = proposal.transforms
    return proposal._replace(transforms=(transform._replace(attributes=attributes),))


# ---- cookies
def test_r9_who_has_not_heard_the_responders_cookie_gets_no_diffie_hellman(
    make_pair: MakePair,
) -> None:
    """Else it could be had at any address: message 3 comes without the cookie of message 2."""
    engine = make_pair().b
    engine.receive_datagram(first(), A, 0.0)
    (sa,) = engine.sadb
    engine.outgoing()
    third = (KeyExchange(b"\2" * 128), Nonce(b"n" * 16))
    engine.receive_datagram(clear(NO_COOKIE, *third), A, 0.1)
    assert sa.state is State.AWAITS_MM3 and not sa.publics[1] and not engine.outgoing()
    engine.receive_datagram(clear(sa.cookies.responder, *third), A, 0.2)
    assert sa.publics[1] and engine.outgoing()


def test_r7_an_offer_that_comes_back_is_no_answer(make_pair: MakePair) -> None:
    """A single transform would be one of the offer; but a responder's cookie is never zero."""
    pair = make_pair(a={"choices": (DES3,)})
    pair.start()
    (sent,) = pair.a.outgoing()
    pair.a.receive_datagram(sent.datagram, B, 0.0)
    (sa,) = pair.a.sadb
    assert sa.state is State.AWAITS_MM2 and not pair.a.outgoing()
    pair.network.send(A, B, sent.datagram)
    pair.run(5)
    assert pair.of(A, SasInstalled)


# ---- half-open exchanges
def begun(engine: Engine, source: Address, number: int, now: float) -> bool:
    """Messages 1 and 3 of one more exchange from there; whether the first was answered."""
    cookie = number.to_bytes(8, "big")
    engine.receive_datagram(cookie + first()[8:], source, now)
    answers = engine.outgoing()
    for answer in answers:
        third = clear(answer.datagram[8:16], KeyExchange(b"\2" * 128), Nonce(b"n" * 16))
        engine.receive_datagram(cookie + third[8:], source, now)
        engine.outgoing()
    return bool(answers)


def test_r9_one_host_that_goes_as_far_as_message_3_does_not_keep_others_out(
    make_pair: MakePair,
) -> None:
    engine = make_pair(b=ANYBODY, half_open=8).b
    flooder, honest = ("198.51.100.1", 500), ("198.51.100.2", 500)
    assert all(begun(engine, flooder, number, 0.0) for number in range(1, 9))
    assert engine.sadb.half_open == 8
    assert begun(engine, honest, 100, 1.0)
    hosts = [sa.begun for sa in engine.sadb]
    assert hosts.count(honest) == 1 and hosts.count(flooder) == 7
    for number in range(200, 230):
        begun(engine, flooder, number, 2.0)
    assert [sa.begun for sa in engine.sadb].count(honest) == 1


def test_r9_exchanges_of_as_many_hosts_stay(make_pair: MakePair) -> None:
    engine = make_pair(b=ANYBODY, half_open=4).b
    assert all(begun(engine, (f"198.51.100.{n}", 500), n, 0.0) for n in range(1, 5))
    assert not begun(engine, ("198.51.100.9", 500), 9, 1.0)
    assert engine.sadb.half_open == 4


def test_r9_work_for_one_host_is_bounded_and_others_get_theirs(make_pair: MakePair) -> None:
    """A power in a large group takes long: what is given up would still have to be done."""
    large = replace(AES, group=GroupId.MODP3072)
    pair = make_pair({"choices": (large,)}, {"choices": (large,), **ANYBODY}, half_open=30)
    offer, engine = offer_phase1((large,), Lifetime(28_800, 28_800)), pair.b
    flooder, network = ("198.51.100.1", 500), pair.network
    network.step_takes = 0.5
    for number in range(100):
        cookie = number.to_bytes(7, "big") + b"c"
        engine.receive_datagram(cookie + clear(NO_COOKIE, offer)[8:], flooder, 0.0)
        for answer in engine.outgoing():
            third = clear(answer.datagram[8:16], KeyExchange(b"\2" * 384), Nonce(b"n" * 16))
            engine.receive_datagram(cookie + third[8:], flooder, 0.0)
    assert engine.dropped["too many steps are running for its host"] == 100 - 8
    pair.start()
    pair.run(5)
    assert len(network.steps[B]) == 8 * 2 + 2 and pair.of(A, SasInstalled)


def test_r9_one_host_gets_so_many_diffie_hellmans_and_others_theirs(make_pair: MakePair) -> None:
    engine = make_pair(b=ANYBODY, unproved_of_host=5).b
    flooder, honest = ("198.51.100.1", 500), ("198.51.100.2", 500)
    for number in range(1, 101):
        begun(engine, flooder, number, 0.0)
    assert engine.dropped["too many unauthenticated exchanges of its host"] == 95
    begun(engine, honest, 200, 0.0)
    assert sum(sa.state is State.AWAITS_MM5 for sa in engine.sadb) == 6
    engine.handle_timeout(31.0)  # what proves nothing in time makes room
    begun(engine, flooder, 300, 31.0)
    assert [sa.state for sa in engine.sadb] == [State.AWAITS_MM5]


# ---- amplification
MANY = tuple(
    replace(AES, group=group, hash=hash_, key_bits=bits)
    for group in (GroupId.MODP2048, GroupId.MODP3072, GroupId.MODP4096)
    for hash_ in (Hash.SHA1, Hash.SHA2_256, Hash.SHA2_512)
    for bits in (128, 256)
)


@pytest.mark.parametrize("empty", [0, 3, 12])
def test_r7_r9_alternatives_are_no_amplifier(make_pair: MakePair, empty: int) -> None:
    """Whoever asks in another's name has that one told little more than was sent; the best comes first."""
    engine = make_pair(b={"choices": MANY}).b
    nothing = SecurityAssociation((Proposal(1, ProtocolId.ISAKMP, b"", ()),))
    vendors = VendorId(vendor_id(ALTERNATIVES)), *[VendorId(bytes(16))] * empty
    asked = clear(NO_COOKIE, nothing, *vendors)
    engine.receive_datagram(asked, A, 0.0)
    (refusal,) = engine.outgoing()
    assert len(refusal.datagram) <= 3 * len(asked) + 64


def test_r7_of_many_alternatives_the_best_are_named(make_pair: MakePair) -> None:
    worst, best = MANY[-1], MANY[0]
    for spare, wins in (((worst, best), best), ((worst,), None)):
        pair = make_pair({"choices": (DES3,), "spare": spare}, {"choices": MANY})
        pair.start()
        pair.run(60)
        assert [item.choice for item in pair.of(A, Phase1Established)] == [wins] * bool(wins)


# ---- lifetimes
@pytest.mark.parametrize(
    ("life", "counts"),
    [
        (b"\0\0\0\0\0\0\x0e\x10", 3600),
        (b"\xff" * 8, LONGEST_LIFE),
        (b"\xff" * 4000, LONGEST_LIFE),
        (0, 28_800),
        (b"", 28_800),
    ],
)
def test_r17_a_lifetime_may_be_of_any_size_and_0_states_none(
    make_pair: MakePair, life: int | bytes, counts: int
) -> None:
    engine = make_pair(b={"life": Lifetime(None, None)}).b
    engine.receive_datagram(clear(NO_COOKIE, offering(life)), A, 0.0)
    (sa,) = engine.sadb
    assert sa.seconds == counts


def test_r17_an_answer_of_no_lifetime_does_not_renegotiate_for_ever(make_pair: MakePair) -> None:
    """Nothing protects the lifetime in message 2."""

    def none(sent: Sent) -> bytes:
        if len(log) == 2:
            assert sent.datagram.count(bytes.fromhex("800c7080")) == 1
            return sent.datagram.replace(bytes.fromhex("800c7080"), bytes.fromhex("800c0000"))
        return sent.datagram

    pair = make_pair(tap=none)
    log = pair.network.log
    pair.start()
    pair.run(120)
    assert len(pair.of(A, Phase1Established)) == len(pair.of(A, SasInstalled)) == 1


# ---- what stretches an exchange
def test_r8_r9_altered_proofs_do_not_keep_an_exchange_alive(make_pair: MakePair) -> None:
    """Each costs work; still the local message is sent again in time, and the exchange ends in time."""
    root = authority()
    ends = [make(f"{who}.example", root) for who in "ab"]
    sixth: list[bytes] = []

    def hold(sent: Sent) -> bytes | None:
        header = decode_header(sent.datagram)
        if sent.source == B and header.encrypted:
            sixth.append(sent.datagram)
            return None
        return sent.datagram

    a, b = (end(credentials(holder, trust(root))) for holder in ends)
    pair = make_pair(a, b, utc=clock(), tap=hold)
    pair.network.step_takes = 0.5
    pair.start()
    pair.run(2)
    for number in range(40):
        octets = bytearray(sixth[0])
        octets[-60 - number // 8] ^= 1 << number % 8  # within the signature
        pair.a.receive_datagram(bytes(octets), B, pair.network.now)
        pair.run(1)
    assert len(pair.network.steps[A]) > 8
    assert [item.reason for item in pair.of(A, Phase1Failed)] == ["certificate"]
    fifth = [s.datagram for s in pair.network.log if s.source == A][2:]
    assert len(fifth) == 6 and len(set(fifth)) == 1


# ---- what is left behind
def test_r14_refused_negotiations_do_not_push_out_what_another_one_needs(
    make_pair: MakePair,
) -> None:
    """So many IVs are kept; those of what was refused are not among them."""
    one = children(A)["children"]
    assert isinstance(one, tuple)
    refused = tuple(
        replace(one[0], name=f"no{n}", local=net(f"10.9.{n // 250}.{n % 250}/32"))
        for n in range(300)
    )
    third: list[bytes] = []

    def hold(sent: Sent) -> bytes | None:
        header = decode_header(sent.datagram)
        if sent.source == A and header.exchange == ExchangeType.QUICK:
            third.append(sent.datagram)
            return None if len(third) == 2 else sent.datagram
        return sent.datagram

    pair = make_pair(a={"children": (*one, *refused)}, tap=hold, parallel=400, remembered=1000)
    pair.start("net")
    pair.run(1)
    pair.start()
    pair.run(30)
    assert len(pair.of(B, Phase2Failed)) >= 300
    assert {item.pair.child for item in pair.of(B, SasInstalled)} == {"net"}
    spi = pair.of(A, SasInstalled)[0].pair.inbound_spi
    assert spi in [item.pair.sas[0].outbound_spi for item in pair.of(B, SasInstalled)]


def test_r18_a_delete_from_another_address_leaves_nothing_behind(make_pair: MakePair) -> None:
    """The peer's last word comes through a NAT that has forgotten it: nothing of it is kept by address."""
    names = {"own": named("a"), "expected": named("b")}, {"own": named("b"), "expected": named("a")}
    nat = Translator(A[0], "198.51.100.7")
    pair = make_pair(names[0], names[1] | ANYBODY, nats=(nat,), nat=Nat())
    pair.start("none, but Phase I")
    pair.run(5)
    (sa,) = pair.a.sadb
    (held,) = pair.b.sadb
    nat.forget("198.51.100.8")
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(5)
    assert not len(pair.b.sadb)
    other = pair.b.new(pair.b.settings.connections[0], held.peer, None)
    assert pair.b.sadb.alone(other)


# ---- hints
def test_r8_what_anybody_may_have_said_is_no_reason_once_an_sa_stands(make_pair: MakePair) -> None:
    pair = make_pair()
    pair.start()
    pair.run(5)
    (sa,) = pair.a.sadb
    notice = Notification(NotifyType.NO_PROPOSAL_CHOSEN, ProtocolId.ISAKMP)
    header = Header(
        sa.cookies.initiator, sa.cookies.responder, 0, ExchangeType.INFORMATIONAL, 0, 0, 0
    )
    pair.a.receive_datagram(encode_message(Message(header, (notice,))), B, pair.network.now)
    pair.network.tap = lambda _sent: None
    pair.start()
    pair.run(30)
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["no-responder"]


def test_r5_a_hint_that_came_to_nothing_is_no_later_reason(make_pair: MakePair) -> None:
    def noise(sent: Sent) -> bytes:
        sealed = decode_header(sent.datagram).encrypted
        return sent.datagram[:28] + os.urandom(64) if sealed and spoilt.pop() else sent.datagram

    spoilt = [False] * 20 + [True]
    pair = make_pair(tap=noise)
    pair.start()
    pair.run(10)
    assert pair.of(A, Phase1Established) and not any(sa.problem for sa in pair.b.sadb)
