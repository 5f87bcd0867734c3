"""Phase I by Main Mode, messages 3 to 6: keys and authentication (RFC 2409 section 5; R4 to R6).

A refusal is an action of its own with its reason, so that a run that ends in one shows it.
"""

from __future__ import annotations

from model.language.specification import Guard, Message, Specification, guard
from model.spec.offers import offers
from model.spec.parameters import PUBLIC, REASON
from model.spec.phase1 import Phase1, awaits, its_choice, the_answer


def main_mode(spec: Specification, ends: Phase1, delete: Message) -> None:
    """Declare the actions of Main Mode; `delete` is the initiator's."""
    mm2 = offers(spec, ends)
    public: dict[str, object] = {"public": PUBLIC}
    says = "HDR, KE, Ni: the initiator's public value (R4)."
    mm3 = spec.message("mm3", says, sender="initiator", receiver="responder", contents=public)
    says = "HDR, KE, Nr: the responder's public value (R4)."
    mm4 = spec.message("mm4", says, sender="responder", receiver="initiator", contents=public)
    mm5 = _protected(spec, "mm5", "initiator", "HDR*, IDii, HASH_I or SIG_I.")
    _take_answer(spec, ends, mm2, mm3)
    _exchange_keys(spec, ends, mm3, mm4)
    _prove(spec, ends, mm4, mm5)
    mm6 = _protected(spec, "mm6", "responder", "HDR*, IDir, HASH_R or SIG_R.")
    _authenticate_initiator(spec, ends, mm5, mm6)
    refusal = _protected(
        spec,
        "auth_refusal",
        "responder",
        "N(AUTHENTICATION-FAILED); unreadable if the keys differ.",
        reason=REASON,
    )
    _reject_initiator(spec, ends, mm5, refusal)
    _authenticate_responder(spec, ends, mm6)
    _reject_responder(spec, ends, mm6, delete)
    _hear(spec, ends, refusal)


def _protected(
    spec: Specification, name: str, sender: str, says: str, **contents: object
) -> Message:
    receiver = "responder" if sender == "initiator" else "initiator"
    return spec.message(
        name, says, sender=sender, receiver=receiver, protected=True, contents=contents
    )


def _has_secret(ends: Phase1, role: str) -> Guard:
    """A guard: if this end needs a pre-shared key, it has one."""
    has = ends.method("pre_shared_key").implies(ends.policy.has_secret(role))
    return guard("has_secret", has, "it has no pre-shared key for this peer", "RFC 2409 5.4")


def _no_secret(ends: Phase1, role: str) -> Guard:
    """A guard: this end needs a pre-shared key and has none."""
    lacks = ends.method("pre_shared_key") & ~ends.policy.has_secret(role)
    return guard("no_secret", lacks, "it has a pre-shared key, or needs none", "RFC 2409 5.4")


def _sound(ends: Phase1, message: Message) -> Guard:
    """A guard: the public value is not degenerate, where that is looked at."""
    degenerate = message.public.eq("degenerate") & ends.policy.checks_public
    return guard("sound", ~degenerate, "the public value is degenerate", "RFC 2412 2.4, profile")


def _take_answer(spec: Specification, ends: Phase1, mm2: Message, mm3: Message) -> None:
    i, t = ends.initiator, ends.t
    spec.action(
        "phase1.take_answer",
        "initiator",
        "Take the answer and send the public value.",
        requirements="R4 R7",
        params=[t],
        receives=mm2,
        guards=[
            awaits(i, "awaits_mm2"),
            the_answer(mm2, t),
            guard(
                "in_the_offer",
                ends.offered(t, i.round),
                "the answer is not in the offer: someone altered it",
                "RFC 2408 4.2, R7",
            ),
            guard(
                "same_lifetime",
                ~ends.told_otherwise(mm2),
                "the lifetime in the answer is not the one offered",
                "RFC 2408 4.2, profile",
            ),
        ],
        updates={
            **ends.sends_next("awaits_mm4"),
            i.chosen: t,
            i.heard: True,
            i.life_altered: mm2.life_altered,
        },
        sends=[mm3.carrying(public="initiator")],
    )


def _exchange_keys(spec: Specification, ends: Phase1, mm3: Message, mm4: Message) -> None:
    r, t = ends.responder, ends.t
    spec.action(
        "phase1.exchange_keys",
        "responder",
        "Take the initiator's public value, send its own, and derive the keys.",
        requirements="R4",
        params=[t],
        receives=mm3,
        guards=[
            awaits(r, "awaits_mm3"),
            its_choice(r, t),
            _has_secret(ends, "responder"),
            _sound(ends, mm3),
        ],
        updates={r.state: "awaits_mm5", r.peer_public: mm3.public},
        sends=[mm4.carrying(public="responder")],
    )
    spec.action(
        "phase1.lack_secret",
        "responder",
        "Stop: there is no pre-shared key for this peer.",
        requirements="R5",
        params=[t],
        receives=mm3,
        guards=[
            awaits(r, "awaits_mm3"),
            its_choice(r, t),
            _no_secret(ends, "responder"),
        ],
        updates=ends.refuses("psk"),
    )


def _prove(spec: Specification, ends: Phase1, mm4: Message, mm5: Message) -> None:
    i, t = ends.initiator, ends.t
    spec.action(
        "phase1.prove",
        "initiator",
        "Derive the keys, and send identity and proof under them.",
        requirements="R4 R5 R6",
        params=[t],
        receives=mm4,
        guards=[
            awaits(i, "awaits_mm4"),
            its_choice(i, t),
            _has_secret(ends, "initiator"),
            _sound(ends, mm4),
        ],
        updates={**ends.sends_next("awaits_mm6"), i.peer_public: mm4.public},
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
            awaits(i, "awaits_mm4"),
            its_choice(i, t),
            _no_secret(ends, "initiator"),
        ],
        updates=ends.stops("failed", "psk"),
    )


def _authenticate_initiator(spec: Specification, ends: Phase1, mm5: Message, mm6: Message) -> None:
    p, r, t = ends.policy, ends.responder, ends.t
    spec.action(
        "phase1.authenticate_initiator",
        "responder",
        "Verify message 5, and send its own proof in message 6.",
        requirements="R5 R6",
        params=[t],
        receives=mm5,
        guards=[
            awaits(r, "awaits_mm5"),
            its_choice(r, t),
            guard(
                "keys_agree",
                ends.keys_agree,
                "it cannot decrypt message 5: the keys differ (a wrong pre-shared key, or an "
                "altered message)",
                "RFC 2409 5",
            ),
            guard("hash_agrees", ends.hash_agrees, "HASH_I is wrong: altered", "RFC 2409 5"),
            guard("takes_exchange", p.takes_exchange("main"), "its policy forbids Main Mode", "R3"),
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
                "the initiator's certificate or ticket is not accepted",
                "R5",
            ),
        ],
        updates={**ends.stands("responder"), r.peer: "initiator"},
        sends=[mm6.carrying()],
    )


def _reject_initiator(spec: Specification, ends: Phase1, mm5: Message, refusal: Message) -> None:
    r, t = ends.responder, ends.t
    why = ends.refusal_of("initiator")
    spec.action(
        "phase1.reject_initiator",
        "responder",
        "Refuse the initiator's authentication.",
        requirements="R5",
        params=[t],
        receives=mm5,
        guards=[
            awaits(r, "awaits_mm5"),
            its_choice(r, t),
            guard("fault", why.ne("none"), "nothing is wrong with it", "R5"),
        ],
        updates=ends.refuses(why),
        sends=[refusal.carrying(reason=why)],
    )


def _authenticate_responder(spec: Specification, ends: Phase1, mm6: Message) -> None:
    p, i, t = ends.policy, ends.initiator, ends.t
    spec.action(
        "phase1.authenticate_responder",
        "initiator",
        "Verify message 6: Phase I is up.",
        requirements="R5",
        params=[t],
        receives=mm6,
        guards=[
            awaits(i, "awaits_mm6"),
            its_choice(i, t),
            guard("keys_agree", ends.keys_agree, "it cannot decrypt message 6", "RFC 2409 5"),
            guard("hash_agrees", ends.hash_agrees, "HASH_R is wrong: altered", "RFC 2409 5"),
            guard(
                "identity",
                p.identity_accepted("responder"),
                "the responder's identity is not the one expected",
                "R5",
            ),
            guard(
                "credential",
                ends.proves("responder"),
                "the responder's certificate or ticket is not accepted",
                "R5",
            ),
        ],
        updates={**ends.stands("initiator"), i.peer: "responder"},
    )


def _reject_responder(spec: Specification, ends: Phase1, mm6: Message, delete: Message) -> None:
    i, t = ends.initiator, ends.t
    why = ends.refusal_of("responder")
    spec.action(
        "phase1.reject_responder",
        "initiator",
        "Refuse the responder's authentication, and delete what it holds.",
        requirements="R5 R18",
        params=[t],
        receives=mm6,
        guards=[
            awaits(i, "awaits_mm6"),
            its_choice(i, t),
            guard("fault", why.ne("none"), "nothing is wrong with it", "R5"),
        ],
        updates=ends.stops("failed", why),
        sends=[delete.carrying()],
    )


def _hear(spec: Specification, ends: Phase1, refusal: Message) -> None:
    i, t = ends.initiator, ends.t
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
            its_choice(i, t),
            guard("keys_agree", ends.keys_agree, "it cannot decrypt the notify", "RFC 2409 5"),
        ],
        updates=ends.stops("failed", refusal.reason),
    )
