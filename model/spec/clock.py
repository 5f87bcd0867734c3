"""Time in Phase I: resends, the way to clear text, half-open exchanges, lifetimes, Delete.

An act is due at the end of its time and may be `slack` late: its timer runs for both, the act may come
in the last `slack` of it, and time does not pass the end (R8, R9, R17, R18).
"""

from __future__ import annotations

from model.language.specification import Guard, Message, Specification, guard
from model.language.terms import Term, arm, disjunction, ite
from model.spec.phase1 import Phase1, awaits
from model.spec.phase2_time import TIMED2

#: what only lateness, or somebody's wish to end, brings about: not part of a negotiation that goes well
TIMED = frozenset(
    {
        "phase1.resend",
        "phase1.answer_again",
        "phase1.wait_briefly",
        "phase1.fall_back",
        "phase1.soft_sa_ends",
        "phase1.time_out",
        "phase1.drop_half_open",
        "phase1.initiator_expires",
        "phase1.initiator_deletes",
        "phase1.responder_expires",
        "phase1.responder_deletes",
        "phase1.initiator_renews",
        "phase1.responder_renews",
        *TIMED2,
    }
)


def deletes(spec: Specification) -> dict[str, Message]:
    """Declare the Delete of each end, by its role."""
    made = {}
    for role, other in (("initiator", "responder"), ("responder", "initiator")):
        name = f"{role}_delete"
        says = "HDR*, HASH(1), D(ISAKMP SA)."
        made[role] = spec.message(name, says, sender=role, receiver=other, protected=True)
    return made


def clock(spec: Specification, ends: Phase1, delete: dict[str, Message]) -> None:
    """Declare what time brings about."""
    _resends(spec, ends)
    _silence(spec, ends)
    _time_out(spec, ends)
    _half_open(spec, ends)
    for role in ("initiator", "responder"):
        _lifetime(spec, ends, role, delete[role])
        _hear_delete(spec, ends, role, delete["responder" if role == "initiator" else "initiator"])


def _due(ends: Phase1, timer: Term) -> Guard:
    near = timer.armed & (timer.left <= ends.timing.slack)
    return guard("due", near, "its time has not come", "R8")


def _exhausted(ends: Phase1) -> Guard:
    spent = ends.initiator.tries >= ends.timing.resends
    return guard("exhausted", spent, "it may resend once more", "R8")


def _resends(spec: Specification, ends: Phase1) -> None:
    i, r = ends.initiator, ends.responder
    waits = ends.awaits_first_answer | ends.awaits_later_answer
    spec.action(
        "phase1.resend",
        "initiator",
        "Send the last message again: no answer has come.",
        requirements="R8",
        guards=[
            guard("waits", waits, "it waits for no answer", "RFC 2408 5.1"),
            guard("may_resend", i.tries < ends.timing.resends, "it has resent enough", "R8"),
            _due(ends, i.due),
        ],
        updates={i.tries: i.tries + 1, i.due: ends.soon},
    )
    spec.action(
        "phase1.answer_again",
        "responder",
        "Answer a message that came again: the same answer, and not more often than allowed.",
        requirements="R8",
        guards=[
            guard("waits", ends.half_open, "no exchange is half open", "RFC 2408 5.1"),
            guard("may_answer", r.answers < ends.timing.answers, "it has answered enough", "R8"),
        ],
        updates={r.answers: r.answers + 1},
    )


def answer_under_way(spec: Specification, ends: Phase1) -> Term:
    """Whether an answer to the first message has been sent, in the exchange that it is of. What is forged
    for the other one the initiator does not even look at; nor at an answer that names no transform."""
    main, aggressive = (ends.initiator.state.eq(f"awaits_{name}") for name in ("mm2", "am2"))
    am2 = Message(spec.groups["am2"])
    answer = am2.sent & ~am2.transform.is_none
    names = ("mm2", "alternatives", "no_proposal")
    sent = disjunction(*(Message(spec.groups[name]).sent for name in names))
    return (main & sent) | (aggressive & (answer | Message(spec.groups["am_refusal"]).sent))


def _silence(spec: Specification, ends: Phase1) -> None:
    p, i = ends.policy, ends.initiator
    first = guard(
        "first_message", ends.awaits_first_answer, "it has had an answer, or waits for none", "R8"
    )
    spec.action(
        "phase1.wait_briefly",
        "initiator",
        "The last resend is unanswered: wait the brief interval; an answer still counts.",
        requirements="R8",
        guards=[
            first,
            _exhausted(ends),
            guard("not_yet", ~i.last, "it has waited already", "R8"),
            _due(ends, i.due),
        ],
        updates={i.last: True, i.due: arm_brief(ends)},
    )
    silence = [
        first,
        guard("waited", i.last, "the brief interval is still to come", "R8"),
        _due(ends, i.due),
    ]
    silent = ~i.heard & (ends.attacker.drops | ~answer_under_way(spec, ends))
    lost = "an answer came, or is under way and nobody drops it"
    spec.action(
        "phase1.fall_back",
        "initiator",
        "Nobody answered: send in clear for a while (a soft SA).",
        requirements="R8",
        guards=[
            *silence,
            guard("silence", silent, lost, "R8, attacker switch"),
            guard("falls_back", p.falls_back, "its policy does not allow clear text", "R8"),
        ],
        updates={
            i.state: "clear",
            i.due: arm_soft(ends),
            i.budget: None,
            # A stopwatch that has run keeps running: time in clear is one span, however it came about.
            i.since_clear: arm(ite(i.since_clear.armed, i.since_clear.left, ends.timing.horizon)),
        },
    )


def _time_out(spec: Specification, ends: Phase1) -> None:
    p, i = ends.policy, ends.initiator
    spec.action(
        "phase1.soft_sa_ends",
        "initiator",
        "The soft SA ends: the next packet starts a negotiation.",
        requirements="R8",
        guards=[awaits(i, "clear"), _due(ends, i.due)],
        updates=ends.stops("failed", "timeout"),
    )
    silence = ~p.falls_back & (ends.attacker.drops | ~answer_under_way(spec, ends))
    over = ite(ends.awaits_first_answer, i.last & (i.heard | silence), spent(ends))
    spec.action(
        "phase1.time_out",
        "initiator",
        "Stop: no answer arrives, and clear text is not allowed.",
        requirements="R5 R8",
        guards=[
            guard(
                "waits",
                ends.awaits_first_answer | ends.awaits_later_answer,
                "it waits for no answer",
                "RFC 2408 5.1",
            ),
            guard("over", over, "it may resend, wait or fall back", "R8"),
            _due(ends, i.due),
        ],
        updates=ends.stops("failed", "timeout"),
    )


def spent(ends: Phase1) -> Term:
    """Whether the initiator has resent as often as it may."""
    return ends.initiator.tries >= ends.timing.resends


def arm_brief(ends: Phase1) -> Term:
    """The brief interval."""
    return arm(ends.timing.brief + ends.timing.slack)


def arm_soft(ends: Phase1) -> Term:
    """The lifetime of a soft SA."""
    return arm(ends.timing.soft_life + ends.timing.slack)


def _half_open(spec: Specification, ends: Phase1) -> None:
    r, others = ends.responder, ends.flood.others
    spec.action(
        "phase1.drop_half_open",
        "responder",
        "Forget a half-open exchange whose time is over.",
        requirements="R9",
        guards=[
            guard("half_open", ends.half_open, "the exchange is not half open", "R9"),
            _due(ends, r.half_open),
        ],
        updates=ends.refuses("timeout"),
    )
    taken = ite(ends.half_open, others + 1, others)
    spec.action(
        "flood.open",
        "responder",
        "Somebody else starts an exchange, which takes one of the places.",
        requirements="R9 R22",
        guards=[
            guard("room", taken < ends.timing.half_open_limit, "no place is left", "R9"),
        ],
        updates={others: others + 1},
    )
    spec.action(
        "flood.close",
        "responder",
        "One of the other half-open exchanges ends.",
        requirements="R9",
        guards=[guard("some", others > 0, "there is none", "R9")],
        updates={others: others - 1},
    )


def _lifetime(spec: Specification, ends: Phase1, role: str, delete: Message) -> None:
    end, early = ends.end(role), ends.policy.deletes_early(role)
    spec.action(
        f"phase1.{role}_expires",
        role,
        "The lifetime of Phase I is over: end it, send a Delete, and negotiate again.",
        requirements="R17 R18",
        guards=[awaits(end, "established"), _due(ends, end.life)],
        updates=ends.ends(role, "lifetime", renew=True),
        sends=[delete.carrying()],
    )
    spec.action(
        f"phase1.{role}_deletes",
        role,
        "End Phase I early (idle, its limit reached, or on demand), and send a Delete.",
        requirements="R12 R17 R18",
        guards=[
            awaits(end, "established"),
            guard("early", early, "it waits for the end of the lifetime", "R18, profile"),
        ],
        updates=ends.ends(role, "demand"),
        sends=[delete.carrying()],
    )
    spec.action(
        f"phase1.{role}_renews",
        role,
        "Begin the next exchange of Phase I, with fresh keys; it is not tracked.",
        requirements="R15 R17",
        guards=[guard("asked", end.renew.armed, "nothing asks for it", "R15, R17")],
        updates={end.renew: None, end.renewed: True},
    )


def _hear_delete(spec: Specification, ends: Phase1, role: str, theirs: Message) -> None:
    end = ends.end(role)
    spec.action(
        f"phase1.{role}_hears_delete",
        role,
        "End Phase I: the peer deleted it. The Delete is not acknowledged.",
        requirements="R18",
        receives=theirs,
        guards=[
            awaits(end, "established"),
            guard("keys_agree", ends.same_keys, "it cannot decrypt the Delete", "RFC 2409 5.7"),
        ],
        updates=ends.ends(role, "peer"),
    )
