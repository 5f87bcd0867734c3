"""Breaks of verify's rules: with each, fewer verdicts agree with what the daemons did in the runs kept."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

import model.formats.swanctl
from model.formats.swanctl import proposals
from model.vocabulary.policy import ProtectionProposal
from proofs.verify import meeting
from proofs.verify.addresses import own_quality, quality, source
from proofs.verify.authentication import AuthenticationJudge
from tests.interop.agreement import Agreement, compared
from tests.interop.records import all_cases, kept

TODAY = datetime.date(2026, 11, 24)
KINDS = (
    "spelling", "several connections", "certificate", "certificates", "NAT, certificates",
    "subjects of certificates", "settings of strongswan.conf", "addresses",
)  # fmt: skip

BREAKS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "the first own address calls, of whatever IP version": (
        meeting, "source", lambda patterns, version: source(patterns, None),
    ),
    "both addresses count the same": (
        meeting, "priority",
        lambda c, sight: own_quality(c.local_addresses.value, sight.own)
        * bool(other := quality(c.remote_addresses.value, sight.other, sight.names)) + other,
    ),
    "esn is dropped": (
        proposals, "ProtectionProposal", lambda *parts: ProtectionProposal(*parts[:3]),
    ),
    "keywords in any case": (
        proposals, "CIPHERS",
        proposals.CIPHERS | {k.upper(): v for k, v in proposals.CIPHERS.items()},  # type: ignore[dict-item]
    ),
    "a wrong pool is passed over": (model.formats.swanctl, "read_pools", lambda section: ()),
    "Aggressive Mode with a key is taken": (
        AuthenticationJudge, "aggressive_psk", lambda *values: None,
    ),
}  # fmt: skip


def agreeing() -> int:
    """Verdicts that agree, of the cases that are about these rules."""
    cases = [case for case in all_cases() if case.kind in KINDS or "ggressive" in case.name]
    found = compared(cases, kept(), TODAY)
    return sum(item.agreement is Agreement.AGREES for item in found)


@pytest.fixture(scope="module")
def whole() -> int:
    return agreeing()


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_with_a_break_fewer_verdicts_agree_with_the_daemons(
    name: str, whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, attribute, broken = BREAKS[name]
    monkeypatch.setattr(owner, attribute, broken)
    assert agreeing() < whole
