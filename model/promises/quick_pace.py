"""How long things last in Phase II, and when they happen at the earliest (R15)."""

from __future__ import annotations

from model.language.sorts import DURATION
from model.language.terms import ite, lift, times
from model.promises import Always, Whenever, promise
from model.spec import Ike


@promise("R15")
def quick_resends_are_bounded(ike: Ike) -> Always:
    """The starter of a negotiation resends message 1 no more often than its policy says, and the
    answerer does not answer it more often than its own.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, timing = ike.phase2, ike.phase1.timing
    s, a = two.starter, two.answerer
    return Always(
        (s.tries <= timing.resends) & (a.answers <= timing.answers), (s.tries > 0) & (a.answers > 0)
    )


@promise("R15")
def every_negotiation_ends(ike: Ike) -> Always:
    """Each negotiation of Phase II ends within a bound that the policy gives: a starter has its answer, or
    has failed, at most (resends + 1) intervals and a brief one after it began, each with its slack; an
    answerer keeps one that is not completed for no longer than that.

    No exceptions: every attacker switch is on; any number of negotiations. As safety: a timer runs, time
    does not pass its end, and what is left of the bound is enough for what is still to come.
    """
    two, timing = ike.phase2, ike.phase1.timing
    s, a = two.starter, two.answerer
    waits, asked = s.state.eq("awaits_qm2"), a.state.eq("awaits_qm3")
    each, none = timing.interval + timing.slack, lift(0, DURATION)
    brief = ite(s.tries < timing.resends, timing.brief, none)
    to_come = s.due.left + times(timing.resends, each) + brief
    enough = s.budget.left + times(s.tries, each) >= to_come
    kept = a.due.armed & (a.due.left <= two.span + timing.slack)
    claim = waits.implies(s.due.armed & s.budget.armed & enough) & asked.implies(kept)
    return Always(claim, waits & asked & (s.tries > 0))


@promise("R15")
def quick_timers_belong_to_states(ike: Ike) -> Always:
    """Each timer of a negotiation runs exactly while its end waits: so nothing happens to what is over.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    s, a = ike.phase2.starter, ike.phase2.answerer
    waits, asked = s.state.eq("awaits_qm2"), a.state.eq("awaits_qm3")
    claim = s.due.armed.eq(waits) & s.budget.armed.eq(waits) & a.due.armed.eq(asked)
    return Always(claim, waits & asked)


@promise("R15")
def quick_resends_keep_their_intervals(ike: Ike) -> Always:
    """The n-th resend of message 1 comes no sooner than n intervals after it was first sent, and the
    time-out not before one more and the brief one are over.

    No exceptions: no message, forged or not, makes a starter resend or stop sooner.
    """
    two, t = ike.phase2, ike.phase1.timing
    s, none = two.starter, lift(0, DURATION)
    brief = ite(s.tries >= t.resends, t.brief, none)
    since = times(s.tries, t.interval) + t.interval + t.slack + brief
    waits = s.state.eq("awaits_qm2")
    return Always(
        waits.implies(s.budget.left + since <= two.span + s.due.left), waits & (s.tries > 0)
    )


@promise("R15")
def starter_times_out_in_time(ike: Ike) -> Whenever:
    """A starter gives up because of time only when it has resent as often as it may and its wait is
    over. It never sends in clear then: a Phase I SA is up, or has been up.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    s, timing = ike.phase2.starter, ike.phase1.timing
    over = s.due.armed & (s.due.left <= timing.slack)
    spent = s.state.eq("awaits_qm2") & (s.tries >= timing.resends)
    return Whenever(s.reason.eq("timeout"), over & spent)


@promise("R15")
def answerer_forgets_in_time(ike: Ike) -> Whenever:
    """An answerer forgets a negotiation only when its time is over.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    a, slack = ike.phase2.answerer, ike.phase1.timing.slack
    over = a.state.eq("awaits_qm3") & a.due.armed & (a.due.left <= slack)
    return Whenever(a.reason.eq("timeout"), over)
