"""The negotiated hash and the prf, which is its HMAC (RFC 2409 section 4)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.hashes import HashAlgorithm as Algorithm
from cryptography.hazmat.primitives.hmac import HMAC

from impl.wire.numbers import Hash

#: prf under one key: of the concatenation of what it is given
Prf = Callable[..., bytes]


@dataclass(frozen=True, slots=True)
class HashAlgorithm:
    """A hash of Phase I: its name in hashlib, the octets of its digest, and what `cryptography` calls it."""

    name: str
    size: int
    algorithm: type[Algorithm]

    def digest(self, *parts: bytes) -> bytes:
        """The hash of the concatenation. ValueError where this host's OpenSSL refuses the algorithm."""
        # hashlib's own functions: `hashlib.new` looks the name up again at every call
        made: bytes = getattr(hashlib, self.name)(b"".join(parts)).digest()
        return made

    def prf(self, key: bytes, *parts: bytes) -> bytes:
        """prf(key, parts): the HMAC of the concatenation."""
        octets = parts[0] if len(parts) == 1 else b"".join(parts)
        return hmac.digest(key, octets, self.name)

    def keyed(self, key: bytes) -> Prf:
        """The same for one key that is used more than once: it is set up only here."""
        start = HMAC(key, self.algorithm())

        def prf(*parts: bytes) -> bytes:
            made = start.copy()
            made.update(b"".join(parts))
            return made.finalize()

        return prf


HASHES: dict[int, HashAlgorithm] = {
    Hash.MD5: HashAlgorithm("md5", 16, MD5),
    Hash.SHA1: HashAlgorithm("sha1", 20, SHA1),
    Hash.SHA2_256: HashAlgorithm("sha256", 32, SHA256),
    Hash.SHA2_384: HashAlgorithm("sha384", 48, SHA384),
    Hash.SHA2_512: HashAlgorithm("sha512", 64, SHA512),
}


def same(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)
