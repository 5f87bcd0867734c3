"""A promise is worth something if it notices: mutants with their fates, weaknesses with their runs."""

from __future__ import annotations

import pytest

from model.promises import promises
from model.run import Run, replay
from model.spec import machine
from proofs.prover.conditions import conditions
from proofs.prover.mutants import Fate, decided, fate_of, fates_of
from proofs.prover.mutations import Mutant, mutants, mutants_of
from proofs.prover.runs import Breaks
from proofs.prover.weaknesses import Lattice, told_stories, weaknesses_of

KILLED = [
    ("phase1.take_answer", "drop in_the_offer", "altered_offer_is_rejected"),
    ("phase1.accept", "drop room", "half_open_exchanges_are_bounded"),
    ("phase1.accept", "lose responder.offer_intact", ""),
    ("phase1.resend", "drop may_resend", ""),
    ("phase1.fall_back", "drop silence", ""),
    ("phase1.authenticate_responder", "drop identity", "established_means_authenticated"),
    ("quick.accept", "drop another_spi", "pair_of_sas"),
    ("quick.accept", "lose answerer[n].peer_spi", ""),
    ("flood.close", "drop some", "outside its range"),
    ("phase1.offer", "lose mm1.altered", "shows that an_offer_replaces_a_forged_one is gone"),
]


@pytest.mark.parametrize(("action", "change", "promise"), KILLED)
def test_a_mutant_is_killed_by_a_run_that_replays(action: str, change: str, promise: str) -> None:
    chosen = {item.name: item for item in mutants_of(machine().spec.actions[action])}
    fate = fate_of(chosen[f"{action}: {change}"])
    assert fate.fate == "killed", fate.why
    assert promise in fate.why


def test_what_nobody_needs_is_equivalent_or_open_and_says_why() -> None:
    fates = {item.mutant: item for item in fates_of(("ike", "attacker.write_answer"))}
    assert fates["attacker.write_answer: drop another"].fate == "equivalent"
    assert all(item.why for item in fates.values())


def test_only_what_stays_open_is_looked_at_again() -> None:
    known = list(mutants(machine().spec))[:3]
    first = [
        Fate(item.name, fate, "")
        for item, fate in zip(known, ("killed", "open", "open"), strict=True)
    ]
    asked: list[str] = []

    def again(mutant: Mutant) -> Fate:
        asked.append(mutant.name)
        return Fate(mutant.name, "equivalent" if len(asked) == 1 else "open", "again")

    found = list(decided(known, first, again))
    assert asked == [item.name for item in known[1:]]
    assert [item.fate for item in found] == ["killed", "equivalent", "open"]


def test_every_guard_and_every_update_has_its_mutants() -> None:
    spec = machine().spec
    names = [item.name for item in mutants(spec)]
    assert len(set(names)) == len(names)
    for action in spec.actions.values():
        kinds = [item.kind for item in mutants_of(action)]
        assert kinds.count("drop") == kinds.count("negate") == len(action.guards)
        assert kinds.count("lose") == len(action.updates)
    assert any("shift" in name for name in names)


WEAKNESSES = [
    ("clear_only_if_nobody_answers", {"drops", "falls_back"}),
    ("kerberos_names_stay_hidden", {"kerberos"}),
    ("initiator_identity_stays_hidden", {"alters", "certificate"}),
    ("shared_key_cannot_be_guessed_offline", {"alters", "pre_shared_key"}),
    ("shared_key_cannot_be_guessed_offline", {"aggressive", "takes_aggressive", "pre_shared_key"}),
    ("master_key_secret", {"breaks_group", "certificate"}),
    ("master_key_secret", {"breaks_group", "pre_shared_key", "knows_secret"}),
    ("alternatives_only_where_needed", {"forges", "reoffers"}),
]


def test_known_weaknesses_are_found_each_minimal_and_with_a_run_that_replays() -> None:
    found = {
        name: {frozenset(w.needs): w.run for w in weaknesses_of(name)}
        for name in dict.fromkeys(name for name, _ in WEAKNESSES)
    }
    for promise, needs in WEAKNESSES:
        run = found[promise][frozenset(needs)]
        assert replay(machine().spec, Run.parse(run.text())).diverged_at is None
    for sets in found.values():
        assert not [(a, b) for a in sets for b in sets if a < b]


def test_a_promise_without_exceptions_has_no_weakness_that_a_story_tells() -> None:
    name = "altered_offer_is_rejected"
    assert weaknesses_of(name) == []  # as its proof is that of the bare claim; no story denies it:
    goal = {name: Breaks(promises()[name].formula)}
    for told in told_stories("ike"):
        assert Lattice(told, goal, conditions("ike")).run(set()) is None
