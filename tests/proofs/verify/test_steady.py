"""What a second lifetime reveals: closed forms of what daemons did over several (R17, R19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import Report
from model.vocabulary.policy import Peer
from proofs.verify.steady import span
from tests.proofs.verify.test_meeting import one, other, policy

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "windows-2000"
Found = Callable[[str, str, str, str], list[Finding]]


@pytest.fixture
def found(peer_of: Callable[..., Peer], verify_pair: Callable[[Peer, Peer], Report]) -> Found:
    """Findings about later lifetimes, with settings of the connection and of the child on either side."""

    def judge(a: str, b: str, child_a: str = "", child_b: str = "") -> list[Finding]:
        peers = []
        for name, text, ike, child in (("a", one(), a, child_a), ("b", other(), b, child_b)):
            text = text.replace("version = 1", f"version = 1\n{ike}")
            text = text.replace("esp_proposals", f"{child}\nesp_proposals")
            peers.append(peer_of(name, policy(text)))
        return [
            item
            for pair in verify_pair(*peers).pairs
            for item in pair.findings
            if item.id
            in ("SAS-PILE-UP", "RENEWAL-WITHOUT-OVERLAP", "NEVER-RENEWED", "RENEWAL-RACE")
        ]

    return judge


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [  # seconds, as the runs had them
        ("rekey_time = 20", "rekey_time = 20", "both renew Phase I from 18 s on"),
        ("rekey_time = 20\nover_time = 4", "rekey_time = 22\nover_time = 4", "may both renew"),
        ("rekey_time = 20\nover_time = 4\nrand_time = 0", "rekey_time = 22\nover_time = 4\nrand_time = 0",
         "both renew Phase I from 20 s on"),
        ("rekey_time = 20\nover_time = 1", "rekey_time = 22\nover_time = 1", ""),
        ("rekey_time = 10\nover_time = 1", "rekey_time = 14\nover_time = 1", ""),
        ("rekey_time = 10", "rekey_time = 4h", "may both renew"),
        ("rekey_time = 10", "rekey_time = 0", ""),
        ("reauth_time = 60\nrekey_time = 0", "rekey_time = 60", "from 54 s on"),
        ("rekey_time = 4h", "reauth_time = 4h", "from 3 h 36 min on"),
    ],
)  # fmt: skip
def test_r17_both_ends_renew_phase1_within_the_time_that_the_old_one_stays(
    found: Found, a: str, b: str, says: str
) -> None:
    if "4h" in b and "10" in a:  # the jitter of the longer one is long too
        b += "\nrand_time = 1m"
        says = ""
    items = [item for item in found(a, b, "", "") if item.id == "SAS-PILE-UP"]
    assert bool(items) is bool(says)
    assert all(says in item.what for item in items)
    assert len({item.what for item in items}) <= 1  # the same, whoever starts


def test_r17_without_overlap_the_other_end_loses_its_phase2_sa(found: Found) -> None:
    items = found("rekey_time = 20\nover_time = 0", "rekey_time = 4h", "", "")
    assert {item.id for item in items} == {"RENEWAL-WITHOUT-OVERLAP"}
    assert all("a deletes Phase I after 20 s" in item.what for item in items)
    # Where the other end renews first, it is its over_time that counts.
    items = found("rekey_time = 4h\nover_time = 0", "rekey_time = 20", "", "")
    assert not items


@pytest.mark.parametrize(
    ("a", "b", "ids"),
    [
        ("rekey_time = 12\nlife_time = 15", "rekey_time = 12\nlife_time = 15", set()),
        ("rekey_time = 0\nlife_time = 15", "", {"NEVER-RENEWED"}),
        ("rekey_time = 0\nlife_time = 15", "rekey_time = 10\nlife_time = 15", set()),
        ("rekey_time = 12\nlife_time = 12", "", {"NEVER-RENEWED"}),
        ("rekey_time = 0\nlife_time = 0", "rekey_time = 0\nlife_time = 0", set()),
        ("rekey_time = 12\nlife_time = 15\nrand_time = 0",
         "rekey_time = 12\nlife_time = 15\nrand_time = 0", {"RENEWAL-RACE"}),
    ],
)  # fmt: skip
def test_r19_a_phase2_sa_that_nobody_renews_in_time(
    found: Found, a: str, b: str, ids: set[str]
) -> None:
    items = found("rekey_time = 4h", "rekey_time = 0", a, b)
    assert {item.id for item in items} == ids


def test_r17_a_windows_2000_pair_rekeys_whatever_the_policy_says(
    verify_pair: Callable[[Peer, Peer], Report], peer_of: Callable[..., Peer]
) -> None:
    key = {"shared-key.txt": b"x"}
    client, server = (
        peer_of(side, (EXAMPLES / side / "policy.toml").read_text(), "toml", **key)
        for side in ("client", "server")
    )

    def ids(a: Peer, b: Peer) -> set[str]:
        return {x.id for pair in verify_pair(a, b).pairs for x in pair.findings}

    def stated(peer: Peer) -> Peer:
        """Renewing as its policy states."""
        return replace(peer, profile=replace(peer.profile, rekeys_in_time=False))

    for there in (server, stated(server)):
        assert not ids(client, there) & {"NEVER-RENEWED", "RENEWAL-RACE"}
    assert "NEVER-RENEWED" in ids(stated(client), stated(server))


def test_times_are_written_as_people_say_them() -> None:
    assert [span(x) for x in (0, 54, 3600, 12960)] == ["0 s", "54 s", "1 h", "3 h 36 min"]
