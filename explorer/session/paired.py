"""Two policies as a source: the exchange as `verify` judged it, or the run that shows one of its findings."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from explorer.session.commands.script import executed, lines_of
from explorer.session.moments import Lane, Life, Lose, Moment, Refused, Take, Verdict
from explorer.session.saved import acts_of
from explorer.session.session import MOST_STEPS, Session
from explorer.session.sources import Prepared
from explorer.session.specified import Specified
from explorer.session.times import duration, spoken
from explorer.session.tree import Node
from explorer.view.safe import safe
from model.choice import phase1_offer
from model.language.instance import Instance
from model.spec import specification
from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import Outcome, Phase1Verdict, Phase2Verdict
from model.vocabulary.policy import Peer, WithoutSA
from model.vocabulary.suites import Exchange as Mode
from proofs.verify import Judgement
from proofs.verify.catalogue import CATALOGUE
from proofs.verify.instance import NO_LIMIT, instance
from proofs.verify.pairs import both_directions
from proofs.verify.phase2 import ChildFacts
from proofs.verify.reasons import sentence
from proofs.verify.seen import SEEN, How, child_of, lasting, missing, second, speaks
from proofs.verify.tables import phase1_against
from proofs.verify.witness import witness


@dataclass(frozen=True)
class Exchange:
    """One direction of a pair, and one child of the initiator (None: Phase I only)."""

    initiator: Peer
    responder: Peer
    judgement: Judgement
    child: ChildFacts | None

    @property
    def way(self) -> str:
        """From whom to whom."""
        return f"{self.initiator.name} -> {self.responder.name}"

    @property
    def title(self) -> str:
        """For the status bar."""
        return self.way + (f", child {self.child.child.name}" if self.child is not None else "")

    @property
    def decides(self) -> Phase1Verdict | Phase2Verdict:
        """The verdict on the phase that does not come up, or on the last one."""
        first, phase2 = self.judgement.verdict.phase1, second(self.judgement, self.child)
        return first if first.outcome is not Outcome.ESTABLISHED or phase2 is None else phase2

    @property
    def lanes(self) -> tuple[Lane, Lane]:
        """Both peers, with the addresses that the other one sees."""
        wire = self.judgement.phase1.wire
        ours, theirs = wire.responder.other, wire.initiator.other
        return (
            Lane("INITIATOR", safe(self.initiator.name), str(ours or "")),
            Lane("RESPONDER", safe(self.responder.name), str(theirs or "")),
        )

    def says(self) -> str:
        """What `verify` says, in a sentence."""
        found = self.decides
        phase = "Phase I"
        if isinstance(found, Phase2Verdict):
            phase = f"Phase II, child {found.child}"
        if found.outcome is Outcome.ESTABLISHED:
            return f"{self.way}: {phase} comes up with {found.suite}."
        if found.outcome is Outcome.UNDECIDED:
            return f"{self.way}: {phase} is undecided."
        said = sentence(found, self.initiator.name, self.responder.name)
        return f"{self.way}: {phase} fails: {said.rstrip('.')}."

    def cause(self) -> str:
        """Why it fails, in a sentence: what each side says, or the reason."""
        found = self.decides
        ends = self.initiator.name, self.responder.name
        return f"verify says: {(found.why or sentence(found, *ends)).rstrip('.')}."


class Paired(Specified):
    """The specification with two policies. At the event at which it opens, the verdict says what it shows."""

    told: tuple[Moment, str] | None = None

    @property
    def timing(self) -> str:  # type: ignore[override]  # profiles know how often, and not how soon
        """Intervals belong to no policy and no profile: those of the run are nobody's."""
        seconds = duration(Fraction(self.instance.scalar("interval")))
        return f"resends are {seconds} apart here, whatever the implementation does"

    def verdict(self, node: Node) -> Verdict:
        """What has happened so far, in words."""
        plain = super().verdict(node)
        if self.told is None or node.parent is None or node.moment != self.told[0]:
            return plain
        return replace(plain, second=self.told[1])


def opened(
    a: Peer, b: Peer, today: datetime.date, finding: str | None = None, child: str | None = None
) -> Session:
    """The session over what fails first, or over what a finding is about. Refused: there is nothing to see."""
    judged = list(_judged(a, b, today))
    if not judged:
        raise Refused(f"no IKEv1 connection of {a.name} and {b.name} faces the other peer")
    if finding is None:
        return _outcome(_failing([x for item in judged for x in _exchanges(*item)]))
    for initiator, judgement, responder in judged:
        for item in judgement.verdict.findings:
            if item.id == finding and item.seen and child in (None, item.child):
                return _at(item, initiator, judgement, responder)
    raise Refused(_not_shown(finding, child, [x[1] for x in judged]))


def _judged(a: Peer, b: Peer, today: datetime.date) -> Iterator[tuple[Peer, Judgement, Peer]]:
    by_name = {a.name: a, b.name: b}
    for item in both_directions(a, b, today):
        ends = item.verdict.initiator.peer, item.verdict.responder.peer
        yield by_name[ends[0]], item, by_name[ends[1]]


def _exchanges(initiator: Peer, judgement: Judgement, responder: Peer) -> Iterator[Exchange]:
    for child in judgement.children or (None,):
        yield Exchange(initiator, responder, judgement, child)


def _failing(found: Sequence[Exchange]) -> Exchange:
    """The exchange that fails first; if none does, the first one. Refused: there is none to step through."""
    wanted = [x for x in found if not x.judgement.verdict.phase1.intended]
    failing = [x for x in wanted if x.decides.outcome is not Outcome.ESTABLISHED] or wanted or found
    for item in failing:
        if _lacks(item) == "":
            return item
    raise Refused(
        f"there is no exchange to step through: {_lacks(failing[0])}. {failing[0].says()}"
    )


def _lacks(item: Exchange) -> str:
    if not speaks(item.judgement, item.initiator):
        return f"{item.initiator.name} has nothing to offer"
    return missing(item.judgement, item.child)


def _not_shown(finding: str, child: str | None, judged: Sequence[Judgement]) -> str:
    found = [x for item in judged for x in item.verdict.findings]
    of = f" about child {child}" if child is not None else ""
    known = any(x.id == finding and child in (None, x.child) for x in found)
    if known or (finding in CATALOGUE and finding not in SEEN):
        return f"no run shows {finding}{of}: ikeproof explain {finding} says what it means"
    shown = dict.fromkeys(x.id for x in found if x.seen)
    return f"verify has no finding {finding}{of} on these policies; runs show {', '.join(shown) or 'none'}"


# ---- the runs


def _at(item: Finding, initiator: Peer, judgement: Judgement, responder: Peer) -> Session:
    how = SEEN[item.id]
    child = (
        child_of(judgement, item.child) if item.child is not None or judgement.children else None
    )
    if how in (How.OVERLAP, How.EXPOSURE):
        child = lasting(judgement, item.child)
    exchange = Exchange(initiator, responder, judgement, child)
    if how is How.OUTCOME:
        return _outcome(exchange)
    if how is How.SILENCE:
        return _silence(exchange, item)
    if how is How.IDENTITY:
        return _identity(exchange, item)
    return _lasting(exchange, item, overlap=how is How.OVERLAP)


def _outcome(exchange: Exchange) -> Session:
    """The run of `verify`, at the event at which it fails; at the start, if nothing does."""
    session = _witnessed(exchange)
    if exchange.decides.outcome is Outcome.ESTABLISHED:
        return session
    rows = session.rows()
    failed = next((x for x in rows if session.source.verdict(x).badge == "FAILED"), rows[-1])
    return _look(session, failed, exchange.cause())


def _witnessed(exchange: Exchange) -> Session:
    found = witness(exchange.judgement, exchange.initiator, exchange.responder, exchange.child)
    if found is None:
        raise Refused(f"there is no exchange to step through. {exchange.says()}")
    run = found.run
    spec = specification(run.specification)
    policy = _undelayed(run.instance(spec))
    acts, broken = acts_of(_source(exchange, policy), run)
    assert not broken, broken
    return Session(_source(exchange, policy, Prepared(acts)))


def _source(exchange: Exchange, policy: Instance, ready: Prepared | None = None) -> Paired:
    spec = specification()
    about = exchange.says()
    return Paired(spec, policy, safe(exchange.title), safe(about), "PAIR", exchange.lanes, ready)


def _undelayed(policy: Instance, negotiations: int = 1, **values: bool) -> Instance:
    """Timers that act at their time, and a network that can lose messages: so that times are exact, and
    messages can be dropped in the session."""
    rigid: Mapping[str, bool | int] = {"slack": 0, "drops": True, **values}
    sizes = {**policy.sizes, "negotiation": negotiations}
    return Instance(sizes, {**policy.rigid, **{name: (x,) for name, x in rigid.items()}})


def _silence(exchange: Exchange, item: Finding) -> Session:
    """Every sending of message 1 is lost: clear text afterwards, or still no SA."""
    judgement = _with_offer(exchange)
    policy = instance(
        specification(), judgement, exchange.initiator, exchange.responder, exchange.child
    )
    worst = judgement.verdict.without_sa[0]
    falls_back = item.id == "CLEAR-AFTER-SILENCE" or worst is WithoutSA.CLEAR_AFTER_SILENCE
    session = Session(_source(exchange, _undelayed(policy, falls_back=falls_back)))
    aggressive = judgement.connection.exchange.value is Mode.AGGRESSIVE
    sendings = int(policy.scalar("resends")) + 1
    session.do(Lose("am1" if aggressive else "mm1", sendings))
    _on(session)
    said = "No SA comes up in this run: "
    if item.id == "CLEAR-AFTER-SILENCE":
        said = (
            "The policy allows it, so an attacker who drops these messages can read the traffic: "
        )
    return _look(session, session.now, f"{said}{item.what}.")


def _with_offer(exchange: Exchange) -> Judgement:
    """Nobody needs to answer here: only the offer is taken from the policies."""
    judgement, facts = exchange.judgement, exchange.judgement.phase1
    if facts.table.rows or facts.responder is not None:
        return judgement
    connection, profile = judgement.connection, exchange.initiator.profile
    offers = phase1_offer(connection.proposals, connection.authentications, profile)
    table = phase1_against(offers, (), exchange.initiator, exchange.responder)
    return replace(judgement, phase1=replace(facts, table=table))


def _identity(exchange: Exchange, item: Finding) -> Session:
    session = _witnessed(exchange)
    sent = [x for x in session.rows() if x.event.name]
    named = [x for x in sent if "ID" in x.event.says.split(", ")] or sent
    at = {"KERBEROS-IDENTITY": sent[0], "OWN-IDENTITY": named[-1]}.get(item.id, named[0])
    return _look(session, at, f"{at.event.name} shows it: {item.what}.")


def _lasting(exchange: Exchange, item: Finding, *, overlap: bool) -> Session:
    """Phase I with SAs made at once and again a second before its end, until the last of them ends."""
    judgement = exchange.judgement
    policy = instance(
        specification(), judgement, exchange.initiator, exchange.responder, exchange.child
    )
    served = int(min(policy.rigid["limit"]))
    session = Session(_source(exchange, _undelayed(policy, 1 if served == 1 else 2)))
    end, lives = min(policy.rigid["life"]), policy.rigid["life2"]
    last = _phase2_at_the_end(session, int(end), again=served > 1)
    if end >= NO_LIMIT:
        _do(session, "take phase1.initiator_deletes")
        _on(session)
    elif all(policy.rigid["timed2"]):
        _do(session, f"until {int(end) + int(max(lives)) + 1}s")
    else:
        _do(session, f"until {int(end)}s")
    at = last
    if overlap:
        rows = session.rows()
        at = next((x for x in rows if session.source.verdict(x).badge == "OVERLAP"), last)
    return _look(session, at, _lasts(exchange, item, overlap))


def _phase2_at_the_end(session: Session, end: int, *, again: bool) -> Node:
    """Both Quick Modes, or the only one that is allowed; the last one a second before Phase I ends."""
    if again:
        _on(session)
    else:
        while not _both_up(session) and session.forward() is not None:
            pass
    if end < NO_LIMIT:
        source = session.specified
        assert source is not None
        machine = source.machine(session.now.moment)
        if again:
            _do(session, f"until {end - 1}s")
        else:
            session.do(Take(((len(machine.actions), ((end - 1) * machine.tick,)),)))
    if again or end < NO_LIMIT:
        _do(session, f"take quick.offer n={int(again)} role=initiator spi=1")
    _on(session)
    return session.now


def _lasts(exchange: Exchange, item: Finding, overlap: bool) -> str:
    verdict = exchange.judgement.verdict
    if overlap and verdict.overlap is not None:
        bound = verdict.overlap.supremum_seconds
        return f"{item.what[:1].upper()}{item.what[1:]}." if bound is None else (
            f"verify says less than {spoken(bound)}. This SA was made a second before Phase I ended."
        )  # fmt: skip
    phase2 = second(exchange.judgement, exchange.child)
    if phase2 is not None and phase2.suite is not None and phase2.suite.pfs_group is not None:
        return f"Each Quick Mode has a secret of its own (PFS), and {item.what}."
    said = "No Quick Mode carries a key: all SAs take theirs from the secret of Phase I"
    return f"{said}." if item.id == "NO-PFS" else f"{said}; {item.what}."


def _on(session: Session) -> None:
    """Until both ends are up and quiet, or have failed. A broken promise is no reason to stop here."""
    for _ in range(MOST_STEPS):
        node = session.forward()
        if node is None or session.source.verdict(node).over:
            break


def _do(session: Session, script: str) -> None:
    for _ in executed(session, lines_of(script)):
        pass


def _both_up(session: Session) -> bool:
    return all(end.life is Life.UP for end in session.source.ends(session.now.moment))


def _look(session: Session, node: Node, says: str) -> Session:
    """Stand at a node, whose verdict says what it shows."""
    source = session.source
    assert isinstance(source, Paired)
    source.told = node.moment, safe(says)
    session.go(node)
    return session
