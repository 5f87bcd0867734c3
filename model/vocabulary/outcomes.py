"""The verdict on two peers, in one vocabulary (DESIGN.md section 5; R2, R3, R7, R10, R20)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from model.vocabulary.findings import Finding
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import WithoutSA
from model.vocabulary.selectors import Selector
from model.vocabulary.suites import Phase1Suite, Phase2Suite


class Outcome(Enum):
    """How a negotiation ends."""

    ESTABLISHED = "established"
    FAILS = "fails"
    UNDECIDED = "undecided"


class Reason(Enum):
    """Why a negotiation fails, or what stays undecided."""

    NO_RESPONDER = "no-responder"
    NO_CONNECTION = "no-connection"
    PROPOSAL_P1 = "proposal-p1"
    EXCHANGE_MODE = "exchange-mode"
    AUTH_METHOD = "auth-method"
    PSK_MISMATCH = "psk-mismatch"
    CERTIFICATE = "certificate"
    IDENTITY = "identity"
    MODE_CONFIG = "mode-config"
    PROPOSAL_P2 = "proposal-p2"
    MODE = "mode"
    LIFETIME = "lifetime"
    SELECTOR = "selector"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a verdict: a peer and the connection it uses; None where none applies."""

    peer: str
    connection: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a policy says, as text, and where.

    verb   what the end does with it, where that is not "sends" of an initiator, "wants" of a responder
    """

    text: str
    place: Place | None = None
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Phase1Verdict:
    """Phase I in one direction.

    needs      what is missing where the outcome is undecided
    why        one sentence where it does not come up
    sent, wanted   what the initiator sends and the responder wants, if they have nothing in common
    intended   the initiator is not meant to start: this is not an error
    """

    outcome: Outcome
    reason: Reason | None = None
    needs: tuple[str, ...] = ()
    suite: Phase1Suite | None = None
    why: str = ""
    sent: tuple[Said, ...] = ()
    wanted: tuple[Said, ...] = ()
    intended: bool = False


@dataclass(frozen=True, slots=True)
class Phase2Verdict:
    """One child of the initiator in one direction; `peer_child` is the responder's.

    needs, why, sent, wanted    as in Phase1Verdict
    without_sa                  what happens to packets without an SA: leaving the initiator, and
                                leaving the responder (None where it has no such child)
    """

    child: str
    outcome: Outcome
    reason: Reason | None = None
    needs: tuple[str, ...] = ()
    suite: Phase2Suite | None = None
    peer_child: str | None = None
    initiator_selector: Selector | None = None
    responder_selector: Selector | None = None
    why: str = ""
    sent: tuple[Said, ...] = ()
    wanted: tuple[Said, ...] = ()
    without_sa: tuple[Stated[WithoutSA] | None, Stated[WithoutSA] | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Overlap:
    """How long a Phase II SA can outlive its Phase I SA (R20); None seconds: no bound.

    reached   True if the supremum is attained, False if only approached
    """

    supremum_seconds: int | None
    reached: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one Diffie-Hellman secret can open (R12, R16): time and volume; None: no bound."""

    seconds: int | None
    kilobytes: int | None


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """One connection of an initiator against a responder, in that direction."""

    initiator: End
    responder: End
    phase1: Phase1Verdict
    phase2: tuple[Phase2Verdict, ...] = ()
    without_sa: tuple[WithoutSA | None, WithoutSA | None] = (None, None)
    overlap: Overlap | None = None
    exposure: Exposure | None = None
    assumptions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class PeerSummary:
    """A peer as a report names it."""

    name: str
    files: tuple[str, ...]
    profile: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything `verify` found out: peers, pairs in both directions, findings of the files.

    tried    how many of the failing links had changes tried for them
    untried  the failing links that had none: their advice is in words only
    """

    peers: tuple[PeerSummary, ...]
    pairs: tuple[PairVerdict, ...]
    findings: tuple[Finding, ...] = ()
    tried: int = 0
    untried: tuple[tuple[str, str], ...] = ()
