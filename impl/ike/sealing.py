"""Messages under the keys of a Phase I SA: encryption, and which IV comes next (RFC 2409 appendix B; R14).

An IV moves only when a message has verified; unreadable and repeated messages move none.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from impl.crypto.schedule import Cookies, Keys, exchange_iv
from impl.wire.errors import WireError
from impl.wire.message import HEADER_SIZE, Header, decode_chain, with_header
from impl.wire.numbers import Flag
from impl.wire.payloads import AnyPayload

#: IVs of exchanges under one SA that are kept at once; the oldest goes first
MAX_IVS = 256
_ENCRYPTION = int(Flag.ENCRYPTION)
_Chain = tuple[int, bytes]


class Opened(NamedTuple):
    """A decrypted message: its payloads, the octets after the first of them (which HASH(1) and HASH(2)
    cover), and the IV to go on with once it has verified."""

    payloads: tuple[AnyPayload, ...]
    rest: bytes
    next_iv: bytes


class Sealing:
    """The keys and IVs of one Phase I SA. `message_id` 0 is Phase I itself."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._iv = keys.iv
        self._write, self._read = keys.cipher.both_ways(keys.encryption)
        self._ivs: OrderedDict[int, bytes] = OrderedDict()

    def seal(self, cookies: Cookies, exchange: int, message_id: int, chain: _Chain) -> bytes:
        """The whole datagram of an encoded chain (the first type, and the octets); the IV has moved."""
        first, body = chain
        cipher = self.keys.cipher
        secret = self._write(self._current(message_id), cipher.padded(body))
        self._move(message_id, secret[-cipher.block :])
        both, numbers = (cookies.initiator, cookies.responder), (exchange, _ENCRYPTION, message_id)
        return with_header(both, first, numbers, secret)

    def open(self, header: Header, datagram: bytes) -> Opened:
        """Decrypt and read; WireError if that gives no payloads. The IV does not move: see `accept`."""
        secret, cipher = datagram[HEADER_SIZE:], self.keys.cipher
        if not secret or len(secret) % cipher.block:
            problem = f"{len(secret)} octets are not a whole number of blocks"
            raise WireError(HEADER_SIZE, "ciphertext", problem, "RFC 2409 appendix B")
        iv = self._current(header.message_id)
        plain = self._read(iv, secret)
        chain = decode_chain(header.next_payload, plain, HEADER_SIZE)
        first = int.from_bytes(plain[2:4], "big") if chain.payloads else 0
        return Opened(chain.payloads, plain[first : chain.size], secret[-cipher.block :])

    def accept(self, message_id: int, opened: Opened) -> None:
        """The message has verified: go on from it."""
        self._move(message_id, opened.next_iv)

    def forget(self, message_id: int) -> None:
        """An exchange is over."""
        self._ivs.pop(message_id, None)

    def _current(self, message_id: int) -> bytes:
        if not message_id:
            return self._iv
        known = self._ivs.get(message_id)
        return known if known is not None else exchange_iv(self.keys, self._iv, message_id)

    def _move(self, message_id: int, iv: bytes) -> None:
        if not message_id:
            self._iv = iv
            return
        self._ivs[message_id] = iv
        while len(self._ivs) > MAX_IVS:
            self._ivs.popitem(last=False)
