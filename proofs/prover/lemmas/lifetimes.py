"""Lemmas about lifetimes: how what is left of one timer keeps to what is left of another."""

from __future__ import annotations

from collections.abc import Iterator

from model.language.specification import Message, Record
from model.language.terms import Term, conjunction, ite
from model.spec import Ike
from proofs.prover.lemmas import lemma


def _pairs(ike: Ike) -> Iterator[tuple[Record, Term, str]]:
    """Each end's pair of SAs, whether it is of that Phase I role, and the role."""
    two = ike.phase2
    for role in ("initiator", "responder"):
        yield ike.driver.starter[two.n], two.starter.role.eq(role), role
        yield ike.driver.answerer[two.n], two.answering_role.eq(role), role


@lemma
def answers_are_altered_by_a_writer(ike: Ike) -> Term:
    """Only who alters or forges writes another lifetime into an answer; what the initiator took stays so
    while the answer that it took stays sent."""
    ends, i = ike.phase1, ike.phase1.initiator
    mm2, am2 = (Message(ike.spec.groups[name]) for name in ("mm2", "am2"))
    told = ~mm2.life_altered & ~am2.life_altered & ~i.life_altered
    early = i.state.one_of("idle", "awaits_mm2", "awaits_am2").implies(~i.life_altered)
    unseen = i.life_altered.implies(~ends.policy.compares_lifetimes)
    return (told | ends.attacker.alters | ends.attacker.forges) & early & unseen


@lemma
def sas_are_timed_as_their_end_says(ike: Ike) -> Term:
    """What an installed pair has left is no more than the lifetime in force at its end, and a pair that
    is not installed has nothing left: the bounds below start from here."""
    two, slack = ike.phase2, ike.phase1.timing.slack
    found = []
    for pair, mine, role in _pairs(ike):
        whole = two.policy.life(two.starter.role, role) + slack
        timed = two.policy.timed(two.starter.role, role)
        found.append(mine.implies(pair.hard.left <= whole))
        found.append(mine.implies(pair.hard.armed.eq(pair.state.eq("installed") & timed)))
    return conjunction(*found)


@lemma
def sas_are_younger_than_phase1(ike: Ike) -> Term:
    """While Phase I is up at an end, what is left of it, with the lifetime of an SA, is more than what
    is left of the SA: nothing is installed when its lifetime is over."""
    two, found = ike.phase2, []
    for pair, mine, role in _pairs(ike):
        end = ike.phase1.end(role)
        stands = pair.state.eq("installed") & pair.hard.armed & end.state.eq("established")
        more = pair.hard.left < two.policy.life(two.starter.role, role) + end.life.left
        found.append((mine & stands).implies(end.life.armed & more))
    return conjunction(*found)


@lemma
def stopwatches_started_with_phase1(ike: Ike) -> Term:
    """Since Phase I was established a stopwatch has run, and shows with what is left of Phase I no more
    than its whole lifetime. Before, none has; and SAs are installed only after."""
    timing, found = ike.phase1.timing, []
    for pair, mine, role in _pairs(ike):
        end = ike.phase1.end(role)
        whole = timing.life(role) + timing.slack + end.since_keys.left
        measured = end.state.eq("established") & end.since_keys.running
        found.append(measured.implies(end.life.left + timing.horizon <= whole))
        been = end.state.one_of("established", "ended")
        found.append(been.eq(end.since_keys.armed))
        found.append((mine & pair.state.ne("absent")).implies(been))
        found.append(end.since_keys.left <= timing.horizon)
        found.append(end.since_end.left <= timing.horizon)
    return conjunction(*found)


@lemma
def what_stands_alone_was_made_before(ike: Ike) -> Term:
    """When Phase I ends at an end, a stopwatch starts; what was left of an SA then is what it shows and
    what is left now. After an end by lifetime it was less than the whole."""
    two, timing = ike.phase2, ike.phase1.timing
    found = []
    for pair, mine, role in _pairs(ike):
        end = ike.phase1.end(role)
        alone = mine & pair.state.eq("installed") & pair.hard.armed & end.state.eq("ended")
        whole = two.policy.life(two.starter.role, role) + timing.slack + end.since_end.left
        held = pair.hard.left + timing.horizon
        by = end.ended_by.eq("lifetime")
        bound = ite(by, held < whole, held <= whole)
        found.append((alone & end.since_end.running).implies(bound))
        found.append(end.state.eq("ended").eq(end.since_end.armed))
        found.append(end.state.eq("ended").eq(end.ended_by.ne("none")))
    return conjunction(*found)


@lemma
def requests_come_from_an_end(ike: Ike) -> Term:
    """Phase I is asked for again only where it has ended, and not again once it has begun."""
    found = []
    for end in (ike.phase1.initiator, ike.phase1.responder):
        found.append((end.renew.armed | end.renewed).implies(end.state.eq("ended")))
        found.append(end.renew.left <= ike.phase1.timing.slack)
    return conjunction(*found)
