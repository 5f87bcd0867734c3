"""Quick Mode reflected to its sender: both directions of Phase I have the same keys, so its own message 1
that comes back verifies (R14). What stops it is the message id: it is that of its own negotiation.
"""

from __future__ import annotations

from model.language.sorts import Int
from model.language.specification import Message, Specification, guard
from model.language.terms import param
from model.spec.parameters import other_role
from model.spec.phase2 import (
    Phase2,
    another_spi,
    answers,
    in_state,
    may_serve,
    readable,
    stands,
    two_says,
)


def reflection(spec: Specification, two: Phase2) -> None:
    """Declare how a peer answers itself."""
    p, a, t, role = two.policy, two.answerer, two.t, two.starter.role
    qm1, qm2 = (Message(spec.groups[name])[two.n] for name in ("qm1", "qm2"))
    spi, back = param("spi", Int(1, 2)), other_role(role)
    ids = "the message id is that of its own negotiation"
    spec.action(
        "quick.answer_oneself",
        "peer",
        "Take its own message 1, sent back by the attacker, for one of the peer's, and answer it.",
        requirements="R14",
        params=[two.n, t, spi],
        receives=qm1,
        guards=[
            in_state(two, "answerer", "idle"),
            guard("reflects", two.parent.attacker.reflects, "nobody sends it back", "switch"),
            guard("own_id", ~p.checks_message_ids, ids, "RFC 2408 3.1, profile"),
            readable(two, qm1, role),
            stands(two, role),
            may_serve(two, role),
            guard("offered", p.offers(role, t), "the transform was not offered", "RFC 2408 4.2"),
            guard("acceptable", p.accepts(back, t), "its policy does not accept it", "R10"),
            guard("clients", p.clients_taken(back), "no policy selects its identities", "R21"),
            guard("mode", p.mode_taken(back), "its policy wants another mode", "R13"),
            guard("key_exchange", ~p.pfs(t) | qm1.public.ne("none"), "no public value", "R12"),
            another_spi(two, spi, qm1),
        ],
        updates={**answers(two, qm1, t, spi), a.own: True},
        sends=[two_says(two, qm2, t, spi, role)],
    )
