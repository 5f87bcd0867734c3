"""Phase I by Main Mode, both sides, message by message (RFC 2409 section 5; R2 to R7).

A refusal is an action of its own with its reason, so that a run that ends in one shows it.
"""

from __future__ import annotations

from model.language.sorts import Int, Maybe
from model.language.specification import Guard, Message, Record, Specification, guard
from model.language.terms import ite, some
from model.spec.parameters import REASON
from model.spec.phase1 import Phase1


def main_mode(spec: Specification, ends: Phase1) -> None:
    """Declare the actions of Main Mode."""
    maybe = Maybe(ends.policy.transform)
    mm1 = _message(spec, "mm1", "initiator", "HDR, SA: the offer, and its round.", round=Int(0, 1))
    mm2 = _message(spec, "mm2", "responder", "HDR, SA: one transform.", transform=(maybe, None))
    _offers(spec, ends, mm1)
    _answers(spec, ends, mm1, mm2)
    _takes_answers(spec, ends, mm2)
    _exchange_keys(spec, ends, mm2)
    _authenticate(spec, ends)


def _message(spec: Specification, name: str, sender: str, says: str, **contents: object) -> Message:
    receiver = "responder" if sender == "initiator" else "initiator"
    return spec.message(name, says, sender=sender, receiver=receiver, contents=contents)


def _awaits(end: Record, state: str) -> Guard:
    who = "initiator" if end.state.data[0] == "initiator" else "responder"
    return guard(
        f"in_{state}", end.state.eq(state), f"the {who} is not in state {state}", "RFC 2409 5"
    )


def _offers(spec: Specification, ends: Phase1, mm1: Message) -> None:
    p, i = ends.policy, ends.initiator
    spec.action(
        "phase1.offer",
        "initiator",
        "Offer transforms in Main Mode message 1.",
        requirements="R2 R3 R7",
        guards=[
            _awaits(i, "idle"),
            guard("main_mode", p.exchange.eq("main"), "it uses Aggressive Mode", "RFC 2409 5.4"),
            guard(
                "offer_not_empty",
                some(p.transform, p.offers),
                "its policy has nothing to offer",
                "R3",
            ),
        ],
        updates={i.state: "awaits_mm2"},
        sends=[mm1.carrying(round=i.round)],
    )


def _answers(spec: Specification, ends: Phase1, mm1: Message, mm2: Message) -> None:
    p, i, r, t = ends.policy, ends.initiator, ends.responder, ends.t
    takes = p.takes_exchange | ~p.exchange_checked_first
    spec.action(
        "phase1.accept",
        "responder",
        "Choose one transform of the offer, unchanged.",
        requirements="R3 R7",
        params=[t],
        receives=mm1,
        guards=[
            _awaits(r, "idle"),
            guard("takes_exchange", takes, "its policy forbids Main Mode", "RFC 2409 5"),
            guard(
                "offered",
                ends.offered(t, mm1.round),
                "the transform was not offered",
                "RFC 2408 4.2",
            ),
            guard("acceptable", ends.acceptable(t), "its policy does not accept it", "R3"),
            guard(
                "none_before",
                ends.chosen(t, mm1.round),
                "another acceptable transform comes before it",
                "RFC 2409 5, profile",
            ),
        ],
        updates={r.state: "awaits_mm3", r.chosen: t},
        sends=[mm2.carrying(transform=t)],
    )
    alternatives = _message(
        spec, "alternatives", "responder", "A notify that names what would be accepted (R7)."
    )
    no_proposal = _message(spec, "no_proposal", "responder", "N(NO-PROPOSAL-CHOSEN), in clear.")
    refused = guard(
        "none_acceptable", ends.none_acceptable(mm1.round), "an offer is acceptable", "RFC 2408 5.4"
    )
    may_name = p.names_alternatives & mm1.round.eq(0)
    spec.action(
        "phase1.name_alternatives",
        "responder",
        "Accept no offer, and name what would be accepted.",
        requirements="R7",
        receives=mm1,
        guards=[
            _awaits(r, "idle"),
            guard("takes_exchange", takes, "its policy forbids Main Mode", "RFC 2409 5"),
            refused,
            guard("may_name", may_name, "it names none, or has named them before", "R7"),
            guard("not_yet", ~alternatives.sent, "it has named them already", "R7"),
        ],
        sends=[alternatives.carrying()],
    )
    spec.action(
        "phase1.refuse",
        "responder",
        "Accept no offer, or not the exchange.",
        requirements="R7",
        receives=mm1,
        guards=[
            _awaits(r, "idle"),
            guard(
                "nothing_to_accept",
                ~takes | (ends.none_acceptable(mm1.round) & ~may_name),
                "an offer is acceptable, or alternatives are named",
                "RFC 2408 5.4",
            ),
        ],
        updates={
            r.state: "failed",
            r.reason: ite(takes, ends.why_none(mm1.round), "exchange_mode"),
        },
        sends=[no_proposal.carrying()],
    )
    first = [_awaits(i, "awaits_mm2")]
    spec.action(
        "phase1.offer_anew",
        "initiator",
        "Offer anew, with what the alternatives and the own policy have in common.",
        requirements="R7",
        receives=alternatives,
        guards=[
            *first,
            guard("first_round", i.round.eq(0), "one round of alternatives only", "R7"),
            guard("reoffers", p.reoffers, "it does not offer anew (profile)", "R7"),
            guard(
                "something_in_common",
                some(p.transform, lambda u: p.allows(u) & ends.acceptable(u)),
                "its policy allows none of the alternatives",
                "R7",
            ),
        ],
        updates={i.round: 1},
        sends=[mm1.carrying(round=1)],
    )
    hopeless = i.round.eq(1) | ~p.reoffers | ends.nothing_in_common
    spec.action(
        "phase1.give_up",
        "initiator",
        "Stop: no offer is acceptable.",
        requirements="R7",
        guards=[
            *first,
            guard(
                "refused",
                no_proposal.sent | (alternatives.sent & hopeless),
                "no refusal has arrived",
                "RFC 2408 5.4",
            ),
        ],
        # The alternatives tell whether it is only the method; the bare refusal does not.
        updates={
            i.state: "failed",
            i.reason: ite(alternatives.sent, ends.why_none(i.round), "proposal"),
        },
    )


def _takes_answers(spec: Specification, ends: Phase1, mm2: Message) -> None:
    i, t = ends.initiator, ends.t
    answered = guard(
        "the_answer", mm2.transform.eq(t), "the answer names another transform", "RFC 2408 4.2"
    )
    spec.action(
        "phase1.refuse_answer",
        "initiator",
        "Refuse an answer that is not in the offer.",
        requirements="R7",
        params=[t],
        receives=mm2,
        guards=[
            _awaits(i, "awaits_mm2"),
            answered,
            guard(
                "not_offered",
                ~ends.offered(t, i.round),
                "the answer is in the offer",
                "RFC 2408 4.2",
            ),
        ],
        updates={i.state: "failed", i.reason: "altered_answer"},
    )
    spec.action(
        "network.alter_answer",
        "network",
        "Alter message 2 on its way: no key protects it.",
        requirements="R7",
        params=[t],
        receives=mm2,
        guards=[
            guard(
                "switched_on",
                ends.policy.answer_may_be_altered,
                "this power is switched off",
                "attacker switch",
            ),
            guard(
                "another", ~mm2.transform.eq(t), "that is what it says already", "attacker switch"
            ),
            guard(
                "on_its_way",
                i.state.eq("awaits_mm2"),
                "it has been taken already",
                "attacker switch",
            ),
        ],
        updates={mm2.transform: t},
    )


def _exchange_keys(spec: Specification, ends: Phase1, mm2: Message) -> None:
    p, i, r, t = ends.policy, ends.initiator, ends.responder, ends.t
    mm3 = _message(spec, "mm3", "initiator", "HDR, KE, Ni: the initiator's public value (R4).")
    mm4 = _message(spec, "mm4", "responder", "HDR, KE, Nr: the responder's public value (R4).")
    mm5 = spec.message(
        "mm5",
        "HDR*, IDii, HASH_I or SIG_I.",
        sender="initiator",
        receiver="responder",
        protected=True,
    )
    spec.action(
        "phase1.take_answer",
        "initiator",
        "Take the answer and send the public value.",
        requirements="R4 R7",
        params=[t],
        receives=mm2,
        guards=[
            _awaits(i, "awaits_mm2"),
            guard(
                "the_answer",
                mm2.transform.eq(t),
                "the answer names another transform",
                "RFC 2408 4.2",
            ),
            guard(
                "in_the_offer",
                ends.offered(t, i.round),
                "the answer is not in the offer: someone altered it",
                "RFC 2408 4.2, R7",
            ),
        ],
        updates={i.state: "awaits_mm4", i.chosen: t},
        sends=[mm3.carrying()],
    )
    chosen = guard("its_choice", r.chosen.eq(t), "it chose another transform", "RFC 2409 5")
    needs_secret = ends.method("pre_shared_key")
    spec.action(
        "phase1.exchange_keys",
        "responder",
        "Take the initiator's public value, send the own, and derive the keys.",
        requirements="R4",
        params=[t],
        receives=mm3,
        guards=[
            _awaits(r, "awaits_mm3"),
            chosen,
            guard(
                "has_secret",
                needs_secret.implies(p.has_secret("responder")),
                "it has no pre-shared key for this peer",
                "RFC 2409 5.4",
            ),
        ],
        updates={r.state: "awaits_mm5", r.peer_public: "initiator"},
        sends=[mm4.carrying()],
    )
    spec.action(
        "phase1.lack_secret",
        "responder",
        "Stop: there is no pre-shared key for this peer.",
        requirements="R5",
        params=[t],
        receives=mm3,
        guards=[
            _awaits(r, "awaits_mm3"),
            chosen,
            guard(
                "no_secret",
                needs_secret & ~p.has_secret("responder"),
                "it has a pre-shared key, or needs none",
                "RFC 2409 5.4",
            ),
        ],
        updates={r.state: "failed", r.reason: "psk"},
    )
    own = guard("its_choice", i.chosen.eq(t), "it took another transform", "RFC 2409 5")
    lacks = needs_secret & ~p.has_secret("initiator")
    spec.action(
        "phase1.prove",
        "initiator",
        "Derive the keys, and send identity and proof under them.",
        requirements="R4 R5 R6",
        params=[t],
        receives=mm4,
        guards=[
            _awaits(i, "awaits_mm4"),
            own,
            guard("has_secret", ~lacks, "it has no pre-shared key for this peer", "RFC 2409 5.4"),
        ],
        updates={i.state: "awaits_mm6", i.peer_public: "responder"},
        sends=[mm5.carrying()],
    )
    spec.action(
        "phase1.initiator_lacks_secret",
        "initiator",
        "Stop: there is no pre-shared key for this peer.",
        requirements="R5",
        params=[t],
        receives=mm4,
        guards=[
            _awaits(i, "awaits_mm4"),
            own,
            guard("no_secret", lacks, "it has a pre-shared key, or needs none", "RFC 2409 5.4"),
        ],
        updates={i.state: "failed", i.reason: "psk"},
    )
    _check_initiator(spec, ends, mm5)


def _check_initiator(spec: Specification, ends: Phase1, mm5: Message) -> None:
    r, t = ends.responder, ends.t
    mm6 = spec.message(
        "mm6",
        "HDR*, IDir, HASH_R or SIG_R.",
        sender="responder",
        receiver="initiator",
        protected=True,
    )
    p = ends.policy
    chosen = guard("its_choice", r.chosen.eq(t), "it chose another transform", "RFC 2409 5")
    spec.action(
        "phase1.authenticate_initiator",
        "responder",
        "Verify message 5, and prove oneself in message 6.",
        requirements="R5 R6",
        params=[t],
        receives=mm5,
        guards=[
            _awaits(r, "awaits_mm5"),
            chosen,
            guard(
                "keys_agree",
                ends.keys_agree,
                "it cannot decrypt message 5: the keys differ (a wrong pre-shared key, or an "
                "altered message)",
                "RFC 2409 5",
            ),
            guard("takes_exchange", p.takes_exchange, "its policy wants another exchange", "R3"),
            guard(
                "takes_method",
                p.takes_method(p.method(t)),
                "its policy wants another authentication method",
                "R3",
            ),
            guard(
                "identity",
                p.identity_accepted("initiator"),
                "the initiator's identity is not the one expected",
                "R5",
            ),
            guard(
                "credential",
                ends.proves("initiator"),
                "the initiator's certificate or ticket does not hold",
                "R5",
            ),
        ],
        updates={r.state: "established"},
        sends=[mm6.carrying()],
    )
    refusal = spec.message(
        "auth_refusal",
        "N(AUTHENTICATION-FAILED); unreadable where the keys differ.",
        sender="responder",
        receiver="initiator",
        protected=True,
        contents={"reason": REASON},
    )
    why = ends.refusal_of("initiator")
    spec.action(
        "phase1.reject_initiator",
        "responder",
        "Refuse the initiator's authentication.",
        requirements="R5",
        params=[t],
        receives=mm5,
        guards=[
            _awaits(r, "awaits_mm5"),
            chosen,
            guard("fault", why.ne("none"), "nothing is wrong with it", "R5"),
        ],
        updates={r.state: "failed", r.reason: why},
        sends=[refusal.carrying(reason=why)],
    )


def _authenticate(spec: Specification, ends: Phase1) -> None:
    p, i, r, t = ends.policy, ends.initiator, ends.responder, ends.t
    mm6, refusal = Message(spec.groups["mm6"]), Message(spec.groups["auth_refusal"])
    own = guard("its_choice", i.chosen.eq(t), "it took another transform", "RFC 2409 5")
    deletes = spec.message(
        "phase1_delete", "D(ISAKMP SA).", sender="initiator", receiver="responder", protected=True
    )
    spec.action(
        "phase1.authenticate_responder",
        "initiator",
        "Verify message 6: Phase I stands.",
        requirements="R5",
        params=[t],
        receives=mm6,
        guards=[
            _awaits(i, "awaits_mm6"),
            own,
            guard("keys_agree", ends.keys_agree, "it cannot decrypt message 6", "RFC 2409 5"),
            guard(
                "identity",
                p.identity_accepted("responder"),
                "the responder's identity is not the one expected",
                "R5",
            ),
            guard(
                "credential",
                ends.proves("responder"),
                "the responder's certificate or ticket does not hold",
                "R5",
            ),
        ],
        updates={i.state: "established"},
    )
    why = ends.refusal_of("responder")
    spec.action(
        "phase1.reject_responder",
        "initiator",
        "Refuse the responder's authentication, and delete what it holds.",
        requirements="R5 R18",
        params=[t],
        receives=mm6,
        guards=[
            _awaits(i, "awaits_mm6"),
            own,
            guard("fault", why.ne("none"), "nothing is wrong with it", "R5"),
        ],
        updates={i.state: "failed", i.reason: why},
        sends=[deletes.carrying()],
    )
    spec.action(
        "phase1.hear_refusal",
        "initiator",
        "Read why the responder refused; possible only where the keys agree.",
        requirements="R5",
        params=[t],
        receives=refusal,
        guards=[
            guard(
                "awaits_proof",
                i.state.eq("awaits_mm6"),
                "the initiator does not wait for a proof",
                "RFC 2408 5.7",
            ),
            own,
            guard("keys_agree", ends.keys_agree, "it cannot decrypt the notify", "RFC 2409 5"),
        ],
        updates={i.state: "failed", i.reason: refusal.reason},
    )
    spec.action(
        "phase1.hear_delete",
        "responder",
        "Give Phase I up: the initiator deleted it.",
        requirements="R18",
        receives=deletes,
        guards=[_awaits(r, "established")],
        updates={r.state: "failed"},
    )
