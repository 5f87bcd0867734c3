"""The outsider: what he writes on the wire, and whom he passes for (DESIGN.md section 3).

He writes over a message in place. What was there is not lost for good: he can write it again. What a key
protects he can only delay, drop and repeat, unless he holds a credential (the compromise switches).
"""

from __future__ import annotations

from model.language.specification import Guard, Message, Specification, guard
from model.language.terms import Term, ite, lift
from model.spec.keys import holds_credential, master_key_known
from model.spec.parameters import REASON
from model.spec.phase1 import Phase1, awaits, its_choice

_ACTOR = "attacker"
_CLAUSE = "attacker switch"


def attacker(spec: Specification, ends: Phase1) -> None:
    """Declare the outsider's actions."""
    _offers(spec, ends)
    _lifetimes(spec, ends)
    _refusals(spec, ends)
    _publics(spec, ends)
    _aggressive(spec, ends)
    _pose_as_initiator(spec, ends)
    _pose_as_responder(spec, ends)


def _message(spec: Specification, name: str) -> Message:
    return Message(spec.groups[name])


def _may_write(ends: Phase1, message: Message) -> Guard:
    """A guard: he may alter what was sent, or make it."""
    power = ends.attacker.forges | (ends.attacker.alters & message.sent)
    return guard("may_write", power, "he may not alter or make it", _CLAUSE)


def _may_forge(ends: Phase1) -> Guard:
    return guard("may_forge", ends.attacker.forges, "he may not make messages", _CLAUSE)


def _there(answer: Message) -> Guard:
    return guard("there", answer.sent, "there is no answer", _CLAUSE)


def _taken(message: Message, value: Term, now: Term) -> Guard:
    """A guard: writing it again would change nothing."""
    return guard("another", ~(message.sent & now.eq(value)), "that is what it says", _CLAUSE)


def _offers(spec: Specification, ends: Phase1) -> None:
    mm1, mm2, t = _message(spec, "mm1"), _message(spec, "mm2"), ends.t
    spec.action(
        "attacker.write_offer",
        _ACTOR,
        "Write another offer into message 1.",
        requirements="R7",
        guards=[
            _may_write(ends, mm1),
            guard("not_yet", ~mm1.altered, "it is altered already", _CLAUSE),
        ],
        updates={mm1.sent: True, mm1.altered: True},
    )
    spec.action(
        "attacker.write_answer",
        _ACTOR,
        "Write another transform into message 2.",
        requirements="R7",
        params=[t],
        guards=[_may_write(ends, mm2), _taken(mm2, t, mm2.transform)],
        updates={mm2.sent: True, mm2.transform: t},
    )


def _lifetimes(spec: Specification, ends: Phase1) -> None:
    """No hash covers the answer's lifetime: HASH_I and HASH_R are over the offer."""
    for name, called in (("mm2", "attacker.write_lifetime"), ("am2", "attacker.write_am_lifetime")):
        answer = _message(spec, name)
        spec.action(
            called,
            _ACTOR,
            f"Write another lifetime into message 2 ({name}).",
            requirements="R7 R17",
            guards=[
                _there(answer),
                _may_write(ends, answer),
                guard("not_yet", ~answer.life_altered, "it is altered already", _CLAUSE),
            ],
            updates={answer.life_altered: True},
        )


def _refusals(spec: Specification, ends: Phase1) -> None:
    alternatives = _message(spec, "alternatives")
    spec.action(
        "attacker.name_alternatives",
        _ACTOR,
        "Name alternatives in the responder's name.",
        requirements="R7",
        guards=[
            _may_forge(ends),
            guard("not_yet", ~alternatives.forged, "they are forged already", _CLAUSE),
        ],
        updates={alternatives.sent: True, alternatives.forged: True},
    )
    no_proposal, refusal = _message(spec, "no_proposal"), _message(spec, "am_refusal")
    says = "Refuse in the responder's name: no key protects a notify before there are keys."
    spec.action(
        "attacker.refuse_main",
        _ACTOR,
        says,
        requirements="R7",
        guards=[
            _may_forge(ends),
            guard("not_yet", ~no_proposal.sent, "it is there already", _CLAUSE),
        ],
        updates={no_proposal.sent: True},
    )
    spec.action(
        "attacker.refuse_aggressive",
        _ACTOR,
        f"{says[:-1]}, or to what it says.",
        requirements="R7",
        guards=[
            _may_write(ends, refusal),
            _taken(refusal, lift("proposal", REASON), refusal.reason),
        ],
        updates={refusal.sent: True, refusal.reason: "proposal"},
    )


def _publics(spec: Specification, ends: Phase1) -> None:
    for exchange, initiators, responders in (("", "mm3", "mm4"), ("aggressive_", "am1", "am2")):
        for public in ("attacker", "degenerate"):
            name = f"attacker.{exchange}{public}_for"
            _write_public(spec, ends, f"{name}_initiator", _message(spec, initiators), public)
            _write_public(spec, ends, f"{name}_responder", _message(spec, responders), public)
    name = "attacker.initiator_for_responder"
    _write_public(spec, ends, name, _message(spec, "mm4"), "initiator")


def _write_public(
    spec: Specification, ends: Phase1, name: str, message: Message, public: str
) -> None:
    whose = message.group.sender
    what = {"attacker": "a public value of his own", "degenerate": "a degenerate public value"}
    said = what.get(public, "its own public value, sent back to it,")
    spec.action(
        name,
        _ACTOR,
        f"Put {said} in the place of the {whose}'s.",
        requirements="R4",
        guards=[
            # In Aggressive Mode an answer is one only with a transform, which he writes before.
            *([_there(message)] if message.group.name == "am2" else []),
            _may_write(ends, message),
            guard("another", message.public.ne(public), "that is what it says", _CLAUSE),
        ],
        updates={
            **({} if message.group.name == "am2" else {message.sent: True}),
            message.public: public,
        },
    )


def _aggressive(spec: Specification, ends: Phase1) -> None:
    am1, am2, t = _message(spec, "am1"), _message(spec, "am2"), ends.t
    spec.action(
        "attacker.write_aggressive_offer",
        _ACTOR,
        "Write another offer into message 1 of Aggressive Mode.",
        requirements="R7",
        guards=[
            _may_write(ends, am1),
            guard("not_yet", ~am1.altered, "it is altered already", _CLAUSE),
        ],
        updates={am1.sent: True, am1.altered: True},
    )
    spec.action(
        "attacker.write_aggressive_answer",
        _ACTOR,
        "Write another transform into message 2 of Aggressive Mode.",
        requirements="R7",
        params=[t],
        guards=[_may_write(ends, am2), _taken(am2, t, am2.transform)],
        updates={am2.sent: True, am2.transform: t},
    )


def _holds(ends: Phase1) -> Guard:
    holds = holds_credential(ends, ends.t)
    return guard(
        "holds_credential", holds, "he holds no credential that would be accepted", _CLAUSE
    )


def _pose_as_initiator(spec: Specification, ends: Phase1) -> None:
    p, r, t, mm6 = ends.policy, ends.responder, ends.t, _message(spec, "mm6")
    says = "The attacker's proof in the initiator's name: message 5, or 3 of Aggressive Mode."
    posed = spec.message(
        "posed_initiator", says, sender=_ACTOR, receiver="responder", protected=True
    )
    waits = r.state.one_of("awaits_mm5", "awaits_am3")
    takes = ite(r.state.eq("awaits_mm5"), p.takes_exchange("main"), p.takes_exchange("aggressive"))
    awaited = guard("awaited", waits, "the responder awaits no proof", "RFC 2409 5")
    spec.action(
        "attacker.pose_as_initiator",
        _ACTOR,
        "Prove to be the initiator, under keys shared with the responder.",
        requirements="R5",
        params=[t],
        guards=[
            its_choice(r, t),
            guard("knows_key", master_key_known(ends, r), "he does not know its keys", _CLAUSE),
            _holds(ends),
            guard("not_yet", ~posed.sent, "he has done so", _CLAUSE),
        ],
        sends=[posed.carrying()],
    )
    spec.action(
        "phase1.believe_initiator",
        "responder",
        "Verify a proof that the attacker made with a real credential: it is accepted.",
        requirements="R5",
        params=[t],
        receives=posed,
        guards=[
            awaited,
            its_choice(r, t),
            guard("takes_exchange", takes, "its policy wants another exchange", "R3"),
            guard("takes_method", p.takes_method(p.method(t)), "it wants another method", "R3"),
        ],
        updates={
            **ends.stands("responder"),
            r.peer: "attacker",
            mm6.sent: mm6.sent | r.state.eq("awaits_mm5"),
        },
    )


def _pose_as_responder(spec: Specification, ends: Phase1) -> None:
    i, t = ends.initiator, ends.t
    says = "The attacker's proof in the responder's name: message 6."
    posed = spec.message(
        "posed_responder", says, sender=_ACTOR, receiver="initiator", protected=True
    )
    spec.action(
        "attacker.pose_as_responder",
        _ACTOR,
        "Prove to be the responder, under keys shared with the initiator.",
        requirements="R5",
        params=[t],
        guards=[
            its_choice(i, t),
            guard("knows_key", master_key_known(ends, i), "he does not know its keys", _CLAUSE),
            _holds(ends),
            guard("not_yet", ~posed.sent, "he has done so", _CLAUSE),
        ],
        sends=[posed.carrying()],
    )
    spec.action(
        "phase1.believe_responder",
        "initiator",
        "Verify a proof that the attacker made with a real credential: it is accepted.",
        requirements="R5",
        params=[t],
        receives=posed,
        guards=[awaits(i, "awaits_mm6"), its_choice(i, t)],
        updates={**ends.stands("initiator"), i.peer: "attacker"},
    )
    _answer_aggressively(spec, ends)


def _answer_aggressively(spec: Specification, ends: Phase1) -> None:
    """Message 2 of Aggressive Mode proves the responder at once."""
    i, am1, am2, t = ends.initiator, _message(spec, "am1"), _message(spec, "am2"), ends.t
    zero = ends.initiator.round
    spec.action(
        "aggressive.believe_responder",
        "initiator",
        "Take an Aggressive Mode message 2 that the attacker made with a real credential.",
        requirements="R5",
        params=[t],
        receives=am1,
        guards=[
            awaits(i, "awaits_am2"),
            _may_write(ends, am2),
            _holds(ends),
            guard("in_the_offer", ends.offered(t, zero), "the answer is not in the offer", "R7"),
        ],
        updates={
            **ends.stands("initiator"),
            i.chosen: t,
            i.peer_public: "attacker",
            i.peer: "attacker",
            i.heard: True,
        },
    )
