"""Several SA payloads in one Quick Mode (RFC 2409 5.5; R7, R10 to R12): messages made by hand, with what a key
log tells, as our own initiator offers one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from impl.crypto import schedule
from impl.crypto.groups import group_of
from impl.crypto.schedule import Cookies, Keys
from impl.ike.bundles import offer_phase2
from impl.ike.events import Phase1Established, Phase2Failed, SaPair, SasDeleted, SasInstalled
from impl.ike.sealing import Opened, Sealing
from impl.ike.settings import Address, Bundle, Lifetime
from impl.link.network import Sent
from impl.wire.message import decode_header, encode_chain, prefixed
from impl.wire.numbers import ExchangeType, GroupId, NotifyType, ProtocolId
from impl.wire.payloads import (
    AnyPayload,
    HashData,
    Identification,
    KeyExchange,
    Nonce,
    Notification,
)
from impl.wire.proposals import SecurityAssociation
from tests.impl.ike.conftest import (
    AH_SHA1,
    ESP_3DES,
    ESP_AES_PFS,
    A,
    B,
    MakePair,
    Pair,
    children,
    heard,
)
from tests.impl.ike.test_bundles import BUNDLE

ONE: Bundle = (ESP_3DES,)
AES: Bundle = (replace(ESP_AES_PFS, group=None),)
PFS: Bundle = (ESP_AES_PFS,)
PFS_BUNDLE: Bundle = (ESP_AES_PFS, replace(AH_SHA1, group=GroupId.MODP2048))
LIFE = Lifetime(3600, 3600)
NI = bytes(range(20))


@dataclass
class Insider:
    """Somebody at one end who has the keys of the Phase I SA, and makes one Quick Mode by hand."""

    pair: Pair
    cookies: Cookies
    keys: Keys
    own: Address = A
    message_id: int = 0x01020304

    def __post_init__(self) -> None:
        self.sealing = Sealing(self.keys)
        last = self.pair.network.log[5].datagram  # the last message of Phase I
        self.sealing.accept(0, Opened((), b"", last[-self.keys.cipher.block :]))
        self.peer = B if self.own == A else A

    def send(self, hash_: bytes, chain: tuple[int, bytes] | None = None) -> None:
        """A message: its HASH, and what comes after it."""
        first = HashData(hash_)
        whole = encode_chain([first]) if chain is None else prefixed(first, chain)
        made = self.sealing.seal(self.cookies, ExchangeType.QUICK, self.message_id, whole)
        self.pair.network.send(self.own, self.peer, made)
        self.pair.run(1)

    def offer(self, *payloads: AnyPayload) -> None:
        """Message 1."""
        chain = encode_chain(payloads)
        self.send(schedule.hash_1(self.keys, self.message_id, chain[1]), chain)

    def answer(self) -> Opened:
        """What was answered, once it has verified."""
        (sent,) = [
            item.datagram
            for item in self.pair.network.log
            if item.source == self.peer
            and item.datagram[20:24] == self.message_id.to_bytes(4, "big")
        ]
        opened = self.sealing.open(decode_header(sent), sent)
        first = opened.payloads[0]
        assert isinstance(first, HashData)
        assert first.data == schedule.hash_2(self.keys, self.message_id, NI, opened.rest)
        self.sealing.accept(self.message_id, opened)
        return opened

    def confirm(self, nr: bytes) -> None:
        """Message 3."""
        self.send(schedule.hash_3(self.keys, self.message_id, NI, nr))

    def keymat(self, protocol: int, spi: int, nr: bytes, size: int, secret: bytes = b"") -> bytes:
        """The keys of one SA."""
        octets = spi.to_bytes(4, "big")
        return schedule.keymat(self.keys, protocol, octets, (NI, nr), size, secret)


def insider(
    make_pair: MakePair, *bundles: Bundle, prefers_own: bool = False, **changes: object
) -> Insider:
    """Phase I is up, and B has these choices."""
    pair = make_pair(b={**children(B, *bundles, **changes), "prefers_own": prefers_own})
    known: list[tuple[Cookies, Keys]] = []
    logged = type(pair.b)(pair.b.settings, os.urandom, lambda *told: known.append(told))
    pair.network.join(B, logged)
    pair.b = logged
    pair.start("")
    pair.run(2)
    assert len(pair.of(B, Phase1Established)) == 1 and len(pair.network.log) == 6
    return Insider(pair, *known[0])


def asked(*offers: tuple[Sequence[Bundle], int]) -> list[AnyPayload]:
    """SA payloads, and the SPI that each has, made from a number."""
    made: list[AnyPayload] = []
    for bundles, number in offers:
        spis = {ProtocolId.ESP: (1000 + number), ProtocolId.AH: (2000 + number)}
        named = {int(key): value.to_bytes(4, "big") for key, value in spis.items()}
        made.append(offer_phase2(bundles, named, LIFE))
    return made


IDS: list[AnyPayload] = [
    Identification(4, 0, 0, bytes((10, 1, 0, 0, 255, 255, 0, 0))),
    Identification(4, 0, 0, bytes((10, 2, 0, 0, 255, 255, 0, 0))),
]


def taken(opened: Opened) -> tuple[list[SecurityAssociation], bytes]:
    """The SA payloads of an answer, and its nonce."""
    sas = [item for item in opened.payloads if isinstance(item, SecurityAssociation)]
    (nonce,) = (item.data for item in opened.payloads if isinstance(item, Nonce))
    return sas, nonce


def pairs(hand: Insider) -> list[SaPair]:
    return [item.pair for item in hand.pair.of(B, SasInstalled)]


def test_r10_r11_each_sa_payload_is_answered_on_its_own_and_in_order(make_pair: MakePair) -> None:
    hand = insider(make_pair, ONE, BUNDLE, AES)
    hand.offer(*asked(([ONE], 1), ([BUNDLE], 2), ([(AH_SHA1,), AES, ONE], 3)), Nonce(NI), *IDS)
    sas, nr = taken(hand.answer())
    assert [[item.protocol for item in sa.proposals] for sa in sas] == [[3], [2, 3], [3]]
    assert [len(item.transforms) for sa in sas for item in sa.proposals] == [1] * 4
    assert not pairs(hand)
    hand.confirm(nr)
    made = pairs(hand)
    assert [tuple(s.choice for s in item.sas) for item in made] == [ONE, BUNDLE, AES]
    assert [[s.outbound_spi for s in item.sas] for item in made] == [[1001], [1002, 2002], [1003]]
    assert len({s.inbound_spi for item in made for s in item.sas}) == 4
    for item, sa in zip(made, sas, strict=True):
        given = {part.protocol: int.from_bytes(part.spi, "big") for part in sa.proposals}
        assert given == {s.choice.protocol: s.inbound_spi for s in item.sas}
        assert (str(item.local), str(item.remote)) == ("10.2.0.0/16", "10.1.0.0/16")
        for s in item.sas:
            size, protocol = len(s.inbound_key), s.choice.protocol
            assert s.inbound_key == hand.keymat(protocol, s.inbound_spi, nr, size)
            assert s.outbound_key == hand.keymat(protocol, s.outbound_spi, nr, size)
    (stands,) = hand.pair.b.sadb
    assert stands.served == 1 and len(hand.pair.b.sadb.pairs) == 3


@pytest.mark.parametrize(("spi", "fits"), [(0, False), (255, False), (256, True)])
def test_r11_reserved_spis_are_refused(make_pair: MakePair, spi: int, fits: bool) -> None:
    """On the port for NAT traversal 0 is what says that IKE follows."""
    hand = insider(make_pair, ONE)
    hand.offer(*asked(([ONE], spi - 1000)), Nonce(NI), *IDS)
    failures = [item.why for item in hand.pair.of(B, Phase2Failed)]
    assert failures == ([] if fits else ["the peer's SPI is reserved"])


def test_r12_one_public_value_gives_every_sa_its_own_keys(make_pair: MakePair) -> None:
    hand = insider(make_pair, ONE, PFS, PFS_BUNDLE)
    group = group_of(GroupId.MODP2048)
    assert group is not None
    private = group.private(os.urandom)
    public = KeyExchange(private.public)
    hand.offer(*asked(([PFS], 1), ([PFS_BUNDLE], 2)), Nonce(NI), public, *IDS)
    opened = hand.answer()
    _, nr = taken(opened)
    (theirs,) = (item for item in opened.payloads if isinstance(item, KeyExchange))
    hand.confirm(nr)
    secret = private.shared(theirs.data)
    keys = [(s, key) for item in pairs(hand) for s in item.sas for key in (s.inbound_key,)]
    assert len({key for _, key in keys}) == 3
    for s, key in keys:
        protocol, spi, size = s.choice.protocol, s.inbound_spi, len(key)
        assert key == hand.keymat(protocol, spi, nr, size, secret)


def test_r12_all_are_of_one_pfs_group(make_pair: MakePair) -> None:
    """What the second would otherwise prefer is of another group than the first."""
    hand = insider(make_pair, PFS, ONE, prefers_own=True)
    hand.offer(*asked(([ONE], 1), ([ONE, PFS], 2)), Nonce(NI), *IDS)
    hand.confirm(taken(hand.answer())[1])
    assert [item.sas[0].choice for item in pairs(hand)] == [ESP_3DES] * 2
    other = insider(make_pair, PFS, ONE)
    other.offer(*asked(([ONE], 1), ([PFS], 2)), Nonce(NI), *IDS)
    assert [item.reason for item in other.pair.of(B, Phase2Failed)] == ["proposal-p2"]


@pytest.mark.parametrize(
    ("offers", "spi"),
    [
        ([([ONE], 1), ([AES], 2)], 1002),
        ([([AES], 1), ([ONE], 2)], 1001),
        ([([ONE], 7), ([ONE], 7)], 1007),
        ([([ONE], number) for number in range(17)], 1000),
    ],
)
def test_r7_it_is_all_or_nothing_and_the_refusal_names_what_it_is_about(
    make_pair: MakePair, offers: list[tuple[list[Bundle], int]], spi: int
) -> None:
    hand = insider(make_pair, ONE)
    hand.offer(*asked(*offers), Nonce(NI), *IDS)
    assert [item.reason for item in hand.pair.of(B, Phase2Failed)] == ["proposal-p2"]
    (told,) = heard(hand.pair, A, NotifyType.NO_PROPOSAL_CHOSEN)
    assert int.from_bytes(told.notification.spi, "big") == spi and told.protected
    assert not pairs(hand) and not hand.pair.b.sadb.inbound


def test_r19_each_pair_has_a_life_of_its_own(make_pair: MakePair) -> None:
    hand = insider(make_pair, ONE, BUNDLE, life=Lifetime(900, 900))
    hand.offer(*asked(([ONE], 1), ([BUNDLE], 2)), Nonce(NI), *IDS)
    opened = hand.answer()
    told = [item for item in opened.payloads if isinstance(item, Notification)]
    assert {item.type for item in told} == {NotifyType.RESPONDER_LIFETIME} and len(told) == 3
    hand.confirm(taken(opened)[1])
    one, other = pairs(hand)
    assert one.life == other.life == 900
    hand.pair.b.expired(one.inbound_spi, hand.pair.network.now)
    hand.pair.run(1)
    assert [item.pair for item in hand.pair.of(B, SasDeleted)] == [one]
    assert [pair for _, pair in hand.pair.b.sadb.pairs.values()] == [other]


def test_r19_successors_come_and_do_not_multiply(make_pair: MakePair) -> None:
    """A knows nothing of pairs made by hand in its name, and answers as if they were the first."""
    hand = insider(make_pair, ONE, life=Lifetime(100, 100, soft=60))
    hand.offer(*asked(([ONE], 1), ([ONE], 2)), Nonce(NI), *IDS)
    hand.confirm(taken(hand.answer())[1])
    first = pairs(hand)
    for _ in range(30):
        hand.pair.run(10)
        sadb, now = hand.pair.b.sadb, hand.pair.network.now
        for spi, (_, item) in list(sadb.pairs.items()):  # as a driver does
            if sadb.made(item) + 100 <= now:
                hand.pair.b.expired(spi, now)
        assert 1 <= len(sadb.pairs) <= 4
    assert 2 < len(pairs(hand)) < 12 and not set(first) & {p for _, p in sadb.pairs.values()}


def test_r11_what_was_never_confirmed_is_deleted(make_pair: MakePair) -> None:
    """A Delete for each protocol, with every SPI that was given out."""
    hand = insider(make_pair, ONE, BUNDLE)
    hand.offer(*asked(([ONE], 1), ([BUNDLE], 2)), Nonce(NI), *IDS)
    before = len(hand.pair.network.log)
    hand.pair.run(60)
    later = [sent for sent in hand.pair.network.log[before:] if sent.source == B]
    notes = [s for s in later if decode_header(s.datagram).exchange == ExchangeType.INFORMATIONAL]
    assert len(notes) == 2 and not pairs(hand)
    assert [item.reason for item in hand.pair.of(B, Phase2Failed)] == ["no-responder"]


@pytest.mark.parametrize("extra", [0, 1])
def test_r7_an_answer_has_as_many_sa_payloads_as_were_offered(
    make_pair: MakePair, extra: int
) -> None:
    """B's answer is made by hand: its own SA payload, again and again."""
    hidden: list[bytes] = []

    def hide(sent: Sent) -> bytes | None:
        if sent.source == B and decode_header(sent.datagram).exchange == ExchangeType.QUICK:
            hidden.append(sent.datagram)
            return None if len(hidden) == 1 else sent.datagram
        return sent.datagram

    pair = make_pair(children(A, ESP_3DES), children(B, ESP_3DES), tap=hide)
    pair.start()
    pair.run(1)
    (mine,) = pair.a.sadb
    (quick,) = mine.quick.values()
    assert mine.sealing is not None and quick.ids is not None
    chain = encode_chain(
        [*asked(*(([ONE], number) for number in range(1 + extra))), Nonce(NI), *quick.ids]
    )
    made = schedule.hash_2(mine.sealing.keys, quick.message_id, quick.nonce, chain[1])
    hand = Insider(pair, mine.cookies, mine.sealing.keys, own=B, message_id=quick.message_id)
    opened = hand.sealing.open(
        decode_header(pair.network.log[6].datagram), pair.network.log[6].datagram
    )
    hand.sealing.accept(quick.message_id, opened)
    hand.send(made, chain)
    if not extra:
        assert len(pair.of(A, SasInstalled)) == 1
        return
    (failed,) = pair.of(A, Phase2Failed)
    assert failed.reason == "proposal-p2" and "2 SA payloads" in failed.why
    assert heard(pair, B, NotifyType.NO_PROPOSAL_CHOSEN) and not pair.of(A, SasInstalled)
