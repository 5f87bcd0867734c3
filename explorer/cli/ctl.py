"""`ikeproof ctl`: ask a running daemon (docs/run.md)."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

from explorer.cli import exits
from explorer.cli.peers import usage
from explorer.cli.run import default_control
from explorer.report.text import write
from explorer.view.daemon import event_row, outcome_rows, status_rows
from explorer.view.rows import Row
from impl.daemon.control import trusted

#: seconds to wait for an answer, in addition to those that the daemon may wait
_PATIENCE = 30.0
_LARGEST = 256 * 1024 * 1024
_CODES = {"established": exits.FINE, "fails": exits.FINDINGS, "open": exits.UNDECIDED}


def run_ctl(
    action: str,
    connection: str | None,
    child: str | None,
    *,
    everything: bool,
    wait: float,
    control: str | None,
    output: str,
) -> int:
    """Send the request and print the answer; 1 if something did not come up, 3 if that is still open."""
    request = _request(action, connection, child, everything=everything, wait=wait)
    path = control or default_control()
    if path is None:
        raise usage("the control socket has no default path here", "name it: --control PATH")
    with _connected(path) as sock:
        sock.settimeout(_PATIENCE + wait)
        try:
            sock.sendall(json.dumps(request).encode() + b"\n")
            lines = _lines(sock)
            result = _result(next(lines, b""))
            if action == "events":
                sock.settimeout(None)
                return _events(lines, output)
        except OSError as error:
            said = error.strerror or "no answer"
            raise usage(f"the daemon at {path} does not answer: {said}", "try again") from None
    return _print(action, result, output)


def _request(
    action: str, connection: str | None, child: str | None, *, everything: bool, wait: float
) -> dict[str, Any]:
    if action in ("status", "events"):
        if connection is not None:
            raise usage(f"ctl {action} takes no connection", f"ikeproof ctl {action}")
        return {"command": action}
    if action == "down":
        if (connection is None) is not everything or child is not None:
            raise usage("ctl down takes one connection, or --all", "ikeproof ctl down NAME")
        return {"command": action, "connection": connection}
    if connection is None:
        raise usage(f"ctl {action} takes a connection", f"ikeproof ctl {action} NAME [CHILD]")
    return {"command": action, "connection": connection, "child": child, "wait": wait}


def _connected(path: str) -> socket.socket:
    problem = trusted(path)
    if problem:
        mend = "start one with ikeproof run, or name its socket: --control PATH"
        raise usage(f"no daemon at {path}: {problem}", mend)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(_PATIENCE)
        made.connect(path)
    except OSError as error:
        made.close()
        mend = "start one with ikeproof run, or name its socket: --control PATH"
        raise usage(f"no daemon at {path}: {error.strerror}", mend) from None
    return made


def _lines(sock: socket.socket) -> Iterator[bytes]:
    rest = bytearray()
    while octets := sock.recv(65_536):
        new = len(rest)
        rest += octets
        while (end := rest.find(b"\n", new)) >= 0:
            yield bytes(rest[:end])
            del rest[: end + 1]
            new = 0
        if len(rest) > _LARGEST:
            return


def _result(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        raise usage("the daemon ended without an answer", "see the daemon's output") from None
    if not answer.get("ok"):
        raise usage(str(answer.get("error")), "ikeproof ctl status lists connections and children")
    found: dict[str, Any] = answer["result"]
    return found


def _print(action: str, result: dict[str, Any], output: str) -> int:
    if output == "json":
        print(json.dumps(result, indent=2))
    elif action == "status":
        write(status_rows(result))
    elif action == "down":
        count = result["deleted"]
        write([Row("plain", f"{count} SA{'' if count == 1 else 's'} deleted")])
    else:
        write(outcome_rows(result))
    return _CODES[result["outcome"]] if "outcome" in result else exits.FINE


def _events(lines: Iterator[bytes], output: str) -> int:
    for line in lines:
        event = json.loads(line)
        if "event" not in event:
            raise usage(str(event.get("error")), "ask again")
        if output == "json":
            sys.stdout.write(os.fsdecode(line) + "\n")
        else:
            write([event_row(event)])
        sys.stdout.flush()
    return exits.FINE
