"""A genuine negotiation, stopped before any of its messages: where mutated ones are let in.

Message numbers are 0 to 5 for Main Mode, 6 to 8 for Quick Mode; 9 is what comes when all stands. A run may be
held too: its message has arrived, and something that it needs is being done elsewhere.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace
from enum import Enum
from ipaddress import ip_address

from impl.auth.kerberos import WINDOWS_2000, KerberosSettings
from impl.crypto.schedule import Cookies, Keys, exchange_iv
from impl.ike.engine import Engine
from impl.ike.events import SasInstalled, StepNeeded
from impl.ike.natt import KEEPALIVE
from impl.ike.sadb import Agreed, IkeSa, NatState, Quick, Sending
from impl.ike.settings import (
    Address,
    ChildSettings,
    ConnectionSettings,
    Detection,
    Lifetime,
    Nat,
    Settings,
)
from impl.wire.message import HEADER_SIZE, decode_header, encode_header
from impl.wire.numbers import Method
from tests.impl.auth.authorities import NOW, authority, credentials, make, trust
from tests.impl.auth.fake_gss import Realm
from tests.impl.ike.conftest import (
    AH_SHA1,
    DES3,
    ESP_3DES,
    ESP_AES_PFS,
    LARGE,
    connection,
    named,
    net,
)

A: Address = ("192.0.2.1", 500)
B: Address = ("192.0.2.2", 500)
#: messages of a whole negotiation
WHOLE = 9
_ENCRYPTED = 1  # the header's flag
FAST = replace(DES3, group=1)
ROOT = authority()
HOLDERS = [make(f"{name}.example", ROOT, names=[f"{name}.example"]) for name in ("a", "b")]
PRINCIPALS = ("a$@EXAMPLE.TEST", "host/b.example@EXAMPLE.TEST")
REALM = Realm().join(*PRINCIPALS)
#: what of an SA says nothing of what was agreed on, or is counted for what is dropped too
_VOLATILE = {"answered", "problem", "heard"}


class Way(Enum):
    """How a run authenticates and in which groups; `holds`: of which messages something may be done
    elsewhere, with PFS."""

    SHARED_KEY = ()
    CERTIFICATE = (3, 4, 5)
    LARGE_GROUP = (1, 2, 3, 5, 6, 7)
    KERBEROS = (1, 2, 3, 4, 5)

    @property
    def holds(self) -> tuple[int, ...]:
        """Of which messages."""
        found: tuple[int, ...] = self.value
        return found


@dataclass(frozen=True)
class Conditions:
    """What a run is like; `bundle`: AH with ESP, where no NAT is."""

    pfs: bool = False
    nat: bool = False
    bundle: bool = False
    way: Way = Way.SHARED_KEY


def settings(own: Address, peer: Address, under: Conditions = Conditions()) -> Settings:
    """One end: small groups mostly, so that a million messages pass in minutes."""
    nets = ("10.1.0.0/16", "10.2.0.0/16")
    local, remote = nets if own == A else reversed(nets)
    group = LARGE.group if under.way is Way.LARGE_GROUP else FAST.group
    second = replace(ESP_AES_PFS, group=group) if under.pfs else ESP_3DES
    together = (second, replace(AH_SHA1, group=second.group))
    choices = (together, (second,)) if under.bundle else ((second,),)
    life = Lifetime(3600, 3600, kilobytes=100_000)
    child = ChildSettings("net", net(local), net(remote), choices, life)
    made: ConnectionSettings = connection(
        peer,
        local,
        remote,
        choices=(replace(FAST, group=group),),
        own=named("a" if own == A else "b"),
        children=(child,),
        detection=Detection(),
    )
    if under.way is Way.CERTIFICATE:
        rsa, credential = replace(FAST, method=Method.RSA_SIGNATURES), HOLDERS[own == B]
        certificate = credentials(credential, trust(ROOT))
        made = replace(made, choices=(rsa,), own=None, secret=None, certificate=certificate)
    if under.way is Way.KERBEROS:
        name, other = PRINCIPALS if own == A else reversed(PRINCIPALS)
        kerberos = KerberosSettings(name, (other,), REALM.at(name), WINDOWS_2000)
        method = replace(FAST, method=Method.KERBEROS)
        made = replace(made, choices=(method,), secret=None, kerberos=kerberos)
    traversal = Nat(force=own == A) if under.nat else None
    return Settings(ip_address(own[0]), (made,), half_open=100, nat=traversal, utc=lambda _now: NOW)


@dataclass(frozen=True)
class Sent:
    """A datagram, who sent it (0: A, 1: B), and whether from the other port."""

    datagram: bytes
    sender: int
    floated: bool


class Run:
    """Two engines, up to a message that has been sent and has not arrived; or, if `hold`, has."""

    def __init__(
        self, stop: int, seed: int, under: Conditions = Conditions(), *, hold: bool = False
    ) -> None:
        self.stop, self.now = stop, 0.0
        self.keys: dict[bytes, Keys] = {}
        self._held: StepNeeded | None = None
        chance = random.Random(seed)
        self.ends = (
            Engine(settings(A, B, under), chance.randbytes, self._keep),
            Engine(settings(B, A, under), chance.randbytes, self._keep),
        )
        self.sent: list[Sent] = []
        one = self.ends[0]
        one.start(one.settings.connections[0], B, self.now)
        self._collect(0)
        for number in range(stop):
            self.deliver(number)
        if stop == WHOLE:
            self._ask()
        if hold:
            item = self.genuine
            end = self.ends[self.target]
            end.receive_datagram(item.datagram, self.source(item), self.now, floated=item.floated)
            self._held = end.next_step()
            assert self._held is not None, stop

    def _keep(self, cookies: Cookies, keys: Keys) -> None:
        self.keys[cookies.both] = keys

    def _collect(self, end: int) -> None:
        for item in self.ends[end].outgoing():
            if item.datagram == KEEPALIVE:
                continue
            self.sent.append(Sent(item.datagram, end, item.floated))

    def _ask(self) -> None:
        """What is on its way when all stands: a question whether the peer lives, from A to B."""
        (sa,) = self.ends[0].sadb
        self.now = sa.alive + 31
        self.ends[0].handle_timeout(self.now)
        self._collect(0)

    def deliver(self, number: int) -> None:
        """Let a genuine message arrive, and collect the answer."""
        item = self.sent[number]
        target = 1 - item.sender
        self.receive(target, item.datagram, self.source(item), floated=item.floated)
        self._collect(target)

    def source(self, item: Sent) -> Address:
        """Where a message comes from."""
        host = (A, B)[item.sender][0]
        return host, 4500 if item.floated else 500

    def receive(self, target: int, datagram: bytes, source: Address, *, floated: bool) -> None:
        """Let a datagram arrive."""
        end = self.ends[target]
        end.receive_datagram(datagram, source, self.now, floated=floated)
        while (step := end.next_step()) is not None:
            self._done(target, step)

    def _done(self, target: int, step: StepNeeded) -> None:
        self.ends[target].step_done(step.number, step.work.run(), self.now)

    @property
    def genuine(self) -> Sent:
        """The message that has not arrived."""
        return self.sent[self.stop]

    @property
    def target(self) -> int:
        """Whom it is for."""
        return 1 - self.genuine.sender

    def finish(self) -> bool:
        """Let the rest arrive; whether all came up at both ends as it should."""
        for end in self.ends:
            end.outgoing()  # what mutants were answered with is lost
        number = self.stop
        if self._held is not None:
            target = self.target
            self._done(target, self._held)
            while (step := self.ends[target].next_step()) is not None:
                self._done(target, step)
            self._collect(target)
            number += 1
        while number < len(self.sent) and number < WHOLE + 2:
            self.deliver(number)
            number += 1
        up = []
        for end in self.ends:
            while (event := end.next_event()) is not None:
                if isinstance(event, SasInstalled):
                    up.append(event.pair)
        one, other = (list(end.sadb.pairs.values()) for end in self.ends)
        both = len(one) == len(other) == 1
        if self.stop == WHOLE:
            return both and number == WHOLE + 2  # the question was answered
        if not both:
            return False
        ours, theirs = one[0][1].sas, other[0][1].sas
        return [s.inbound_key for s in ours] == [s.outbound_key for s in theirs]

    # ---- with the right keys
    def plain(self, item: Sent) -> bytes | None:
        """What is in a message of the run that is encrypted; None of one in clear."""
        octets = unmarked(item)
        if not octets[19] & _ENCRYPTED:
            return None
        keys, iv = self._keys_and_iv(octets)
        return keys.cipher.decrypt(keys.encryption, iv, octets[HEADER_SIZE:])

    def opened(self, item: Sent, octets: bytes) -> bytes:
        """What is in another message, under the keys and the IV of that one; ValueError if it is not of
        whole blocks."""
        keys, iv = self._keys_and_iv(unmarked(item))
        return keys.cipher.decrypt(keys.encryption, iv, octets[HEADER_SIZE:])

    def sealed(self, item: Sent, plain: bytes, first: int | None = None) -> bytes:
        """A message with another content, under the keys and the IV of that one."""
        octets = unmarked(item)
        keys, iv = self._keys_and_iv(octets)
        secret = keys.cipher.encrypt(keys.encryption, iv, keys.cipher.padded(plain))
        header = decode_header(octets)
        following = header.next_payload if first is None else first
        made = header._replace(next_payload=following, length=HEADER_SIZE + len(secret))
        return marked(encode_header(made) + secret, floated=item.floated)

    def _keys_and_iv(self, octets: bytes) -> tuple[Keys, bytes]:
        header = decode_header(octets)
        keys = self.keys[header.initiator_cookie + header.responder_cookie]
        before = [unmarked(other) for other in self.sent]
        before = before[: before.index(octets)]
        same = [o for o in before if o[19] & _ENCRYPTED and o[20:24] == octets[20:24]]
        block = keys.cipher.block
        if same:
            return keys, same[-1][-block:]
        if not header.message_id:
            return keys, keys.iv
        last = [o for o in before if o[19] & _ENCRYPTED and not any(o[20:24])][-1]
        return keys, exchange_iv(keys, last[-block:], header.message_id)


def unmarked(item: Sent) -> bytes:
    """The IKE message of a datagram."""
    return item.datagram[4:] if item.floated else item.datagram


def marked(octets: bytes, *, floated: bool) -> bytes:
    """An IKE message as a datagram."""
    return bytes(4) + octets if floated else octets


def state_of(engine: Engine) -> dict[IkeSa, tuple[object, ...]]:
    """Everything about every SA that counts, keys of pairs among it, as values that do not change."""
    return {sa: _values(sa, _COUNTS) for sa in engine.sadb}


_COUNTS = [item.name for item in fields(IkeSa) if item.name not in _VOLATILE]
_OF_QUICK = [item.name for item in fields(Quick) if item.name != "private"]
_OF_AGREED = [item.name for item in fields(Agreed)]
_OF_NAT = [item.name for item in fields(NatState)]


def _values(item: object, names: list[str]) -> tuple[object, ...]:
    return tuple(_value(getattr(item, name)) for name in names)


def _value(value: object) -> object:
    if isinstance(value, Sending):
        return value.datagram
    if isinstance(value, NatState):
        return _values(value, _OF_NAT)
    if isinstance(value, Quick):
        return _values(value, _OF_QUICK)
    if isinstance(value, Agreed):
        return _values(value, _OF_AGREED)
    if isinstance(value, dict):
        return tuple((key, _value(item)) for key, item in value.items())
    if isinstance(value, set):
        return frozenset(value)
    return tuple(map(_value, value)) if isinstance(value, list) else value
