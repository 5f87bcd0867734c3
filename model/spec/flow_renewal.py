"""What ends a Phase I SA at an end, and what follows: lifetimes, late silence, Delete (R12, R15 to R18)."""

from __future__ import annotations

from model.language.specification import Specification, guard
from model.language.terms import TRUE, Term, ite, lift
from model.spec.flow_ends import ANSWER, NEGOTIATION, OUTCOME, USE, WANTED, End
from model.spec.flow_manager import ROLE_OF_SA, ask, ask_too, not_asked, stands, wanted_if


def renewal(spec: Specification, end: End) -> None:
    """Declare what one end's connection manager ends."""
    _rekeys(spec, end)
    _ends_phase1(spec, end)
    _quick_fails(spec, end)


# ---- pieces
def _gone(end: End, role: Term) -> dict[Term, object]:
    """Updates that end the Phase I SA of that role at this end, and what is negotiated under it."""
    own = role.eq("initiator")
    return _ended(end, own, ~own, end.quick.role.eq(role), end.answers_as.eq(role))


def _all_gone(end: End, when: Term) -> dict[Term, object]:
    """Updates that end every Phase I SA at this end; its own negotiation of a new one goes on."""
    return _ended(end, when & end.started_up, when, when, when)


def _ended(end: End, own: Term, peers: Term, starts: Term, answers: Term) -> dict[Term, object]:
    """Updates that end: the SA that it started, the one that the peer started, the Quick Mode that it
    started, the one that the peer started; each where that is so."""
    x, y, q = end.started, end.answered, end.peers_quick
    none, zero = lift("none", NEGOTIATION), lift(0, x.initiator_count.sort)
    unused, ended = lift("none", USE), lift("ended", OUTCOME)
    return {
        x.initiator_state: ite(own, none, x.initiator_state),
        x.initiator_count: ite(own, zero, x.initiator_count),
        x.initiator_use: ite(own, unused, x.initiator_use),
        y.responder_up: y.responder_up & ~peers,
        y.stale: y.stale & ~peers,
        y.responder_count: ite(peers, zero, y.responder_count),
        y.responder_use: ite(peers, unused, y.responder_use),
        end.quick.waits: end.quick.waits & ~starts,
        end.quick.outcome: ite(end.quick.waits & starts, ended, end.quick.outcome),
        q.answerer_state: ite(answers, lift("none", ANSWER), q.answerer_state),
        q.answer: ite(end.answering & answers, ended, q.answer),
    }


def _renewed(end: End, why: str, when: Term) -> dict[Term, object]:
    """Updates that make a request one for a fresh Phase I SA."""
    m = end.manager
    wanted = ite(m.wanted.eq("none"), lift("packet", WANTED), m.wanted)
    return {m.renew: when, m.wanted: ite(when, lift(why, WANTED), wanted)}


# ---- lifetimes
def _rekeys(spec: Specification, end: End) -> None:
    m = end.manager
    literal = end.policy.session_ends_phase1(end.name)
    renew = literal & end.phase1 & ~end.negotiates
    wanted = ite(renew, lift("lifetime", WANTED), "rekey")
    spec.action(
        f"{end.name}.rekey",
        end.name,
        "The newest SA has reached its soft lifetime: ask for another beside it. By the literal reading "
        "(a profile's) Phase I ends too, with a Delete, and is renewed.",
        requirements="R9 R17 R18",
        guards=[guard("live", m.sas > 0, "no SA is live", "R17"), not_asked(end)],
        updates={
            **ask(end, "rekey"),
            **_all_gone(end, literal),
            m.fresh: False,
            m.driver: "due",
            m.renew: renew,
            m.wanted: wanted,
        },
    )


def _ends_phase1(spec: Specification, end: End) -> None:
    m, role = end.manager, ROLE_OF_SA
    unused = guard("unused", ~end.uses(role), "Phase II is being negotiated under it", "R16 R17")
    spec.action(
        f"{end.name}.end_phase1",
        end.name,
        "End a Phase I SA that is idle or has served enough, and tell the peer (Delete).",
        requirements="R12 R16 R17 R18",
        params=[role],
        guards=[stands(end), unused],
        updates=_gone(end, role),
    )
    other = ite(role.eq("initiator"), end.answered.responder_up, end.started_up)
    last = ~other & ~end.negotiates
    spec.action(
        f"{end.name}.lifetime",
        end.name,
        "The lifetime of a Phase I SA is reached: tell the peer (Delete), and renegotiate.",
        requirements="R17 R18",
        params=[role],
        guards=[stands(end)],
        updates={**_gone(end, role), **ask_too(end), **_renewed(end, "lifetime", last)},
    )
    still = (end.quick.waits & end.quick.role.ne(role)) | (end.answering & end.answers_as.ne(role))
    spec.action(
        f"{end.name}.hears_delete",
        end.name,
        "The peer's Delete of a Phase I SA arrives, or its INITIAL-CONTACT: end it here too, and what "
        "goes on under it.",
        requirements="R18",
        params=[role],
        guards=[stands(end)],
        updates={
            **_gone(end, role),
            **wanted_if(end, m.request.armed | end.negotiates | still),
        },
    )


# ---- the end of a Quick Mode that it started
def _quick_fails(spec: Specification, end: End) -> None:
    m, q = end.manager, end.quick
    waits = guard("waits", q.waits, "it has started no Quick Mode", "RFC 2409 5.5")
    silence = guard("silence", end.quick_unheard, "an answer comes, and nobody drops it", "R15")
    completed = end.count(q.role)
    blocked = {q.waits: False, **wanted_if(end, m.request.armed | end.answering)}
    spec.action(
        f"{end.name}.quick_refused",
        end.name,
        "The peer refused the negotiation of Phase II: it fails.",
        requirements="R10",
        guards=[waits],
        updates={**blocked, q.outcome: "refused"},
    )
    spec.action(
        f"{end.name}.first_timeout",
        end.name,
        "Nobody answered the first negotiation under a Phase I SA: it fails.",
        requirements="R15",
        guards=[
            waits,
            silence,
            guard("first", completed.eq(0), "one was completed under this SA before", "R15"),
        ],
        updates={**blocked, q.outcome: "first_timeout"},
    )
    spec.action(
        f"{end.name}.late_timeout",
        end.name,
        "Nobody answered a later one: end Phase I, send a Delete, and renegotiate.",
        requirements="R15 R18",
        guards=[
            waits,
            silence,
            guard("late", completed > 0, "none was completed under this SA before", "R15"),
        ],
        updates={
            **_all_gone(end, TRUE),
            **ask_too(end),
            **_renewed(end, "late_timeout", TRUE),
            q.outcome: "late_timeout",
        },
    )
