"""What ends at one end ends at the other: our engine and a real strongSwan (R18, R19)."""

from __future__ import annotations

import re

import pytest

from tests.interop.engine_rig import Step, against_strongswan
from tests.interop.harness import why_not
from tests.interop.test_engine_negotiates import BEGIN

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]
NAME = "psk-3des-sha1-modp1024"


@pytest.mark.parametrize("who", BEGIN)
def test_r18_what_we_delete_strongswan_forgets(who: str) -> None:
    steps: list[Step] = [
        BEGIN[who],
        ["until", "SasInstalled"],
        ["wait", 0.3],
        ["swanctl", "--list-sas"],
    ]
    steps += [["end"], ["wait", 0.3], ["swanctl", "--list-sas"]]
    out = against_strongswan(NAME, steps)
    before, after = out.said("--list-sas")
    assert "INSTALLED" in before and not after.strip()
    assert "received DELETE for IKE_SA" in out.log
    (made,) = out.of("SasInstalled")
    # Ours is strongSwan's outbound one. Its threads may take our two Deletes in either order; after that of
    # the IKE_SA the other one finds nothing.
    spi = f"{made['pair']['sas'][0]['inbound_spi']:08x}"
    told = re.findall(r"received DELETE for (\w+)(?: CHILD_SA with SPI (\w+))?", out.log)
    assert told in ([("ESP", spi), ("IKE_SA", "")], [("IKE_SA", "")])


@pytest.mark.parametrize("who", BEGIN)
def test_r18_what_strongswan_terminates_we_forget(who: str) -> None:
    steps: list[Step] = [BEGIN[who], ["until", "SasInstalled"], ["wait", 0.3]]
    steps += [["swanctl", "--terminate", "--ike", "rig"], ["until", "Phase1Ended"], ["wait", 0.2]]
    out = against_strongswan(NAME, steps)
    assert not out.result["missing"] and out.result["sas"] == out.result["pairs"] == 0
    (made,), (gone,) = out.of("SasInstalled"), out.of("SasDeleted")
    assert gone["pair"] == made["pair"] and gone["why"] == "the peer has deleted it"
    assert [item["why"] for item in out.of("Phase1Ended")] == ["the peer has deleted it"]


@pytest.mark.parametrize("who", BEGIN)
def test_r18_r19_a_child_alone_goes_and_phase1_stays(who: str) -> None:
    steps: list[Step] = [BEGIN[who], ["until", "SasInstalled"], ["wait", 0.3]]
    steps += [["swanctl", "--terminate", "--child", "net"], ["until", "SasDeleted"]]
    out = against_strongswan(NAME, steps)
    assert not out.result["missing"]
    assert (out.result["sas"], out.result["pairs"]) == (1, 0) and not out.of("Phase1Ended")
