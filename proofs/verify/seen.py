"""Which findings a run of the specification shows, and how the run is made.

`verify` prints `ikeproof explore A B --finding ID` for exactly these.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from model.choice import phase1_offer
from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import Outcome, Phase1Verdict, Phase2Verdict, Reason
from model.vocabulary.policy import Peer
from model.vocabulary.suites import AuthMethod
from proofs.verify.judging import Judgement
from proofs.verify.phase2 import ChildFacts


class How(Enum):
    """How the run of a finding is made from the two policies."""

    OUTCOME = "the exchange up to its failure"
    SILENCE = "every sending of message 1 is lost"
    OVERLAP = "Phase I to its end, with SAs made a second before it"
    EXPOSURE = "Quick Modes under one Phase I"
    IDENTITY = "the exchange up to the message with the identity"


#: findings that are about a run. All others are about a policy, a peer that nobody reaches, or the traffic.
SEEN = {
    **dict.fromkeys(
        ("P1-PROPOSAL", "P1-EXCHANGE-MODE", "P1-AUTH-METHOD", "P1-PSK", "P1-CERTIFICATE",
         "P1-IDENTITY", "P2-MODE-CONFIG", "P2-PROPOSAL", "P2-MODE", "P2-LIFETIME", "P2-SELECTOR"),
        How.OUTCOME,
    ),
    **dict.fromkeys(("CLEAR-WITHOUT-SA", "CLEAR-AFTER-SILENCE"), How.SILENCE),
    "OVERLAP": How.OVERLAP,
    **dict.fromkeys(("NO-PFS", "EXPOSURE-UNBOUNDED"), How.EXPOSURE),
    **dict.fromkeys(("OWN-IDENTITY", "KERBEROS-IDENTITY", "AGGRESSIVE-MODE"), How.IDENTITY),
}  # fmt: skip


def child_of(judgement: Judgement, name: str | None) -> ChildFacts | None:
    """The child that a finding names, or the first one; None: none was judged."""
    found = [item for item in judgement.children if name in (None, item.child.name)]
    return found[0] if found else None


def second(judgement: Judgement, child: ChildFacts | None) -> Phase2Verdict | None:
    """The verdict on a child."""
    pairs = zip(judgement.verdict.phase2, judgement.children, strict=True)
    return next((item for item, facts in pairs if facts is child), None)


def missing(judgement: Judgement, child: ChildFacts | None) -> str:
    """Why there is no exchange to step through, in words; empty: there is one."""
    first, phase2 = judgement.verdict.phase1, second(judgement, child)
    undecided: list[Phase1Verdict | Phase2Verdict] = [
        item for item in (first, phase2) if item is not None and item.outcome is Outcome.UNDECIDED
    ]
    if undecided:
        return f"the outcome is undecided, because information is missing: {'; '.join(undecided[0].needs)}"
    if first.reason is Reason.NO_RESPONDER:
        return "nobody answers message 1"
    if first.reason is Reason.NO_CONNECTION:
        return "the responder has no connection for the caller's address, whatever is offered"
    if judgement.phase1.silent:
        return "the initiator finds no private key of its own, so it sends no message"
    if AuthMethod.NONE in {item.method.value for item in judgement.connection.authentications}:
        return "IKEv1 has no authentication of this kind"
    return ""


def speaks(judgement: Judgement, initiator: Peer) -> bool:
    """Whether the initiator has something to offer, so that message 1 can be sent."""
    connection = judgement.connection
    return bool(phase1_offer(connection.proposals, connection.authentications, initiator.profile))


def marked(judgement: Judgement, initiator: Peer) -> Judgement:
    """The judgement with every finding marked that a run shows."""
    verdict = judgement.verdict
    if not any(item.id in SEEN for item in verdict.findings) or not speaks(judgement, initiator):
        return judgement
    found = tuple(
        replace(item, seen=True) if _shown(item, judgement) else item for item in verdict.findings
    )
    return replace(judgement, verdict=replace(verdict, findings=found))


def _shown(finding: Finding, judgement: Judgement) -> bool:
    how = SEEN.get(finding.id)
    if how is None or how is How.SILENCE:
        return how is not None
    if how in (How.OVERLAP, How.EXPOSURE):
        return lasting(judgement, finding.child) is not None
    child = child_of(judgement, finding.child) if finding.child is not None else None
    return not missing(judgement, child)


def lasting(judgement: Judgement, name: str | None = None) -> ChildFacts | None:
    """The child that comes up and whose SAs last longest, for overlap and exposure."""
    pairs = zip(judgement.verdict.phase2, judgement.children, strict=True)
    up = [
        facts
        for item, facts in pairs
        if item.outcome is Outcome.ESTABLISHED and name in (None, item.child)
    ]
    if judgement.verdict.phase1.outcome is not Outcome.ESTABLISHED or not up:
        return None

    def life(facts: ChildFacts) -> float:
        ends = [x.life.hard_seconds.value for x in (facts.child, facts.answer) if x is not None]
        return max(float("inf") if value is None else value for value in ends)

    return max(up, key=life)
