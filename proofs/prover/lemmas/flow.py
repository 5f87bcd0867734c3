"""Lemmas about the flow machine."""

from __future__ import annotations

from model.language.terms import Term, conjunction, ite, lift
from model.spec.flow import Flow
from model.spec.flow_ends import End
from model.spec.parameters import ROLE
from proofs.prover.lemmas import lemma_of

flow_lemma = lemma_of("flow")

_ROLES = tuple(lift(role, ROLE) for role in ROLE.members)


@flow_lemma
def clear_stands_alone(flow: Flow) -> Term:
    """An end in clear asks for nothing, negotiates nothing and holds nothing: so whatever ends clear text
    begins again, and whatever begins finds none."""

    def alone(end: End) -> Term:
        m = end.manager
        nothing = ~end.phase1 & ~end.negotiates & m.sas.eq(0) & ~m.fresh & ~m.request.armed
        return end.in_clear.implies(nothing & ~m.renew)

    return conjunction(*map(alone, flow.ends))


@flow_lemma
def renewal_is_asked_for(flow: Flow) -> Term:
    """A renewal is a request that nothing stands in the way of; who negotiates owes none, and has begun
    after whatever silence there was in Phase II."""

    def asked(end: End) -> Term:
        m = end.manager
        nothing = ~end.phase1 & end.started.initiator_state.eq("none")
        due = m.wanted.one_of("late_timeout", "lifetime")
        begun = end.negotiates.implies(end.quick.outcome.eq("none"))
        return m.renew.implies(m.request.armed & nothing) & due.eq(m.renew) & begun

    return conjunction(*map(asked, flow.ends))


@flow_lemma
def quick_mode_is_under_phase1(flow: Flow) -> Term:
    """Phase II goes under a Phase I SA that is up; who started it negotiates no Phase I meanwhile."""

    def under(end: End) -> Term:
        starts = end.quick.waits.implies(end.stands(end.quick.role) & ~end.negotiates)
        return starts & end.answering.implies(end.stands(end.answers_as))

    return conjunction(*map(under, flow.ends))


@flow_lemma
def what_is_under_way_is_counted(flow: Flow) -> Term:
    """Completed negotiations and those under way are together within the limit."""

    def counted(end: End, role: Term) -> Term:
        one, none = lift(1, end.started.initiator_count.sort), 0
        starts = ite(end.quick.waits & end.quick.role.eq(role), one, none)
        answers = ite(end.answering & end.answers_as.eq(role), one, none)
        within = end.count(role) + starts + answers <= end.limit
        return within & (~end.stands(role)).implies(end.count(role).eq(0))

    return conjunction(*(counted(end, role) for end in flow.ends for role in _ROLES))


@flow_lemma
def fresh_sas_are_live(flow: Flow) -> Term:
    """A fresh SA is one of those that are live; what is old of an exchange is up."""

    def live(end: End) -> Term:
        m = end.manager
        return m.fresh.implies(m.sas > 0) & m.driver.ne("none").eq(m.sas > 0)

    return conjunction(*map(live, flow.ends))
