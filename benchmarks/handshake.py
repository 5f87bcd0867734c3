"""How long Main Mode and Quick Mode take beside the bare cryptography in them (DESIGN.md 9), by turns.

    python -m benchmarks.handshake [--seconds 20] [--profile SUITE] [--peers 5000]

Both peers in this process, each an engine, no sockets: nine messages from `start` until both have their pair;
the Deletes between two handshakes are not counted. The floor is what no implementation can leave out, for
both peers, with the same libraries: Diffie-Hellman, HMACs, hashes and CBC over as many octets, and nothing
else; each of them a call of its own, which an implementation that keeps keys set up may undercut. CPU time,
one core, no garbage collection.

With --peers one row instead: a handshake of an engine that has that many other peers, each with a policy, a
Phase I SA and a pair of its own, beside one of an engine that has no other.

Status 1 if a ratio is above its goal.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import hmac
import os
import pstats
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

import gmpy2  # type: ignore[import-untyped]
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import dh
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.utils import CryptographyDeprecationWarning

from impl.crypto.groups import Group, group_of
from impl.crypto.hashes import HASHES
from impl.ike.closing import close
from impl.ike.engine import Engine
from impl.ike.settings import (
    Address,
    ChildSettings,
    ConnectionSettings,
    Lifetime,
    Phase1Choice,
    Phase2Choice,
    Settings,
)
from impl.wire.numbers import (
    Encapsulation,
    Encryption,
    EspTransform,
    GroupId,
    Hash,
    IdType,
    Integrity,
    Method,
    ProtocolId,
)
from impl.wire.payloads import Identification
from model.vocabulary.policy import AddressPattern
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Selector

A: Address = ("192.0.2.1", 500)
B: Address = ("192.0.2.2", 500)
ROUNDS = 31
MESSAGES = 9
#: what a handshake may take of an engine with many peers, in handshakes of one without
MANY = 1.3


@dataclass(frozen=True)
class Suite:
    """What is negotiated; `goal` is the most that a handshake may take, in floors."""

    name: str
    first: Phase1Choice
    second: Phase2Choice
    goal: float


def _suite(name: str, aes: bool, group: GroupId, pfs: bool, goal: float) -> Suite:
    first = Phase1Choice(
        Encryption.AES_CBC if aes else Encryption.TRIPLE_DES_CBC,
        128 if aes else None,
        Hash.SHA2_256 if aes else Hash.SHA1,
        Method.PRE_SHARED_KEY,
        group,
    )
    second = Phase2Choice(
        ProtocolId.ESP,
        EspTransform.AES_CBC if aes else EspTransform.TRIPLE_DES,
        128 if aes else None,
        Integrity.HMAC_SHA2_256 if aes else Integrity.HMAC_SHA1,
        group if pfs else None,
        Encapsulation.TUNNEL,
    )
    return Suite(name, first, second, goal)


SUITES = (
    _suite("modp2048 aes128-sha256", True, GroupId.MODP2048, False, 1.5),
    _suite("modp2048 aes128-sha256, PFS", True, GroupId.MODP2048, True, 1.3),
    _suite("modp1024 3des-sha1", False, GroupId.MODP1024, False, 2.0),
    _suite("modp1024 3des-sha1, PFS", False, GroupId.MODP1024, True, 2.0),
)


# ---- the engines
class Pair:
    """Both peers, for one handshake after the other."""

    def __init__(self, suite: Suite, others: Sequence[Address] = ()) -> None:
        ways = [_connection(suite, A, peer) for peer in (*others, B)]
        self.ends = (_engine(A, ways), _engine(B, [_connection(suite, B, A)]))
        self.now = 0.0
        for way, peer in zip(ways, others, strict=False):
            end = _engine(peer, [_connection(suite, peer, A)])
            self.ends[0].start(way, peer, self.now)
            self._exchange(end, peer)
            self.take_events()
        self.others, self.connection = len(others), ways[-1]

    def handshake(self) -> None:
        """Nine messages."""
        one, other = self.ends
        self.now += 1.0
        one.start(self.connection, B, self.now)
        self._exchange(other, B)
        if not len(one.sadb.pairs) - self.others == len(other.sadb.pairs) == 1:
            raise SystemExit(f"no handshake: {one.dropped} {other.dropped}")

    def _exchange(self, other: Engine, peer: Address) -> None:
        one = self.ends[0]
        while True:
            moved = False
            for sender, target, source in ((one, other, A), (other, one, peer)):
                for item in sender.outgoing():
                    target.receive_datagram(item.datagram, source, self.now)
                    moved = True
            if not moved:
                return

    def clear(self) -> None:
        """Delete everything, and take the events."""
        close(self.ends[1], None, self.now, "done")
        self._exchange(self.ends[1], B)
        self.take_events()

    def take_events(self) -> None:
        """As whoever runs an engine does."""
        for end in self.ends:
            while end.next_event() is not None:
                pass


class Answering(Pair):
    """The same, but that the other end begins."""

    def handshake(self) -> None:
        """Nine messages."""
        one, other = self.ends
        self.now += 1.0
        other.start(other.settings.connections[0], A, self.now)
        self._exchange(other, B)
        if not len(one.sadb.pairs) - self.others == len(other.sadb.pairs) == 1:
            raise SystemExit(f"no handshake: {one.dropped} {other.dropped}")


def _engine(own: Address, ways: Sequence[ConnectionSettings]) -> Engine:
    return Engine(Settings(ip_address(own[0]), tuple(ways)), os.urandom)


def _connection(suite: Suite, own: Address, peer: Address) -> ConnectionSettings:
    nets = [_net("10.1.0.0", "10.1.255.255"), _net("10.2.0.0", "10.2.255.255")]
    local, remote = nets if own == A else reversed(nets)
    life = Lifetime(3600, 3600)
    host = ip_address(peer[0])
    return ConnectionSettings(
        peer[0],
        (AddressPattern(peer[0], host, host),),
        (suite.first,),
        False,
        Identification(IdType.FQDN, 0, 0, f"{own[0]}.example".encode()),
        Identification(IdType.FQDN, 0, 0, f"{peer[0]}.example".encode()),
        Secret("benchmark", None, b"a benchmark's, so no secret"),
        replace(life, offered=28_800, hard=28_800),
        (ChildSettings("net", local, remote, ((suite.second,),), life),),
    )


def _net(first: str, last: str) -> Selector:
    return Selector(ip_address(first), ip_address(last))


# ---- the floor
class Floor:
    """The bare calls of one handshake, for both peers together."""

    def __init__(self, suite: Suite) -> None:
        group = group_of(suite.first.group)
        assert group is not None
        self.exchanges = 2 if suite.second.group is not None else 1
        self._diffie_hellman = _openssl(group) if group.size >= 256 else _gmp(group)
        aes = suite.first.encryption == Encryption.AES_CBC
        self._key, self._block = os.urandom(16 if aes else 24), 16 if aes else 8
        self._algorithm = AES if aes else TripleDES
        self._hash = HASHES[suite.first.hash]
        self._lengths = self._hmacs(group, expanded=not aes)
        self._messages = [os.urandom(n) for n in (96, 64, 192, 160, 64)]
        self._nonces = os.urandom(64)

    def _hmacs(self, group: Group, *, expanded: bool) -> list[bytes]:
        """What HMACs are made of, for one peer: SKEYID, _d, _a, _e, the key's expansion, HASH_I, HASH_R,
        HASH(1) to HASH(3), KEYMAT of both SAs."""
        size, digest = group.size, self._hash.size
        second = size if self.exchanges == 2 else 0
        lengths = [64, size + 17, digest + size + 17, digest + size + 17]
        lengths += [1, digest] if expanded else []
        lengths += [2 * size + 16 + 52 + 20] * 2
        lengths += [4 + 130 + second, 4 + 32 + 130 + second, 69]
        blocks = 3 if expanded else 2
        keymat = [second + 69, *[digest + second + 69] * (blocks - 1)]
        return [os.urandom(n) for n in (*lengths, *keymat, *keymat)]

    def handshake(self) -> None:
        """All of it once."""
        for _ in range(self.exchanges):
            self._diffie_hellman()
        key, name = self._key, self._hash.name
        for _ in range(2):
            for octets in self._lengths:
                hmac.digest(key, octets, name)
            self._hash.digest(self._lengths[4])
            self._hash.digest(self._nonces[:20])
            for octets in self._messages:
                cipher = Cipher(self._algorithm(key), modes.CBC(octets[: self._block]))
                context = cipher.encryptor()
                context.update(octets)
                context.finalize()


def _gmp(group: Group) -> Callable[[], None]:
    prime = gmpy2.mpz(group.prime)

    def both() -> None:
        keys = [gmpy2.mpz(int.from_bytes(os.urandom(32), "big") | 1 << 255) for _ in range(2)]
        publics = [gmpy2.powmod_sec(2, key, prime) for key in keys]
        for key, public in zip(keys, reversed(publics), strict=True):
            gmpy2.powmod_sec(public, key, prime)

    return both


def _openssl(group: Group) -> Callable[[], None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        numbers, public_numbers = dh.DHParameterNumbers(group.prime, 2), dh.DHPublicNumbers
    parameters = numbers.parameters()

    def both() -> None:
        keys = [parameters.generate_private_key() for _ in range(2)]
        values = [key.public_key().public_numbers().y for key in keys]
        for key, value in zip(keys, reversed(values), strict=True):
            key.exchange(public_numbers(value, numbers).public_key())

    return both


# ---- by turns
def seconds_each(work: Callable[[], object], after: Callable[[], object], count: int) -> float:
    """CPU seconds of one call; what comes after each is not counted."""
    total = 0.0
    for _ in range(count):
        start = time.process_time()
        work()
        total += time.process_time() - start
        after()
    return total / count


def compare(suite: Suite, seconds: float) -> bool:
    """Print the ratio of one suite; whether it reaches its goal."""
    pair, floor = Pair(suite), Floor(suite)
    for _ in range(5):
        pair.handshake()
        pair.clear()
        floor.handshake()
    one = seconds_each(pair.handshake, pair.clear, 5) * 1.5 + seconds_each(
        floor.handshake, _nothing, 5
    )
    count = max(3, int(seconds / ROUNDS / one))
    rounds = [
        (
            seconds_each(pair.handshake, pair.clear, count),
            seconds_each(floor.handshake, _nothing, count),
        )
        for _ in range(ROUNDS)
    ]
    mine, bare = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(ours / theirs for ours, theirs in rounds)
    verdict = "ok" if ratio <= suite.goal else "ABOVE"
    print(
        f"{suite.name:<28} {mine * 1e6:6.0f} us   floor {bare * 1e6:6.0f} us   x{ratio:4.2f}   "
        f"goal x{suite.goal}: {verdict}; beyond the floor {(mine - bare) * 1e6 / MESSAGES:4.0f} us a message"
    )
    return ratio <= suite.goal


def compare_peers(suite: Suite, count: int, seconds: float) -> bool:
    """Print what that many other peers add to a handshake, whoever begins it; whether it is within the goal."""
    first = ip_address("198.18.0.0")  # kept for benchmarks (RFC 2544)
    others: list[Address] = [(str(first + number), 500) for number in range(count)]
    reached = True
    for kind, words in ((Pair, "begun"), (Answering, "answered")):
        many, few = kind(suite, others), kind(suite)
        ratios = []
        each = max(3, int(seconds / 2 / ROUNDS / 2 / seconds_each(few.handshake, few.clear, 20)))
        for _ in range(ROUNDS):
            both = [seconds_each(pair.handshake, pair.clear, each) for pair in (many, few)]
            ratios.append(both[0] / both[1])
        ratio = statistics.median(ratios)
        verdict = "ok" if ratio <= MANY else "ABOVE"
        print(
            f"{suite.name}, {words} with {count:,} other peers   x{ratio:4.2f} of one with none "
            f"(least x{min(ratios):4.2f})   goal x{MANY}: {verdict}"
        )
        reached = reached and ratio <= MANY
    return reached


def _nothing() -> None:
    return None


def profile(suite: Suite) -> None:
    """Where the time of a handshake goes."""
    pair, profiler = Pair(suite), cProfile.Profile()
    for _ in range(500):
        profiler.enable()
        pair.handshake()
        profiler.disable()
        pair.clear()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(70)


def main() -> int:
    """Print the ratios; 1 if one is above its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=20.0, help="for all suites together")
    parser.add_argument(
        "--profile", metavar="SUITE", help="show where the time goes, of a suite by number"
    )
    parser.add_argument("--peers", type=int, metavar="N", help="with so many others, and with none")
    asked = parser.parse_args()
    gc.disable()
    if asked.profile is not None:
        profile(SUITES[int(asked.profile)])
        return 0
    if asked.peers is not None:
        return 0 if compare_peers(SUITES[2], asked.peers, asked.seconds) else 1
    reached = [compare(suite, asked.seconds / len(SUITES)) for suite in SUITES]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
