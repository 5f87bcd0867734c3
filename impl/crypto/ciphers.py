"""CBC ciphers of Phase I messages, and keys that DES does not want (RFC 2405, 2451, 3602; 2409 app. A)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from impl.wire.numbers import Encryption

_MAKE = Callable[[bytes], BlockCipherAlgorithm]
#: under a key that is set: from an IV and octets to octets
_Keyed = Callable[[bytes, bytes], bytes]
#: all of a DES key but its parity bits
_PARTS = 0xFEFEFEFE_FEFEFEFE
#: weak and semi-weak keys with their parity bits cleared
_WEAK_DES = frozenset(
    int(text, 16)
    for text in (
        "0000000000000000 fefefefefefefefe e0e0e0e0f0f0f0f0 1e1e1e1e0e0e0e0e "
        "00fe00fe00fe00fe fe00fe00fe00fe00 1ee01ee00ef00ef0 e01ee01ef00ef00e "
        "00e000e000f000f0 e000e000f000f000 1efe1efe0efe0efe fe1efe1efe0efe0e "
        "001e001e000e000e 1e001e000e000e00 e0fee0fef0fef0fe fee0fee0fef0fef0"
    ).split()
)


@dataclass(frozen=True, slots=True)
class CbcCipher:
    """A cipher in CBC mode; octets of key and block. Padding is the caller's."""

    name: str
    key_size: int
    block: int
    make: _MAKE

    def encrypt(self, key: bytes, iv: bytes, plaintext: bytes) -> bytes:
        """Ciphertext of whole blocks; ValueError for anything else."""
        encryptor = Cipher(self.make(key), modes.CBC(iv)).encryptor()
        return encryptor.update(plaintext) + encryptor.finalize()

    def decrypt(self, key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
        """Plaintext of whole blocks; ValueError for anything else."""
        decryptor = Cipher(self.make(key), modes.CBC(iv)).decryptor()
        return decryptor.update(ciphertext) + decryptor.finalize()

    def both_ways(self, key: bytes) -> tuple[_Keyed, _Keyed]:
        """Encryption and decryption under one key, each of an IV and whole blocks: nothing is set up again
        for each message."""
        block = self.block
        cipher = Cipher(self.make(key), modes.CBC(bytes(block)))
        encrypt, decrypt = cipher.encryptor().update, cipher.decryptor().update
        before = bytes(block)

        def writer(iv: bytes, plaintext: bytes) -> bytes:
            # CBC adds the ciphertext block before to the first block; where the IV is another one, the
            # difference of both makes up for it.
            nonlocal before
            first = _added(plaintext[:block], iv, before)
            ciphertext = encrypt(first + plaintext[block:])
            before = ciphertext[-block:]
            return ciphertext

        def reader(iv: bytes, ciphertext: bytes) -> bytes:
            # What comes out of the IV's own block is noise; decryption goes on from it, as from any.
            return decrypt(iv + ciphertext)[block:]

        return writer, reader

    def padded(self, plaintext: bytes) -> bytes:
        """Filled up with zero octets to whole blocks (RFC 2409 appendix B)."""
        return plaintext + bytes(-len(plaintext) % self.block)

    def refuses(self, key: bytes) -> bool:
        """Whether a key is one that must not be used: a weak or semi-weak DES key, or a 3DES key of
        which two parts in a row are equal, so that it is single DES."""
        if self.block != 8:
            return False
        parts = [_bare(key[i : i + 8]) for i in range(0, len(key), 8)]
        repeated = len(parts) > 1 and (parts[0] == parts[1] or parts[1] == parts[2])
        return repeated or any(part in _WEAK_DES for part in parts)


def _added(*blocks: bytes) -> bytes:
    """Blocks added bit by bit."""
    total = 0
    for block in blocks:
        total ^= int.from_bytes(block, "big")
    return total.to_bytes(len(blocks[0]), "big")


def _bare(key: bytes) -> int:
    """A DES key without its parity bits, as a number."""
    return int.from_bytes(key, "big") & _PARTS


def _des(key: bytes) -> BlockCipherAlgorithm:
    return TripleDES(key * 3)  # K|K|K is single DES: no other is at hand


@lru_cache(maxsize=64)
def cipher_of(encryption: int, key_bits: int | None = None) -> CbcCipher | None:
    """The cipher of a Phase I transform; None if it is not supported, the key length included."""
    if encryption == Encryption.DES_CBC:
        return CbcCipher("des", 8, 8, _des) if key_bits in (None, 64) else None
    if encryption == Encryption.TRIPLE_DES_CBC:
        return CbcCipher("3des", 24, 8, TripleDES) if key_bits in (None, 192) else None
    if encryption == Encryption.AES_CBC and (key_bits or 128) in (128, 192, 256):
        bits = key_bits or 128
        return CbcCipher(f"aes{bits}", bits // 8, 16, AES)
    return None
