"""What becomes of two lifetimes: two charons run for some seconds, and how many SAs each has is counted.

    renewals.py RIG SHIM SCENARIO.json RESULTS.json    (root; started by `watched`)

Userland ESP, since it is what lets CHILD_SAs expire on a kernel without ESP. Standard library only below `watched`.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.interop.network import Network
from tests.interop.worker import Daemon, lay_out

SIDES = ("peer", "cmd")
_SAMPLE_SECONDS = 0.5
#: (seconds since the start, IKE_SAs, CHILD_SAs)
Samples = dict[str, list[tuple[float, int, int]]]


@dataclass(frozen=True)
class Scenario:
    """Lines of the connection and of its child on either side; `cmd` starts."""

    name: str
    peer: str = "rekey_time = 4h"
    cmd: str = "rekey_time = 4h"
    peer_child: str = "rekey_time = 1h"
    cmd_child: str = "rekey_time = 1h"
    peer_remote: str = ""
    seconds: int = 50

    def text(self, side: str) -> str:
        """One side's swanctl.conf."""
        mine, other = ("1", "2") if side == "peer" else ("2", "1")
        remote = (self.peer_remote if side == "peer" else "") or f"192.0.2.{other}"
        more, child = (self.peer, self.peer_child) if side == "peer" else (self.cmd, self.cmd_child)
        return f"""connections {{ rig {{
  version = 1
  local_addrs = 192.0.2.{mine}
  remote_addrs = {remote}
  proposals = aes128-sha256-x25519
  {more}
  local {{
    auth = psk
    id = {side}.rig.test
  }}
  remote {{
    auth = psk
  }}
  children {{ net {{
    local_ts = 10.77.{mine}.0/24
    remote_ts = 10.77.{other}.0/24
    esp_proposals = aes128-sha256
    {child}
  }} }}
}} }}
secrets {{ ike-1 {{
  secret = renewal
}} }}
"""


def watched(scenarios: Sequence[Scenario], command: Sequence[str], rig: str) -> dict[str, Samples]:
    """Let all scenarios run at once.

    command   what runs a Python script as root
    """
    with ThreadPoolExecutor(len(scenarios)) as pool:
        found = pool.map(lambda item: _watched(item, command, rig), scenarios)
        return dict(zip((item.name for item in scenarios), found, strict=True))


def _watched(scenario: Scenario, command: Sequence[str], rig: str) -> Samples:
    with tempfile.TemporaryDirectory(prefix="ikeproof-renewals-") as folder:
        todo, done = Path(folder) / "scenario.json", Path(folder) / "results.json"
        todo.write_text(json.dumps(asdict(scenario)))
        words = [*command, __file__, rig, str(todo), str(done)]
        ran = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
        if ran.returncode:
            raise RuntimeError(f"the rig ended with {ran.returncode}: {ran.stderr}{ran.stdout}")
        found: Samples = json.loads(done.read_text())
        return found


def main(rig: str, scenario: str, results: str) -> None:
    """Run one scenario."""
    wanted = Scenario(**json.loads(Path(scenario).read_text()))
    settings = ["charon.retransmit_tries=1", "charon.retransmit_timeout=0.7"]
    with Network(rig, "", (), settings, {}, 1, userland=True) as network:
        daemons = {side: Daemon(network.charons[side]) for side in SIDES}
        for side, daemon in daemons.items():
            text = base64.b64encode(wanted.text(side).encode()).decode()
            if wrong := daemon.load(
                lay_out(network.folder / "case" / side, {"swanctl.conf": text})
            ):
                raise SystemExit(f"{side}: {wrong}")
        daemons["cmd"].initiate("rig", "net")
        found: Samples = {side: [] for side in SIDES}
        began = time.monotonic()
        while (passed := time.monotonic() - began) < wanted.seconds:
            for side, daemon in daemons.items():
                sas = daemon.sas()
                children = [child for sa in sas for child in sa.get("child-sas", {}).values()]
                standing = sum(child["state"] in ("INSTALLED", "REKEYED") for child in children)
                found[side].append((round(passed, 1), len(sas), standing))
            time.sleep(_SAMPLE_SECONDS)
    Path(results).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
