"""The codec against messages that others made, and against octets that are not valid (R3, R5, R7)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impl.wire.errors import WireError
from impl.wire.message import (
    HEADER_SIZE,
    Header,
    Message,
    decode_chain,
    decode_header,
    decode_message,
    encode_chain,
    encode_message,
)
from impl.wire.numbers import ExchangeType, Payload
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    CertificateRequest,
    Delete,
    GssToken,
    HashData,
    Identification,
    KeyExchange,
    NatDiscovery,
    NatOriginalAddress,
    Nonce,
    Notification,
    Signature,
    Unknown,
    VendorId,
)
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform

Read = Callable[[str], Any]
OCTETS = st.binary(max_size=40)
BYTE, WORD = st.integers(0, 255), st.integers(0, 65535)


def recorded(read: Read) -> list[bytes]:
    """Every message of the recorded runs and of the single messages."""
    found = [item["hex"] for item in read("messages.json")["messages"]]
    for name in ("rub", "strongswan"):
        tree = read(f"handshake_main_psk_{name}.json")
        found += [item["hex"] for item in tree.get("messages", tree["facts"].get("messages", []))]
    found += [item["hex"] for item in read("handshake_main_rsasig_openswan.json")["messages"]]
    for capture in read("captures/manifest.json")["captures"]:
        found += [item["hex"] for item in capture.get("messages", []) if "hex" in item]
    return [bytes.fromhex(item.removeprefix("00000000")) for item in found]


def test_r7_every_recorded_message_survives_a_round_trip(vectors: Read) -> None:
    clear = 0
    for datagram in recorded(vectors):
        header = decode_header(datagram)
        if not header.encrypted:
            message = decode_message(datagram)
            assert encode_message(message) == datagram
            clear += 1
    assert clear > 15


def test_decrypted_messages_are_read_up_to_their_padding(vectors: Read) -> None:
    seen = 0
    for item in vectors("handshake_main_psk_rub.json")["messages"]:
        if item["plaintext"] is None:
            continue
        plaintext = bytes.fromhex(item["plaintext"])
        header = decode_header(bytes.fromhex(item["hex"]))
        chain = decode_chain(header.next_payload, plaintext, HEADER_SIZE)
        assert len(plaintext) - chain.size == item["pad_len"]
        first, octets = encode_chain(chain.payloads)
        assert first == header.next_payload and octets == plaintext[: chain.size]
        seen += 1
    assert seen == 5


def test_single_messages_say_what_others_read_in_them(vectors: Read) -> None:
    for item in vectors("messages.json")["messages"]:
        datagram = bytes.fromhex(item["hex"])
        header = decode_header(datagram)
        if header.encrypted:
            continue
        assert header.initiator_cookie.hex() == item["cky_i"]
        assert header.responder_cookie.hex() == item["cky_r"]
        assert (header.exchange, header.flags) == (item["exchange"], item["flags"])
        payloads = decode_message(datagram).payloads
        assert [kind(payload) for payload in payloads] == [p["type"] for p in item["payloads"]]
        if "sa" in item:
            assert offered(payloads[0]) == item["sa"]["proposals"]
        vids = [p.data.hex() for p in payloads if isinstance(p, VendorId)]
        assert vids == item.get("vendor_ids", vids)


def kind(payload: AnyPayload) -> int:
    return encode_chain([payload])[0]


def offered(payload: AnyPayload) -> list[dict[str, Any]]:
    assert isinstance(payload, SecurityAssociation)
    return [
        {
            "num": p.number,
            "proto": p.protocol,
            "spi": p.spi.hex(),
            "n": len(p.transforms),
            "transforms": [
                {"num": t.number, "id": t.id, "attrs": [[a.type, a.number] for a in t.attributes]}
                for t in p.transforms
            ],
        }
        for p in payload.proposals
    ]


ATTRIBUTES = st.builds(Attribute, st.integers(0, 0x7FFF), WORD | OCTETS)
TRANSFORMS = st.builds(Transform, BYTE, BYTE, st.lists(ATTRIBUTES, max_size=6).map(tuple))
PROPOSALS = st.builds(
    Proposal, BYTE, BYTE, st.binary(max_size=8), st.lists(TRANSFORMS, max_size=4).map(tuple)
)
SAS = st.builds(SecurityAssociation, st.lists(PROPOSALS, min_size=1, max_size=3).map(tuple))
KNOWN = {int(item) for item in Payload}
PAYLOADS: st.SearchStrategy[AnyPayload] = st.one_of(
    SAS,
    *(st.builds(t, OCTETS) for t in (KeyExchange, HashData, Signature, Nonce, VendorId, GssToken)),
    st.builds(Identification, BYTE, BYTE, WORD, OCTETS),
    st.builds(Certificate, BYTE, OCTETS),
    st.builds(CertificateRequest, BYTE, OCTETS),
    st.builds(Notification, WORD, BYTE, OCTETS, OCTETS),
    st.builds(Delete, BYTE, st.lists(st.binary(min_size=4, max_size=4), max_size=3).map(tuple)),
    st.builds(NatDiscovery, OCTETS, st.booleans()),
    st.builds(NatOriginalAddress, BYTE, OCTETS, st.booleans()),
    st.builds(Unknown, BYTE.filter(lambda n: n not in KNOWN), OCTETS),
)


@given(st.lists(PAYLOADS, min_size=1, max_size=6))
def test_what_is_encoded_is_decoded_again(payloads: list[AnyPayload]) -> None:
    header = Header(b"initiate", b"response", 0, ExchangeType.MAIN, 0, 0, 0)
    datagram = encode_message(Message(header, tuple(payloads)))
    message = decode_message(datagram)
    assert message.payloads == tuple(payloads)
    assert message.header.length == len(datagram)
    assert encode_message(message) == datagram


@given(st.binary(max_size=120))
def test_any_octets_are_a_message_or_a_wire_error(octets: bytes) -> None:
    head = struct.pack("!8s8sBBBBII", b"a" * 8, b"b" * 8, 1, 16, 2, 0, 0, 28 + len(octets))
    try:
        message = decode_message(head + octets)
    except WireError as error:
        assert 0 <= error.offset <= 28 + len(octets)
        assert error.field and error.clause.startswith("RFC ")
    else:
        assert encode_message(message) == head + octets


def sent(**changes: int) -> bytes:
    header = Header(b"initiate", bytes(8), 0, ExchangeType.MAIN, 0, 0, 0)
    datagram = encode_message(Message(header, (VendorId(b"vendor"),)))
    whole = decode_header(datagram)._replace(**changes)  # type: ignore[arg-type]
    from impl.wire.message import encode_header

    return encode_header(whole) + datagram[HEADER_SIZE:]


@pytest.mark.parametrize(
    ("datagram", "offset", "said"),
    [
        (b"", 0, "at least 28 expected"),
        (sent(version=0x20), 17, "2.0, 1.0 expected"),
        (sent(length=99), 24, "99 in a datagram"),
        (sent(next_payload=2), 32, "outside an SA"),
        (sent(next_payload=4) + b"\0", 24, "in a datagram of"),
        (sent(flags=1), 19, "encrypted"),
        (bytes(8) + sent()[8:], 0, "zero"),
        (sent()[:28] + b"\0\0\0\3" + sent()[32:], 30, "3 does not fit"),
        (sent()[:28] + b"\0\1\0\12" + sent()[32:], 29, "not zero"),
        (sent()[:28] + b"\0\0\0\6" + sent()[32:], 34, "after the last payload"),
    ],
)
def test_an_error_says_where_and_why(datagram: bytes, offset: int, said: str) -> None:
    with pytest.raises(WireError) as caught:
        decode_message(datagram)
    assert caught.value.offset == offset and said in str(caught.value)


def test_a_chain_is_bounded() -> None:
    endless = b"\x0d\0\0\4" * 100
    with pytest.raises(WireError, match="more than 64"):
        decode_chain(Payload.VID, endless)


def test_a_nonce_is_not_shown() -> None:
    assert "secret" not in repr(Nonce(b"secret")) + repr(GssToken(b"secret"))
