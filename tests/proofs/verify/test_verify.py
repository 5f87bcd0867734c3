"""Verdicts on pairs of policies: outcome, reason, suite, packets, bounds, findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from model.vocabulary.outcomes import Outcome, PairVerdict, Reason, Report
from model.vocabulary.policy import Peer, WithoutSA
from model.vocabulary.profiles import WINDOWS2000
from proofs.verify.catalogue import CATALOGUE

PeerOf = Callable[..., Peer]
VerifyPair = Callable[[Peer, Peer], Report]
Rig = Callable[[str, str], str]

NEGOTIATE = [
    "psk-3des-sha1-modp1024",
    "psk-aes128-sha256-modp2048-pfs",
    "psk-des-md5-modp768",
    "psk-host-tunnel",
    "psk-lifetimes",
    "psk-esp-transport",
    "psk-ah-transport",
]


@pytest.fixture(scope="module")
def rig(peer_of: PeerOf, rig_text: Rig, verify_pair: VerifyPair) -> Callable[..., Report]:
    """Two configurations of the rig against each other, with replacements on one side."""

    def judge(one: str, other: str, old: str = "", new: str = "") -> Report:
        a, b = rig_text(one, "peer"), rig_text(other, "cmd")
        assert not old or old in b
        return verify_pair(peer_of("peer", a), peer_of("cmd", b.replace(old, new) if old else b))

    return judge


def both(report: Report) -> tuple[PairVerdict, PairVerdict]:
    one, other = report.pairs
    assert (one.initiator.peer, other.initiator.peer) == ("peer", "cmd")
    return one, other


@pytest.mark.parametrize("name", NEGOTIATE)
def test_configurations_that_strongswan_negotiates_are_established(
    rig: Callable[..., Report], name: str
) -> None:
    for pair in both(rig(name, name)):
        assert pair.phase1.outcome is Outcome.ESTABLISHED
        (child,) = pair.phase2
        assert child.outcome is Outcome.ESTABLISHED


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no-proposal-chosen", Reason.PROPOSAL_P1), ("psk-mismatch", Reason.PSK_MISMATCH)],
)
def test_configurations_that_fail_in_phase1(
    rig: Callable[..., Report], name: str, reason: Reason
) -> None:
    for pair in both(rig(name, "psk-3des-sha1-modp1024")):
        assert (pair.phase1.outcome, pair.phase1.reason) == (Outcome.FAILS, reason)
        assert not pair.phase2


def test_a_configuration_that_fails_in_phase2(rig: Callable[..., Report]) -> None:
    for pair in both(rig("quick-no-proposal-chosen", "psk-3des-sha1-modp1024")):
        assert pair.phase1.outcome is Outcome.ESTABLISHED
        (child,) = pair.phase2
        assert (child.outcome, child.reason) == (Outcome.FAILS, Reason.PROPOSAL_P2)


def test_a_certificate_that_is_not_there_leaves_the_verdict_open(
    rig: Callable[..., Report],
) -> None:
    for pair in both(rig("cert-rsa", "cert-rsa")):
        assert pair.phase1.outcome is Outcome.UNDECIDED
        assert any(".crt" in need for need in pair.phase1.needs)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("id = 192.0.2.1", "id = 192.0.2.9", Reason.IDENTITY),
        ("auth = psk", "auth = pubkey", Reason.AUTH_METHOD),
        ("aggressive = no", "aggressive = yes", Reason.EXCHANGE_MODE),
        ("modp1024", "modp1536", Reason.PROPOSAL_P1),
        ("version = 1", "version = 2", Reason.NO_RESPONDER),
    ],
)
def test_r5_r7_reasons_of_phase1_in_the_direction_of_the_changed_responder(
    rig: Callable[..., Report], old: str, new: str, reason: Reason
) -> None:
    psk = "psk-3des-sha1-modp1024"
    pair = rig(psk, psk, old, new).pairs[0]
    assert (pair.phase1.outcome, pair.phase1.reason) == (Outcome.FAILS, reason)
    assert pair.phase1.why


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("esp_proposals = 3des-sha1", "esp_proposals = 3des-sha1-modp1024", Reason.PROPOSAL_P2),
        # charon reads a cipher in an AH proposal, and ignores it (tests/interop/spelling_cases.py)
        ("esp_proposals", "ah_proposals", Reason.PROPOSAL_P2),
        ("remote_ts = 10.77.1.0/24", "remote_ts = 10.78.1.0/24", Reason.SELECTOR),
    ],
)
def test_r10_r12_r13_r21_reasons_of_phase2(
    rig: Callable[..., Report], old: str, new: str, reason: Reason
) -> None:
    psk = "psk-3des-sha1-modp1024"
    for pair in both(rig(psk, psk, old, new)):
        (child,) = pair.phase2
        assert (child.outcome, child.reason) == (Outcome.FAILS, reason)


def test_r13_a_mode_of_its_own_is_refused(rig: Callable[..., Report]) -> None:
    host = "psk-host-tunnel"
    for pair in both(rig(host, host, "mode = tunnel", "mode = transport")):
        (child,) = pair.phase2
        assert (child.outcome, child.reason) == (Outcome.FAILS, Reason.MODE)


def test_r21_selectors_are_narrowed_by_charon(rig: Callable[..., Report]) -> None:
    psk = "psk-3des-sha1-modp1024"
    pair, _ = both(rig(psk, psk, "remote_ts = 10.77.1.0/24", "remote_ts = 10.77.0.0/16"))
    (child,) = pair.phase2
    assert str(child.initiator_selector) == "10.77.1.0/24"
    other = both(rig(psk, psk, "local_ts = 10.77.2.0/24", "local_ts = 10.77.2.128/25"))[0]
    assert str(other.phase2[0].responder_selector) == "10.77.2.128/25"
    assert "SELECTOR-NARROWED" in {item.id for item in other.findings}


def test_a_default_proposal_is_undecided_where_it_may_match_and_fails_where_it_cannot(
    rig: Callable[..., Report],
) -> None:
    strong, weak = "psk-aes128-sha256-modp2048-pfs", "psk-des-md5-modp768"
    pair = rig(strong, strong, "proposals = aes128-sha256-modp2048\n    rekey", "rekey").pairs[0]
    assert pair.phase1.outcome is Outcome.UNDECIDED
    assert "state proposals" in pair.phase1.needs[0]
    pair = rig(weak, weak, "    proposals = des-md5-modp768\n", "").pairs[0]
    assert (pair.phase1.outcome, pair.phase1.reason) == (Outcome.FAILS, Reason.PROPOSAL_P1)


def test_r8_packets_without_an_sa(rig: Callable[..., Report]) -> None:
    psk = "psk-3des-sha1-modp1024"
    pair, _ = both(rig(psk, psk, "mode = tunnel", "mode = tunnel\n start_action = trap"))
    assert pair.without_sa == (WithoutSA.CLEAR, WithoutSA.DROPPED)
    ids = [(f.id, f.way, f.what.split()[2]) for f in pair.findings if f.id.startswith("CLEAR")]
    assert ids == [("CLEAR-WITHOUT-SA", ("peer", "cmd"), "peer")]


WINDOWS = """
address = "192.0.2.{own}"
[main_mode]
lifetime = "8h"
quick_modes = {quick_modes}
[filter_lists.f]
filters = [{{ destination = "192.0.2.{other}" }}]
[filter_actions.a]
session_key_pfs = {pfs}
[[filter_actions.a.offers]]
esp = {{ encryption = "3des", integrity = "sha1" }}
lifetime = "{life}"
kilobytes = 1000
[[rules]]
name = "r"
filter_list = "f"
filter_action = "a"
authentication = [{{ method = "pre-shared-key", secret = "env:KEY" }}]
"""


@pytest.fixture(scope="module")
def windows(
    read_files: Callable[..., object], verify_pair: VerifyPair
) -> Callable[..., PairVerdict]:
    from model.formats.native import load

    def judge(
        one: str = "2h", other: str = "2h", quick_modes: int = 0, pfs: bool = False
    ) -> PairVerdict:
        peers = []
        for name, own, there, life in (("a", 1, 2, one), ("b", 2, 1, other)):
            text = WINDOWS.format(
                own=own, other=there, life=life, quick_modes=quick_modes, pfs=str(pfs).lower()
            )
            reader = read_files({f"{name}.toml": text}, {"KEY": "k"})
            peers.append(load(f"{name}.toml", name, reader))  # type: ignore[arg-type]
        return verify_pair(peers[0], peers[1]).pairs[0]

    return judge


def test_r20_phase2_of_two_hours_outlives_phase1_by_almost_two_hours(
    windows: Callable[..., PairVerdict],
) -> None:
    overlap = windows().overlap
    assert overlap is not None
    assert (overlap.supremum_seconds, overlap.reached) == (7200, False)


def test_r20_the_shorter_lifetime_counts_at_both_ends(
    windows: Callable[..., PairVerdict],
) -> None:
    for one, other in (("2h", "1h"), ("1h", "2h")):
        overlap = windows(one, other).overlap
        assert overlap is not None and overlap.supremum_seconds == 3600


def test_r20_charons_children_end_with_phase1(rig: Callable[..., Report]) -> None:
    overlap = rig("psk-host-tunnel", "psk-host-tunnel").pairs[0].overlap
    assert overlap is not None and (overlap.supremum_seconds, overlap.reached) == (0, True)


@pytest.mark.parametrize(
    ("quick_modes", "pfs", "seconds", "kilobytes"),
    [(0, False, 36000, None), (5, False, 36000, 10_000), (5, True, 7200, 2000)],
)
def test_r12_r16_exposure_of_one_secret(
    windows: Callable[..., PairVerdict],
    quick_modes: int,
    pfs: bool,
    seconds: int,
    kilobytes: int | None,
) -> None:
    exposure = windows(quick_modes=quick_modes, pfs=pfs).exposure
    assert exposure is not None
    assert (exposure.seconds, exposure.kilobytes) == (seconds, kilobytes)


def test_a_missing_secret_leaves_the_verdict_open(peer_of: PeerOf, verify_pair: VerifyPair) -> None:
    texts = [
        WINDOWS.format(own=a, other=b, life="1h", quick_modes=0, pfs="false")
        for a, b in ((1, 2), (2, 1))
    ]
    one, two = (peer_of(name, text, "toml") for name, text in zip("ab", texts, strict=True))
    for pair in verify_pair(one, two).pairs:
        assert pair.phase1.outcome is Outcome.UNDECIDED
        assert "the variable KEY is not set" in pair.phase1.needs[0]


def test_addresses_that_do_not_meet_fail(rig: Callable[..., Report]) -> None:
    psk = "psk-3des-sha1-modp1024"
    report = rig(psk, psk, "remote_addrs = 192.0.2.1", "remote_addrs = 198.51.100.1")
    reasons = [pair.phase1.reason for pair in report.pairs]
    assert reasons == [Reason.NO_CONNECTION, Reason.NO_RESPONDER]


def test_a_peer_that_calls_nobody_in_particular_cannot_start(rig: Callable[..., Report]) -> None:
    psk = "psk-3des-sha1-modp1024"
    one, other = both(rig(psk, psk, "remote_addrs = 192.0.2.1", "remote_addrs = %any"))
    assert one.phase1.outcome is Outcome.ESTABLISHED
    assert other.phase1.reason is Reason.NO_RESPONDER


def test_working_in_one_direction_only_is_said(rig: Callable[..., Report]) -> None:
    psk = "psk-3des-sha1-modp1024"
    report = rig(psk, psk, "remote_addrs = 192.0.2.1", "remote_addrs = %any")
    assert "ONE-WAY" in {item.id for item in report.findings}


def test_every_finding_in_use_is_in_the_catalogue(rig: Callable[..., Report]) -> None:
    import re
    from pathlib import Path

    root = Path(__file__).resolve().parents[3]
    used: set[str] = set()
    for folder in ("model/formats", "proofs/verify"):
        for file in (root / folder).rglob("*.py"):
            if file.name != "catalogue.py":
                used |= set(re.findall(r'"([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)"', file.read_text()))
    used |= {"UNDECIDED", "OVERLAP", "REFERENCE", "SHUNT"}  # ids of one word
    used -= {"RFC-2409"}
    assert used - {"BEGIN-CERTIFICATE"} == set(CATALOGUE)
    for entry in CATALOGUE.values():
        assert entry.explanation and entry.mend and entry.sources


# ---- dead peers
def test_asking_whether_a_peer_lives_that_does_not_understand_is_said(
    peer_of: PeerOf, verify_pair: VerifyPair, rig_text: Rig
) -> None:
    name = "psk-3des-sha1-modp1024"
    asking = rig_text(name, "peer").replace("version = 1", "version = 1\n dpd_delay = 10s")
    windows = replace(peer_of("cmd", rig_text(name, "cmd")), profile=WINDOWS2000)
    for other, said in ((peer_of("cmd", rig_text(name, "cmd")), 0), (windows, 1)):
        pair = both(verify_pair(peer_of("peer", asking), other))[0]
        found = [item for item in pair.findings if item.id == "DPD-IN-VAIN"]
        assert len(found) == said
        for item in found:
            assert item.place is not None and item.place.file == "peer.conf"
            assert "cmd (windows2000) does not support" in item.what
