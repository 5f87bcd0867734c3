"""Lets two charons negotiate case after case; runs inside the rig, as its command.

    worker.py CASES.json RESULTS.json

CASES: [{"name", "sides": {"peer": {FILE: base64}, "cmd": {FILE: base64}}}], each file beside the others
as `swanctl --file` wants them, `swanctl.conf` among them. RESULTS: {name: {"peer" | "cmd": {"peer":
[log lines], "cmd": [log lines]}}}, by who initiates. Standard library only.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

FOLDERS = "x509 x509ca x509ocsp x509aa x509ac x509crl pubkey private rsa ecdsa bliss pkcs8 pkcs12"
CONNECTION, CHILD = "rig", "net"
INITIATE_SECONDS, SETTLE_SECONDS = 12, 3.0
# A line of charon's log: time, thread, group, IKE_SA, text.
_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d+ \d+\[(\w+)\] (?:<[^>]*> )?(.*)$")
# Either end has come to rest when its log shows one of these.
_AT_REST = re.compile(
    r"CHILD_SA net\S* established|could not decrypt|parsing failed|decryption failed"
    r"|error notify|sending .* notify|generating INFORMATIONAL_V1|no IKE config found"
    r"|peer not responding|received DELETE|deleting IKE_SA|destroying IKE_SA"
    r"|generating \S+ response .*N\(|unable to install|establishing IKE_SA failed|no shared key"
)


class Daemon:
    """One of the two charons, reached through swanctl."""

    def __init__(self, side: str, base: Path) -> None:
        self.log = base / side / "charon.log"
        self._uri = f"unix://{base / side / 'vici'}"
        self._env = dict(
            os.environ,
            STRONGSWAN_CONF=str(base / side / "strongswan.conf"),
            SWANCTL_DIR=str(base / side / "swanctl"),
        )

    def swanctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["swanctl", *arguments, "--uri", self._uri],
            env=self._env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def load(self, folder: Path) -> None:
        """Make the configuration in a folder the only one."""
        file = str(folder / "swanctl.conf")
        done = self.swanctl("--load-all", "--clear", "--noprompt", "--file", file)
        if done.returncode or re.search(r"\bfailed\b|unable to", done.stdout):
            raise SystemExit(f"{folder}: swanctl: {done.stdout} {done.stderr}")

    def end_all(self) -> None:
        """End every IKE SA, half open ones too, and wait until none is left."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            listed = self.swanctl("--list-sas", "--raw").stdout
            known = re.findall(r"list-sa event \{\S+ \{uniqueid=(\d+)", listed)
            if not known:
                return
            for number in known:
                self.swanctl("--terminate", "--ike-id", number, "--force", "--timeout", "1")
        raise SystemExit(f"IKE SAs are left: {listed}")

    def since(self, mark: int) -> list[str]:
        """Log lines after a position, without time and thread."""
        with self.log.open("rb") as file:
            file.seek(mark)
            text = file.read().decode(errors="replace")
        found = [_LINE.match(line) for line in text.splitlines()]
        return [
            f"{m[1]} {m[2]}" for m in found if m and m[1] in ("IKE", "CFG", "ENC", "CHD", "KNL")
        ]


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    """Write one side's files where swanctl looks for them."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in FOLDERS.split():
        (folder / name).mkdir(parents=True)
    for name, octets in files.items():
        (folder / name).write_bytes(base64.b64decode(octets))
    return folder


def negotiate(daemons: dict[str, Daemon], initiator: str) -> dict[str, list[str]]:
    """Let one side initiate; the log lines of both until they are at rest."""
    marks = {side: daemon.log.stat().st_size for side, daemon in daemons.items()}
    with contextlib.suppress(subprocess.TimeoutExpired):
        daemons[initiator].swanctl(
            "--initiate", "--ike", CONNECTION, "--child", CHILD, "--timeout", str(INITIATE_SECONDS)
        )
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        lines = {side: daemon.since(marks[side]) for side, daemon in daemons.items()}
        rest = all(any(_AT_REST.search(line) for line in found) for found in lines.values())
        if rest or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    for daemon in daemons.values():
        daemon.end_all()
    return lines


def main(cases: str, results: str) -> None:
    """Run all cases in both directions."""
    base = Path(os.environ["RIG_DIR"])
    daemons = {side: Daemon(side, base) for side in ("peer", "cmd")}
    found = {}
    for case in json.loads(Path(cases).read_text()):
        for side, daemon in daemons.items():
            daemon.load(lay_out(base / "case" / side, case["sides"][side]))
        found[case["name"]] = {side: negotiate(daemons, side) for side in ("peer", "cmd")}
    Path(results).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
