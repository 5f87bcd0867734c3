"""The machine: IKEv1 between two peers, one file a concern.

parameters  what policies say, as tables     phase1                 the two ends of Phase I
offers      messages 1 and 2 of Main Mode    main_mode, aggressive  its two exchanges
clock       what time brings about           keys                   who can know which key
attacker    what an outsider writes          intruder               what he writes who knows the keys
phase2      Quick Mode                       phase2_time            its time-outs, and the end of SAs
reflection  Quick Mode with oneself          driver_ends            the SAs handed to IPsec

One exchange of Phase I is followed; later ones are others, under fresh keys. That is the machine `ike`;
`driver` (and `driver_pair`) is the IPsec driver packet by packet, `flow` (and `flow_*`) what happens
between exchanges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol

from model.language.specification import Specification
from model.spec.aggressive import aggressive_mode
from model.spec.attacker import attacker
from model.spec.clock import clock, deletes
from model.spec.driver import ipsec
from model.spec.driver_ends import Driver, driver
from model.spec.flow import flow
from model.spec.intruder import intruder
from model.spec.main_mode import main_mode
from model.spec.parameters import attacker_switches, phase1_policy, phase2_policy, timing
from model.spec.phase1 import Phase1, phase1
from model.spec.phase2 import Phase2, phase2
from model.spec.phase2_time import phase2_time
from model.spec.reflection import reflection


@dataclass(frozen=True)
class Ike:
    """The specification, and its parts by name: what promises are written about."""

    spec: Specification
    phase1: Phase1
    phase2: Phase2
    driver: Driver


@cache
def machine() -> Ike:
    """The whole two-peer machine."""
    spec = Specification("ike")
    spec.actor("initiator", "the peer that sends the first message of Phase I")
    spec.actor("responder", "the peer that answers it")
    spec.actor("peer", "either of them, in Phase II")
    spec.actor("driver", "the IPsec driver of either of them")
    spec.actor("attacker", "an outsider who controls the network; his powers are switches")
    first = phase1_policy(spec)
    switches = attacker_switches(spec, first.transform)
    ends = phase1(spec, first, timing(spec), switches)
    delete = deletes(spec)
    main_mode(spec, ends, delete["initiator"])
    aggressive_mode(spec, ends)
    policy = phase2_policy(spec)
    drivers = driver(spec, policy)
    second = phase2(spec, policy, ends, drivers)
    clock(spec, ends, delete)
    phase2_time(spec, second, drivers, delete)
    reflection(spec, second)
    attacker(spec, ends)
    intruder(spec, second, drivers)
    return Ike(spec, ends, second, drivers)


class Specified(Protocol):
    """A machine: its specification, and its parts by name."""

    @property
    def spec(self) -> Specification:
        """The specification."""
        ...


#: every machine, by the name of its specification
MACHINES: Mapping[str, Callable[[], Specified]] = MappingProxyType(
    {"ike": machine, "flow": flow, "driver": ipsec}
)


def specification(name: str = "ike") -> Specification:
    """The specification of a machine alone; KeyError for a name that is not valid."""
    return MACHINES[name]().spec


def specifications() -> dict[str, Specification]:
    """All of them, by name."""
    return {name: made().spec for name, made in MACHINES.items()}
