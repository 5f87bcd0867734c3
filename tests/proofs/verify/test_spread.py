"""Links judged by several processes: the same report, and no secret leaves a process (DESIGN.md section 5)."""

from __future__ import annotations

import datetime
import itertools
import os
import pickle
from collections.abc import Callable

import pytest

from benchmarks.mesh import policy
from model.vocabulary.policy import Peer
from proofs.verify import spread, verify

PEERS = 7
TODAY = datetime.date(2026, 12, 1)


@pytest.fixture
def peers(peer_of: Callable[..., Peer]) -> list[Peer]:
    texts = [policy(number, PEERS) for number in range(PEERS)]
    texts[2] = texts[2].replace(
        '"key 2-5"', '"canary-2-5"'
    )  # a key that the other end does not have
    return [peer_of(f"p{number}", text) for number, text in enumerate(texts)]


@pytest.mark.parametrize("processes", [2, 3])
def test_the_report_is_the_same_with_any_number_of_processes(
    peers: list[Peer], processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "AT_ONCE", 4)
    links = list(itertools.combinations((peer.name for peer in peers), 2))
    alone = verify(peers, links, TODAY, processes=1)
    assert len({item.phase1.reason for item in alone.pairs}) > 1  # the mesh is not all alike
    assert verify(peers, links, TODAY, processes=processes) == alone


def test_verdicts_are_judged_elsewhere_and_carry_no_secret(
    peers: list[Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []

    def judged(link: spread.Link) -> spread.Linked:
        a, b = (next(p for p in peers if p.name == name) for name in link)
        report = verify([a, b], [link], TODAY, processes=1)
        sent.append(pickle.dumps(report))
        verdicts = tuple(report.pairs)
        return spread.Linked(verdicts, report.findings, lacks=os.getpid() != here)

    here = os.getpid()
    links = [("p2", "p5"), ("p0", "p1"), ("p5", "p6")]
    monkeypatch.setattr(spread, "AT_ONCE", 1)
    assert all(item.lacks for item in spread.spread(judged, links, processes=2)) and not sent
    assert not any(item.lacks for item in spread.spread(judged, links))  # too few to be worth it
    assert len(sent) == 3 and not any(b"canary" in item or b"key 0-1" in item for item in sent)


def test_a_fault_in_a_process_is_not_lost() -> None:
    def judged(link: spread.Link) -> spread.Linked:
        raise ZeroDivisionError(link[0])

    with pytest.raises(ZeroDivisionError, match="p0"):
        list(spread.spread(judged, [("p0", "p1")] * 3, processes=2))
