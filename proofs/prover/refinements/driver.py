"""The machine `driver` in the place of what `ike` knows of an IPsec driver: state and lifetime of a pair.

`ike` follows the pair of SAs of a negotiation at each of its ends: absent, installed, expired or deleted,
and how long it lasts. The driver knows packets, bytes and replay besides. Its own steps (to expire, by
time or by bytes) need nobody; to install and to delete are joint steps with IKE, which sees to what
they need of Phase I and of the negotiation. What IKE hands over is whether the pair has a lifetime and
a limit of bytes, and how long it lasts; it does not change as long as there is a pair.
"""

from __future__ import annotations

from model.language.specification import Record
from model.language.terms import Term, lift
from model.spec import machine
from model.spec.driver import ipsec
from model.spec.driver_pair import ENDED
from proofs.prover.proving import everything
from proofs.prover.refinement import Accepts, Is, Simulation, refinement


@refinement("R13 R19", of="driver", to="ike")
def the_driver_is_the_starters_end() -> Simulation:
    """The driver at the end that started a negotiation does what Phase II assumes of it: a pair is
    installed once, and ends by its own driver's count of time or bytes or because IKE deletes it.

    Assumed: IKE installs and deletes only as its own guards say, and gives a new pair a triple that no
    other SA has, or the driver refuses it. Guaranteed: what is proved of Phase II with its abstract
    driver holds with this one. Not circular: no guard of either reads what the other does in the step.
    """
    two, pairs = machine().phase2, machine().driver
    return _end("starter", "quick.take_answer", pairs.starter[two.n], two.starter.role)


@refinement("R13 R19", of="driver", to="ike")
def the_driver_is_the_answerers_end() -> Simulation:
    """The driver at the end that answered a negotiation does what Phase II assumes of it: a pair is
    installed once, and ends by its own driver's count of time or bytes or because IKE deletes it.

    Assumed, guaranteed, and why it is not circular: as at the starter's end.
    """
    two, pairs = machine().phase2, machine().driver
    return _end("answerer", "quick.complete", pairs.answerer[two.n], two.answering_role)


def _end(end: str, install: str, pair: Record, role: Term) -> Simulation:
    """The pair at one end of negotiation n, whose role in Phase I is `role`."""
    ike, own = machine(), ipsec()
    policy, limits, starter = ike.phase2.policy, own.limits, ike.phase2.starter.role
    deletes, hears = f"driver.{end}_deletes", f"driver.{end}_hears_delete"
    believes = f"driver.{end}_believes_delete"
    used_up = [Is(f"driver.{end}_used_up")]
    taken = own.others.same_triple
    return Simulation(
        own.spec,
        ike.spec,
        everything("driver"),
        {pair.state: own.sa.state, pair.hard: own.sa.hard},
        {
            "sa.install": [Is(install)],
            "sa.expire_by_time": [Is(f"driver.{end}_expires")],
            "sa.expire_by_sending": used_up,
            "sa.expire_by_receiving": used_up,
            "sa.delete": [Is(deletes), Is(hears), Is(believes)],
        },
        {
            ike.phase1.timing.slack: limits.slack,
            policy.timed(starter, role): limits.ends_by_time,
            policy.counted(starter, role): limits.ends_by_bytes,
            policy.life(starter, role): limits.life,
        },
        joint=frozenset(("sa.install", "sa.delete")),
        accepts=[
            Accepts(install, "sa.install", when=pair.state.eq("absent"), unless=taken),
            Accepts(deletes, "sa.delete", {"why": lift("down", ENDED)}),
            Accepts(hears, "sa.delete", {"why": lift("peer_delete", ENDED)}),
            Accepts(believes, "sa.delete", {"why": lift("peer_delete", ENDED)}),
        ],
        needed=pair.state.ne("absent"),
        caller=everything("ike"),
    )
