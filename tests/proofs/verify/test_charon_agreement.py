"""verify against what two strongSwans did (tests/data/charon), without them."""

from __future__ import annotations

import datetime
import json

import pytest

from model.run import Run, replay
from model.spec import specification
from model.vocabulary.outcomes import Outcome
from model.vocabulary.places import PolicyError
from proofs.verify import judge_connection, links_judged
from proofs.verify.witness import witness
from tests.interop.agreement import Agreement, Compared, peers_of
from tests.interop.pki import PKI
from tests.interop.records import (
    DOCUMENT,
    RECORDS,
    all_cases,
    compared,
    document,
    kept,
    kinds,
)

TODAY = datetime.date(2026, 11, 24)


@pytest.fixture(scope="module")
def results() -> list[Compared]:
    return list(compared(kept(), TODAY))


@pytest.mark.parametrize("kind", kinds())
def test_r3_r5_r7_r10_verify_says_what_charon_does(results: list[Compared], kind: str) -> None:
    mine = [item for item in results if item.case.kind == kind]
    assert mine
    for item in mine:
        assert item.agreement is not Agreement.DISAGREES, (item.case.name, item.initiator, item.why)


@pytest.mark.parametrize("every", [18, pytest.param(1, marks=pytest.mark.slow)])
def test_every_verdict_on_a_case_is_a_run_of_the_specification_that_replays(every: int) -> None:
    pki, runs = PKI(TODAY), 0
    for case in all_cases()[::every]:
        try:
            peers = peers_of(case, pki)
        except PolicyError:
            continue  # verify refuses it
        for judgements in links_judged(peers, [("peer", "cmd")]):
            for initiator, connection, responder in judgements:
                judged = judge_connection(initiator, connection, responder, TODAY)
                for child in judged.children or (None,):
                    made = witness(judged, initiator, responder, child)
                    if made is not None:
                        runs += 1
                        assert made.agrees, (case.name, initiator.name, made.why)
                        done = replay(specification(), Run.parse(made.run.text()))
                        assert done.diverged_at is None, (case.name, done.why)
    assert runs > 500 // every


def test_where_the_initiator_sends_nothing_there_is_no_run_to_see() -> None:
    pki, seen = PKI(TODAY), 0
    for case in all_cases():
        if not case.name.startswith("no key to start with"):
            continue
        for judgements in links_judged(peers_of(case, pki), [("peer", "cmd")]):
            for initiator, connection, responder in judgements:
                judged = judge_connection(initiator, connection, responder, TODAY)
                if initiator.name == "peer":
                    assert judged.verdict.phase1.outcome is Outcome.FAILS
                    assert witness(judged, initiator, responder, None) is None, case.name
                    assert not any(item.seen for item in judged.verdict.findings), case.name
                    seen += 1
    assert seen >= 5


def test_only_what_no_file_states_is_undecided_and_only_addresses_conditional(
    results: list[Compared],
) -> None:
    kinds_of = {how: {i.case.kind for i in results if i.agreement is how} for how in Agreement}
    assert kinds_of[Agreement.UNDECIDED] == {
        "default proposals", "own address not stated", "XAUTH", "local addresses", "certificate",
        "several connections", "an address that its owner does not state",
        "sections of certificates", "lists of certificates", "forms of certificates", "authorities",
        "several own certificates", "named certificates of the peer",
    }  # fmt: skip
    assert kinds_of[Agreement.CONDITIONAL] <= {
        "addresses", "remote addresses", "local addresses", "IPv6", "field: wrong remote address",
        "several connections", "an address that its owner does not state", "IP versions",
    }  # fmt: skip


def test_cases_cover_every_kind_of_change_in_both_directions() -> None:
    names = [case.name for case in all_cases()]
    assert len(set(names)) == len(names) >= 80
    assert all(set(case.initiators) <= {"peer", "cmd"} for case in all_cases())


def test_the_table_in_docs_is_current(results: list[Compared]) -> None:
    version = json.loads(RECORDS.read_text())["made_by"]["strongswan"]
    assert DOCUMENT.read_text() == document(results, version), "python -m tests.interop.records"
