"""Runs our engine inside the rig, as its command, against the strongSwan that the rig runs.

    python -m tests.interop.engine_worker SCENARIO.json RESULT.json

SCENARIO: {"name": configuration, "connection" | "child" | "engine" | "certificates": changes by field,
"steps": [[WORD, ...]], "more": networks of further children by name, "dialect": the only one of NAT traversal that is heard of, "way": "loses" | "repeats" every datagram once}.
RESULT: {"events": [{"event", "at", fields...}], "said": [{"command", "status", "text"}], "missing": [steps
that did not come to pass], "dropped": {why: count}, "sas": Phase I SAs left, "pairs": pairs left}. The
result holds keys: a test compares them.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any

from impl.ike.engine import Engine
from impl.ike.natt import DIALECTS
from impl.ike.settings import Detection, Lifetime, Nat, identification_of
from impl.wire.errors import WireError
from impl.wire.message import NO_COOKIE, decode_header, decode_message, encode_message
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification, VendorId
from impl.wire.vendors import vendor_id
from model.vocabulary.selectors import Selector
from tests.interop.certificates import from_policy, with_certificates, with_kerberos
from tests.interop.peers import packets_in, settings_for

IKE_PORT, NAT_PORT = 500, 4500


def plain(value: object) -> Any:
    """A value as JSON has it: octets in hexadecimal, dataclasses by field."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (Selector, IPv4Address)):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


class Worker:
    """An engine on sockets, and the steps of a scenario."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.rig = dict(os.environ)
        changes = {key: _typed(scenario.get(key, {})) for key in ("connection", "child", "engine")}
        changes["more"] = {
            name: packets_in(network) for name, network in scenario.get("more", {}).items()
        }
        told = settings_for(scenario["name"], self.rig, **changes)
        if scenario.get("policy"):
            told = from_policy(told, self.rig, scenario["name"])
        elif scenario["name"].startswith("cert"):
            told = with_certificates(told, self.rig, scenario.get("certificates", {}))
        if scenario.get("kerberos"):
            told = with_kerberos(told, scenario["kerberos"])
        self.engine = Engine(told, os.urandom)
        self.dialect: str | None = scenario.get("dialect")
        self.way, self.seen = scenario.get("way"), set[bytes]()
        self.peer = (self.rig["RIG_PEER_IP"], IKE_PORT)
        self.sockets = {port: self._bound(port) for port in (IKE_PORT, NAT_PORT)}
        self.events: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.missing: list[list[Any]] = []
        self.steps: list[str] = []
        self.began = time.monotonic()

    # ---- the loop
    def pump(self, done: Callable[[], bool], seconds: float) -> bool:
        """Serve the engine until something has come to pass; whether it has, in that time."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            deadline = self.engine.next_deadline()
            if deadline is not None and deadline <= now:
                self.engine.handle_timeout(now)
            self._gather(now)
            if bool(done()):
                return True
            if now >= end:
                return False
            until = min(end, now + 0.05, *([deadline] if deadline is not None else []))
            ready, _, _ = select.select(self.sockets.values(), [], [], max(0.0, until - now))
            for sock in ready:
                datagram, source = sock.recvfrom(65_535)
                datagram = self._without_others(datagram)
                if self._lost(datagram):
                    continue
                floated = sock is self.sockets[NAT_PORT]
                self.engine.receive_datagram(datagram, source, time.monotonic(), floated=floated)

    def _gather(self, now: float) -> None:
        while (needed := self.engine.next_step()) is not None:
            self.steps.append(needed.what)
            self.engine.step_done(needed.number, needed.work.run(), time.monotonic())
        while (event := self.engine.next_event()) is not None:
            at = round(now - self.began, 3)
            self.events.append({"event": type(event).__name__, "at": at} | plain(event))
        for datagram, target, floated in self.engine.outgoing():
            datagram = self._without_others(datagram)
            if not self._lost(datagram):
                for _ in range(2 if self.way == "repeats" else 1):
                    self.sockets[NAT_PORT if floated else IKE_PORT].sendto(datagram, target)

    def _without_others(self, datagram: bytes) -> bytes:
        """Message 1 with the vendor id of one dialect of NAT traversal, if the scenario names one."""
        try:
            if self.dialect is None or decode_header(datagram).responder_cookie != NO_COOKIE:
                return datagram
            message = decode_message(datagram)
        except WireError:
            return datagram
        others = {VendorId(vendor_id(item.name)) for item in DIALECTS if item.name != self.dialect}
        kept = tuple(item for item in message.payloads if item not in others)
        return encode_message(replace(message, payloads=kept))

    def _lost(self, datagram: bytes) -> bool:
        """On a way that loses: whatever goes or comes for the first time."""
        if self.way != "loses" or datagram in self.seen:
            return False
        self.seen.add(datagram)
        return True

    def _bound(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((self.rig["RIG_LOCAL_IP"], port))
        return made

    # ---- the steps
    def start(self, child: str | None = None) -> bool:
        """Bring the connection up."""
        connection = self.engine.settings.connections[0]
        self.engine.start(connection, self.peer, time.monotonic(), child)
        return True

    def until(self, event: str, count: int = 1, seconds: float = 10) -> bool:
        """So many events of a kind, since the beginning."""

        def seen() -> bool:
            return [item["event"] for item in self.events].count(event) >= count

        return self.pump(seen, seconds)

    def wait(self, seconds: float) -> bool:
        """Serve for that long."""
        self.pump(lambda: False, seconds)
        return True

    def swanctl(self, *words: str) -> bool:
        """Have the peer's swanctl do something, and serve meanwhile."""
        command = [self.rig["RIG_PEER_SWANCTL"], *words]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True) as ran:
            ended = self.pump(lambda: ran.poll() is not None, 30)
            if not ended:
                ran.kill()
            text = ran.stdout.read() if ran.stdout is not None else ""
        self.said.append({"command": list(words), "status": ran.returncode, "text": text})
        return ended

    def packets(self, count: int, octets: int) -> bool:
        """Have the peer's host send packets that it must protect."""
        send = (
            "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
            f"[s.sendto(bytes({octets}), ({self.rig['RIG_LOCAL_INNER']!r}, 9)) for _ in range({count})]"
        )
        within = ["ip", "netns", "exec", self.rig["RIG_PEER_NS"]]
        return not subprocess.run([*within, sys.executable, "-c", send], check=False).returncode

    def cut(self) -> bool:
        """Cut the peer off."""
        return self._link("down")

    def mend(self) -> bool:
        """Join the peer again."""
        return self._link("up")

    def _link(self, state: str) -> bool:
        command = ["ip", "-n", self.rig["RIG_PEER_NS"], "link", "set", "eth0", state]
        return not subprocess.run(command, check=False).returncode

    def end(self) -> bool:
        """Delete all SAs, and tell the peer."""
        for sa in self.engine.sadb:
            self.engine.end(sa, time.monotonic(), "on demand")
        return True

    def rekey(self, child: str) -> bool:
        """A new pair beside the one that stands."""
        for sa in self.engine.sadb:
            self.engine.rekey(sa, child, time.monotonic())
        return True

    def run(self, steps: list[list[Any]]) -> dict[str, Any]:
        """All steps in order, whatever comes of them."""
        for word, *rest in steps:
            step: Callable[..., bool] = getattr(self, word)
            if not step(*rest):
                self.missing.append([word, *rest])
        self.wait(0.1)
        return {
            "events": self.events,
            "said": self.said,
            "missing": self.missing,
            "steps": self.steps,
            "dropped": dict(self.engine.dropped),
            "sas": len(self.engine.sadb),
            "pairs": len(self.engine.sadb.pairs),
        }


#: what JSON has as a table of fields
_TYPES: dict[str, Callable[..., object]] = {
    "life": Lifetime,
    "nat": Nat,
    "detection": Detection,
    "own": lambda address: identification_of(ip_address(address)),
    "expected": lambda name: Identification(IdType.FQDN, 0, 0, name.encode()),
    "local": lambda network: packets_in(network),
}


def _typed(changes: dict[str, Any]) -> dict[str, Any]:
    """Changes with their tables as what the settings have."""
    return {
        key: _TYPES[key](**value) if isinstance(value, dict) else value
        for key, value in changes.items()
    }


def main(scenario: str, result: str) -> None:
    """Run one scenario."""
    told = json.loads(Path(scenario).read_text())
    Path(result).write_text(json.dumps(Worker(told).run(told["steps"])))


if __name__ == "__main__":
    main(*sys.argv[1:])
