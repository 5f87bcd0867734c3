"""Pairs rebuilt from problems that people reported, and what two strongSwan 5.9.8 made of them.

The pairs and the right answers are data (tests/data/cases, its README says what each stands for).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from model.vocabulary.outcomes import Report
from model.vocabulary.policy import Peer
from proofs.verify.judging import in_short

CASES = Path(__file__).resolve().parents[2] / "data" / "cases"
Both = tuple[str, str]

# What comes of a -> b and of b -> a; findings that must be there, and some that must not.
ANSWERS: dict[str, tuple[Both, set[str], set[str]]] = {
    "wrong-remote-address": (
        ("Phase I fails (no-responder)", "Phase I fails (no-connection)"),
        {"P1-NO-RESPONDER", "P1-NO-CONNECTION"},
        {"P1-IDENTITY"},
    ),
    "own-address-not-stated": (("undecided", "undecided"), {"UNDECIDED"}, {"P2-SELECTOR"}),
    "dial-in-gateway": (
        ("comes up as net", "Phase I fails (no-responder)"),
        {"ONE-WAY"},
        {"P1-NO-RESPONDER"},
    ),
    "address-sent-as-name": (("Phase I fails (identity)",) * 2, {"P1-IDENTITY"}, set()),
    "key-id-identity": (
        ("Phase I fails (identity)", "Phase I fails (no-responder)"),
        {"P1-IDENTITY", "ONE-WAY"},
        {"P1-NO-RESPONDER"},
    ),
    "two-subnets-one-child": (
        ("comes up as net", "comes up as net, net"),
        {"TS-IGNORED"},
        {"P2-SELECTOR"},
    ),
    "unknown-algorithm-in-another-connection": (
        ("comes up as net",) * 2,
        {"CONNECTION-DISCARDED"},
        set(),
    ),
    "pfs-at-one-end": (("Phase II fails (proposal-p2)",) * 2, {"P2-PROPOSAL"}, set()),
    "hash-sign-in-secret": (
        ("Phase I fails (psk-mismatch)",) * 2,
        {"P1-PSK"},
        {"SECRET-CUT"},
    ),
    "both-reauthenticate": (("comes up as net",) * 2, {"SAS-PILE-UP"}, set()),
    "virtual-address": (("comes up as net",) * 2, set(), set()),
    "vendor-only-cipher": (("Phase II fails (proposal-p2)",) * 2, {"P2-PROPOSAL"}, set()),
}


def text_of(case: str, side: str) -> str:
    """One side's file."""
    return (CASES / case / side / "swanctl.conf").read_text()


@pytest.mark.parametrize("case", sorted(ANSWERS))
def test_pairs_from_the_field_get_the_right_answer(
    peer_of: Callable[..., Peer], verify_pair: Callable[[Peer, Peer], Report], case: str
) -> None:
    a, b = (peer_of(side, text_of(case, side)) for side in "ab")
    report = verify_pair(a, b)
    outcomes, wanted, unwanted = ANSWERS[case]
    assert tuple(in_short(pair) for pair in report.pairs) == outcomes
    found = {item.id for pair in report.pairs for item in pair.findings}
    found |= {item.id for item in report.findings}
    assert wanted <= found
    assert not unwanted & found


def test_every_folder_of_cases_has_its_answer() -> None:
    assert {item.name for item in CASES.iterdir() if item.is_dir()} == set(ANSWERS)
