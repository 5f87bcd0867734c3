"""The machine: IKEv1 between two peers, one file a concern.

parameters  what policies say, as tables     phase1                 the two ends of Phase I
phase2      Quick Mode                       main_mode, aggressive  its two exchanges
driver      the SAs handed to IPsec

Negotiation only, so far: no time, and of the attacker no more than an altered message 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from model.language.specification import Specification
from model.spec.aggressive import aggressive_mode
from model.spec.driver import Driver, driver
from model.spec.main_mode import main_mode
from model.spec.parameters import phase1_policy, phase2_policy
from model.spec.phase1 import Phase1, phase1
from model.spec.phase2 import Phase2, phase2


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
    spec.actor("network", "whoever carries messages, and may alter what no key protects")
    ends = phase1(spec, phase1_policy(spec))
    main_mode(spec, ends)
    aggressive_mode(spec, ends)
    policy = phase2_policy(spec)
    drivers = driver(spec, policy)
    return Ike(spec, ends, phase2(spec, policy, ends, drivers), drivers)


def specification() -> Specification:
    """The specification alone."""
    return machine().spec
