"""Who knows the keys of an end of Phase I sends that end everything that it would take from its peer (R14,
R18; the compromise switches): he holds them if he has passed for its peer, or has learned them.

As in `attacker`, he writes over a message of Quick Mode in place. His Deletes and refusals are messages of
their own, so that what an honest end has sent remains so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model.language.sorts import Int
from model.language.specification import Guard, Message, Record, Specification, guard
from model.language.terms import Term, ite, param
from model.spec.driver_ends import Driver
from model.spec.keys import keys_of, master_key_known
from model.spec.parameters import PROOF_REFUSALS, QUICK_PUBLIC, QUICK_REFUSALS, REASON, ROLE
from model.spec.phase1 import Phase1, awaits
from model.spec.phase2 import Phase2, readable, stands

_ACTOR, _CLAUSE = "attacker", "attacker switch"


def intruder(spec: Specification, two: Phase2, driver: Driver) -> None:
    """Declare what he writes. A message 1 of his own begins a negotiation of its own."""
    role, to = param("role", ROLE), param("to", ROLE)
    s, a = two.starter, two.answerer
    unused = s.state.eq("idle") & a.state.eq("idle")
    begins: dict[Term, Term] = {s.role: ite(unused, role, s.role)}
    says = "offer SAs in the starter's name"
    _write(spec, two, "qm1", ("spi", "public"), says, to, more=(to, role), begins=begins)
    says = "answer in the answerer's name"
    _write(spec, two, "qm2", ("spi", "transform", "public"), says, s.role)
    says = "prove in the starter's name that the exchange is live"
    _write(spec, two, "qm3", (), says, two.answering_role)
    _write(spec, two, "quick_refusal", ("reason",), "refuse in the answerer's name", s.role)
    for end in ("initiator", "responder"):
        _delete(spec, two.parent, end)
    for name, pair in (("starter", driver.starter[two.n]), ("answerer", driver.answerer[two.n])):
        _delete_sas(spec, two, name, pair)
    _refuse(spec, two.parent)


def _knows(known: Term) -> Guard:
    return guard("knows_keys", known, "he does not know the keys of this end", _CLAUSE)


def _another(message: Message, same: Term) -> Guard:
    """A guard: writing it again would change nothing."""
    return guard("another", ~(message.sent & same), "that is what it says already", _CLAUSE)


def _not_yet(message: Message) -> Guard:
    return guard("not_yet", ~message.sent, "he has done so", _CLAUSE)


def _reason(why: Term, reasons: Sequence[str]) -> Guard:
    return guard(
        "a_reason", why.one_of(*reasons), "no refusal of this kind says so", "RFC 2408 3.14"
    )


def _write(
    spec: Specification,
    two: Phase2,
    name: str,
    contents: tuple[str, ...],
    says: str,
    to: Term,
    *,
    more: Sequence[Term] = (),
    begins: Mapping[Term, Term] | None = None,
) -> None:
    """to   the role of the end whose keys he writes it with, so that it is for this end"""
    message = Message(spec.groups[name])[two.n]
    params = {
        "spi": param("spi", Int(1, 2)),
        "transform": two.t,
        "public": param("public", QUICK_PUBLIC),
        "reason": param("reason", REASON),
    }
    given = [params[field] for field in contents]
    updates: dict[Term, object] = {message.sent: True, message.under: to, **(begins or {})}
    old = message.under.eq(to)
    for field in contents:
        updates[getattr(message, field)] = params[field]
        old = old & getattr(message, field).eq(params[field])
    for target, value in (begins or {}).items():
        old = old & target.eq(value)
    guards = [
        _knows(keys_of(two.parent, to)),
        _another(message, old),
    ]
    if "reason" in contents:
        guards.append(_reason(params["reason"], QUICK_REFUSALS))
    spec.action(
        f"attacker.write_{name}",
        _ACTOR,
        f"{says[0].upper()}{says[1:]}, under the keys of the end that it is for.",
        requirements="R14",
        params=[two.n, *more, *given],
        guards=guards,
        updates=updates,
    )


def _delete(spec: Specification, ends: Phase1, role: str) -> None:
    """A Delete for the Phase I SA, in the name of the peer of the end of that role."""
    end, peer = ends.end(role), "responder" if role == "initiator" else "initiator"
    says = f"The attacker's Delete of the ISAKMP SA in the {peer}'s name."
    posed = spec.message(f"posed_{peer}_delete", says, sender=_ACTOR, receiver=role, protected=True)
    spec.action(
        f"attacker.delete_as_{peer}",
        _ACTOR,
        f"Delete the Phase I SA at the {role}, under its keys.",
        requirements="R18",
        guards=[_knows(master_key_known(ends, end)), _not_yet(posed)],
        sends=[posed.carrying()],
    )
    spec.action(
        f"phase1.{role}_believes_delete",
        role,
        "End Phase I: a Delete came that the attacker made under its keys.",
        requirements="R18",
        receives=posed,
        guards=[awaits(end, "established")],
        updates=ends.ends(role, "impostor"),
    )


def _delete_sas(spec: Specification, two: Phase2, name: str, pair: Record) -> None:
    """A Delete for IPsec SAs, in the name of the peer of that end of the negotiation."""
    peer = "answerer" if name == "starter" else "starter"
    role = two.starter.role if name == "starter" else two.answering_role
    posed = spec.message(
        f"posed_{peer}_sa_delete",
        f"The attacker's Delete of the IPsec SAs in the {peer}'s name.",
        sender=_ACTOR,
        receiver=name,
        protected=True,
        family=two.policy.negotiation,
        contents={"under": ROLE},
    )[two.n]
    held = guard("installed", pair.state.eq("installed"), f"the {name} holds no SAs", "R19")
    spec.action(
        f"attacker.delete_sas_as_{peer}",
        _ACTOR,
        f"Delete the SAs of the {name}, under the keys of its Phase I SA.",
        requirements="R18 R19",
        params=[two.n],
        guards=[_knows(keys_of(two.parent, role)), _another(posed, posed.under.eq(role))],
        sends=[posed.carrying(under=role)],
    )
    spec.action(
        f"driver.{name}_believes_delete",
        "peer",
        "Delete the SAs: a Delete came that the attacker made under the keys of the Phase I SA.",
        requirements="R18 R19",
        params=[two.n],
        receives=posed,
        guards=[held, stands(two, role), readable(two, posed, role)],
        updates={pair.state: "deleted", pair.hard: None},
    )


def _refuse(spec: Specification, ends: Phase1) -> None:
    i, why = ends.initiator, param("reason", REASON)
    posed = spec.message(
        "posed_refusal",
        "The attacker's N(AUTHENTICATION-FAILED) in the responder's name.",
        sender=_ACTOR,
        receiver="initiator",
        protected=True,
        contents={"reason": REASON},
    )
    waits = guard("awaits_proof", i.state.eq("awaits_mm6"), "it awaits no proof", "RFC 2408 5.7")
    spec.action(
        "attacker.refuse_as_responder",
        _ACTOR,
        "Refuse the initiator's proof, under its keys.",
        requirements="R5",
        params=[why],
        guards=[
            _knows(master_key_known(ends, i)),
            _reason(why, PROOF_REFUSALS),
            _another(posed, posed.reason.eq(why)),
        ],
        sends=[posed.carrying(reason=why)],
    )
    spec.action(
        "phase1.believe_refusal",
        "initiator",
        "Stop: a refusal came that the attacker made under its keys.",
        requirements="R5",
        receives=posed,
        guards=[waits],
        updates=ends.stops("failed", posed.reason),
    )
