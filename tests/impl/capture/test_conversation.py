"""Conversations seen from outside, against captures and handshakes that nobody here made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from impl.capture.conversation import CLEAR, CLOSED, DECRYPTED, Conversation, Secrets, Seen
from impl.capture.keylog import KeyLog, read_keylog
from impl.capture.opening import NO_IV, WRONG_KEY, Verdict
from impl.capture.signers import Signers
from impl.crypto.ciphers import cipher_of
from impl.crypto.groups import group_of
from impl.crypto.hashes import HASHES
from impl.crypto.schedule import Cookies, derive, hash_1, hash_i, hash_r, skeyid_of_psk
from impl.wire.message import Header, Message, encode_chain, encode_header, encode_message
from impl.wire.numbers import (
    Encryption,
    ExchangeType,
    Flag,
    GroupId,
    Hash,
    Method,
    NotifyType,
    OakleyAttribute,
)
from impl.wire.payloads import (
    AnyPayload,
    HashData,
    Identification,
    KeyExchange,
    Nonce,
    Notification,
    VendorId,
    encode_payload,
)
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform
from tests.impl.capture.conftest import INITIATOR, RESPONDER, read, recorded, saved
from tests.impl.conftest import VECTORS

Read = Callable[[str], Any]
MANIFEST = json.loads((VECTORS / "captures" / "manifest.json").read_text("utf-8"))["captures"]
HANDSHAKES = ["rub", "strongswan"]
ALL_HASHES = ["HASH_I", "HASH_R", "HASH(1)", "HASH(2)", "HASH(3)"]


def psk_of(octets: bytes) -> Secrets:
    return Secrets(psk=lambda use: use(octets))


def log_of(case: dict[str, Any], *values: tuple[str, str]) -> KeyLog:
    """A key log with values of a recorded handshake: (name, key of its facts)."""
    facts = case["facts"]
    second = recorded(case)[1][1]
    lines = [f"{second[:8].hex()} {second[8:16].hex()} {n} {facts[key]}" for n, key in values]
    return read_keylog("\n".join(lines))


def only(capture: bytes, secrets: Secrets | None = None, *ports: int) -> Conversation:
    (one,), malformed = read(capture, secrets, ports)
    assert not malformed
    return one


def verdicts(messages: list[Seen]) -> dict[str, str]:
    return {check.name: check.verdict.value for item in messages for check in item.checks}


# ---- known captures
@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: str(entry["file"]))
def test_every_message_of_a_known_capture_is_dissected(entry: dict[str, Any]) -> None:
    conversations, malformed = read((VECTORS / "captures" / entry["file"]).read_bytes())
    assert not malformed
    seen = {item.datagram.frame: item for one in conversations for item in one.messages}
    expected = [item for item in entry.get("messages", ()) if item["kind"] == "isakmp"]
    assert sorted(seen) == [item["frame"] for item in expected]
    for said in expected:
        item = seen[said["frame"]]
        header = item.header
        assert header.initiator_cookie.hex() == said["cky_i"]
        assert header.responder_cookie.hex() == said["cky_r"]
        assert (header.next_payload, header.exchange) == (said["next_payload"], said["exchange"])
        assert (header.flags, header.length) == (said["flags"], said["length"])
        assert f"{header.message_id:08x}" == said["message_id"]
        if "encrypted_length" in said:
            assert item.state is CLOSED and item.why and not item.payloads
            continue
        assert item.state is CLEAR
        sizes = [(encode_payload(p)[0], 4 + len(encode_payload(p)[1])) for p in item.payloads]
        assert sizes == [(p["type"], p["length"]) for p in said["payloads"]]
        vendors = [p.data.hex() for p in item.payloads if isinstance(p, VendorId)]
        assert vendors == said.get("vendor_ids", [])
        if "sa" in said:
            (sa,) = [p for p in item.payloads if isinstance(p, SecurityAssociation)]
            assert transforms(sa) == told(said["sa"])


def transforms(sa: SecurityAssociation) -> list[Any]:
    return [
        (
            p.number,
            p.protocol,
            p.spi.hex(),
            t.number,
            t.id,
            [(a.type, a.number) for a in t.attributes],
        )
        for p in sa.proposals
        for t in p.transforms
    ]


def told(sa: dict[str, Any]) -> list[Any]:
    return [
        (p["num"], p["proto"], p["spi"], t["num"], t["id"], [tuple(a) for a in t["attrs"]])
        for p in sa["proposals"]
        for t in p["transforms"]
    ]


def test_messages_are_numbered_and_repeats_are_told() -> None:
    (one,), _ = read((VECTORS / "captures" / "isakmp4500.pcap").read_bytes())
    quick = [item for item in one.messages if item.header.exchange == ExchangeType.QUICK]
    assert [(item.number, item.repeats) for item in quick] == [
        (1, None), (2, None), (3, None), (2, 10), (3, 11), (2, 10), (3, 11), (2, 10),
    ]  # fmt: skip
    main = [item for item in one.messages if item.header.exchange == ExchangeType.MAIN]
    assert [item.number for item in main] == [1, 2, 3, 4, 5, 6]
    assert [item.from_initiator for item in main] == [True, False] * 3
    assert str(one.initiator) == "192.1.2.254:500"


# ---- recorded handshakes, decrypted
@pytest.mark.parametrize("name", HANDSHAKES)
@pytest.mark.parametrize(
    ("values", "with_psk"),
    [
        ([("G_XY", "gxy")], True),
        ([("G_XY", "gxy"), ("SKEYID", "skeyid")], False),
        ([("SKEYID", "skeyid"), ("SKEYID_A", "skeyid_a"), ("SKEYID_E", "skeyid_e")], False),
        ([("SKEYID", "skeyid"), ("SKEYID_A", "skeyid_a"), ("KEY", "enc_key")], False),
        ([("SKEYID_D", "skeyid_d"), ("SKEYID_A", "skeyid_a"), ("KEY", "enc_key")], True),
    ],
)
def test_r5_r14_a_handshake_opens_with_its_keys(
    vectors: Read, name: str, values: list[tuple[str, str]], with_psk: bool
) -> None:
    case = vectors(f"handshake_main_psk_{name}.json")
    psk = psk_of(bytes.fromhex(case["facts"]["psk"])).psk if with_psk else None
    one = only(saved(recorded(case)), Secrets(log_of(case, *values), psk))
    assert [item.number for item in one.messages] == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    assert [item.state for item in one.messages] == [CLEAR] * 4 + [DECRYPTED] * 5
    assert verdicts(one.messages) == dict.fromkeys(ALL_HASHES, "verified")
    messages = case.get("messages") or case["facts"]["messages"]
    for item, said in zip(one.messages, messages, strict=True):
        if said.get("plaintext"):
            plain = encode_chain(item.payloads)[1]
            assert said["plaintext"].startswith(plain.hex())
    assert not one.known.faults


def test_r4_one_exponent_and_the_psk_open_everything(vectors: Read) -> None:
    case = vectors("handshake_main_psk_rub.json")
    psk = psk_of(bytes.fromhex(case["facts"]["psk"])).psk
    secrets = Secrets(log_of(case, ("DH_PRIVATE_I", "dh_x")), psk)
    one = only(saved(recorded(case)), secrets)
    assert verdicts(one.messages) == dict.fromkeys(ALL_HASHES, "verified")
    wrong = Secrets(log_of(case, ("DH_PRIVATE_R", "dh_x")), psk)
    one = only(saved(recorded(case)), wrong)
    assert one.known.faults == ["DH_PRIVATE_R does not belong to the public value that was sent"]
    assert one.messages[4].state is CLOSED


def test_r5_a_handshake_with_signatures_opens_with_its_keys(vectors: Read) -> None:
    case = vectors("handshake_main_rsasig_openswan.json")
    facts = case["facts"]
    log = log_of(case, ("KEY", "enc_key"), ("IV", "iv0"), ("SKEYID_A", "skeyid_a"))
    cookies = next(iter(log.values))
    log.values[cookies]["SKEYID"] = b""  # the harness had an empty one
    keys = {
        bytes.fromhex(facts[id_]): RSAPublicNumbers(key["e"], int(key["n"], 16)).public_key()
        for id_, key in zip(("id_i", "id_r"), case["rsa_public_keys"].values(), strict=True)
    }
    one = only(saved(recorded(case)), Secrets(log, signers=Signers(keys)))
    assert verdicts(one.messages) == dict.fromkeys(["SIG_I", "SIG_R", "HASH(1)"], "verified")
    swapped = dict(zip(keys, reversed(keys.values()), strict=True))
    one = only(saved(recorded(case)), Secrets(log, signers=Signers(swapped)))
    assert verdicts(one.messages)["SIG_I"] == verdicts(one.messages)["SIG_R"] == "wrong"
    one = only(saved(recorded(case)), Secrets(log))
    found = [check for item in one.messages for check in item.checks]
    assert found[0].verdict is Verdict.CANNOT and "public key" in found[0].why


def test_retransmissions_and_the_move_to_4500_do_not_move_the_iv(vectors: Read) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    messages = recorded(case)
    doubled = [item for pair in zip(messages, messages, strict=True) for item in pair]
    late = [*doubled, messages[4], messages[6]]
    log = log_of(case, ("SKEYID", "skeyid"), ("G_XY", "gxy"))
    one = only(saved(late, port=4500), Secrets(log))
    assert verdicts(one.messages) == dict.fromkeys(ALL_HASHES, "verified")
    assert sum(item.repeats is not None for item in one.messages) == 11
    assert one.messages[-1].payloads == one.messages[12].payloads


def test_a_message_that_is_missing_closes_no_more_than_itself(vectors: Read) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    messages = recorded(case)
    log = log_of(case, ("SKEYID", "skeyid"), ("G_XY", "gxy"))
    one = only(saved(messages[:4] + messages[5:]), Secrets(log))  # without message 5
    assert one.messages[4].state is CLOSED and one.messages[4].why == NO_IV
    assert [item.state for item in one.messages[5:]] == [DECRYPTED] * 3
    forged = bytearray(messages[4][1])
    forged[-1] ^= 1
    noisy = [*messages[:5], ("I", bytes(forged)), *messages[5:]]
    found = verdicts(only(saved(noisy), Secrets(log)).messages)
    assert found == dict.fromkeys(ALL_HASHES, "verified")


def test_a_capture_that_begins_in_the_middle_says_what_it_lacks(vectors: Read) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    log = log_of(case, ("KEY", "enc_key"))
    one = only(saved(recorded(case)[4:]), Secrets(log))
    assert not one.begins_here
    assert {item.why for item in one.messages} == {
        "the choice of a suite (message 2) is not in the capture"
    }


# ---- wrong and missing keys
def test_a_wrong_key_is_named(vectors: Read) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    case["facts"]["enc_key"] = "00" * 16
    one = only(saved(recorded(case)), Secrets(log_of(case, ("KEY", "enc_key"))))
    assert all(item.why.startswith(WRONG_KEY) for item in one.messages[4:])
    assert verdicts(one.messages) == {}


def test_a_wrong_psk_with_the_right_key_is_a_wrong_hash(vectors: Read) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    log = log_of(case, ("KEY", "enc_key"))
    one = only(saved(recorded(case)), replace(psk_of(b"guessed"), keylog=log))
    assert verdicts(one.messages) == {
        "HASH_I": "wrong", "HASH_R": "wrong",
        "HASH(1)": "cannot", "HASH(2)": "cannot", "HASH(3)": "cannot",
    }  # fmt: skip


def test_a_psk_alone_opens_no_main_mode_and_that_is_said(vectors: Read) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    one = only(saved(recorded(case)), psk_of(bytes.fromhex(case["facts"]["psk"])))
    assert (
        "the pre-shared key alone does not decrypt: the Diffie-Hellman secret is needed too"
        in one.known.missing
    )
    assert all(item.state is CLOSED for item in one.messages[4:])
    assert only(saved(recorded(case))).known.missing == "no key is known for these cookies"


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        (OakleyAttribute.ENCRYPTION, 6, "the cipher CAST-CBC is not supported"),
        (OakleyAttribute.KEY_LENGTH, 100, "the cipher AES-CBC with 100 bits is not supported"),
        (OakleyAttribute.HASH, 3, "the hash TIGER is not supported"),
        (OakleyAttribute.HASH, 99, "the hash 99 is not supported"),
    ],
)
def test_what_is_not_supported_is_said(
    vectors: Read, attribute: int, value: int, said: str
) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    sender, second = recorded(case)[1]
    old = next(a for a in attributes(second) if a[0] == attribute)
    changed = second.replace(short(*old), short(attribute, value), 1)
    messages = [*recorded(case)[:1], (sender, changed), *recorded(case)[2:]]
    one = only(saved(messages), Secrets(log_of(case, ("KEY", "enc_key"))))
    assert one.known.missing == said == one.messages[4].why


def attributes(message: bytes) -> list[tuple[int, int]]:
    (one,), _ = read(saved([("R", message)]))
    sa = one.messages[0].payloads[0]
    assert isinstance(sa, SecurityAssociation)
    return [(a.type, a.number) for a in sa.proposals[0].transforms[0].attributes]


def short(type_: int, value: int) -> bytes:
    return (0x8000 | type_).to_bytes(2, "big") + value.to_bytes(2, "big")


def test_keys_of_the_wrong_size_are_said_without_their_octets(vectors: Read) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    case["facts"] |= {"long": "5ec2e7" * 8, "short": "5ec2e7"}
    one = only(saved(recorded(case)), Secrets(log_of(case, ("KEY", "long"), ("IV", "short"))))
    assert one.known.missing == "KEY has 24 octets where aes128 takes 16"
    assert one.known.faults[1] == "IV has 3 octets where aes128 takes 16"
    assert "5ec2e7" not in repr(one.known) and "5ec2e7" not in repr(one.phase1)


# ---- Aggressive Mode, where a PSK helps
def aggressive(case: dict[str, Any]) -> list[tuple[str, bytes]]:
    """The two messages that a known HASH_R is about."""
    get = {key: bytes.fromhex(value) for key, value in case.items() if key != "prf"}
    sa = bytes((4, 0)) + (4 + len(get["sai_b"])).to_bytes(2, "big") + get["sai_b"]
    chains: list[list[AnyPayload]] = [
        [KeyExchange(get["gxi"]), Nonce(get["ni"]), Identification(1, 0, 0, bytes(4))],
        [
            KeyExchange(get["gxr"]),
            Nonce(get["nr"]),
            Identification(get["idir_b"][0], 0, 0, get["idir_b"][4:]),
            HashData(get["hash_r"]),
        ],
    ]
    messages = []
    for responder, chain in zip((bytes(8), get["cky_r"]), chains, strict=True):
        _, rest = encode_chain(chain)
        header = Header(get["cky_i"], responder, 1, 4, 0, 0, 28 + len(sa) + len(rest))
        messages.append(encode_header(header) + sa + rest)
    return list(zip("IR", messages, strict=True))


@pytest.mark.parametrize("index", [0, 1])
def test_r5_aggressive_mode_is_verified_by_a_psk_alone(vectors: Read, index: int) -> None:
    case = vectors("psk_hash_r.json")["cases"][index]
    capture = saved(aggressive(case))
    one = only(capture, psk_of(bytes.fromhex(case["psk"])))
    assert [item.number for item in one.messages] == [1, 2]
    assert verdicts(one.messages) == {"HASH_R": "verified"}
    assert verdicts(only(capture, psk_of(b"another")).messages) == {"HASH_R": "wrong"}
    assert verdicts(only(capture).messages) == {"HASH_R": "cannot"}


# ---- exchanges made here
COOKIES = Cookies(b"initiatr", b"respondr")
PSK = b"a secret of this test"
SUITE = [
    (OakleyAttribute.ENCRYPTION, Encryption.DES_CBC),
    (OakleyAttribute.HASH, Hash.MD5),
    (OakleyAttribute.AUTHENTICATION, Method.PRE_SHARED_KEY),
    (OakleyAttribute.GROUP, GroupId.MODP768),
]


class Made:
    """An Aggressive Mode and what runs under it, from keys that this test draws."""

    def __init__(self) -> None:
        group = group_of(1)
        cipher = cipher_of(Encryption.DES_CBC)
        assert group is not None and cipher is not None
        one, other = group.known(3**150), group.known(5**110)
        self.exponent = (3**150).to_bytes(32, "big")
        hash_ = HASHES[Hash.MD5]
        skeyid = skeyid_of_psk(hash_, PSK, b"Ni" * 8, b"Nr" * 8)
        self.publics = one.public, other.public
        self.gxy = one.shared(other.public)
        self.keys = derive(hash_, cipher, skeyid, self.gxy, COOKIES, self.publics)
        transform = Transform(1, 1, tuple(Attribute(*item) for item in SUITE))
        self.sa = SecurityAssociation((Proposal(1, 1, b"", (transform,)),))

    def clear(
        self, payloads: list[AnyPayload], exchange: int, message_id: int = 0, responder: bytes = b""
    ) -> bytes:
        cookie = responder or COOKIES.responder
        header = Header(COOKIES.initiator, cookie, 0, exchange, 0, message_id, 0)
        return encode_message(Message(header, tuple(payloads)))

    def sealed(
        self, payloads: list[AnyPayload], exchange: int, message_id: int, iv: bytes
    ) -> bytes:
        first, body = encode_chain(payloads)
        cipher = self.keys.cipher
        text = cipher.encrypt(self.keys.encryption, iv, cipher.padded(body))
        header = Header(*(COOKIES.initiator, COOKIES.responder), first, exchange,
                        Flag.ENCRYPTION, message_id, 28 + len(text))  # fmt: skip
        return encode_header(header) + text

    def phase1(self, *, encrypt_third: bool) -> list[tuple[str, bytes]]:
        body = encode_payload(self.sa)[1]
        id_i, id_r = Identification(2, 0, 0, b"one"), Identification(2, 0, 0, b"other")
        proof_r = HashData(hash_r(self.keys, self.publics, COOKIES, body, id_r.body))
        proof_i = HashData(hash_i(self.keys, self.publics, COOKIES, body, id_i.body))
        first: list[AnyPayload] = [self.sa, KeyExchange(self.publics[0]), Nonce(b"Ni" * 8), id_i]
        second: list[AnyPayload] = [
            self.sa, KeyExchange(self.publics[1]), Nonce(b"Nr" * 8), id_r, proof_r,
        ]  # fmt: skip
        third = (
            self.sealed([proof_i], 4, 0, self.keys.iv)
            if encrypt_third
            else self.clear([proof_i], 4)
        )
        messages = [self.clear(first, 4, responder=bytes(8)), self.clear(second, 4), third]
        return list(zip("IRI", messages, strict=True))

    def informational(self, last: bytes, message_id: int = 0x1234) -> bytes:
        notify = Notification(NotifyType.INITIAL_CONTACT, 1, COOKIES.both)
        rest = encode_chain([notify])[1]
        proof = HashData(hash_1(self.keys, message_id, rest))
        iv = self.keys.hash.digest(last, message_id.to_bytes(4, "big"))[:8]
        return self.sealed([proof, notify], 5, message_id, iv)


@pytest.mark.parametrize("encrypt_third", [True, False])
def test_r14_informational_exchanges_are_opened_and_verified(encrypt_third: bool) -> None:
    made = Made()
    messages = made.phase1(encrypt_third=encrypt_third)
    last = messages[2][1][-8:] if encrypt_third else made.keys.iv
    messages.append(("R", made.informational(last)))
    log = KeyLog({(COOKIES.initiator, COOKIES.responder): {"DH_PRIVATE_I": made.exponent}})
    one = only(saved(messages), replace(psk_of(PSK), keylog=log))
    assert [item.number for item in one.messages] == [1, 2, 3, 1]
    assert verdicts(one.messages) == dict.fromkeys(["HASH_R", "HASH_I", "HASH(1)"], "verified")
    assert isinstance(one.messages[3].payloads[1], Notification)


def test_an_altered_informational_is_a_wrong_hash() -> None:
    made = Made()
    messages = made.phase1(encrypt_third=False)
    good = bytearray(made.informational(made.keys.iv))
    good[-1] ^= 1
    log = KeyLog({(COOKIES.initiator, COOKIES.responder): {"G_XY": made.gxy}})
    one = only(saved([*messages, ("R", bytes(good))]), replace(psk_of(PSK), keylog=log))
    assert one.messages[3].checks[0].verdict is Verdict.WRONG
    id_ = 77
    iv = made.keys.hash.digest(made.keys.iv, id_.to_bytes(4, "big"))[:8]
    bare = made.sealed([Notification(16, 1)], 5, id_, iv)
    one = only(saved([*messages, ("R", bare)]), replace(psk_of(PSK), keylog=log))
    assert one.messages[3].checks[0].why.startswith("HASH is not the first payload")


def test_two_answers_to_one_message_are_two_conversations() -> None:
    made = Made()
    first, second, _ = made.phase1(encrypt_third=False)
    forged = second[1].replace(COOKIES.responder, b"FORGED!!", 1)
    capture = saved([first, ("R", forged), second])
    conversations, malformed = read(capture, psk_of(PSK))
    assert not malformed and len(conversations) == 2
    checks = [verdicts(item.messages) for item in conversations]
    assert checks == [{"HASH_R": "wrong"}, {"HASH_R": "verified"}]


@pytest.mark.parametrize(
    ("spoil", "clause"),
    [
        (lambda octets: octets[:17] + b"\x20" + octets[18:], "RFC 7296 3.1"),
        (lambda octets: octets[:18] + b"\xf3" + octets[19:], "RFC 2408 3.1"),
        (lambda octets: octets[:19] + b"\x01" + octets[20:], "RFC 2409 5"),
        (lambda octets: octets[:16] + b"\x04" + octets[17:], "RFC 2409 5"),
        (lambda octets: octets[:20] + bytes(3) + b"\1" + octets[24:], "RFC 2408 3.1"),
        (lambda octets: octets[:-1], "RFC 2408 3.1"),
        (lambda octets: octets[:20], "RFC 2408 3.1"),
    ],
)
def test_what_nobody_takes_for_a_message_is_malformed(
    spoil: Callable[[bytes], bytes], clause: str
) -> None:
    first = Made().phase1(encrypt_third=False)[0][1]
    conversations, malformed = read(saved([("I", spoil(first)), ("I", first)]))
    (one,) = malformed
    assert one.error.clause == clause and one.datagram.frame == 1
    assert [len(item.messages) for item in conversations] == [1]


def test_a_malformed_answer_leaves_the_conversation_as_it_was() -> None:
    made = Made()
    first, second, third = made.phase1(encrypt_third=False)
    body = bytearray(second[1])
    body[29] = 1  # a reserved octet
    body[8:16] = b"FORGED!!"
    (one,), malformed = read(saved([first, ("R", bytes(body)), second, third]), psk_of(PSK))
    assert len(malformed) == 1 and one.cookies == COOKIES
    assert verdicts(one.messages) == dict.fromkeys(["HASH_R", "HASH_I"], "verified")


def test_ciphertext_of_no_whole_blocks_is_malformed() -> None:
    made = Made()
    messages = made.phase1(encrypt_third=True)
    third = messages[2][1]
    cut = third[:24] + (len(third) - 3).to_bytes(4, "big") + third[28:-3]
    log = KeyLog({(COOKIES.initiator, COOKIES.responder): {"G_XY": made.gxy}})
    _, malformed = read(saved([*messages[:2], ("I", cut)]), replace(psk_of(PSK), keylog=log))
    assert "not a whole number of blocks of 8" in str(malformed[0].error)


def test_a_conversation_on_one_address_is_followed_by_its_ports() -> None:
    capture = saved(Made().phase1(encrypt_third=False))
    loop = capture.replace(RESPONDER.address.packed, INITIATOR.address.packed)
    conversations, _ = read(loop, psk_of(PSK))
    assert verdicts(conversations[0].messages)["HASH_R"] == "verified"


@settings(max_examples=60)
@given(st.integers(0, 8), st.integers(0, 8 * 60), st.binary(min_size=1, max_size=3))
def test_no_spoiled_message_does_more_than_not_open(
    vectors: Read, which: int, place: int, noise: bytes
) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    messages = recorded(case)
    sender, octets = messages[which]
    at = 28 + place % (len(octets) - 28)
    messages[which] = sender, octets[:at] + noise + octets[at + len(noise) :]
    log = log_of(case, ("SKEYID", "skeyid"), ("G_XY", "gxy"))
    conversations, malformed = read(saved(messages), Secrets(log))
    assert sum(len(item.messages) for item in conversations) + len(malformed) == 9
