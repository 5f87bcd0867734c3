"""Our engine under strongSwan's own policies, beside `verify`, which agrees with strongSwan (R3, R7, R10, R21).

The pairs are those of tests/data/charon, as far as the engine can run both sides.
"""

from __future__ import annotations

import datetime
from functools import cache

import pytest

from impl.auth.keys import SigningKey
from impl.translate import Held
from model.vocabulary.outcomes import Outcome, PairVerdict
from model.vocabulary.policy import Peer
from model.vocabulary.secrets import Secret
from tests.impl.translate.conformance import carry_out, decided, difference, plan_of
from tests.interop.agreement import peers_of
from tests.interop.cases import SIDES, Case
from tests.interop.pki import PKI
from tests.interop.records import plain_cases as all_cases

TODAY = datetime.date(2026, 11, 24)


@cache
def pki() -> PKI:
    return PKI(TODAY)


def held_by(case: Case, side: str) -> Held:
    """The private keys beside a side's certificates."""
    names = [name for file, name in case.certificates(side) if file.startswith("x509/")]
    return Held(tuple(SigningKey.of(Secret(name, None, pki().key(name))) for name in names))


def judged(peers: list[Peer]) -> list[PairVerdict]:
    from proofs.verify import verify

    return list(verify(peers, [(peers[0].name, peers[1].name)], TODAY).pairs)


@cache
def compared(case: Case) -> list[str]:
    """For each child that either side may bring up: how engines and verdict differ, empty if they agree."""
    peers = peers_of(case, pki())
    plans = {
        peer.name: plan_of(peer, SIDES[peer.name]["IP"], held_by(case, peer.name), TODAY)
        for peer in peers
    }
    found = []
    for verdict in judged(peers):
        one, other = plans[verdict.initiator.peer], plans[verdict.responder.peer]
        connection = verdict.initiator.connection
        if one is None or other is None or connection is None or not decided(verdict):
            continue
        for second in verdict.phase2:
            if second.outcome is not Outcome.UNDECIDED:
                done = carry_out(one, other, connection, second.child)
                said = difference(verdict, second, done)
                found.append(f"{verdict.initiator.peer}, {second.child}: {said}" if said else "")
        if not verdict.phase2:
            negotiated = [i for i in one.settings.connections[0].children if i.negotiates]
            if not negotiated:
                continue
            done = carry_out(one, other, connection, negotiated[0].name)
            both = _reason(verdict), done.reason1
            # our engine does not answer a stranger, where strongSwan refuses him
            same = both[0] == both[1] or both == ("no-connection", "no-responder")
            said = "" if same else f"{both[0]}: {done}"
            found.append(f"{verdict.initiator.peer}: {said}" if said else "")
    return found


def _reason(verdict: PairVerdict) -> str | None:
    return verdict.phase1.reason.value if verdict.phase1.reason else None


@pytest.mark.parametrize("kind", sorted({case.kind for case in all_cases()}))
def test_r3_r7_r10_r21_two_engines_do_what_verify_says(kind: str) -> None:
    for case in all_cases():
        if case.kind == kind:
            assert [item for item in compared(case) if item] == [], case.name


def test_most_pairs_can_be_run() -> None:
    runnable = [case for case in all_cases() if compared(case)]
    assert len(runnable) > 120
