"""Our engine and a real strongSwan come up with each other, whoever begins (R2 to R5, R7, R10 to R14)."""

from __future__ import annotations

import os
import re
import shutil

import pytest

from tests.interop.engine_rig import Step, against_strongswan
from tests.interop.harness import why_not

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]

#: who begins, and how
BEGIN: dict[str, Step] = {
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
        assert f"SPI 0x{made['pair']['sas'][0]['inbound_spi']:08x}" in out.log
        assert f"SPI 0x{made['pair']['sas'][0]['outbound_spi']:08x}" in out.log
        # what strongSwan cannot install it deletes, by the SPI of its outbound SA
        if "unable to install" in out.log:
            (gone,) = out.of("SasDeleted")
            assert gone["pair"] == made["pair"] and not out.result["pairs"]


TUNNELS = {
    "psk-3des-sha1-modp1024": "ESP:3DES_CBC/HMAC_SHA1_96",
    "psk-aes128-sha256-modp2048-pfs": "ESP:AES_CBC-128/HMAC_SHA2_256_128/MODP_2048",
    "psk-des-md5-modp768": "ESP:DES_CBC/HMAC_MD5_96",
    "psk-host-tunnel": "ESP:3DES_CBC/HMAC_SHA1_96",
}


@pytest.mark.parametrize("who", BEGIN)
@pytest.mark.parametrize("name", TUNNELS)
def test_r4_r11_r12_both_ends_install_the_same_sas_with_the_same_keys(name: str, who: str) -> None:
    steps: list[Step] = [
        BEGIN[who],
        ["until", "SasInstalled"],
        ["wait", 0.3],
        ["swanctl", "--list-sas"],
    ]
    out = against_strongswan(name, steps, "--debug", "4")
    assert not out.result["missing"]
    (up,), (made,), (listed,) = (
        out.of("Phase1Established"),
        out.of("SasInstalled"),
        out.said("--list-sas"),
    )
    pair = made["pair"]
    assert up["initiated"] is pair["initiated"] is (who == "we")
    assert up["name"][:16] in listed and up["name"][16:] in listed
    assert f"INSTALLED, TUNNEL-in-UDP, {TUNNELS[name]}" in listed
    assert f"in  {pair['sas'][0]['outbound_spi']:08x}" in listed
    assert f"out {pair['sas'][0]['inbound_spi']:08x}" in listed
    assert f"local  {pair['remote']}\n" in listed and f"remote {pair['local']}\n" in listed
    theirs = {
        end: out.values(f"encryption {end} key")[-1] + out.values(f"integrity {end} key")[-1]
        for end in ("initiator", "responder")
    }
    ours = {"initiator": pair["sas"][0]["outbound_key"], "responder": pair["sas"][0]["inbound_key"]}
    if who != "we":
        ours = {"initiator": ours["responder"], "responder": ours["initiator"]}
    assert ours == theirs


needs_nat = pytest.mark.skipif(
    shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None,
    reason="needs nft (Debian: nftables)",
)


@needs_nat
def test_transport_mode_through_a_nat_is_negotiated_with_the_original_addresses() -> None:
    """strongSwan answers with the addresses that it sees instead of those that it was sent."""
    own = {"own": {"address": "192.0.2.2"}}
    steps: list[Step] = [["start"], ["until", "SasInstalled"], ["wait", 0.2]]
    out = against_strongswan("psk-esp-transport", steps, "--nat", "--kernel", connection=own)
    assert "changing received traffic selectors 10.66.0.2/32=== 192.0.2.1/32 due to NAT" in out.log
    pair = out.of("SasInstalled")[0]["pair"]
    assert pair["originals"] == ["192.0.2.2", "192.0.2.1"]
    assert (pair["local"], pair["remote"]) == ("10.66.0.2/32", "192.0.2.1/32")


@needs_nat
def test_r2_a_nat_between_changes_ports_and_sas_stand_all_the_same() -> None:
    steps: list[Step] = [
        ["start"],
        ["until", "SasInstalled"],
        ["wait", 0.3],
        ["swanctl", "--list-sas"],
    ]
    out = against_strongswan("psk-aes128-sha256-modp2048-pfs", steps, "--nat")
    assert not out.result["missing"]
    (listed,) = out.said("--list-sas")
    port = re.search(r"remote 'cmd.rig.test' @ 192.0.2.2\[(\d+)\]", listed)
    assert port is not None and 20_000 <= int(port[1]) < 30_000
    assert "INSTALLED, TUNNEL-in-UDP" in listed
    # strongSwan begins the next Quick Mode towards the port that the NAT has given us.
    steps[2:] = [["swanctl", "--rekey", "--child", "net"], ["until", "SasInstalled", 2]]
    out = against_strongswan("psk-aes128-sha256-modp2048-pfs", steps, "--nat")
    assert not out.result["missing"]
    assert [item["pair"]["initiated"] for item in out.of("SasInstalled")] == [True, False]


# Neither end can read what the other seals: each says what it is probably about.
FAILURES = [
    ("psk-mismatch", "we", "Phase1Failed", "psk-mismatch"),
    ("psk-mismatch", "strongSwan", "Phase1Failed", "psk-mismatch"),
    ("no-proposal-chosen", "we", "Phase1Failed", "proposal-p1"),
    ("no-proposal-chosen", "strongSwan", "Phase1Failed", "proposal-p1"),
    ("quick-no-proposal-chosen", "we", "Phase2Failed", "proposal-p2"),
    ("quick-no-proposal-chosen", "strongSwan", "Phase2Failed", "proposal-p2"),
]


@pytest.mark.parametrize(("name", "who", "event", "reason"), FAILURES)
def test_r5_r7_r10_a_negotiation_fails_with_its_reason(
    name: str, who: str, event: str, reason: str
) -> None:
    patience = {"interval": 0.2, "brief": 0.2, "open_for": 3.0}
    out = against_strongswan(name, [BEGIN[who], ["until", event, 1, 8]], engine=patience)
    assert [item["reason"] for item in out.of(event)] == [reason]
    assert not out.of("SasInstalled") and not out.result["pairs"]
    if event == "Phase2Failed":
        assert len(out.of("Phase1Established")) == 1


DRAFT = "draft-ietf-ipsec-nat-t-ike"
# strongSwan itself announces but one of the drafts.
DIALECTS = [("we", "-03"), ("we", "-02\n"), ("we", "-02"), ("strongSwan", "-02\n")]


@pytest.mark.parametrize(("who", "draft"), DIALECTS)
def test_the_drafts_of_nat_traversal_are_spoken(who: str, draft: str) -> None:
    steps: list[Step] = [BEGIN[who], ["until", "SasInstalled"], ["wait", 0.3]]
    steps += [["swanctl", "--list-sas"]]
    out = against_strongswan("psk-3des-sha1-modp1024", steps, dialect=DRAFT + draft)
    assert not out.result["missing"]
    assert out.of("SasInstalled")[0]["pair"]["sas"][0]["choice"]["encapsulation"] == 61_443
    (listed,) = out.said("--list-sas")
    assert "192.0.2.2[4500]" in listed and "INSTALLED, TUNNEL-in-UDP" in listed


# What one end takes the other end's packets or name to be, the other does not.
NARROW, FOREIGN = {"network": "10.77.2.0/25"}, {"network": "10.99.0.0/16"}
OTHERS = [
    ("psk-3des-sha1-modp1024", "we", {"child": {"local": FOREIGN}}, "Phase2Failed", "selector"),
    (
        "psk-3des-sha1-modp1024",
        "strongSwan",
        {"child": {"local": FOREIGN}},
        "Phase2Failed",
        "selector",
    ),
    (
        "psk-aes128-sha256-modp2048-pfs",
        "we",
        {"connection": {"own": {"address": "192.0.2.77"}}},
        "Phase1Failed",
        "identity",
    ),
    (
        "psk-aes128-sha256-modp2048-pfs",
        "we",
        {"connection": {"expected": {"name": "other.rig.test"}}},
        "Phase1Failed",
        "identity",
    ),
    (
        "psk-aes128-sha256-modp2048-pfs",
        "strongSwan",
        {"connection": {"expected": {"name": "other.rig.test"}}},
        "Phase1Failed",
        "identity",
    ),
]


@pytest.mark.parametrize(("name", "who", "changes", "event", "reason"), OTHERS)
def test_r5_r21_packets_and_names_that_do_not_fit_are_told_apart(
    name: str, who: str, changes: dict[str, dict[str, object]], event: str, reason: str
) -> None:
    changes = {**changes, "engine": {"interval": 0.3, "brief": 0.3}}
    out = against_strongswan(name, [BEGIN[who], ["until", event, 1, 8]], **changes)  # type: ignore[arg-type]
    assert [item["reason"] for item in out.of(event)] == [reason]


def test_r21_a_part_of_what_strongswan_protects_is_taken() -> None:
    steps: list[Step] = [["start"], ["until", "SasInstalled"], ["wait", 0.3]]
    steps += [["swanctl", "--list-sas"]]
    changes = {"local": NARROW}
    out = against_strongswan("psk-3des-sha1-modp1024", steps, child=changes)
    assert "remote 10.77.2.0/25\n" in out.said("--list-sas")[0]


@pytest.mark.parametrize("halves", [["one", "two"], ["one", "two", "foreign"]])
def test_r9_r16_several_negotiations_at_once_keep_apart(halves: list[str]) -> None:
    """strongSwan's refusals name no SPI: which one it was shows when the others stand."""
    networks = {"one": "10.77.2.0/25", "two": "10.77.2.128/25", "foreign": "10.99.0.0/16"}
    steps: list[Step] = [["start"], ["until", "SasInstalled", 3], ["wait", 0.3]]
    more = {name: networks[name] for name in halves}
    out = against_strongswan(
        "psk-3des-sha1-modp1024", [*steps, ["swanctl", "--list-sas"]], more=more
    )
    assert {item["pair"]["child"] for item in out.of("SasInstalled")} == {"net", "one", "two"}
    assert [(item["child"], item["reason"]) for item in out.of("Phase2Failed")] == [
        ("foreign", "selector") for _ in halves[2:]
    ]
    (listed,) = out.said("--list-sas")
    assert listed.count("INSTALLED") == 3 and len(out.of("Phase1Established")) == 1
