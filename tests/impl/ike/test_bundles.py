"""AH and ESP together: proposals of one number, of which all are wanted (RFC 2408 4.2, 2409 5.5; R7, R10, R11,
R19). What comes of it stands and falls as one."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from impl.crypto import schedule
from impl.daemon.status import engine_status
from impl.ike.events import (
    Phase1Ended,
    Phase2Failed,
    SaPair,
    SasDeleted,
    SasInstalled,
)
from impl.ike.settings import Bundle, Lifetime, Nat
from impl.link.network import Faults, Sent
from impl.wire.message import decode_header
from impl.wire.numbers import (
    AhTransform,
    Encapsulation,
    ExchangeType,
    GroupId,
    Integrity,
    NotifyType,
    ProtocolId,
)
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
from tests.impl.ike.test_nat import behind_nat

AH_MD5 = replace(AH_SHA1, transform=AhTransform.MD5, integrity=Integrity.HMAC_MD5)
BUNDLE: Bundle = (ESP_3DES, AH_SHA1)
MD5: Bundle = (ESP_3DES, AH_MD5)
PFS: Bundle = (ESP_AES_PFS, replace(AH_SHA1, group=GroupId.MODP2048))
SOFT = Lifetime(100, 100, soft=60)


def together(make_pair: MakePair, *bundles: Bundle, **changes: Any) -> Pair:
    """Both ends with these choices, until all has come up."""
    own: dict[str, Any] = {key: changes.pop(key) for key in ("life",) if key in changes}
    choices = bundles or (BUNDLE,)
    pair = make_pair(children(A, *choices, **own), children(B, *choices, **own), **changes)
    pair.start()
    pair.run(5)
    return pair


def both(pair: Pair) -> tuple[SaPair, SaPair]:
    """The last pair of each end."""
    return pair.of(A, SasInstalled)[-1].pair, pair.of(B, SasInstalled)[-1].pair


def agrees(one: SaPair, other: SaPair) -> bool:
    """Whether two ends hold the same SAs, crosswise, in the same order."""
    return [
        (s.choice, s.inbound_spi, s.outbound_spi, s.inbound_key, s.outbound_key) for s in one.sas
    ] == [
        (s.choice, s.outbound_spi, s.inbound_spi, s.outbound_key, s.inbound_key) for s in other.sas
    ]


def gone(pair: Pair) -> bool:
    """Whether both ends have lost their only pair, and are left with nothing."""
    events = [[item.pair for item in pair.of(end, SasDeleted)] for end in (A, B)]
    sadbs = (pair.a.sadb, pair.b.sadb)
    return [len(item) for item in events] == [1, 1] and not any(
        item.pairs or item.inbound for item in sadbs
    )


# ---- what comes up
@pytest.mark.parametrize("bundle", [BUNDLE, PFS])
def test_r10_r11_ah_and_esp_come_up_together_each_with_spis_and_keys_of_its_own(
    make_pair: MakePair, bundle: Bundle
) -> None:
    pair = together(make_pair, bundle)
    one, other = both(pair)
    assert agrees(one, other) and len(pair.of(A, SasInstalled)) == 1
    assert [item.choice for item in one.sas] == list(bundle)  # ESP first, AH around it
    spis = [spi for item in one.sas for spi in (item.inbound_spi, item.outbound_spi)]
    assert len(set(spis)) == 4 and min(spis) > 255
    keys = [key for item in one.sas for key in (item.inbound_key, item.outbound_key)]
    assert len(set(keys)) == 4
    sizes = [[len(key) for key in (item.inbound_key, item.outbound_key)] for item in one.sas]
    assert sizes == ([[44, 44], [20, 20]] if bundle is BUNDLE else [[48, 48], [20, 20]])
    assert len(pair.network.log) == 9


def test_r11_keymat_is_of_the_protocol_and_the_receivers_spi(make_pair: MakePair) -> None:
    """RFC 2409 5.5; nonces are those that the two first messages of Quick Mode carry."""
    nonces: list[bytes] = []

    def watch(sent: Sent) -> bytes:
        end = pair.a if sent.source == A else pair.b
        if decode_header(sent.datagram).exchange == ExchangeType.QUICK and len(nonces) < 2:
            nonces.extend(quick.nonce for sa in end.sadb for quick in sa.quick.values())
        return sent.datagram

    pair = make_pair(children(A, BUNDLE), children(B, BUNDLE), tap=watch)
    pair.start()
    pair.run(5)
    (sa,), (one, _) = pair.a.sadb, both(pair)
    assert sa.sealing is not None
    ni, nr = nonces
    for item, size in zip(one.sas, (44, 20), strict=True):
        for spi, key in (
            (item.inbound_spi, item.inbound_key),
            (item.outbound_spi, item.outbound_key),
        ):
            octets, protocol = spi.to_bytes(4, "big"), item.choice.protocol
            assert key == schedule.keymat(sa.sealing.keys, protocol, octets, (ni, nr), size)


@pytest.mark.parametrize(
    ("theirs", "prefers_own", "wins"),
    [
        ((BUNDLE,), False, BUNDLE),
        (((ESP_3DES,),), False, (ESP_3DES,)),
        (((AH_SHA1,), MD5), False, MD5),
        (((AH_SHA1,), MD5), True, (AH_SHA1,)),
        ((MD5, BUNDLE), False, BUNDLE),
        ((MD5, BUNDLE), True, MD5),
    ],
)
def test_r7_a_bundle_is_an_alternative_among_others(
    make_pair: MakePair, theirs: tuple[Bundle, ...], prefers_own: bool, wins: Bundle
) -> None:
    own = (BUNDLE, MD5, (ESP_3DES,), (AH_SHA1,))
    pair = make_pair(
        children(A, *own), {**children(B, *theirs), "prefers_own": prefers_own}, alternatives=False
    )
    pair.start()
    pair.run(5)
    one, other = both(pair)
    assert agrees(one, other) and tuple(item.choice for item in one.sas) == wins


def test_r7_half_of_a_bundle_is_not_taken_and_the_refusal_names_it(make_pair: MakePair) -> None:
    pair = make_pair(children(A, BUNDLE), children(B, ESP_3DES, AH_SHA1))
    pair.start()
    pair.run(5)
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["proposal-p2"]
    (told,) = heard(pair, A, NotifyType.NO_PROPOSAL_CHOSEN)
    assert told.notification.protocol == ProtocolId.AH  # the first of the offer
    assert len(told.notification.spi) == 4 and not pair.a.sadb.pairs


def test_r7_what_would_do_instead_may_be_a_bundle(make_pair: MakePair) -> None:
    pair = make_pair(children(A, ESP_3DES, PFS), children(B, PFS))
    pair.start()
    pair.run(5)
    one, other = both(pair)
    assert agrees(one, other) and tuple(item.choice for item in one.sas) == PFS
    assert [item.reason for item in pair.of(B, Phase2Failed)] == ["proposal-p2"]
    assert not pair.of(A, Phase2Failed)


def test_a_bundle_does_not_pass_a_nat_and_is_left_out_of_the_offer(make_pair: MakePair) -> None:
    pair, _ = behind_nat(
        make_pair, a=children(A, BUNDLE, ESP_3DES), b=children(B, BUNDLE, ESP_3DES)
    )
    pair.start()
    pair.run(5)
    one, other = both(pair)
    assert agrees(one, other) and len(one.sas) == 1
    assert one.sas[0].choice.encapsulation == Encapsulation.UDP_TUNNEL
    alone, _ = behind_nat(make_pair, a=children(A, BUNDLE), b=children(B, BUNDLE))
    alone.start()
    alone.run(5)
    (failed,) = alone.of(A, Phase2Failed)
    assert failed.reason == "proposal-p2" and "AH does not pass a NAT" in failed.why


# ---- it stands and falls as one
@pytest.mark.parametrize("which", [0, 1])
def test_r19_a_bundle_is_renewed_and_ends_by_whichever_spi_the_driver_names(
    make_pair: MakePair, which: int
) -> None:
    pair = together(make_pair)
    first, _ = both(pair)
    pair.a.renew(first.sas[which].inbound_spi, pair.network.now)
    pair.run(5)
    one, other = both(pair)
    assert agrees(one, other) and one != first
    pair.run(15)  # the old one goes
    assert [item.pair for item in pair.of(A, SasDeleted)] == [first]
    assert len(pair.b.sadb.pairs) == 1 and len(pair.b.sadb.inbound) == 2
    pair.a.expired(one.sas[which].inbound_spi, pair.network.now)
    pair.run(5)
    assert not pair.a.sadb.inbound and not pair.b.sadb.inbound
    assert not pair.a.sadb.pairs and not pair.b.sadb.pairs


@pytest.mark.parametrize("lost", [None, 0, 1])
def test_r19_a_delete_of_one_protocol_is_enough(make_pair: MakePair, lost: int | None) -> None:
    """Each protocol has a Delete of its own, and one of them may be lost."""
    pair = together(make_pair)
    one, _ = both(pair)
    deletes = count()

    def lose(sent: Sent) -> bytes | None:
        number = next(deletes)
        return None if number == lost else sent.datagram

    pair.network.tap = lose
    pair.a.expired(one.inbound_spi, pair.network.now)
    pair.run(5)
    assert next(deletes) == 2 and gone(pair)
    assert {item.why for item in pair.of(B, SasDeleted)} == {"the peer has deleted it"}


def test_r18_down_deletes_every_protocol(make_pair: MakePair) -> None:
    pair = together(make_pair)
    (sa,) = pair.a.sadb
    pair.a.end(sa, pair.network.now, "on demand")
    pair.run(5)
    assert gone(pair) and not len(pair.a.sadb) and not len(pair.b.sadb)


def test_r17_a_peer_that_begins_anew_has_none_of_it(make_pair: MakePair) -> None:
    pair = together(make_pair)
    first = pair.of(B, SasInstalled)[0].pair
    fresh = type(pair.a)(pair.a.settings, pair.a.random)
    pair.network.join(A, fresh)
    fresh.start(fresh.settings.connections[0], B, pair.network.now)
    pair.run(5)
    assert [item.pair for item in pair.of(B, SasDeleted)] == [first]
    assert [item.why for item in pair.of(B, Phase1Ended)] == ["the peer has restarted"]
    assert agrees(*both(pair)) and len(pair.b.sadb.inbound) == 2


def test_r19_its_successor_comes_in_time(make_pair: MakePair) -> None:
    pair = together(make_pair, life=SOFT)
    pair.run(80)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 2
    assert agrees(*both(pair)) and len(pair.a.sadb.inbound) == len(pair.b.sadb.inbound) == 2


@pytest.mark.parametrize("seed", range(4))
def test_r19_when_both_ends_replace_a_bundle_at_once_one_is_left(
    make_pair: MakePair, seed: int
) -> None:
    pair = together(make_pair, faults=Faults(delay=(0.2, 0.4)), seed=seed)
    mine, theirs = both(pair)
    pair.a.renew(mine.sas[1].inbound_spi, pair.network.now)
    pair.b.renew(theirs.inbound_spi, pair.network.now)
    pair.run(5)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 3
    pair.run(20)
    ((_, left),), ((_, other),) = pair.a.sadb.pairs.values(), pair.b.sadb.pairs.values()
    assert agrees(left, other)


def test_r19_a_shorter_lifetime_is_said_of_each_protocol_and_heard(make_pair: MakePair) -> None:
    short = children(B, BUNDLE, life=Lifetime(900, 900, kilobytes=500))
    pair = make_pair(children(A, BUNDLE), short)
    pair.start()
    pair.run(5)
    one, other = both(pair)
    assert (one.life, one.kilobytes) == (other.life, other.kilobytes) == (900, 500)
    alike = together(make_pair)
    said, unsaid = (
        [len(sent.datagram) for sent in item.network.log if sent.source == B][3]
        for item in (pair, alike)
    )
    assert said - unsaid >= 2 * (12 + 16)


def test_r11_a_bundle_that_the_answerer_never_made_is_deleted(make_pair: MakePair) -> None:
    """Message 3 is lost for good: what the starter holds alone goes, both protocols of it."""

    def lose(sent: Sent) -> bytes | None:
        header = decode_header(sent.datagram)
        third = header.exchange == ExchangeType.QUICK and sent.source == A and len(firsts) > 0
        if header.exchange == ExchangeType.QUICK and sent.source == A:
            firsts.append(sent.datagram)
        return None if third else sent.datagram

    firsts: list[bytes] = []
    pair = make_pair(children(A, BUNDLE), children(B, BUNDLE), tap=lose)
    pair.start()
    pair.run(60)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(A, SasDeleted)) == 1
    assert not pair.a.sadb.inbound and not pair.of(B, SasInstalled)


def test_r22_status_tells_every_protocol_and_no_key(make_pair: MakePair) -> None:
    pair = together(make_pair)
    one, _ = both(pair)
    (told,) = engine_status(pair.a, pair.network.now)["pairs"]
    assert [item["choice"]["protocol"] for item in told["sas"]] == ["ESP", "AH"]
    assert [item["inbound_spi"] for item in told["sas"]] == [s.inbound_spi for s in one.sas]
    shown = repr(told) + repr(one)
    for item in one.sas:
        for key in (item.inbound_key, item.outbound_key):
            assert key.hex() not in shown and repr(key) not in shown


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        ((AH_SHA1, ESP_3DES), "ESP and then AH"),
        ((ESP_3DES, ESP_3DES), "ESP and then AH"),
        ((ESP_3DES, replace(AH_SHA1, group=GroupId.MODP1024)), "more than one PFS group"),
        (
            (ESP_3DES, replace(AH_SHA1, encapsulation=Encapsulation.TRANSPORT)),
            "more than one PFS group or mode",
        ),
        ((ESP_3DES, replace(AH_SHA1, integrity=99)), "not supported"),
    ],
)
def test_settings_that_no_bundle_can_have_are_refused(
    make_pair: MakePair, bundle: Bundle, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        make_pair(children(A, bundle), nat=Nat())
