"""Certificates under strongSwan's own policies: our engines, `verify`, and what two strongSwans did (R3, R5).

The pairs are those of tests/data/charon that authenticate by certificates, as far as both sides can be run.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from functools import cache

from impl.translate import Plan
from model.formats import load
from model.vocabulary.policy import Peer
from model.vocabulary.suites import AuthMethod
from proofs.verify import verify
from tests.conftest import DictReader
from tests.impl.translate.conformance import carry_out, plan_of
from tests.interop.cases import CERT, SIDES, Case
from tests.interop.pki import PKI
from tests.interop.records import kept
from tests.interop.records import plain_cases as all_cases

TODAY = datetime.date(2026, 11, 24)
NOON = datetime.datetime.combine(TODAY, datetime.time(12), datetime.UTC)


@cache
def pki() -> PKI:
    return PKI(TODAY)


def peers_of(case: Case) -> list[Peer]:
    """Both sides with their private keys."""
    found = []
    for side, files in case.files(pki(), private=True).items():
        reader = DictReader({f"{side}/{name}": text for name, text in files.items()})
        found.append(load(f"{side}/swanctl.conf", side, reader))
    return found


def by_certificate(peer: Peer) -> bool:
    methods = [item.method.value for c in peer.connections for item in c.authentications]
    return set(methods) == {AuthMethod.CERTIFICATE}


def plan_at_noon(peer: Peer) -> Plan | None:
    made = plan_of(peer, SIDES[peer.name]["IP"])
    if made is None:
        return None
    return replace(made, settings=replace(made.settings, utc=lambda _now: NOON))


def test_r3_r5_engines_verify_and_strongswan_agree_on_certificates() -> None:
    seen, compared = kept(), 0
    for case in all_cases():
        peers = peers_of(case) if case.base == CERT else []
        if not peers or not all(map(by_certificate, peers)):
            continue
        plans = {peer.name: plan_at_noon(peer) for peer in peers}
        for verdict in verify(peers, [("peer", "cmd")], TODAY).pairs:
            who, other = verdict.initiator.peer, verdict.responder.peer
            one, two, connection = plans[who], plans[other], verdict.initiator.connection
            if one is None or two is None or connection is None:
                continue
            done = carry_out(one, two, connection, "net")
            said = verdict.phase1.reason.value if verdict.phase1.reason else None
            assert done.reason1 == said, (case.name, who)
            observed = seen[case.name][who]
            reasons = (observed.reason1 or "").split(" or ")
            assert (done.reason1 or "") in reasons, (case.name, who)
            compared += 1
    assert compared > 50
