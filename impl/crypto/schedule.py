"""SKEYID and what is derived from it (RFC 2409 section 5 and appendix B; R4, R5, R12).

Names are the RFC's: `Ni_b` is a nonce's body, `SAi_b` that of the initiator's SA payload.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from struct import pack

from impl.crypto.ciphers import CbcCipher
from impl.crypto.hashes import HashAlgorithm, Prf


class WeakKey(ValueError):
    """The derived encryption key is one that must not be used (RFC 2409 appendix A)."""


def skeyid_of_psk(hash_: HashAlgorithm, psk: bytes, ni_b: bytes, nr_b: bytes) -> bytes:
    """SKEYID with a pre-shared key."""
    return hash_.prf(psk, ni_b, nr_b)


def skeyid_of_signatures(hash_: HashAlgorithm, ni_b: bytes, nr_b: bytes, gxy: bytes) -> bytes:
    """SKEYID with signatures, and with Kerberos."""
    return hash_.prf(ni_b + nr_b, gxy)


@dataclass(frozen=True, slots=True)
class Cookies:
    """Both cookies of a Phase I SA, which name it."""

    initiator: bytes
    responder: bytes

    @property
    def both(self) -> bytes:
        """CKY-I | CKY-R."""
        return self.initiator + self.responder


@dataclass(frozen=True)
class Keys:
    """The keys of a Phase I SA; nothing of them is ever shown. `prf` is the one under SKEYID."""

    hash: HashAlgorithm
    cipher: CbcCipher
    skeyid: bytes = field(repr=False)
    d: bytes = field(repr=False)
    a: bytes = field(repr=False)
    e: bytes = field(repr=False)
    encryption: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    prf: Prf = field(repr=False, compare=False)

    @cached_property
    def prf_a(self) -> Prf:
        """prf under SKEYID_a, of which an SA needs many."""
        return self.hash.keyed(self.a)

    @cached_property
    def prf_d(self) -> Prf:
        """prf under SKEYID_d."""
        return self.hash.keyed(self.d)


def derive(
    hash_: HashAlgorithm,
    cipher: CbcCipher,
    skeyid: bytes,
    gxy: bytes,
    cookies: Cookies,
    publics: tuple[bytes, bytes],
) -> Keys:
    """Everything from SKEYID; `publics` are g^xi and g^xr. WeakKey if the cipher refuses its key."""
    prf, rest = hash_.keyed(skeyid), gxy + cookies.both
    d = prf(rest, b"\0")
    a = prf(d, rest, b"\1")
    e = prf(a, rest, b"\2")
    key = expanded(hash_, e, cipher.key_size)
    if cipher.refuses(key):
        raise WeakKey("the derived key is a weak one")
    iv = hash_.digest(*publics)[: cipher.block]
    return Keys(hash_, cipher, skeyid, d, a, e, key, iv, prf)


def expanded(hash_: HashAlgorithm, skeyid_e: bytes, size: int) -> bytes:
    """SKEYID_e made as long as a cipher's key (RFC 2409 appendix B)."""
    if len(skeyid_e) >= size:
        return skeyid_e[:size]
    block, key = b"\0", b""
    while len(key) < size:
        block = hash_.prf(skeyid_e, block)
        key += block
    return key[:size]


def exchange_iv(keys: Keys, last_block: bytes, message_id: int) -> bytes:
    """The IV of an exchange under Phase I; `last_block` is the last ciphertext block of Phase I."""
    return keys.hash.digest(last_block, pack("!I", message_id))[: keys.cipher.block]


# ---- what proves and protects
def hash_i(
    keys: Keys, publics: tuple[bytes, bytes], cookies: Cookies, sai_b: bytes, idii_b: bytes
) -> bytes:
    """HASH_I."""
    ours, theirs = publics
    return keys.prf(ours, theirs, cookies.both, sai_b, idii_b)


def hash_r(
    keys: Keys, publics: tuple[bytes, bytes], cookies: Cookies, sai_b: bytes, idir_b: bytes
) -> bytes:
    """HASH_R; over the initiator's SA payload too."""
    initiators, responders = publics
    reversed_ = cookies.responder + cookies.initiator
    return keys.prf(responders, initiators, reversed_, sai_b, idir_b)


def hash_1(keys: Keys, message_id: int, rest: bytes) -> bytes:
    """HASH(1) of Quick Mode and of the Informational exchange; `rest` is all after the HASH payload."""
    return keys.prf_a(pack("!I", message_id), rest)


def hash_2(keys: Keys, message_id: int, ni_b: bytes, rest: bytes) -> bytes:
    """HASH(2) of Quick Mode."""
    return keys.prf_a(pack("!I", message_id), ni_b, rest)


def hash_3(keys: Keys, message_id: int, ni_b: bytes, nr_b: bytes) -> bytes:
    """HASH(3) of Quick Mode."""
    return keys.prf_a(b"\0", pack("!I", message_id), ni_b, nr_b)


def keymat(
    keys: Keys,
    protocol: int,
    spi: bytes,
    nonces: tuple[bytes, bytes],
    size: int,
    gqmxy: bytes = b"",
) -> bytes:
    """KEYMAT of one SA: `spi` is the receiver's, `gqmxy` the second Diffie-Hellman secret with PFS."""
    seed = gqmxy + bytes((protocol,)) + spi + nonces[0] + nonces[1]
    block, material = b"", b""
    while len(material) < size:
        block = keys.prf_d(block, seed)
        material += block
    return material[:size]


def nat_d(hash_: HashAlgorithm, cookies: Cookies, address: bytes, port: int) -> bytes:
    """NAT-D of an address (RFC 3947 3.2)."""
    return hash_.digest(cookies.both, address, pack("!H", port))
