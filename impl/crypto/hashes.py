"""The negotiated hash and the prf, which is its HMAC (RFC 2409 section 4)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from impl.wire.numbers import Hash


@dataclass(frozen=True, slots=True)
class HashAlgorithm:
    """A hash of Phase I: its name in hashlib, and the octets of its digest."""

    name: str
    size: int

    def digest(self, *parts: bytes) -> bytes:
        """The hash of the concatenation. ValueError where this host's OpenSSL refuses the algorithm."""
        return hashlib.new(self.name, b"".join(parts), usedforsecurity=True).digest()

    def prf(self, key: bytes, *parts: bytes) -> bytes:
        """prf(key, parts): the HMAC of the concatenation."""
        octets = parts[0] if len(parts) == 1 else b"".join(parts)
        return hmac.digest(key, octets, self.name)


HASHES: dict[int, HashAlgorithm] = {
    Hash.MD5: HashAlgorithm("md5", 16),
    Hash.SHA1: HashAlgorithm("sha1", 20),
    Hash.SHA2_256: HashAlgorithm("sha256", 32),
    Hash.SHA2_384: HashAlgorithm("sha384", 48),
    Hash.SHA2_512: HashAlgorithm("sha512", 64),
}


def same(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)
