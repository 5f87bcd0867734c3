"""Our engine and a real strongSwan over time: lifetimes, rekeying by either, dead peers (R17 to R20)."""

from __future__ import annotations

import pytest

from tests.interop.engine_rig import Outcome, Step, against_strongswan
from tests.interop.harness import why_not
from tests.interop.test_engine_negotiates import BEGIN

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]
NAME = "psk-3des-sha1-modp1024"
UP: list[Step] = [["start"], ["until", "SasInstalled"]]


def notified(out: Outcome, type_: int) -> list[str]:
    return [
        item["notification"]["data"]
        for item in out.of("Notified")
        if item["notification"]["type"] == type_ and item["protected"]
    ]


# ---- rekeying
@pytest.mark.slow
@pytest.mark.parametrize(("who", "seconds"), [("we", 29.5), ("strongSwan", 12.5)])
def test_r17_r19_what_strongswan_rekeys_by_seconds_we_answer(who: str, seconds: float) -> None:
    steps: list[Step] = [BEGIN[who], ["until", "SasInstalled"], ["wait", seconds]]
    out = against_strongswan("psk-lifetimes", [*steps, ["swanctl", "--list-sas"]])
    assert not out.result["missing"]
    rekeyed = [item["pair"] for item in out.of("SasInstalled")][1:]
    assert len(rekeyed) >= seconds / 6
    assert all(not pair["initiated"] and pair["life"] == 8 for pair in rekeyed)
    assert all(pair["kilobytes"] == 20 for pair in rekeyed)
    # strongSwan deletes what it has replaced; nothing multiplies
    assert out.of("SasDeleted") and out.result["pairs"] <= 3
    # and renews Phase I (25 s) before it ends
    assert len(out.of("Phase1Established")) == (2 if seconds > 25 else 1)
    (listed,) = out.said("--list-sas")
    for pair in [item["pair"] for item in out.of("SasInstalled")][-1:]:
        assert f"out {pair['sas'][0]['inbound_spi']:08x}" in listed


@pytest.mark.slow
def test_r19_what_strongswan_rekeys_by_octets_we_answer() -> None:
    """Seconds alone would let the first pair stand for 4 s; 11 kB are more than 6 to 10."""
    steps: list[Step] = [BEGIN["strongSwan"], ["until", "SasInstalled"], ["packets", 11, 1000]]
    out = against_strongswan("psk-lifetimes", [*steps, ["until", "SasInstalled", 2, 3]])
    assert not out.result["missing"]
    first, second = (item["at"] for item in out.of("SasInstalled"))
    assert second - first < 3.0


def test_r19_what_we_replace_strongswan_forgets() -> None:
    steps: list[Step] = [*UP, ["wait", 0.2], ["rekey", "net"], ["until", "SasInstalled", 2]]
    steps += [["wait", 0.2], ["swanctl", "--list-sas"], ["until", "SasDeleted"], ["wait", 0.2]]
    out = against_strongswan(NAME, [*steps, ["swanctl", "--list-sas"]], engine={"overlap": 1.0})
    assert not out.result["missing"]
    old, new = (item["pair"]["sas"][0]["inbound_spi"] for item in out.of("SasInstalled"))
    during, after = out.said("--list-sas")
    assert f"out {old:08x}" in during and f"out {new:08x}" in during
    assert f"out {old:08x}" not in after and f"out {new:08x}" in after


@pytest.mark.slow
def test_r17_r19_our_soft_lifetimes_renew_both_phases() -> None:
    soft = {"offered": 60, "hard": 60, "soft": 3}
    out = against_strongswan(
        NAME,
        [*UP, ["wait", 10], ["swanctl", "--list-sas"]],
        connection={"life": soft},
        child={"life": soft},
        engine={"overlap": 1.0},
    )
    assert len(out.of("SasInstalled")) >= 3 and len(out.of("Phase1Established")) >= 3
    assert all(item["why"] == "it was replaced" for item in out.of("SasDeleted"))
    assert {item["why"] for item in out.of("Phase1Ended")} == {"it was replaced"}
    (listed,) = out.said("--list-sas")
    assert 1 <= out.result["pairs"] <= 2 and 1 <= listed.count("INSTALLED") <= 2


@pytest.mark.slow
def test_r19_when_both_rekey_sas_do_not_multiply() -> None:
    soft = {"offered": 8, "hard": 8, "soft": 5, "jitter": 1}
    steps: list[Step] = [*UP, ["wait", 16], ["swanctl", "--list-sas"]]
    out = against_strongswan("psk-lifetimes", steps, child={"life": soft}, engine={"overlap": 1.0})
    assert {item["pair"]["initiated"] for item in out.of("SasInstalled")} == {True, False}
    (listed,) = out.said("--list-sas")
    assert 1 <= out.result["pairs"] <= 4 and 1 <= listed.count("in  ") <= 4
    assert len(out.of("SasInstalled")) <= 10


# ---- lifetimes said
def test_r17_r19_strongswan_goes_on_when_told_that_our_lifetimes_are_shorter() -> None:
    steps: list[Step] = [BEGIN["strongSwan"], ["until", "SasInstalled"], ["wait", 1.0]]
    short = {"offered": 500, "hard": 500}
    out = against_strongswan(
        NAME,
        [*steps, ["swanctl", "--list-sas"]],
        connection={"life": short},
        child={"life": short},
    )
    assert out.of("SasInstalled")[0]["pair"]["life"] == 500
    assert "INSTALLED" in out.said("--list-sas")[0]
    # What we say of Phase I does not come with message 6, of which it might read it first.
    assert "parsed INFORMATIONAL_V1 request" in out.log and "invalid HASH" not in out.log
    assert "parsed QUICK_MODE response" in out.log and "malformed QUICK_MODE" not in out.log


# ---- dead peers
def test_strongswan_answers_whether_it_is_there_and_is_buried_when_it_is_not() -> None:
    asks = {"detection": {"idle": 0.5, "every": 0.3, "dead": 1.4}}
    steps: list[Step] = [*UP, ["wait", 2.5], ["cut"], ["until", "Phase1Ended", 1, 8]]
    out = against_strongswan(NAME, steps, connection=asks, engine={"interval": 0.3})
    assert not out.result["missing"]
    answered = [int(data, 16) for data in notified(out, 36137)]
    assert len(answered) >= 3 and answered == list(range(answered[0], answered[0] + len(answered)))
    assert [item["why"] for item in out.of("Phase1Ended")] == [
        "the peer is dead: 3 questions without an answer"
    ]
    assert out.result["pairs"] == out.result["sas"] == 0


def test_r17_with_a_strongswan_that_was_dead_we_negotiate_anew_and_it_takes_that() -> None:
    asks = {"detection": {"idle": 0.5, "every": 0.3, "dead": 1.4}}
    steps: list[Step] = [*UP, ["wait", 0.7], ["cut"], ["until", "Phase1Ended", 1, 8], ["mend"]]
    steps += [["until", "SasInstalled", 2, 8], ["wait", 0.2], ["swanctl", "--list-sas"]]
    patience = {"interval": 0.4, "brief": 0.4}
    out = against_strongswan(
        NAME, steps, connection=asks, child={"restarts": True}, engine=patience
    )
    assert not out.result["missing"] and out.result["pairs"] == out.result["sas"] == 1
    (listed,) = out.said("--list-sas")  # INITIAL-CONTACT has told it that we hold nothing of before
    assert listed.count("INSTALLED") == 1
    (sas,) = out.of("SasInstalled")[1]["pair"]["sas"]
    assert f"out {sas['inbound_spi']:08x}" in listed


@pytest.mark.slow
def test_we_answer_strongswan_whether_we_are_there() -> None:
    steps: list[Step] = [*UP, ["wait", 10.5]]
    out = against_strongswan("psk-aes128-sha256-modp2048-pfs", steps)
    assert notified(out, 36136)
    assert (
        "parsed INFORMATIONAL_V1" in out.log
        and "[ HASH N(DPD_ACK) ]" in out.log
        and not out.of("Phase1Ended")
    )


# ---- a bad way between
@pytest.mark.slow
@pytest.mark.parametrize("way", ["loses", "repeats"])
@pytest.mark.parametrize("who", BEGIN)
def test_r8_what_is_lost_or_comes_twice_does_not_matter(who: str, way: str) -> None:
    steps: list[Step] = [BEGIN[who], ["until", "SasInstalled", 1, 15], ["wait", 1.8]]
    steps += [["swanctl", "--list-sas"]]
    patience = {"interval": 0.4, "brief": 0.4}
    out = against_strongswan(NAME, steps, engine=patience, way=way)
    assert not out.result["missing"]
    assert len(out.of("Phase1Established")) == len(out.of("SasInstalled")) == 1
    (listed,), pair = out.said("--list-sas"), out.of("SasInstalled")[0]["pair"]
    assert listed.count("INSTALLED") == 1 and f"out {pair['sas'][0]['inbound_spi']:08x}" in listed


def test_r15_a_later_negotiation_that_meets_silence_renegotiates_phase1() -> None:
    steps: list[Step] = [*UP, ["wait", 0.3], ["cut"], ["rekey", "net"]]
    steps += [["until", "Phase1Ended"], ["mend"], ["until", "SasInstalled", 2, 15]]
    patience = {"interval": 0.4, "brief": 0.4}
    out = against_strongswan(NAME, [*steps, ["swanctl", "--list-sas"]], engine=patience)
    assert not out.result["missing"]
    assert [item["why"] for item in out.of("Phase1Ended")] == ["a later negotiation got no answer"]
    first, second = (item["name"] for item in out.of("SasInstalled"))
    assert first != second and second == out.of("Phase1Established")[1]["name"]


def test_r18_a_strongswan_that_has_forgotten_us_and_begins_anew_replaces_what_there_was() -> None:
    """Its Deletes are lost; INITIAL-CONTACT tells that it holds nothing of before."""
    steps: list[Step] = [BEGIN["strongSwan"], ["until", "SasInstalled"], ["wait", 0.3], ["cut"]]
    steps += [["swanctl", "--terminate", "--ike", "rig", "--force"], ["wait", 0.3], ["mend"]]
    steps += [["wait", 0.5], BEGIN["strongSwan"], ["until", "SasInstalled", 2], ["wait", 0.3]]
    out = against_strongswan(NAME, steps)
    assert not out.result["missing"]
    assert [item["why"] for item in out.of("SasDeleted")] == ["the peer has restarted"]
    assert [item["why"] for item in out.of("Phase1Ended")] == ["the peer has restarted"]
    assert out.result["sas"] == out.result["pairs"] == 1
