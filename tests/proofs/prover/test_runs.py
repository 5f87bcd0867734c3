"""Searches find runs, shortest where they say so, and every model is a run of the machine."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.language.instance import Instance
from model.language.machine import Machine
from model.language.terms import FALSE, Term, subterms
from model.promises import Always, promises
from model.run import Run, replay
from model.spec import machine
from model.spec.agreeing import AGREEING, HURRIED
from proofs.prover.bounded import Search
from proofs.prover.proving import everything, run_of
from proofs.prover.runs import Breaks, Found, NotFound, Reaches, Takes
from proofs.prover.stories import sizes_for, stories, stories_for
from proofs.prover.witnesses import bare
from proofs.search import explore

ACTIONS = list(machine().spec.actions)
SWITCHES = list(machine().phase1.attacker.switches)


def off(names: list[str]) -> list[Term]:
    return [~machine().phase1.attacker.switches[name] for name in names]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(ACTIONS), st.lists(st.sampled_from(SWITCHES), unique=True))
def test_every_model_of_a_search_is_a_run_that_replays(action: str, without: list[str]) -> None:
    found = Search(machine().spec, assuming=off(without)).shortest(Takes(action), 4)
    if isinstance(found, Found):
        run = Run.parse(run_of(found, action).text())
        done = replay(machine().spec, run)
        assert done.diverged_at is None
        assert all(run.policy[name] == ("false",) for name in without)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(ACTIONS))
def test_a_story_finds_the_action_it_is_sprinkled_with(action: str) -> None:
    search = Search(machine().spec)
    tried = [search.story({action: Takes(action)}, story) for story in stories_for(action)]
    found = [item for item in tried if isinstance(item, Found)]
    assert found
    again = search.story({action: Takes(action)}, found[0].schedule, whole=True)
    assert isinstance(again, Found) and again.schedule == found[0].schedule


def test_a_run_is_shortest_and_a_false_goal_is_not_found() -> None:
    ike = machine()
    up = ike.phase1.initiator.state.eq("established")
    main = ike.phase1.policy.exchange.eq("main")
    search = Search(ike.spec, assuming=[main, *off(SWITCHES)])
    found = search.shortest(Reaches(up), 8)
    assert isinstance(found, Found) and len(found.steps) == 7
    assert isinstance(search.shortest(Reaches(up & ~main), 7), NotFound)


def test_what_is_proved_no_story_breaks_and_bare_claims_break() -> None:
    spec = machine().spec
    told = [Search(spec, sizes_for(story)).told(story) for story in stories("ike").values()]
    made = {n: item.formula for n, item in promises().items() if item.machine == "ike"}
    for story in told:
        assert isinstance(story.run(story.aim({n: Breaks(p) for n, p in made.items()})), NotFound)
    excused = {n: Breaks(bare(p)) for n, p in made.items() if p.unless is not FALSE}
    assert excused
    for name, goal in excused.items():
        tried = (story.run(story.aim({name: goal})) for story in told)
        assert any(isinstance(found, Found) for found in tried), name


def _all_elements(term: Term, sizes: dict[str, int]) -> list[dict[str, int]]:
    free = {str(part.data) for part in subterms(term) if part.op == "param"}
    return [dict.fromkeys(free, i) for i in range(sizes["negotiation"] if free else 1)]


INVARIANTS: dict[str, Term] = {
    name: made.term for name, made in everything("ike").items() if isinstance(made, Always)
}
POLICIES: list[dict[str, object]] = [
    {},
    {"exchange": "aggressive", "method": "certificate"},
    {"exchange": "aggressive", "forges": True, "holds_certificate": True, "method": "certificate"},
    {"alters": True, "offers": lambda t: t == 0, "accepts": lambda t: t == 1},
    {"drops": True, "falls_back": True, "resends": 2, "accepts": False},
    {"secrets_agree": False, "alters": True},
    {"forges": True, "knows_secret": True, "takes_exchange": lambda e: e == "main"},
    {"breaks_group": True, "method": "kerberos", "negotiations": 3},
]


def _instance(negotiations: int = 1, **policy: object) -> Machine:
    sizes = {"transform": 2, "protection": 1, "negotiation": negotiations}
    given = {**AGREEING, **HURRIED, **policy}
    return Machine(machine().spec, Instance.of(machine().spec, sizes, given))


def test_explicit_states_keep_every_invariant_that_is_proved_for_one_negotiation_of_many() -> None:
    # The proofs follow one negotiation: here there are up to three, and each keeps all invariants.
    for policy in POLICIES:
        concrete = _instance(**policy)  # type: ignore[arg-type]
        found = explore(concrete, limit=4_000)
        broken = found.check(INVARIANTS)
        assert [name for name, item in broken.items() if item.run is not None] == []
        assert found.states > 30
