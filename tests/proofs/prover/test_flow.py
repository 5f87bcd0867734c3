"""The flow machine: both ends start at once, silence, late time-outs; stories, explicit states, SPIN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from itertools import product
from pathlib import Path

import pytest

from model.language.instance import Instance
from model.language.machine import Machine, State
from model.language.specification import Specification
from model.language.terms import FALSE, Term, disjunction, lift, subterms
from model.promises import Always, promises
from model.run import Run, replay
from model.spec.agreeing import FLOW
from model.spec.flow import flow
from model.spec.parameters import ROLE
from proofs.export.promela import promela
from proofs.prover import smt
from proofs.prover.bounded import Search
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction
from proofs.prover.proving import everything
from proofs.prover.runs import Breaks, Found, NotFound
from proofs.prover.stories import stories
from proofs.prover.weaknesses import weaknesses_of
from proofs.prover.witnesses import bare
from proofs.search import Exploration, explore
from tests.proofs.export.spin import run_spin

PROMISES = {n: item.formula for n, item in promises().items() if item.machine == "flow"}
INVARIANTS: dict[str, Term] = {
    name: made.term for name, made in everything("flow").items() if isinstance(made, Always)
}
#: what is done for a request
SERVES = ("reuse", "negotiate", "start_quick", "end_phase1")
#: what a negotiation that goes well consists of
GOES_WELL = (
    *SERVES[:-1],
    *("is_answered", "hears", "is_authenticated", "authenticates"),
    *("quick_is_answered", "takes_answer", "is_completed"),
)
#: what ends an SA, or a Quick Mode: without it few states are reachable
ENDS = (
    *("lifetime", "hears_delete", "end_phase1", "late_timeout", "rekey", "sa_ends"),
    *("quick_refused", "first_timeout"),
)
EVERY = tuple(dict.fromkeys(name.split(".")[1] for name in flow().spec.actions))
POLICIES: list[dict[str, object]] = [
    {},
    {"drops": True, "limit": 1, "session_ends_phase1": lambda end: end == "a"},
    {"drops": True, "forges": True, "slack": 1, "falls_back": lambda end: end == "b"},
    {"answers": lambda end: end == "a", "master_key_pfs": lambda end: end == "b"},
]


def only(actions: Iterable[str]) -> Specification:
    """The machine with these actions of both ends alone."""
    kept, spec = set(actions), copy(flow().spec)
    spec.actions = {n: act for n, act in spec.actions.items() if n.split(".")[1] in kept}
    return spec


def concrete(policy: Mapping[str, object], actions: Iterable[str] = EVERY) -> Machine:
    return Machine(only(actions), Instance.of(flow().spec, {}, {**FLOW, **policy}))


def after(machine: Machine, *steps: str) -> State:
    """The state after these steps of the whole machine, each with its parameters."""
    whole, state = Machine(flow().spec, machine.instance), machine.initial
    for text in steps:
        name, _, role = text.partition(" ")
        then = whole.apply(state, whole.step(name, **({"role": role} if role else {})))
        assert then is not None, text
        state = then
    return state


def value(machine: Machine, state: State, slot: str) -> str:
    return machine.text(machine.slots.index(slot), state)


def broken(found: Exploration) -> list[str]:
    return [name for name, item in found.check(INVARIANTS).items() if item.run is not None]


@pytest.mark.parametrize("policy", POLICIES)
def test_explicit_states_keep_every_invariant_and_a_request_never_stops_the_clock(
    policy: dict[str, object],
) -> None:
    machine = concrete(policy)
    found = explore(machine, limit=20_000)
    assert broken(found) == []
    assert not found.deadlocks
    asked = 0
    for state in found.parents:
        acts = {machine.describe(step)[0] for step in machine.enabled(state)}
        for end in "ab":
            if value(machine, state, f"{end}.request") == "0s":
                assert {f"{end}.{act}" for act in SERVES} & acts
                assert "delay" not in acts
                asked += 1
    assert asked


@pytest.mark.parametrize("policy", POLICIES[:3])
def test_all_states_in_which_no_sa_has_ended_keep_every_invariant(
    policy: dict[str, object],
) -> None:
    kept = [name for name in EVERY if name not in ENDS]
    found = explore(concrete(policy, kept), limit=150_000)
    assert found.complete and found.states > 1_000
    assert broken(found) == []
    assert not found.deadlocks


def test_every_action_fires_in_explicit_states() -> None:
    machine = concrete({"drops": True, "limit": 2})
    late = after(
        machine,
        *("a.packet", "a.negotiate", "a.is_answered", "a.hears"),
        *("a.is_authenticated", "a.authenticates", "a.start_quick initiator"),
        *("a.quick_is_answered", "a.takes_answer", "a.is_completed"),
        *("a.rekey", "a.start_quick initiator"),
    )
    fired = dict(explore(machine, limit=60_000).fired)
    machine.initial = late
    for name, count in explore(machine, limit=20_000).fired.items():
        fired[name] += count
    assert [name for name, count in fired.items() if not count] == []


def ends_well(machine: Machine) -> Exploration:
    """All runs from a machine's initial state: none goes in circles, each ends with a fresh SA at each
    end and nothing asked for."""
    found = explore(machine, limit=50_000)
    assert found.complete
    after_: dict[State, set[State]] = {state: set() for state in found.parents}
    for before, _, then in found.transitions():
        after_[before].add(then)
    done: set[State] = set()
    while left := [s for s in after_ if s not in done and after_[s] <= done]:
        done.update(left)
    assert len(done) == found.states  # what goes in circles is never done
    for state in found.deadlocks:
        for end in "ab":
            assert value(machine, state, f"{end}.fresh") == "true"
            assert value(machine, state, f"{end}.request") == "off"
    return found


@pytest.mark.parametrize(
    "policy",
    [{}, {"limit": 1}, {"master_key_pfs": lambda end: end == "a"}, {"slack": 1}, {"limit": 3}],
)
def test_r8_r9_two_negotiations_at_once_end_well(policy: dict[str, object]) -> None:
    machine = concrete(policy, GOES_WELL)
    machine.initial = after(machine, "a.packet", "b.packet")
    found = ends_well(machine)
    sas = {value(machine, state, "a.sas") for state in found.deadlocks}
    assert sas == {"1", "2"}  # one negotiation each, or one that both use


def test_r9_two_ends_that_rekey_at_once_end_well_and_keep_two_sas() -> None:
    machine = concrete({"limit": 4}, GOES_WELL)
    machine.initial = after(
        machine,
        *("a.packet", "a.negotiate", "a.is_answered", "a.hears"),
        *("a.is_authenticated", "a.authenticates", "a.start_quick initiator"),
        *("a.quick_is_answered", "a.takes_answer", "a.is_completed", "a.rekey", "b.rekey"),
    )
    found = ends_well(machine)
    assert {value(machine, s, "b.sas") for s in found.deadlocks} == {"2"}
    counts = {value(machine, s, "a_phase1.initiator_count") for s in found.deadlocks}
    assert counts == {"2", "3"}


def given(term: Term, names: Mapping[str, Term]) -> Term:
    """A term with these in the place of its parameters."""
    if term.op == "param":
        return names[str(term.data)]
    args = tuple(given(item, names) for item in term.args)
    return Term(term.op, args, term.sort, term.data)


def enabled(name: str) -> Term:
    """Whether an action can be taken, with some role."""
    term = flow().spec.enabled_when(name)
    params = {str(part.data) for part in subterms(term) if part.op == "param"}
    assert params <= {"role"}
    roles = product(*[[lift(role, ROLE) for role in ROLE.members] for _ in params])
    return disjunction(*(given(term, dict(zip(params, chosen, strict=True))) for chosen in roles))


def test_no_policy_lets_a_deadline_come_at_which_nothing_can_be_done() -> None:
    induction = Induction(Lowering(flow().spec), everything("flow"))
    for end in flow().ends:
        can = disjunction(*(enabled(f"{end.name}.{act}") for act in SERVES))
        due = end.manager.request.armed
        assert smt.solve(induction.satisfies(due & ~can, invariants=True)).verdict == "unsat"
        assert smt.solve(induction.satisfies(due & ~can, invariants=False)).verdict == "sat"
        over, ends = end.manager.soft_sa.expired, enabled(f"{end.name}.soft_sa_ends")
        assert smt.solve(induction.satisfies(over & ~ends, invariants=True)).verdict == "unsat"
        assert smt.solve(induction.satisfies(over, invariants=True)).verdict == "sat"


def test_no_story_breaks_a_promise_and_bare_claims_break() -> None:
    told = [Search(flow().spec).told(story) for story in stories("flow").values()]
    goals = {name: Breaks(item) for name, item in PROMISES.items()}
    for story in told:
        assert isinstance(story.run(story.aim(goals)), NotFound)
    excused = {n: Breaks(bare(item)) for n, item in PROMISES.items() if item.unless is not FALSE}
    assert len(excused) > 5
    for name, goal in excused.items():
        tried = (story.run(story.aim({name: goal})) for story in told)
        assert any(isinstance(found, Found) for found in tried), name


WEAKNESSES = {
    "no_clear_beside_the_peers_live_sa": [{"drops", "falls_back"}, {"silent_peer", "falls_back"}],
    "nobody_is_clear_where_both_answer": [{"drops", "falls_back"}, {"silent_peer", "falls_back"}],
    "answer_stops_fallback_for_good": [{"drops", "falls_back"}, {"silent_peer", "falls_back"}],
    "an_answer_is_heard_at_a": [{"forges"}],
    "an_answered_quick_mode_is_not_given_up_at_b": [{"drops"}],
    "no_clear_beside_live_sa": [],
    "clear_after_own_silence_only_at_a": [],
}


@pytest.mark.parametrize("name", list(WEAKNESSES))
def test_weaknesses_of_the_flow_are_found_each_minimal_and_with_a_run(name: str) -> None:
    found = weaknesses_of(name)
    assert sorted(map(sorted, (set(item.needs) for item in found))) == sorted(
        map(sorted, WEAKNESSES[name])
    )
    for item in found:
        assert replay(flow().spec, Run.parse(item.run.text())).diverged_at is None


def test_r8_an_answer_stops_the_fallback_of_its_own_negotiation_only() -> None:
    weakness = next(
        w for w in weaknesses_of("answer_stops_fallback_for_good") if "drops" in w.needs
    )
    names = [name for name, _ in weakness.run.steps]
    end = names[-1].removesuffix(".fall_back")
    heard = min(names.index(n) for n in names if n in (f"{end}.hears", f"{end}.is_refused"))
    assert names[heard:].count(f"{end}.negotiate") == 1  # it begins again, and is silenced


def test_spin_agrees_on_the_flow_and_its_promises(tmp_path: Path) -> None:
    kept = [name for name in EVERY if name not in ENDS]
    machine = concrete({"drops": True}, kept)
    ours = explore(machine, limit=100_000)
    assert ours.complete and ours.states > 5_000
    false = {"false_never_clear": ~flow().a.in_clear, "false_never_fresh": ~flow().b.manager.fresh}
    spin = run_spin(promela(machine.spec, machine.instance, {**INVARIANTS, **false}), tmp_path)
    assert spin.states == ours.states
    assert spin.broken == set(false)
