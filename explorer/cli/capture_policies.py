"""Two policies beside a capture: which is which end, and how they explain a refusal."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TypeVar

from explorer.cli.peers import NOTHING, load_peers, peer_names, reloader, usage
from explorer.cli.peers import Beside as Stated
from explorer.session.answers import Why
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
from model.vocabulary.outcomes import Outcome, PairVerdict, Phase1Verdict, Phase2Verdict, Reason
from model.vocabulary.policy import Child, Connection, Peer
from model.vocabulary.selectors import Address
from proofs.verify import verify
from proofs.verify.catalogue import CATALOGUE, Entry
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


@dataclass(frozen=True)
class _Case:
    """Connections and children of both ends that a refusal may be about, and the verdict on them."""

    here: Connection | None
    there: Connection | None
    child: Child | None
    other: Child | None
    pair: PairVerdict | None = None
    verdict: Phase1Verdict | Phase2Verdict | None = None


class Policies:
    """Two policies, and what `verify` says of them."""

    def __init__(self, files: Sequence[str], ends: Sequence[str], stated: Stated = NOTHING) -> None:
        if len(files) != 2:
            raise usage(f"{len(files)} policies beside a capture", "name both: A B --capture FILE")
        self._files, self._stated = files, stated
        self.peers = load_peers(files, stated)
        self._addresses = _stated(ends, peer_names(files))
        self._pairs: tuple[PairVerdict, ...] | None = None
        self._paths = Paths(file for peer in self.peers for file in peer.files)

    # ---- which is which
    def ends(self, talk: Conversation) -> Ends:
        """By what was stated, else by the addresses of both policies, else by their identities."""
        a, b = self.peers
        here, there = talk.initiator.address, talk.responder.address
        for name, address in self._addresses.items():
            if address not in (here, there):
                raise usage(
                    f"--end {name}={address}: no end of the conversation has this address",
                    f"its ends are {here} and {there}",
                )
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
        case, table = self._case(calls, answers, offer, talk, quick=quick)
        if case is None:
            return Explained(why=(_strangers(calls, answers),))
        refused = ending.outcome is Ended.REFUSED
        question = f"Why does {answers.name} {'refuse' if refused else 'not answer'}?"
        why = self._why(question, case, table)
        if not refused:
            return Explained(why=(why,))
        verdict = case.verdict
        fails = verdict is not None and verdict.outcome is Outcome.FAILS
        if table is not None and not table.taken:
            lead = "" if quick else "Phase I: "
            first = (
                f"{lead}{answers.name} takes nothing that {calls.name} offers: {table.in_words()}."
            )
            return Explained(first, table, (why,))
        if verdict is None or not fails:
            return Explained("", table, (why,))
        mode = "Quick Mode" if quick else "Phase I"
        first = f"{mode}: {sentence(verdict, calls.name, answers.name)}."
        return Explained(first, None, (why,))

    def _case(
        self, calls: Peer, answers: Peer, offer: Seen | None, talk: Conversation, *, quick: bool
    ) -> tuple[_Case | None, Beside | None]:
        """What the refusal is most likely about: something that fails, and that the message offers."""
        found = [
            (case, self._table(calls, answers, case, offer, talk, quick=quick))
            for case in self._cases(calls, answers, quick=quick)
        ]

        def order(item: tuple[_Case, Beside | None]) -> tuple[bool, int]:
            case, table = item
            fails = case.verdict is not None and case.verdict.outcome is Outcome.FAILS
            known = sum(bool(column.at) for column in table.offers) if table is not None else 0
            return not fails, -known

        return min(found, key=order) if found else (None, None)

    def _cases(self, calls: Peer, answers: Peer, *, quick: bool) -> Iterator[_Case]:
        """What `verify` judges of this direction; where it gets not so far, the only connections."""
        if self._pairs is None:
            today = datetime.datetime.now(tz=datetime.UTC).date()
            link = [(self.peers[0].name, self.peers[1].name)]
            self._pairs = verify(self.peers, link, today, reloader(self._files, self._stated)).pairs
        none = True
        for pair in self._pairs:
            if (pair.initiator.peer, pair.responder.peer) != (calls.name, answers.name):
                continue
            here = _connection(calls, pair.initiator.connection)
            there = _connection(answers, pair.responder.connection)
            for verdict in pair.phase2 if quick else (pair.phase1,):
                none = False
                names = (
                    (verdict.child, verdict.peer_child)
                    if isinstance(verdict, Phase2Verdict)
                    else (None, None)
                )
                yield _Case(
                    here, there, _child(here, names[0]), _child(there, names[1]), pair, verdict
                )
        if none and len(calls.connections) == len(answers.connections) == 1:
            here, there = calls.connections[0], answers.connections[0]
            yield _Case(here, there, _child(here, None), _child(there, None))

    def _table(
        self,
        calls: Peer,
        answers: Peer,
        case: _Case,
        offer: Seen | None,
        talk: Conversation,
        *,
        quick: bool,
    ) -> Beside | None:
        payloads = offer.payloads if offer is not None else ()
        sa = next((x for x in payloads if isinstance(x, SecurityAssociation)), None)
        here, there, child, other = case.here, case.there, case.child, case.other
        if here is None or there is None or sa is None:
            return None
        ends = calls.name, answers.name
        if not quick:
            policy = policy_phase1(
                phase1_offer(here.proposals, here.authentications, calls.profile), here
            )
            sent = written(phase1_offers(sa, talk.phase1.shared_number), policy, PHASE1_COMPARED)
            wanted = self._short(wanted_phase1(there))
            return beside(ends, PHASE1_ROWS, PHASE1_COMPARED, self._short(sent), wanted)
        if child is None or other is None:
            return None
        suite = case.pair.phase1.suite if case.pair is not None else None
        group = suite.group if suite is not None else None
        offers = phase2_offer(child.proposals, child.mode.value, calls.profile, group)
        compared = QUICK_COMPARED if answers.profile.compares_mode else QUICK_COMPARED - {"mode"}
        sent = written(quick_offers(sa), policy_quick(offers, child), compared)
        return beside(
            ends, QUICK_ROWS, compared, self._short(sent), self._short(wanted_quick(other))
        )

    def _short(self, items: Iterable[Line]) -> list[Line]:
        """The same with short paths."""
        made = []
        for item in items:
            file, colon, line = item.at.rpartition(":")
            made.append(replace(item, at=f"{self._paths.file(file)}{colon}{line}"))
        return made

    # ---- why
    def _why(self, question: str, case: _Case, table: Beside | None) -> Why:
        verdict = case.verdict
        differs = table is not None and not table.taken
        if case.pair is None or verdict is None:
            cause = CAUSES[Reason.PROPOSAL_P2 if case.child is not None else Reason.PROPOSAL_P1]
            return _unmatched(question, table, CATALOGUE[cause.id])
        if verdict.outcome is not Outcome.FAILS or verdict.reason is None:
            said = (
                "These two policies come up with each other. The capture is of other policies, or of "
                "others than those that are loaded."
            )
            if verdict.outcome is Outcome.UNDECIDED:
                said = f"The policies alone do not decide it: {'; '.join(verdict.needs)}."
            return Why(question, ((said, ""),))
        finding, cause = finding_of(case.pair, verdict), CAUSES[verdict.reason]
        entry = CATALOGUE[finding.id if finding is not None else cause.id]
        said = f"{cause.title[:1].upper()}{cause.title[1:]}."
        if table is not None and differs:
            said = _nearest(table)
        elif verdict.why:
            named = verdict.why.startswith((case.pair.initiator.peer, case.pair.responder.peer))
            said = f"{verdict.why if named else verdict.why[:1].upper() + verdict.why[1:]}."
        notes = [("finding", entry.id), ("", entry.title), *self._fixes(finding)]
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


def _nearest(table: Beside) -> str:
    rows = " and ".join(row for row, _, _ in table.differing())
    title = table.offers[table.nearest].title
    return f"No offered proposal is acceptable. Offer {title} comes nearest: it differs in {rows}."


def _unmatched(question: str, table: Beside | None, entry: Entry) -> Why:
    """Where `verify` did not get so far as to judge it."""
    if table is None or table.taken:
        return Why(question, (("The two policies do not show it.", ""),))
    notes = (("finding", entry.id), ("", entry.title))
    return Why(question, ((_nearest(table), entry.sources),), notes=notes)


def _undecided(why: str) -> Why:
    return Why("Which policy is which end?", ((why, ""),))


def _strangers(calls: Peer, answers: Peer) -> Why:
    said = f"No connection of {calls.name} leads to one of {answers.name}: the policies do not belong together."
    return Why("What do the policies say?", ((said, ""),))


def _connection(peer: Peer, name: str | None) -> Connection | None:
    return next((item for item in peer.connections if item.name == name), None)


def _child(connection: Connection | None, name: str | None) -> Child | None:
    """The child of that name; without one the first, if there is one only."""
    if connection is None:
        return None
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
