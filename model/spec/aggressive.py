"""Phase I by Aggressive Mode: three messages, identities in clear (RFC 2409 section 5.4; R6)."""

from __future__ import annotations

from model.language.sorts import Maybe
from model.language.specification import Guard, Message, Specification, guard
from model.language.terms import ite, lift, some
from model.spec.parameters import REASON
from model.spec.phase1 import Phase1


def aggressive_mode(spec: Specification, ends: Phase1) -> None:
    """Declare the actions of Aggressive Mode for the same two ends."""
    _first(spec, ends)
    _second(spec, ends)
    _third(spec, ends)


def _idle(ends: Phase1, role: str, state: str) -> Guard:
    end = ends.initiator if role == "initiator" else ends.responder
    return guard(
        f"in_{state}", end.state.eq(state), f"the {role} is not in state {state}", "RFC 2409 5.4"
    )


def _first(spec: Specification, ends: Phase1) -> None:
    p, i = ends.policy, ends.initiator
    am1 = spec.message(
        "am1", "HDR, SA, KE, Ni, IDii: all in clear.", sender="initiator", receiver="responder"
    )
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


def _second(spec: Specification, ends: Phase1) -> None:
    p, r, t = ends.policy, ends.responder, ends.t
    am1 = Message(spec.groups["am1"])
    zero = lift(0, spec.groups["mm1"].field("round").sort)
    am2 = spec.message(
        "am2",
        "HDR, SA, KE, Nr, IDir, HASH_R or SIG_R: in clear.",
        sender="responder",
        receiver="initiator",
        contents={"transform": (Maybe(p.transform), None)},
    )
    secret = ends.method("pre_shared_key").implies(p.has_secret("responder"))
    looks = p.takes_exchange | ~p.exchange_checked_first
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
    refusal = spec.message(
        "am_refusal",
        "A notify in clear.",
        sender="responder",
        receiver="initiator",
        contents={"reason": REASON},
    )
    none = ite(looks, ends.why_none(zero), "exchange_mode")
    why = ite(secret, lift("none", REASON), "psk")
    why = ite(p.identity_accepted("initiator"), why, "identity")
    why = ite(p.takes_method(p.method(t)), why, "auth_method")
    why = ite(p.takes_exchange, why, "exchange_mode")
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


def _third(spec: Specification, ends: Phase1) -> None:
    p, i, r, t = ends.policy, ends.initiator, ends.responder, ends.t
    am2, refusal = Message(spec.groups["am2"]), Message(spec.groups["am_refusal"])
    zero = lift(0, spec.groups["mm1"].field("round").sort)
    am3 = spec.message(
        "am3", "HDR*, HASH_I or SIG_I.", sender="initiator", receiver="responder", protected=True
    )
    needs = ends.method("pre_shared_key")
    secret = needs.implies(p.has_secret("initiator") & p.secrets_agree)
    why = ite(secret & ends.proves("responder"), lift("none", REASON), "certificate")
    why = ite(secret, why, "psk")
    why = ite(p.identity_accepted("responder"), why, "identity")
    why = ite(ends.offered(t, zero), why, "altered_answer")
    answer = [
        _idle(ends, "initiator", "awaits_am2"),
        guard("the_answer", am2.transform.eq(t), "the answer names another", "RFC 2408 4.2"),
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
    spec.action(
        "aggressive.hear_refusal",
        "initiator",
        "Stop: the responder refused.",
        requirements="R7",
        receives=refusal,
        guards=[_idle(ends, "initiator", "awaits_am2")],
        updates={i.state: "failed", i.reason: refusal.reason},
    )
    own = [
        _idle(ends, "responder", "awaits_am3"),
        guard("its_choice", r.chosen.eq(t), "it chose another transform", "RFC 2409 5.4"),
    ]
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
