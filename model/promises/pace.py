"""How long things last, and when they happen at the earliest (R5, R8, R9)."""

from __future__ import annotations

from model.language.sorts import DURATION
from model.language.terms import ite, lift, times
from model.promises import Always, Whenever, promise
from model.spec import Ike


@promise("R8")
def resends_keep_their_intervals(ike: Ike) -> Always:
    """The n-th resend of a message comes no sooner than n intervals after the message was first sent,
    the next not before one more is over; then the brief interval lasts its whole time.

    No exceptions: no message, forged or not, makes an initiator resend sooner.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    t, none = ends.timing, lift(0, DURATION)
    waits = ends.awaits_first_answer | ends.awaits_later_answer
    brief = ite(ends.awaits_first_answer & i.last, t.brief, none)
    since = times(i.tries, t.interval) + t.interval + t.slack + brief
    kept = i.budget.left + since <= ends.span + i.due.left
    return Always(waits.implies(kept), waits & (i.tries > 0))


@promise("R8")
def clear_not_before_its_time(ike: Ike) -> Whenever:
    """An initiator starts to send in clear only after all intervals and the brief one, counted from its first message.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    t = ends.timing
    least = times(t.resends, t.interval) + t.interval + t.brief
    return Whenever(i.state.eq("clear"), i.budget.left + least <= ends.span)


@promise("R8")
def brief_wait_comes_last(ike: Ike) -> Whenever:
    """The brief interval begins only when the last resend of the first message has been out for an
    interval.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    over = i.due.armed & (i.due.left <= ends.timing.slack)
    spent = i.tries >= ends.timing.resends
    return Whenever(i.last, ends.awaits_first_answer & over & spent)


@promise("R8")
def clear_text_ends(ike: Ike) -> Always:
    """Clear text is allowed no longer than the policy says, all in all: what a stopwatch shows since it
    began, and what is left of it, are together no more; its end is set, and time does not pass it.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    t, clear = ends.timing, i.state.eq("clear")
    whole = t.soft_life + t.slack + i.since_clear.left
    bound = i.since_clear.running.implies(i.due.left + t.horizon <= whole)
    claim = i.due.armed & i.since_clear.armed & bound
    return Always(clear.implies(claim), clear & (i.due.left > t.slack))


@promise("R5 R8")
def initiator_times_out_in_time(ike: Ike) -> Whenever:
    """An initiator gives up because of time only when all resends, and before an answer the brief
    interval, are over and nothing allows it clear text; or when its time in clear is over.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    over = i.due.armed & (i.due.left <= ends.timing.slack)
    first = ends.awaits_first_answer & i.last & (i.heard | ~ends.policy.falls_back)
    later = ends.awaits_later_answer & (i.tries >= ends.timing.resends)
    return Whenever(i.reason.eq("timeout"), over & (first | later | i.state.eq("clear")))
