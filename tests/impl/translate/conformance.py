"""Two policies, carried out: what `verify` says of them beside what two engines do on a link."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, replace
from ipaddress import ip_address

from impl.ike.engine import Engine
from impl.ike.events import (
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
    SaPair,
    SasInstalled,
)
from impl.ike.settings import Address, ConnectionSettings, Phase1Choice
from impl.link.network import Network
from impl.translate import Held, Plan, plan
from impl.wire.numbers import Method
from model.vocabulary.outcomes import Outcome, PairVerdict, Phase2Verdict
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from model.vocabulary.suites import AuthMethod, Phase1Suite, Phase2Suite, Protocol

#: the whole exchange, its resends and the brief interval, in seconds of the link's clock
LONG = 60.0
NOTHING = Held()
#: what a peer is told is the same for both (INVALID-ID-INFORMATION)
_ALIKE = {"mode": {"mode", "selector"}, "no-connection": {"no-responder"}}


@dataclass
class Carried:
    """What two engines made of one child of a connection.

    reason1, reason2   why not, at the end that refused; None where it came up
    """

    choice: Phase1Choice | None
    reason1: str | None
    pair: SaPair | None = None
    reason2: str | None = None


def plan_of(
    peer: Peer, host: str, held: Held = NOTHING, day: datetime.date | None = None
) -> Plan | None:
    """A policy in the engine's terms, on a day; None for what the engine refuses to run."""
    try:
        made = plan(peer, ip_address(host), (), held)
    except PolicyError as error:
        assert error.mend
        return None
    if day is None:
        return made
    noon = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    return replace(made, settings=replace(made.settings, utc=lambda _now: noon))


def carry_out(
    initiator: Plan, responder: Plan, connection: str, child: str, seed: int = 0
) -> Carried:
    """Let the initiator bring up one child, and wait until all is over."""
    if connection in initiator.mute:
        return Carried(None, "no-responder")
    network = Network(seed=seed)
    engines: list[tuple[Address, Engine]] = []
    for item in (initiator, responder):
        own = Engine(item.settings, random.Random(seed + len(engines)).randbytes)
        engines.append(((str(item.settings.local), 500), own))
        network.join(*engines[-1])
    (a, engine), (b, _) = engines
    target = str(initiator.targets[connection]), 500
    engine.start(_named(initiator, connection), target, 0.0, child)
    network.run(LONG)
    up = [e for e in network.events[a] if isinstance(e, Phase1Established)]
    peers = [e for e in network.events[b] if isinstance(e, Phase1Established)]
    if not up or not peers:
        said = [
            e.reason for end in (b, a) for e in network.events[end] if isinstance(e, Phase1Failed)
        ]
        # Whom the other leaves without a word hears nothing more: the reason is the other's.
        said.sort(key="no-responder".__eq__)
        return Carried(None, said[0] if said else "none")
    pairs = [e.pair for e in network.events[a] if isinstance(e, SasInstalled)]
    theirs = [e.pair for e in network.events[b] if isinstance(e, SasInstalled)]
    if pairs and theirs:
        assert [item.outbound_key for item in pairs[0].sas] == [
            item.inbound_key for item in theirs[0].sas
        ]
        assert (pairs[0].local, pairs[0].remote) == (theirs[0].remote, theirs[0].local)
        return Carried(up[0].choice, None, pairs[0])
    failed = [
        e.reason for end in (b, a) for e in network.events[end] if isinstance(e, Phase2Failed)
    ]
    return Carried(up[0].choice, None, None, failed[0] if failed else "none")


def _named(item: Plan, name: str) -> ConnectionSettings:
    return next(one for one in item.settings.connections if one.name == name)


def difference(verdict: PairVerdict, second: Phase2Verdict, done: Carried) -> str:
    """How the verdict and what was done differ; empty if they do not."""
    first = verdict.phase1
    if any(item.id == "OWN-IDENTITY" for item in verdict.findings):
        # The one known difference: strongSwan does not compare the two, and the engine does.
        return _differ("Phase I", "identity", done.reason1)
    if first.outcome is Outcome.FAILS or done.reason1 is not None:
        said = first.reason.value if first.reason else None
        return _differ("Phase I", said, done.reason1)
    assert done.choice is not None
    if first.suite is None or done.choice != _numbers(first.suite):
        return f"Phase I: verify says {first.suite}, engines {done.choice}"
    if second.outcome is Outcome.FAILS or done.pair is None:
        said = second.reason.value if second.reason else None
        return _differ("Phase II", said, done.reason2)
    assert second.suite is not None
    if _numbers2(second.suite) != _taken(done.pair):
        return f"Phase II: verify says {second.suite}, engines {_taken(done.pair)}"
    ends = second.initiator_selector, second.responder_selector
    if ends != (done.pair.local, done.pair.remote):
        return f"packets: verify says {ends}, engines {(done.pair.local, done.pair.remote)}"
    return ""


def _differ(phase: str, said: str | None, done: str | None) -> str:
    same = done == said or done in _ALIKE.get(said or "", ())
    return "" if same else f"{phase}: verify says {said}, engines {done}"


def _numbers(suite: Phase1Suite) -> Phase1Choice:
    number, hash_ = suite.encryption.algorithm.phase1_number, suite.hash.number
    assert number is not None and hash_ is not None
    method = _METHODS[suite.authentication]
    return Phase1Choice(number, suite.encryption.key_bits, hash_, method, suite.group.number)


_METHODS = {
    AuthMethod.PRE_SHARED_KEY: Method.PRE_SHARED_KEY,
    AuthMethod.CERTIFICATE: Method.RSA_SIGNATURES,
    AuthMethod.KERBEROS: Method.KERBEROS,
}
_Taken = set[tuple[int, int | None, int | None, int | None, int | None]]


def _numbers2(suite: Phase2Suite) -> _Taken:
    """Of each protocol its number, cipher and key length (none of AH), integrity, PFS group."""
    found: _Taken = set()
    for part in suite.protections:
        cipher = part.encryption
        found.add(
            (
                3 if part.protocol is Protocol.ESP else 2,
                cipher.algorithm.esp_number if cipher else None,
                cipher.key_bits if cipher else None,
                part.integrity.number if part.integrity else None,
                suite.pfs_group.number if suite.pfs_group else None,
            )
        )
    return found


def _taken(pair: SaPair) -> _Taken:
    return {
        (c.protocol, c.transform if c.protocol == 3 else None, c.key_bits, c.integrity, c.group)
        for c in (item.choice for item in pair.sas)
    }


def decided(verdict: PairVerdict) -> bool:
    """Whether verify decides Phase I, for the addresses that the two policies state."""
    translated = any("translated" in item for item in verdict.assumptions)
    return verdict.phase1.outcome is not Outcome.UNDECIDED and not translated
