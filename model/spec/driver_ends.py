"""The IPsec driver at both ends: the pair of SAs that a finished Quick Mode hands over, and how it
ends (R11, R13, R18, R19).

To expire is the driver's own act, by time or by bytes; to delete is IKE's, upon an authenticated Delete
or on demand. What a driver does packet by packet is the machine `driver`.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.language.sorts import Enum, Int, Maybe
from model.language.specification import Record, Specification, urgent_timer
from model.language.terms import Term, arm, ite, lift
from model.spec.parameters import Phase2Policy, Timing
from model.spec.phase1 import Phase1

DRIVER_STATE = Enum("DriverState", ("absent", "installed", "expired", "deleted"))
_SPI = Int(0, 2)


@dataclass(frozen=True)
class Driver:
    """What the driver of the starter, and of the answerer, holds for each negotiation."""

    starter: Record
    answerer: Record


def driver(spec: Specification, policy: Phase2Policy) -> Driver:
    """Declare the two drivers."""

    def pair(name: str, end: str) -> Record:
        return spec.family(
            name,
            policy.negotiation,
            f"The pair of SAs in the driver of the {end}: SPI of each direction, suite, lifetime.",
            state=DRIVER_STATE,
            inbound_spi=_SPI,
            outbound_spi=_SPI,
            protection=(Maybe(policy.protection), None),
            hard=urgent_timer(),
        )

    return Driver(pair("starter_driver", "starter"), pair("answerer_driver", "answerer"))


def handed_over(end: Record) -> Term:
    """Whether this driver was given its pair, whatever has become of it."""
    return end.state.ne("absent")


def stands_alone(policy: Phase2Policy, ends: Phase1, pair: Record, role: Term) -> Term:
    """Whether the SAs of an end of that role stand although their Phase I SA has ended there: where the
    profile has them end with it, they never do."""
    ended = ite(
        role.eq("initiator"), ends.initiator.state.eq("ended"), ends.responder.state.eq("ended")
    )
    return pair.state.eq("installed") & ended & ~policy.ends_with_phase1(role)


def lasts(policy: Phase2Policy, timing: Timing, starter: Term, at: Term) -> Term:
    """The timer of a new pair: its lifetime at the end of that role, or off if it has none."""
    running = arm(policy.life(starter, at) + timing.slack)
    return ite(policy.timed(starter, at), running, lift(None, running.sort))


def hand_over(
    end: Record, *, inbound: Term, outbound: Term, protection: Term, lasting: Term
) -> dict[Term, object]:
    """The updates that give a driver its pair: inbound under the local SPI, outbound the peer's."""
    return {
        end.state: "installed",
        end.inbound_spi: inbound,
        end.outbound_spi: outbound,
        end.protection: protection,
        end.hard: lasting,
    }
