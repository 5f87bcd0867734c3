"""What a conclusion says, as values; `explorer.view.conclusions` has the words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from impl.wire.payloads import Notification
from impl.wire.proposals import Proposal, Transform


class Outcome(StrEnum):
    """The state that a conversation reached."""

    ESTABLISHED = "established"
    PHASE1 = "phase1-established"
    REFUSED = "refused"
    STOPPED = "stopped"
    DELETED = "deleted"
    UNDECIDED = "undecided"
    OUT_OF_SCOPE = "out-of-scope"


class Reason(StrEnum):
    """Why it ended there. The ids of a verdict (docs/decode.md) mean the same as in `ikeproof verify`."""

    COMPLETE = "complete"
    NO_RESPONDER = "no-responder"
    PROPOSAL_P1 = "proposal-p1"
    EXCHANGE_MODE = "exchange-mode"
    AUTH_METHOD = "auth-method"
    PSK_MISMATCH = "psk-mismatch"
    CERTIFICATE = "certificate"
    KERBEROS = "kerberos"
    IDENTITY = "identity"
    PROPOSAL_P2 = "proposal-p2"
    SELECTOR = "selector"
    NOTIFY = "notify"
    REFUSAL_ENCRYPTED = "refusal-encrypted"
    NOT_ACCEPTED = "not-accepted"
    NOT_CONFIRMED = "not-confirmed"
    NO_QUICK_MODE = "no-quick-mode"
    XAUTH = "xauth"
    DELETE = "delete"
    DEAD_PEER = "dead-peer"
    ONE_DIRECTION = "one-direction"
    BEGINS_BEFORE = "begins-before-capture"
    CAPTURE_ENDS = "capture-ends"
    INCOMPLETE = "incomplete"
    IKE_VERSION = "ike-version"


class Evidence(StrEnum):
    """What a reason rests on."""

    MESSAGES = "messages"
    NOTIFY = "notify"
    SILENCE = "silence"
    ICMP = "icmp"
    UNREAD_ANSWER = "unread-answer"
    RESENT = "resent"
    WRONG_PROOF = "wrong-proof"
    WRONG_KEY = "wrong-key"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class Ending:
    """What happened to one exchange.

    evidence       what the reason rests on
    exchange       its type; 0: the conversation as a whole
    stopped_after  the number of its last message; None where it did not stop, or that is not known
    certain        False where the reason is inferred; `alternatives` are then other possible reasons
    frames         the messages that this rests on, by frame
    by_initiator   whether the initiator of Phase I refused, deleted, or fell silent; None: not known
    sendings       how often the last message was sent, over `seconds`
    answers        messages from the other end that came in answer, and that no key opens
    keyed          whether there is a key, so that what stays closed does not belong to it
    unreachable    what ICMP reports of the last message
    notify         what refused it; `protected`: under the keys of Phase I
    chosen         the suites of a Quick Mode, where they can be read
    """

    outcome: Outcome
    reason: Reason
    evidence: Evidence = Evidence.MESSAGES
    exchange: int = 0
    message_id: int = 0
    stopped_after: int | None = None
    certain: bool = True
    alternatives: tuple[Reason, ...] = ()
    frames: tuple[int, ...] = ()
    by_initiator: bool | None = None
    sendings: int = 0
    seconds: float = 0.0
    answers: int = 0
    keyed: bool = False
    floated: bool = False
    unreachable: str = ""
    notify: Notification | None = None
    protected: bool = False
    chosen: tuple[tuple[Proposal, Transform], ...] = ()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What happened to a conversation: `main` decides, `phase1` and `quick` are its exchanges in order.

    phase1   None if the capture has no message of Phase I
    """

    main: Ending
    phase1: Ending | None = None
    quick: tuple[Ending, ...] = ()
