"""The flow machine: one flow to be negotiated, between two ends that may both start.

flow_ends     what is up at each end         flow_manager    what its connection manager does
flow_renewal  what ends Phase I, and follows  flow_exchanges  what the peer and the network do

`ike` follows one exchange of Phase I. This machine follows what comes between exchanges: any number of
them, started by either end, one by each at the same time; clear text after silence, Phase II under what
stands, rekeying, renegotiation, Delete (R8, R9, R12, R15 to R19, R22). What an exchange does is cut
down to what its ends can tell: silence, an answer, success at one end and then at the other, failure.

The flow's level is `require`: what a policy lets pass in clear by intent is not part of it. Durations of
exchanges are `ike`'s; here time is what a request may wait for, and the life of a soft SA.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from model.language.specification import Specification
from model.spec.flow_ends import End, FlowPolicy, ends, flow_policy
from model.spec.flow_exchanges import exchanges
from model.spec.flow_manager import manager
from model.spec.flow_renewal import renewal


@dataclass(frozen=True)
class Flow:
    """The specification, and its parts by name: what promises are written about."""

    spec: Specification
    policy: FlowPolicy
    a: End
    b: End

    @property
    def ends(self) -> tuple[End, End]:
        """Both ends."""
        return self.a, self.b


@cache
def flow() -> Flow:
    """The whole machine."""
    spec = Specification("flow")
    spec.actor("a", "an end of the flow")
    spec.actor("b", "the other end")
    policy = flow_policy(spec)
    a, b = ends(spec, policy)
    for end in (a, b):
        manager(spec, end)
        renewal(spec, end)
        exchanges(spec, end)
    return Flow(spec, policy, a, b)
