"""Random pairs: verify says what two charons do."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest

from tests.interop.agreement import Agreement
from tests.interop.generated import decided, generated, pair, report
from tests.interop.harness import why_not

SEED = 20261130


def test_a_seed_gives_the_same_pairs_whatever_their_number() -> None:
    few, more = list(generated(SEED, 5)), list(generated(SEED, 20))
    assert few == more[:5]
    assert len({case.digest() for case in more}) == 20
    assert [case.digest() for case in generated(SEED + 1, 5)] != [case.digest() for case in few]


def test_generated_pairs_are_spread_over_faults_addresses_and_methods() -> None:
    made = [pair(SEED, number) for number in range(400)]
    faults = Counter(len(item.faults) for item in made)
    assert set(faults) == {0, 1, 2, 3}
    assert faults[1] > faults[2] > faults[3]
    assert {item.behind for item in made} == {(), ("cmd",), ("peer",), ("peer", "cmd")}
    assert {item.peer.auth for item in made} == {"psk", "pubkey"}
    assert {len(item.others["peer"]) for item in made} == {0, 1, 2}
    assert {len(item.cmd.kids) for item in made} >= {1, 2, 3}
    assert any(":" in item.peer.remote for item in made)
    assert any(item.more["peer"] for item in made)


@pytest.mark.interop
@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can")
def test_r3_r5_r7_r10_r21_verify_agrees_with_two_charons_on_random_pairs() -> None:
    found = decided(list(generated(SEED, 60)), datetime.date.today())
    assert len({item.observed.reason1 or item.observed.reason2 for item in found}) > 5
    wrong = [item for item in found if item.agreement is Agreement.DISAGREES]
    assert not wrong, report(wrong, SEED)
