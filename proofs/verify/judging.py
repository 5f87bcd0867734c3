"""One connection of an initiator against a responder: both phases, bounds and findings.

If an address is not known and makes a difference, each possibility is judged; if they differ, the verdict
is `undecided` and gives the outcome of each.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import (
    End,
    Exposure,
    Outcome,
    Overlap,
    PairVerdict,
    Phase1Verdict,
    Phase2Verdict,
    Reason,
)
from model.vocabulary.places import Place
from model.vocabulary.policy import Action, Connection, Discarded, Peer, WithoutSA
from model.vocabulary.selectors import Selector
from proofs.verify.addresses import calls, directory
from proofs.verify.bounds import exposure, longer, overlap
from proofs.verify.doubts import Doubt, of_called, of_caller
from proofs.verify.facts import Facts
from proofs.verify.leases import leases
from proofs.verify.links import not_loaded
from proofs.verify.meeting import ANY_OTHER, Meeting, Missed, meetings
from proofs.verify.phase1 import Phase1Judge
from proofs.verify.phase2 import ChildFacts, judge
from proofs.verify.reasons import both_sides
from proofs.verify.rules import on_direction, on_doubt

_GRAVITY = (WithoutSA.DROPPED, WithoutSA.CLEAR_AFTER_SILENCE, WithoutSA.CLEAR)
_REACH = "both peers reach each other"


@dataclass(frozen=True)
class Judgement:
    """A pair's verdict with everything that it rests on; the witness run is made from this."""

    verdict: PairVerdict
    connection: Connection
    phase1: Facts
    children: tuple[ChildFacts, ...]


def judge_connection(
    initiator: Peer, connection: Connection, responder: Peer, today: datetime.date
) -> Judgement:
    """One connection of the initiator against the responder."""
    found = meetings(initiator, connection, responder)
    if isinstance(found, Missed):
        judged = _judge(initiator, connection, responder, found, today)
        doubts = list(of_called(responder, found.assumed, initiator))
        return _doubting(initiator, responder, judged, doubts)
    each = [(item, _judge(initiator, connection, responder, item, today)) for item in found]
    first = each[0][1]
    if len({_gist(item, judged.verdict) for item, judged in each}) > 1:
        return _undecided(initiator, responder, first, each)
    judged = _whichever(first, each)
    called = {item.assumed for item in found}
    doubts = list(of_called(responder, called.pop() if len(called) == 1 else None, initiator))
    takes = dict.fromkeys(item.caller for item in found)
    if "" not in takes and ANY_OTHER not in takes:
        if len(takes) > 1:
            judged = _assuming(judged, f"the address of {initiator.name} is {' or '.join(takes)}")
        doubts += of_caller(initiator, list(takes), responder)
    return _doubting(initiator, responder, judged, doubts)


def _judge(
    initiator: Peer,
    connection: Connection,
    responder: Peer,
    met: Meeting | Missed,
    today: datetime.date,
) -> Judgement:
    phase1 = Phase1Judge(initiator, connection, responder, met, today)
    first = phase1.verdict()
    facts = phase1.facts
    unloaded = not_loaded(initiator, responder)
    if unloaded is not None and first.outcome is Outcome.FAILS:
        first = _unloaded(first, facts, *unloaded)
    found: list[tuple[Phase2Verdict, ChildFacts]] = []
    group = first.suite.group if first.suite else None
    if first.outcome is not Outcome.FAILS and facts.responder is not None:
        given = leases(initiator, connection, responder, facts.responder)
        if given.needs:
            first = replace(first, outcome=Outcome.UNDECIDED, needs=(*first.needs, *given.needs))
        found = [
            judge(initiator, child, responder, facts.responder, facts.wire, group, given)
            for child in connection.children
            if child.action.value is Action.NEGOTIATE
        ]
    ends = initiator.name, responder.name
    verdict = PairVerdict(
        End(initiator.name, connection.name),
        End(responder.name, facts.responder.name if facts.responder else None),
        replace(first, why=first.why or both_sides(first, *ends)),
        tuple(replace(x, why=x.why or both_sides(x, *ends)) for x, _ in found),
        _without_sa(connection, facts, [item for item, _ in found]),
        assumptions=tuple(dict.fromkeys((_REACH, *facts.assumptions, *_assumed(found)))),
    )
    children = tuple(item for _, item in found)
    verdict = _bounded(verdict, initiator, connection, responder, facts, children)
    findings = on_direction(initiator, connection, responder, verdict, facts, children)
    return Judgement(replace(verdict, findings=once(findings)), connection, facts, children)


def _unloaded(first: Phase1Verdict, facts: Facts, peer: Peer, meant: Discarded) -> Phase1Verdict:
    """It fails because the connection that is meant for it is not loaded: what another one says is beside
    the point, and nothing in it is to be changed."""
    facts.unloaded, facts.missed = True, None
    facts.place, facts.other, facts.mend = meant.place, None, meant.mend
    why = f"{peer.name} does not load its connection {meant.name}: {meant.why}"
    return replace(first, why=why, sent=(), wanted=(), intended=False)


def _assumed(found: Sequence[tuple[Phase2Verdict, ChildFacts]]) -> Iterator[str]:
    yield from (item for _, facts in found for item in facts.assumptions)


# ---- addresses that are open


def one_direction(
    initiator: Peer, connections: Sequence[Connection], responder: Peer, today: datetime.date
) -> list[Judgement]:
    """All connections of the initiator towards a responder.

    If the responder states no address and several connections call different ones, its address
    decides which of them is for it: if the verdicts differ, the address is missing.
    """
    found = [judge_connection(initiator, item, responder, today) for item in connections]
    called = {whom.text for item in connections if (whom := calls(item))}
    stated = directory(responder).stated or responder.nat is not None
    if (
        stated
        or len(called) < 2
        or len({in_short(item.verdict, names=False) for item in found}) == 1
    ):
        return found
    told = []
    for item in found:
        whom = calls(item.connection)
        name = item.connection.name
        told.append(f"{whom.text if whom else '?'}: {in_short(item.verdict)} (connection {name})")
    need = f"the address of {responder.name} (local_addrs); " + "; ".join(told)
    return [_open(initiator, responder, found[0], need, End(initiator.name, None))]


def _gist(met: Meeting, verdict: PairVerdict) -> tuple[object, ...]:
    """What must not depend on the address; a selector that is the address itself counts as the same."""
    own = met.wire.responder.other

    def plain(selector: Selector | None) -> object:
        if selector is None:
            return None
        is_own = selector.own_address or (own is not None and selector.is_host(own))
        return ("own address", selector.protocol, selector.ports) if is_own else selector

    first = verdict.phase1
    children = tuple(
        (x.child, x.outcome, x.reason, x.suite, plain(x.initiator_selector), x.responder_selector)
        for x in verdict.phase2
    )
    return first.outcome, first.reason, first.suite, first.needs, children


def _whichever(first: Judgement, each: Sequence[tuple[Meeting, Judgement]]) -> Judgement:
    """The verdict does not depend on the address, so there is no assumption about it."""
    if len(each) == 1 and not each[0][0].network:
        return first
    kept = [x for x in first.verdict.assumptions if len(each) == 1 or not _on_address(x)]
    kept.insert(0, _REACH)
    seen = first.phase1.wire.responder.other

    def open_again(selector: Selector | None) -> Selector | None:
        own = selector is not None and seen is not None and selector.is_host(seen)
        return replace(selector, own_address=True) if own and selector else selector

    phase2 = tuple(
        replace(x, initiator_selector=open_again(x.initiator_selector))
        for x in first.verdict.phase2
    )
    verdict = replace(first.verdict, assumptions=tuple(dict.fromkeys(kept)), phase2=phase2)
    return replace(first, verdict=verdict)


def _assuming(judged: Judgement, assumption: str) -> Judgement:
    verdict = judged.verdict
    return replace(judged, verdict=replace(verdict, assumptions=(*verdict.assumptions, assumption)))


def _doubting(
    initiator: Peer, responder: Peer, judged: Judgement, doubts: Sequence[Doubt]
) -> Judgement:
    """What is open of the addresses: undecided where the files name another one that would fail, else a
    finding."""
    verdict = judged.verdict
    failing = verdict.phase1.reason or next((x.reason for x in verdict.phase2 if x.reason), None)
    # Of what fails these two only follow from the address; the others are to be mended in any case.
    depends = failing in (None, Reason.IDENTITY, Reason.SELECTOR)
    for item in doubts:
        if item.instead is not None and depends and verdict.phase1.outcome is not Outcome.UNDECIDED:
            via = verdict.responder.connection
            fails = Reason.NO_CONNECTION if item.calls else Reason.NO_RESPONDER
            need = (
                f"the address of {item.peer.name} (local_addrs); {item.address}: {in_short(verdict)} "
                f"(connection {via}); {item.instead} ({item.says}): Phase I fails ({fails.value})"
            )
            return _open(initiator, responder, judged, need, verdict.initiator)
    found = [on_doubt(item, initiator, responder, judged) for item in doubts]
    findings = once((*verdict.findings, *found))
    return replace(judged, verdict=replace(verdict, findings=findings))


def _on_address(assumption: str) -> bool:
    return assumption == _REACH or assumption.startswith("the address of ")


def _undecided(
    initiator: Peer,
    responder: Peer,
    first: Judgement,
    each: Sequence[tuple[Meeting, Judgement]],
) -> Judgement:
    """The outcome for each address, in the order of the responder's file."""
    told: dict[str, str] = {}
    for item, judged in each:
        via = item.connections[0].name
        names = [x for x in item.assumptions if " resolve" in x]
        said = ", ".join(filter(None, (item.caller, *names))) or str(item.wire.responder.other)
        told.setdefault(said, f"{said}: {in_short(judged.verdict)} (connection {via})")
    whose = any(item.caller for item, _ in each)
    need = (
        f"the address of {initiator.name} (local_addrs)"
        if whose
        else "the addresses that the names resolve to"
    )
    return _open(
        initiator,
        responder,
        first,
        f"{need}; " + "; ".join(told.values()),
        first.verdict.initiator,
    )


def _open(
    initiator: Peer, responder: Peer, first: Judgement, need: str, starting: End
) -> Judgement:
    """An undecided verdict, with what is missing."""
    verdict = PairVerdict(
        starting,
        End(first.verdict.responder.peer, None),
        Phase1Verdict(Outcome.UNDECIDED, needs=(need,)),
        without_sa=first.verdict.without_sa,
        assumptions=(_REACH,),
    )
    facts = Facts(first.phase1.wire, place=_where(first.connection))
    findings = on_direction(initiator, first.connection, responder, verdict, facts, ())
    return Judgement(replace(verdict, findings=once(findings)), first.connection, facts, ())


def _where(connection: Connection) -> Place:
    return connection.local_addresses.place or connection.place


def in_short(verdict: PairVerdict, *, names: bool = True) -> str:
    """A verdict in a few words, for comparison; with the names of the children that answer."""
    first = verdict.phase1
    if first.outcome is Outcome.FAILS:
        return f"Phase I fails ({first.reason.value if first.reason else '?'})"
    if first.outcome is Outcome.UNDECIDED:
        return "undecided"
    failing = [x for x in verdict.phase2 if x.outcome is Outcome.FAILS]
    if failing:
        reasons = dict.fromkeys(x.reason.value for x in failing if x.reason)
        return f"Phase II fails ({', '.join(reasons)})"
    if any(x.outcome is Outcome.UNDECIDED for x in verdict.phase2):
        return "undecided"
    answering = ", ".join(x.peer_child or x.child for x in verdict.phase2)
    if not answering:
        return "Phase I comes up"
    return f"comes up as {answering}" if names else "comes up"


# ---- packets and bounds


def _without_sa(
    connection: Connection, facts: Facts, phase2: Sequence[Phase2Verdict]
) -> tuple[WithoutSA | None, WithoutSA | None]:
    """The worst that happens to packets without an SA, leaving each end."""
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


def once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in the order in which they came."""
    return tuple(dict.fromkeys(findings))
