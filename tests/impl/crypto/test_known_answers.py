"""Keys, hashes, ciphers and groups against known answers that nobody here made (R4, R5, R12)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impl.crypto import schedule
from impl.crypto.ciphers import CbcCipher, cipher_of
from impl.crypto.groups import DegenerateValue, Group, group_of
from impl.crypto.hashes import HASHES, HashAlgorithm, same
from impl.crypto.schedule import Cookies, Keys
from impl.wire.numbers import Encryption, GroupId

Read = Callable[[str], Any]
BY_NAME = {item.name: item for item in HASHES.values()}
CIPHERS = {
    "des-cbc": cipher_of(Encryption.DES_CBC),
    "3des-cbc": cipher_of(Encryption.TRIPLE_DES_CBC),
    **{f"aes-{bits}-cbc": cipher_of(Encryption.AES_CBC, bits) for bits in (128, 192, 256)},
}


def hash_of(prf: str) -> HashAlgorithm:
    return BY_NAME[prf.removeprefix("hmac-")]


def cipher(name: str) -> CbcCipher:
    found = CIPHERS[name]
    assert found is not None
    return found


def octets(case: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def keys_of(case: dict[str, Any], hash_: HashAlgorithm, encryption: str, skeyid: bytes) -> Keys:
    cookies = Cookies(*octets(case, "cky_i", "cky_r"))
    publics = tuple(octets(case, "gxi", "gxr")) if "gxi" in case else (b"", b"")
    (gxy,) = octets(case, "gxy")
    return schedule.derive(hash_, cipher(encryption), skeyid, gxy, cookies, publics)  # type: ignore[arg-type]


def test_r4_skeyid_and_what_is_derived(vectors: Read) -> None:
    cases = vectors("kdf.json")["cases"]
    assert len(cases) == 4
    for case in cases:
        hash_ = hash_of(case["prf"])
        ni, nr, gxy = octets(case, "ni", "nr", "gxy")
        if case["auth"] == "psk":
            skeyid = schedule.skeyid_of_psk(hash_, bytes.fromhex(case["psk"]), ni, nr)
        else:
            skeyid = schedule.skeyid_of_signatures(hash_, ni, nr, gxy)
        assert skeyid.hex() == case["skeyid"]
        keys = keys_of(case, hash_, "aes-128-cbc", skeyid)
        assert [keys.d.hex(), keys.a.hex(), keys.e.hex()] == [
            case[name] for name in ("skeyid_d", "skeyid_a", "skeyid_e")
        ]


def test_r5_whole_key_schedule_and_hash_r(vectors: Read) -> None:
    (case,) = vectors("kdf_rub.json")["cases"]
    hash_ = hash_of(case["prf"])
    psk, ni, nr, sai_b, idr_b = octets(case, "psk", "ni", "nr", "sai_b", "idr_b")
    keys = keys_of(case, hash_, case["encryption"], schedule.skeyid_of_psk(hash_, psk, ni, nr))
    assert keys.encryption.hex() == case["enc_key"] and keys.iv.hex() == case["iv_phase1"]
    cookies, publics = Cookies(*octets(case, "cky_i", "cky_r")), octets(case, "gxi", "gxr")
    made = schedule.hash_r(keys, (publics[0], publics[1]), cookies, sai_b, idr_b)
    assert same(made, bytes.fromhex(case["hash_r"]))
    assert psk.hex() not in repr(keys) and keys.e.hex() not in repr(keys)


def test_r5_hash_r_of_aggressive_mode(vectors: Read) -> None:
    for case in vectors("psk_hash_r.json")["cases"]:
        hash_ = hash_of(case["prf"])
        psk, ni, nr, sai_b, idir_b = octets(case, "psk", "ni", "nr", "sai_b", "idir_b")
        skeyid = schedule.skeyid_of_psk(hash_, psk, ni, nr)
        assert skeyid.hex() == case["skeyid"]
        keys = keys_of({**case, "gxy": ""}, hash_, "aes-128-cbc", skeyid)
        cookies, (gxi, gxr) = Cookies(*octets(case, "cky_i", "cky_r")), octets(case, "gxi", "gxr")
        assert schedule.hash_r(keys, (gxi, gxr), cookies, sai_b, idir_b).hex() == case["hash_r"]


def test_nat_detection_hashes(vectors: Read) -> None:
    for case in vectors("natd.json")["cases"]:
        cookies = Cookies(*octets(case, "cky_i", "cky_r"))
        address = ipaddress.ip_address(case["ip"]).packed
        made = schedule.nat_d(BY_NAME[case["hash"]], cookies, address, case["port"])
        assert made.hex() == case["natd"]


def test_hmac(vectors: Read) -> None:
    cases = vectors("hmac.json")["cases"]
    assert len(cases) == 32
    for case in cases:
        key, data = octets(case, "key", "data")
        mac = BY_NAME[case["hash"].replace("sha2-", "sha")].prf(key, data)
        assert mac.hex().startswith(case["truncated"])


def test_cbc(vectors: Read) -> None:
    cases = vectors("cbc.json")["cases"]
    assert len(cases) == 55
    for case in cases:
        key, iv, plain, secret = octets(case, "key", "iv", "plaintext", "ciphertext")
        chosen = cipher(case["algorithm"])
        assert chosen.encrypt(key, iv, plain) == secret
        assert chosen.decrypt(key, iv, secret) == plain


def test_weak_keys_are_refused_whatever_their_parity(vectors: Read) -> None:
    tree = vectors("des_weak_keys.json")
    weak = [*tree["weak"], *(key for pair in tree["semi_weak_pairs"] for key in pair)]
    assert len(weak) == 16
    des, triple = cipher("des-cbc"), cipher("3des-cbc")
    strong = bytes.fromhex("0123456789abcdef")
    for text in weak:
        key = bytes.fromhex(text)
        assert des.refuses(key) and des.refuses(bytes(octet ^ 1 for octet in key))
        assert triple.refuses(strong + key + strong)
    assert not des.refuses(strong)
    assert triple.refuses(strong * 3) and not triple.refuses(strong + b"otherkey" + b"thirdkey")


def test_padding_fills_whole_blocks_and_no_more() -> None:
    aes = cipher("aes-128-cbc")
    assert [len(aes.padded(bytes(n))) for n in (0, 1, 16, 17)] == [0, 16, 16, 32]


def test_r4_primes_are_those_of_the_standards(vectors: Read) -> None:
    groups = vectors("modp_groups.json")["groups"]
    assert {item["group"] for item in groups} == {int(item) for item in GroupId}
    for item in groups:
        group = group_of(item["group"])
        assert group is not None and group.prime == int(item["prime"], 16)
        assert group.size * 8 == item["bits"]
    assert group_of(3) is None


def test_r4_known_exchanges(vectors: Read) -> None:
    cases = vectors("dh_known_answers.json")["cases"]
    assert len(cases) == 8
    for case in cases:
        group = group_of(case["group"])
        assert group is not None
        x_i, x_r, pub_i, pub_r, shared = octets(case, "x_i", "x_r", "pub_i", "pub_r", "shared")
        ours, theirs = (group.known(int.from_bytes(x, "big")) for x in (x_i, x_r))
        assert (ours.public, theirs.public) == (pub_i, pub_r)
        assert ours.shared(pub_r) == theirs.shared(pub_i) == shared


@pytest.mark.parametrize("number", [1, 2, 5, 14, 15])
def test_r4_two_ends_agree_and_publics_have_full_length(number: int) -> None:
    group = group_of(number)
    assert group is not None
    one, other = group.private(os.urandom), group.private(os.urandom)
    assert len(one.public) == group.size and one.public != other.public
    assert one.shared(other.public) == other.shared(one.public)
    assert one.shared(group.known(12345).public) == group.known(12345).shared(one.public)


def degenerate(group: Group) -> list[bytes]:
    prime, size = group.prime, group.size
    numbers = [0, 1, prime - 1, prime, prime + 1]
    return [*(n.to_bytes(size, "big") for n in numbers), b"", bytes(size - 1) + b"\2\2"]


@pytest.mark.parametrize("number", [2, 14])
def test_r4_degenerate_public_values_are_refused(number: int) -> None:
    group = group_of(number)
    assert group is not None
    for value in degenerate(group):
        with pytest.raises(DegenerateValue):
            group.private(os.urandom).shared(value)


def test_an_exponent_has_256_bits_whatever_the_random_octets() -> None:
    group = group_of(2)
    assert group is not None
    zero = group.private(bytes)
    assert zero.public == group.known(1 << 255).public


@given(st.binary(min_size=16, max_size=16), st.integers(1, 100))
def test_r12_keymat_grows_without_changing(skeyid_d: bytes, size: int) -> None:
    hash_ = BY_NAME["sha1"]
    keys = Keys(hash_, cipher("aes-128-cbc"), b"", skeyid_d, b"", b"", b"", b"", hash_.keyed(b""))
    nonces = (b"ni", b"nr")
    long = schedule.keymat(keys, 3, b"spi!", nonces, 120)
    assert schedule.keymat(keys, 3, b"spi!", nonces, size) == long[:size]
    assert schedule.keymat(keys, 3, b"SPI!", nonces, 120) != long
    assert schedule.keymat(keys, 3, b"spi!", nonces, 120, b"pfs") != long


def test_a_short_skeyid_e_is_expanded_for_a_long_key() -> None:
    md5 = BY_NAME["md5"]
    assert len(schedule.expanded(md5, b"e" * 16, 24)) == 24
    assert schedule.expanded(md5, b"e" * 16, 8) == b"e" * 8
    k1 = md5.prf(b"e" * 16, b"\0")
    assert schedule.expanded(md5, b"e" * 16, 24) == k1 + md5.prf(b"e" * 16, k1)[:8]
