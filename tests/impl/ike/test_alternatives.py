"""Alternatives to a refused offer, and cookies (R7, R9)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impl.crypto.groups import group_of
from impl.crypto.hashes import HASHES
from impl.ike.cookies import CookieMaker
from impl.ike.events import (
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
    SasInstalled,
)
from impl.ike.offers import offer_phase1
from impl.ike.settings import Address, Lifetime
from impl.link.network import Sent
from impl.wire.message import HEADER_SIZE, decode_header, decode_message, encode_message
from impl.wire.numbers import ExchangeType, GroupId, Hash, Method, NotifyType
from impl.wire.payloads import Notification
from impl.wire.proposals import encode_sa
from tests.impl.auth.authorities import NOW, authority, credentials, make, trust
from tests.impl.ike.conftest import (
    AES,
    DES3,
    ESP_3DES,
    ESP_AES_PFS,
    A,
    B,
    MakePair,
    children,
    heard,
)


def test_r7_a_responder_names_alternatives_and_the_initiator_offers_anew(
    make_pair: MakePair,
) -> None:
    pair = make_pair({"choices": (DES3,), "spare": (AES,)}, {"choices": (AES,)})
    pair.start()
    pair.run(5)
    assert pair.of(A, Phase1Established)[0].choice == AES
    assert len(pair.of(A, SasInstalled)) == 1 and not pair.of(A, Phase1Failed)
    assert [item.reason for item in pair.of(B, Phase1Failed)] == ["proposal-p1"]


def test_r7_only_what_the_policy_allows_is_offered_anew(make_pair: MakePair) -> None:
    pair = make_pair({"choices": (DES3,)}, {"choices": (AES,)})
    pair.start()
    pair.run(60)
    assert [item.reason for item in pair.of(A, Phase1Failed)] == ["proposal-p1"]
    assert len({sent.datagram for sent in pair.network.log if sent.source == A}) == 1


def test_r7_a_forged_refusal_brings_about_no_weaker_choice(make_pair: MakePair) -> None:
    pair = make_pair({"choices": (AES,), "spare": (DES3,)}, {"choices": (AES, DES3)})
    other = make_pair({"choices": (AES,), "spare": (DES3,)}, {"choices": (DES3,)})
    other.start()
    (first,) = other.a.outgoing()
    other.b.receive_datagram(first.datagram, A, 0.0)
    (refusal,) = other.b.outgoing()
    forged = decode_message(refusal.datagram)
    pair.start()
    (first,) = pair.a.outgoing()
    header = forged.header._replace(initiator_cookie=decode_header(first.datagram).initiator_cookie)
    pair.a.receive_datagram(encode_message(replace(forged, header=header)), B, 0.0)
    pair.run(5)
    assert pair.of(A, Phase1Established)[0].choice == AES


def test_r7_it_is_offered_anew_once(make_pair: MakePair) -> None:
    """A responder that names, and then refuses what it has named."""
    other = replace(AES, hash=Hash.SHA1)
    pair = make_pair({"choices": (DES3,), "spare": (AES,)}, {"choices": (other,)})

    def lie(sent: Sent) -> bytes:
        if sent.source == B and decode_header(sent.datagram).exchange == ExchangeType.INFORMATIONAL:
            message = decode_message(sent.datagram)
            (notice,) = message.payloads
            assert isinstance(notice, Notification)
            return encode_message(replace(message, payloads=(replace(notice, data=named),)))
        return sent.datagram

    named = encode_sa(offer_phase1((AES,), Lifetime(100, 100)))
    pair.network.tap = lie
    pair.start()
    pair.run(60)
    assert [item.reason for item in pair.of(A, Phase1Failed)] == ["proposal-p1"]
    firsts = {sent.datagram for sent in pair.network.log if sent.source == A}
    assert len(firsts) == 2


def test_r7_quick_mode_has_alternatives_of_another_pfs_group(make_pair: MakePair) -> None:
    pair = make_pair(children(A, ESP_3DES, ESP_AES_PFS), children(B, ESP_AES_PFS))
    pair.start()
    pair.run(5)
    assert pair.of(A, SasInstalled)[0].pair.sas[0].choice == ESP_AES_PFS
    assert not pair.of(A, Phase2Failed)


def test_r7_quick_mode_is_offered_anew_once(make_pair: MakePair) -> None:
    """An answerer that names one choice, and wants another when that is offered."""
    pair = make_pair(children(A, ESP_3DES, ESP_AES_PFS), children(B, ESP_AES_PFS))
    firsts: list[bytes] = []

    def change(sent: Sent) -> bytes:
        header = decode_header(sent.datagram)
        if sent.source == A and header.exchange == ExchangeType.QUICK:
            firsts.append(sent.datagram)
            if len(firsts) == 2:
                for sa in pair.b.sadb:
                    (child,) = sa.connection.children
                    only = (replace(child, choices=((ESP_3DES,),)),)
                    sa.connection = replace(sa.connection, children=only)
        return sent.datagram

    pair.network.tap = change
    pair.start()
    pair.run(30)
    assert len(firsts) == 2
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["proposal-p2"]


@pytest.mark.parametrize("alternatives", [True, False])
def test_r7_a_refusal_names_as_much_as_an_offer_has_room_for(
    make_pair: MakePair, alternatives: bool
) -> None:
    """Numbers of transforms are octets, and a policy may accept more combinations."""
    groups = [group for group in GroupId if group_of(group) is not None]
    firsts = [
        replace(AES, key_bits=bits, hash=hash_, group=group)
        for bits, hash_, group in product((128, 192, 256), HASHES, groups)
    ]
    many = tuple((item,) for item in firsts * 3)
    assert len(many) > 255
    pair = make_pair({"choices": (DES3,)}, {"accepted": many}, alternatives=alternatives)
    pair.start()
    pair.run(60)
    assert [item.reason for item in pair.of(A, Phase1Failed)] == ["proposal-p1"]
    seconds = tuple(
        ((replace(ESP_AES_PFS, key_bits=bits, integrity=integrity, group=group),),)
        for bits, integrity, group in product((128, 192, 256), (1, 2, 5, 6, 7), groups)
    )
    assert len(seconds) * 3 > 255
    other = make_pair(
        children(A, ESP_3DES), children(B, accepted=seconds * 3), alternatives=alternatives
    )
    other.start()
    other.run(5)
    assert [item.reason for item in other.of(A, Phase2Failed)] == ["proposal-p2"]


def test_r7_to_others_a_refusal_is_plain(make_pair: MakePair) -> None:
    pair = make_pair(
        children(A, ESP_3DES, ESP_AES_PFS), children(B, ESP_AES_PFS), alternatives=False
    )
    pair.start()
    pair.run(5)
    assert [item.reason for item in pair.of(A, Phase2Failed)] == ["proposal-p2"]
    (told,) = heard(pair, A, NotifyType.NO_PROPOSAL_CHOSEN)
    assert told.notification.data == b"" and told.protected


ADDRESSES = st.tuples(
    st.sampled_from(["192.0.2.1", "192.0.2.11", "2001:db8::1"]), st.integers(1, 9)
)


@given(st.binary(min_size=8, max_size=8), ADDRESSES, ADDRESSES)
@settings(max_examples=80)
def test_r9_cookies_are_bound_to_the_address(
    initiator: bytes, one: Address, other: Address
) -> None:
    maker = CookieMaker(lambda size: b"s" * size, 60)
    made = [maker.make(address, initiator, 0.0, lambda _: False) for address in (one, other)]
    assert (made[0] == made[1]) is (one == other)
    again = maker.make(one, initiator, 0.0, lambda cookie: cookie == made[0])
    assert again != made[0] and any(again) and len(again) == 8


def test_r9_the_secret_of_cookies_changes() -> None:
    secrets = iter((b"one", b"two", b"three"))
    maker = CookieMaker(lambda _size: next(secrets), 60)

    def made(now: float) -> bytes:
        return maker.make(("192.0.2.1", 500), b"initiate", now, lambda _: False)

    assert made(0.0) == made(59.9) != made(60.0) == made(119.0) != made(120.0)


def test_r9_a_first_message_costs_no_diffie_hellman_and_gets_one_cookie(
    make_pair: MakePair,
) -> None:
    """What was forgotten in a flood is answered as before when it comes again."""
    pair = make_pair(half_open=1)
    pair.start()
    first = pair.a.outgoing()[0].datagram
    pair.b.receive_datagram(first, A, 0.0)
    (answer,) = pair.b.outgoing()
    (sa,) = pair.b.sadb
    assert sa.private is None and not sa.publics[1]
    flood = bytes(7) + b"\1" + first[8:]
    pair.b.receive_datagram(flood, ("192.0.2.9", 500), 0.0)
    pair.b.outgoing()
    pair.b.receive_datagram(first, A, 1.0)
    (again,) = pair.b.outgoing()
    assert again.datagram == answer.datagram and len(again.datagram) > HEADER_SIZE


# ---- when it is only the method
@pytest.mark.parametrize("named", [True, False])
def test_r7_of_an_offer_that_only_the_method_keeps_from_being_taken_that_is_said(
    make_pair: MakePair, named: bool
) -> None:
    """The responder knows; the initiator if the refusal names what would do (as in the specification)."""
    root = authority()
    own = credentials(make("b.example", root), trust(root))
    b = {"choices": (replace(DES3, method=Method.RSA_SIGNATURES),), "certificate": own}
    pair = make_pair({"choices": (AES, DES3)}, b, alternatives=named, utc=lambda _now: NOW)
    pair.start()
    pair.run(60)
    assert {item.reason for item in pair.of(B, Phase1Failed)} == {"auth-method"}
    (failed,) = pair.of(A, Phase1Failed)
    assert failed.reason == ("auth-method" if named else "proposal-p1")
