"""Phase II by Quick Mode: any number of negotiations, started by either peer (RFC 2409 section 5.5).

A negotiation is one element of a family; the Phase I SA above it is its only parent. The role that
a negotiation carries is that of its starter in Phase I (R2, R10 to R12, R14, R21).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from model.choice import wins
from model.language.sorts import Enum, Int, Maybe
from model.language.specification import Guard, Message, Record, Specification, guard
from model.language.terms import Term, every, ite, lift, param, some
from model.spec.driver import Driver, hand_over
from model.spec.parameters import REASON, ROLE, Phase2Policy, other_role
from model.spec.phase1 import Phase1

STARTER_STATE = Enum("StarterState", ("idle", "awaits_qm2", "established", "failed"))
ANSWERER_STATE = Enum("AnswererState", ("idle", "awaits_qm3", "established", "failed"))
SPI = Int(0, 2)  # 0: none chosen. Two values suffice to say whether two SPIs are equal


@dataclass(frozen=True)
class Phase2:
    """Negotiation `n`, its parent and what the policies say about it."""

    policy: Phase2Policy
    parent: Phase1
    starter: Record
    answerer: Record
    n: Term
    t: Term

    def of(self, transform: Term) -> Phase2:
        """The same with another transform in the place of `t`."""
        return replace(self, t=transform)

    def phase1_stands(self, role: Term) -> Term:
        """Whether the Phase I SA is live and authenticated at that end (R14)."""
        initiator = self.parent.initiator.state.eq("established")
        return ite(role.eq("initiator"), initiator, self.parent.responder.state.eq("established"))

    def chosen(self, role: Term) -> Term:
        """Whether the other end chooses transform `t` of what this role offers."""
        p = self.policy
        return wins(
            self.t,
            offered=lambda u: p.offers(role, u),
            accepted=lambda u: p.accepts(role, u),
            offer_rank=lambda u: p.offer_rank(role, u),
            accept_rank=lambda u: p.accept_rank(role, u),
            prefers_own=p.prefers_own(role),
        )

    def none_acceptable(self, role: Term) -> Term:
        """Whether the other end accepts nothing of what this role offers."""
        p = self.policy
        return every(p.protection, lambda u: ~(p.offers(role, u) & p.accepts(role, u)))


def phase2(spec: Specification, policy: Phase2Policy, parent: Phase1, driver: Driver) -> Phase2:
    """Declare Quick Mode under one Phase I SA."""
    maybe = Maybe(policy.protection)
    n = param("n", policy.negotiation)
    starter = spec.family(
        "starter",
        policy.negotiation,
        "The end that sends the first Quick Mode message, and its role in Phase I.",
        state=STARTER_STATE,
        role=ROLE,
        spi=SPI,
        chosen=(maybe, None),
        reason=REASON,
    )
    answerer = spec.family(
        "answerer",
        policy.negotiation,
        "The end that answers.",
        state=ANSWERER_STATE,
        spi=SPI,
        peer_spi=SPI,
        chosen=(maybe, None),
        reason=REASON,
    )
    two = Phase2(policy, parent, starter[n], answerer[n], n, param("t", policy.protection))
    qm1 = _message(spec, policy, "qm1", "HDR*, HASH(1), SA, Ni, [KE], [IDci, IDcr].", spi=SPI)
    transform = (Maybe(policy.protection), None)
    _offer(spec, two, qm1[n])
    says = "HDR*, HASH(2), SA, Nr, [KE], [IDci, IDcr]."
    qm2 = _message(spec, policy, "qm2", says, spi=SPI, transform=transform)
    _accept(spec, two, qm1[n], qm2[n])
    says = "HDR*, HASH(1), N: NO-PROPOSAL-CHOSEN or INVALID-ID-INFORMATION."
    refusal = _message(spec, policy, "quick_refusal", says, reason=REASON)
    _refuse(spec, two, qm1[n], refusal[n])
    qm3 = _message(spec, policy, "qm3", "HDR*, HASH(3).")
    _take_answer(spec, two, qm2[n], qm3[n], driver)
    _complete(spec, two, qm3[n], driver)
    return two


def _message(
    spec: Specification, policy: Phase2Policy, name: str, says: str, **contents: object
) -> Message:
    from_starter = name in ("qm1", "qm3")
    return spec.message(
        name,
        says,
        sender="starter" if from_starter else "answerer",
        receiver="answerer" if from_starter else "starter",
        protected=True,
        family=policy.negotiation,
        contents=contents,
    )


def _in(two: Phase2, end: str, state: str) -> Guard:
    record = two.starter if end == "starter" else two.answerer
    return guard(
        f"in_{state}",
        record.state.eq(state),
        f"the {end} is not in state {state}",
        "RFC 2409 5.5",
    )


def _offer(spec: Specification, two: Phase2, qm1: Message) -> None:
    role, spi = param("role", ROLE), param("spi", Int(1, 2))
    p, s = two.policy, two.starter
    spec.action(
        "quick.offer",
        "peer",
        "Start a negotiation under the Phase I SA.",
        requirements="R2 R10 R16 R21",
        params=[two.n, role, spi],
        guards=[
            _in(two, "starter", "idle"),
            _stands(two, role),
            guard(
                "offer_not_empty",
                some(p.protection, lambda u: p.offers(role, u)),
                "its policy has nothing to offer",
                "R10",
            ),
        ],
        updates={s.state: "awaits_qm2", s.role: role, s.spi: spi},
        sends=[qm1.carrying(spi=spi)],
    )


def _stands(two: Phase2, role: Term) -> Guard:
    return guard(
        "phase1_stands",
        two.phase1_stands(role),
        "no authenticated Phase I SA stands at this end",
        "RFC 2409 5.5, R14",
    )


def _readable(two: Phase2) -> Guard:
    shared = two.parent.same_keys
    return guard("readable", shared, "the two ends do not hold the same keys", "RFC 2409 5.5, R14")


def _accept(spec: Specification, two: Phase2, qm1: Message, qm2: Message) -> None:
    p, a, t, role = two.policy, two.answerer, two.t, two.starter.role
    spi = param("spi", Int(1, 2))
    spec.action(
        "quick.accept",
        "peer",
        "Choose one transform, unchanged, and an SPI of its own.",
        requirements="R10 R11 R12 R14 R21",
        params=[two.n, t, spi],
        receives=qm1,
        guards=[
            _in(two, "answerer", "idle"),
            _stands(two, other_role(role)),
            _readable(two),
            guard(
                "clients",
                p.clients_taken(role),
                "no policy of this end selects these client identities",
                "RFC 2409 5.5, R21",
            ),
            guard("offered", p.offers(role, t), "the transform was not offered", "RFC 2408 4.2"),
            guard("acceptable", p.accepts(role, t), "its policy does not accept it", "R10"),
            guard("none_before", two.chosen(role), "another one comes before it", "profile"),
            guard("mode", p.mode_taken(role), "its policy wants another mode", "R13"),
            guard(
                "key_exchange",
                ~p.pfs(t) | p.key_exchange_fits(role, t),
                "the public value is of another group than the transform",
                "RFC 2409 5.5, R12",
            ),
            guard(
                "another_spi",
                spi.ne(qm1.spi),
                "equal SPIs would give both directions the same keys",
                "RFC 2409 5.5, R11",
            ),
        ],
        updates={a.state: "awaits_qm3", a.spi: spi, a.peer_spi: qm1.spi, a.chosen: t},
        sends=[qm2.carrying(spi=spi, transform=t)],
    )


def _refuse(spec: Specification, two: Phase2, qm1: Message, refusal: Message) -> None:
    p, s, a, role = two.policy, two.starter, two.answerer, two.starter.role
    fits = every(p.protection, lambda u: _unfit(two, u).implies(~_is_chosen(two, u)))
    why = ite(fits & ~two.none_acceptable(role), lift("none", REASON), "proposal")
    why = ite(p.mode_taken(role), why, "mode")
    why = ite(p.clients_taken(role), why, "selector")
    spec.action(
        "quick.refuse",
        "peer",
        "Refuse the negotiation.",
        requirements="R10 R21",
        params=[two.n],
        receives=qm1,
        guards=[
            _in(two, "answerer", "idle"),
            _stands(two, other_role(role)),
            _readable(two),
            guard("fault", why.ne("none"), "nothing is wrong with it", "RFC 2408 5.4"),
        ],
        updates={a.state: "failed", a.reason: why},
        sends=[refusal.carrying(reason=why)],
    )
    spec.action(
        "quick.ignore",
        "peer",
        "Reject a Quick Mode message for which no Phase I SA stands: nothing changes.",
        requirements="R14",
        params=[two.n],
        receives=qm1,
        guards=[
            guard(
                "no_phase1",
                ~(two.phase1_stands(other_role(role)) & two.parent.same_keys),
                "an authenticated Phase I SA stands",
                "R14",
            )
        ],
    )
    spec.action(
        "quick.hear_refusal",
        "peer",
        "Stop: the other end refused.",
        requirements="R10",
        params=[two.n],
        receives=refusal,
        guards=[_in(two, "starter", "awaits_qm2"), _stands(two, s.role), _readable(two)],
        updates={s.state: "failed", s.reason: refusal.reason},
    )


def _unfit(two: Phase2, transform: Term) -> Term:
    """Whether the starter's public value is of another group than the transform."""
    p = two.policy
    return p.pfs(transform) & ~p.key_exchange_fits(two.starter.role, transform)


def _is_chosen(two: Phase2, transform: Term) -> Term:
    return two.of(transform).chosen(two.starter.role)


def _take_answer(
    spec: Specification, two: Phase2, qm2: Message, qm3: Message, driver: Driver
) -> None:
    p, s, t, n = two.policy, two.starter, two.t, two.n
    answer = [
        _in(two, "starter", "awaits_qm2"),
        _stands(two, s.role),
        _readable(two),
        guard("the_answer", qm2.transform.eq(t), "the answer names another", "RFC 2408 4.2"),
    ]
    good = p.offers(s.role, t) & qm2.spi.ne(s.spi)
    spec.action(
        "quick.take_answer",
        "peer",
        "Take the answer; the pair of SAs goes to the driver.",
        requirements="R7 R11 R12 R13",
        params=[n, t],
        receives=qm2,
        guards=[
            *answer,
            guard("in_the_offer", p.offers(s.role, t), "the answer is not in the offer", "R7"),
            guard(
                "another_spi",
                qm2.spi.ne(s.spi),
                "the peer's SPI is the own one",
                "RFC 2409 5.5, R11",
            ),
        ],
        updates={
            s.state: "established",
            s.chosen: t,
            **hand_over(driver.starter[n], inbound=s.spi, outbound=qm2.spi, protection=t),
        },
        sends=[qm3.carrying()],
    )
    spec.action(
        "quick.refuse_answer",
        "peer",
        "Refuse an answer that is not in the offer, or has the own SPI.",
        requirements="R7 R11",
        params=[n, t],
        receives=qm2,
        guards=[*answer, guard("not_good", ~good, "the answer is in the offer", "R7")],
        updates={s.state: "failed", s.reason: "altered_answer"},
    )


def _complete(spec: Specification, two: Phase2, qm3: Message, driver: Driver) -> None:
    s, a, t, n = two.starter, two.answerer, two.t, two.n
    spec.action(
        "quick.complete",
        "peer",
        "The exchange is live; the pair of SAs goes to the driver.",
        requirements="R11 R13 R14",
        params=[n, t],
        receives=qm3,
        guards=[
            _in(two, "answerer", "awaits_qm3"),
            _readable(two),
            guard("its_choice", a.chosen.eq(t), "it chose another transform", "RFC 2409 5.5"),
            _stands(two, other_role(s.role)),
        ],
        updates={
            a.state: "established",
            **hand_over(driver.answerer[n], inbound=a.spi, outbound=a.peer_spi, protection=t),
        },
    )
