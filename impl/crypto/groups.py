"""Diffie-Hellman in the MODP groups 1, 2, 5 and 14 to 18 (RFC 2409 section 6, RFC 3526).

The small groups go through GMP's constant-time power, which OpenSSL beats only from 2048 bits, where it
knows the groups by name; below it would check the group again for every public value. Private exponents
have 256 bits at least, and twice the group's strength.

Both libraries hold the interpreter while they reckon. In the large groups that is milliseconds, so their
secrets can be sent to another process, and `large` says that they should be (DESIGN.md section 6).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import gmpy2  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import dh
from cryptography.utils import CryptographyDeprecationWarning

from impl.wire.numbers import GroupId

Random = Callable[[int], bytes]
with warnings.catch_warnings():
    # Finite-field Diffie-Hellman is on its way out there, and says so to who asks for these names; `_Gmp`
    # serves every group.
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)
    _ParameterNumbers, _PublicNumbers = dh.DHParameterNumbers, dh.DHPublicNumbers
    _PrivateNumbers = dh.DHPrivateNumbers
_GENERATOR = 2
_NAMED = 2048  # bits from which OpenSSL knows the group
_LARGE = 3072  # bits from which one power takes longer than an event loop should stand still
_EXPONENT_OCTETS = 32
#: bits of each prime, and the constant k of its formula
_FORMULA = {
    GroupId.MODP768: (768, 149686),
    GroupId.MODP1024: (1024, 129093),
    GroupId.MODP1536: (1536, 741804),
    GroupId.MODP2048: (2048, 124476),
    GroupId.MODP3072: (3072, 1690314),
    GroupId.MODP4096: (4096, 240904),
    GroupId.MODP6144: (6144, 929484),
    GroupId.MODP8192: (8192, 4743158),
}


class DegenerateValue(ValueError):
    """A public value that no honest peer sends: of the wrong length, or 0, 1, p - 1 or more."""


class PrivateValue(Protocol):
    """One end's secret of an exchange, and the public value that goes with it."""

    @property
    def public(self) -> bytes:
        """g^x, as long as the prime."""
        ...

    def shared(self, peer: bytes) -> bytes:
        """g^xy, as long as the prime. DegenerateValue for a public value that is not valid."""
        ...


@dataclass(frozen=True)
class Group:
    """A MODP group: number, prime, and the octets of its values."""

    id: int
    prime: int
    size: int

    @property
    def large(self) -> bool:
        """Whether a power in it keeps an event loop waiting: see `draw`."""
        return self.size * 8 >= _LARGE

    def private(self, random: Random) -> PrivateValue:
        """A new secret; `random` yields that many octets. Of the named groups OpenSSL draws it."""
        if self.large:
            return draw(self.id)
        if self.size * 8 >= _NAMED:
            return _OpenSsl(self)
        octets = random(_EXPONENT_OCTETS)
        return _Gmp(self, int.from_bytes(octets, "big") | 1 << 8 * _EXPONENT_OCTETS - 1)

    def known(self, exponent: int) -> PrivateValue:
        """The secret of a given exponent: for captures and known answers."""
        return _Gmp(self, exponent)

    def checked(self, peer: bytes) -> int:
        """A peer's public value as a number; DegenerateValue if it is not usable (RFC 2412 2.4)."""
        value = int.from_bytes(peer, "big")
        if len(peer) != self.size or not 1 < value < self.prime - 1:
            raise DegenerateValue(f"not a valid public value of group {self.id}")
        return value


@cache
def group_of(id_: int) -> Group | None:
    """The group of that number; None if it is not supported."""
    formula = _FORMULA.get(GroupId(id_)) if id_ in _FORMULA else None
    if formula is None:
        return None
    bits, k = formula
    with gmpy2.context(precision=bits + 64):
        pi = int(gmpy2.floor(gmpy2.const_pi() * gmpy2.mpfr(2) ** (bits - 130)))
    prime = 2**bits - 2 ** (bits - 64) - 1 + 2**64 * (pi + k)
    return Group(id_, prime, bits // 8)


def draw(number: int) -> PrivateValue:
    """A new secret of a large group. This can be done in another process, and so can what is done with it:
    it is plain numbers, and can be sent. ValueError for another group."""
    group = group_of(number)
    if group is None or not group.large:
        raise ValueError(f"group {number} is not a large one")
    _, parameters = _parameters(group.prime)
    numbers = parameters.generate_private_key().private_numbers()
    public = numbers.public_numbers.y.to_bytes(group.size, "big")
    return _Large(number, numbers.x, public)


class _Gmp:
    """By GMP's constant-time power."""

    def __init__(self, group: Group, exponent: int) -> None:
        self._group, self._exponent = group, gmpy2.mpz(exponent)
        self._prime = _mpz(group.prime)
        self.public = self._octets(_GENERATOR)

    def shared(self, peer: bytes) -> bytes:
        """g^xy."""
        return self._octets(self._group.checked(peer))

    def _octets(self, base: int) -> bytes:
        power = gmpy2.powmod_sec(base, self._exponent, self._prime)
        return int(power).to_bytes(self._group.size, "big")


class _OpenSsl:
    """By OpenSSL, for the groups that it knows by name."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._numbers, parameters = _parameters(group.prime)
        self._key = parameters.generate_private_key()
        y = self._key.public_key().public_numbers().y
        self.public = y.to_bytes(group.size, "big")

    def shared(self, peer: bytes) -> bytes:
        """g^xy."""
        value = self._group.checked(peer)
        key = _PublicNumbers(value, self._numbers).public_key()
        return self._key.exchange(key).rjust(self._group.size, b"\0")


@dataclass(frozen=True, slots=True)
class _Large:
    """By OpenSSL too, but kept as numbers: what is a key only while it is at work goes from one process to
    another. For a named group that costs next to nothing."""

    number: int
    exponent: int = field(repr=False)
    public: bytes

    def shared(self, peer: bytes) -> bytes:
        """g^xy."""
        group = group_of(self.number)
        assert group is not None
        value = group.checked(peer)
        numbers, _ = _parameters(group.prime)
        own = _PublicNumbers(int.from_bytes(self.public, "big"), numbers)
        key = _PrivateNumbers(self.exponent, own).private_key()
        return key.exchange(_PublicNumbers(value, numbers).public_key()).rjust(group.size, b"\0")


_mpz = cache(gmpy2.mpz)


@cache
def _parameters(prime: int) -> tuple[dh.DHParameterNumbers, dh.DHParameters]:
    numbers = _ParameterNumbers(prime, _GENERATOR)
    return numbers, numbers.parameters()
