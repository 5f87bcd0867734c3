"""`ikeproof run`: a policy, carried out (docs/run.md)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from explorer.cli import exits
from explorer.cli.held import held
from explorer.cli.peers import load_peers, usage
from explorer.report.text import write
from explorer.view.daemon import event_row
from impl.daemon.control import ControlError
from impl.daemon.daemon import Daemon
from impl.daemon.keyfile import KeyFile, KeyFileError
from impl.daemon.requests import RequestError
from impl.daemon.sockets import Node, PortError
from impl.ike.settings import Host
from impl.translate import Plan, local_addresses, plan
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer


@dataclass(frozen=True)
class Asked:
    """The command line of `run`."""

    policy: str
    profile: str | None
    peers: Sequence[str]
    listen: Sequence[str]
    ports: tuple[int, int]
    peer_ports: tuple[int, int]
    up: Sequence[str]
    control: str | None
    keylog: str | None
    keys: Sequence[str]
    ccache: str | None
    keytab: str | None
    output: str


def default_control() -> str | None:
    """Where the control socket is if nobody says: in the user's runtime folder, for root in the system's."""
    folder = os.environ.get("XDG_RUNTIME_DIR") or ("/run" if os.geteuid() == 0 else "")
    return os.path.join(folder, "ikeproof.sock") if folder and os.path.isdir(folder) else None


def run_run(asked: Asked) -> int:
    """Carry the policy out until a signal ends it."""
    (peer,) = load_peers([asked.policy], [])
    if asked.profile is not None:
        (peer,) = load_peers([asked.policy], [f"{peer.name}={asked.profile}"])
    plans = _plans(peer, asked)
    for name in asked.up:
        _check_up(plans, name)
    asyncio.run(_serve(plans, asked))
    return exits.FINE


# ---- what to run
def _plans(peer: Peer, asked: Asked) -> list[Plan]:
    hosts = [_host(text) for text in asked.listen] or local_addresses(peer, asked.peers)
    if not hosts:
        raise usage("the policy leaves the own address open", "state it: --listen ADDRESS")
    own = held(asked.keys, asked.ccache, asked.keytab)
    plans = [plan(peer, host, asked.peers, own) for host in dict.fromkeys(hosts)]
    run = {item.name for one in plans for item in one.settings.connections}
    for connection in peer.connections:
        wanted = not asked.peers or connection.name in asked.peers
        negotiates = any(item.action.value.value == "negotiate" for item in connection.children)
        if wanted and negotiates and 1 in connection.versions.value and connection.name not in run:
            stated = ", ".join(item.text for item in connection.local_addresses.value)
            raise PolicyError(
                f"{connection.name} is for the own address {stated}, which is not listened at",
                place=connection.local_addresses.place or connection.place,
                mend="add --listen ADDRESS, or leave it out: --peer NAME for each of the others",
            )
    return plans


def _host(text: str) -> Host:
    try:
        found = ip_address(text)
    except ValueError:
        raise usage(f"--listen {text} is no address", "write such as 192.0.2.1") from None
    if found.is_unspecified or found.is_multicast:
        raise usage(
            f"--listen {text} is not one address", "name each address: --listen A --listen B"
        )
    return found


def _check_up(plans: Sequence[Plan], name: str) -> None:
    known = [item.name for one in plans for item in one.settings.connections]
    if name not in known:
        raise usage(f"--up {name}: no such connection", f"there are: {', '.join(known)}")
    for one in plans:
        if name in one.mute:
            raise usage(f"--up {name}: {one.mute[name]}", "let the peer begin")


def _keylog(path: str) -> KeyFile:
    try:
        return KeyFile(path)
    except KeyFileError as error:
        raise usage(f"cannot log keys to {path}: {error.problem}", error.mend) from None


async def _daemon(plans: Sequence[Plan], asked: Asked) -> Daemon:
    """Everything that may be refused is had, or nothing is; the key log last, as that makes a file."""
    control = asked.control or default_control()
    nodes: list[Node] = []
    daemon: Daemon | None = None
    try:
        for item in plans:
            nodes.append(Node(item, asked.ports, asked.peer_ports))
        daemon = Daemon(nodes, control)
        if asked.keylog is not None:
            daemon.log_keys(_keylog(asked.keylog))
    except BaseException as error:
        await _undo(nodes, daemon)
        if isinstance(error, PortError):
            mend = "choose other ports with --port and --nat-port"
            raise usage(f"cannot listen at {error}", mend) from None
        if isinstance(error, ControlError):
            what = f"no control socket at {control}: {error.problem}"
            raise usage(what, error.mend) from None
        raise
    return daemon


async def _undo(nodes: Sequence[Node], daemon: Daemon | None) -> None:
    if daemon is not None:
        await daemon.close()
    for node in nodes:
        node.close()


# ---- while it runs
async def _serve(plans: Sequence[Plan], asked: Asked) -> None:
    daemon = await _daemon(plans, asked)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, daemon.stop, signal.Signals(number).name)
    daemon.listen(_Printer(daemon, asked.output).show)
    try:
        await daemon.run(asked.up)
    except RequestError as error:
        raise usage(str(error), "ikeproof run --help") from None


class _Printer:
    """Events on standard output, as they come."""

    def __init__(self, daemon: Daemon, output: str) -> None:
        self._daemon, self._json, self._mute = daemon, output == "json", False
        self._lost = False

    def show(self, event: Mapping[str, Any]) -> None:
        """One line; if nobody reads them, the daemon ends. What cannot be written otherwise, as on a full
        disk, is lost, and no reason to end."""
        if self._mute:
            return
        try:
            if self._json:
                sys.stdout.write(json.dumps(event) + "\n")
            else:
                write([event_row(event)])
            sys.stdout.flush()
        except BrokenPipeError:
            self._mute = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._daemon.stop("nobody reads the events")
        except OSError as error:
            if not self._lost:
                why = error.strerror or type(error).__name__
                print(f"events are lost: they cannot be written: {why}", file=sys.stderr)
            self._lost = True
