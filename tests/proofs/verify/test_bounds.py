"""Closed forms of overlap and exposure against searched runs, on random pairs of lifetimes (R12, R16, R20)."""

from __future__ import annotations

from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.language.sorts import DURATION
from model.language.terms import Term, conjunction, lift
from model.promises import promises
from model.spec import machine
from model.spec.driver_ends import stands_alone
from model.vocabulary.places import Stated
from model.vocabulary.policy import Life
from model.vocabulary.profiles import Lifetimes
from proofs.prover.bounded import Search, Told
from proofs.prover.runs import Found, Reaches
from proofs.prover.stories import stories
from proofs.verify.bounds import THEOREMS, in_force

IKE = machine()
ENDS = ("initiator", "responder")
HORIZON = 1_000
RULES = st.sampled_from(list(Lifetimes))
SECONDS = st.integers(2, 9)


def lasting(offered: int, hard: int) -> Life:
    """A lifetime in seconds, of which the peer is told `offered`."""

    def stated(value: int | None) -> Stated[int | None]:
        return Stated(value, None)

    return Life(stated(offered), stated(hard), stated(hard), stated(None), stated(None))


@cache
def told() -> Told:
    """The story in which an SA is made and Phase I ends, laid out once."""
    return Search(IKE.spec).told(stories("ike")["sas"])


def seconds(value: int) -> Term:
    return lift(value, DURATION)


def policies(phase1: dict[str, int], phase2: dict[str, int], *, drops: bool) -> list[Term]:
    """What is taken as given: the lifetimes, punctual acts, and an attacker who can drop at most."""
    p, q, timing = IKE.phase1.policy, IKE.phase2.policy, IKE.phase1.timing
    powers = dict(IKE.phase1.attacker.switches)
    found = [powers.pop("drops").eq(drops), *(~power for power in powers.values())]
    found += [timing.slack.eq(0), timing.horizon.eq(HORIZON), ~p.deletes_early("initiator")]
    for role in ENDS:
        found += [timing.life(role).eq(seconds(phase1[role])), ~q.ends_with_phase1(role)]
        found += [q.timed(start, role) for start in ENDS]
        found += [q.life(start, role).eq(seconds(phase2[role])) for start in ENDS]
    return found


def outlives(role: str, by: int, *, lifetime: bool) -> Term:
    """The starter's SA is up, at the end of that role, so long after its Phase I SA ended there."""
    two, end = IKE.phase2, IKE.phase1.end(role)
    pair = IKE.driver.starter[two.n]
    alone = stands_alone(two.policy, two.parent, pair, two.starter.role)
    measured = end.since_end.left + by <= IKE.phase1.timing.horizon
    how = [end.ended_by.eq("lifetime")] if lifetime else []
    return conjunction(alone, two.starter.role.eq(role), end.since_end.armed, measured, *how)


def is_reached(goal: Term, given: list[Term]) -> bool:
    """Whether a run gets there; a run that is found replays, or the search raises."""
    found = told().run(told().aim({"": Reaches(goal)}), given)
    assert isinstance(found, Found) or not found.why
    return isinstance(found, Found)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(SECONDS, SECONDS, SECONDS, RULES, RULES, st.booleans())
def test_r20_overlap_is_what_runs_reach(
    offered: int, ours: int, theirs: int, one: Lifetimes, other: Lifetimes, drops: bool
) -> None:
    first, second = (lasting(offered, ours), one), (lasting(theirs, theirs), other)
    limits = dict(zip(ENDS, in_force(first, second, "seconds"), strict=True))
    force = {role: limit for role, limit in limits.items() if limit is not None}
    given = policies({"initiator": 12, "responder": 12}, force, drops=drops)
    bound = force["initiator"]
    assert is_reached(outlives("initiator", bound - 1, lifetime=True), given)
    assert not is_reached(outlives("initiator", bound, lifetime=True), given)
    # A Phase I SA that ends before its lifetime, here by the peer's Delete, lets it be reached.
    assert is_reached(outlives("initiator", bound, lifetime=False), given)
    assert not is_reached(outlives("initiator", bound + 1, lifetime=False), given)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(SECONDS, SECONDS, st.booleans())
def test_r12_r16_exposure_is_what_runs_reach(life1: int, life2: int, drops: bool) -> None:
    given = policies(dict.fromkeys(ENDS, life1), dict.fromkeys(ENDS, life2), drops=drops)
    end, pair = IKE.phase1.initiator, IKE.driver.starter[IKE.phase2.n]
    own = IKE.phase2.starter.role.eq("initiator") & pair.state.eq("installed")

    def open_for(time: int) -> Term:
        return own & (end.since_keys.left + time <= IKE.phase1.timing.horizon)

    # Nothing is made when the lifetime of Phase I is over: so the bound is approached, not reached.
    assert is_reached(open_for(life1 + life2 - 1), given)
    assert not is_reached(open_for(life1 + life2), given)


def test_every_theorem_is_a_promise() -> None:
    assert {name for names in THEOREMS.values() for name in names} <= set(promises())
