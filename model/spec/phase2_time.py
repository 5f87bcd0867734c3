"""Time in Phase II: resends, time-outs and what follows from them, the end of SAs (R15, R18, R19).

A negotiation that times out fails. If the Phase I SA has served one before, it is renegotiated; the SAs
that it has made live on.
"""

from __future__ import annotations

from model.language.specification import Guard, Message, Record, Specification, guard
from model.language.terms import Term, ite
from model.spec.driver_ends import Driver
from model.spec.parameters import ROLE
from model.spec.phase2 import Phase2, in_state, readable, stands

#: what only lateness, loss, or somebody's wish to end, brings about
TIMED2 = frozenset(
    {
        "quick.resend",
        "quick.answer_again",
        "quick.time_out",
        "quick.time_out_under_initiator",
        "quick.time_out_under_responder",
        "quick.forget",
        *(
            f"driver.{end}_{what}"
            for end in ("starter", "answerer")
            for what in ("expires", "used_up", "deletes", "hears_delete")
        ),
    }
)


def phase2_time(
    spec: Specification, two: Phase2, driver: Driver, delete: dict[str, Message]
) -> None:
    """Declare what time brings about; `delete` are the Deletes of the Phase I SA, by role."""
    _resends(spec, two)
    _time_outs(spec, two, delete)
    ends = {"starter": driver.starter[two.n], "answerer": driver.answerer[two.n]}
    roles = {"starter": two.starter.role, "answerer": two.answering_role}
    gone = {end: _sa_delete(spec, two, end) for end in ends}
    for end, other in (("starter", "answerer"), ("answerer", "starter")):
        _expires(spec, two, end, ends[end], roles[end])
        _deletes(spec, two, end, ends[end], roles[end], gone[end], gone[other])


def _due(two: Phase2, timer: Term, clause: str = "R15") -> Guard:
    near = timer.armed & (timer.left <= two.parent.timing.slack)
    return guard("due", near, "its time has not come", clause)


def _resends(spec: Specification, two: Phase2) -> None:
    s, a, timing = two.starter, two.answerer, two.parent.timing
    spec.action(
        "quick.resend",
        "peer",
        "Send message 1 again: no answer has come.",
        requirements="R15",
        params=[two.n],
        guards=[
            in_state(two, "starter", "awaits_qm2"),
            guard("may_resend", s.tries < timing.resends, "it has resent enough", "R15"),
            _due(two, s.due),
        ],
        updates={s.tries: s.tries + 1, s.due: two.wait(s.tries + 1)},
    )
    spec.action(
        "quick.answer_again",
        "peer",
        "Answer a message 1 that came again: the same answer, and not more often than allowed.",
        requirements="R15",
        params=[two.n],
        guards=[
            in_state(two, "answerer", "awaits_qm3"),
            guard("may_answer", a.answers < timing.answers, "it has answered enough", "R15"),
        ],
        updates={a.answers: a.answers + 1},
    )


def _time_outs(spec: Specification, two: Phase2, delete: dict[str, Message]) -> None:
    s, a = two.starter, two.answerer
    waited = [
        in_state(two, "starter", "awaits_qm2"),
        guard("spent", s.tries >= two.parent.timing.resends, "it may resend once more", "R15"),
        _due(two, s.due),
    ]
    late = (two.served(s.role) > 0) & ite(
        s.role.eq("initiator"),
        two.parent.initiator.state.eq("established"),
        two.parent.responder.state.eq("established"),
    )
    spec.action(
        "quick.time_out",
        "peer",
        "Stop: nobody answers. It was the first under its Phase I SA, or that has ended.",
        requirements="R15",
        params=[two.n],
        guards=[*waited, guard("first", ~late, "the Phase I SA is to be renegotiated", "R15")],
        updates=two.starter_stops("failed", "timeout"),
    )
    for role in ROLE.members:
        why = "it is the first under its Phase I SA, or that has ended"
        spec.action(
            f"quick.time_out_under_{role}",
            role,
            "Stop: nobody answers any more. End the Phase I SA, and negotiate it again.",
            requirements="R15 R18",
            params=[two.n],
            guards=[
                *waited,
                guard("its_own", s.role.eq(role), "the other end started it", "R15"),
                guard("late", late, why, "R15"),
            ],
            updates={
                **two.starter_stops("failed", "timeout"),
                s.late: late,
                **two.parent.ends(role, "silence", renew=True),
            },
            sends=[delete[role].carrying()],
        )
    spec.action(
        "quick.forget",
        "peer",
        "Forget a negotiation whose message 3 does not come.",
        requirements="R15",
        params=[two.n],
        guards=[in_state(two, "answerer", "awaits_qm3"), _due(two, a.due)],
        updates=two.answerer_stops("failed", "timeout"),
    )


def _is_installed(end: str, pair: Record) -> Guard:
    return guard("installed", pair.state.eq("installed"), f"the {end} holds no SAs", "R19")


def _expires(spec: Specification, two: Phase2, end: str, pair: Record, role: Term) -> None:
    counted = two.policy.counted(two.starter.role, role)
    spec.action(
        f"driver.{end}_expires",
        "driver",
        "The lifetime of the SAs is over: they expire.",
        requirements="R19",
        params=[two.n],
        guards=[_is_installed(end, pair), _due(two, pair.hard, "R19")],
        updates={pair.state: "expired", pair.hard: None},
    )
    spec.action(
        f"driver.{end}_used_up",
        "driver",
        "The SAs have carried as many bytes as they may: they expire.",
        requirements="R19",
        params=[two.n],
        guards=[
            _is_installed(end, pair),
            guard("counted", counted, "they have no limit in bytes", "R19"),
        ],
        updates={pair.state: "expired", pair.hard: None},
    )


def _sa_delete(spec: Specification, two: Phase2, end: str) -> Message:
    other = "answerer" if end == "starter" else "starter"
    return spec.message(
        f"{end}_sa_delete",
        "HDR*, HASH(1), D(IPsec SAs).",
        sender=end,
        receiver=other,
        protected=True,
        family=two.policy.negotiation,
        contents={"under": ROLE},
    )


def _deletes(
    spec: Specification,
    two: Phase2,
    end: str,
    pair: Record,
    role: Term,
    own: Message,
    theirs: Message,
) -> None:
    spec.action(
        f"driver.{end}_deletes",
        "peer",
        "Delete the SAs on demand, and tell the peer under the Phase I SA.",
        requirements="R18 R19",
        params=[two.n],
        guards=[_is_installed(end, pair), stands(two, role)],
        updates={pair.state: "deleted", pair.hard: None},
        sends=[own[two.n].carrying(under=role)],
    )
    spec.action(
        f"driver.{end}_hears_delete",
        "peer",
        "Delete the SAs: the peer has deleted its own, and says so under the Phase I SA.",
        requirements="R18 R19",
        params=[two.n],
        receives=theirs[two.n],
        guards=[
            _is_installed(end, pair),
            stands(two, role),
            readable(two, theirs[two.n], role),
        ],
        updates={pair.state: "deleted", pair.hard: None},
    )
