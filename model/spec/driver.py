"""The IPsec driver at both ends: the pair of SAs that a finished Quick Mode hands over (R11, R13)."""

from __future__ import annotations

from dataclasses import dataclass

from model.language.sorts import BOOL, Int, Maybe
from model.language.specification import Record, Specification
from model.language.terms import TRUE, Term
from model.spec.parameters import Phase2Policy

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
            f"The pair of SAs in the driver of the {end}: SPI of each direction, and the suite.",
            installed=BOOL,
            inbound_spi=_SPI,
            outbound_spi=_SPI,
            protection=(Maybe(policy.protection), None),
        )

    return Driver(pair("starter_driver", "starter"), pair("answerer_driver", "answerer"))


def hand_over(
    end: Record, *, inbound: Term, outbound: Term, protection: Term
) -> dict[Term, object]:
    """The updates that give a driver its pair: inbound under the own SPI, outbound the peer's."""
    return {
        end.installed: TRUE,
        end.inbound_spi: inbound,
        end.outbound_spi: outbound,
        end.protection: protection,
    }
