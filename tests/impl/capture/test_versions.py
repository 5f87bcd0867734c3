"""Messages of IKEv2 and of other versions, as scapy builds them, are named and no more."""

from __future__ import annotations

from typing import Any

import pytest

from impl.capture.conversation import Conversations, Malformed
from impl.capture.datagrams import Kind, datagrams
from impl.capture.ending import Outcome, Reason
from impl.capture.files import frames
from impl.capture.versions import OtherConversation
from impl.wire.ikev2 import SK
from tests.impl.capture.conftest import saved

SPI_I, SPI_R = b"initiatr", b"respondr"


def built(
    exchange: int, flags: int, number: int, *payloads: Any, responder: bytes = SPI_R
) -> bytes:
    """An IKEv2 message by scapy."""
    from scapy.contrib import ikev2

    made = ikev2.IKEv2(
        init_SPI=SPI_I, resp_SPI=responder, exch_type=exchange, flags=flags, id=number
    )
    for item in payloads:
        made /= item
    return bytes(made)


def initial(flags: int = 0x08, responder: bytes = bytes(8)) -> bytes:
    from scapy.contrib import ikev2

    transforms = ikev2.IKEv2_Transform(transform_type=1, transform_id=12, length=8)
    return built(
        34,
        flags,
        0,
        ikev2.IKEv2_SA(prop=ikev2.IKEv2_Proposal(trans_nb=1, trans=transforms)),
        ikev2.IKEv2_KE(group=14, ke=bytes(256)),
        ikev2.IKEv2_Nonce(nonce=bytes(32)),
        ikev2.IKEv2_Notify(type=16388, notify=bytes(20)),
        responder=responder,
    )


def sealed(exchange: int, flags: int, number: int) -> bytes:
    from scapy.contrib import ikev2

    return built(exchange, flags, number, ikev2.IKEv2_Encrypted(next_payload=35, load=bytes(60)))


def seen(*messages: tuple[str, bytes]) -> tuple[Conversations, list[Malformed]]:
    conversations, malformed = Conversations(), []
    for item in datagrams(frames(saved(messages))):
        assert item.kind is Kind.ISAKMP
        found = conversations.see(item)
        if isinstance(found, Malformed):
            malformed.append(found)
    return conversations, malformed


def only(conversations: Conversations) -> OtherConversation:
    (one,) = conversations.others.all
    assert not conversations.all
    return one


def test_an_ikev2_conversation_is_one_of_headers_and_payload_names() -> None:
    found, malformed = seen(
        ("I", initial()),
        ("I", initial()),
        ("R", initial(0x20, SPI_R)),
        ("I", sealed(35, 0x08, 1)),
        ("R", sealed(35, 0x20, 1)),
        ("R", sealed(37, 0x00, 0)),
    )
    one = only(found)
    assert not malformed and one.major == 2
    assert (one.cookies.initiator, one.cookies.responder) == (SPI_I, SPI_R)
    assert [item.repeats for item in one.messages] == [None, 1, None, None, None, None]
    assert [item.from_initiator for item in one.messages] == [True, True, False, True, False, False]
    assert [element.type for element in one.messages[0].chain] == [33, 34, 40, 41]
    (inside,) = one.messages[3].chain
    assert (inside.type, inside.then) == (SK, 35)
    main = one.conclusion().main
    assert (main.outcome, main.reason) == (Outcome.OUT_OF_SCOPE, Reason.IKE_VERSION)
    assert main.frames == tuple(range(1, 7))


def test_who_began_is_known_from_the_flag_where_the_response_comes_first() -> None:
    one = only(seen(("R", initial(0x20, SPI_R)))[0])
    assert str(one.initiator) == "192.0.2.1:500"


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda octets: octets[:18] + b"\x02" + octets[19:], "exchange type"),
        (lambda octets: octets[:30] + b"\x00\x03" + octets[32:], "payload length"),
        (lambda octets: octets[:30] + b"\xff\xff" + octets[32:], "payload length"),
        (lambda octets: octets[:-1], "length"),
        (lambda octets: bytes(8) + octets[8:], "initiator cookie"),
        (lambda octets: octets[:24] + b"\0\0\0\x1c", "payload"),
        (lambda octets: octets[:16] + b"\0" + octets[17:], "payloads"),
    ],
)
def test_a_malformed_one_still_is(spoil: Any, field: str) -> None:
    found, (one,) = seen(("I", spoil(initial())))
    assert not found.others.all and not found.all
    assert one.error.field == field


@pytest.mark.parametrize("version", [0x11, 0x1F, 0x30, 0xF0, 0x00])
def test_other_versions_are_named(version: int) -> None:
    octets = initial()
    one = only(seen(("I", octets[:17] + bytes([version]) + octets[18:]))[0])
    assert one.version == version and not one.messages[0].chain
