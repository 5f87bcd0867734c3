"""Runs `ikeproof run` inside the rig, as its command, with the very configuration that strongSwan has.

    python -m tests.interop.run_worker CONFIGURATION WHO RESULT.json

CONFIGURATION is the file that the rig has been given; WHO begins: `us` or `strongswan`. RESULT: {"events": [...], "status": what `ctl status` says, "before" and
"after": what swanctl --list-sas says while all stands and when we are gone, "code": our exit code}.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.interop.cases import filled

DEADLINE = 20.0


def policy(configuration: Path, folder: Path) -> Path:
    """Our side of the rig's configuration, as swanctl finds it."""
    for where in ("x509", "x509ca", "private"):
        (folder / where).mkdir()
    if configuration.name.startswith("cert"):
        pki = Path(os.environ["RIG_PKI"])
        for file, where in (("cmd.crt", "x509"), ("ca.crt", "x509ca"), ("cmd.key", "private")):
            (folder / where / file).write_bytes((pki / file).read_bytes())
    path = folder / "swanctl.conf"
    path.write_text(filled(configuration.read_text(), "cmd"))
    return path


class Ours:
    """The program, and what it says."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "ikeproof", "run", *arguments, "--format", "json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.events: list[dict[str, Any]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, kind: str) -> bool:
        """Whether such an event comes in time."""
        while not any(item["event"] == kind for item in self.events):
            try:
                self.events.append(json.loads(self._lines.get(timeout=DEADLINE)))
            except queue.Empty:
                return False
        return True

    def end(self) -> int:
        """Ctrl-C, and all that is said until it has ended."""
        self.process.send_signal(signal.SIGINT)
        self.until("stopped")
        return self.process.wait(DEADLINE)


def swanctl(*words: str) -> str:
    """What the peer's swanctl says."""
    command = [os.environ["RIG_PEER_SWANCTL"], *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout


def main(configuration: str, who: str, result: str) -> None:
    """Run, look, end, look again."""
    folder = Path(result).parent / "ours"
    folder.mkdir()
    control = str(folder / "control")
    up = ["--up", "rig"] if who == "us" else []
    ours = Ours(str(policy(Path(configuration), folder)), "--control", control, *up)
    ours.until("listening")
    if who == "strongswan":
        swanctl("--initiate", "--child", "net")
    ours.until("sas-installed")
    asked = [sys.executable, "-m", "ikeproof", "ctl", "status", "--control", control]
    status = subprocess.run(
        [*asked, "--format", "json"], capture_output=True, text=True, check=True
    )
    before = swanctl("--list-sas")
    code = ours.end()
    told = {"events": ours.events, "status": json.loads(status.stdout), "before": before}
    told |= {"after": swanctl("--list-sas"), "code": code}
    Path(result).write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
