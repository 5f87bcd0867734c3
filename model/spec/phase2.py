"""Phase II by Quick Mode: any number of negotiations, started by either peer (RFC 2409 section 5.5).

A negotiation is one element of a family, and one message id; the Phase I SA above it is its only parent.
The role that a negotiation carries is that of its starter in Phase I (R2, R10 to R12, R14, R16, R21).
What time brings about is in `phase2_time`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from model.language.sorts import BOOL, TIMER, Enum, Int, Maybe
from model.language.specification import (
    Guard,
    Message,
    Record,
    Sending,
    Specification,
    ghost,
    guard,
    urgent_timer,
)
from model.language.terms import Term, arm, every, ite, lift, param, some, times
from model.spec.driver_ends import Driver, hand_over, lasts
from model.spec.parameters import (
    MAX_RESENDS,
    QUICK_PUBLIC,
    REASON,
    ROLE,
    Phase2Policy,
    other_role,
)
from model.spec.phase1 import Phase1
from model.winning import wins

STARTER_STATE = Enum("StarterState", ("idle", "awaits_qm2", "established", "failed"))
ANSWERER_STATE = Enum("AnswererState", ("idle", "awaits_qm3", "established", "failed"))
_COUNT = Int(0, MAX_RESENDS)
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

    @property
    def answering_role(self) -> Term:
        """The Phase I role of the end that answers: the other one, or with a reflected message 1 the
        starter's own."""
        role = self.starter.role
        return ite(self.answerer.own, role, other_role(role))

    @property
    def reflected(self) -> Term:
        """Whether its own message 1 can come back and be answered: the power, and no look at its id."""
        return self.parent.attacker.reflects & ~self.policy.checks_message_ids

    def opens(self, message: Message, role: Term) -> Term:
        """Whether the end of that role can open a message: it is protected by the keys of this end, or of
        the other end, and these are the same."""
        return message.under.eq(role) | self.parent.same_keys

    def phase1_stands(self, role: Term) -> Term:
        """Whether the Phase I SA is live and authenticated at that end (R14)."""
        return ite(
            role.eq("initiator"), self.parent.live("initiator"), self.parent.live("responder")
        )

    def served(self, role: Term) -> Term:
        """How many negotiations the Phase I SA has served at that end."""
        i, r = self.parent.initiator, self.parent.responder
        return ite(role.eq("initiator"), i.served, r.served)

    def may_serve(self, role: Term) -> Term:
        """Whether it may serve one more there (R12, R16)."""
        return self.served(role) < self.policy.limit(role)

    def serves(self, role: Term) -> dict[Term, object]:
        """Updates when it has served one more there."""
        i, r = self.parent.initiator, self.parent.responder
        at_i = role.eq("initiator")
        return {
            i.served: ite(at_i, i.served + 1, i.served),
            r.served: ite(at_i, r.served, r.served + 1),
        }

    @property
    def span(self) -> Term:
        """How long message 2 is waited for: all resends and the brief interval after the last."""
        timing = self.parent.timing
        each = timing.interval + timing.slack
        return times(timing.resends, each) + each + timing.brief

    def wait(self, tries: Term) -> Term:
        """The timer after a sending of message 1, the first or a resend: the last one waits the brief
        interval too."""
        timing = self.parent.timing
        last = tries >= timing.resends
        brief = ite(last, timing.brief, 0)
        return arm(timing.interval + brief + timing.slack)

    def starter_stops(self, state: str, reason: object = "none") -> dict[Term, object]:
        """Updates of a starter that waits for nothing any more."""
        s = self.starter
        return {s.state: state, s.reason: reason, s.due: None, s.budget: None}

    def answerer_stops(self, state: str, reason: object = "none") -> dict[Term, object]:
        """Updates of an answerer that waits for nothing any more."""
        a = self.answerer
        return {a.state: state, a.reason: reason, a.due: None}

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
        "The end that sends the first Quick Mode message, and its role in Phase I; `late`: it timed out "
        "under a Phase I SA that had served before.",
        state=STARTER_STATE,
        role=ROLE,
        spi=SPI,
        chosen=(maybe, None),
        peer_public=QUICK_PUBLIC,
        reason=REASON,
        tries=_COUNT,
        due=urgent_timer(),
        budget=ghost(TIMER),
        late=ghost(BOOL),
    )
    answerer = spec.family(
        "answerer",
        policy.negotiation,
        "The end that answers; `own`: it is the starter itself, whose message 1 came back to it.",
        state=ANSWERER_STATE,
        own=BOOL,
        spi=SPI,
        peer_spi=SPI,
        chosen=(maybe, None),
        peer_public=QUICK_PUBLIC,
        reason=REASON,
        answers=_COUNT,
        due=urgent_timer(),
    )
    two = Phase2(policy, parent, starter[n], answerer[n], n, param("t", policy.protection))
    says = "HDR*, HASH(1), SA, Ni, [KE], [IDci, IDcr]."
    qm1 = _message(spec, policy, "qm1", says, spi=SPI, public=QUICK_PUBLIC)
    transform = (Maybe(policy.protection), None)
    _offer(spec, two, qm1[n])
    says = "HDR*, HASH(2), SA, Nr, [KE], [IDci, IDcr]."
    contents = {"spi": SPI, "transform": transform, "public": QUICK_PUBLIC}
    qm2 = _message(spec, policy, "qm2", says, **contents)
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
    """A message, with its contents; `under`: the role of the end whose keys protect it."""
    from_starter = name in ("qm1", "qm3")
    return spec.message(
        name,
        says,
        sender="starter" if from_starter else "answerer",
        receiver="answerer" if from_starter else "starter",
        protected=True,
        family=policy.negotiation,
        contents={"under": ROLE, **contents},
    )


def in_state(two: Phase2, end: str, state: str) -> Guard:
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
    keyed = some(p.protection, lambda u: p.offers(role, u) & p.pfs(u))
    spec.action(
        "quick.offer",
        "peer",
        "Start a negotiation under the Phase I SA.",
        requirements="R2 R10 R16 R21",
        params=[two.n, role, spi],
        guards=[
            in_state(two, "starter", "idle"),
            guard(
                "fresh_id",
                ~qm1.sent & two.answerer.state.eq("idle"),
                "the message id is one that an attacker has used",
                "RFC 2408 3.1",
            ),
            stands(two, role),
            guard(
                "offer_not_empty",
                some(p.protection, lambda u: p.offers(role, u)),
                "its policy has nothing to offer",
                "R10",
            ),
            may_serve(two, role),
        ],
        updates={
            s.state: "awaits_qm2",
            s.role: role,
            s.spi: spi,
            s.due: two.wait(lift(0, _COUNT)),
            s.budget: arm(two.span),
        },
        sends=[
            qm1.carrying(
                under=role, spi=spi, public=ite(keyed, lift("starter", QUICK_PUBLIC), "none")
            )
        ],
    )


def may_serve(two: Phase2, role: Term) -> Guard:
    """A guard: the Phase I SA may serve one more negotiation at this end."""
    why = "the Phase I SA has served as many negotiations as it may"
    return guard("may_serve", two.may_serve(role), why, "R12, R16")


def stands(two: Phase2, role: Term) -> Guard:
    return guard(
        "phase1_stands",
        two.phase1_stands(role),
        "no authenticated Phase I SA is up at this end",
        "RFC 2409 5.5, R14",
    )


def readable(two: Phase2, message: Message, role: Term) -> Guard:
    """A guard: the end of that role can open a message."""
    why = "it is not protected by the keys of this end"
    return guard("readable", two.opens(message, role), why, "RFC 2409 5.5, R14")


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
            in_state(two, "answerer", "idle"),
            stands(two, other_role(role)),
            readable(two, qm1, other_role(role)),
            may_serve(two, other_role(role)),
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
                ~_unfit(two, qm1, t),
                "there is no public value of the transform's group",
                "RFC 2409 5.5, R12",
            ),
            another_spi(two, spi, qm1),
        ],
        updates={**answers(two, qm1, t, spi), a.own: False},
        sends=[two_says(two, qm2, t, spi, other_role(role))],
    )


def another_spi(two: Phase2, spi: Term, qm1: Message) -> Guard:
    """A guard: the answerer chooses another SPI than the starter's."""
    why = "equal SPIs would give both directions the same keys"
    differs = spi.ne(qm1.spi) | ~two.policy.checks_spi
    return guard("another_spi", differs, why, "RFC 2409 5.5, R11")


def answers(two: Phase2, qm1: Message, transform: Term, spi: Term) -> dict[Term, object]:
    """Updates of an answerer that answers."""
    a = two.answerer
    return {
        a.state: "awaits_qm3",
        a.spi: spi,
        a.peer_spi: qm1.spi,
        a.chosen: transform,
        a.peer_public: ite(two.policy.pfs(transform), qm1.public, "none"),
        a.due: arm(two.span + two.parent.timing.slack),
    }


def two_says(two: Phase2, qm2: Message, transform: Term, spi: Term, role: Term) -> Sending:
    """Message 2 of an answerer with this role."""
    public = ite(two.policy.pfs(transform), lift("answerer", QUICK_PUBLIC), "none")
    return qm2.carrying(under=role, spi=spi, transform=transform, public=public)


def _refuse(spec: Specification, two: Phase2, qm1: Message, refusal: Message) -> None:
    p, s, role = two.policy, two.starter, two.starter.role
    fits = every(p.protection, lambda u: _unfit(two, qm1, u).implies(~_is_chosen(two, u)))
    why = ite(fits & ~two.none_acceptable(role), lift("none", REASON), "proposal")
    why = ite(p.mode_taken(role), why, "mode")
    why = ite(p.clients_taken(role), why, "selector")
    why = ite(two.may_serve(other_role(role)), why, "limit")
    spec.action(
        "quick.refuse",
        "peer",
        "Refuse the negotiation.",
        requirements="R10 R21",
        params=[two.n],
        receives=qm1,
        guards=[
            in_state(two, "answerer", "idle"),
            stands(two, other_role(role)),
            readable(two, qm1, other_role(role)),
            guard("fault", why.ne("none"), "nothing is wrong with it", "RFC 2408 5.4"),
        ],
        updates=two.answerer_stops("failed", why),
        sends=[refusal.carrying(under=other_role(role), reason=why)],
    )
    spec.action(
        "quick.ignore",
        "peer",
        "Reject a Quick Mode message for which no Phase I SA is up: nothing changes.",
        requirements="R14",
        params=[two.n],
        receives=qm1,
        guards=[
            guard(
                "no_phase1",
                ~(two.phase1_stands(other_role(role)) & two.opens(qm1, other_role(role))),
                "an authenticated Phase I SA is up",
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
        guards=[
            in_state(two, "starter", "awaits_qm2"),
            stands(two, s.role),
            readable(two, refusal, s.role),
        ],
        updates=two.starter_stops("failed", refusal.reason),
    )


def _unfit(two: Phase2, qm1: Message, transform: Term) -> Term:
    """Whether the transform wants a public value of its group and message 1 has none."""
    p = two.policy
    fits = p.key_exchange_fits(two.starter.role, transform) & qm1.public.ne("none")
    return p.pfs(transform) & ~fits


def _is_chosen(two: Phase2, transform: Term) -> Term:
    return two.of(transform).chosen(two.starter.role)


def _take_answer(
    spec: Specification, two: Phase2, qm2: Message, qm3: Message, driver: Driver
) -> None:
    p, s, t, n = two.policy, two.starter, two.t, two.n
    answer = [
        in_state(two, "starter", "awaits_qm2"),
        stands(two, s.role),
        readable(two, qm2, s.role),
        guard("the_answer", qm2.transform.eq(t), "the answer names another", "RFC 2408 4.2"),
    ]
    spi = qm2.spi.ne(s.spi) | ~p.checks_spi
    keyed = ~p.pfs(t) | qm2.public.ne("none")
    good = p.offers(s.role, t) & spi & keyed
    given = {"inbound": s.spi, "outbound": qm2.spi, "protection": t}
    spec.action(
        "quick.take_answer",
        "peer",
        "Take the answer; the pair of SAs goes to the driver.",
        requirements="R7 R11 R12 R13 R16",
        params=[n, t],
        receives=qm2,
        guards=[
            *answer,
            guard("in_the_offer", p.offers(s.role, t), "the answer is not in the offer", "R7"),
            guard("another_spi", spi, "the peer's SPI equals its own", "RFC 2409 5.5, R11"),
            guard("key_exchange", keyed, "the public value is missing", "RFC 2409 5.5, R12"),
            may_serve(two, s.role),
        ],
        updates={
            **two.starter_stops("established"),
            s.chosen: t,
            s.peer_public: ite(p.pfs(t), qm2.public, "none"),
            **two.serves(s.role),
            **hand_over(
                driver.starter[n], lasting=lasts(p, two.parent.timing, s.role, s.role), **given
            ),
        },
        sends=[qm3.carrying(under=s.role)],
    )
    why = ite(good, lift("limit", REASON), "altered_answer")
    spec.action(
        "quick.refuse_answer",
        "peer",
        "Refuse an answer that is not in the offer, has its own SPI, or comes when the Phase I SA has "
        "served enough.",
        requirements="R7 R11 R16",
        params=[n, t],
        receives=qm2,
        guards=[
            *answer,
            guard("not_good", ~(good & two.may_serve(s.role)), "the answer is in the offer", "R7"),
        ],
        updates=two.starter_stops("failed", why),
    )


def _complete(spec: Specification, two: Phase2, qm3: Message, driver: Driver) -> None:
    s, a, t, n, role = two.starter, two.answerer, two.t, two.n, two.answering_role
    heard = [
        in_state(two, "answerer", "awaits_qm3"),
        readable(two, qm3, role),
        stands(two, role),
    ]
    given = {"inbound": a.spi, "outbound": a.peer_spi, "protection": t}
    spec.action(
        "quick.complete",
        "peer",
        "The exchange is live; the pair of SAs goes to the driver.",
        requirements="R11 R13 R14 R16",
        params=[n, t],
        receives=qm3,
        guards=[
            *heard,
            guard("its_choice", a.chosen.eq(t), "it chose another transform", "RFC 2409 5.5"),
            may_serve(two, role),
        ],
        updates={
            **two.answerer_stops("established"),
            **two.serves(role),
            **hand_over(
                driver.answerer[n],
                lasting=lasts(two.policy, two.parent.timing, s.role, role),
                **given,
            ),
        },
    )
    full = guard("served_enough", ~two.may_serve(role), "it may serve one more", "R12, R16")
    spec.action(
        "quick.refuse_completion",
        "peer",
        "Stop: meanwhile the Phase I SA has served as many negotiations as it may.",
        requirements="R12 R16",
        params=[n],
        receives=qm3,
        guards=[*heard, full],
        updates=two.answerer_stops("failed", "limit"),
    )
