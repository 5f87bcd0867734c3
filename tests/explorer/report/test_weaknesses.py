"""Known weaknesses: each kept run is one of today's specification, and shows what it says."""

from __future__ import annotations

import pytest

from explorer.report.weaknesses import FOLDER, stored
from model.promises import Always, promises
from model.run import fingerprint, replay
from model.spec import specification
from model.spec.weaknesses import KNOWN
from proofs.prover.conditions import METHODS, conditions
from proofs.prover.weaknesses import shown
from proofs.prover.witnesses import bare


@pytest.mark.parametrize("name", KNOWN)
def test_a_kept_run_replays_and_breaks_the_bare_claim(name: str) -> None:
    known, run = KNOWN[name], stored(KNOWN[name])
    spec = specification(promises()[known.promise].machine)
    assert run.specification == spec.name and run.fingerprint == fingerprint(spec)
    done = replay(spec, run)
    assert done.diverged_at is None
    claim = bare(promises()[known.promise].formula)
    first = {"n": 0}
    before, after = done.states[-2:]
    if isinstance(claim, Always):
        assert not done.machine.value(claim.term, after, first)
        assert done.machine.value(claim.term, before, first)
    else:
        comes = [bool(done.machine.value(claim.event, s, first)) for s in (before, after)]
        assert comes == [False, True]
        assert not done.machine.value(claim.needs, before, first)


@pytest.mark.parametrize("name", KNOWN)
def test_a_kept_run_has_its_conditions_and_no_other(name: str) -> None:
    known = KNOWN[name]
    machine = promises()[known.promise].machine
    done = replay(specification(machine), stored(known))
    unsafe = {
        item.name
        for item in conditions(machine)
        if not done.machine.value(item.safe, done.machine.initial, {})
    }
    assert known.needs <= unsafe
    assert unsafe - known.needs - METHODS - set(known.given) == set()


def test_every_kept_run_is_of_a_known_weakness() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(KNOWN)


@pytest.mark.parametrize("name", ["reflected-quick-mode", "replay-without-a-window"])
def test_a_known_weakness_is_found_by_search(name: str) -> None:
    found = shown(KNOWN[name])
    assert set(found.needs) == KNOWN[name].needs
    assert found.run.steps
