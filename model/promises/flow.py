"""Between exchanges: clear text, and what is asked for (R8, R9, R15, R17, R22).

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

ROLES = tuple(lift(role, ROLE) for role in ROLE.members)


def both(flow: Flow, says: Callable[[End], Term]) -> Term:
    """What holds at each end."""
    return conjunction(*map(says, flow.ends))


def _either(flow: Flow, says: Callable[[End], Term]) -> Term:
    """What holds at one end at least."""
    return disjunction(*map(says, flow.ends))


def at_each_end(requirements: str) -> Callable[[Callable[[Flow, End], Whenever]], None]:
    """Register a promise about steps for each end."""

    def register(made: Callable[[Flow, End], Whenever]) -> None:
        for number, name in enumerate(ENDS):

            def at(flow: Flow, number: int = number) -> Whenever:
                return made(flow, flow.ends[number])

            at.__name__ = f"{made.__name__}_at_{name}"
            at.__module__, at.__doc__ = made.__module__, made.__doc__
            promise(requirements, of="flow")(at)

    return register


def _deaf(flow: Flow) -> Term:
    """Whether an end may hear nothing although it asks: messages are lost, or its peer is silent."""
    p = flow.policy
    return p.drops | ~(p.answers("a") & p.answers("b"))


# ---- clear text
@promise("R8", of="flow")
def no_clear_beside_live_sa(flow: Flow) -> Always:
    """An end that has a live SA for the flow never sends in clear. If both ends have one, neither sends in
    clear, even if both started a negotiation at the same time.

    No exceptions: every attacker switch is on.
    """
    claim = both(flow, lambda e: e.in_clear.implies(e.manager.sas.eq(0) & ~e.manager.fresh))
    return Always(claim, flow.a.manager.sas > 0)


@promise("R8", of="flow")
def no_clear_beside_the_peers_live_sa(flow: Flow) -> Always:
    """No end sends in clear while its peer holds a live SA of the flow.

    Exception: the attacker drops messages, or a peer does not answer every first message: then an end whose
    SA was deleted or has expired before the peer's may get no answer, and fall back.
    """
    claim = both(flow, lambda e: e.in_clear.implies(e.peers.sas.eq(0)))
    return Always(claim, flow.a.manager.sas > 0, _deaf(flow))


@promise("R8", of="flow")
def nobody_is_clear_where_both_answer(flow: Flow) -> Always:
    """Where both ends answer first messages, no end ever sends in clear, even if its policy allows it.

    Exception: the attacker drops messages, or a peer does not answer every first message.
    """
    return Always(~_either(flow, lambda e: e.in_clear), flow.a.unanswered, _deaf(flow))


@at_each_end("R5 R8")
def clear_after_own_silence_only(flow: Flow, end: End) -> Whenever:
    """An end begins to send in clear only if its policy allows it, and only out of a negotiation of
    Phase I that it started itself and in which it has heard nothing. A negotiation that was answered
    and failed blocks; silence in Phase II does not open clear text.

    No exceptions: every attacker switch is on. A forged answer counts as one.
    """
    allowed = flow.policy.falls_back(end.name)
    return Whenever(end.in_clear, end.unanswered & allowed)


@at_each_end("R8 R15")
def clear_only_without_phase1(flow: Flow, end: End) -> Whenever:
    """An end begins to send in clear only if it has no Phase I SA with the peer, not even one that the
    peer started meanwhile, and no live SA.

    No exceptions: every attacker switch is on.
    """
    return Whenever(end.in_clear, ~end.phase1 & end.manager.sas.eq(0))


@promise("R8", of="flow")
def soft_sa_is_withdrawn(flow: Flow) -> Always:
    """An end that has established Phase I, also as the responder of the peer's negotiation, sends
    nothing in clear from that moment on; nor does an end that negotiates.

    No exceptions: every attacker switch is on.
    """
    claim = both(flow, lambda e: (e.phase1 | e.negotiates).implies(~e.in_clear))
    return Always(claim, flow.a.answered.responder_up)


@promise("R8", of="flow")
def soft_sas_end(flow: Flow) -> Always:
    """Clear text is allowed no longer than the policy says, and the driver lets packets pass in clear as
    long as that; then the next packet starts a negotiation.

    No exceptions: every attacker switch is on.
    """
    life = flow.policy.soft_life + flow.policy.slack

    def ends(end: End) -> Term:
        return (end.manager.soft_sa.left <= life) & end.manager.passage.eq("open").eq(end.in_clear)

    return Always(both(flow, ends), flow.a.in_clear)


@promise("R8", of="flow")
def answer_stops_fallback_for_good(flow: Flow) -> Always:
    """An end that has ever heard its peer never sends in clear again.

    Exception: the attacker drops messages, or a peer does not answer every first message: an attacker who
    lets one negotiation fail late, and drops every message of the next one, forces clear text. An answer
    stops the fall-back of its own negotiation only.
    """

    def stops(end: End) -> Term:
        heard = end.started.initiator_state.one_of("heard", "up")
        return heard.implies(end.manager.known) & end.manager.known.implies(~end.in_clear)

    claim = both(flow, stops)
    return Always(claim, flow.a.manager.known, _deaf(flow))


@at_each_end("R8")
def clear_text_is_taken_by_policy(flow: Flow, end: End) -> Whenever:
    """An end takes a packet in clear, and asks for an SA to answer it with IPsec, only if its policy accepts
    clear text, the peer has a soft SA, and neither a live SA nor a soft SA of its own is up.

    No exceptions: every attacker switch is on.
    """
    m, allowed = end.manager, flow.policy.accepts_clear(end.name)
    claim = allowed & end.peers.soft_sa.armed & m.sas.eq(0) & ~end.in_clear & ~m.request.armed
    return Whenever(m.wanted.eq("clear_text"), claim)


@at_each_end("R8")
def soft_sas_last(flow: Flow, end: End) -> Whenever:
    """A soft SA ends only when its time is over, or because the peer has authenticated itself.

    No exceptions: no message in clear, forged or not, ends it.
    """
    over = end.in_clear & (end.manager.soft_sa.left <= flow.policy.slack)
    return Whenever(end.manager.passage.eq("over"), over)


@at_each_end("R8")
def silence_opens_clear_where_it_may(flow: Flow, end: End) -> Whenever:
    """Silence to its first message blocks an end only if its policy does not allow clear text, or a Phase I
    SA or a live SA is up.

    No exceptions: every attacker switch is on.
    """
    blocked = ~flow.policy.falls_back(end.name) | end.phase1 | (end.manager.sas > 0)
    return Whenever(end.manager.passage.eq("denied"), end.unanswered & blocked)


# ---- requests
@promise("R9 R15 R17", of="flow")
def requests_do_not_wait(flow: Flow) -> Always:
    """A requested negotiation begins within the slack, counted from the first request, however often it is
    requested again: time does not pass before it has begun, or turns out to be unnecessary.

    No exceptions: every attacker switch is on.
    """

    def soon(end: End) -> Term:
        m = end.manager
        within = (m.request.left <= m.waited.left) & (m.waited.left <= flow.policy.slack)
        return m.request.armed.eq(m.waited.armed) & m.request.armed.implies(within)

    return Always(both(flow, soon), flow.a.manager.request.armed)


@promise("R9 R22", of="flow")
def nothing_asked_for_is_forgotten(flow: Flow) -> Always:
    """An SA that is wanted, for a packet, to answer clear text, or because a lifetime is reached, is
    requested or being negotiated, by this end or by its peer, until it is there, the negotiation has
    failed, or clear text has taken its place. Whatever is requested, or negotiated in Phase I, is wanted.

    No exceptions: every attacker switch is on.
    """

    def remembered(end: End) -> Term:
        m = end.manager
        busy = m.request.armed | end.negotiates
        wanted = m.wanted.ne("none")
        return wanted.implies(busy | end.quick.waits | end.answering) & busy.implies(wanted)

    return Always(both(flow, remembered), flow.a.manager.wanted.eq("rekey"))


@promise("R9 R15 R17", of="flow")
def requests_can_be_served(flow: Flow) -> Always:
    """Whatever else is going on, an end with a request for an SA can act on it at once: start
    Phase I, start Phase II under what is up, end a Phase I SA that has served enough, or see that a
    fresh SA is there or on its way. So no request stops the clock.

    No exceptions: every attacker switch is on.
    """

    def can(end: End) -> Term:
        m = end.manager
        spent = [end.stands(r) & (end.count(r) >= end.limit) & ~end.uses(r) for r in ROLES]
        starts = [end.stands(r) & (end.count(r) < end.limit) for r in ROLES]
        under = ~end.served & (starts[0] | starts[1] | spent[0] | spent[1])
        negotiates = ~end.phase1 & end.started.initiator_state.eq("none")
        return m.request.armed.implies((~m.renew & end.served) | negotiates | under)

    return Always(both(flow, can), flow.a.manager.request.armed & flow.a.phase1)


@at_each_end("R2 R9")
def negotiates_when_nothing_stands(flow: Flow, end: End) -> Whenever:
    """An end starts Phase I only upon a request, while no Phase I SA is up and it negotiates none: every
    exchange is new, with fresh keys, and replaces none that is up.

    No exceptions: every attacker switch is on.
    """
    x, m = end.started, end.manager
    asked = m.request.armed & x.initiator_state.eq("none") & ~end.phase1
    return Whenever(x.initiator_state.eq("waits"), asked & (m.renew | ~m.fresh))


@at_each_end("R9")
def one_sa_is_reused(flow: Flow, end: End) -> Whenever:
    """An end starts Phase II only if it holds no fresh SA of the flow and none is on its way, from
    itself or from its peer: when both rekey at once, their SAs do not double from round to round. It
    never keeps more than two live SAs, the newest and the one before it.

    No exceptions: every attacker switch is on.
    """
    return Whenever(end.quick.waits, end.manager.request.armed & ~end.served)
