"""The conclusion of a conversation in words, and as JSON shows it (docs/decode.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explorer.view.suites import suite
from impl.capture.ending import Conclusion, Ending, Evidence, Outcome, Reason
from impl.wire.numbers import ExchangeType, NotifyType, name_of

MODES: dict[int, str] = {
    ExchangeType.BASE: "Base Mode",
    ExchangeType.MAIN: "Main Mode",
    ExchangeType.AUTHENTICATION_ONLY: "Authentication Only",
    ExchangeType.AGGRESSIVE: "Aggressive Mode",
    ExchangeType.INFORMATIONAL: "Informational",
    ExchangeType.TRANSACTION: "Transaction",
    ExchangeType.QUICK: "Quick Mode",
    ExchangeType.NEW_GROUP: "New Group Mode",
}
ROLES = {
    Outcome.ESTABLISHED: "ok",
    Outcome.PHASE1: "open",
    Outcome.REFUSED: "bad",
    Outcome.STOPPED: "bad",
    Outcome.DELETED: "plain",
    Outcome.UNDECIDED: "open",
    Outcome.OUT_OF_SCOPE: "open",
}
_CAUSES = {
    Reason.NO_RESPONDER: "packets are lost on the way",
    Reason.PROPOSAL_P1: "no common Phase I proposal",
    Reason.EXCHANGE_MODE: "the peer does not support the exchange type",
    Reason.AUTH_METHOD: "no common authentication method",
    Reason.PSK_MISMATCH: "different pre-shared keys",
    Reason.CERTIFICATE: "the certificate or signature is not accepted",
    Reason.KERBEROS: "Kerberos authentication failed",
    Reason.IDENTITY: "the identity is not accepted",
    Reason.PROPOSAL_P2: "no common Phase II proposal",
    Reason.SELECTOR: "the traffic selectors (IDs) do not match the policy",
}
#: the meaning of notifies that have no reason of their own
_MEANINGS: dict[int, str] = {
    NotifyType.INVALID_COOKIE: "the peer does not know this Phase I SA, it may have restarted",
    NotifyType.INVALID_SPI: "the peer does not know this SPI, it may have restarted",
    NotifyType.INVALID_MAJOR_VERSION: "the peer does not support this version of IKE",
    NotifyType.INVALID_MINOR_VERSION: "the peer does not support this version of IKE",
    NotifyType.INVALID_KEY_INFORMATION: "the peer does not accept the public value or its group",
    NotifyType.SITUATION_NOT_SUPPORTED: "the peer does not support the situation of the SA",
    NotifyType.DOI_NOT_SUPPORTED: "the peer does not support the DOI of the SA",
    NotifyType.INVALID_FLAGS: "the peer does not accept the flags of the header",
    NotifyType.PAYLOAD_MALFORMED: "the peer cannot read the message",
}
#: frame ranges that are printed
_RANGES = 8


def conclusion_lines(conclusion: Conclusion) -> Iterator[tuple[str, str]]:
    """The conclusion, and what happened to other Quick Modes that did not succeed: a role and a sentence
    each."""
    main = conclusion.main
    yield ROLES[main.outcome], f"{sentence(conclusion)} ({_frames(main.frames)})"
    others = [
        item
        for item in conclusion.quick
        if item.message_id != main.message_id
        and item.outcome not in (Outcome.ESTABLISHED, Outcome.DELETED)
    ]
    for item in others[:_RANGES]:
        said = f"also: Quick Mode [{item.message_id:08x}] {_quick(item)} ({_frames(item.frames)})"
        yield ROLES[item.outcome], said
    if len(others) > _RANGES:
        yield "open", f"also: {len(others) - _RANGES} more Quick Modes did not succeed"


def conclusion_tree(conclusion: Conclusion) -> dict[str, object]:
    """A conclusion as JSON: the main one, and one for each Quick Mode."""
    return {
        **_tree(conclusion.main),
        "sentence": sentence(conclusion),
        "quick_modes": [
            {"message_id": f"{item.message_id:08x}", **_tree(item), "sentence": _quick(item)}
            for item in conclusion.quick
        ],
    }


def _tree(item: Ending) -> dict[str, object]:
    return {
        "outcome": item.outcome.value,
        "reason": item.reason.value,
        "certain": item.certain,
        "evidence": item.evidence.value,
        "alternatives": [reason.value for reason in item.alternatives],
        "exchange": MODES.get(item.exchange),
        "stopped_after": item.stopped_after,
        "messages": list(item.frames),
        "notify": item.notify.type if item.notify is not None else None,
    }


def _frames(numbers: Sequence[int]) -> str:
    """`frames 1-4, 7`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    listed = ["-".join(map(str, run)) for run in runs[:_RANGES]]
    more = ", ..." if len(runs) > _RANGES else ""
    one = len(runs) == 1 and len(runs[0]) == 1
    return f"frame{'' if one else 's'} {', '.join(listed)}{more}" if runs else "no frame"


# ---- sentences
def sentence(conclusion: Conclusion) -> str:
    """The conclusion in one sentence."""
    main, first = conclusion.main, conclusion.phase1
    begun = MODES.get(first.exchange, "Phase I") if first is not None else ""
    if main.reason is Reason.DELETE:
        return _deleted(conclusion, begun)
    if main.outcome is Outcome.ESTABLISHED:
        return f"established: {_established(conclusion, begun)}"
    if main.exchange == ExchangeType.QUICK and main.reason is not Reason.ONE_DIRECTION:
        joint = "; " if main.outcome is Outcome.UNDECIDED else ", but "
        lead = f"{begun} is complete{joint}" if begun else ""
        return f"{lead}Quick Mode {_quick(main)}"
    return _phase1(main, begun)


def _deleted(conclusion: Conclusion, begun: str) -> str:
    """What was established, and what of that a Delete has ended (Phase II SAs remain, R19)."""
    main = conclusion.main
    made = any(item.outcome in (Outcome.ESTABLISHED, Outcome.DELETED) for item in conclusion.quick)
    was = f"{begun} complete" if begun else ""
    if made:
        was = f"established: {_established(conclusion, begun)}"
    what = "the Phase II SAs" if main.exchange == ExchangeType.QUICK else "the Phase I SA"
    live = ", and the Phase II SAs remain" if main.outcome is Outcome.ESTABLISHED else ""
    return f"{was}; then {_who(main.by_initiator)} deletes {what}{live}".removeprefix("; ")


def _established(conclusion: Conclusion, begun: str) -> str:
    """Which exchanges, and the suite of the last Quick Mode."""
    done = [
        item for item in conclusion.quick if item.outcome in (Outcome.ESTABLISHED, Outcome.DELETED)
    ]
    suites = "; ".join(suite(*pair) for pair in done[-1].chosen) if done else ""
    form = f"{_counted(done[-1].sendings)}, encrypted" if done else ""
    many = f"{len(done)} Quick Modes (the last: " if len(done) > 1 else "Quick Mode ("
    lead = f"{begun}, then " if begun else ""
    return f"{lead}{many}{suites or form})"


def _counted(messages: int) -> str:
    """How many messages a Quick Mode took; a fourth is CONNECTED, which the commit bit requests."""
    return f"{messages} messages" + (" with the commit bit and CONNECTED" if messages == 4 else "")


def _who(by_initiator: bool | None) -> str:
    return {True: "the initiator", False: "the responder", None: "the peer"}[by_initiator]


def _sent(item: Ending) -> str:
    """How often the last message was sent."""
    if item.sendings < 2:
        return "sent once"
    times = "twice" if item.sendings == 2 else f"{item.sendings} times"
    return f"sent {times} over {_seconds(item.seconds)}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _likely(item: Ending) -> str:
    """The cause, and possible other causes."""
    cause = _CAUSES.get(item.reason, "")
    if item.certain:
        return cause
    also = [_CAUSES[other] for other in item.alternatives if other in _CAUSES]
    return f"most likely {cause}" + (f", or {', or '.join(also)}" if also else "")


def cause(item: Ending) -> str:
    """Why an exchange was refused or stopped, as far as its messages show it; empty if they do not."""
    if item.reason in _CAUSES:
        return _likely(item)
    return _MEANINGS.get(item.notify.type, "") if item.notify is not None else ""


def _refusal(item: Ending) -> str:
    """`refused: NO-PROPOSAL-CHOSEN after message 1: no common Phase I proposal`."""
    notice = item.notify
    assert notice is not None
    name = name_of(NotifyType, notice.type)
    said = name if not name.isdigit() else f"notify {name}"
    after = f" after message {item.stopped_after}" if item.stopped_after else ""
    by = f" from {_who(item.by_initiator)}" if item.by_initiator is not None else ""
    clear = "" if item.protected else ", in clear"
    why = cause(item)
    return f"refused: {said}{by}{after}{clear}" + (f": {why}" if why else "")


def _phase1(item: Ending, begun: str) -> str:
    """Where Phase I stopped, or how the conversation as a whole ended."""
    if item.notify is not None and item.outcome is Outcome.REFUSED:
        return _refusal(item)
    if item.outcome is Outcome.PHASE1:
        return _phase1_alone(item, begun)
    if item.reason is Reason.DEAD_PEER:
        return _dead(item)
    if item.outcome is Outcome.UNDECIDED:
        return f"undecided: {_undecided(item, begun)}"
    return f"stopped after message {item.stopped_after}: {_why_stopped(item)}"


def _phase1_alone(item: Ending, begun: str) -> str:
    ends = ", and the capture ends there" if Reason.CAPTURE_ENDS in item.alternatives else ""
    if item.reason is Reason.XAUTH:
        failed = ends or ": most likely the user authentication failed"
        lead = f"{begun} is complete; " if begun else ""
        return f"{lead}XAUTH or Mode Config (Transaction) follows, and no Quick Mode{failed}"
    state = "established" if item.certain else "complete"
    seen = "" if item.certain else ", all its messages seen"
    return f"Phase I is {state} ({begun}{seen}); no Quick Mode follows{ends}"


def _dead(item: Ending) -> str:
    times = f"{item.sendings} times over {_seconds(item.seconds)}" if item.sendings > 1 else "once"
    if item.certain:
        return f"dead peer detection: {_who(item.by_initiator)} was asked (R-U-THERE) {times}, no answer"
    return (
        f"{_who(item.by_initiator)} answers none of {item.sendings} encrypted Informational messages "
        f"over {_seconds(item.seconds)}: most likely dead peer detection without an answer"
    )


def _undecided(item: Ending, begun: str) -> str:
    at = f" message {item.stopped_after}" if item.stopped_after else ""
    if item.reason is Reason.CAPTURE_ENDS:
        return f"the capture ends right after {begun}{at}"
    if item.reason is Reason.INCOMPLETE:
        return f"after {begun}{at} the capture has only parts of messages"
    if item.reason is Reason.ONE_DIRECTION:
        mode = MODES.get(item.exchange, "")
        got = f"; {mode} got as far as{at}" if at and mode else ""
        return f"the capture has only the messages of {_who(item.by_initiator)}{got}"
    if item.notify is not None:
        name, meaning = name_of(NotifyType, item.notify.type), _MEANINGS.get(item.notify.type, "")
        why = f" ({meaning})" if meaning else ""
        return f"{name}{why}; the exchange that it is about is not in the capture"
    if not item.exchange:
        return "the capture begins after Phase I, and has only messages of Informational exchanges"
    return "the capture begins in the middle of the exchange"


def _why_stopped(item: Ending) -> str:
    if item.evidence is Evidence.UNREAD_ANSWER:
        return _unread(item)
    if item.evidence is Evidence.RESENT:
        return _resent(item)
    if item.evidence is Evidence.WRONG_PROOF:
        return f"its hash or signature is wrong: {_likely(item)}"
    if item.evidence is Evidence.WRONG_KEY:
        return (
            f"{_sent(item)}, no answer, and the keys given do not open it: if they are the "
            f"responder's, {_likely(item)}"
        )
    if item.unreachable:
        return f"{_sent(item)}, and ICMP reports: {item.unreachable}"
    if item.stopped_after == 1:
        return f"{_sent(item)}, no answer: the peer is unreachable, or drops IKE"
    if item.reason is not Reason.NO_RESPONDER:
        return f"{_sent(item)}, no answer: {_likely(item)}"
    also = [_CAUSES[other] for other in item.alternatives if other in _CAUSES]
    port = "UDP port 4500 is filtered" if item.floated else _CAUSES[Reason.NO_RESPONDER]
    causes = f": most likely {port}, or {', or '.join(also)}" if also else ""
    return f"{_sent(item)}, {_who(item.by_initiator)} does not answer{causes}"


def _unread(item: Ending) -> str:
    """Answers that no key decrypts."""
    number = f"{item.answers} encrypted Informational message{'s' * (item.answers > 1)}"
    keys = "its keys do not open" if item.keyed else "cannot be read without a key"
    if item.reason is Reason.REFUSAL_ENCRYPTED:
        return f"{number} from {_who(item.by_initiator)}, which {keys}: most likely a refusal"
    return f"{_sent(item)}, answered by {number}, which {keys}: {_likely(item)}"


def _resent(item: Ending) -> str:
    """The message before it is sent again although it was answered."""
    number, sender = item.stopped_after or 0, _who(item.by_initiator)
    times = "once more" if item.answers == 1 else f"again, {item.answers} times"
    return (
        f"{sender} sends message {number - 1} {times}: most likely message {number} is lost, "
        f"or {sender} rejects it"
    )


def _quick(item: Ending) -> str:
    """What happened to a Quick Mode, as the end of a sentence that begins with its name."""
    number = item.stopped_after
    if item.outcome is Outcome.ESTABLISHED:
        return "is complete"
    if item.outcome is Outcome.DELETED:
        return f"is complete; then {_who(item.by_initiator)} deletes its SAs"
    if item.notify is not None:
        return f"is {_refusal(item)}"
    if item.reason is Reason.REFUSAL_ENCRYPTED:
        keys = "its keys do not open" if item.keyed else "cannot be read without a key"
        several = "s" * (item.answers > 1)
        return (
            f"stopped after message {number}: {_sent(item)}, answered by {item.answers} encrypted "
            f"Informational message{several}, which {keys}: most likely a refusal "
            "(no common Phase II proposal, or traffic selectors that do not match)"
        )
    if item.reason is Reason.NOT_CONFIRMED:
        return (
            f"stopped after message {number}: the commit bit is set, and no CONNECTED follows: "
            "most likely the responder does not accept message 3, or ignores the bit"
        )
    if item.reason is Reason.CAPTURE_ENDS:
        return f"is undecided: the capture ends right after message {number}"
    if item.reason is Reason.INCOMPLETE:
        return f"is undecided: after message {number} the capture has only parts of messages"
    if item.reason is Reason.BEGINS_BEFORE:
        return "is undecided: it begins before the capture"
    if item.evidence is Evidence.RESENT:
        why = _resent(item)
    elif item.evidence is Evidence.WRONG_PROOF:
        why = f"the hash of message {number} is wrong"
    else:
        why = f"{_sent(item)}, no answer"
        if number == 1:
            why += " (the responder may have lost this Phase I SA, or drops the offer silently)"
    return f"stopped after message {number}: {why}"
