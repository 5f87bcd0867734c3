"""Offers compared with a responder's proposals, and what both daemons are told beyond their policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from model.choice import Offer, S, Table, phase1_table, phase2_table, private_algorithms
from model.vocabulary.policy import Peer, Phase1Proposal, Phase2Proposal
from model.vocabulary.suites import Phase1Suite, Phase2Suite


def phase1_against(
    offers: Sequence[Offer[Phase1Suite]],
    proposals: Sequence[Phase1Proposal],
    initiator: Peer,
    responder: Peer,
) -> Table[Phase1Suite]:
    """The table of Phase I."""
    private = private_algorithms(initiator.stack, responder.stack)
    table = phase1_table(offers, proposals, responder.profile, private=private)
    return _ordered(table, responder)


def phase2_against(
    offers: Sequence[Offer[Phase2Suite]],
    proposals: Sequence[Phase2Proposal],
    initiator: Peer,
    responder: Peer,
) -> Table[Phase2Suite]:
    """The table of Quick Mode."""
    private = private_algorithms(initiator.stack, responder.stack)
    table = phase2_table(offers, proposals, responder.profile, private=private)
    return _ordered(table, responder)


def _ordered(table: Table[S], responder: Peer) -> Table[S]:
    own = table.prefers_own and responder.stack.prefers_configured.value
    return replace(table, prefers_own=own)


PRIVATE_MEND = "set charon.send_vendor_id = yes in strongswan.conf at both ends, or use an algorithm with an IKEv1 number"


def why_private(
    offers: Sequence[Offer[S]], table: Table[S], takes: Callable[[S], bool], responder: Peer
) -> str:
    """Why a transform that both ends have is not accepted: its number is private; empty if it is accepted."""
    for offer in offers:
        if table.winner() is None and offer.suite.private and takes(offer.suite):
            return (
                f"{offer.suite} has an algorithm without an IKEv1 number: strongSwan uses a private number, "
                f"but only if both ends send its vendor ID, and {responder.name} or its peer does not"
            )
    return ""


def assumed(table: Table[S], initiator: Peer, responder: Peer) -> list[str]:
    """Which options of strongswan.conf are assumed to be at their defaults, where another value would change the choice."""
    found = []
    if responder.format == "swanctl" and responder.stack.file is None:
        other = replace(table, prefers_own=not table.prefers_own).winner()
        mine = table.winner()
        if mine is not None and other is not None and mine.suite != other.suite:
            found.append(
                f"charon.prefer_configured_proposals of {responder.name} is at its default, yes"
            )
    silent = [
        x.name for x in (initiator, responder) if x.format == "swanctl" and x.stack.file is None
    ]
    if silent and any(row.suite.private for row in table.rows):
        found.append(
            f"charon.send_vendor_id of {' and '.join(sorted(silent))} is at its default, no"
        )
    return found
