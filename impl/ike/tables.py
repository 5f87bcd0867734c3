"""The exchange machines as tables: what an end expects, what it does with it, and what it expects next
(RFC 2409 sections 5 and 5.5; R2).

A row is looked up by exchange and state, in Main Mode by the authentication method too; `does` names the
function of `phase1` or `phase2` that does it. A message without a row is not expected, and is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from impl.wire.numbers import Method
from impl.wire.payloads import (
    AnyPayload,
    GssToken,
    HashData,
    Identification,
    KeyExchange,
    Nonce,
    Signature,
)
from impl.wire.proposals import SecurityAssociation


class State(Enum):
    """States, named after what is awaited."""

    # each is one object, and rows are looked up by it for every message
    __hash__ = object.__hash__

    IDLE = "idle"
    AWAITS_MM2 = "awaits message 2"
    AWAITS_MM3 = "awaits message 3"
    AWAITS_MM4 = "awaits message 4"
    AWAITS_MM5 = "awaits message 5"
    AWAITS_MM6 = "awaits message 6"
    AWAITS_MM7 = "awaits message 7 or a later one of the initiator"
    AWAITS_MM8 = "awaits message 8 or a later one of the responder"
    AWAITS_QM1 = "awaits Quick Mode message 1"
    AWAITS_QM2 = "awaits Quick Mode message 2"
    AWAITS_QM3 = "awaits Quick Mode message 3"
    ESTABLISHED = "established"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Row:
    """What to do with a message in a state.

    needs   payload types that it must have, each once; `some`: at least once
    sealed  whether it must be encrypted      then   the state after it
    more    the state after it while tokens of GSS-API continue
    """

    needs: tuple[type[AnyPayload], ...]
    sealed: bool
    does: str
    then: State
    more: State | None = None
    some: tuple[type[AnyPayload], ...] = ()


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

#: RSA signatures: the proof is a signature
SIGNATURES: dict[State, Row] = {
    **MAIN_MODE,
    State.AWAITS_MM5: Row(
        (Identification, Signature), True, "authenticate_initiator", State.ESTABLISHED
    ),
    State.AWAITS_MM6: Row(
        (Identification, Signature), True, "authenticate_responder", State.ESTABLISHED
    ),
}

#: Kerberos: a token goes with each public value; a proof is a HASH, or a token that has to go before it
KERBEROS: dict[State, Row] = {
    **MAIN_MODE,
    State.AWAITS_MM3: Row((KeyExchange, Nonce, GssToken), False, "exchange_keys", State.AWAITS_MM5),
    State.AWAITS_MM4: Row((KeyExchange, Nonce, GssToken), False, "prove", State.AWAITS_MM6),
    State.AWAITS_MM5: Row(
        (Identification,), True, "authenticate_initiator", State.ESTABLISHED, State.AWAITS_MM7
    ),
    State.AWAITS_MM6: Row(
        (Identification,), True, "authenticate_responder", State.ESTABLISHED, State.AWAITS_MM8
    ),
    State.AWAITS_MM7: Row((), True, "go_on", State.ESTABLISHED, State.AWAITS_MM7),
    State.AWAITS_MM8: Row((), True, "go_on", State.ESTABLISHED, State.AWAITS_MM8),
}

#: Main Mode by method; while none is agreed on, the first two rows, which are the same in all
BY_METHOD: dict[int | None, dict[State, Row]] = {
    None: MAIN_MODE,
    Method.PRE_SHARED_KEY: MAIN_MODE,
    Method.RSA_SIGNATURES: SIGNATURES,
    Method.KERBEROS: KERBEROS,
}

#: several SAs may be asked for at once (RFC 2409 5.5)
_SAS = (SecurityAssociation,)
QUICK_MODE: dict[State, Row] = {
    State.AWAITS_QM1: Row((HashData, Nonce), True, "answer_quick", State.AWAITS_QM3, some=_SAS),
    State.AWAITS_QM2: Row(
        (HashData, Nonce), True, "take_quick_answer", State.ESTABLISHED, some=_SAS
    ),
    State.AWAITS_QM3: Row((HashData,), True, "complete_quick", State.ESTABLISHED),
}
