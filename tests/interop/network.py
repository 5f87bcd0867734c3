"""Two charons in network namespaces: addresses, NAT, names and settings as a case wants them.

Builds on the rig (rig/strongswan_rig.py): its namespaces, its charon. What it adds: a kernel without ESP and
AH installs SAs all the same (rig/kernel_shim.c), NAT on either side, addresses that change from case to case,
names in /etc/hosts, settings of strongswan.conf by side. Standard library only.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

#: the addresses that a side has unless a case says otherwise
ADDRESSES: dict[str, tuple[str, ...]] = {
    "peer": ("192.0.2.1/24", "2001:db8::1/64"),
    "cmd": ("192.0.2.2/24", "2001:db8::2/64"),
}
#: behind a NAT: the private address, the router's inside, and the router's outside, which is public
PRIVATE = {"peer": "10.65.0.2", "cmd": "10.66.0.2"}
_INSIDE = {"peer": "10.65.0.1", "cmd": "10.66.0.1"}
PUBLIC = {"peer": "192.0.2.1", "cmd": "192.0.2.2"}
#: What one side's NAT does: ports change on the way out, 500 and 4500 come in where they are forwarded.
_CHANGES = """
  chain post {
    type nat hook postrouting priority 100; policy accept;
    oifname "out0" ip protocol udp masquerade to :20000-29999 fully-random
    oifname "out0" masquerade
  }
"""
_FORWARDS = """
  chain pre {
    type nat hook prerouting priority -100; policy accept;
    iifname "out0" udp dport { 500, 4500 } dnat to %s
  }
"""
# A new kernel would look at a mapping no more than at the one before: all are forgotten between two runs.
_FORGET = """
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack("=IHHIIBBH", 20, 0x102, 5, 1, 0, 0, 0, 0))
assert struct.unpack_from("=i", s.recv(4096), 16)[0] == 0
"""


def rig_module(script: str) -> Any:
    """The rig as a module."""
    spec = importlib.util.spec_from_file_location("strongswan_rig", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["strongswan_rig"] = module
    spec.loader.exec_module(module)
    return module


class Vici:
    """A charon's control socket (its plugin's README.md has the protocol)."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(path)

    def call(self, command: str, event: str = "", /, **values: str) -> list[dict[str, Any]]:
        """The answer, after the events of one name that come with it."""
        if event:
            self._send(bytes((3, len(event))) + event.encode())
            assert self._receive()[0] == 5
        text = b"".join(
            bytes((3, len(key))) + key.encode() + struct.pack("!H", len(value)) + value.encode()
            for key, value in ((k.replace("_", "-"), v) for k, v in values.items())
        )
        self._send(bytes((0, len(command))) + command.encode() + text)
        found = []
        while True:
            packet = self._receive()
            if packet[0] == 7:
                found.append(_tree(packet[2 + packet[1] :]))
            elif packet[0] == 1:
                found.append(_tree(packet[1:]))
                break
            else:
                raise OSError(f"{command}: vici answers {packet[0]}")
        if event:
            self._send(bytes((4, len(event))) + event.encode())
            while self._receive()[0] == 7:
                pass
        return found

    def close(self) -> None:
        self._socket.close()

    def _send(self, packet: bytes) -> None:
        self._socket.sendall(struct.pack("!I", len(packet)) + packet)

    def _receive(self) -> bytes:
        (length,) = struct.unpack("!I", self._exactly(4))
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            more = self._socket.recv(length - len(found))
            if not more:
                raise OSError("charon has gone")
            found += more
        return found


def _tree(octets: bytes) -> dict[str, Any]:
    """A vici message as dictionaries, lists and strings."""
    root: dict[str, Any] = {}
    stack, at, listed = [root], 0, ""

    def text(width: int) -> str:
        nonlocal at
        length = int.from_bytes(octets[at : at + width], "big")
        at += width + length
        return octets[at - length : at].decode(errors="replace")

    while at < len(octets):
        kind, at = octets[at], at + 1
        if kind == 1:
            inner: dict[str, Any] = {}
            stack[-1][text(1)] = inner
            stack.append(inner)
        elif kind == 2:
            stack.pop()
        elif kind == 3:
            name = text(1)
            stack[-1][name] = text(2)
        elif kind == 4:
            listed = text(1)
            stack[-1][listed] = []
        elif kind == 5:
            stack[-1][listed].append(text(2))
    return root


class Network:
    """The namespaces and charons of a batch; a context that takes everything down.

    behind     the sides that are behind a NAT
    shim       the library that lets SAs be installed; empty where userland ESP does
    settings   of strongswan.conf, for both        starting   more of them by side, from the start
    """

    def __init__(
        self,
        script: str,
        shim: str,
        behind: tuple[str, ...],
        settings: list[str],
        starting: dict[str, tuple[str, ...]],
        log_level: int,
        userland: bool = False,
    ) -> None:
        self._rig, self._shim, self._behind = rig_module(script), shim, behind
        options: dict[str, Any] = {
            "kernel": not userland, "debug": log_level, "charon": None, "nat": False, "log": None, "second_log": None,
            "keep": False, "verbose": False, "set": ["charon.filelog.rig.append=yes", *settings],
        }  # fmt: skip
        self._options = options
        self._made = self._rig.Rig(argparse.Namespace(**options))
        self._addresses: dict[str, tuple[str, ...]] = dict.fromkeys(ADDRESSES, ())
        self._settings = dict.fromkeys(ADDRESSES, ()) | starting
        self._forwarded: bool | None = None
        self.hosts = Path(self._made.tmp) / "hosts"
        self.charons: dict[str, Any] = {}

    @property
    def folder(self) -> Path:
        """Where everything of this batch is kept."""
        return Path(self._made.tmp)

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._made.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._made.close()

    # ---- what a case asks for
    def addresses(self, wanted: dict[str, tuple[str, ...]]) -> None:
        """Give sides that are not behind a NAT these addresses, the first one the primary."""
        for side, own in wanted.items():
            if side in self._behind or self._addresses[side] == own:
                continue
            running = side in self.charons
            mark = Path(self.charons[side].log).stat().st_size if running else 0
            self._made.ip(side, "addr flush dev eth0 scope global")
            for address in own:
                self._made.ip(side, f"addr add {address} dev eth0" + " nodad" * (":" in address))
            for family in ("", "-6 "):
                self._made.ip(side, f"{family}route replace default dev eth0")
            self._addresses[side] = own
            if running:
                self._heard(side, own[0].partition("/")[0], mark)

    def names(self, hosts: dict[str, str]) -> None:
        """Names that both charons can resolve."""
        self.hosts.write_text("".join(f"{to} {name}\n" for name, to in hosts.items()))

    def settings(self, side: str, lines: tuple[str, ...]) -> None:
        """Settings of one side's strongswan.conf, KEY=VALUE, besides those of the batch."""
        if self._settings[side] == lines:
            return
        charon = self.charons[side]
        charon.opts.set = [*self._options["set"], *lines]
        charon.write_conf()
        charon.swanctl("--reload-settings")
        self._settings[side] = lines

    def forward(self, forwarded: bool) -> None:
        """Whether the NATs pass ports 500 and 4500 in; what they had mapped is forgotten."""
        for side in self._behind:
            argv = self._made.ns[f"nat{side}"].argv
            if forwarded is not self._forwarded:
                inside = _FORWARDS % PRIVATE[side] if forwarded else ""
                text = f"flush ruleset\ntable ip rig {{ {_CHANGES} {inside} }}\n"
                self._rig.sh(*argv("nft", "-f", "-"), input=text)
            self._rig.sh(*argv(sys.executable, "-c", _FORGET))
        self._forwarded = forwarded

    # ---- set-up
    def _build(self) -> None:
        rig, made = self._rig, self._made
        for side in self._behind:
            made.ns[f"nat{side}"] = rig.Namespace(made.ns[side].name + "nat")
        for space in made.ns.values():
            rig.sh("ip", "netns", "add", space.name)
            rig.sh("ip", "-n", space.name, "link", "set", "lo", "up")
        outer = [f"nat{side}" if side in self._behind else side for side in ADDRESSES]
        names = ["out0" if side in self._behind else "eth0" for side in ADDRESSES]
        self._link(outer[0], names[0], outer[1], names[1])
        for side in self._behind:
            self._behind_nat(side)
        for side, address in rig.INNER.items():
            made.ip(side, f"addr add {address}/24 dev lo")
        self.addresses(ADDRESSES)
        self.hosts.write_text("")
        # Nobody is asked for other names: the resolver's port is closed on 127.0.0.1.
        (self.folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        made.tmp.chmod(0o755)
        for side in ADDRESSES:
            self._start(side)
        self.forward(False)

    def _start(self, side: str) -> None:
        rig = self._rig
        binary = next(c for c in rig.CHARON_CANDIDATES if os.access(c, os.X_OK))
        wrapper = self.folder / f"charon-{side}"
        preload = f"LD_PRELOAD={self._shim} " if self._shim else ""
        wrapper.write_text(
            f"#!/bin/sh\nmount --bind {self.hosts} /etc/hosts\n"
            f"mount --bind {self.folder}/resolv.conf /etc/resolv.conf\n"
            f"{preload}exec {binary}\n"
        )
        wrapper.chmod(0o755)
        settings = [*self._options["set"], *self._settings[side]]
        options = argparse.Namespace(**self._options)
        options.charon, options.set = str(wrapper), settings
        charon = rig.Charon(side, self._made.ns[side], self._made.tmp, rig.IPS, options)
        self._made.charons.append(charon)
        charon.start()
        self.charons[side] = charon

    def _link(self, one: str, dev: str, other: str, dev2: str) -> None:
        ns = self._made.ns
        self._rig.sh("ip", "link", "add", dev, "netns", ns[one].name, "type", "veth",
                     "peer", "name", dev2, "netns", ns[other].name)  # fmt: skip
        for space, name in ((one, dev), (other, dev2)):
            self._rig.sh("ip", "-n", ns[space].name, "link", "set", name, "up")

    def _behind_nat(self, side: str) -> None:
        router = f"nat{side}"
        self._link(router, "in0", side, "eth0")
        for space, words in (
            (router, f"addr add {PUBLIC[side]}/24 dev out0"),
            (router, f"addr add {_INSIDE[side]}/24 dev in0"),
            (router, "route add default dev out0"),
            (side, f"addr add {PRIVATE[side]}/24 dev eth0"),
            (side, f"route add default via {_INSIDE[side]}"),
        ):
            self._rig.sh("ip", "-n", self._made.ns[space].name, *words.split())
        up = "echo 1 >/proc/sys/net/ipv4/ip_forward"
        self._rig.sh(*self._made.ns[router].argv("sh", "-c", up))

    def _heard(self, side: str, address: str, mark: int) -> None:
        """Wait until a running charon has noticed its new address."""
        deadline = time.monotonic() + 2
        log = Path(self.charons[side].log)
        while f"{address} appeared" not in log.read_bytes()[mark:].decode(errors="replace"):
            if time.monotonic() > deadline:
                raise OSError(f"{side}: charon has not noticed {address}")
            time.sleep(0.01)


def shim(folder: Path) -> str:
    """The library that lets SAs be installed, compiled from the source beside the rig."""
    source = Path(__file__).resolve().parent / "rig" / "kernel_shim.c"
    made = folder / "kernel_shim.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", made, source, "-ldl"], check=True)
    return str(made)
