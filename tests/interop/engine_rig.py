"""Runs scenarios of our engine against a strongSwan in the rig, and what came of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.harness import ROOT, rig_command

CONFIGURATIONS = ROOT / "tests" / "data" / "swanctl"
#: a row of octets in the log of charon at its highest level, and the line before the rows
_ROW = re.compile(r"\d\d\[[A-Z]{3}\] (?:<[^>]*> )?\s+\d+: ((?:[0-9A-F]{2} )*[0-9A-F]{2})(?:\s|$)")
_HEAD = re.compile(
    r"\d\d\[[A-Z]{3}\] (?:<[^>]*> )?\s*(.*?) =>? ?(\d+) bytes @ 0x[0-9a-f]+$", re.MULTILINE
)


#: a word of the worker, and what goes with it
Step = list[object]


@dataclass(frozen=True)
class Outcome:
    """What our engine reported (`result` of the worker), and what strongSwan logged."""

    result: dict[str, Any]
    log: str

    def of(self, event: str) -> list[dict[str, Any]]:
        """Our events of a kind, in order."""
        return [item for item in self.result["events"] if item["event"] == event]

    def said(self, command: str) -> list[str]:
        """What swanctl said to each command that begins so."""
        return [item["text"] for item in self.result["said"] if item["command"][0] == command]

    def values(self, label: str) -> list[str]:
        """Octets that charon logged under a label, in hexadecimal (log level 4)."""
        found = []
        for head in _HEAD.finditer(self.log):
            if head[1].rstrip(" =") != label:
                continue
            octets = ""
            for line in self.log[head.end() + 1 :].splitlines():
                row = _ROW.search(line)
                if row is None or len(octets) >= 2 * int(head[2]):
                    break
                octets += row[1].replace(" ", "").lower()
            found.append(octets[: 2 * int(head[2])])
        return found


def against_strongswan(
    name: str,
    steps: Sequence[Step],
    *rig: str,
    connection: dict[str, Any] | None = None,
    child: dict[str, Any] | None = None,
    engine: dict[str, Any] | None = None,
    more: dict[str, str] | None = None,
    dialect: str | None = None,
    way: str | None = None,
    certificates: dict[str, Any] | None = None,
    kerberos: str = "",
    policy: bool = False,
) -> Outcome:
    """Run a scenario. `rig`: options of the rig; the rest changes what our engine is told."""
    scenario: dict[str, Any] = {"name": name, "steps": steps, "dialect": dialect, "way": way}
    scenario |= {"certificates": certificates or {}, "more": more or {}, "kerberos": kerberos}
    scenario |= {"policy": policy}
    scenario |= {"connection": connection or {}, "child": child or {}, "engine": engine or {}}
    with tempfile.TemporaryDirectory(prefix="ikeproof-engine-") as folder:
        told, result = Path(folder) / "scenario.json", Path(folder) / "result.json"
        log = Path(folder) / "charon.log"
        told.write_text(json.dumps(scenario))
        conf = CONFIGURATIONS / f"{name}.swanctl.conf"
        command = [*rig_command(), "--conf", str(conf)]
        command += [] if name.startswith("cert") else ["--no-pki"]
        command += ["--log", str(log), *rig, "--", sys.executable, "-m"]
        command += ["tests.interop.engine_worker", str(told), str(result)]
        ran = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
        )
        if ran.returncode:
            raise RuntimeError(f"the rig ended with {ran.returncode}: {ran.stderr}{ran.stdout}")
        return Outcome(json.loads(result.read_text()), log.read_text(errors="replace"))
