"""A mechanism of GSS-API in plain Python, for the flow of messages: no Kerberos, and no secrets worth it.

A realm hands out one key a principal. Tokens say who sends them and to whom, sealed with the receiver's
key; so many of them go each way as the realm says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from impl.auth.gss import Context, GssFailure


@dataclass
class Realm:
    """Who there is, and how contexts are made.

    legs    tokens until a context is complete: 2 as Kerberos, more as other mechanisms
    flags   what complete contexts have
    """

    principals: dict[str, bytes] = field(default_factory=dict)
    legs: int = 2
    flags: frozenset[str] = frozenset(("mutual authentication", "integrity", "confidentiality"))

    def join(self, *names: str) -> Realm:
        for name in names:
            self.principals[name] = hashlib.sha256(name.encode()).digest()
        return self

    def at(self, name: str, *, fails: str = "", accepts: str | None = None) -> Station:
        """The mechanism at a principal's machine."""
        return Station(self, name, fails, accepts or name)


@dataclass
class Station:
    """One end's mechanism; `fails`: what every call fails of; `accepts`: whose key it has."""

    realm: Realm
    name: str
    fails: str
    accepts: str
    #: every call, in order, for tests that count them
    calls: list[str] = field(default_factory=list)
    #: what was wrapped
    wrapped: list[bytes] = field(default_factory=list)

    def initiate(self, target: str) -> Context:
        self.called(f"initiate {target}")
        if target not in self.realm.principals:
            raise GssFailure(f"the KDC knows no such principal: {target}", identity=True)
        return FakeContext(self, target, initiator=True)

    def accept(self) -> Context:
        self.called("accept")
        return FakeContext(self, "", initiator=False)

    def called(self, what: str) -> None:
        self.calls.append(what)
        if self.fails:
            raise GssFailure(self.fails)


class FakeContext:
    """One context."""

    def __init__(self, station: Station, target: str, *, initiator: bool) -> None:
        self._station, self._initiator = station, initiator
        self._target = target if initiator else station.accepts
        self._source = station.name if initiator else ""
        self._done = 0
        self._counts = [0, 0]

    def step(self, token: bytes | None) -> bytes:
        self._station.called("step")
        if token is not None:
            self._take(token)
        elif not self._initiator:
            raise GssFailure("an acceptor begins with a token")
        if self._done < self._station.realm.legs:
            return self._make()
        return b""

    def _make(self) -> bytes:
        self._done += 1
        said = {"leg": self._done, "from": self._source, "to": self._target}
        body = json.dumps(said).encode()
        return b"\x60" + hmac.digest(self._key, body, "sha256") + body

    def _take(self, token: bytes) -> None:
        mac, body = token[1:33], token[33:]
        if not hmac.compare_digest(mac, hmac.digest(self._key, body, "sha256")):
            raise GssFailure("the token was made with another key, or altered on the way")
        said = json.loads(body)
        self._done += 1
        if said["leg"] != self._done:
            raise GssFailure("the token was used before: a replay")
        self._source = said["from"]

    @property
    def _key(self) -> bytes:
        return self._station.realm.principals[self._target]

    @property
    def complete(self) -> bool:
        return self._done >= self._station.realm.legs

    @property
    def peer(self) -> str:
        return self._target if self._initiator else self._source

    @property
    def own(self) -> str:
        return self._source if self._initiator else self._target

    def lacks(self, *, confidentiality: bool) -> str:
        wanted = ["mutual authentication", "integrity"]
        wanted += ["confidentiality"] if confidentiality else []
        return ", ".join(item for item in wanted if item not in self._station.realm.flags)

    def wrap(self, octets: bytes, *, confidentiality: bool) -> bytes:
        self._station.called("wrap")
        self._station.wrapped.append(octets)
        self._counts[0] += 1
        return self._wrapped(octets, self._counts[0], own=True)

    def _wrapped(self, octets: bytes, count: int, *, own: bool) -> bytes:
        way = b"I" if self._initiator is own else b"R"
        body = way + count.to_bytes(4, "big") + octets
        return hmac.digest(self._key, body, "sha256") + body

    def unwrap(self, token: bytes) -> bytes:
        self._station.called("unwrap")
        octets = token[37:]
        if token != self._wrapped(octets, self._counts[1] + 1, own=False):
            raise GssFailure("the token was altered on the way, or comes out of order")
        self._counts[1] += 1
        return octets
