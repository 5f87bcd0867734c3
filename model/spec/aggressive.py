"""Phase I by Aggressive Mode: three messages, identities in clear (RFC 2409 section 5.4; R6)."""

from __future__ import annotations

from model.language.sorts import Maybe
from model.language.specification import Guard, Message, Specification, guard
from model.language.terms import Term, ite, lift, some
from model.spec.parameters import REASON
from model.spec.phase1 import Phase1, its_choice, the_answer


def aggressive_mode(spec: Specification, ends: Phase1) -> None:
    """Declare the actions of Aggressive Mode for the same two ends."""
    says = "HDR, SA, KE, Ni, IDii: all in clear."
    am1 = spec.message("am1", says, sender="initiator", receiver="responder")
    _offer(spec, ends, am1)
    transform = {"transform": (Maybe(ends.policy.transform), None)}
    says = "HDR, SA, KE, Nr, IDir, HASH_R or SIG_R: in clear."
    am2 = spec.message("am2", says, sender="responder", receiver="initiator", contents=transform)
    _answer(spec, ends, am1, am2)
    refusal = spec.message(
        "am_refusal",
        "A notify in clear.",
        sender="responder",
        receiver="initiator",
        contents={"reason": REASON},
    )
    _refuse(spec, ends, am1, refusal)
    says = "HDR*, HASH_I or SIG_I."
    am3 = spec.message("am3", says, sender="initiator", receiver="responder", protected=True)
    _authenticate_responder(spec, ends, am2, am3)
    _hear_refusal(spec, ends, refusal)
    _authenticate_initiator(spec, ends, am3)


def _zero(spec: Specification) -> Term:
    """Aggressive Mode has one round of offers."""
    return lift(0, spec.groups["mm1"].field("round").sort)


def _idle(ends: Phase1, role: str, state: str) -> Guard:
    end = ends.initiator if role == "initiator" else ends.responder
    return guard(
        f"in_{state}", end.state.eq(state), f"the {role} is not in state {state}", "RFC 2409 5.4"
    )


def _offer(spec: Specification, ends: Phase1, am1: Message) -> None:
    p, i = ends.policy, ends.initiator
    spec.action(
        "aggressive.offer",
        "initiator",
        "Offer transforms, with public value and identity in clear.",
        requirements="R3 R6 R7",
        guards=[
            _idle(ends, "initiator", "idle"),
            guard("aggressive", p.exchange.eq("aggressive"), "it uses Main Mode", "RFC 2409 5"),
            guard("offer_not_empty", some(p.transform, p.offers), "nothing to offer", "R3"),
        ],
        updates={i.state: "awaits_am2"},
        sends=[am1.carrying()],
    )


def _looks(ends: Phase1) -> Term:
    """Whether the responder looks at an Aggressive Mode message 1 at all."""
    return ends.policy.takes_exchange | ~ends.policy.exchange_checked_first


def _finds_secret(ends: Phase1) -> Term:
    """Whether the responder has what it needs to prove itself by a pre-shared key."""
    return ends.method("pre_shared_key").implies(ends.policy.has_secret("responder"))


def _answer(spec: Specification, ends: Phase1, am1: Message, am2: Message) -> None:
    p, r, t, zero = ends.policy, ends.responder, ends.t, _zero(spec)
    secret = _finds_secret(ends)
    spec.action(
        "aggressive.answer",
        "responder",
        "Choose a transform, and prove oneself.",
        requirements="R3 R5 R7",
        params=[t],
        receives=am1,
        guards=[
            _idle(ends, "responder", "idle"),
            guard(
                "offered", ends.offered(t, zero), "the transform was not offered", "RFC 2408 4.2"
            ),
            guard("acceptable", ends.acceptable(t), "its policy does not accept it", "R3"),
            guard("none_before", ends.chosen(t, zero), "another one comes before it", "profile"),
            guard("takes_exchange", p.takes_exchange, "its policy forbids Aggressive Mode", "R3"),
            guard("takes_method", p.takes_method(p.method(t)), "it wants another method", "R3"),
            guard(
                "identity", p.identity_accepted("initiator"), "the identity is not expected", "R5"
            ),
            guard("has_secret", secret, "it has no pre-shared key for this peer", "RFC 2409 5.4"),
        ],
        updates={r.state: "awaits_am3", r.chosen: t, r.peer_public: "initiator"},
        sends=[am2.carrying(transform=t)],
    )


def _refuse(spec: Specification, ends: Phase1, am1: Message, refusal: Message) -> None:
    p, r, t, zero = ends.policy, ends.responder, ends.t, _zero(spec)
    looks = _looks(ends)
    none = ite(looks, ends.why_none(zero), "exchange_mode")
    why = ite(_finds_secret(ends), lift("none", REASON), "psk")
    why = ite(p.takes_method(p.method(t)), why, "auth_method")
    why = ite(p.takes_exchange, why, "exchange_mode")
    why = ite(p.identity_accepted("initiator"), why, "identity")
    spec.action(
        "aggressive.refuse",
        "responder",
        "Choose a transform, but refuse the peer.",
        requirements="R5 R7",
        params=[t],
        receives=am1,
        guards=[
            _idle(ends, "responder", "idle"),
            guard("looks_at_it", looks, "its policy forbids Aggressive Mode", "RFC 2409 5"),
            guard("chosen", ends.chosen(t, zero), "it is not what would be chosen", "R7"),
            guard("fault", why.ne("none"), "nothing is wrong with it", "R5"),
        ],
        updates={r.state: "failed", r.reason: why},
        sends=[refusal.carrying(reason=why)],
    )
    spec.action(
        "aggressive.refuse_offer",
        "responder",
        "Accept no offer, or not the exchange.",
        requirements="R7",
        receives=am1,
        guards=[
            _idle(ends, "responder", "idle"),
            guard(
                "nothing_to_accept",
                ~looks | ends.none_acceptable(zero),
                "an offer is acceptable",
                "RFC 2408 5.4",
            ),
        ],
        updates={r.state: "failed", r.reason: none},
        sends=[refusal.carrying(reason=none)],
    )


def _authenticate_responder(spec: Specification, ends: Phase1, am2: Message, am3: Message) -> None:
    p, i, t, zero = ends.policy, ends.initiator, ends.t, _zero(spec)
    needs = ends.method("pre_shared_key")
    secret = needs.implies(p.has_secret("initiator") & p.secrets_agree)
    why = ite(secret & ends.proves("responder"), lift("none", REASON), "certificate")
    why = ite(secret, why, "psk")
    why = ite(p.identity_accepted("responder"), why, "identity")
    why = ite(ends.offered(t, zero), why, "altered_answer")
    answer = [
        _idle(ends, "initiator", "awaits_am2"),
        the_answer(am2, t),
    ]
    spec.action(
        "aggressive.authenticate_responder",
        "initiator",
        "Verify HASH_R, and prove oneself: Phase I stands.",
        requirements="R5 R7",
        params=[t],
        receives=am2,
        guards=[
            *answer,
            guard("in_the_offer", ends.offered(t, zero), "the answer is not in the offer", "R7"),
            guard("identity", p.identity_accepted("responder"), "not the identity expected", "R5"),
            guard("same_secret", secret, "HASH_R is wrong: the secrets differ", "RFC 2409 5.4"),
            guard("credential", ends.proves("responder"), "the certificate does not hold", "R5"),
        ],
        updates={i.state: "established", i.chosen: t, i.peer_public: "responder"},
        sends=[am3.carrying()],
    )
    spec.action(
        "aggressive.reject_responder",
        "initiator",
        "Refuse the responder's authentication.",
        requirements="R5",
        params=[t],
        receives=am2,
        guards=[*answer, guard("fault", why.ne("none"), "nothing is wrong with it", "R5")],
        updates={i.state: "failed", i.reason: why},
    )


def _hear_refusal(spec: Specification, ends: Phase1, refusal: Message) -> None:
    i = ends.initiator
    spec.action(
        "aggressive.hear_refusal",
        "initiator",
        "Stop: the responder refused.",
        requirements="R7",
        receives=refusal,
        guards=[_idle(ends, "initiator", "awaits_am2")],
        updates={i.state: "failed", i.reason: refusal.reason},
    )


def _authenticate_initiator(spec: Specification, ends: Phase1, am3: Message) -> None:
    r, t = ends.responder, ends.t
    own = [_idle(ends, "responder", "awaits_am3"), its_choice(r, t)]
    spec.action(
        "aggressive.authenticate_initiator",
        "responder",
        "Verify HASH_I: Phase I stands.",
        requirements="R5",
        params=[t],
        receives=am3,
        guards=[
            *own,
            guard("keys_agree", ends.keys_agree, "it cannot decrypt message 3", "RFC 2409 5"),
            guard("credential", ends.proves("initiator"), "the certificate does not hold", "R5"),
        ],
        updates={r.state: "established"},
    )
    fault = ite(ends.proves("initiator"), lift("none", REASON), "certificate")
    fault = ite(ends.keys_agree, fault, "psk")
    spec.action(
        "aggressive.reject_initiator",
        "responder",
        "Refuse the initiator's authentication.",
        requirements="R5",
        params=[t],
        receives=am3,
        guards=[*own, guard("fault", fault.ne("none"), "nothing is wrong with it", "R5")],
        updates={r.state: "failed", r.reason: fault},
    )
