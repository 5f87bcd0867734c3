"""Between exchanges: Phase II under Phase I, the end of both, renegotiation (R9, R12, R14 to R19)."""

from __future__ import annotations

from model.language.terms import Term, conjunction
from model.promises import Always, Whenever, promise
from model.promises.flow import ROLES, at_each_end, both
from model.spec.flow import Flow
from model.spec.flow_ends import End


# ---- Phase II under Phase I
@promise("R2 R14 R18", of="flow")
def phase2_goes_under_phase1(flow: Flow) -> Always:
    """An end negotiates Phase II, in either role, only under a Phase I SA that is up there: when one ends,
    by lifetime, by late silence, or because a Delete arrived, what goes on under it ends too.

    No exceptions: every attacker switch is on.
    """

    def under(end: End) -> Term:
        starts = end.quick.waits.implies(end.stands(end.quick.role))
        return starts & end.answering.implies(end.stands(end.answers_as))

    return Always(both(flow, under), flow.a.quick.waits & flow.b.answering)


@promise("R12 R16", of="flow")
def phase2_count_is_bounded(flow: Flow) -> Always:
    """Under one Phase I SA an end completes at most as many Phase II negotiations as its own policy allows,
    started by either end. A negotiation is counted before it begins. A new Phase I SA starts at zero.

    No exceptions: every attacker switch is on.
    """

    def bounded(end: End) -> Term:
        within = [end.count(role) <= end.limit for role in ROLES]
        fresh = [(~end.stands(role)).implies(end.count(role).eq(0)) for role in ROLES]
        return conjunction(*within, *fresh)

    return Always(both(flow, bounded), flow.a.started.initiator_count > 0)


@promise("R12", of="flow")
def master_key_pfs_renews_phase1(flow: Flow) -> Always:
    """With master key PFS a Phase I SA that has served one negotiation serves no other: what follows goes
    under a new one.

    No exceptions: every attacker switch is on; each end by its own policy.
    """

    def once(end: End) -> Term:
        served = [(end.count(role) > 0).implies(~end.uses(role)) for role in ROLES]
        return flow.policy.master_key_pfs(end.name).implies(conjunction(*served))

    pfs = flow.policy.master_key_pfs("a") & (flow.a.started.initiator_count > 0)
    return Always(both(flow, once), pfs)


# ---- renegotiation
@promise("R15", of="flow")
def late_timeout_renegotiates(flow: Flow) -> Always:
    """After a second or later negotiation of Phase II under a Phase I SA got no answer, no Phase I SA
    is up at that end, a fresh one is asked for, and nothing but its negotiation, or the peer's own,
    answers that: time does not pass the slack before it has begun.

    No exceptions: every attacker switch is on.
    """
    return _renewal(flow, "late_timeout")


@promise("R17", of="flow")
def a_lifetime_reached_renegotiates(flow: Flow) -> Always:
    """After the lifetime of the last Phase I SA at an end is reached (or, by the literal reading of R17,
    that of an SA under it), none is up there and a fresh one is asked for, even beside a fresh SA of
    the flow: time does not pass the slack before its negotiation has begun.

    No exceptions: every attacker switch is on.
    """
    return _renewal(flow, "lifetime")


def _renewal(flow: Flow, why: str) -> Always:
    def due(end: End) -> Term:
        m = end.manager
        asked = m.renew & m.request.armed & (m.request.left <= flow.policy.slack)
        nothing = ~end.phase1 & end.started.initiator_state.eq("none")
        return m.wanted.eq(why).implies(asked & nothing)

    return Always(both(flow, due), flow.a.manager.wanted.eq(why))


@promise("R17", of="flow")
def a_session_lifetime_reached_asks_for_new_keys(flow: Flow) -> Always:
    """After the newest SA has reached its soft lifetime it no longer counts as fresh: a request is then
    served only by a new Quick Mode, of this end or of its peer.

    No exceptions: every attacker switch is on.
    """
    claim = both(flow, lambda e: e.manager.wanted.eq("rekey").implies(~e.manager.fresh))
    return Always(claim, flow.a.manager.wanted.eq("rekey"))


@at_each_end("R15")
def late_timeout_comes_after_one_completed(flow: Flow, end: End) -> Whenever:
    """A time-out in Phase II ends Phase I only if this end has completed at least one negotiation under that
    SA, started by either end, and if there was no answer: none was sent, or it was dropped.

    No exceptions: every attacker switch is on.
    """
    waited = end.quick.waits & end.quick_unheard & (end.count(end.quick.role) > 0)
    return Whenever(end.quick.outcome.eq("late_timeout"), waited)


@at_each_end("R15")
def first_timeout_fails(flow: Flow, end: End) -> Whenever:
    """Silence makes a negotiation of Phase II merely fail only where none was completed under that Phase I
    SA at this end: a later one renegotiates. And there really was silence.

    No exceptions: every attacker switch is on.
    """
    waited = end.quick.waits & end.quick_unheard & end.count(end.quick.role).eq(0)
    return Whenever(end.quick.outcome.eq("first_timeout"), waited)


@promise("R8 R15", of="flow")
def phase2_failure_does_not_open_clear(flow: Flow) -> Always:
    """After a Quick Mode of its own has failed, even by silence, an end sends nothing in clear before it
    has started Phase I again: only that negotiation's own silence leads there.

    No exceptions: every attacker switch is on.
    """

    failed = ("refused", "withdrawn", "ended", "first_timeout", "late_timeout")
    claim = both(flow, lambda e: e.quick.outcome.one_of(*failed).implies(~e.in_clear))
    return Always(claim, flow.a.quick.outcome.eq("first_timeout"))


@promise("R5 R15", of="flow")
def quick_mode_ends_in_one_way(flow: Flow) -> Always:
    """A Quick Mode goes on, at the end that started it and at the one that answered, until it is completed,
    is refused, gives way to another, gets no answer, or ends with the Phase I SA above it; and then it
    goes on no more. Who started it and has completed it has sent message 3.

    No exceptions: every attacker switch is on.
    """

    def one(end: End) -> Term:
        q = end.quick
        told = q.outcome.eq("completed").implies(q.answerer_state.ne("awaits_qm3"))
        begun = q.outcome.eq("begun").eq(q.waits) & q.answer.eq("begun").eq(
            q.answerer_state.ne("none")
        )
        return begun & told & q.waits.implies(q.answerer_state.ne("confirmed"))

    return Always(both(flow, one), flow.a.quick.waits & flow.b.quick.waits)


@at_each_end("R15")
def an_answered_quick_mode_is_not_given_up(flow: Flow, end: End) -> Whenever:
    """An end that has answered Quick Mode gives it up only if its peer does not go on with it.

    Exception: the attacker drops messages.
    """
    q = end.peers_quick
    return Whenever(
        q.answer.eq("given_up"), ~q.waits & q.answerer_state.eq("awaits_qm3"), flow.policy.drops
    )


@at_each_end("R16")
def the_initiators_quick_mode_comes_first(flow: Flow, end: End) -> Whenever:
    """If both ends start Quick Mode under a Phase I SA that has room for one, that of the SA's initiator
    continues: only the responder gives way.

    No exceptions: every attacker switch is on.
    """
    return Whenever(end.quick.outcome.eq("withdrawn"), end.quick.role.eq("responder"))


@promise("R15 R17", of="flow")
def phase1_is_renewed_for_a_reason(flow: Flow) -> Always:
    """A fresh Phase I SA is asked for, whatever else there is, only after late silence, or when a lifetime
    is reached.

    No exceptions: every attacker switch is on.
    """

    def reason(end: End) -> Term:
        return end.manager.renew.eq(end.manager.wanted.one_of("late_timeout", "lifetime"))

    return Always(both(flow, reason), flow.a.manager.renew)


# ---- Phase I and the driver
@at_each_end("R5 R8")
def an_answer_is_heard(flow: Flow, end: End) -> Whenever:
    """An end takes a negotiation of its own for answered only if its peer has sent an answer to the first
    message of this exchange.

    Exception: the attacker forges one.
    """
    answered = end.started.initiator_state.eq("under_way")
    return Whenever(end.started.initiator_state.eq("heard"), answered, flow.policy.forges)


@at_each_end("R5")
def initiator_establishes_what_was_answered(flow: Flow, end: End) -> Whenever:
    """An end establishes Phase I as the initiator only in a negotiation of its own, and upon an answer.

    No exceptions here: that the answer is the peer's is promised of the exchange itself.
    """
    x = end.started
    comes = end.unanswered & (x.initiator_state.eq("under_way") | flow.policy.forges)
    return Whenever(end.started_up, x.initiator_state.eq("heard") | comes)


@at_each_end("R5")
def responder_establishes_what_the_initiator_goes_on_with(flow: Flow, end: End) -> Whenever:
    """An end establishes Phase I as the responder only once in an exchange, and only if its peer has gone on
    with that exchange after the first answer.

    No exceptions here: that it was the peer is promised of the exchange itself.
    """
    return Whenever(end.answered.responder_up, end.answered.open)


@promise("R17", of="flow")
def exchanges_are_fresh(flow: Flow) -> Always:
    """Every exchange is new: as long as nothing was heard in it, the peer has no SA of it; what is up there
    is of an earlier one. An exchange may still be established, or it is up. An end that continues one has
    heard its peer.

    No exceptions: every attacker switch is on.
    """

    def fresh(end: End) -> Term:
        x = end.started
        begins = end.unanswered.implies(~x.open)
        old = (end.unanswered | x.open).implies(x.responder_up.eq(x.stale))
        goes_on = x.open | (x.responder_up & ~x.stale)
        known = goes_on.implies(end.manager.known)
        return begins & old & known & x.stale.implies(x.responder_up)

    return Always(both(flow, fresh), flow.a.started.stale)


@at_each_end("R9 R17")
def an_open_exchange_becomes_one_sa(flow: Flow, end: End) -> Whenever:
    """An exchange that was answered stays open to its responder until its peer starts another, or until it
    leads to an SA, which replaces none: the SA of an earlier exchange has ended before.

    No exceptions: every attacker switch is on.
    """
    x = end.answered
    return Whenever(~x.open, x.initiator_state.eq("none") | ~x.responder_up)


@promise("R17 R18", of="flow")
def an_ended_sa_stands_no_more(flow: Flow) -> Always:
    """A Phase I SA is up at an end exactly from its establishment there until that end ends it: by a
    lifetime, because it is idle or has served enough, after late silence, or upon the peer's Delete. It
    counts as used exactly from the first negotiation of Phase II that was completed under it there.

    No exceptions: every attacker switch is on.
    """

    def exact(end: End) -> Term:
        x, y = end.started, end.answered
        own = end.started_up.eq(x.initiator_use.ne("none"))
        peers = y.responder_up.eq(y.responder_use.ne("none"))
        used = x.initiator_use.eq("used").eq(x.initiator_count > 0)
        return own & peers & used & y.responder_use.eq("used").eq(y.responder_count > 0)

    return Always(both(flow, exact), flow.a.started_up & flow.a.answered.responder_up)


@at_each_end("R5 R8")
def a_negotiation_ends_for_a_reason(flow: Flow, end: End) -> Whenever:
    """An end gives its own negotiation of Phase I up only upon an answer, or upon silence: none was sent, or
    it was dropped.

    No exceptions: every attacker switch is on.
    """
    x = end.started
    silence = flow.policy.drops | ~flow.policy.answers(end.peer)
    answer = x.initiator_state.eq("under_way") | flow.policy.forges
    reason = x.initiator_state.one_of("heard", "up") | (end.unanswered & (answer | silence))
    return Whenever(x.initiator_state.eq("none"), reason)


@at_each_end("R14 R16")
def quick_mode_is_answered_under_what_both_hold(flow: Flow, end: End) -> Whenever:
    """An end answers Quick Mode once, while its peer waits for it, and only under a Phase I SA that both
    hold and that has room for one more at this end.

    No exceptions: every attacker switch is on.
    """
    q, role = end.peers_quick, end.answers_as
    under = q.waits & q.answerer_state.eq("none") & end.shared(role)
    return Whenever(q.answerer_state.eq("awaits_qm3"), under & (end.count(role) < end.limit))


@promise("R19", of="flow")
def sas_outlive_phase1(flow: Flow) -> Always:
    """Whatever becomes of Phase I, an SA that the driver was given is live until the driver ends it: by
    seconds, by bytes, or upon the peer's Delete; and it counts as fresh until its soft lifetime.

    No exceptions: every attacker switch is on.
    """

    def kept(end: End) -> Term:
        m = end.manager
        return m.driver.ne("none").eq(m.sas > 0) & m.driver.eq("fresh").eq(m.fresh)

    return Always(both(flow, kept), (flow.a.manager.sas > 0) & ~flow.a.phase1)
