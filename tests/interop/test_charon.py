"""Two real strongSwans decide every case anew; records and verdicts must be what they decide."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from tests.interop import agreement
from tests.interop.agreement import Agreement
from tests.interop.cases import Case
from tests.interop.harness import run, why_not
from tests.interop.mending import mended
from tests.interop.observed import Observed
from tests.interop.pki import PKI
from tests.interop.records import Observations, all_cases, compared, kept, observations

pytestmark = [
    pytest.mark.interop,
    pytest.mark.slow,
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]


def test_two_charons_do_what_is_kept_and_verify_says_so() -> None:
    today, before = datetime.date.today(), kept()
    pki = PKI(today)
    seen = observations(run(all_cases(), pki), all_cases())
    # On a machine under load a message may come too late: such a case is heard again, with patience.
    again = [case for case in all_cases() if _plain(seen, case) != _plain(before, case)]
    if again:
        seen |= observations(run(again, pki, at_once=1, timeout=4.0), again)
    for case in again:
        assert _plain(seen, case) == _plain(before, case), case.name
    wrong = [item for item in compared(seen, today) if item.agreement is Agreement.DISAGREES]
    assert not wrong, wrong


def test_two_charons_do_with_the_changes_that_verify_prints_what_it_says() -> None:
    today = datetime.date.today()
    pki = PKI(today)
    found = list(mended(all_cases(), pki, today))
    cases = [item.changed for item in found]
    seen = observations(run(cases, pki), cases)
    results = list(agreement.compared(cases, seen, today, pki))
    wrong = [item for item in results if item.agreement is Agreement.DISAGREES]
    assert not wrong, wrong
    up = [item for item in results if item.observed.phase2 == "established"]
    assert len(up) > len(results) / 2


def _plain(found: Observations, case: Case) -> dict[str, Observed]:
    """What was observed, without the line that told it."""
    return {side: replace(item, evidence="") for side, item in found[case.name].items()}
