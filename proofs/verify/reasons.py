"""The finding of each reason for a failure, and its title in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.vocabulary.outcomes import Phase1Verdict, Phase2Verdict, Reason, Said


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason's finding, and its title."""

    id: str
    title: str


CAUSES = {
    Reason.NO_RESPONDER: Cause("P1-NO-RESPONDER", "nobody answers"),
    Reason.NO_CONNECTION: Cause("P1-NO-CONNECTION", "no connection for the caller's address"),
    Reason.PROPOSAL_P1: Cause("P1-PROPOSAL", "no common proposal"),
    Reason.EXCHANGE_MODE: Cause("P1-EXCHANGE-MODE", "Main Mode and Aggressive Mode"),
    Reason.AUTH_METHOD: Cause("P1-AUTH-METHOD", "different authentication methods"),
    Reason.PSK_MISMATCH: Cause("P1-PSK", "different pre-shared keys"),
    Reason.CERTIFICATE: Cause("P1-CERTIFICATE", "a certificate is not accepted"),
    Reason.IDENTITY: Cause("P1-IDENTITY", "an identity is not accepted"),
    Reason.MODE_CONFIG: Cause("P2-MODE-CONFIG", "no virtual address is assigned"),
    Reason.PROPOSAL_P2: Cause("P2-PROPOSAL", "no common proposal"),
    Reason.MODE: Cause("P2-MODE", "tunnel mode and transport mode"),
    Reason.LIFETIME: Cause("P2-LIFETIME", "the lifetime is rejected"),
    Reason.SELECTOR: Cause("P2-SELECTOR", "traffic selectors do not match"),
}


def sentence(verdict: Phase1Verdict | Phase2Verdict, here: str, there: str) -> str:
    """Why it fails, as one sentence: title, explanation, and the first thing that each side says."""
    title = CAUSES[verdict.reason].title if verdict.reason else "it fails"
    return ": ".join(filter(None, (title, verdict.why or both_sides(verdict, here, there))))


def both_sides(verdict: Phase1Verdict | Phase2Verdict, here: str, there: str) -> str:
    """The first thing that each side says."""
    said = _said(verdict.sent, here, "sends"), _said(verdict.wanted, there, "wants")
    return ", ".join(filter(None, said))


def _said(items: Sequence[Said], who: str, verb: str) -> str:
    if not items:
        return ""
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{who} {items[0].verb or verb} {items[0].text}{more}"
