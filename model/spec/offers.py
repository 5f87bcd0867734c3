"""Main Mode, messages 1 and 2: offers, answers, alternatives, refusals (RFC 2409 section 5; R3, R7).

A refusal is an action of its own with its reason, so that a run that ends in one shows it.
"""

from __future__ import annotations

from model.language.sorts import BOOL, Maybe
from model.language.specification import Message, Specification, guard
from model.language.terms import Term, arm, ite, lift, some
from model.spec.parameters import REASON, ROUND
from model.spec.phase1 import Phase1, awaits, room, the_answer


def offers(spec: Specification, ends: Phase1) -> Message:
    """Declare the actions up to message 2, which is returned."""
    transform = (Maybe(ends.policy.transform), None)
    says = "HDR, SA: the offer, its round, and whether it was altered or forged."
    mm1 = _message(spec, "mm1", "initiator", says, round=ROUND, altered=BOOL)
    says = "HDR, SA: one transform, and whether its lifetime was altered on the way."
    mm2 = _message(spec, "mm2", "responder", says, transform=transform, life_altered=BOOL)
    _offer(spec, ends, mm1)
    _accept(spec, ends, mm1, mm2)
    says = "A notify that names what would be accepted (R7), or what an attacker names."
    alternatives = _message(spec, "alternatives", "responder", says, forged=BOOL)
    says = "N(NO-PROPOSAL-CHOSEN), in clear."
    no_proposal = _message(spec, "no_proposal", "responder", says)
    _name_alternatives(spec, ends, mm1, alternatives)
    _refuse(spec, ends, mm1, no_proposal)
    _offer_anew(spec, ends, mm1, alternatives)
    _give_up(spec, ends, alternatives, no_proposal)
    _refuse_answer(spec, ends, mm2)
    return mm2


def _message(spec: Specification, name: str, sender: str, says: str, **contents: object) -> Message:
    receiver = "responder" if sender == "initiator" else "initiator"
    return spec.message(name, says, sender=sender, receiver=receiver, contents=contents)


def _takes(ends: Phase1) -> Term:
    """Whether the responder looks at a Main Mode message 1 at all."""
    return ends.policy.takes_exchange("main") | ~ends.policy.exchange_checked_first


def _may_name(ends: Phase1, mm1: Message) -> Term:
    """Whether the responder names alternatives: once, and by profile."""
    return ends.policy.names_alternatives & mm1.round.eq(0)


def _offer(spec: Specification, ends: Phase1, mm1: Message) -> None:
    p, i = ends.policy, ends.initiator
    spec.action(
        "phase1.offer",
        "initiator",
        "Offer transforms in Main Mode message 1.",
        requirements="R2 R3 R7",
        guards=[
            awaits(i, "idle"),
            guard("main_mode", p.exchange.eq("main"), "it uses Aggressive Mode", "RFC 2409 5.4"),
            guard(
                "offer_not_empty",
                some(p.transform, p.offers),
                "its policy has nothing to offer",
                "R3",
            ),
        ],
        updates={**ends.sends_next("awaits_mm2"), i.named: ends.names_kerberos(i.round)},
        sends=[mm1.carrying(round=i.round, altered=False)],
    )


def _accept(spec: Specification, ends: Phase1, mm1: Message, mm2: Message) -> None:
    r, t = ends.responder, ends.t
    spec.action(
        "phase1.accept",
        "responder",
        "Choose one transform of the offer, unchanged.",
        requirements="R3 R7",
        params=[t],
        receives=mm1,
        guards=[
            awaits(r, "idle"),
            guard("takes_exchange", _takes(ends), "its policy forbids Main Mode", "RFC 2409 5"),
            guard(
                "offered",
                mm1.altered | ends.offered(t, mm1.round),
                "the transform was not offered",
                "RFC 2408 4.2",
            ),
            guard("acceptable", ends.acceptable(t), "its policy does not accept it", "R3"),
            guard(
                "none_before",
                mm1.altered | ends.chosen(t, mm1.round),
                "another acceptable transform comes before it",
                "RFC 2409 5, profile",
            ),
            room(ends),
        ],
        updates={
            r.state: "awaits_mm3",
            r.chosen: t,
            r.offer_intact: ~mm1.altered,
            r.round: mm1.round,
            r.half_open: arm(ends.timing.half_open_life + ends.timing.slack),
        },
        sends=[mm2.carrying(transform=t, life_altered=False)],
    )


def _name_alternatives(
    spec: Specification, ends: Phase1, mm1: Message, alternatives: Message
) -> None:
    r = ends.responder
    none = mm1.altered | ends.none_acceptable(mm1.round)
    spec.action(
        "phase1.name_alternatives",
        "responder",
        "Accept no offer, and name what would be accepted.",
        requirements="R7",
        receives=mm1,
        guards=[
            awaits(r, "idle"),
            guard("takes_exchange", _takes(ends), "its policy forbids Main Mode", "RFC 2409 5"),
            guard("none_acceptable", none, "an offer is acceptable", "RFC 2408 5.4"),
            guard(
                "may_name", _may_name(ends, mm1), "it names none, or has named them before", "R7"
            ),
            guard("not_yet", ~alternatives.sent, "it has named them already", "R7"),
        ],
        sends=[alternatives.carrying(forged=False)],
    )


def _refuse(spec: Specification, ends: Phase1, mm1: Message, no_proposal: Message) -> None:
    r = ends.responder
    takes, may_name = _takes(ends), _may_name(ends, mm1)
    # Of an altered offer no more is known than that nothing in it is acceptable.
    why = ite(mm1.altered, lift("proposal", REASON), ends.why_none(mm1.round))
    spec.action(
        "phase1.refuse",
        "responder",
        "Accept no offer, or not the exchange.",
        requirements="R7",
        receives=mm1,
        guards=[
            awaits(r, "idle"),
            guard(
                "nothing_to_accept",
                ~takes | mm1.altered | (ends.none_acceptable(mm1.round) & ~may_name),
                "an offer is acceptable, or alternatives are named",
                "RFC 2408 5.4",
            ),
        ],
        updates=ends.refuses(ite(takes, why, "exchange_mode")),
        sends=[no_proposal.carrying()],
    )


def _offer_anew(spec: Specification, ends: Phase1, mm1: Message, alternatives: Message) -> None:
    p, i = ends.policy, ends.initiator
    again = ite(alternatives.forged, lift(2, ROUND), 1)
    named = some(p.transform, lambda u: p.allows(u) & ends.attacker.names(u))
    allowed = ite(alternatives.forged, named, ~ends.nothing_in_common)
    spec.action(
        "phase1.offer_anew",
        "initiator",
        "Offer again, with what the alternatives and its policy have in common.",
        requirements="R7",
        receives=alternatives,
        guards=[
            awaits(i, "awaits_mm2"),
            guard("first_round", i.round.eq(0), "one round of alternatives only", "R7"),
            guard("reoffers", p.reoffers, "it does not offer again (profile)", "R7"),
            guard("something_in_common", allowed, "its policy allows none of them", "R7"),
        ],
        updates={
            **ends.sends_next("awaits_mm2"),
            i.round: again,
            i.named: i.named | ends.names_kerberos(again),
            i.last: False,
            i.heard: True,
        },
        sends=[mm1.carrying(round=again, altered=False)],
    )


def _give_up(
    spec: Specification, ends: Phase1, alternatives: Message, no_proposal: Message
) -> None:
    p, i = ends.policy, ends.initiator
    hopeless = i.round.ne(0) | ~p.reoffers | alternatives.forged | ends.nothing_in_common
    refused = p.believes_refusals & (no_proposal.sent | (alternatives.sent & hopeless))
    spec.action(
        "phase1.give_up",
        "initiator",
        "Stop: no offer is acceptable.",
        requirements="R7",
        guards=[
            awaits(i, "awaits_mm2"),
            guard("refused", refused, "no refusal that it believes has arrived", "RFC 2408 5.4"),
        ],
        # The alternatives tell whether it is only the method; the bare refusal does not.
        updates={
            **ends.stops("failed", ite(alternatives.sent, ends.why_none(i.round), "proposal")),
            i.heard: True,
        },
    )
    spec.action(
        "phase1.doubt_refusal",
        "initiator",
        "Note a refusal in clear and wait on: anybody can have made it.",
        requirements="R5 R8",
        guards=[
            awaits(i, "awaits_mm2"),
            guard(
                "refused",
                ~p.believes_refusals & (no_proposal.sent | alternatives.sent),
                "no refusal that it doubts has arrived",
                "RFC 2408 5.4",
            ),
            guard("first", ~i.heard, "it has heard of the peer already", "R5"),
        ],
        updates={i.heard: True},
    )


def _refuse_answer(spec: Specification, ends: Phase1, mm2: Message) -> None:
    i, t = ends.initiator, ends.t
    spec.action(
        "phase1.refuse_answer",
        "initiator",
        "Refuse an answer that is not in the offer, or has another lifetime where that is compared.",
        requirements="R7",
        params=[t],
        receives=mm2,
        guards=[
            awaits(i, "awaits_mm2"),
            the_answer(mm2, t),
            guard(
                "not_offered",
                ~ends.offered(t, i.round) | ends.told_otherwise(mm2),
                "the answer is in the offer",
                "RFC 2408 4.2",
            ),
        ],
        updates={**ends.stops("failed", "altered_answer"), i.heard: True},
    )
