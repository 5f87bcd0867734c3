"""What the connection manager of an end does: asks, serves, falls back (R8, R9, R17).

`flow_renewal` has what ends Phase I, and so leads to another.
"""

from __future__ import annotations

from model.language.specification import Guard, Specification, guard
from model.language.terms import Term, arm, ite, lift, param
from model.spec.flow_ends import OUTCOME, PASSAGE, WANTED, End
from model.spec.parameters import ROLE

ROLE_OF_SA = param("role", ROLE)


def manager(spec: Specification, end: End) -> None:
    """Declare what one end's connection manager does."""
    _asks(spec, end)
    _serves(spec, end)
    _silence(spec, end)
    _soft_sa(spec, end)


# ---- pieces
def ask(end: End, why: str) -> dict[Term, object]:
    """Updates that ask for an SA: something must begin within the slack."""
    m = end.manager
    soon = arm(end.policy.slack)
    # What a request is measured by: asked again, the first asking still counts.
    waited = ite(m.request.armed, m.waited, soon)
    return {m.request: soon, m.waited: waited, m.wanted: why}


def ask_too(end: End) -> dict[Term, object]:
    """The same where something may be asked for already: that keeps its time."""
    m, soon = end.manager, arm(end.policy.slack)
    wanted = ite(m.wanted.eq("none"), lift("packet", WANTED), m.wanted)
    request = ite(m.request.armed, m.request, soon)
    return {m.request: request, m.waited: ite(m.request.armed, m.waited, soon), m.wanted: wanted}


def ask_where(end: End, when: Term) -> dict[Term, object]:
    """The same where this holds; elsewhere nothing is asked for that was not before."""
    m = end.manager
    return {
        m.request: ite(when & ~m.request.armed, arm(end.policy.slack), m.request),
        m.waited: ite(when & ~m.request.armed, arm(end.policy.slack), m.waited),
        **wanted_if(end, when | m.request.armed),
    }


def served(end: End) -> dict[Term, object]:
    """Updates after which nothing is asked for."""
    return {end.manager.request: None, end.manager.waited: None}


def wanted_if(end: End, busy: Term) -> dict[Term, object]:
    """What happens to what was wanted: it still is where something is under way for it."""
    m = end.manager
    return {m.wanted: ite(busy, m.wanted, lift("none", WANTED))}


def stands(end: End) -> Guard:
    """A guard: the Phase I SA of that role stands."""
    why = "no Phase I SA in which it has this role is up"
    return guard("stands", end.stands(ROLE_OF_SA), why, "R14")


def not_asked(end: End) -> Guard:
    """A guard: nothing is asked for yet."""
    return guard("not_asked", ~end.manager.request.armed, "an SA is asked for already", "R9")


def _asked(end: End) -> Guard:
    return guard("asked", end.manager.request.armed, "nothing is asked for", "R9")


def _unprotected(end: End) -> Guard:
    return guard("unprotected", end.manager.sas.eq(0), "a live SA protects the flow", "R8")


def _not_clear(end: End) -> Guard:
    return guard("not_clear", ~end.in_clear, "a soft SA lets it pass in clear", "R8")


# ---- asking
def _asks(spec: Specification, end: End) -> None:
    spec.action(
        f"{end.name}.packet",
        end.name,
        "A packet of the flow is to be sent: ask for an SA.",
        requirements="R2 R22",
        guards=[_not_clear(end), not_asked(end)],
        updates=ask(end, "packet"),
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
            not_asked(end),
        ],
        updates=ask(end, "clear_text"),
    )


# ---- serving
def _serves(spec: Specification, end: End) -> None:
    m, x, q = end.manager, end.started, end.quick
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
        updates={**served(end), **wanted_if(end, end.negotiates | ~(m.request.armed & m.fresh))},
    )
    spec.action(
        f"{end.name}.negotiate",
        end.name,
        "Start Phase I: send a first message, in an exchange of its own.",
        requirements="R2 R15 R17",
        guards=[
            _asked(end),
            guard("no_phase1", ~end.phase1, "a Phase I SA is up: Phase II goes under it", "R17"),
            guard("needed", m.renew | ~end.served, "a fresh SA is there, or under way", "R9"),
        ],
        updates={
            **served(end),
            m.renew: False,
            m.wanted: "packet",
            q.outcome: "none",
            x.initiator_state: "waits",
            x.open: False,
            x.stale: x.responder_up,
        },
    )
    peers_busy = end.peers.request.armed | end.other.negotiates | end.peers_quick.waits
    spec.action(
        f"{end.name}.start_quick",
        end.name,
        "Start Quick Mode under a Phase I SA that is up.",
        requirements="R2 R9 R12 R16",
        params=[ROLE_OF_SA],
        guards=[
            _asked(end),
            guard("unserved", ~end.served, "a fresh SA is there, or under way", "R9"),
            stands(end),
            guard("room", end.count(ROLE_OF_SA) < end.limit, "this SA has served enough", "R16"),
        ],
        updates={
            **served(end),
            q.outcome: "begun",
            q.waits: True,
            q.role: ROLE_OF_SA,
            # What the peer waits for still belongs to an earlier one, and does not come any more.
            q.answerer_state: "none",
            q.answer: ite(q.answerer_state.eq("none"), q.answer, lift("withdrawn", OUTCOME)),
            **wanted_if(end.other, peers_busy | q.answerer_state.eq("none")),
        },
    )


# ---- silence
def _silence(spec: Specification, end: End) -> None:
    m, p, x = end.manager, end.policy, end.started
    blocked = ~p.falls_back(end.name) | m.sas.ne(0) | end.phase1
    spec.action(
        f"{end.name}.fall_back",
        end.name,
        "Nobody answered: send in clear for a while (a soft SA).",
        requirements="R8",
        guards=[
            guard("unanswered", end.unanswered, "it waits for no first answer", "R8"),
            guard("silence", end.unheard, "an answer comes, and nobody drops it", "R8"),
            guard("no_phase1", ~end.phase1, "a Phase I SA is up", "R8 R15"),
            guard("falls_back", p.falls_back(end.name), "its policy forbids clear text", "R8"),
            _unprotected(end),
        ],
        updates={
            **served(end),
            m.wanted: "none",
            x.initiator_state: "none",
            m.soft_sa: arm(p.soft_life + p.slack),
            m.passage: "open",
        },
    )
    heard = x.initiator_state.eq("heard")
    spec.action(
        f"{end.name}.gives_up",
        end.name,
        "Phase I was answered and failed, or nobody answered and clear text is not allowed. If the peer's "
        "own negotiation has brought a Phase I SA, use that; else the flow is blocked.",
        requirements="R5 R8 R9",
        guards=[
            guard("over", heard | (end.unanswered & end.unheard), "an answer comes", "R5 R8"),
            guard("blocked", heard | blocked, "it may send in clear", "R8"),
        ],
        updates={
            x.initiator_state: "none",
            m.passage: ite(heard, m.passage, lift("denied", PASSAGE)),
            **ask_where(end, end.phase1),
        },
    )


def _soft_sa(spec: Specification, end: End) -> None:
    m = end.manager
    spec.action(
        f"{end.name}.soft_sa_ends",
        end.name,
        "The soft SA ends: the next packet starts a negotiation.",
        requirements="R8",
        guards=[
            guard("in_clear", end.in_clear, "no soft SA is up", "R8"),
            guard("due", m.soft_sa.left <= end.policy.slack, "its time has not come", "R8"),
        ],
        updates={m.soft_sa: None, m.passage: "over"},
    )
