"""Two policies beside a capture: which is which end, and how they explain a refusal."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TypeVar

from explorer.cli.peers import Beside as Stated
from explorer.cli.peers import load_peers, peer_names, reloader, usage
from explorer.session.offers import (
    PHASE1_COMPARED,
    PHASE1_ROWS,
    QUICK_COMPARED,
    QUICK_ROWS,
    Beside,
    Offered,
    Wanted,
    beside,
)
from explorer.session.why import Why
from explorer.view.layout import Paths
from explorer.view.offered import (
    phase1_offers,
    policy_phase1,
    policy_quick,
    quick_offers,
    wanted_phase1,
    wanted_quick,
    written,
)
from explorer.view.payloads import payload_lines
from explorer.view.recorded import Explained
from explorer.view.verdicts import finding_of
from impl.capture.conversation import Conversation, Seen
from impl.capture.ending import Ending
from impl.capture.ending import Outcome as Ended
from impl.wire.numbers import ExchangeType
from impl.wire.payloads import Identification
from impl.wire.proposals import SecurityAssociation
from model.choice import phase1_offer, phase2_offer
from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import Outcome, PairVerdict, Phase1Verdict, Phase2Verdict
from model.vocabulary.policy import Child, Connection, Peer
from model.vocabulary.selectors import Address
from proofs.verify import verify
from proofs.verify.catalogue import CATALOGUE
from proofs.verify.reasons import CAUSES, sentence

Line = TypeVar("Line", Offered, Wanted)


@dataclass(frozen=True)
class Ends:
    """The policies of initiator and responder; None and `why` where that cannot be decided."""

    initiator: Peer | None = None
    responder: Peer | None = None
    why: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """What the peers are called; empty where they are not known."""
        if self.initiator is None or self.responder is None:
            return "", ""
        return self.initiator.name, self.responder.name


class Policies:
    """Two policies, and what `verify` says of them."""

    def __init__(self, files: Sequence[str], ends: Sequence[str]) -> None:
        if len(files) != 2:
            raise usage(f"{len(files)} policies beside a capture", "name both: A B --capture FILE")
        self._files = files
        self.peers = load_peers(files)
        self._addresses = _stated(ends, peer_names(files))
        self._pairs: tuple[PairVerdict, ...] | None = None
        self._paths = Paths(file for peer in self.peers for file in peer.files)

    # ---- which is which
    def ends(self, talk: Conversation) -> Ends:
        """By what was stated, else by the addresses of both policies, else by their identities."""
        a, b = self.peers
        here, there = talk.initiator.address, talk.responder.address
        for calls, answers in ((a, b), (b, a)):
            one, other = self._addresses.get(calls.name), self._addresses.get(answers.name)
            if (one == here and other in (None, there)) or (other == there and one is None):
                return Ends(calls, answers)
        scores = (_fits(a, b, talk), _fits(b, a, talk))
        if scores[0] == scores[1]:
            why = (
                f"Which of {a.name} and {b.name} is {here} cannot be told from addresses or identities: "
                f"say it with --end {a.name}={here}."
            )
            return Ends(why=why)
        return Ends(a, b) if scores[0] > scores[1] else Ends(b, a)

    # ---- a refusal
    def explain(
        self, ends: Ends, ending: Ending, offer: Seen | None, talk: Conversation
    ) -> Explained:
        """What the policies say of a refusal."""
        if ends.initiator is None or ends.responder is None:
            return Explained(why=(_undecided(ends.why),))
        calls, answers = ends.initiator, ends.responder
        if offer is not None and offer.from_initiator is False:  # the responder began this exchange
            calls, answers = answers, calls
        quick = ending.exchange == ExchangeType.QUICK
        found = self._verdict(calls, answers, quick=quick)
        if found is None:
            return Explained(why=(_strangers(calls, answers),))
        pair, verdict = found
        table = self._table(calls, answers, pair, verdict, offer, talk)
        refused = ending.outcome is Ended.REFUSED
        does = "refuse" if refused else "not answer"
        why = self._why(f"Why does {answers.name} {does}?", pair, verdict, table)
        if not refused:
            return Explained(why=(why,))
        mode = "Quick Mode" if quick else "Phase I"
        first, lead = "", "" if quick else "Phase I: "
        if table is not None and not table.taken:
            first = (
                f"{lead}{answers.name} takes nothing that {calls.name} offers: {table.in_words()}."
            )
        elif verdict.outcome is Outcome.FAILS:
            first = f"{mode}: {sentence(verdict, calls.name, answers.name)}."
        return Explained(first, table, (why,))

    def _verdict(
        self, calls: Peer, answers: Peer, *, quick: bool
    ) -> tuple[PairVerdict, Phase1Verdict | Phase2Verdict] | None:
        """The verdict on this direction: one that fails comes first."""
        if self._pairs is None:
            today = datetime.datetime.now(tz=datetime.UTC).date()
            link = [(self.peers[0].name, self.peers[1].name)]
            self._pairs = verify(self.peers, link, today, reloader(self._files, Stated())).pairs
        found: list[tuple[PairVerdict, Phase1Verdict | Phase2Verdict]] = [
            (pair, verdict)
            for pair in self._pairs
            if (pair.initiator.peer, pair.responder.peer) == (calls.name, answers.name)
            for verdict in (pair.phase2 if quick else (pair.phase1,))
        ]
        found.sort(key=lambda item: item[1].outcome is not Outcome.FAILS)
        return found[0] if found else None

    def _table(
        self,
        calls: Peer,
        answers: Peer,
        pair: PairVerdict,
        verdict: Phase1Verdict | Phase2Verdict,
        offer: Seen | None,
        talk: Conversation,
    ) -> Beside | None:
        here = _connection(calls, pair.initiator.connection)
        there = _connection(answers, pair.responder.connection)
        sa = next((x for x in offer.payloads if isinstance(x, SecurityAssociation)), None) if offer else None  # fmt: skip
        if here is None or there is None or sa is None:
            return None
        ends = calls.name, answers.name
        if isinstance(verdict, Phase1Verdict):
            lines1 = policy_phase1(
                phase1_offer(here.proposals, here.authentications, calls.profile), here
            )
            sent = written(phase1_offers(sa, talk.phase1.shared_number), lines1, PHASE1_COMPARED)
            return beside(ends, PHASE1_ROWS, PHASE1_COMPARED, self._short(sent), self._short(wanted_phase1(there)))  # fmt: skip
        child, other = _child(here, verdict.child), _child(there, verdict.peer_child)
        if child is None or other is None:
            return None
        group = pair.phase1.suite.group if pair.phase1.suite is not None else None
        lines2 = policy_quick(
            phase2_offer(child.proposals, child.mode.value, calls.profile, group), child
        )
        compared = QUICK_COMPARED if answers.profile.compares_mode else QUICK_COMPARED - {"mode"}
        sent = written(quick_offers(sa), lines2, compared)
        return beside(ends, QUICK_ROWS, compared, self._short(sent), self._short(wanted_quick(other)))  # fmt: skip

    def _short(self, items: Iterable[Line]) -> list[Line]:
        """The same with short paths."""
        made = []
        for item in items:
            file, colon, line = item.at.rpartition(":")
            made.append(replace(item, at=f"{self._paths.file(file)}{colon}{line}"))
        return made

    # ---- why
    def _why(
        self,
        question: str,
        pair: PairVerdict,
        verdict: Phase1Verdict | Phase2Verdict,
        table: Beside | None,
    ) -> Why:
        calls = pair.initiator.peer
        if verdict.outcome is not Outcome.FAILS or verdict.reason is None:
            said = (
                f"These two policies come up with each other. The capture is of other policies: "
                f"compare what {calls} offers here with what its policy says."
            )
            if verdict.outcome is Outcome.UNDECIDED:
                said = f"Undecided by the policies alone: {'; '.join(verdict.needs)}."
            return Why(question, ((said, ""),))
        finding = finding_of(pair, verdict)
        entry = CATALOGUE[finding.id if finding is not None else CAUSES[verdict.reason].id]
        title = CAUSES[verdict.reason].title
        said = f"{title[:1].upper()}{title[1:]}."
        if table is not None and not table.taken:
            rows = [row for row, _, _ in table.differing()]
            said = f"No offered proposal is acceptable. Offer {table.offers[table.nearest].title} comes nearest: it differs in {' and '.join(rows)}."  # fmt: skip
        elif verdict.why:
            named = verdict.why.startswith((calls, pair.responder.peer))
            said = f"{verdict.why if named else verdict.why[:1].upper() + verdict.why[1:]}."
        notes = [("finding", entry.id), ("", entry.title)]
        notes += list(self._fixes(finding))
        return Why(question, ((said, entry.sources),), notes=tuple(notes))

    def _fixes(self, finding: Finding | None) -> Iterator[tuple[str, str]]:
        if finding is None:
            return
        for number, edit in enumerate(finding.edits):
            at = self._paths.at(edit.place)
            yield "" if number else "fix", f"add to {at}:" if edit.adds else f"{at}:"
            for line in edit.text.splitlines():
                yield "", line
        if not finding.edits and finding.mend:
            yield "fix", finding.mend


def _undecided(why: str) -> Why:
    return Why("Which policy is which end?", ((why, ""),))


def _strangers(calls: Peer, answers: Peer) -> Why:
    said = f"No connection of {calls.name} leads to one of {answers.name}: the policies do not belong together."
    return Why("What do the policies say?", ((said, ""),))


def _connection(peer: Peer, name: str | None) -> Connection | None:
    return next((item for item in peer.connections if item.name == name), None)


def _child(connection: Connection, name: str | None) -> Child | None:
    """The child of that name; without one the first, if there is one only."""
    if name is None:
        return connection.children[0] if len(connection.children) == 1 else None
    return next((item for item in connection.children if item.name == name), None)


# ---- which policy is which end
def _stated(ends: Sequence[str], names: Sequence[str]) -> dict[str, Address]:
    found: dict[str, Address] = {}
    for item in ends:
        peer, sign, text = item.partition("=")
        if peer not in names or not sign:
            raise usage(
                f"--end {item}: no peer {peer!r}", f"write PEER=ADDRESS; peers: {', '.join(names)}"
            )
        try:
            found[peer] = ip_address(text)
        except ValueError:
            raise usage(
                f"--end {item}: {text!r} is not an IP address", "write PEER=ADDRESS"
            ) from None
    return found


def _fits(calls: Peer, answers: Peer, talk: Conversation) -> int:
    """How much speaks for these roles: addresses count more than identities."""
    here, there = talk.initiator.address, talk.responder.address
    score = 4 * (_at(calls, here) - _at(calls, there)) + 4 * (_at(answers, there) - _at(answers, here))  # fmt: skip
    for seen in talk.messages:
        if seen.from_initiator is None or seen.header.exchange == ExchangeType.QUICK:
            continue
        owner, other = (calls, answers) if seen.from_initiator else (answers, calls)
        for item in seen.payloads:
            if isinstance(item, Identification):
                score += _is(owner, item) - _is(other, item)
    return score


def _at(peer: Peer, address: Address) -> int:
    """2 if the policy names the address as its own, 1 if another peer of it has not that address."""
    if peer.nat is not None and peer.nat.value.public == address:
        return 2
    own = any(
        pattern.single == address
        for item in peer.connections
        for pattern in item.local_addresses.value
    )
    remote = any(
        pattern.single == address
        for item in peer.connections
        for pattern in item.remote_addresses.value
    )
    return 2 * own - remote


def _is(peer: Peer, item: Identification) -> int:
    """Whether an ID payload names one of a policy's own identities."""
    own = {
        one.own.identity.value.text
        for connection in peer.connections
        for one in connection.authentications
        if one.own.identity.value is not None
    }
    text = payload_lines(item)[1][0].partition(" ")[2]
    return int(text.lower() in own)
