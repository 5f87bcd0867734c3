"""Between exchanges: clear text, Phase II under what stands, renegotiation (R8, R9, R12, R15 to R19).

These are promises of the machine `flow`, in which both ends may start, also at the same time. Where one
is about a step it is made for each end by itself: `_at_a`, `_at_b`.
"""

from __future__ import annotations

from collections.abc import Callable

from model.language.terms import Term, conjunction, disjunction, lift
from model.promises import Always, Whenever, promise
from model.spec.flow import Flow
from model.spec.flow_ends import ENDS, End
from model.spec.parameters import ROLE

_ROLES = tuple(lift(role, ROLE) for role in ROLE.members)


def _both(flow: Flow, says: Callable[[End], Term]) -> Term:
    """What holds at each end."""
    return conjunction(*map(says, flow.ends))


def _either(flow: Flow, says: Callable[[End], Term]) -> Term:
    """What holds at one end at least."""
    return disjunction(*map(says, flow.ends))


def _at_each_end(requirements: str) -> Callable[[Callable[[Flow, End], Whenever]], None]:
    """Register a promise about steps for each end."""

    def register(made: Callable[[Flow, End], Whenever]) -> None:
        for number, name in enumerate(ENDS):

            def at(flow: Flow, number: int = number) -> Whenever:
                return made(flow, flow.ends[number])

            at.__name__ = f"{made.__name__}_at_{name}"
            at.__doc__ = made.__doc__
            promise(requirements, of="flow")(at)

    return register


def _deaf(flow: Flow) -> Term:
    """Whether an end may hear nothing although it asks: messages are lost, or its peer is silent."""
    p = flow.policy
    return p.drops | ~(p.answers("a") & p.answers("b"))


# ---- clear text
@promise("R8", of="flow")
def no_clear_beside_live_sa(flow: Flow) -> Always:
    """No end sends in clear while it holds a live SA of the flow; so while both ends hold one, nobody
    does, whoever started, and if both did at once.

    Rests on nothing: every attacker switch on.
    """
    claim = _both(flow, lambda e: e.in_clear.implies(e.manager.sas.eq(0) & ~e.manager.fresh))
    return Always(claim, flow.a.manager.sas > 0)


@promise("R8", of="flow")
def no_clear_beside_the_peers_live_sa(flow: Flow) -> Always:
    """No end sends in clear while its peer holds a live SA of the flow.

    Unless the attacker drops messages, or a peer does not answer every first message: then an end whose
    SA was deleted or has expired before the peer's may meet silence, and fall back.
    """
    claim = _both(flow, lambda e: e.in_clear.implies(e.peers.sas.eq(0)))
    return Always(claim, flow.a.manager.sas > 0, _deaf(flow))


@promise("R8", of="flow")
def nobody_is_clear_where_both_answer(flow: Flow) -> Always:
    """Where both ends answer first messages, no end ever sends in clear, even if its policy allows it.

    Unless the attacker drops messages, or a peer does not answer every first message.
    """
    return Always(~_either(flow, lambda e: e.in_clear), flow.a.unanswered, _deaf(flow))


@_at_each_end("R5 R8")
def clear_after_own_silence_only(flow: Flow, end: End) -> Whenever:
    """An end begins to send in clear only if its policy allows it, and only out of a negotiation of
    Phase I that it started itself and in which it has heard nothing. A negotiation that was answered
    and failed blocks; silence in Phase II does not open clear text.

    Rests on nothing: every attacker switch on. A forged answer counts as one.
    """
    allowed = flow.policy.falls_back(end.name)
    return Whenever(end.in_clear, end.unanswered & allowed)


@_at_each_end("R8 R15")
def clear_only_without_phase1(flow: Flow, end: End) -> Whenever:
    """An end begins to send in clear only if no Phase I SA with the peer stands at it, also none that
    the peer started meanwhile, and no live SA.

    Rests on nothing: every attacker switch on.
    """
    return Whenever(end.in_clear, ~end.phase1 & end.manager.sas.eq(0))


@promise("R8", of="flow")
def soft_sa_is_withdrawn(flow: Flow) -> Always:
    """An end that has established Phase I, be it as the responder of the peer's negotiation, sends
    nothing in clear from that moment on; nor does an end that negotiates.

    Rests on nothing: every attacker switch on.
    """
    claim = _both(flow, lambda e: (e.phase1 | e.negotiates).implies(~e.in_clear))
    return Always(claim, flow.a.answered.responder_up)


@promise("R8", of="flow")
def soft_sas_end(flow: Flow) -> Always:
    """Clear text is allowed no longer than the policy says, and the driver lets packets pass in clear as
    long as it is allowed; then the next packet is negotiated for.

    Rests on nothing: every attacker switch on.
    """
    life = flow.policy.soft_life + flow.policy.slack

    def ends(end: End) -> Term:
        return (end.manager.soft_sa.left <= life) & end.manager.passes.eq(end.in_clear)

    return Always(_both(flow, ends), flow.a.in_clear)


@promise("R8", of="flow")
def answer_stops_fallback_for_good(flow: Flow) -> Always:
    """An end that has ever heard its peer never sends in clear again.

    Unless the attacker drops messages, or a peer does not answer every first message: who lets one
    negotiation fail late, and silences the next one from its first message, has forced clear text. An
    answer stops the fall-back of its own negotiation only.
    """

    def stops(end: End) -> Term:
        heard = end.started.initiator_state.one_of("heard", "up")
        return heard.implies(end.manager.known) & end.manager.known.implies(~end.in_clear)

    claim = _both(flow, stops)
    return Always(claim, flow.a.manager.known, _deaf(flow))


@_at_each_end("R8")
def clear_text_is_taken_by_policy(flow: Flow, end: End) -> Whenever:
    """An end takes a packet in clear, and asks for an SA to answer it with IPsec, only if its policy accepts
    clear text, the peer has a soft SA, and neither a live SA nor a soft SA of its own stands.

    Rests on nothing: every attacker switch on.
    """
    m, allowed = end.manager, flow.policy.accepts_clear(end.name)
    claim = allowed & end.peers.soft_sa.armed & m.sas.eq(0) & ~end.in_clear & ~m.request.armed
    return Whenever(m.wanted.eq("clear_text"), claim)


@_at_each_end("R8")
def soft_sas_last(flow: Flow, end: End) -> Whenever:
    """A soft SA ends only when its time is over, or because the peer has authenticated itself.

    Rests on nothing: no message in clear, forged or not, ends it.
    """
    over = end.manager.soft_sa.left <= flow.policy.slack
    authenticated = end.answered.half_open & end.answered.initiator_state.one_of("heard", "up")
    return Whenever(~end.in_clear, over | authenticated)


# ---- requests
@promise("R9 R15 R17", of="flow")
def requests_do_not_wait(flow: Flow) -> Always:
    """What is asked for begins within the slack, counted from the first asking, however often it is
    asked for again: time does not pass before it has begun, or turns out to be there already.

    Rests on nothing: every attacker switch on.
    """

    def soon(end: End) -> Term:
        m = end.manager
        within = (m.request.left <= m.waited.left) & (m.waited.left <= flow.policy.slack)
        return m.request.armed.eq(m.waited.armed) & m.request.armed.implies(within)

    return Always(_both(flow, soon), flow.a.manager.request.armed)


@promise("R9 R22", of="flow")
def nothing_asked_for_is_forgotten(flow: Flow) -> Always:
    """An SA that is wanted, for a packet, for clear text to be answered, or because a lifetime is reached,
    is asked for or being negotiated, by this end or by its peer, until it is there, the negotiation has
    failed, or clear text has taken its place. What is asked for, or negotiated in Phase I, is wanted.

    Rests on nothing: every attacker switch on.
    """

    def remembered(end: End) -> Term:
        m = end.manager
        busy = m.request.armed | end.negotiates
        wanted = m.wanted.ne("none")
        return wanted.implies(busy | end.quick.waits | end.answering) & busy.implies(wanted)

    return Always(_both(flow, remembered), flow.a.manager.wanted.eq("rekey"))


@promise("R9 R15 R17", of="flow")
def requests_can_be_served(flow: Flow) -> Always:
    """Whatever else is going on, an end that is asked for an SA can do something about it at once: start
    Phase I, start Phase II under what stands, end a Phase I SA that has served enough, or see that a
    fresh SA is there or on its way. So no request stops the clock.

    Rests on nothing: every attacker switch on.
    """

    def can(end: End) -> Term:
        m = end.manager
        spent = [end.stands(r) & (end.count(r) >= end.limit) & ~end.uses(r) for r in _ROLES]
        starts = [end.stands(r) & (end.count(r) < end.limit) for r in _ROLES]
        under = ~end.served & (starts[0] | starts[1] | spent[0] | spent[1])
        negotiates = ~end.phase1 & end.started.initiator_state.eq("none")
        return m.request.armed.implies((~m.renew & end.served) | negotiates | under)

    return Always(_both(flow, can), flow.a.manager.request.armed & flow.a.phase1)


@_at_each_end("R2 R9")
def negotiates_when_nothing_stands(flow: Flow, end: End) -> Whenever:
    """An end starts Phase I only upon a request, while no Phase I SA stands and it negotiates none: every
    exchange is another, with fresh keys, and takes the place of none that stands.

    Rests on nothing: every attacker switch on.
    """
    x, m = end.started, end.manager
    asked = m.request.armed & x.initiator_state.eq("none") & ~end.phase1
    return Whenever(x.initiator_state.eq("waits"), asked & (m.renew | ~m.fresh))


@_at_each_end("R9")
def one_sa_is_reused(flow: Flow, end: End) -> Whenever:
    """An end starts Phase II only if it holds no fresh SA of the flow and none is on its way, from
    itself or from its peer: when both rekey at once, their SAs do not double from round to round. More
    than two live SAs, the newest and one before it, it never keeps.

    Rests on nothing: every attacker switch on.
    """
    return Whenever(end.quick.waits, end.manager.request.armed & ~end.served)


# ---- Phase II under Phase I
@promise("R2 R14 R18", of="flow")
def phase2_goes_under_phase1(flow: Flow) -> Always:
    """An end negotiates Phase II, in either role, only under a Phase I SA that stands at it: when one ends,
    by lifetime, by late silence, or because a Delete arrived, what goes on under it ends too.

    Rests on nothing: every attacker switch on.
    """

    def under(end: End) -> Term:
        starts = end.quick.waits.implies(end.stands(end.quick.role))
        return starts & end.answering.implies(end.stands(end.answers_as))

    return Always(_both(flow, under), flow.a.quick.waits & flow.b.answering)


@promise("R12 R16", of="flow")
def phase2_count_is_bounded(flow: Flow) -> Always:
    """No end completes more negotiations of Phase II under a Phase I SA than its own policy says, whoever
    started them; those under way are counted before they begin. A new Phase I SA begins with none.

    Rests on nothing: every attacker switch on.
    """

    def bounded(end: End) -> Term:
        within = [end.count(role) <= end.limit for role in _ROLES]
        fresh = [(~end.stands(role)).implies(end.count(role).eq(0)) for role in _ROLES]
        return conjunction(*within, *fresh)

    return Always(_both(flow, bounded), flow.a.started.initiator_count > 0)


@promise("R12", of="flow")
def master_key_pfs_renews_phase1(flow: Flow) -> Always:
    """With master key PFS a Phase I SA that has served one negotiation serves no other: what follows goes
    under a new one.

    Rests on nothing: every attacker switch on; each end by its own policy.
    """

    def once(end: End) -> Term:
        served = [(end.count(role) > 0).implies(~end.uses(role)) for role in _ROLES]
        return flow.policy.master_key_pfs(end.name).implies(conjunction(*served))

    pfs = flow.policy.master_key_pfs("a") & (flow.a.started.initiator_count > 0)
    return Always(_both(flow, once), pfs)


# ---- renegotiation
@promise("R15", of="flow")
def late_timeout_renegotiates(flow: Flow) -> Always:
    """After a second or later negotiation of Phase II under a Phase I SA has met silence, no Phase I SA
    stands at that end, a fresh one is asked for, and nothing but its negotiation, or the peer's own,
    answers that: time does not pass the slack before it has begun.

    Rests on nothing: every attacker switch on.
    """
    return _renewal(flow, "late_timeout")


@promise("R17", of="flow")
def a_lifetime_reached_renegotiates(flow: Flow) -> Always:
    """After the lifetime of the last Phase I SA at an end is reached (or, by the literal reading of R17,
    that of an SA under it), none stands there and a fresh one is asked for, even beside a fresh SA of
    the flow: time does not pass the slack before its negotiation has begun.

    Rests on nothing: every attacker switch on.
    """
    return _renewal(flow, "lifetime")


def _renewal(flow: Flow, why: str) -> Always:
    def due(end: End) -> Term:
        m = end.manager
        asked = m.renew & m.request.armed & (m.request.left <= flow.policy.slack)
        nothing = ~end.phase1 & end.started.initiator_state.eq("none")
        return m.wanted.eq(why).implies(asked & nothing)

    return Always(_both(flow, due), flow.a.manager.wanted.eq(why))


@promise("R17", of="flow")
def a_session_lifetime_reached_asks_for_new_keys(flow: Flow) -> Always:
    """After the newest SA has reached its soft lifetime it counts as fresh no more: what is asked for then
    is served by a new Quick Mode only, of this end or of its peer.

    Rests on nothing: every attacker switch on.
    """
    claim = _both(flow, lambda e: e.manager.wanted.eq("rekey").implies(~e.manager.fresh))
    return Always(claim, flow.a.manager.wanted.eq("rekey"))


@_at_each_end("R15")
def late_timeout_comes_after_one_completed(flow: Flow, end: End) -> Whenever:
    """Silence in Phase II ends Phase I only where one negotiation at least was completed under that SA at
    this end, whoever started it; and silence is what came: no answer was sent, or it was dropped.

    Rests on nothing: every attacker switch on.
    """
    waited = end.quick.waits & end.quick_unheard & (end.count(end.quick.role) > 0)
    return Whenever(end.quick.outcome.eq("late_timeout"), waited)


@_at_each_end("R15")
def first_timeout_fails(flow: Flow, end: End) -> Whenever:
    """Silence makes a negotiation of Phase II merely fail only where none was completed under that Phase I
    SA at this end: a later one renegotiates. And silence is what came.

    Rests on nothing: every attacker switch on.
    """
    waited = end.quick.waits & end.quick_unheard & end.count(end.quick.role).eq(0)
    return Whenever(end.quick.outcome.eq("first_timeout"), waited)


@promise("R8 R15", of="flow")
def phase2_failure_does_not_open_clear(flow: Flow) -> Always:
    """After a Quick Mode of its own has failed, be it by silence, an end sends nothing in clear before it
    has started Phase I anew: only that negotiation's own silence leads there.

    Rests on nothing: every attacker switch on.
    """

    failed = ("refused", "withdrawn", "ended", "first_timeout", "late_timeout")
    claim = _both(flow, lambda e: e.quick.outcome.one_of(*failed).implies(~e.in_clear))
    return Always(claim, flow.a.quick.outcome.eq("first_timeout"))


@promise("R5 R15", of="flow")
def quick_mode_ends_in_one_way(flow: Flow) -> Always:
    """A Quick Mode goes on, at the end that started it and at the one that answered, until it is completed,
    is refused, gives way to another, meets silence, or ends with the Phase I SA above it; and then it
    goes on no more. Who started it and has completed it has sent message 3.

    Rests on nothing: every attacker switch on.
    """

    def one(end: End) -> Term:
        q = end.quick
        told = q.outcome.eq("completed").implies(q.answerer_state.ne("awaits_qm3"))
        begun = q.outcome.eq("begun").eq(q.waits) & q.answer.eq("begun").eq(
            q.answerer_state.ne("none")
        )
        return begun & told & q.waits.implies(q.answerer_state.ne("confirmed"))

    return Always(_both(flow, one), flow.a.quick.waits & flow.b.quick.waits)


@_at_each_end("R15")
def an_answered_quick_mode_is_not_given_up(flow: Flow, end: End) -> Whenever:
    """An end that has answered Quick Mode gives it up only if its peer does not go on with it.

    Unless the attacker drops messages.
    """
    q = end.peers_quick
    return Whenever(
        q.answer.eq("given_up"), ~q.waits & q.answerer_state.eq("awaits_qm3"), flow.policy.drops
    )


@_at_each_end("R16")
def the_initiators_quick_mode_comes_first(flow: Flow, end: End) -> Whenever:
    """Where both ends start Quick Mode under a Phase I SA that has room for one, the initiator's of that SA
    goes on: only its responder gives way.

    Rests on nothing: every attacker switch on.
    """
    return Whenever(end.quick.outcome.eq("withdrawn"), end.quick.role.eq("responder"))


@promise("R15 R17", of="flow")
def phase1_is_renewed_for_a_reason(flow: Flow) -> Always:
    """A fresh Phase I SA is asked for, whatever else there is, only after late silence, or when a lifetime
    is reached.

    Rests on nothing: every attacker switch on.
    """

    def reason(end: End) -> Term:
        return end.manager.renew.eq(end.manager.wanted.one_of("late_timeout", "lifetime"))

    return Always(_both(flow, reason), flow.a.manager.renew)


# ---- Phase I and the driver
@_at_each_end("R5 R8")
def an_answer_is_heard(flow: Flow, end: End) -> Whenever:
    """An end takes a negotiation of its own for answered only if its peer has sent an answer to the first
    message of this exchange.

    Unless the attacker forges one.
    """
    answered = end.started.initiator_state.eq("under_way")
    return Whenever(end.started.initiator_state.eq("heard"), answered, flow.policy.forges)


@_at_each_end("R5")
def initiator_establishes_what_the_peer_shares(flow: Flow, end: End) -> Whenever:
    """An end establishes Phase I as the initiator only in a negotiation of its own that was answered, and
    in which its peer has established the same, or can.

    Rests on nothing: every attacker switch on. That nobody else stands in for the peer is promised of
    the exchange itself.
    """
    x = end.started
    shared = x.half_open | (x.responder_up & ~x.stale)
    return Whenever(end.started_up, x.initiator_state.eq("heard") & shared)


@_at_each_end("R5")
def responder_establishes_what_the_peer_negotiates(flow: Flow, end: End) -> Whenever:
    """An end establishes Phase I as the responder only in an exchange that it has answered, and that its
    peer goes on with.

    Rests on nothing: every attacker switch on.
    """
    x = end.answered
    goes_on = x.half_open & x.initiator_state.one_of("heard", "up")
    return Whenever(x.responder_up, goes_on)


@promise("R17", of="flow")
def exchanges_are_fresh(flow: Flow) -> Always:
    """Every exchange begins as another: as long as its first message is unheard of, no SA of it stands at
    the peer; what stands there is of an earlier one. An SA is half open or stands.

    Rests on nothing: every attacker switch on.
    """

    def fresh(end: End) -> Term:
        x = end.started
        begins = x.initiator_state.eq("waits").implies(~x.half_open)
        old = end.unanswered.implies(x.responder_up.eq(x.stale))
        either = x.half_open.implies(x.responder_up.eq(x.stale))
        return begins & old & either & x.stale.implies(x.responder_up)

    return Always(_both(flow, fresh), flow.a.started.stale)


@_at_each_end("R9 R17")
def a_half_open_exchange_becomes_one_sa(flow: Flow, end: End) -> Whenever:
    """A half-open exchange is left by its responder only when its peer starts another, or for an SA in the
    place of none: the SA of an earlier exchange has ended before.

    Rests on nothing: every attacker switch on.
    """
    x = end.answered
    return Whenever(~x.half_open, x.initiator_state.eq("none") | ~x.responder_up)


@promise("R17 R18", of="flow")
def an_ended_sa_stands_no_more(flow: Flow) -> Always:
    """A Phase I SA stands at an end exactly from its establishment there until that end ends it: by a
    lifetime, because it is idle or has served enough, after late silence, or upon the peer's Delete. It
    counts as used exactly from the first negotiation of Phase II that was completed under it there.

    Rests on nothing: every attacker switch on.
    """

    def exact(end: End) -> Term:
        x, y = end.started, end.answered
        own = end.started_up.eq(x.initiator_use.ne("none"))
        peers = y.responder_up.eq(y.responder_use.ne("none"))
        used = x.initiator_use.eq("used").eq(x.initiator_count > 0)
        return own & peers & used & y.responder_use.eq("used").eq(y.responder_count > 0)

    return Always(_both(flow, exact), flow.a.started_up & flow.a.answered.responder_up)


@_at_each_end("R5 R8")
def a_negotiation_ends_for_a_reason(flow: Flow, end: End) -> Whenever:
    """An end gives its own negotiation of Phase I up only after it was answered, or because the peer's own
    has brought an SA, or upon silence: no answer was sent, or it was dropped.

    Rests on nothing: every attacker switch on.
    """
    x = end.started
    silence = end.unanswered & end.unheard
    reason = x.initiator_state.one_of("heard", "up") | end.answered.responder_up | silence
    return Whenever(x.initiator_state.eq("none"), reason)


@_at_each_end("R14 R16")
def quick_mode_is_answered_under_what_both_hold(flow: Flow, end: End) -> Whenever:
    """An end answers Quick Mode once, while its peer waits for it, and only under a Phase I SA that both
    hold and that has room for one more at this end.

    Rests on nothing: every attacker switch on.
    """
    q, role = end.peers_quick, end.answers_as
    under = q.waits & q.answerer_state.eq("none") & end.shared(role)
    return Whenever(q.answerer_state.eq("awaits_qm3"), under & (end.count(role) < end.limit))


@promise("R19", of="flow")
def sas_outlive_phase1(flow: Flow) -> Always:
    """Whatever becomes of Phase I, an SA that the driver was given is live until the driver ends it: by
    seconds, by bytes, or upon the peer's Delete; and it counts as fresh until its soft lifetime.

    Rests on nothing: every attacker switch on.
    """

    def kept(end: End) -> Term:
        m = end.manager
        return m.driver.ne("none").eq(m.sas > 0) & m.driver.eq("fresh").eq(m.fresh)

    return Always(_both(flow, kept), (flow.a.manager.sas > 0) & ~flow.a.phase1)
