"""`ikeproof run`: negotiate as a policy says (docs/run.md)."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from explorer.cli import exits
from explorer.cli.held import held
from explorer.cli.peers import Beside, load_peers, usage
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

#: events that can wait to be printed; further ones are lost
_MOST_WAITING = 10_000
#: seconds that printing the last of them may take
_FAREWELL = 2.0


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
    """The default path of the control socket: in the user's runtime folder, for root in the system's."""
    folder = os.environ.get("XDG_RUNTIME_DIR") or ("/run" if os.geteuid() == 0 else "")
    return os.path.join(folder, "ikeproof.sock") if folder and os.path.isdir(folder) else None


def run_run(asked: Asked) -> int:
    """Run the policy until a signal ends it."""
    (peer,) = load_peers([asked.policy])
    if asked.profile is not None:
        (peer,) = load_peers([asked.policy], Beside((f"{peer.name}={asked.profile}",)))
    plans = _plans(peer, asked)
    for name in asked.up:
        _check_up(plans, name)
    asyncio.run(_serve(plans, asked))
    return exits.FINE


# ---- what to run
def _plans(peer: Peer, asked: Asked) -> list[Plan]:
    hosts = [_host(text) for text in asked.listen] or local_addresses(peer, asked.peers)
    if not hosts:
        raise usage("the policy does not state the local address", "add --listen ADDRESS")
    own = held(asked.keys, asked.ccache, asked.keytab)
    plans = [plan(peer, host, asked.peers, own) for host in dict.fromkeys(hosts)]
    run = {item.name for one in plans for item in one.settings.connections}
    for connection in peer.connections:
        wanted = not asked.peers or connection.name in asked.peers
        negotiates = any(item.action.value.value == "negotiate" for item in connection.children)
        if wanted and negotiates and 1 in connection.versions.value and connection.name not in run:
            stated = ", ".join(item.text for item in connection.local_addresses.value)
            raise PolicyError(
                f"{connection.name} is for the local address {stated}, which is not among --listen",
                place=connection.local_addresses.place or connection.place,
                mend="add --listen ADDRESS, or leave it out: --peer NAME for each of the others",
            )
    return plans


def _host(text: str) -> Host:
    try:
        found = ip_address(text)
    except ValueError:
        raise usage(
            f"--listen {text} is not an IP address", "write for example 192.0.2.1"
        ) from None
    if found.is_unspecified or found.is_multicast:
        raise usage(
            f"--listen {text} is not a single address", "name each address: --listen A --listen B"
        )
    return found


def _check_up(plans: Sequence[Plan], name: str) -> None:
    known = [item.name for one in plans for item in one.settings.connections]
    if name not in known:
        raise usage(f"--up {name}: unknown connection", f"there are: {', '.join(known)}")
    for one in plans:
        if name in one.mute:
            raise usage(f"--up {name}: {one.mute[name]}", "let the peer start")


def _keylog(path: str) -> KeyFile:
    try:
        return KeyFile(path)
    except KeyFileError as error:
        raise usage(f"cannot log keys to {path}: {error.problem}", error.mend) from None


async def _daemon(plans: Sequence[Plan], asked: Asked) -> Daemon:
    """Acquire everything that can fail, or nothing; the key log last, because that creates a file."""
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
            what = f"cannot create the control socket {control}: {error.problem}"
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
    for number in _ends():
        loop.add_signal_handler(number, daemon.stop, signal.Signals(number).name)
    printer = _Printer(daemon, asked.output)
    daemon.listen(printer.show)
    try:
        await daemon.run(asked.up)
    except RequestError as error:
        raise usage(str(error), "ikeproof run --help") from None
    finally:
        if not await asyncio.to_thread(printer.close):
            # Its thread holds the stream's lock, so a normal exit would block.
            os._exit(exits.FINE)


def _ends() -> list[signal.Signals]:
    """What ends the daemon: a signal, also that of a closed terminal, unless that is ignored (nohup)."""
    hangs_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hangs_up else [])]


class _Printer:
    """Writes events to standard output in a thread of its own, so that a stopped terminal or a full pipe
    delays no negotiation."""

    def __init__(self, daemon: Daemon, output: str) -> None:
        self._daemon, self._json = daemon, output == "json"
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.Queue[Mapping[str, Any] | None] = queue.Queue(_MOST_WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._print, daemon=True)
        self._thread.start()

    def show(self, event: Mapping[str, Any]) -> None:
        """One line; it is lost if too many are waiting."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._lost += 1

    def close(self) -> bool:
        """Print the rest within a bounded time; whether that succeeded."""
        with suppress(queue.Full):
            self._waiting.put(None, timeout=_FAREWELL)
        self._thread.join(_FAREWELL)
        return not self._thread.is_alive()

    def _print(self) -> None:
        said = False
        while (event := self._waiting.get()) is not None:
            try:
                self._line(event)
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                self._stop()
                return
            except OSError as error:
                # As on a full disk: lost output does not end the daemon.
                if not said:
                    _complain(f"they cannot be written: {error.strerror or error}")
                said = True
            if self._lost and self._waiting.empty():
                lost, self._lost = self._lost, 0
                _complain(f"{lost}, because they were not read in time")

    def _line(self, event: Mapping[str, Any]) -> None:
        if self._json:
            sys.stdout.write(json.dumps(event) + "\n")
        else:
            write([event_row(event)])
        sys.stdout.flush()

    def _stop(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: it has ended already
            self._loop.call_soon_threadsafe(self._daemon.stop, "the reader of events is gone")


def _complain(why: str) -> None:
    with suppress(OSError):
        print(f"events are lost: {why}", file=sys.stderr)
