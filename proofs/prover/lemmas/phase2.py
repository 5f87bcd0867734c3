"""Lemmas about Phase II: each about the one negotiation that is followed."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, every
from model.spec import Ike
from proofs.prover.lemmas import lemma


def _message(ike: Ike, name: str) -> Message:
    return Message(ike.spec.groups[name])[ike.phase2.n]


@lemma
def quick_1_says_what_the_starter_chose(ike: Ike) -> Term:
    """Message 1 carries the starter's SPI, there is one, and it is sent once: so it never changes
    under an answer."""
    s, qm1 = ike.phase2.starter, _message(ike, "qm1")
    idle = s.state.eq("idle")
    return qm1.sent.implies(qm1.spi.eq(s.spi) & s.spi.ne(0) & ~idle) & (~idle).implies(s.spi.ne(0))


@lemma
def the_answerer_chose_once(ike: Ike) -> Term:
    """The answerer's choice was offered by the role that started and is acceptable; its SPI is there
    and not the starter's. Before it has chosen it has none."""
    two, a = ike.phase2, ike.phase2.answerer
    p, role, qm1 = two.policy, two.starter.role, _message(ike, "qm1")
    fair = every(
        p.protection,
        lambda u: a.chosen.eq(u).implies(p.offers(role, u) & p.accepts(role, u)),
    )
    told = (~a.chosen.is_none).implies(qm1.sent & a.spi.ne(0) & a.spi.ne(qm1.spi))
    return fair & told & a.state.eq("idle").implies(a.chosen.is_none)


@lemma
def quick_2_says_what_the_answerer_chose(ike: Ike) -> Term:
    """Message 2 carries the answerer's choice and SPI."""
    a, qm2 = ike.phase2.answerer, _message(ike, "qm2")
    same = qm2.transform.eq(a.chosen) & qm2.spi.eq(a.spi) & ~a.chosen.is_none
    return qm2.sent.implies(same) & a.state.eq("awaits_qm3").implies(qm2.sent)


@lemma
def drivers_hold_what_was_agreed(ike: Ike) -> Term:
    """What each driver holds is what the messages said; message 3 is sent only with SAs in place."""
    two, n = ike.phase2, ike.phase2.n
    starter, answerer = ike.driver.starter[n], ike.driver.answerer[n]
    qm1, qm2, qm3 = (_message(ike, name) for name in ("qm1", "qm2", "qm3"))
    s_holds = (
        qm2.sent
        & two.starter.state.eq("established")
        & starter.inbound_spi.eq(two.starter.spi)
        & starter.outbound_spi.eq(qm2.spi)
        & starter.protection.eq(qm2.transform)
    )
    a_holds = (
        qm2.sent
        & answerer.inbound_spi.eq(two.answerer.spi)
        & answerer.outbound_spi.eq(qm1.spi)
        & answerer.protection.eq(two.answerer.chosen)
    )
    return (
        starter.installed.implies(s_holds)
        & answerer.installed.implies(a_holds)
        & qm3.sent.implies(starter.installed)
    )
