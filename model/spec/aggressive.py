"""Phase I by Aggressive Mode: three messages, identities in clear (RFC 2409 section 5.4; R6)."""

from __future__ import annotations

from model.language.sorts import BOOL, Maybe
from model.language.specification import Guard, Message, Specification, guard
from model.language.terms import Term, arm, ite, lift, some
from model.spec.parameters import PUBLIC, REASON
from model.spec.phase1 import Phase1, its_choice, room, the_answer


def aggressive_mode(spec: Specification, ends: Phase1) -> None:
    """Declare the actions of Aggressive Mode for the same two ends."""
    public: dict[str, object] = {"public": PUBLIC}
    says = "HDR, SA, KE, Ni, IDii: all in clear; and whether the offer was altered or forged."
    contents = {**public, "altered": BOOL}
    am1 = spec.message("am1", says, sender="initiator", receiver="responder", contents=contents)
    _offer(spec, ends, am1)
    answer = {"transform": (Maybe(ends.policy.transform), None), "life_altered": BOOL}
    contents = {**public, **answer}
    says = "HDR, SA, KE, Nr, IDir, HASH_R or SIG_R: in clear."
    am2 = spec.message("am2", says, sender="responder", receiver="initiator", contents=contents)
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
    named = ends.names_kerberos(_zero(spec))
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
        updates={**ends.sends_next("awaits_am2"), i.named: named},
        sends=[am1.carrying(public="initiator", altered=False)],
    )


def _looks(ends: Phase1) -> Term:
    """Whether the responder looks at an Aggressive Mode message 1 at all."""
    return ends.policy.takes_exchange("aggressive") | ~ends.policy.exchange_checked_first


def _finds_secret(ends: Phase1) -> Term:
    """Whether the responder has what it needs to prove itself by a pre-shared key."""
    return ends.method("pre_shared_key").implies(ends.policy.has_secret("responder"))


def _answer(spec: Specification, ends: Phase1, am1: Message, am2: Message) -> None:
    p, r, t, zero = ends.policy, ends.responder, ends.t, _zero(spec)
    secret, takes = _finds_secret(ends), p.takes_exchange("aggressive")
    offered = am1.altered | ends.offered(t, zero)
    best = am1.altered | ends.chosen(t, zero)
    degenerate = am1.public.eq("degenerate") & p.checks_public
    spec.action(
        "aggressive.answer",
        "responder",
        "Choose a transform, and send its own proof.",
        requirements="R3 R5 R7",
        params=[t],
        receives=am1,
        guards=[
            _idle(ends, "responder", "idle"),
            guard("offered", offered, "the transform was not offered", "RFC 2408 4.2"),
            guard("acceptable", ends.acceptable(t), "its policy does not accept it", "R3"),
            guard("none_before", best, "another one comes before it", "profile"),
            guard("takes_exchange", takes, "its policy forbids Aggressive Mode", "R3"),
            guard("takes_method", p.takes_method(p.method(t)), "it wants another method", "R3"),
            guard(
                "identity", p.identity_accepted("initiator"), "the identity is not expected", "R5"
            ),
            guard("has_secret", secret, "it has no pre-shared key for this peer", "RFC 2409 5.4"),
            guard("sound", ~degenerate, "the public value is degenerate", "RFC 2412 2.4, profile"),
            room(ends),
        ],
        updates={
            r.state: "awaits_am3",
            r.chosen: t,
            r.peer_public: am1.public,
            r.offer_intact: ~am1.altered,
            r.in_clear: True,
            r.half_open: arm(ends.timing.half_open_life + ends.timing.slack),
        },
        sends=[am2.carrying(transform=t, public="responder", life_altered=False)],
    )


def _refuse(spec: Specification, ends: Phase1, am1: Message, refusal: Message) -> None:
    p, t, zero = ends.policy, ends.t, _zero(spec)
    looks = _looks(ends)
    best = (am1.altered & ends.acceptable(t)) | ends.chosen(t, zero)
    none = ite(am1.altered, lift("proposal", REASON), ends.why_none(zero))
    none = ite(looks, none, "exchange_mode")
    why = ite(_finds_secret(ends), lift("none", REASON), "psk")
    why = ite(p.takes_method(p.method(t)), why, "auth_method")
    why = ite(p.takes_exchange("aggressive"), why, "exchange_mode")
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
            guard("chosen", best, "it is not what would be chosen", "R7"),
            guard("fault", why.ne("none"), "nothing is wrong with it", "R5"),
        ],
        updates=ends.refuses(why),
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
                ~looks | am1.altered | ends.none_acceptable(zero),
                "an offer is acceptable",
                "RFC 2408 5.4",
            ),
        ],
        updates=ends.refuses(none),
        sends=[refusal.carrying(reason=none)],
    )


def _authenticate_responder(spec: Specification, ends: Phase1, am2: Message, am3: Message) -> None:
    p, i, r, t, zero = ends.policy, ends.initiator, ends.responder, ends.t, _zero(spec)
    needs = ends.method("pre_shared_key")
    secret = needs.implies(p.has_secret("initiator") & p.secrets_agree)
    # What HASH_R covers: both public values, the offer, and by the keys the suite.
    covered = (
        r.chosen.eq(t)
        & ends.offers_agree
        & r.peer_public.eq("initiator")
        & am2.public.eq("responder")
    )
    why = ite(ends.proves("responder"), lift("none", REASON), "certificate")
    why = ite(covered, why, "tampered")
    why = ite(secret, why, "psk")
    why = ite(p.identity_accepted("responder"), why, "identity")
    same = ends.offered(t, zero) & ~ends.told_otherwise(am2)
    why = ite(same, why, "altered_answer")
    answer = [
        _idle(ends, "initiator", "awaits_am2"),
        the_answer(am2, t),
    ]
    spec.action(
        "aggressive.authenticate_responder",
        "initiator",
        "Verify HASH_R, and send its own proof: Phase I is up.",
        requirements="R5 R7",
        params=[t],
        receives=am2,
        guards=[
            *answer,
            guard("in_the_offer", ends.offered(t, zero), "the answer is not in the offer", "R7"),
            guard(
                "same_lifetime",
                ~ends.told_otherwise(am2),
                "the lifetime in the answer is not the one offered",
                "RFC 2408 4.2, profile",
            ),
            guard("identity", p.identity_accepted("responder"), "not the identity expected", "R5"),
            guard("same_secret", secret, "HASH_R is wrong: the secrets differ", "RFC 2409 5.4"),
            guard("hash_agrees", covered, "HASH_R is wrong: altered", "RFC 2409 5"),
            guard("credential", ends.proves("responder"), "the certificate is not accepted", "R5"),
        ],
        updates={
            **ends.stands("initiator", am2.life_altered),
            i.chosen: t,
            i.peer_public: am2.public,
            i.peer: "responder",
            i.heard: True,
            i.life_altered: am2.life_altered,
        },
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
        updates={**ends.stops("failed", why), i.heard: True},
    )


def _hear_refusal(spec: Specification, ends: Phase1, refusal: Message) -> None:
    p, i = ends.policy, ends.initiator
    believes = guard("believes", p.believes_refusals, "it doubts a refusal in clear", "profile")
    spec.action(
        "aggressive.hear_refusal",
        "initiator",
        "Stop: the responder refused.",
        requirements="R7",
        receives=refusal,
        guards=[_idle(ends, "initiator", "awaits_am2"), believes],
        updates={**ends.stops("failed", refusal.reason), i.heard: True},
    )
    doubts = guard("doubts", ~p.believes_refusals, "it believes a refusal in clear", "profile")
    spec.action(
        "aggressive.doubt_refusal",
        "initiator",
        "Note a refusal in clear and wait on: anybody can have made it.",
        requirements="R5 R8",
        receives=refusal,
        guards=[
            _idle(ends, "initiator", "awaits_am2"),
            doubts,
            guard("first", ~i.heard, "it has heard of the peer already", "R5"),
        ],
        updates={i.heard: True},
    )


def _authenticate_initiator(spec: Specification, ends: Phase1, am3: Message) -> None:
    r, t = ends.responder, ends.t
    own = [_idle(ends, "responder", "awaits_am3"), its_choice(r, t)]
    spec.action(
        "aggressive.authenticate_initiator",
        "responder",
        "Verify HASH_I: Phase I is up.",
        requirements="R5",
        params=[t],
        receives=am3,
        guards=[
            *own,
            guard("keys_agree", ends.keys_agree, "it cannot decrypt message 3", "RFC 2409 5"),
            guard("hash_agrees", ends.hash_agrees, "HASH_I is wrong: altered", "RFC 2409 5"),
            guard("credential", ends.proves("initiator"), "the certificate is not accepted", "R5"),
        ],
        updates={**ends.stands("responder"), r.peer: "initiator"},
    )
    fault = ite(ends.proves("initiator"), lift("none", REASON), "certificate")
    fault = ite(ends.hash_agrees, fault, "tampered")
    fault = ite(ends.keys_agree, fault, "psk")
    spec.action(
        "aggressive.reject_initiator",
        "responder",
        "Refuse the initiator's authentication.",
        requirements="R5",
        params=[t],
        receives=am3,
        guards=[*own, guard("fault", fault.ne("none"), "nothing is wrong with it", "R5")],
        updates=ends.refuses(fault),
    )
