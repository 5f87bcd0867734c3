"""The exchange machines, as data: what an end awaits, what it does with it, and what it awaits then
(RFC 2409 sections 5 and 5.5; R2).

A row is looked up by exchange and state; `does` names the function of `phase1` or `phase2` that does it.
What is in no row is not awaited, and is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from impl.wire.payloads import (
    AnyPayload,
    HashData,
    Identification,
    KeyExchange,
    Nonce,
)
from impl.wire.proposals import SecurityAssociation


class State(Enum):
    """States, named after what is awaited."""

    IDLE = "idle"
    AWAITS_MM2 = "awaits message 2"
    AWAITS_MM3 = "awaits message 3"
    AWAITS_MM4 = "awaits message 4"
    AWAITS_MM5 = "awaits message 5"
    AWAITS_MM6 = "awaits message 6"
    AWAITS_QM1 = "awaits Quick Mode message 1"
    AWAITS_QM2 = "awaits Quick Mode message 2"
    AWAITS_QM3 = "awaits Quick Mode message 3"
    ESTABLISHED = "established"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Row:
    """What to do with a message in a state.

    needs   payload types that it must have, each once
    sealed  whether it must be encrypted      then   the state after it
    """

    needs: tuple[type[AnyPayload], ...]
    sealed: bool
    does: str
    then: State


MAIN_MODE: dict[State, Row] = {
    State.IDLE: Row((SecurityAssociation,), False, "answer_offer", State.AWAITS_MM3),
    State.AWAITS_MM2: Row((SecurityAssociation,), False, "take_answer", State.AWAITS_MM4),
    State.AWAITS_MM3: Row((KeyExchange, Nonce), False, "exchange_keys", State.AWAITS_MM5),
    State.AWAITS_MM4: Row((KeyExchange, Nonce), False, "prove", State.AWAITS_MM6),
    State.AWAITS_MM5: Row(
        (Identification, HashData), True, "authenticate_initiator", State.ESTABLISHED
    ),
    State.AWAITS_MM6: Row(
        (Identification, HashData), True, "authenticate_responder", State.ESTABLISHED
    ),
}

QUICK_MODE: dict[State, Row] = {
    State.AWAITS_QM1: Row(
        (HashData, SecurityAssociation, Nonce), True, "answer_quick", State.AWAITS_QM3
    ),
    State.AWAITS_QM2: Row(
        (HashData, SecurityAssociation, Nonce), True, "take_quick_answer", State.ESTABLISHED
    ),
    State.AWAITS_QM3: Row((HashData,), True, "complete_quick", State.ESTABLISHED),
}
