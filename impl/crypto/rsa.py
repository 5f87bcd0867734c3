"""RSA signatures of IKE: the bare hash in PKCS #1 v1.5 padding, without DigestInfo (RFC 2409 section 5.1).

`cryptography` is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

#: bits of a modulus, and of a public exponent, that are verified with: anybody may send a key, and what a
#: signature costs grows with both
MOST_BITS, MOST_EXPONENT_BITS = 8192, 64


def affordable(key: RSAPublicKey) -> bool:
    """Whether a key is small enough to verify signatures by it."""
    small = key.key_size <= MOST_BITS
    return small and key.public_numbers().e.bit_length() <= MOST_EXPONENT_BITS


def signed(key: RSAPrivateKey, hash_: bytes) -> bytes:
    """The signature of a hash, as long as the modulus. ValueError for a key too short for the hash."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

    return key.sign(hash_, PKCS1v15(), NoDigestInfo())


def verifies(key: RSAPublicKey, signature: bytes, hash_: bytes) -> bool:
    """Whether it is a signature of the hash by that key. ValueError for a key that cannot be used, or
    not `affordable`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

    if not affordable(key):
        raise ValueError("a key that is too large")
    try:
        # the stubs do not know that a bare hash may be verified
        key.verify(signature, hash_, PKCS1v15(), NoDigestInfo())  # type: ignore[arg-type]
    except InvalidSignature:
        return False
    return True
