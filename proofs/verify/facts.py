"""Facts about one direction of Phase I that are found while it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.choice import Table
from model.vocabulary.identities import Identity
from model.vocabulary.outcomes import Outcome, Phase1Verdict, Reason, Said
from model.vocabulary.places import Place
from model.vocabulary.policy import Connection
from model.vocabulary.secrets import Secret
from model.vocabulary.suites import Phase1Suite
from proofs.verify.addresses import Wire
from proofs.verify.meeting import Missed
from proofs.verify.secrets import Selected


@dataclass
class Facts:
    """Facts found on the way, for findings, Phase II and the witness run.

    place   the line to look at where Phase I fails; `other` the peer's line
    missed  why no connection of the responder answers
    unloaded   a connection that was meant for it is not loaded
    """

    wire: Wire
    responder: Connection | None = None
    table: Table[Phase1Suite] = field(default_factory=lambda: Table((), False))
    assumptions: list[str] = field(default_factory=list)
    place: Place | None = None
    other: Place | None = None
    mend: str = ""
    missed: Missed | None = None
    unloaded: bool = False
    secrets: tuple[Secret | None, Secret | None] = (None, None)
    selected: tuple[Selected | None, Selected | None] = (None, None)
    faulty: str = ""  # whose authentication fails: "initiator" or "responder"
    silent: bool = False  # the initiator finds no key of its own, so it sends nothing
    weak: list[tuple[Place | None, str]] = field(default_factory=list)  # in certificates, and where
    shown: Identity | None = None  # the identity that was rejected
    provable: tuple[Identity, ...] = ()  # identities that the rejected end's certificates confirm
    shared: Identity | None = None  # the identity, if both ends send the same

    def fails(
        self,
        reason: Reason,
        why: str,
        mend: str,
        sent: tuple[Said, ...] = (),
        wanted: tuple[Said, ...] = (),
    ) -> Phase1Verdict:
        """The verdict that it fails; how to fix it is kept."""
        self.mend = mend
        return Phase1Verdict(Outcome.FAILS, reason, why=why, sent=sent, wanted=wanted)
