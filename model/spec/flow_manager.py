"""What the connection manager of an end does: asks, serves, falls back, renegotiates (R8, R15 to R18)."""

from __future__ import annotations

from model.language.specification import Guard, Specification, guard
from model.language.terms import Term, arm, ite, lift, param
from model.spec.flow_ends import EVENT, NEGOTIATION, End
from model.spec.parameters import ROLE

_ROLE = param("role", ROLE)


def manager(spec: Specification, end: End) -> None:
    """Declare the actions of one end's connection manager."""
    _asks(spec, end)
    _rekeys(spec, end)
    _serves(spec, end)
    _silence(spec, end)
    _ends_phase1(spec, end)
    _quick_ends(spec, end)


# ---- pieces
def ask(end: End) -> dict[Term, object]:
    """Updates that ask for an SA for the first time: something must begin within the slack."""
    m = end.manager
    soon = arm(end.policy.slack)
    # What a request is measured by: asked again, the first asking still counts.
    return {m.request: soon, m.waited: ite(m.request.armed, m.waited, soon)}


def ask_too(end: End) -> dict[Term, object]:
    """The same where something may be asked for already: that keeps its time."""
    m = end.manager
    return {**ask(end), m.request: ite(m.request.armed, m.request, arm(end.policy.slack))}


def gone(end: End, role: Term) -> dict[Term, object]:
    """Updates that end the Phase I SA of that role at this end, and what is negotiated under it."""
    x, y, own = end.started, end.answered, role.eq("initiator")
    none = lift("none", NEGOTIATION)
    under, answers = end.quick, end.peers_quick
    dead = end.answering & end.answers_as.eq(role)
    return {
        x.initiator_state: ite(own, none, x.initiator_state),
        x.initiator_count: ite(own, lift(0, x.initiator_count.sort), x.initiator_count),
        y.responder_up: y.responder_up & own,
        y.stale: y.stale & own,
        y.responder_count: ite(own, y.responder_count, 0),
        under.waits: under.waits & under.role.ne(role),
        answers.answerer_state: ite(
            dead, lift("none", answers.answerer_state.sort), answers.answerer_state
        ),
    }


def all_gone(end: End) -> dict[Term, object]:
    """Updates that end every Phase I SA at this end; its own negotiation of a new one goes on."""
    x, y = end.started, end.answered
    up = x.initiator_state.eq("up")
    return {
        x.initiator_state: ite(up, lift("none", NEGOTIATION), x.initiator_state),
        x.initiator_count: 0,
        y.responder_up: False,
        y.stale: False,
        y.responder_count: 0,
        end.quick.waits: False,
        end.peers_quick.answerer_state: "none",
    }


def _stands(end: End, role: Term) -> Guard:
    why = "no Phase I SA stands in which it has this role"
    return guard("stands", end.stands(role), why, "R14")


def _asked(end: End) -> Guard:
    return guard("asked", end.manager.request.armed, "nothing is asked for", "R9")


def _no_request(end: End) -> Guard:
    return guard("not_asked", ~end.manager.request.armed, "an SA is asked for already", "R9")


def _unprotected(end: End) -> Guard:
    return guard("unprotected", end.manager.sas.eq(0), "a live SA protects the flow", "R8")


def _not_clear(end: End) -> Guard:
    return guard("not_clear", ~end.in_clear, "a soft SA lets it pass in clear", "R8")


# ---- asking
def _asks(spec: Specification, end: End) -> None:
    spec.action(
        f"{end.name}.packet",
        end.name,
        "A packet is to be sent and nothing protects it: ask for an SA.",
        requirements="R2 R22",
        guards=[_unprotected(end), _not_clear(end), _no_request(end)],
        updates=ask(end),
    )
    p = end.policy
    spec.action(
        f"{end.name}.takes_clear",
        end.name,
        "A packet comes in clear and the policy takes it: answer with IPsec.",
        requirements="R8",
        guards=[
            guard(
                "peer_in_clear", end.peers.soft_sa.armed, "the peer sends nothing in clear", "R8"
            ),
            guard("accepts", p.accepts_clear(end.name), "its policy drops clear text", "R8"),
            _unprotected(end),
            _not_clear(end),
            _no_request(end),
        ],
        updates={**ask(end), end.manager.took: True},
    )


def _rekeys(spec: Specification, end: End) -> None:
    m, p = end.manager, end.policy
    live = guard("live", m.sas > 0, "no SA is live", "R17")
    literal = p.session_ends_phase1(end.name)
    spec.action(
        f"{end.name}.rekey",
        end.name,
        "The newest SA has reached its soft lifetime: ask for another beside it.",
        requirements="R9 R17",
        guards=[
            live,
            guard(
                "phase1_stays",
                ~(literal & end.phase1),
                "its profile renews Phase I too",
                "R17, profile",
            ),
            _no_request(end),
        ],
        updates={m.fresh: False, **ask(end)},
    )
    spec.action(
        f"{end.name}.rekey_with_phase1",
        end.name,
        "The newest SA has reached its soft lifetime: end Phase I, and ask for both anew.",
        requirements="R17 R18",
        guards=[
            live,
            guard("phase1_too", literal, "its profile keeps Phase I", "R17, profile"),
            guard("phase1", end.phase1, "no Phase I SA stands", "R17"),
            _no_request(end),
        ],
        updates={
            m.fresh: False,
            **ask(end),
            **all_gone(end),
            **_renews(end, lift(True, m.renew.sort), "lifetime"),
        },
    )


def _renews(end: End, last: Term, why: str) -> dict[Term, object]:
    """Updates that make a request one for Phase I, if what ended was the last SA, and no negotiation
    of another is under way."""
    m = end.manager
    due = last & ~end.negotiates
    return {m.renew: due, m.event: ite(due, lift(why, EVENT), m.event)}


# ---- serving
def _serves(spec: Specification, end: End) -> None:
    m, x, q = end.manager, end.started, end.quick
    unserved = guard("unserved", ~end.served, "a fresh SA, or what brings one, is there", "R9")
    spec.action(
        f"{end.name}.reuse",
        end.name,
        "What is asked for is there, or under way: start nothing.",
        requirements="R9",
        guards=[
            _asked(end),
            guard("served", end.served, "no fresh SA is there, or under way", "R9"),
            guard("not_renewed", ~m.renew, "a fresh Phase I SA is asked for", "R15 R17"),
        ],
        updates={m.request: None, m.waited: None},
    )
    spec.action(
        f"{end.name}.negotiate",
        end.name,
        "Start Phase I: send a first message, in an exchange of its own.",
        requirements="R2 R15 R17",
        guards=[
            _asked(end),
            guard("no_phase1", ~end.phase1, "a Phase I SA stands: Phase II goes under it", "R17"),
            guard("needed", m.renew | ~end.served, "a fresh SA is there, or under way", "R9"),
        ],
        updates={
            m.request: None,
            m.waited: None,
            m.renew: False,
            m.event: "none",
            x.initiator_state: "waits",
            x.half_open: False,
            x.stale: x.responder_up,
        },
    )
    spec.action(
        f"{end.name}.start_quick",
        end.name,
        "Start Quick Mode under a Phase I SA that stands.",
        requirements="R2 R9 R12 R16",
        params=[_ROLE],
        guards=[
            _asked(end),
            unserved,
            _stands(end, _ROLE),
            guard("room", end.count(_ROLE) < end.limit, "this Phase I SA has served enough", "R16"),
        ],
        updates={
            m.request: None,
            m.waited: None,
            q.waits: True,
            q.role: _ROLE,
            q.answerer_state: "none",
        },
    )


# ---- silence
def _silence(spec: Specification, end: End) -> None:
    m, p, x = end.manager, end.policy, end.started
    nobody = x.initiator_state.eq("waits") & ~p.answers(end.peer)
    silent = [
        guard("unanswered", end.unanswered, "it waits for no first answer", "R8"),
        guard("silence", p.drops | nobody, "an answer comes, and nobody drops it", "R8"),
        guard("no_phase1", ~end.phase1, "a Phase I SA stands", "R8 R15"),
    ]
    may = p.falls_back(end.name) & m.sas.eq(0)
    spec.action(
        f"{end.name}.fall_back",
        end.name,
        "Nobody answered: send in clear for a while (a soft SA).",
        requirements="R8",
        guards=[
            *silent,
            guard("falls_back", p.falls_back(end.name), "its policy forbids clear text", "R8"),
            _unprotected(end),
        ],
        updates={
            x.initiator_state: "none",
            m.request: None,
            m.waited: None,
            m.soft_sa: arm(p.soft_life + p.slack),
        },
    )
    spec.action(
        f"{end.name}.give_up",
        end.name,
        "Nobody answered, and clear text is not allowed: the flow is blocked.",
        requirements="R8",
        guards=[*silent, guard("blocked", ~may, "it may send in clear", "R8")],
        updates={x.initiator_state: "none"},
    )
    spec.action(
        f"{end.name}.use_peers",
        end.name,
        "The peer's own negotiation has brought a Phase I SA: give up this one, and use that.",
        requirements="R9 R15",
        guards=[
            guard("negotiates", end.negotiates, "it negotiates no Phase I", "R9"),
            guard("phase1", end.answered.responder_up, "the peer's has brought none", "R9"),
        ],
        updates={x.initiator_state: "none", **ask_too(end)},
    )
    spec.action(
        f"{end.name}.soft_sa_ends",
        end.name,
        "The soft SA ends: the next packet is negotiated for anew.",
        requirements="R8",
        guards=[
            guard("in_clear", end.in_clear, "no soft SA stands", "R8"),
            guard("due", m.soft_sa.left <= p.slack, "its time has not come", "R8"),
        ],
        updates={m.soft_sa: None},
    )


# ---- the end of Phase I
def _ends_phase1(spec: Specification, end: End) -> None:
    unused = guard("unused", ~end.uses(_ROLE), "Phase II is being negotiated under it", "R16 R17")
    spec.action(
        f"{end.name}.end_phase1",
        end.name,
        "End a Phase I SA that is idle or has served enough, and tell the peer (Delete).",
        requirements="R12 R16 R17 R18",
        params=[_ROLE],
        guards=[_stands(end, _ROLE), unused],
        updates=gone(end, _ROLE),
    )
    other = ite(_ROLE.eq("initiator"), end.answered.responder_up, end.started_up)
    spec.action(
        f"{end.name}.lifetime",
        end.name,
        "The lifetime of a Phase I SA is reached: tell the peer (Delete), and renegotiate.",
        requirements="R17 R18",
        params=[_ROLE],
        guards=[_stands(end, _ROLE)],
        updates={
            **gone(end, _ROLE),
            **ask_too(end),
            **_renews(end, ~other, "lifetime"),
        },
    )
    spec.action(
        f"{end.name}.hears_delete",
        end.name,
        "The peer holds a Phase I SA no more, and its Delete has arrived: end it here too.",
        requirements="R18",
        params=[_ROLE],
        guards=[
            _stands(end, _ROLE),
            guard("deleted", ~end.shared(_ROLE), "the peer holds it still", "RFC 2409 5.7, R18"),
        ],
        updates=gone(end, _ROLE),
    )


# ---- the end of a Quick Mode that it started
def _quick_ends(spec: Specification, end: End) -> None:
    m, p, q = end.manager, end.policy, end.quick
    waits = guard("waits", q.waits, "it has started no Quick Mode", "RFC 2409 5.5")
    taken = p.answers(end.peer) & end.shared(q.role)
    nobody = q.answerer_state.eq("none") & ~taken
    silence = guard("silence", p.drops | nobody, "an answer comes, and nobody drops it", "R15")
    completed = end.count(q.role)
    spec.action(
        f"{end.name}.quick_refused",
        end.name,
        "The peer refused the negotiation of Phase II: it fails.",
        requirements="R10",
        guards=[waits],
        updates={q.waits: False},
    )
    spec.action(
        f"{end.name}.first_timeout",
        end.name,
        "The first negotiation under a Phase I SA met silence: it fails.",
        requirements="R15",
        guards=[
            waits,
            silence,
            guard("first", completed.eq(0), "one was completed under this SA before", "R15"),
        ],
        updates={q.waits: False, m.event: "first_timeout"},
    )
    spec.action(
        f"{end.name}.late_timeout",
        end.name,
        "A later one met silence: end Phase I, tell the peer (Delete), and renegotiate.",
        requirements="R15 R18",
        guards=[
            waits,
            silence,
            guard("late", completed > 0, "none was completed under this SA before", "R15"),
        ],
        updates={
            **all_gone(end),
            **ask_too(end),
            **_renews(end, lift(True, m.renew.sort), "late_timeout"),
        },
    )
