"""Phase I between an initiator's connection and a responder: outcome, reason, suite (R3, R5, R7).

Each rule here is one of the specification's guards, applied to two policies; a property test
compares the two (`proofs.verify.witness`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

from model.choice import Row, accepts_phase1, phase1_offer
from model.vocabulary.outcomes import Outcome, Phase1Verdict, Reason, Said
from model.vocabulary.policy import Connection, Peer, Phase1Proposal
from model.vocabulary.profiles import Sends
from model.vocabulary.suites import Exchange, Phase1Suite
from proofs.verify.addresses import Sight, Wire, calls
from proofs.verify.authentication import AuthenticationJudge
from proofs.verify.builds import SAME_BUILD, same_build
from proofs.verify.facts import Facts
from proofs.verify.meeting import Meeting, Missed
from proofs.verify.mending import phase1_mending, phase1_text
from proofs.verify.reach import unreached
from proofs.verify.tables import PRIVATE_MEND, assumed, phase1_against, why_private

NOWHERE = Wire(Sight(None, None), Sight(None, None))


class Phase1Judge:
    """Judges one connection of the initiator against a responder."""

    def __init__(
        self,
        initiator: Peer,
        connection: Connection,
        responder: Peer,
        met: Meeting | Missed,
        today: datetime.date,
    ) -> None:
        self._initiator, self._connection, self._responder = initiator, connection, responder
        self._met = met
        self._offered: Sequence[Phase1Proposal] = connection.proposals
        self._taken: Sequence[Phase1Proposal] = ()
        wire = met.wire if isinstance(met, Meeting) else NOWHERE
        self.facts = Facts(wire, place=connection.place)
        self._authentication = AuthenticationJudge(
            initiator, connection, responder, today, self.facts
        )

    def verdict(self) -> Phase1Verdict:
        """The outcome; `facts` holds what it rests on."""
        unreachable = self._reachable()
        if unreachable is not None:
            return unreachable
        assert isinstance(self._met, Meeting)
        found = self._met.connections
        self.facts.responder = found[0]
        self.facts.assumptions += self._met.assumptions
        early = self._exchange_first(found)
        if early is not None:
            return early
        row, refused = self._negotiate(found)
        if row is None:
            assert refused is not None
            return refused
        method = row.suite.authentication
        blocked = self._authentication.aggressive_psk(found, method) or self._other_group(row)
        if blocked is not None:
            return blocked
        return self._authentication.verdict(found, row.suite)

    # ---- can it start at all
    def _reachable(self) -> Phase1Verdict | None:
        a, there = self._connection, self._responder.name
        if a.initiates != 1:
            self.facts.place = a.versions.place or a.place
            if any(2 in item.versions.value for item in self._responder.connections):
                return Phase1Verdict(
                    Outcome.UNDECIDED,
                    needs=(
                        f"IKEv2, which is not supported: {self._initiator.name} starts with it",
                    ),
                )
            return self.facts.fails(
                Reason.NO_RESPONDER,
                f"{self._initiator.name} starts with IKEv2, but {there} answers IKEv1 only",
                "version = 1",
            )
        if not any(1 in item.versions.value for item in self._responder.connections):
            self.facts.place = a.versions.place or a.place
            return self.facts.fails(
                Reason.NO_RESPONDER,
                f"{there} has no connection for IKEv1",
                f"give {there} a connection with version = 1",
            )
        unproved = self._authentication.cannot_start() if calls(a) is not None else None
        if unproved is not None:
            self.facts.silent = True
            if isinstance(self._met, Meeting):
                self.facts.responder = self._met.connections[0]
            return unproved
        silent = unreached(self._initiator, a, self._responder)
        if silent is not None:
            self.facts.place = silent.place or a.place
            return self.facts.fails(Reason.NO_RESPONDER, silent.why, silent.mend)
        met = self._met
        if isinstance(met, Missed):
            self.facts.place, self.facts.other = met.place, met.other
            self.facts.missed = met
            self.facts.assumptions += met.assumptions
            failed = self.facts.fails(met.reason, met.why, met.mend, *met.sides)
            return replace(failed, intended=met.intended)
        return None

    def _exchange_first(self, found: Sequence[Connection]) -> Phase1Verdict | None:
        """Where the responder checks the exchange with the first message."""
        exchange = self._connection.exchange.value
        if not self._responder.profile.checks_method_first:
            return None
        fits = any(item.exchange.value is exchange for item in found)
        return None if fits else self._authentication.wrong_exchange(found[0])

    # ---- offers
    def _negotiate(
        self, found: Sequence[Connection]
    ) -> tuple[Row[Phase1Suite] | None, Phase1Verdict | None]:
        a, b = self._connection, found[0]
        same = same_build(a, b)
        if same is not None:
            a, b = same
            self.facts.assumptions.append(SAME_BUILD)
        self._offered, self._taken = a.proposals, b.proposals
        offers = phase1_offer(self._offered, a.authentications, self._initiator.profile)
        self.facts.table = phase1_against(offers, self._taken, self._initiator, self._responder)
        self.facts.assumptions += assumed(self.facts.table, self._initiator, self._responder)
        methods = {item.answering for item in b.authentications}
        first = self._responder.profile.checks_method_first
        row = self.facts.table.winner(lambda s: not first or s.authentication in methods)
        if row is None and self.facts.table.winner() is not None:
            return None, self._authentication.wrong_method(b)
        if row is None:
            return None, self._no_proposal(b)
        if not any(accepts_phase1(item, row.suite) for item in self._offered):
            self.facts.place = row.offered_at or a.place
            failed = self.facts.fails(
                Reason.PROPOSAL_P1,
                f"{self._initiator.name} rejects the answer to its own offer: IKEv1 uses the prf "
                f"of the hash, {row.suite.hash.value}, but the proposal names another",
                "leave the prf out of the proposal",
            )
            return None, failed
        if not row.certain:
            self.facts.place = row.offered_at or a.place
            sent, wanted = self._said(b)
            return None, Phase1Verdict(
                Outcome.UNDECIDED,
                Reason.PROPOSAL_P1,
                (self._default_need(row),),
                sent=sent,
                wanted=wanted,
            )
        return row, None

    def _other_group(self, row: Row[Phase1Suite]) -> Phase1Verdict | None:
        """Message 1 of Aggressive Mode already contains a public value, of one group (RFC 2409 section 5)."""
        sent = self.facts.table.rows[0].suite.group
        aggressive = self._connection.exchange.value is Exchange.AGGRESSIVE
        if not aggressive or row.suite.group is sent:
            return None
        self.facts.place = row.offered_at or self._connection.place
        self.facts.other = row.accepted_at
        return self.facts.fails(
            Reason.PROPOSAL_P1,
            f"in Aggressive Mode {self._initiator.name} sends the public value of its first proposal's group, "
            f"{sent.value}, and {self._responder.name} chooses {row.suite.group.value}",
            "name one group in all proposals of an Aggressive Mode connection",
        )

    def _said(self, b: Connection) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
        """What the initiator sends and the responder wants."""
        a = self._connection
        offers = phase1_offer(self._offered, a.authentications, self._initiator.profile)
        sent = tuple(Said(str(item.suite), item.place) for item in offers)
        return sent, tuple(Said(phase1_text(item), item.place) for item in self._taken)

    def _no_proposal(self, b: Connection) -> Phase1Verdict:
        a = self._connection
        self.facts.place = a.proposals[0].place if a.proposals else a.place
        self.facts.other = b.proposals[0].place if b.proposals else b.place
        why = ""
        offers = phase1_offer(self._offered, a.authentications, self._initiator.profile)
        there = self._responder.name
        mend = phase1_mending(self._initiator.format, offers, self._acceptable(b), there)
        everything = replace(self._initiator.profile, sends=Sends.EVERY_COMBINATION)
        more = phase1_offer(self._offered, a.authentications, everything)
        if phase1_against(more, self._taken, self._initiator, self._responder).winner() is not None:
            why = f"as initiator {self._initiator.name} sends only the first algorithm of each kind"

        def takes(suite: Phase1Suite) -> bool:
            return any(accepts_phase1(item, suite) for item in self._taken)

        private = why_private(offers, self.facts.table, takes, self._responder)
        if private:
            why, mend = private, PRIVATE_MEND
        sent, wanted = self._said(b)
        return self.facts.fails(Reason.PROPOSAL_P1, why, mend, sent=sent, wanted=wanted)

    def _acceptable(self, b: Connection) -> Phase1Suite | None:
        """The first transform that would be accepted if the initiator proposed it alone."""
        for proposal in self._taken:
            offers = phase1_offer(
                [proposal], self._connection.authentications, self._initiator.profile
            )
            row = phase1_against(offers, self._taken, self._initiator, self._responder).winner()
            if row is not None:
                return row.suite
        return None

    def _default_need(self, row: Row[Phase1Suite]) -> str:
        whose = [
            peer.name
            for peer, proposals in (
                (self._initiator, self._offered),
                (self._responder, self._taken),
            )
            if any(item.default for item in proposals)
        ]
        return (
            f"the default proposals of {' and '.join(whose)}, which depend on the version: "
            "give --version, or state proposals"
        )
