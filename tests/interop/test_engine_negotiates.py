"""Our engine and a real strongSwan come up with each other, whoever begins (R2 to R5, R7, R10 to R14)."""

from __future__ import annotations

import pytest

from tests.interop.engine_rig import against_strongswan
from tests.interop.harness import why_not

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]

#: who begins, and how
BEGIN: dict[str, list[object]] = {
    "we": ["start"],
    "strongSwan": ["swanctl", "--initiate", "--child", "net", "--timeout", "5"],
}


@pytest.mark.parametrize("who", BEGIN)
@pytest.mark.parametrize("name", ["psk-esp-transport", "psk-ah-transport"])
def test_r10_r13_transport_mode_is_negotiated_up_to_what_the_kernel_can(
    name: str, who: str
) -> None:
    out = against_strongswan(
        name, [BEGIN[who], ["until", "Phase1Established"], ["wait", 0.3]], "--kernel"
    )
    assert not out.result["missing"]
    assert "CHILD_SA net{1} state change: CREATED => INSTALLING" in out.log
    (up,) = out.of("Phase1Established")
    assert up["initiated"] is (who == "we")
    if who == "we":
        (made,) = out.of("SasInstalled")
        assert f"SPI 0x{made['pair']['inbound_spi']:08x}" in out.log
        assert f"SPI 0x{made['pair']['outbound_spi']:08x}" in out.log
