"""Who knows the keys of Phase I writes Quick Mode messages that verify (R14; the compromise switches).

As in `attacker`, he writes over a message in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model.language.sorts import Int
from model.language.specification import Message, Specification, guard
from model.language.terms import Term, ite, param
from model.spec.keys import phase1_open
from model.spec.parameters import QUICK_PUBLIC, ROLE
from model.spec.phase2 import Phase2


def intruder(spec: Specification, two: Phase2) -> None:
    """Declare what he writes. A message 1 of his own begins a negotiation of its own."""
    role = param("role", ROLE)
    s, a = two.starter, two.answerer
    unused = s.state.eq("idle") & a.state.eq("idle")
    begins: dict[Term, Term] = {s.role: ite(unused, role, s.role)}
    says = "offer SAs in the starter's name"
    _write(spec, two, "qm1", ("spi", "public"), says, more=(role,), begins=begins)
    _write(spec, two, "qm2", ("spi", "transform", "public"), "answer in the answerer's name")
    _write(spec, two, "qm3", (), "prove in the starter's name that the exchange is live")


def _write(
    spec: Specification,
    two: Phase2,
    name: str,
    contents: tuple[str, ...],
    says: str,
    *,
    more: Sequence[Term] = (),
    begins: Mapping[Term, Term] | None = None,
) -> None:
    message = Message(spec.groups[name])[two.n]
    public = param("public", QUICK_PUBLIC)
    params = {"spi": param("spi", Int(1, 2)), "transform": two.t, "public": public}
    given = [params[field] for field in contents]
    updates: dict[Term, object] = {message.sent: True, **(begins or {})}
    for field in contents:
        updates[getattr(message, field)] = params[field]
    old = message.sent
    for field in contents:
        old = old & getattr(message, field).eq(params[field])
    for target, value in (begins or {}).items():
        old = old & target.eq(value)
    knows = phase1_open(two.parent)
    spec.action(
        f"attacker.write_{name}",
        "attacker",
        f"{says[0].upper()}{says[1:]}, under the keys of Phase I.",
        requirements="R14",
        params=[two.n, *given, *more],
        guards=[
            guard("knows_keys", knows, "he does not know the keys of Phase I", "attacker switch"),
            guard("another", ~old, "that is what it says already", "attacker switch"),
        ],
        updates=updates,
    )
