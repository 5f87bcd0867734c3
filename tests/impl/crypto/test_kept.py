"""What is set up once for a key computes what is set up again each time (R4)."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from impl.crypto.ciphers import CbcCipher, cipher_of
from impl.crypto.hashes import HASHES, HashAlgorithm
from impl.wire.numbers import Encryption

CIPHERS: list[CbcCipher] = [
    made
    for number in (Encryption.DES_CBC, Encryption.TRIPLE_DES_CBC, Encryption.AES_CBC)
    if (made := cipher_of(number)) is not None
]
#: messages: the seed of an IV and how many blocks; some go on from the one before
MESSAGES = st.lists(st.tuples(st.one_of(st.none(), st.binary(min_size=16)), st.integers(1, 4)))


@given(st.sampled_from(CIPHERS), MESSAGES)
def test_r4_messages_under_a_kept_key_are_those_under_a_new_one_whatever_their_ivs(
    cipher: CbcCipher, messages: list[tuple[bytes | None, int]]
) -> None:
    key, iv = os.urandom(cipher.key_size), bytes(cipher.block)
    write, read = cipher.both_ways(key)
    for seed, blocks in messages:
        plain = os.urandom(blocks * cipher.block)
        iv = iv if seed is None else seed[: cipher.block]
        secret = cipher.encrypt(key, iv, plain)
        assert write(iv, plain) == secret
        assert read(iv, secret) == plain
        iv = secret[-cipher.block :]


@given(st.sampled_from(list(HASHES.values())), st.binary(), st.lists(st.lists(st.binary())))
def test_r4_a_kept_prf_is_the_prf_of_its_key_each_time(
    hash_: HashAlgorithm, key: bytes, parts: list[list[bytes]]
) -> None:
    prf = hash_.keyed(key)
    for given_ in parts:
        assert prf(*given_) == hash_.prf(key, *given_)
