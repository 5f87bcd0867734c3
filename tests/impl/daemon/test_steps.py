"""What an authentication has done elsewhere: the daemon serves everybody meanwhile (R5, R9)."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from impl.auth.certificate import CertificateSettings
from impl.auth.keys import SigningKey
from impl.daemon.daemon import Daemon
from impl.daemon.sockets import Node
from impl.translate import local_addresses, plan
from impl.wire.numbers import Method
from model.formats import load
from tests.conftest import DictReader
from tests.impl.auth.authorities import NOW, Holder, authority, make, trust
from tests.impl.daemon.conftest import DEADLINE, A, B, Running, ask, policy, result, run

ROOT = authority()
HOLDERS = {side: make(f"{side}.test", ROOT, names=[f"{side}.test"]) for side in ("a", "b")}


class SlowKey(SigningKey):
    """A key that signs when it is told to, as a token does that waits for a touch."""

    __slots__ = ("asked", "ended", "may")

    def __init__(self, holder: Holder) -> None:
        super().__init__("token", holder.key)
        self.asked, self.may, self.ended = (threading.Event() for _ in range(3))

    def sign(self, hash_: bytes) -> bytes:
        self.asked.set()
        try:
            if not self.may.wait(DEADLINE):
                raise TimeoutError
            return super().sign(hash_)
        finally:
            self.ended.set()


def certified(side: str, key: SigningKey, peer_ports: tuple[int, int] = (1, 1)) -> Node:
    """A node with a certificate instead of a shared key."""
    peer = load(f"{side}.conf", side, DictReader({f"{side}.conf": policy(side).encode()}))
    (address, *_) = local_addresses(peer)
    made = plan(peer, address)
    (connection,) = made.settings.connections
    choices = tuple(replace(item, method=Method.RSA_SIGNATURES) for item in connection.choices)
    own = CertificateSettings((HOLDERS[side].certificate,), key, trust(ROOT))
    changed = replace(connection, choices=choices, accepted=(), secret=None, certificate=own)
    settings = replace(made.settings, connections=(changed,), utc=lambda _now: NOW)
    return Node(replace(made, settings=settings), (0, 0), peer_ports)


def test_r5_r9_a_slow_key_holds_nobody_up(tmp_path: Path) -> None:
    async def test() -> None:
        slow = SlowKey(HOLDERS["a"])
        other = certified("b", SigningKey("file:b.key", HOLDERS["b"].key))
        one = certified("a", slow, (other.port, other.nat_port))
        a = Running(Daemon([one], str(tmp_path / "a.sock")))
        b = Running(Daemon([other], str(tmp_path / "b.sock")))
        try:
            for end in (a, b):
                await end.until("listening")
            await ask(tmp_path / "a.sock", {"command": "up", "connection": "rig"})
            assert await asyncio.to_thread(slow.asked.wait, DEADLINE)
            # the key is waiting, and the daemon is not
            (status,) = await ask(tmp_path / "a.sock", {"command": "status"})
            (sa,) = result(status)["addresses"][0]["phase1"]
            assert sa["step"] == "sign HASH_I with token" and sa["state"] == "awaits message 4"
            assert sa["awaits"]["does"] == "prove"
            slow.may.set()
            (made,) = await a.until("phase1-established")
            assert made["proved"] == "O=Example, CN=b.test"
            await a.until("sas-installed", 2)
            (status,) = await ask(tmp_path / "b.sock", {"command": "status"})
            (sa,) = result(status)["addresses"][0]["phase1"]
            assert (sa["proved"], sa["step"]) == ("O=Example, CN=a.test", None)
        finally:
            slow.may.set()
            for end in (a, b):
                await end.stop()

    run(test)


def test_r18_a_daemon_ends_while_a_step_is_under_way(tmp_path: Path) -> None:
    async def test() -> None:
        other = certified("b", SigningKey("file:b.key", HOLDERS["b"].key))
        one = certified("a", slow, (other.port, other.nat_port))
        a = Running(Daemon([one], str(tmp_path / "a.sock")))
        b = Running(Daemon([other], str(tmp_path / "b.sock")))
        await a.until("listening")
        await b.until("listening")
        await ask(tmp_path / "a.sock", {"command": "up", "connection": "rig"})
        assert await asyncio.to_thread(slow.asked.wait, DEADLINE)
        await a.stop()
        assert a.of("stopped") and not a.of("phase1-established")
        await b.stop()

    slow = SlowKey(HOLDERS["a"])
    run(test)
    assert not slow.ended.is_set()  # the loop has ended, and the step has not
    slow.may.set()


# ---- from policies
POLICY = """format = 1
address = "{here}"
[[main_mode.offers]]
encryption = "3des"
hash = "sha1"
group = 2
[filter_lists.peer]
filters = [ {{ source = "me", destination = "{there}" }} ]
[[filter_actions.secure.offers]]
esp = {{ encryption = "3des", integrity = "sha1" }}
[[rules]]
name = "peer"
filter_list = "peer"
filter_action = "secure"
authentication = [
  {{ method = "certificate", certificate = "{side}.pem", key = "file:{side}.key", ca = "ca.pem" }},
]
"""


def from_policy(side: str, peer_ports: tuple[int, int] = (1, 1)) -> Node:
    """A node as `ikeproof run` makes it of a native policy and its files."""
    here, there = (A, B) if side == "a" else (B, A)
    pem, holder = Encoding.PEM, HOLDERS[side]
    files = {
        f"{side}.toml": POLICY.format(here=here, there=there, side=side).encode(),
        f"{side}.pem": holder.certificate.public_bytes(pem),
        f"{side}.key": holder.pem_key,
        "ca.pem": ROOT.certificate.public_bytes(pem),
    }
    made = plan(load(f"{side}.toml", side, DictReader(files)), ip_address(here))
    at_noon = replace(made.settings, utc=lambda _now: NOW)
    return Node(replace(made, settings=at_noon), (0, 0), peer_ports)


def test_r3_r5_native_policies_with_certificates_come_up(tmp_path: Path) -> None:
    async def test() -> None:
        other = from_policy("b")
        a = Running(
            Daemon([from_policy("a", (other.port, other.nat_port))], str(tmp_path / "a.sock"))
        )
        b = Running(Daemon([other], str(tmp_path / "b.sock")))
        try:
            await b.until("listening")
            await a.until("listening")
            up = {"command": "up", "connection": "peer", "wait": 15}
            (answer,) = await ask(tmp_path / "a.sock", up)
            assert result(answer)["outcome"] == "established"
            (made,) = await b.until("phase1-established")
            assert made["identity"]["type"] == "DER-ASN1-DN"
            assert made["proved"] == "O=Example, CN=a.test"
        finally:
            for end in (a, b):
                await end.stop()

    run(test)
