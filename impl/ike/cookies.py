"""Cookies that only this engine can make, bound to an address (RFC 2408 2.5.3; R9)."""

from __future__ import annotations

from collections.abc import Callable

from impl.crypto.hashes import HASHES
from impl.ike.settings import Address, Random
from impl.wire.numbers import Hash

SIZE = 8
_PRF = HASHES[Hash.SHA2_256].keyed


class CookieMaker:
    """Makes cookies from a secret, an address, and the initiator's cookie. The secret changes every `life`
    seconds, so that collected cookies are soon useless."""

    def __init__(self, random: Random, life: float) -> None:
        self._random, self._life = random, life
        self._prf, self._until = _PRF(b""), float("-inf")

    def make(
        self, peer: Address, initiator: bytes, now: float, taken: Callable[[bytes], bool]
    ) -> bytes:
        """A cookie that is not zero and not in use. The same message 1 gets the same cookie as long as the
        secret is the same: so an answer after the exchange was forgotten is still the same.

        initiator   the initiator's cookie; for our own exchange something random instead
        """
        if now >= self._until:
            self._prf, self._until = _PRF(self._random(32)), now + self._life
        number = 0
        while True:
            host, port = peer
            bound = b"\0".join((initiator, host.encode(), b"%d %d" % (port, number)))
            cookie = self._prf(bound)[:SIZE]
            if any(cookie) and cookie != initiator and not taken(cookie):
                return cookie
            number += 1
