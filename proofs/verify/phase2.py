"""Phase II under an established Phase I: one child of the initiator in one direction (R10 to R13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from model.choice import Table, phase2_offer, phase2_table
from model.vocabulary.outcomes import Outcome, Phase2Verdict, Reason, Said
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import Action, Child, Connection, Peer, Phase2Proposal
from model.vocabulary.profiles import Selectors, Sends
from model.vocabulary.selectors import Address, Selector
from model.vocabulary.suites import Group, Phase2Suite
from proofs.verify.addresses import Wire


@dataclass
class ChildFacts:
    """What was found out on the way, for findings and the witness run."""

    child: Child
    answer: Child | None = None
    table: Table[Phase2Suite] = field(default_factory=lambda: Table((), False))
    key_exchange: Group | None = None
    place: Place | None = None
    other: Place | None = None
    mend: str = ""
    narrowed: bool = False


def judge(
    initiator: Peer, child: Child, responder: Peer, connection: Connection, ends: Wire
) -> tuple[Phase2Verdict, ChildFacts]:
    """The outcome for one child, and what it rests on."""
    facts = ChildFacts(child, place=child.place)
    sent = (
        resolve(child.local[0].value, ends.initiator),
        resolve(child.remote[0].value, ends.responder),
    )
    found = _answering(connection, sent, ends, responder)
    if found is None:
        return _no_selector(child, connection, sent, facts, responder), facts
    answer, ours, theirs = found
    facts.answer = answer
    facts.narrowed = (ours, theirs) != sent
    offers = phase2_offer(child.proposals, child.mode.value, initiator.profile)
    facts.table = phase2_table(offers, answer.proposals, responder.profile)
    facts.key_exchange = key_exchange_group(child.proposals)
    row = facts.table.winner()
    said = tuple(Said(str(item.suite), item.place) for item in offers)
    wanted = tuple(Said(phase2_text(item), item.place) for item in answer.proposals)
    packets = (child.without_sa, answer.without_sa)

    def refuse(
        reason: Reason, why: str, mend: str, outcome: Outcome = Outcome.FAILS
    ) -> Phase2Verdict:
        facts.mend = mend
        needs = (why,) if outcome is Outcome.UNDECIDED else ()
        return Phase2Verdict(
            child.name,
            outcome,
            reason,
            needs,
            peer_child=answer.name,
            why=why,
            sent=said,
            wanted=wanted,
            without_sa=packets,
        )

    if row is None:
        facts.place = child.proposals[0].place or child.place
        facts.other = answer.proposals[0].place or answer.place
        mend = f"offer what {responder.name} wants: {phase2_text(answer.proposals[0])}"
        why = "no common Phase II proposal"
        everything = replace(initiator.profile, sends=Sends.EVERY_COMBINATION)
        offers = phase2_offer(child.proposals, child.mode.value, everything)
        if phase2_table(offers, answer.proposals, responder.profile).winner() is not None:
            why += f": as initiator {initiator.name} sends only the first algorithm of each kind"
            mend += ", in a proposal of its own"
        return refuse(Reason.PROPOSAL_P2, why, mend), facts
    if not row.certain:
        why = "the algorithms in the default proposals: state esp_proposals"
        return refuse(Reason.PROPOSAL_P2, why, "", Outcome.UNDECIDED), facts
    group = row.suite.pfs_group
    if group is not None and group is not facts.key_exchange:
        facts.place = row.offered_at or child.place
        why = (
            f"{initiator.name} sends a public value of "
            f"{facts.key_exchange.value if facts.key_exchange else 'no group'}, "
            f"{responder.name} chooses {group.value}"
        )
        return refuse(Reason.PROPOSAL_P2, why, "use one PFS group in all proposals"), facts
    if responder.profile.compares_mode and child.mode.value is not answer.mode.value:
        facts.place = child.mode.place or child.place
        facts.other = answer.mode.place or answer.place
        why = (
            f"{initiator.name} asks for {child.mode.value.value} mode, {responder.name} wants "
            f"{answer.mode.value.value} mode"
        )
        return refuse(Reason.MODE, why, f"mode = {answer.mode.value.value}"), facts
    verdict = Phase2Verdict(
        child.name,
        Outcome.ESTABLISHED,
        suite=row.suite,
        peer_child=answer.name,
        initiator_selector=ours,
        responder_selector=theirs,
        without_sa=packets,
    )
    return verdict, facts


def resolve(selector: Selector, address: Address | None) -> Selector:
    """The selector with the own address put in, where it is known."""
    return selector.at(address) if address is not None else selector


def key_exchange_group(proposals: Sequence[Phase2Proposal]) -> Group | None:
    """The group of the one public value that Quick Mode can carry: the first named."""
    for proposal in proposals:
        for group in proposal.groups:
            if group is not None:
                return group
    return None


def _answering(
    connection: Connection, sent: tuple[Selector, Selector], ends: Wire, responder: Peer
) -> tuple[Child, Selector, Selector] | None:
    """The responder's child for these selectors and what both select; the best match wins."""
    best: tuple[int, Child, Selector, Selector] | None = None
    for child in connection.children:
        if child.action.value is not Action.NEGOTIATE:
            continue
        ours, rate_ours = _select(child.remote, sent[0], ends.initiator)
        theirs, rate_theirs = _select(child.local, sent[1], ends.responder)
        if ours is None or theirs is None:
            continue
        exact = (ours, theirs) == sent and rate_ours >= 5 and rate_theirs >= 5
        if responder.profile.selectors is Selectors.EXACT and not exact:
            continue
        if best is None or rate_ours + rate_theirs > best[0]:
            best = (rate_ours + rate_theirs, child, ours, theirs)
    return best[1:] if best else None


def _select(
    own: Sequence[Stated[Selector]], sent: Selector, address: Address | None
) -> tuple[Selector | None, int]:
    """What both select of one end, and how well it fits: 5 for equal, 1 for an overlap, summed."""
    chosen: Selector | None = None
    rate = 0
    for item in own:
        mine = resolve(item.value, address)
        common = mine.meet(sent)
        if common is not None:
            rate += 5 if mine == sent else 1
            chosen = chosen or common
    return chosen, rate


def _no_selector(
    child: Child,
    connection: Connection,
    sent: tuple[Selector, Selector],
    facts: ChildFacts,
    responder: Peer,
) -> Phase2Verdict:
    negotiated = [item for item in connection.children if item.action.value is Action.NEGOTIATE]
    nearest = negotiated[0] if negotiated else None
    facts.place = child.local[0].place or child.remote[0].place or child.place
    if nearest is not None:
        facts.other = nearest.remote[0].place or nearest.local[0].place or nearest.place
    facts.mend = "mirror the selectors: what is local_ts here is remote_ts there"
    wanted = tuple(
        Said(
            f"{item.remote[0].value} === {item.local[0].value}", item.remote[0].place or item.place
        )
        for item in negotiated
    )
    return Phase2Verdict(
        child.name,
        Outcome.FAILS,
        Reason.SELECTOR,
        why=f"no child of {responder.name} is for {sent[0]} === {sent[1]}",
        sent=(Said(f"{sent[0]} === {sent[1]}", facts.place),),
        wanted=wanted,
        without_sa=(child.without_sa, nearest.without_sa if nearest else None),
    )


def phase2_text(proposal: Phase2Proposal) -> str:
    """A Phase II proposal as people write it."""
    if proposal.default:
        return f"{proposal.protections[0].protocol.name} default"
    parts = []
    for part in proposal.protections:
        kinds = ["/".join(map(str, part.ciphers)), "/".join(i.value for i in part.integrities)]
        parts.append(" ".join([part.protocol.name, *filter(None, kinds)]))
    groups = "/".join(g.value if g else "none" for g in proposal.groups)
    return f"{' + '.join(parts)}, {f'PFS {groups}' if groups else 'no PFS'}"
