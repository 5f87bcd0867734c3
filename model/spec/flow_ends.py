"""The two ends of a flow: what their policies say, and what is up at each end.

An end may hold two Phase I SAs with its peer: one as the initiator, of the exchange that it started, and
one as the responder, of the exchange that the peer started. So an SA is named by the role that the end
has in it, and every exchange begins as another: fresh cookies, fresh keys, nothing on its account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.language.sorts import BOOL, DURATION, TIMER, Enum, Int
from model.language.specification import Record, Specification, ghost, urgent_timer
from model.language.terms import Term, ite, lift
from model.spec.parameters import ROLE, other_role

END = Enum("End", ("a", "b"))
ENDS = END.members
#: the initiator's side of an exchange; `under_way`: an answer to its first message has been sent
NEGOTIATION = Enum("Negotiation", ("none", "waits", "under_way", "heard", "up"))
#: the answerer's side of Quick Mode; `confirmed`: message 3 has been sent to it
ANSWER = Enum("Answer", ("none", "awaits_qm3", "confirmed"))
#: what an SA is wanted for; `late_timeout` and `lifetime`: a fresh Phase I SA is
WANTED = Enum("Wanted", ("none", "packet", "clear_text", "rekey", "late_timeout", "lifetime"))
#: what a Phase I SA has been used for at an end, and what its driver has of the newest SA
USE = Enum("Use", ("none", "new", "used"))
NEWEST = Enum("Newest", ("none", "fresh", "due"))
#: what happened to clear text; `denied`: silence did not open it, `open`: the driver lets packets pass
PASSAGE = Enum("Passage", ("none", "denied", "open", "over", "withdrawn"))
#: what happened to a Quick Mode at one end; `ended`: with the Phase I SA above it
OUTCOME = Enum(
    "Outcome",
    (
        "none",
        "begun",
        "completed",
        "refused",
        "withdrawn",
        "given_up",
        "ended",
        "first_timeout",
        "late_timeout",
    ),
)
MANY = 65535


@dataclass(frozen=True)
class FlowPolicy:
    """What each end's policy says of the flow, and what the network does; durations in seconds.

    Without `drops` an answer that was sent arrives before the end that waits for it gives up.
    """

    falls_back: Callable[..., Term]
    accepts_clear: Callable[..., Term]
    limit: Callable[..., Term]
    master_key_pfs: Callable[..., Term]
    session_ends_phase1: Callable[..., Term]
    answers: Callable[..., Term]
    drops: Term
    forges: Term
    soft_life: Term
    slack: Term


def flow_policy(spec: Specification) -> FlowPolicy:
    """Declare them."""

    def of(name: str, says: str) -> Callable[..., Term]:
        return spec.table(name, [END], BOOL, says)

    return FlowPolicy(
        falls_back=of("falls_back", "its policy lets silence lead to clear text (R8)"),
        accepts_clear=of("accepts_clear", "it takes packets in clear, and answers with IPsec"),
        limit=spec.table(
            "limit", [END], Int(1, MANY), "how many Phase II negotiations a Phase I SA serves"
        ),
        master_key_pfs=of("master_key_pfs", "a Phase I SA serves one Phase II negotiation (R12)"),
        session_ends_phase1=of(
            "session_ends_phase1", "a reached session lifetime also ends Phase I (profile)"
        ),
        answers=of("answers", "it answers every first message that reaches it"),
        drops=spec.rigid("drops", BOOL, "switch: the attacker drops messages"),
        forges=spec.rigid("forges", BOOL, "switch: the attacker makes messages without a key"),
        soft_life=spec.rigid("soft_life", DURATION, "how long clear text is allowed (soft SA)"),
        slack=spec.rigid("slack", DURATION, "how late an act may be after its time"),
    )


@dataclass(frozen=True)
class End:
    """One end, and all that a transition at it reads or writes.

    name, peer   "a" and "b", or the other way round
    manager      its connection manager
    started      the exchange of Phase I that it started, answered: the one that its peer started
    quick        the Quick Mode that it started, peers_quick: the one that its peer started
    peers        the peer's connection manager
    """

    name: str
    peer: str
    policy: FlowPolicy
    manager: Record
    peers: Record
    started: Record
    answered: Record
    quick: Record
    peers_quick: Record

    @property
    def other(self) -> End:
        """The same, seen from the peer."""
        return End(
            self.peer,
            self.name,
            self.policy,
            self.peers,
            self.manager,
            self.answered,
            self.started,
            self.peers_quick,
            self.quick,
        )

    # ---- Phase I
    def stands(self, role: Term) -> Term:
        """Whether the Phase I SA in which this end has that role is up."""
        return ite(role.eq("initiator"), self.started_up, self.answered.responder_up)

    @property
    def started_up(self) -> Term:
        """Whether the Phase I SA that it started is up."""
        return self.started.initiator_state.eq("up")

    @property
    def phase1(self) -> Term:
        """Whether any Phase I SA is up."""
        return self.started_up | self.answered.responder_up

    @property
    def unanswered(self) -> Term:
        """Whether it negotiates Phase I, and has heard nothing of its peer in this negotiation."""
        return self.started.initiator_state.one_of("waits", "under_way")

    @property
    def negotiates(self) -> Term:
        """Whether it negotiates Phase I as the initiator."""
        return self.unanswered | self.started.initiator_state.eq("heard")

    def shared(self, role: Term) -> Term:
        """Whether both ends hold the Phase I SA in which this one has that role."""
        return ite(role.eq("initiator"), _whole(self.started), _whole(self.answered))

    def count(self, role: Term) -> Term:
        """How many Phase II negotiations this end has completed under that Phase I SA."""
        own, peers = self.started.initiator_count, self.answered.responder_count
        return ite(role.eq("initiator"), own, peers)

    @property
    def limit(self) -> Term:
        """How many it may complete; master key PFS allows one (R12, R16)."""
        p = self.policy
        one: Term = lift(1, Int(1, MANY))
        return ite(p.master_key_pfs(self.name), one, p.limit(self.name))

    @property
    def answer_comes(self) -> Term:
        """Whether something may come back: an answer is under way, or somebody forges one."""
        return self.started.initiator_state.eq("under_way") | self.policy.forges

    @property
    def unheard(self) -> Term:
        """Whether a first message may meet silence: its answer was dropped, or the peer sends none."""
        p, nobody = self.policy, self.started.initiator_state.eq("waits")
        return p.drops | (nobody & ~p.answers(self.peer))

    # ---- Phase II
    @property
    def quick_unheard(self) -> Term:
        """Whether a Quick Mode may meet silence: its answer was dropped, or the peer sends none."""
        p, q = self.policy, self.quick
        answered = p.answers(self.peer) & self.shared(q.role)
        return p.drops | (q.answerer_state.eq("none") & ~answered)

    @property
    def answering(self) -> Term:
        """Whether it waits for message 3 of a Quick Mode that the peer started."""
        return self.peers_quick.answerer_state.ne("none")

    @property
    def answers_as(self) -> Term:
        """Its role in the Phase I SA under which the peer started Quick Mode."""
        return other_role(self.peers_quick.role)

    def uses(self, role: Term) -> Term:
        """Whether it negotiates Phase II under that Phase I SA, whoever started it."""
        starts = self.quick.waits & self.quick.role.eq(role)
        return starts | (self.answering & self.answers_as.eq(role))

    @property
    def served(self) -> Term:
        """Whether a fresh SA is there, or a negotiation under way that will bring one."""
        return self.manager.fresh | self.quick.waits | self.answering | self.negotiates

    @property
    def in_clear(self) -> Term:
        """Whether it sends in clear: a soft SA is up."""
        return self.manager.soft_sa.armed


def _whole(exchange: Record) -> Term:
    both = exchange.initiator_state.eq("up") & exchange.responder_up
    return both & ~exchange.stale


def ends(spec: Specification, policy: FlowPolicy) -> tuple[End, End]:
    """Declare both ends."""
    manager = {name: _manager(spec, name) for name in ENDS}
    phase1 = {name: _phase1(spec, name) for name in ENDS}
    quick = {name: _quick(spec, name) for name in ENDS}

    def end(name: str, peer: str) -> End:
        return End(
            name,
            peer,
            policy,
            manager[name],
            manager[peer],
            phase1[name],
            phase1[peer],
            quick[name],
            quick[peer],
        )

    return end("a", "b"), end("b", "a")


def _manager(spec: Specification, name: str) -> Record:
    """The connection manager of an end.

    request   an SA is wanted: what brings it must begin before this has run out
    renew     the request is for a fresh Phase I SA, whatever else there is
    soft_sa   clear text is allowed: how long still
    sas       live SAs of the flow in its driver: the newest, and on rekey the one before it
    fresh     the newest has not reached its soft lifetime
    waited    (ghost) what is left of the time from the first asking on
    wanted    (ghost) what an SA is asked or negotiated for, until it is there or cannot be had
    known     (ghost) the peer has been heard, in this negotiation or an earlier one
    driver    (ghost) what the driver has of the newest SA
    passage   (ghost) what happened to clear text when it was last asked for
    """
    return spec.record(
        name,
        f"The connection manager of end {name}, for one flow to be negotiated.",
        request=urgent_timer(),
        renew=BOOL,
        soft_sa=urgent_timer(),
        sas=Int(0, 2),
        fresh=BOOL,
        waited=ghost(TIMER),
        wanted=ghost(WANTED),
        known=ghost(BOOL),
        driver=ghost(NEWEST),
        passage=ghost(PASSAGE),
    )


def _phase1(spec: Specification, name: str) -> Record:
    """The exchange of Phase I that an end started.

    open          it was answered, and its peer has not established it yet
    responder_up  the SA is up at the peer
    stale         what is up there is of an earlier exchange
    ..._count     negotiations of Phase II that this end has completed under the SA
    ..._use       (ghost) what it has used the SA for, from its establishment to its end
    """
    return spec.record(
        f"{name}_phase1",
        f"Phase I as {name} started it, at both ends.",
        initiator_state=NEGOTIATION,
        open=BOOL,
        responder_up=BOOL,
        stale=BOOL,
        initiator_count=Int(0, MANY),
        responder_count=Int(0, MANY),
        initiator_use=ghost(USE),
        responder_use=ghost(USE),
    )


def _quick(spec: Specification, name: str) -> Record:
    """Quick Mode as an end started it.

    role     its role in the Phase I SA above
    outcome  (ghost) what happened to it where it was started, until Phase I is started there
    answer   (ghost) what happened to it where it was answered
    """
    return spec.record(
        f"{name}_quick",
        f"Phase II as {name} started it, at both ends.",
        waits=BOOL,
        role=ROLE,
        answerer_state=ANSWER,
        outcome=ghost(OUTCOME),
        answer=ghost(OUTCOME),
    )
