"""Lemmas about Phase II: each about the one negotiation that is followed."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, conjunction, every, some
from model.spec import Ike
from model.spec.driver_ends import handed_over
from model.spec.keys import compromised, master_key_known, phase1_open
from proofs.prover.lemmas import lemma


def _message(ike: Ike, name: str) -> Message:
    return Message(ike.spec.groups[name])[ike.phase2.n]


@lemma
def quick_1_says_what_the_starter_chose(ike: Ike) -> Term:
    """Message 1 carries the starter's SPI, there is one, and it is sent once: so it never changes
    under an answer. Who knows the keys of Phase I can write another."""
    s, qm1 = ike.phase2.starter, _message(ike, "qm1")
    idle = s.state.eq("idle")
    honest = qm1.sent.implies(qm1.spi.eq(s.spi) & ~idle) | phase1_open(ike.phase1)
    fresh = idle.implies(s.tries.eq(0) & ~s.late)
    return honest & qm1.sent.implies(qm1.spi.ne(0)) & (~idle).implies(s.spi.ne(0)) & fresh


@lemma
def the_answerer_chose_once(ike: Ike) -> Term:
    """The answerer's choice was offered by the role that started and is acceptable; its SPI and the
    starter's are there and differ. Before it has chosen it has none."""
    two, a = ike.phase2, ike.phase2.answerer
    p, role = two.policy, two.starter.role
    fair = every(
        p.protection,
        lambda u: a.chosen.eq(u).implies(p.offers(role, u) & p.accepts(role, u)),
    )
    told = _message(ike, "qm1").sent & a.peer_spi.eq(two.starter.spi)
    known = phase1_open(ike.phase1)
    honest = ((~a.chosen.is_none).implies(told) | known) & (fair | known | two.reflected)
    differ = a.spi.ne(a.peer_spi) | ~p.checks_spi
    spis = a.spi.ne(0) & a.peer_spi.ne(0) & differ
    idle = a.state.eq("idle").implies(a.chosen.is_none & ~a.own)
    idle = idle & a.own.implies(two.reflected)
    return honest & (~a.chosen.is_none).implies(spis) & idle


@lemma
def quick_2_says_what_the_answerer_chose(ike: Ike) -> Term:
    """Message 2 carries the answerer's choice and SPI. Who knows the keys can write another."""
    a, qm2 = ike.phase2.answerer, _message(ike, "qm2")
    same = qm2.transform.eq(a.chosen) & qm2.spi.eq(a.spi) & ~a.chosen.is_none
    sent = a.state.one_of("awaits_qm3", "established").implies(qm2.sent & ~a.chosen.is_none)
    honest = qm2.sent.implies(same) | phase1_open(ike.phase1)
    return honest & sent & qm2.sent.implies(qm2.spi.ne(0))


@lemma
def drivers_hold_what_was_agreed(ike: Ike) -> Term:
    """What each driver holds is what its end agreed to; message 3 is sent only with SAs in place."""
    two, n = ike.phase2, ike.phase2.n
    starter, answerer = ike.driver.starter[n], ike.driver.answerer[n]
    qm2, qm3 = _message(ike, "qm2"), _message(ike, "qm3")
    s_given, a_given = handed_over(starter), handed_over(answerer)
    s_holds = two.starter.state.eq("established") & starter.inbound_spi.eq(two.starter.spi)
    told = qm2.sent & starter.outbound_spi.eq(qm2.spi) & starter.protection.eq(qm2.transform)
    a_holds = (
        two.answerer.state.eq("established")
        & answerer.inbound_spi.eq(two.answerer.spi)
        & answerer.outbound_spi.eq(two.answerer.peer_spi)
        & answerer.protection.eq(two.answerer.chosen)
    )
    honest = s_given.implies(told) & qm3.sent.implies(s_given)
    return s_given.implies(s_holds) & a_given.implies(a_holds) & (honest | phase1_open(ike.phase1))


@lemma
def public_values_of_quick_mode(ike: Ike) -> Term:
    """With PFS, and only then, an end has taken a public value, once, with its choice; who does not know
    the keys of Phase I has put none of his own in."""
    two, n = ike.phase2, ike.phase2.n
    s, a, p = two.starter, two.answerer, two.policy
    qm1, qm2 = _message(ike, "qm1"), _message(ike, "qm2")

    def has(chosen: Term) -> Term:
        return some(p.protection, lambda u: chosen.eq(u) & p.pfs(u))

    given = ike.driver.starter[n]
    fresh = s.state.one_of("idle", "awaits_qm2").implies(s.peer_public.eq("none"))
    starters = handed_over(given).implies(has(given.protection).eq(s.peer_public.ne("none")))
    answerers = has(a.chosen).eq(a.peer_public.ne("none"))
    honest = (
        qm1.public.one_of("none", "starter")
        & a.peer_public.one_of("none", "starter")
        & qm2.public.one_of("none", "answerer")
        & s.peer_public.one_of("none", "answerer")
    )
    return fresh & starters & answerers & (honest | phase1_open(ike.phase1))


@lemma
def who_has_sas_shares_keys(ike: Ike) -> Term:
    """Where an end has been given SAs, both ends of Phase I hold each other's public values, unless the
    attacker holds a credential: so nobody else knew the keys when they were made."""
    two, ends = ike.phase2, ike.phase1
    given = handed_over(ike.driver.starter[two.n]) | handed_over(ike.driver.answerer[two.n])
    held = compromised(ends, ends.initiator) | compromised(ends, ends.responder)
    return given.implies(ends.shared) | held


@lemma
def who_deletes_for_another_knows_its_keys(ike: Ike) -> Term:
    """A Delete of Phase I that the attacker makes in the name of a peer is under the keys of the end that it is
    for."""
    claims = []
    for end, peer in (("initiator", "responder"), ("responder", "initiator")):
        posed = Message(ike.spec.groups[f"posed_{peer}_delete"])
        claims.append(posed.sent.implies(master_key_known(ike.phase1, ike.phase1.end(end))))
    return conjunction(*claims)
