"""Phase I with public key encryption (RFC 2409 5.2, 5.3), and checks that lack an input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from impl.capture.conversation import CLEAR, CLOSED, Conversation, Secrets
from impl.capture.keylog import KeyLog
from impl.capture.opening import NO_IV, Check, Opened, Verdict, exchange_check
from impl.capture.secrets import Known
from impl.wire.message import Header, Message, encode_message
from impl.wire.numbers import ExchangeType, Method, OakleyAttribute
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    EncryptedBody,
    GssToken,
    HashData,
    Identification,
    KeyExchange,
    Nonce,
    Signature,
    VendorId,
)
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform
from impl.wire.vendors import vendor_id
from tests.impl.capture.conftest import read, recorded, saved
from tests.impl.capture.test_conversation import Made, log_of

I, R = b"initiatr", b"respondr"
CIPHERTEXT = bytes(range(128))
#: payloads as the codec takes them in that does not know of the method
ID, NONCE, KE = (
    Identification(0, 1, 515, CIPHERTEXT[4:]),
    Nonce(CIPHERTEXT),
    KeyExchange(CIPHERTEXT),
)


def offer(method: int, **changes: int) -> SecurityAssociation:
    suite = {"ENCRYPTION": 5, "HASH": 2, "GROUP": 2, "AUTHENTICATION": method} | changes
    attributes = tuple(Attribute(OakleyAttribute[name], value) for name, value in suite.items())
    return SecurityAssociation((Proposal(1, 1, b"", (Transform(1, 1, attributes),)),))


def sent(exchange: int, *chains: Sequence[AnyPayload]) -> list[tuple[str, bytes]]:
    """Messages in clear, by turns."""
    return [
        (
            "IR"[number % 2],
            encode_message(
                Message(Header(I, R if number else bytes(8), 0, exchange, 0, 0, 0), tuple(chain))
            ),
        )
        for number, chain in enumerate(chains)
    ]


def followed(messages: list[tuple[str, bytes]], secrets: Secrets | None = None) -> Conversation:
    (one,), malformed = read(saved(messages), secrets)
    assert not malformed
    return one


def checks(one: Conversation) -> dict[str, Check]:
    return {check.name: check for item in one.messages for check in item.checks}


def encrypted(one: Conversation, message: int) -> list[int]:
    """The types of the payloads whose bodies are called encrypted."""
    return [item.type for item in one.messages[message].payloads if isinstance(item, EncryptedBody)]


def main_mode(method: int) -> list[tuple[str, bytes]]:
    sa, proof = offer(method), HashData(bytes(20))
    third: list[AnyPayload]
    fourth: list[AnyPayload]
    third = [KE, proof, ID, NONCE] if method == Method.RSA_ENCRYPTION else [proof, NONCE, KE, ID]
    fourth = [KE, ID, NONCE] if method == Method.RSA_ENCRYPTION else [NONCE, KE, ID]
    return sent(ExchangeType.MAIN, [sa], [sa], third, fourth)


@pytest.mark.parametrize(
    ("method", "third", "fourth"),
    [
        (Method.RSA_ENCRYPTION, [5, 10], [5, 10]),
        (Method.REVISED_RSA_ENCRYPTION, [10, 4, 5], [10, 4, 5]),
        (Method.RSA_SIGNATURES, [], []),
        (Method.PRE_SHARED_KEY, [], []),
    ],
)
def test_main_mode_with_public_keys_has_encrypted_bodies(
    method: int, third: list[int], fourth: list[int]
) -> None:
    one = followed(main_mode(method))
    assert (encrypted(one, 2), encrypted(one, 3)) == (third, fourth)
    assert [item.number for item in one.messages] == [1, 2, 3, 4]
    assert [item.state for item in one.messages] == [CLEAR] * 4
    assert all(check.verdict is Verdict.CANNOT for check in checks(one).values())
    if third:
        assert one.phase1.nonces is None and one.phase1.initiator.id_b is None
        assert list(checks(one)) == ["HASH(1)"]
        assert checks(one)["HASH(1)"].why.startswith("needs the responder's certificate")


def test_revised_mode_may_send_the_certificate_too() -> None:
    method = Method.REVISED_RSA_ENCRYPTION
    messages = main_mode(method)[:2]
    third: list[AnyPayload] = [NONCE, KE, ID, Certificate(7, CIPHERTEXT)]
    messages += sent(ExchangeType.MAIN, [], [], third)[2:]
    assert encrypted(followed(messages), 2) == [10, 4, 5, 6]


@pytest.mark.parametrize("method", [Method.RSA_ENCRYPTION, Method.REVISED_RSA_ENCRYPTION])
@pytest.mark.parametrize("known", [False, True])
def test_aggressive_mode_with_public_keys_is_not_called_wrong(method: int, known: bool) -> None:
    sa, proof = offer(method), HashData(bytes(20))
    one_order: list[AnyPayload] = [sa, proof, KE, ID, NONCE]
    other_order: list[AnyPayload] = [sa, KE, ID, NONCE, proof]
    messages = sent(ExchangeType.AGGRESSIVE, one_order, other_order, [proof])
    log = KeyLog({(I, R): {"SKEYID": bytes(20), "SKEYID_A": bytes(20)}} if known else {})
    one = followed(messages, Secrets(log))
    found = checks(one)
    assert list(found) == ["HASH(1)", "HASH_R", "HASH_I"]
    for name in ("HASH_R", "HASH_I"):
        assert found[name].verdict is Verdict.CANNOT and found[name].why.startswith("needs ")
        assert "the identity, which is encrypted with a public key" in found[name].why
        assert ("SKEYID, as the nonces are encrypted" in found[name].why) is not known
    assert encrypted(one, 0)[-2:] == [5, 10]


def aggressive(method: int, proof: AnyPayload, *more: AnyPayload, **changes: int) -> Conversation:
    """An Aggressive Mode whose message 2 proves itself."""
    sa, id_ = offer(method, **changes), Identification(2, 0, 0, b"a")
    first: list[AnyPayload] = [sa, KE, NONCE, id_, *more]
    log = KeyLog({(I, R): {"SKEYID": bytes(20)}})
    messages = sent(ExchangeType.AGGRESSIVE, first, [*first, proof])
    return followed(messages, Secrets(log))


@pytest.mark.parametrize(
    ("method", "proof", "changes", "needs"),
    [
        (Method.RSA_SIGNATURES, Signature(b"s" * 128), {}, "needs the signer's public key"),
        (Method.DSS_SIGNATURES, Signature(b"s" * 40), {}, "needs the method dss-"),
        (99, Signature(b"s" * 40), {}, "needs the method 99"),
        (64221, Signature(b"s" * 128), {}, "needs the signer's public key"),
        (Method.PRE_SHARED_KEY, HashData(bytes(24)), {"HASH": 3}, "needs the hash TIGER"),
        (
            Method.PRE_SHARED_KEY,
            HashData(bytes(20)),
            {"ENCRYPTION": 6},
            "needs the cipher CAST-CBC",
        ),
    ],
)
def test_a_proof_that_lacks_an_input_is_not_wrong(
    method: int, proof: AnyPayload, changes: dict[str, int], needs: str
) -> None:
    (check,) = checks(aggressive(method, proof, **changes)).values()
    assert check.verdict is Verdict.CANNOT and check.why.startswith(needs)


@pytest.mark.parametrize(
    ("more", "meaning"),
    [
        ((GssToken(b"\x60"),), True),
        ((VendorId(vendor_id("MS NT5 ISAKMPOAKLEY") + bytes(4)),), True),
        ((VendorId(vendor_id("GSSAPI")),), True),
        ((VendorId(bytes.fromhex("09002689dfd6b712")),), False),
        ((VendorId(vendor_id("GSSAPI")), VendorId(bytes.fromhex("09002689dfd6b712"))), False),
        ((VendorId(b"nobody"),), None),
    ],
)
def test_method_65001_is_told_apart_by_tokens_and_vendor_ids(
    more: tuple[AnyPayload, ...], meaning: bool | None
) -> None:
    one = aggressive(Method.KERBEROS, HashData(bytes(48)), *more)
    assert one.phase1.shared_number is meaning
    (check,) = checks(one).values()
    if meaning:
        assert check.verdict is Verdict.CANNOT and "Kerberos wrap token" in check.why
    else:
        assert check.verdict is Verdict.WRONG


def test_a_windows_vendor_id_makes_no_kerberos_of_a_pre_shared_key() -> None:
    windows = VendorId(vendor_id("MS NT5 ISAKMPOAKLEY") + bytes(4))
    one = aggressive(Method.PRE_SHARED_KEY, HashData(bytes(20)), windows)
    assert not one.phase1.kerberos
    assert checks(one)["HASH_R"].verdict is Verdict.WRONG


def test_a_quick_mode_of_which_message_1_is_missing_is_not_called_wrong(
    vectors: Callable[[str], Any],
) -> None:
    case = vectors("handshake_main_psk_strongswan.json")
    messages = recorded(case)
    log = log_of(case, ("SKEYID", "skeyid"), ("G_XY", "gxy"))
    one = followed(messages[:6] + messages[7:], Secrets(log))
    second, third = one.messages[6:]
    assert second.state is CLOSED and second.why == NO_IV
    (check,) = third.checks
    assert check.verdict is Verdict.CANNOT and check.why.startswith("needs the nonces")


def test_a_fifth_message_of_quick_mode_has_no_hash_to_be_checked() -> None:
    made = Made()
    known = Known(made.keys.hash, made.keys.cipher, made.keys.skeyid, made.keys.a)
    header = Header(I, R, 8, ExchangeType.QUICK, 1, 7, 0)
    message = Opened((HashData(bytes(16)),), bytes(20))
    check = exchange_check(known, header, 5, (b"Ni", b"Nr"), message)
    assert check.verdict is Verdict.CANNOT and "four messages at most" in check.why
    assert exchange_check(known, header, 3, (b"Ni", b"Nr"), message).verdict is Verdict.WRONG
