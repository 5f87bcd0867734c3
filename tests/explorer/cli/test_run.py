"""`ikeproof run` and `ikeproof ctl`, as programs on loopback (R9, R18, R22)."""

from __future__ import annotations

import datetime
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from impl.wire.message import Header, Message, encode_message
from impl.wire.numbers import ProtocolId
from impl.wire.proposals import Proposal, SecurityAssociation
from tests.explorer.conftest import Run
from tests.impl.daemon.conftest import policy
from tests.interop.pki import PKI

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 30.0
NATIVE = """format = 1
address = "{here}"
[[main_mode.offers]]
encryption = "3des"
hash = "sha1"
group = 2
[filter_lists.peer]
filters = [ {{ source = "me", destination = "{there}", protocol = "tcp" }} ]
[filter_actions.secure]
[[filter_actions.secure.offers]]
esp = {{ encryption = "3des", integrity = "sha1" }}
[[rules]]
name = "rig"
filter_list = "peer"
filter_action = "secure"
authentication = [ {{ method = "pre-shared-key", secret = "file:key.txt" }} ]
"""


class Program:
    """A running `ikeproof run`, and the lines it prints."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ikeproof", "run", *map(str, arguments), "--format", "json"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events: list[dict[str, Any]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def until(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait for an event of a kind."""
        while sum(item["event"] == kind for item in self.events) < count:
            line = self._lines.get(timeout=DEADLINE)
            assert line, (kind, self.process.stderr.read() if self.process.stderr else "")
            self.events.append(json.loads(line))
        return [item for item in self.events if item["event"] == kind][-1]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit code after a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(DEADLINE)


Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs, which end with the test."""
    made: list[Program] = []

    def go(*arguments: object) -> Program:
        made.append(Program(*arguments))
        return made[-1]

    yield go
    for item in made:
        item.end()


@pytest.fixture(params=["swanctl", "native", "bundle"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """Two policies for each other, in either format; the last wants AH and ESP together."""
    (tmp_path / "key.txt").write_text("hush\n")
    hosts = ("127.0.0.1", "127.0.0.2")
    for side, here, there in (("a", *hosts), ("b", *reversed(hosts))):
        if request.param == "swanctl":
            (tmp_path / f"{side}.conf").write_text(policy(side))
        else:
            text = NATIVE.format(here=here, there=there)
            if request.param == "bundle":
                text = text.replace("esp = {", 'ah = { integrity = "md5" }\nesp = {')
            (tmp_path / f"{side}.toml").write_text(text)
    ending = "conf" if request.param == "swanctl" else "toml"
    return tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"


def free(*more: object) -> tuple[object, ...]:
    return ("--port", 0, "--nat-port", 0, *more)


def test_r18_r22_two_programs_negotiate_rekey_and_ctrl_c_deletes_first(
    start: Start, both: tuple[Path, Path], tmp_path: Path, run: Run
) -> None:
    one, other = both
    sockets = {side: tmp_path / f"{side}.sock" for side in "ab"}
    b = start(other, *free("--control", sockets["b"]))
    there = b.until("listening")
    ports = ("--peer-port", there["port"], "--peer-nat-port", there["nat_port"])
    log = tmp_path / "keys"
    a = start(one, *free(*ports, "--control", sockets["a"], "--up", "rig", "--keylog", log))
    a.until("sas-installed")
    b.until("sas-installed")
    assert log.stat().st_mode & 0o777 == 0o600 and "SKEYID_E" in log.read_text()
    status = json.loads(run("ctl", "status", "--control", sockets["b"], "--format", "json").out)
    (own,) = status["addresses"]
    assert [sa["role"] for sa in own["phase1"]] == ["responder"] and own["pairs"]
    shown = run("ctl", "status", "--control", sockets["a"])
    assert "established  as initiator" in shown.out and "hush" not in shown.out
    assert ("AH MD5" in shown.out) is ("ah =" in one.read_text())
    for pair in own["pairs"]:
        crosswise = (
            f"{sas['outbound_spi']:08x} in, {sas['inbound_spi']:08x} out" for sas in pair["sas"]
        )
        assert f"SPIs {' + '.join(crosswise)}" in shown.out
    count = len(own["pairs"])
    again = run("ctl", "rekey", "rig", "--control", sockets["b"])
    assert again.code == 0 and "ESTABLISHED" in again.out
    a.until("sas-installed", count + 1)
    assert a.end(signal.SIGINT) == 0
    b.until("phase1-ended")
    last = [item["event"] for item in b.events if item["event"] != "noted"]
    assert last.count("sas-deleted") == last.count("sas-installed")
    assert not sockets["a"].exists()
    assert b.end() == 0
    text = "".join(json.dumps(item) for item in [*a.events, *b.events])
    assert "hush" not in text


def test_r18_a_terminal_that_goes_ends_it_with_deletes(start: Start, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text(policy("a"))
    a = start(tmp_path / "a.conf", *free("--control", tmp_path / "a.sock"))
    a.until("listening")
    assert a.end(signal.SIGHUP) == 0
    assert a.until("stopping")["why"] == "SIGHUP" and a.until("stopped")


def test_r9_r22_a_reader_that_takes_nothing_holds_the_daemon_not_up(
    tmp_path: Path, run: Run
) -> None:
    """More events than a pipe holds, from refused offers in the peer's name; `ctl` is answered all the same."""
    (tmp_path / "a.conf").write_text(policy("a"))
    control, lines = tmp_path / "a.sock", []
    command = ("-m", "ikeproof", "run", tmp_path / "a.conf", *free("--control", control))
    process = subprocess.Popen(
        [sys.executable, *map(str, command), "--format", "json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        port = json.loads(process.stdout.readline())["port"]
        nothing = SecurityAssociation((Proposal(1, ProtocolId.ISAKMP, b"", ()),))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            stranger.settimeout(DEADLINE)
            for number in range(1, 1001):
                header = Header(number.to_bytes(8, "big"), bytes(8), 0, 2, 0, 0, 0)
                stranger.sendto(encode_message(Message(header, (nothing,))), ("127.0.0.1", port))
                assert stranger.recv(4096)
        done = run("ctl", "status", "--control", control, "--format", "json")
        assert done.code == 0 and len(json.loads(done.out)["addresses"]) == 1
        process.send_signal(signal.SIGTERM)
        lines = process.stdout.readlines()
        assert process.wait(DEADLINE) == 0 and not process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    events = [json.loads(line)["event"] for line in lines]
    assert events.count("phase1-failed") == 1000 and events[-1] == "stopped"


def test_down_and_up_from_outside(start: Start, tmp_path: Path, run: Run) -> None:
    for side in "ab":
        (tmp_path / f"{side}.conf").write_text(policy(side))
    b = start(tmp_path / "b.conf", *free("--control", tmp_path / "b.sock"))
    there = b.until("listening")
    ports = ("--peer-port", there["port"], "--peer-nat-port", there["nat_port"])
    a = start(tmp_path / "a.conf", *free(*ports, "--control", tmp_path / "a.sock"))
    a.until("listening")
    control = ("--control", tmp_path / "a.sock")
    up = run("ctl", "up", "rig", "net", *control)
    assert up.code == 0 and "established" in up.out
    assert run("ctl", "down", *control).code == 2
    down = run("ctl", "down", "--all", *control)
    assert (down.code, down.out) == (0, "2 SAs deleted\n")
    b.until("phase1-ended")
    assert run("ctl", "up", "other", *control).code == 2
    assert run("ctl", "rekey", "rig", *control).code == 2
    assert "its children are: net, two" in run("ctl", "up", "rig", "none", *control).err


def test_up_that_fails_is_exit_code_1_and_one_that_is_open_3(
    start: Start, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "a.conf").write_text(policy("a"))
    other = policy("b").replace("aes128-sha256-modp1024, 3des-sha1-modp1024", "des-md5-modp768")
    (tmp_path / "b.conf").write_text(other)
    b = start(tmp_path / "b.conf", *free("--control", tmp_path / "b.sock"))
    there = b.until("listening")
    ports = ("--peer-port", there["port"], "--peer-nat-port", there["nat_port"])
    a = start(tmp_path / "a.conf", *free(*ports, "--control", tmp_path / "a.sock"))
    a.until("listening")
    up = run("ctl", "up", "rig", "--wait", 0.5, "--control", tmp_path / "a.sock")
    assert up.code == 3 and up.out.startswith("OPEN")
    assert "proposal-p1" in json.dumps(b.until("phase1-failed"))


WRONG = [
    (("--up", "none"), "unknown connection"),
    (("--peer", "none"), "no connection 'none'"),
    (("--listen", "nonsense"), "not an IP address"),
    (("--listen", "0.0.0.0"), "not a single address"),
    (("--listen", "127.0.0.9"), "no connection of a is for the local address"),
    (("--keylog", "{tmp}/open"), "other users can read it"),
    (("--keylog", "{tmp}/none/keys"), "No such file"),
    (("--keylog", "{tmp}/link"), "it is a symbolic link"),
    (("--control", "{tmp}/open"), "not a socket"),
    (("--profile", "none"), "unknown profile"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_bad_usage_is_one_line_and_exit_code_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "a.conf").write_text(policy("a"))
    (tmp_path / "open").write_text("")
    os.chmod(tmp_path / "open", 0o644)
    (tmp_path / "link").symlink_to("elsewhere")
    before = sorted(tmp_path.iterdir())
    if arguments[0] != "--keylog":
        arguments = (*arguments, "--keylog", "{tmp}/keys")
    filled = (item.format(tmp=tmp_path) for item in arguments)
    done = run("run", tmp_path / "a.conf", *free("--control", tmp_path / "s"), *filled)
    assert done.code == 2 and done.err.startswith("error: ") and words in done.err
    assert done.err.count("\n") == 1 and not done.out
    assert sorted(tmp_path.iterdir()) == before


def test_a_policy_that_cannot_be_run_is_refused_with_its_line(run: Run, tmp_path: Path) -> None:
    text = policy("a").replace("auth = psk", "auth = pubkey")
    (tmp_path / "a.conf").write_text(text)
    done = run("run", tmp_path / "a.conf", *free())
    assert (
        done.code == 2
        and "a.conf:6: rig uses certificates, but names no local certificate" in done.err
    )
    (tmp_path / "a.conf").write_text(policy("a").replace("local_addrs = 127.0.0.1", ""))
    done = run("run", tmp_path / "a.conf", *free())
    assert done.code == 2 and "--listen ADDRESS" in done.err


def test_a_port_that_is_taken_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text(policy("a"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        more = ("--control", tmp_path / "s", "--keylog", tmp_path / "keys")
        done = run("run", tmp_path / "a.conf", "--port", port, "--nat-port", 0, *more)
    assert done.code == 2 and f"127.0.0.1 port {port}" in done.err and "--port" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.conf"]


def test_nobody_to_ask_is_said(run: Run, tmp_path: Path) -> None:
    done = run("ctl", "status", "--control", tmp_path / "none")
    assert done.code == 2 and "no daemon at" in done.err
    (tmp_path / "file").write_text("")
    assert "it is not a socket" in run("ctl", "status", "--control", tmp_path / "file").err


def certified(folder: Path, side: str, pki: PKI) -> Path:
    """A swanctl folder of one side, with its certificate, its key and the authority."""
    who = "peer" if side == "a" else "cmd"
    text = (
        policy(side).replace("auth = psk", "auth = pubkey").replace("aes128-sha256-modp1024, ", "")
    )
    for name, other in (("a.test", "peer.rig.test"), ("b.test", "cmd.rig.test")):
        text = text.replace(name, other)
    files = {
        "swanctl.conf": text.encode(),
        "x509/own.crt": pki.certificate(who),
        "x509ca/ca.crt": pki.certificate("ca"),
        "private/own.key": pki.key(who),
        "private/unread.key": b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
    }
    for name, octets in files.items():
        path = folder / side / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    return folder / side / "swanctl.conf"


def test_r3_certificates_with_keys_from_swanctls_folder_or_by_name(
    start: Start, tmp_path: Path, run: Run
) -> None:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    pki = PKI(today)
    one, other = (certified(tmp_path, side, pki) for side in "ab")
    b = start(other, *free("--control", tmp_path / "b.sock"))
    there = b.until("listening")
    moved = tmp_path / "a.key"
    (one.parent / "private" / "own.key").rename(moved)
    without = run("run", one, *free("--control", tmp_path / "a.sock"))
    assert without.code == 2 and "no private key belongs to" in without.err
    bad = run("run", one, "--key", one, *free("--control", tmp_path / "a.sock"))
    assert bad.code == 2 and "no private key can be read" in bad.err
    ports = ("--peer-port", there["port"], "--peer-nat-port", there["nat_port"])
    a = start(one, *free(*ports, "--control", tmp_path / "a.sock", "--up", "rig", "--key", moved))
    made = a.until("phase1-established")
    assert (
        made["choice"]["method"] == "RSA-SIGNATURES" and made["proved"] == "O=rig, CN=cmd.rig.test"
    )
    a.until("sas-installed")
    b.until("sas-installed")
