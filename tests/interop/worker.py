"""Lets two charons negotiate case after case, in namespaces that it makes.

    worker.py RIG SHIM BATCH.json RESULTS.json

RIG: strongswan_rig.py. SHIM: the compiled kernel_shim.c. BATCH: {"behind": [sides], "settings": [KEY=VALUE],
"starting": {SIDE: [KEY=VALUE]}, "log_level",
"cases": [{"name", "sides": {"peer": {FILE: base64}, "cmd": {FILE: base64}}, "starts": [[KEY, SIDE, CONNECTION,
[CHILD...]]], "addresses": {SIDE: [...]}, "settings": {SIDE: [...]}, "hosts": {NAME: ADDRESS}, "forwarded"}]},
each file beside the others as `swanctl --file` wants them. RESULTS: {name: {KEY: {"peer": [log lines], "cmd":
[log lines]}}}. Standard library only; root.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.interop.network import ADDRESSES, Network, Vici

FOLDERS = "x509 x509ca x509ocsp x509aa x509ac x509crl pubkey private rsa ecdsa bliss pkcs8 pkcs12"
INITIATE_SECONDS, SETTLE_SECONDS = 12, 3.0
SIDES = ("peer", "cmd")
# A line of charon's log: time, thread, group, IKE_SA, text.
_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d+ \d+\[(\w+)\] (?:<[^>]*> )?(.*)$")
_GROUPS = ("IKE", "CFG", "ENC", "CHD", "KNL", "NET")
# Either end has come to rest when its log shows one of these.
_AT_REST = re.compile(
    r"CHILD_SA \S+ established|could not decrypt|parsing failed|decryption failed"
    r"|error notify|sending .* notify|generating INFORMATIONAL_V1|no IKE config found"
    r"|peer not responding|received DELETE|deleting IKE_SA|destroying IKE_SA"
    r"|generating \S+ response .*N\(|unable to install|establishing IKE_SA failed|no shared key"
    r"|giving up after|unable to resolve|IKE_SA \S+ state change: \S+ => DESTROYING"
)
_UP = re.compile(r"CHILD_SA \S+ established")


class Daemon:
    """One of the two charons."""

    def __init__(self, charon: Any) -> None:
        self._charon = charon
        self.log = Path(charon.log)
        self._vici = Vici(charon.uri.removeprefix("unix://"))

    def load(self, folder: Path) -> list[str]:
        """Make the configuration in a folder the only one, as if just started; what swanctl refused of it.

        A connection that is replaced keeps its place in charon's list, which can decide.
        """
        for name in self._vici.call("get-conns")[-1].get("conns", ()):
            self._vici.call("unload-conn", name=name)
        for name in self._vici.call("get-pools")[-1]:
            self._vici.call("unload-pool", name=name)
        file = str(folder / "swanctl.conf")
        arguments = ("--load-all", "--clear", "--noprompt", "--file", file)
        done = self._charon.swanctl(*arguments, check=False)
        wrong = [x for x in done.stdout.splitlines() if re.search(r"\bfailed\b|unable to", x)]
        return [f"CFG swanctl: {line.replace(str(folder), '.')}" for line in wrong]

    def initiate(self, connection: str, child: str) -> None:
        """Start a child and wait for its outcome."""
        wait = str(INITIATE_SECONDS * 1000)
        self._vici.call("initiate", ike=connection, child=child, timeout=wait, loglevel="-1")

    def sas(self) -> list[dict[str, Any]]:
        """All IKE_SAs."""
        listed = self._vici.call("list-sas", "list-sa")[:-1]
        return [sa for event in listed for sa in event.values()]

    def end_all(self) -> None:
        """End every IKE SA, half open ones too, and wait until none is left."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            known = self.sas()
            if not known:
                return
            for sa in known:
                number = sa["uniqueid"]
                self._vici.call(
                    "terminate", ike_id=number, force="yes", timeout="1000", loglevel="-1"
                )
        raise SystemExit(f"IKE SAs are left: {known}")

    def since(self, mark: int) -> list[str]:
        """Log lines after a position, without time and thread."""
        with self.log.open("rb") as file:
            file.seek(mark)
            text = file.read().decode(errors="replace")
        found = [_LINE.match(line) for line in text.splitlines()]
        kept = [f"{m[1]} {m[2]}" for m in found if m and m[1] in _GROUPS]
        return [line for line in kept if line != "NET waiting for data on sockets"]


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    """Write one side's files where swanctl looks for them."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in FOLDERS.split():
        (folder / name).mkdir(parents=True)
    for name, text in files.items():
        octets = base64.b64decode(text)
        if name == "swanctl.conf":
            octets = octets.replace(b"$FOLDER", bytes(folder))
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(octets)
    return folder


def negotiate(
    daemons: dict[str, Daemon], initiator: str, connection: str, children: list[str]
) -> dict[str, list[str]]:
    """Let one side initiate, child after child; the log lines of both until they are at rest."""
    marks = {side: daemon.log.stat().st_size for side, daemon in daemons.items()}
    for child in children:
        daemons[initiator].initiate(connection, child)
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        lines = {side: daemon.since(marks[side]) for side, daemon in daemons.items()}
        heard = all(any("received packet" in line for line in found) for found in lines.values())
        rest = all(any(_AT_REST.search(line) for line in found) for found in lines.values())
        up = {sum(bool(_UP.search(line)) for line in found) for found in lines.values()}
        if (rest and len(up) == 1) or not heard or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    for daemon in daemons.values():
        daemon.end_all()
    return lines


def run(network: Network, case: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """One case, with everything it starts."""
    network.addresses({side: tuple(own) for side, own in case.get("addresses", ADDRESSES).items()})
    network.names(case.get("hosts", {}))
    for side in SIDES:
        network.settings(side, tuple(case.get("settings", {}).get(side, ())))
    daemons = {side: Daemon(network.charons[side]) for side in SIDES}
    refused = {}
    for side, daemon in daemons.items():
        refused[side] = daemon.load(lay_out(network.folder / "case" / side, case["sides"][side]))
    found = {}
    for key, side, connection, children in case["starts"]:
        network.forward(bool(case.get("forwarded")))
        lines = negotiate(daemons, side, connection, children)
        found[key] = {end: refused[end] + lines[end] for end in SIDES}
    return found


def main(rig: str, shim: str, batch: str, results: str) -> None:
    """Run all cases."""
    todo = json.loads(Path(batch).read_text())
    starting = {side: tuple(own) for side, own in todo["starting"].items()}
    behind, settings, level = tuple(todo["behind"]), todo["settings"], todo["log_level"]
    with Network(rig, shim, behind, settings, starting, level) as network:
        found = {case["name"]: run(network, case) for case in todo["cases"]}
    Path(results).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
