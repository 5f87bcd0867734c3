"""Time in Phase I: resends, clear text, half-open exchanges, lifetimes, Delete (R8, R9, R17, R18)."""

from __future__ import annotations

from model.language.sorts import DURATION
from model.language.specification import Message
from model.language.terms import Term, conjunction, ite, lift, times
from model.promises import Always, Whenever, any_sent, promise
from model.promises.sharing import keys_alike
from model.spec import Ike
from model.spec.keys import master_key_known, phase1_open


@promise("R8")
def resends_are_bounded(ike: Ike) -> Always:
    """The initiator resends no message more often than its policy says, and the responder does not
    answer repeated messages more often than its own.

    No exceptions: every attacker switch is on.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    bound = (i.tries <= ends.timing.resends) & (r.answers <= ends.timing.answers)
    return Always(bound, (i.tries > 0) & (r.answers > 0))


@promise("R8")
def clear_only_after_silence(ike: Ike) -> Always:
    """An initiator sends in clear only if its policy allows it, no resend of its first message was
    answered, and the brief interval is over.

    No exceptions: every attacker switch is on. Silence is what this end hears: see
    clear_only_if_nobody_answers.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    clear = i.state.eq("clear")
    silence = ~i.heard & i.last & (i.tries >= ends.timing.resends)
    return Always(clear.implies(ends.policy.falls_back & silence), clear)


@promise("R8")
def answer_stops_fallback(ike: Ike) -> Always:
    """An initiator that has heard from its peer in this negotiation never sends in clear in it: a failed
    negotiation blocks.

    No exceptions: every attacker switch is on. A refusal in clear counts as an answer, forged or not.
    """
    i = ike.phase1.initiator
    return Always(i.heard.implies(i.state.ne("clear")), i.heard)


@promise("R8")
def clear_only_if_nobody_answers(ike: Ike) -> Whenever:
    """When an initiator begins to send in clear, no answer to its first message has been sent in the exchange
    that it uses; a message that names no transform is not an answer.

    Exception: the attacker drops messages: if the answers to the first message and to all its resends are lost,
    clear text follows where the policy allows it.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    main = any_sent(ike, "mm2", "alternatives", "no_proposal")
    am2 = Message(ike.spec.groups["am2"])
    aggressive = any_sent(ike, "am_refusal") | (am2.sent & ~am2.transform.is_none)
    answered = ite(ends.policy.exchange.eq("main"), main, aggressive)
    return Whenever(i.state.eq("clear"), ~answered, ends.attacker.drops)


@promise("R8")
def every_wait_ends(ike: Ike) -> Always:
    """An initiator that waits for an answer does something within a bound that its policy gives: at
    most (resends + 1) intervals and one brief interval, each with its slack, after it sent a message
    for the first time, it has gone on, failed or gone clear. It waits for at most four messages (two
    offers, messages 4 and 6).

    No exceptions: every attacker switch is on. As safety: a timer runs, time does not pass its end, and
    what is left of the bound is enough for what is still to come.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    waits = ends.awaits_first_answer | ends.awaits_later_answer
    each = ends.timing.interval + ends.timing.slack
    none = lift(0, DURATION)
    brief = ite(ends.awaits_first_answer & ~i.last, ends.timing.brief + ends.timing.slack, none)
    to_come = i.due.left + times(ends.timing.resends, each) + brief
    enough = i.budget.left + times(i.tries, each) >= to_come
    return Always(waits.implies(i.due.armed & i.budget.armed & enough), waits)


@promise("R9")
def half_open_exchanges_end(ike: Ike) -> Always:
    """A responder keeps a half-open exchange no longer than its policy says.

    No exceptions: every attacker switch is on; no message, forged or not, makes it longer.
    """
    ends, r = ike.phase1, ike.phase1.responder
    bound = r.half_open.left <= ends.timing.half_open_life + ends.timing.slack
    return Always(ends.half_open.implies(r.half_open.armed & bound), ends.half_open)


@promise("R9")
def half_open_exchanges_are_bounded(ike: Ike) -> Always:
    """A responder never has more half-open exchanges than its policy says, this one and all others
    counted.

    No exceptions: every attacker switch is on.
    """
    ends = ike.phase1
    others, limit = ends.flood.others, ends.timing.half_open_limit
    own = ite(ends.half_open, others + 1, others)
    return Always(own <= limit, ends.half_open & (others > 0))


@promise("R17")
def phase1_ends_by_its_lifetime(ike: Ike) -> Always:
    """At each end an established Phase I SA has a running lifetime, no longer than that end's policy
    says, and time does not pass its end: it is never up for longer.

    No exceptions: every attacker switch is on.
    """
    ends = ike.phase1
    bounds = []
    for role in ("initiator", "responder"):
        end = ends.end(role)
        within = end.life.left <= ends.timing.life(role) + ends.timing.slack
        bounds.append(end.state.eq("established").implies(end.life.armed & within))
    up = ends.initiator.state.eq("established") & ends.responder.state.eq("established")
    return Always(bounds[0] & bounds[1], up)


@promise("R18")
def an_ended_sa_was_deleted(ike: Ike) -> Always:
    """When a Phase I SA ends at one end, a Delete has been sent: by this end; or to it under the keys of this
    SA, by the peer or by an attacker who knows them. Nothing in clear ends it.

    No exceptions: every attacker switch is on.
    """
    i, r, claims = ike.phase1.initiator, ike.phase1.responder, []
    for end, own, other in ((i, "initiator", "responder"), (r, "responder", "initiator")):
        peers = any_sent(ike, f"{other}_delete") & keys_alike(ike)
        posed = any_sent(ike, f"posed_{other}_delete") & master_key_known(ike.phase1, end)
        deleted = any_sent(ike, f"{own}_delete") | peers | posed
        claims.append(end.state.eq("ended").implies(deleted))
    return Always(claims[0] & claims[1], i.state.eq("ended") & r.state.eq("ended"))


@promise("R18")
def nobody_else_ends_phase1(ike: Ike) -> Always:
    """A Phase I SA is ended by its own end, or by a Delete that the peer has sent, and by nobody else.

    Exception: the attacker knows the keys of an end: he has passed for its peer, or has learned them.
    """
    ends, claims = ike.phase1, []
    for end, other in ((ends.initiator, "responder"), (ends.responder, "initiator")):
        claims.append(end.ended_by.ne("impostor"))
        claims.append(end.ended_by.eq("peer").implies(any_sent(ike, f"{other}_delete")))
    return Always(conjunction(*claims), ends.initiator.ended_by.eq("peer"), phase1_open(ends))


@promise("R18")
def an_ended_sa_stays_ended(ike: Ike) -> Always:
    """A Phase I SA that has ended has no lifetime left, so nothing brings it back.

    No exceptions: every attacker switch is on.
    """
    i, r = ike.phase1.initiator, ike.phase1.responder
    gone = [end.state.eq("ended").implies(~end.life.armed) for end in (i, r)]
    return Always(gone[0] & gone[1], i.state.eq("ended") | r.state.eq("ended"))


@promise("R8 R9 R17")
def timers_belong_to_states(ike: Ike) -> Always:
    """Each timer runs exactly in the states that it belongs to: an initiator's next act while it waits
    or sends in clear, a half-open exchange's end while it is half open, a lifetime while the SA is up.
    So nothing happens to what is over.

    No exceptions: every attacker switch is on.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    waits = ends.awaits_first_answer | ends.awaits_later_answer
    claim = (
        i.due.armed.eq(waits | i.state.eq("clear"))
        & i.budget.armed.eq(waits)
        & r.half_open.armed.eq(ends.half_open)
        & i.life.armed.eq(i.state.eq("established"))
        & r.life.armed.eq(r.state.eq("established"))
    )
    return Always(claim, waits & ends.half_open)


def _near(ike: Ike, timer: Term) -> Term:
    return timer.armed & (timer.left <= ike.phase1.timing.slack)


@promise("R9")
def half_open_exchanges_have_their_time(ike: Ike) -> Whenever:
    """A responder forgets a half-open exchange only when its time is over.

    No exceptions: every attacker switch is on.
    """
    r = ike.phase1.responder
    return Whenever(r.reason.eq("timeout"), _near(ike, r.half_open))


@promise("R5 R8")
def an_answer_ends_silence(ike: Ike) -> Always:
    """An initiator that has taken any answer to its first message, offered again, or stopped because of a
    refusal in clear, knows that somebody is there: from then on nothing counts as silence.

    No exceptions: every attacker switch is on. A refusal in clear stops only an implementation that believes it.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    answered = ~i.chosen.is_none | i.round.ne(0) | i.reason.one_of("proposal", "altered_answer")
    believed = i.reason.eq("proposal").implies(ends.policy.believes_refusals)
    return Always(answered.implies(i.heard) & believed, answered)
