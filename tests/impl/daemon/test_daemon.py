"""Two daemons on loopback (R9, R11, R17, R18, R22)."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest

from impl.capture.keylog import read_keylog
from impl.daemon.daemon import Daemon
from impl.daemon.sockets import Node, PortError
from impl.wire.message import NO_COOKIE, Header, Message, encode_message
from impl.wire.numbers import ExchangeType, ProtocolId
from impl.wire.proposals import Proposal, SecurityAssociation
from tests.impl.daemon.conftest import Running, ask, node, policy, result, run, two


def test_r11_r22_up_gives_sas_at_both_ends_and_status_shows_them(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path) as (a, b):
            up = {"command": "up", "connection": "rig", "wait": 15}
            up_answer, status = await ask(tmp_path / "a.sock", up, {"command": "status"})
            outcome = result(up_answer)
            assert outcome["outcome"] == "established"
            assert [c["child"] for c in outcome["children"]] == ["net", "two"]
            theirs = {
                item["pair"]["sas"][0]["inbound_spi"] for item in await b.until("sas-installed", 2)
            }
            (own,) = result(status)["addresses"]
            (sa,) = own["phase1"]
            assert (sa["state"], sa["role"], sa["served"]) == ("established", "initiator", 2)
            assert sa["identity"] == {"type": "FQDN", "value": "b.test"}
            assert sa["choice"]["encryption"] == "AES-CBC"
            assert {pair["sas"][0]["outbound_spi"] for pair in own["pairs"]} == theirs
            assert own["half_open"] == 0 and own["dropped"] == {}
            assert {timer["what"] for timer in own["timers"]} >= {"life"}
            assert len(a.of("phase1-established")) == 1

    run(test)


def test_status_shows_the_tables_and_the_row_that_is_awaited(tmp_path: Path) -> None:
    async def test() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.2", 0))
            port = deaf.getsockname()[1]
            end = Running(Daemon([node("a", policy("a"), (port, port))], str(tmp_path / "s")))
            await end.until("listening")
            up = {"command": "up", "connection": "rig", "child": "net"}
            opened, answer = await ask(tmp_path / "s", up, {"command": "status"})
            assert result(opened)["outcome"] == "open"
            (sa,) = result(answer)["addresses"][0]["phase1"]
            assert sa["state"] == "awaits message 2"
            assert sa["awaits"] == {
                "needs": ["SecurityAssociation"],
                "sealed": False,
                "does": "take_answer",
                "then": "awaits message 4",
            }
            main = {row["state"] for row in result(answer)["tables"]["main-mode"]}
            assert {"idle", "awaits message 6"} <= main
            await end.stop()
            assert not end.of("phase1-ended")  # nothing stood, so nobody is told

    run(test)


def test_r16_rekey_makes_new_pairs_and_up_again_makes_none(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path) as (a, b):
            path = tmp_path / "a.sock"
            up = {"command": "up", "connection": "rig", "child": "net", "wait": 15}
            again, rekey, missing = await ask(
                path,
                up,
                {"command": "rekey", "connection": "rig", "wait": 15},
                {"command": "rekey", "connection": "rig", "child": "two"},
            )
            assert result(again)["outcome"] == result(rekey)["outcome"] == "established"
            assert [c["child"] for c in result(rekey)["children"]] == ["net"]
            assert not missing["ok"] and "bring it up first" in missing["error"]
            (once_more,) = await ask(path, up)
            assert result(once_more)["outcome"] == "established"
            assert [c["child"] for c in result(once_more)["children"]] == ["net"]
            await b.until("sas-installed", 2)
            assert len(a.of("sas-installed")) == 2 and len(a.of("phase1-established")) == 1

    run(test)


def test_r18_down_deletes_at_both_ends(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path) as (_a, b):
            up = {"command": "up", "connection": "rig", "wait": 15}
            down = {"command": "down", "connection": "rig"}
            _, gone, status = await ask(tmp_path / "a.sock", up, down, {"command": "status"})
            assert result(gone) == {"deleted": 3}
            (own,) = result(status)["addresses"]
            assert own["phase1"] == own["pairs"] == own["timers"] == []
            assert len(await b.until("sas-deleted", 2)) == 2
            (ended,) = await b.until("phase1-ended")
            assert "deleted" in ended["why"]
            (other,) = await ask(tmp_path / "b.sock", {"command": "status"})
            (theirs,) = result(other)["addresses"]
            assert theirs["phase1"] == theirs["pairs"] == theirs["timers"] == []

    run(test)


def test_r18_a_daemon_that_ends_tells_its_peers_first(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path) as (a, b):
            await ask(tmp_path / "a.sock", {"command": "up", "connection": "rig", "wait": 15})
            await b.until("sas-installed", 2)
            await a.stop()
            await b.until("sas-deleted", 2)
            await b.until("phase1-ended")
            assert [item["event"] for item in a.events][-1] == "stopped"
            assert a.of("stopping")[0]["why"] == "SIGTERM"
            assert not (tmp_path / "a.sock").exists()

    run(test)


@pytest.mark.parametrize(
    ("b", "reason"),
    [
        (policy("b", psk="other"), "no-responder"),
        (
            policy("b").replace("aes128-sha256-modp1024, 3des-sha1-modp1024", "des-md5-modp768"),
            "proposal-p1",
        ),
    ],
)
def test_r5_up_says_why_phase1_fails(tmp_path: Path, b: str, reason: str) -> None:
    async def test() -> None:
        async with two(tmp_path, b=b, interval=0.02):
            up = {"command": "up", "connection": "rig", "wait": 15}
            (answer,) = await ask(tmp_path / "a.sock", up)
            assert (result(answer)["outcome"], result(answer)["reason"]) == ("fails", reason)

    run(test)


def test_r9_what_somebody_begins_in_the_peers_name_is_no_outcome(tmp_path: Path) -> None:
    """A stranger's offer is refused; what was asked for is open all the same."""
    offer = encode_message(
        Message(
            Header(b"stranger", NO_COOKIE, 0, ExchangeType.MAIN, 0, 0, 0),
            (SecurityAssociation((Proposal(1, ProtocolId.ISAKMP, b"", ()),)),),
        )
    )

    async def test() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.2", 0))
            port = peer.getsockname()[1]
            end = Running(Daemon([node("a", policy("a"), (port, port))], str(tmp_path / "s")))
            (listening,) = await end.until("listening")
            up = {"command": "up", "connection": "rig", "wait": 2}
            asked = asyncio.ensure_future(ask(tmp_path / "s", up))
            assert await asyncio.to_thread(peer.recv, 4096)
            peer.sendto(offer, ("127.0.0.1", listening["port"]))
            (failed,) = await end.until("phase1-failed")
            assert (failed["initiated"], failed["reason"]) == (False, "proposal-p1")
            (answer,) = await asked
            assert (result(answer)["outcome"], result(answer)["why"]) == ("open", None)
            await end.stop()

    run(test)


def test_r10_up_says_which_child_fails_and_why(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path, b=policy("b", second="null-md5")) as (_a, _b):
            up = {"command": "up", "connection": "rig", "wait": 15}
            (answer,) = await ask(tmp_path / "a.sock", up)
            outcome = result(answer)
            assert outcome["outcome"] == "fails" and outcome["reason"] is None
            assert [(c["child"], c["outcome"], c["reason"]) for c in outcome["children"]] == [
                ("net", "established", None),
                ("two", "fails", "proposal-p2"),
            ]

    run(test)


def test_r4_keys_are_logged_only_where_asked_for_and_never_told(tmp_path: Path) -> None:
    async def test() -> None:
        log = tmp_path / "keys"
        async with two(tmp_path, keylog=log) as (a, b):
            up = {"command": "up", "connection": "rig", "wait": 15}
            answers = await ask(tmp_path / "a.sock", up, {"command": "status"})
            await b.until("sas-installed", 2)
            kept = read_keylog(log.read_text())
            (cookies,) = kept.values
            assert set(kept.values[cookies]) == {
                "SKEYID",
                "SKEYID_D",
                "SKEYID_A",
                "SKEYID_E",
                "KEY",
            }
            assert log.stat().st_mode & 0o777 == 0o600
            said = json.dumps([answers, a.events, b.events])
            assert a.of("phase1-established")[0]["sa"] == (cookies[0] + cookies[1]).hex()
            assert not any(value.hex() in said for value in kept.values[cookies].values())
            assert "bound_key" not in said and "hush" not in said
        assert sorted(path.name for path in tmp_path.iterdir()) == ["keys"]

    run(test)


def test_r9_rubbish_is_counted_and_changes_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(tmp_path) as (a, b):
            (address,) = result((await ask(tmp_path / "b.sock", {"command": "status"}))[0])[
                "addresses"
            ]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for port in (address["port"], address["nat_port"]):
                    for datagram in (b"", b"\xff", b"x" * 27, os.urandom(400), bytes(2000)):
                        sock.sendto(datagram, ("127.0.0.2", port))
            await ask(tmp_path / "a.sock", {"command": "up", "connection": "rig", "wait": 15})
            (status,) = await ask(tmp_path / "b.sock", {"command": "status"})
            (own,) = result(status)["addresses"]
            assert sum(own["dropped"].values()) == 10 and len(own["phase1"]) == 1
            assert a.of("phase1-established") and b.of("phase1-established")

    run(test)


def test_r19_a_pair_ends_after_its_seconds_and_the_peer_is_told(tmp_path: Path) -> None:
    async def test() -> None:
        brief = policy("a").replace(
            "esp_proposals = aes128-sha256",
            "esp_proposals = aes128-sha256\nlife_time = 1s\nrekey_time = 0",
        )
        async with two(tmp_path, a=brief) as (a, b):
            up = {"command": "up", "connection": "rig", "child": "net", "wait": 15}
            await ask(tmp_path / "a.sock", up)
            (gone,) = await a.until("sas-deleted")
            assert gone["why"] == "its lifetime is over"
            await b.until("sas-deleted")

    run(test)


def test_a_port_that_is_taken_is_said_and_nothing_stays_open() -> None:
    async def test() -> None:
        first = node("a", policy("a"))
        with pytest.raises(PortError, match=rf"127\.0\.0\.1 port {first.port}: .*in use"):
            Node(first.plan, (0, first.port), (1, 1))
        first.close()

    run(test)


def test_several_addresses_answer_from_the_one_that_was_asked(tmp_path: Path) -> None:
    async def test() -> None:
        here = node("b", policy("b"))
        there = node(
            "b2", policy("b").replace("local_addrs = 127.0.0.2", "local_addrs = 127.0.0.1")
        )
        end = Running(Daemon([here, there], str(tmp_path / "s")))
        await end.until("listening", 2)
        (status,) = await ask(tmp_path / "s", {"command": "status"})
        assert [item["address"] for item in result(status)["addresses"]] == [
            here.address,
            there.address,
        ]
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind(("127.0.0.1", 0))
            first = node("a", policy("a"), (here.port, here.nat_port))
            first.engine.start(first.plan.settings.connections[0], ("127.0.0.2", here.port), 0.0)
            (sent,) = first.engine.outgoing()
            first.close()
            await loop.sock_sendto(sock, sent.datagram, ("127.0.0.2", here.port))
            answer, source = await asyncio.wait_for(loop.sock_recvfrom(sock, 4096), 10)
            assert source == ("127.0.0.2", here.port) and answer[:8] == sent.datagram[:8]
        await end.stop()

    run(test)
