"""Lifetimes over time (R17): what two real strongSwans make of them, scaled to seconds."""

from __future__ import annotations

import sys

import pytest

from tests.interop.harness import AS_ROOT, rig_script, why_not
from tests.interop.renewals import Samples, Scenario, watched

pytestmark = [
    pytest.mark.interop,
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]


def renewed(seconds: int, over: int) -> str:
    return f"reauth_time = {seconds}\nrekey_time = 0\nover_time = {over}\nrand_time = 0"


def child(rekey: int, life: int) -> str:
    return f"rekey_time = {rekey}\nlife_time = {life}\nrand_time = 0"


OVERLAPPING = Scenario("both, within over_time", peer=renewed(14, 4), cmd=renewed(12, 4))
APART = Scenario("both, apart", peer=renewed(20, 2), cmd=renewed(12, 2))
ONE = Scenario("one end", cmd=renewed(12, 2))
ANY = Scenario("the end that answers anybody", peer=renewed(12, 2), peer_remote="%any")
NO_OVER_TIME = Scenario("no over_time", cmd=renewed(12, 0))
REKEYED = Scenario("child renewed by one", cmd_child=child(9, 12))
BY_RESPONDER = Scenario("child renewed by the end that answers anybody", peer_child=child(9, 12),
                        peer_remote="%any")  # fmt: skip
ENDLESS = Scenario("child not renewed", peer_child=child(0, 12))
TOO_LATE = Scenario("child renewed too late", cmd_child=child(12, 12))
ALL = (OVERLAPPING, APART, ONE, ANY, NO_OVER_TIME, REKEYED, BY_RESPONDER, ENDLESS, TOO_LATE)


@pytest.fixture(scope="module")
def runs() -> dict[str, Samples]:
    return watched(ALL, [*AS_ROOT, sys.executable], str(rig_script()))


def most(samples: Samples, what: int) -> int:
    """The most IKE_SAs (1) or CHILD_SAs (2) that an end had at once."""
    return max(int(item[what]) for found in samples.values() for item in found)


def last(samples: Samples) -> tuple[int, int]:
    """How many CHILD_SAs each end has at the end."""
    return samples["peer"][-1][2], samples["cmd"][-1][2]


def test_r17_both_ends_that_renew_within_over_time_pile_up_and_one_loses_its_child(
    runs: dict[str, Samples],
) -> None:
    found = runs[OVERLAPPING.name]
    assert most(found, 1) >= 3
    assert 0 in last(found)
    before = [item for item in found["cmd"] if item[0] < 11]
    assert {item[1:] for item in map(tuple, before)} == {(1, 1)}


@pytest.mark.parametrize("scenario", [APART, ONE, ANY], ids=lambda item: item.name)
def test_r17_renewals_that_do_not_meet_leave_one_child_at_each_end(
    runs: dict[str, Samples], scenario: Scenario
) -> None:
    found = runs[scenario.name]
    assert most(found, 1) == 2  # the old one beside the new one
    assert last(found) == (1, 1)


def test_r17_without_over_time_the_other_end_has_no_child_after_the_first_renewal(
    runs: dict[str, Samples],
) -> None:
    assert last(runs[NO_OVER_TIME.name]) == (0, 1)


@pytest.mark.parametrize("scenario", [REKEYED, BY_RESPONDER], ids=lambda item: item.name)
def test_r17_a_child_is_renewed_by_whichever_end_is_first(
    runs: dict[str, Samples], scenario: Scenario
) -> None:
    found = runs[scenario.name]
    assert most(found, 2) == 2
    assert min(last(found)) >= 1


@pytest.mark.parametrize("scenario", [ENDLESS, TOO_LATE], ids=lambda item: item.name)
def test_r17_a_child_that_nobody_renews_in_time_ends_at_both_ends(
    runs: dict[str, Samples], scenario: Scenario
) -> None:
    found = runs[scenario.name]
    assert last(found) == (0, 0)
    assert found["peer"][8][2] == 1
