"""`ikeproof run` with strongSwan's own configuration, against a real strongSwan (R2, R3, R11, R18)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.interop.engine_rig import CONFIGURATIONS
from tests.interop.harness import ROOT, rig_command, why_not

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]


def carried_out(name: str, who: str, group: str = "") -> dict[str, Any]:
    """Run one configuration at both ends of the rig; with another group if one is named."""
    with tempfile.TemporaryDirectory(prefix="ikeproof-run-") as folder:
        result, conf = Path(folder) / "result.json", Path(folder) / f"{name}.swanctl.conf"
        text = (CONFIGURATIONS / conf.name).read_text()
        conf.write_text(re.sub(r"modp\d+", group, text) if group else text)
        command = rig_command()
        command += ["--conf", str(conf)]
        command += [] if name.startswith("cert") else ["--no-pki"]
        worker = [sys.executable, "-m", "tests.interop.run_worker"]
        command += ["--", *worker, str(conf), who, str(result)]
        ran = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
        )
        assert not ran.returncode, ran.stderr + ran.stdout
        found: dict[str, Any] = json.loads(result.read_text())
        return found


@pytest.mark.parametrize("who", ["us", "strongswan"])
@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("psk-3des-sha1-modp1024", "PRE-SHARED-KEY"),
        ("psk-aes128-sha256-modp2048-pfs", "PRE-SHARED-KEY"),
        ("cert-rsa", "RSA-SIGNATURES"),
    ],
)
def test_r2_r3_r11_r18_one_file_at_both_ends_comes_up_and_ctrl_c_leaves_nothing(
    name: str, method: str, who: str
) -> None:
    told = carried_out(name, who)
    made = next(item for item in told["events"] if item["event"] == "phase1-established")
    assert made["choice"]["method"] == method and made["initiated"] is (who == "us")
    pair = next(item for item in told["events"] if item["event"] == "sas-installed")["pair"]
    # ours are strongSwan's, crosswise
    assert re.search(rf"in +{pair['sas'][0]['outbound_spi']:08x}", told["before"]), told["before"]
    assert re.search(rf"out +{pair['sas'][0]['inbound_spi']:08x}", told["before"])
    (own,) = told["status"]["addresses"]
    assert [sa["state"] for sa in own["phase1"]] == ["established"] and len(own["pairs"]) == 1
    assert told["code"] == 0 and told["events"][-1]["event"] == "stopped"
    assert not told["after"].strip()


@pytest.mark.parametrize("who", ["us", "strongswan"])
@pytest.mark.parametrize("group", ["modp3072", "modp8192"])
def test_r4_r12_large_groups_in_both_phases(group: str, who: str) -> None:
    told = carried_out("psk-aes128-sha256-modp2048-pfs", who, group)
    made = next(item for item in told["events"] if item["event"] == "phase1-established")
    pair = next(item for item in told["events"] if item["event"] == "sas-installed")["pair"]
    assert made["choice"]["group"] == pair["sas"][0]["choice"]["group"] == group.upper()
    assert re.search(rf"in +{pair['sas'][0]['outbound_spi']:08x}", told["before"]), told["before"]
    assert told["code"] == 0 and not told["after"].strip()
