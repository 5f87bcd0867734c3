"""Does a pair of policies come up, in each direction; with what, why not, and what else to know.

addresses, identities, secrets, certificates, paths    what decides between connections and credentials
phase1, authentication, phase2   the verdict of each phase      bounds      overlap and exposure, closed form
rules, catalogue the findings                   instance, witness   the run that shows a verdict

Loads neither z3 nor any user interface; `cryptography` only for certificates.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import (
    End,
    Exposure,
    Outcome,
    Overlap,
    PairVerdict,
    PeerSummary,
    Phase2Verdict,
    Report,
)
from model.vocabulary.policy import Action, Connection, Peer, WithoutSA
from proofs.verify.addresses import Wire, candidates, ikev1, quality, wire
from proofs.verify.bounds import exposure, longer, overlap
from proofs.verify.facts import Facts
from proofs.verify.phase1 import Phase1Judge
from proofs.verify.phase2 import ChildFacts, judge
from proofs.verify.rules import (
    on_both,
    on_offers,
    on_packets,
    on_pair,
    on_phase1,
    on_phase2,
    on_signs_of_life,
)

_GRAVITY = (WithoutSA.DROPPED, WithoutSA.CLEAR_AFTER_SILENCE, WithoutSA.CLEAR)


@dataclass(frozen=True)
class Judgement:
    """A pair's verdict with everything it rests on: the witness run is made from this."""

    verdict: PairVerdict
    connection: Connection
    phase1: Facts
    children: tuple[ChildFacts, ...]


def verify(peers: Sequence[Peer], links: Iterable[tuple[str, str]], today: datetime.date) -> Report:
    """Judge every link in both directions.

    peers   by distinct names                links   pairs of those names
    today   the day certificates are held against
    """
    pairs: list[PairVerdict] = []
    findings: list[Finding] = [item for peer in peers for item in peer.findings]
    for judgements in links_judged(peers, links):
        found = [judge_connection(*item, today).verdict for item in judgements]
        pairs += found
        findings += on_both(found)
    summaries = tuple(PeerSummary(p.name, p.files, p.profile.name) for p in peers)
    return Report(summaries, tuple(pairs), _once(findings))


def links_judged(
    peers: Sequence[Peer], links: Iterable[tuple[str, str]]
) -> Iterable[list[tuple[Peer, Connection, Peer]]]:
    """What is to be judged for each link: connections that may start it, from either side."""
    by_name = {peer.name: peer for peer in peers}
    for one, other in links:
        a, b = by_name[one], by_name[other]
        yield [
            (initiator, connection, responder)
            for initiator, responder in ((a, b), (b, a))
            for connection in facing(initiator, responder)
        ]


def facing(initiator: Peer, responder: Peer) -> list[Connection]:
    """The initiator's connections towards this responder: by address where that decides.

    A peer without IKEv1 starts what it has, in vain.
    """
    own = ikev1(initiator) or list(initiator.connections)
    fitting = []
    for connection in own:
        ends = wire(connection, responder)
        towards = quality(connection.remote_addresses.value, ends.responder)
        if towards and candidates(responder, ends)[1]:
            fitting.append(connection)
    return fitting or own


def judge_connection(
    initiator: Peer, connection: Connection, responder: Peer, today: datetime.date
) -> Judgement:
    """One connection of the initiator against the responder."""
    ends = wire(connection, responder)
    phase1 = Phase1Judge(initiator, connection, responder, ends, today)
    first = phase1.verdict()
    facts = phase1.facts
    found: list[tuple[Phase2Verdict, ChildFacts]] = []
    group = first.suite.group if first.suite else None
    if first.outcome is not Outcome.FAILS and facts.responder is not None:
        found = [
            judge(initiator, child, responder, facts.responder, ends, group)
            for child in connection.children
            if child.action.value is Action.NEGOTIATE
        ]
    verdict = PairVerdict(
        End(initiator.name, connection.name),
        End(responder.name, facts.responder.name if facts.responder else None),
        first,
        tuple(item for item, _ in found),
        _without_sa(connection, facts, ends, [item for item, _ in found]),
        assumptions=("both peers reach each other", *facts.assumptions),
    )
    children = tuple(item for _, item in found)
    verdict = _bounded(verdict, initiator, connection, responder, facts, children)
    findings = list(on_phase1(initiator, connection, responder, first, facts))
    for item, child_facts in found:
        findings += on_phase2(initiator, responder, item, child_facts)
    findings += on_offers(connection, initiator, group)
    findings += on_packets(initiator, connection, responder)
    findings += on_signs_of_life(initiator, connection, responder)
    findings += on_pair(connection, verdict, children)
    return Judgement(replace(verdict, findings=_once(findings)), connection, facts, children)


def _without_sa(
    connection: Connection, facts: Facts, ends: Wire, phase2: Sequence[Phase2Verdict]
) -> tuple[WithoutSA | None, WithoutSA | None]:
    """The worst that becomes of packets without an SA, leaving each end."""
    ours = [
        item.without_sa.value
        for item in connection.children
        if item.action.value is Action.NEGOTIATE
    ]
    theirs = [item.without_sa[1].value for item in phase2 if item.without_sa[1] is not None]
    if not theirs and facts.responder is not None:
        theirs = [
            item.without_sa.value
            for item in facts.responder.children
            if item.action.value is Action.NEGOTIATE
        ]
    return _worst(ours), _worst(theirs)


def _worst(found: Sequence[WithoutSA]) -> WithoutSA | None:
    return max(found, key=_GRAVITY.index, default=None)


def _bounded(
    verdict: PairVerdict,
    initiator: Peer,
    connection: Connection,
    responder: Peer,
    facts: Facts,
    children: Sequence[ChildFacts],
) -> PairVerdict:
    """Overlap and exposure: the largest over the children that come up."""
    overlaps: list[Overlap] = []
    exposures: list[Exposure] = []
    for phase2, child in zip(verdict.phase2, children, strict=True):
        if phase2.suite is None or child.answer is None or facts.responder is None:
            continue
        ours, theirs = (initiator.profile, child.child), (responder.profile, child.answer)
        overlaps.append(overlap(ours, theirs))
        exposures.append(
            exposure(
                (ours[0], connection, ours[1]),
                (theirs[0], facts.responder, theirs[1]),
                phase2.suite,
            )
        )
    if not overlaps:
        return verdict
    bound = longer(*(item.supremum_seconds for item in overlaps))
    return replace(
        verdict,
        overlap=Overlap(bound, bound == 0),
        exposure=Exposure(
            longer(*(item.seconds for item in exposures)),
            longer(*(item.kilobytes for item in exposures)),
        ),
    )


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))
