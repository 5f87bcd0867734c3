"""Breaks of verify's rules: with each, fewer verdicts agree with what the daemons did in the runs kept."""

from __future__ import annotations

import datetime
from itertools import accumulate
from typing import Any

import pytest

import model.formats.swanctl
from model.formats.swanctl import proposals
from model.vocabulary.policy import Authentication, ProtectionProposal
from model.vocabulary.suites import Mode
from proofs.verify import callers, certificates, credentials, judging, meeting, phase2
from proofs.verify.addresses import own_quality, quality, source, targets
from proofs.verify.authentication import AuthenticationJudge
from tests.interop.agreement import Agreement, compared
from tests.interop.records import all_cases, kept

TODAY = datetime.date(2026, 11, 24)
KINDS = (
    "spelling", "several connections", "certificate", "certificates", "NAT, certificates",
    "subjects of certificates", "settings of strongswan.conf", "addresses", "selectors", "mode", "XAUTH",
    "an address that its owner does not state", "IP versions", "key IDs", "raw public keys of one's own",
)  # fmt: skip

BREAKS: dict[str, tuple[Any, str, Any]] = {
    "the first own address calls, of whatever IP version": (
        callers, "source", lambda patterns, version: source(patterns, None),
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
        proposals.CIPHERS | {k.upper(): v for k, v in proposals.CIPHERS.items()},
    ),
    "a wrong pool is passed over": (model.formats.swanctl, "read_pools", lambda section: ()),
    "Aggressive Mode with a key is taken": (
        AuthenticationJudge, "aggressive_psk", lambda *values: None,
    ),
    "only the first target is called": (
        meeting, "targets", lambda connection: targets(connection)[:1],
    ),
    "a name is called by IPv4 only": (meeting, "stated_versions", lambda connection: (4,)),
    "a certificate is shown beside a raw key": (credentials, "bare_key", lambda *values: None),
    "no certificate has a key ID": (certificates, "key_ids", lambda certificate: set()),
    "no key is needed to start": (AuthenticationJudge, "cannot_start", lambda self: None),
    "an answer holds a range of ports": (phase2, "_answered", lambda ours, theirs: (ours, theirs)),
    "transport_proxy is for hosts": (
        phase2, "_for_hosts",
        lambda child, profile: child.mode.value is Mode.TRANSPORT and profile.transport_for_hosts,
    ),
    "an end answers as it starts": (
        Authentication, "answering", property(lambda self: self.method.value),
    ),
    "an address is right because the other end names it": (judging, "of_called", lambda *values: iter(())),
    "what an address that no connection takes is assumed for is not said": (
        meeting.Call, "reaches", lambda *values: (),
    ),
}  # fmt: skip


def agreeing() -> tuple[int, ...]:
    """Verdicts that agree; those and what says what is missing; those and what says what it assumes."""
    cases = [case for case in all_cases() if case.kind in KINDS or "ggressive" in case.name]
    found = [item.agreement for item in compared(cases, kept(), TODAY)]
    order = (Agreement.AGREES, Agreement.UNDECIDED, Agreement.CONDITIONAL)
    return tuple(accumulate(found.count(item) for item in order))


@pytest.fixture(scope="module")
def whole() -> tuple[int, ...]:
    return agreeing()


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_with_a_break_fewer_verdicts_agree_with_the_daemons(
    name: str, whole: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, attribute, broken = BREAKS[name]
    monkeypatch.setattr(owner, attribute, broken)
    assert any(less < before for less, before in zip(agreeing(), whole, strict=True))
