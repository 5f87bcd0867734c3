"""What happens to exchanges: by the peer, by the network, by the driver.

The actions of Phase I (`P1Env`) read the exchange alone, and let the managers know what they can tell; a
request to start is never refused. So `ike` can be compared with them, one step at a time.
"""

from __future__ import annotations

from model.language.sorts import BOOL
from model.language.specification import Specification, guard
from model.language.terms import Term, ite, lift, minimum, param
from model.spec.flow_ends import NEWEST, OUTCOME, PASSAGE, USE, WANTED, End
from model.spec.flow_manager import ask_too, ask_where, served, wanted_if


def exchanges(spec: Specification, end: End) -> None:
    """Declare what happens to the exchanges that one end started, and to its driver's SAs."""
    _first_answer(spec, end)
    _establishes(spec, end)
    _answers_quick(spec, end)
    _completes(spec, end)
    _forgets(spec, end)
    _driver(spec, end)


# ---- Phase I as this end started it
def _first_answer(spec: Specification, end: End) -> None:
    x = end.started
    unknown = x.initiator_state.eq("waits")
    spec.action(
        f"{end.name}.is_answered",
        end.peer,
        "The peer answers the first message, be it with a refusal.",
        requirements="R2 R8",
        guards=[guard("waits", unknown, "no first message is unanswered", "R8")],
        updates={x.initiator_state: "under_way"},
    )
    answer = [
        guard("unanswered", end.unanswered, "it waits for no first answer", "R8"),
        guard("comes", end.answer_comes, "no answer is under way, and nobody makes one", "R8"),
    ]
    heard = {x.open: True, end.manager.known: True}
    spec.action(
        f"{end.name}.hears",
        end.name,
        "An answer comes, or what an attacker makes of it: the negotiation goes on.",
        requirements="R5 R8",
        guards=answer,
        updates={x.initiator_state: "heard", **heard},
    )
    spec.action(
        f"{end.name}.is_refused",
        end.name,
        "An answer comes, or what an attacker makes of it, that ends the negotiation: blocked, unless "
        "the peer's own has brought a Phase I SA.",
        requirements="R5 R7 R8",
        guards=answer,
        updates={x.initiator_state: "none", **heard, **ask_where(end, end.phase1)},
    )


def _establishes(spec: Specification, end: End) -> None:
    x, peers = end.started, end.peers
    renewed = peers.wanted.one_of("late_timeout", "lifetime")
    spec.action(
        f"{end.name}.is_authenticated",
        end.peer,
        "The peer establishes Phase I as the responder: a soft SA there is withdrawn.",
        requirements="R5 R8",
        guards=[
            guard("open", x.open, "the initiator has not gone on with this exchange", "RFC 2409 5"),
            guard("old_ended", ~x.responder_up, "an earlier SA is still up there", "R19"),
        ],
        updates={
            x.open: False,
            x.responder_up: True,
            x.responder_use: "new",
            peers.soft_sa: None,
            peers.passage: ite(peers.soft_sa.armed, lift("withdrawn", PASSAGE), peers.passage),
            peers.renew: False,
            peers.wanted: ite(renewed, lift("packet", WANTED), peers.wanted),
        },
    )
    heard = x.initiator_state.eq("heard")
    answered = heard | (end.unanswered & end.answer_comes)
    spec.action(
        f"{end.name}.authenticates",
        end.name,
        "It establishes Phase I as the initiator (in Aggressive Mode upon the first answer): Phase II "
        "is to follow.",
        requirements="R5 R8",
        guards=[guard("answered", answered, "no answer comes, or it waits for none", "RFC 2409 5")],
        updates={
            x.initiator_state: "up",
            x.initiator_use: "new",
            x.open: x.open | ~heard,
            end.manager.known: True,
            **ask_too(end),
        },
    )


# ---- Phase II as this end started it
def _answers_quick(spec: Specification, end: End) -> None:
    q, own, peer = end.quick, end.peers_quick, end.other
    role = peer.answers_as
    # Both may start under one Phase I SA that has room for one: then its responder gives way.
    full = own.waits & own.role.eq(role) & (peer.count(role) + 1 >= peer.limit)
    spec.action(
        f"{end.name}.quick_is_answered",
        end.peer,
        "The peer answers Quick Mode under a Phase I SA that both hold.",
        requirements="R10 R14 R16",
        guards=[
            guard("waits", q.waits, "no Quick Mode was started", "RFC 2409 5.5"),
            guard("shared", end.shared(q.role), "the ends hold no Phase I SA for it", "R14"),
            guard("first", q.answerer_state.eq("none"), "it has been answered", "RFC 2409 5.5"),
            guard("room", peer.count(role) < peer.limit, "this SA has served enough", "R16"),
            guard("way", ~full | role.eq("responder"), "its own comes first", "R16"),
        ],
        updates={
            q.answerer_state: "awaits_qm3",
            own.waits: own.waits & ~full,
            q.answer: "begun",
            own.outcome: ite(full, lift("withdrawn", OUTCOME), own.outcome),
        },
    )


def _installs(end: End, role: Term) -> dict[Term, object]:
    """Updates that hand an SA to an end's driver, and count the negotiation under its Phase I SA: what
    was asked for is there. A third SA is not kept: the oldest is deleted."""
    m, x, y, own = end.manager, end.started, end.answered, role.eq("initiator")
    used = lift("used", USE)
    return {
        **served(end),
        m.wanted: ite(end.negotiates, lift("packet", WANTED), "none"),
        m.sas: minimum(m.sas + 1, 2),
        m.fresh: True,
        m.driver: "fresh",
        x.initiator_use: ite(own, used, x.initiator_use),
        y.responder_use: ite(own, y.responder_use, used),
        x.initiator_count: ite(own, x.initiator_count + 1, x.initiator_count),
        y.responder_count: ite(own, y.responder_count, y.responder_count + 1),
    }


def _completes(spec: Specification, end: End) -> None:
    q, peer = end.quick, end.other
    awaits = q.answerer_state.eq("awaits_qm3")
    spec.action(
        f"{end.name}.takes_answer",
        end.name,
        "It takes the answer: its SAs go to the driver, message 3 to the peer.",
        requirements="R11 R13 R16",
        guards=[
            guard("waits", q.waits, "it has started no Quick Mode", "RFC 2409 5.5"),
            guard("answered", awaits, "no answer is under way", "RFC 2409 5.5"),
        ],
        updates={
            q.waits: False,
            q.answerer_state: "confirmed",
            q.outcome: "completed",
            **_installs(end, q.role),
        },
    )
    confirmed = q.answerer_state.eq("confirmed")
    spec.action(
        f"{end.name}.is_completed",
        end.peer,
        "Message 3 arrives: the peer's SAs go to its driver.",
        requirements="R11 R13 R16",
        guards=[guard("confirmed", confirmed, "no message 3 is under way", "RFC 2409 5.5")],
        updates={
            q.answerer_state: "none",
            q.answer: "completed",
            **_installs(peer, peer.answers_as),
        },
    )


def _forgets(spec: Specification, end: End) -> None:
    q, peer = end.quick, end.other
    alone = q.answerer_state.eq("awaits_qm3") & ~q.waits
    lost = end.policy.drops & q.answerer_state.ne("none")
    busy = end.peers.request.armed | peer.negotiates | peer.quick.waits
    spec.action(
        f"{end.name}.quick_is_forgotten",
        end.peer,
        "The peer gives up a Quick Mode for which no message 3 comes.",
        requirements="R15",
        guards=[guard("alone", alone | lost, "message 3 comes, and nobody drops it", "R15")],
        updates={q.answerer_state: "none", q.answer: "given_up", **wanted_if(peer, busy)},
    )


# ---- the driver
def _driver(spec: Specification, end: End) -> None:
    m, newest, due = end.manager, param("newest", BOOL), lift("due", NEWEST)
    spec.action(
        f"{end.name}.sa_ends",
        end.name,
        "The driver ends an SA: by seconds or bytes, or because the peer deleted it.",
        requirements="R19",
        params=[newest],
        guards=[guard("live", m.sas > 0, "no SA is live", "R19")],
        updates={
            m.sas: m.sas - 1,
            m.fresh: m.fresh & ~newest & (m.sas > 1),
            m.driver: ite(m.sas > 1, ite(newest, due, m.driver), "none"),
        },
    )
