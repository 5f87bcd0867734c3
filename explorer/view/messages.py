"""Conversations of a capture as rows, and as the tree that JSON shows (docs/decode.md)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from explorer.view.conclusions import MODES, conclusion_lines, conclusion_tree
from explorer.view.payloads import payload_lines, payload_tree
from explorer.view.suites import phase1_suite
from explorer.view.verdicts import Row
from impl.capture.conversation import CLOSED, Conversation, Malformed, Seen
from impl.capture.datagrams import Datagram
from impl.capture.ending import Conclusion
from impl.capture.opening import NO_IV, WRONG_KEY, Check, Verdict
from impl.capture.secrets import NO_KEY
from impl.wire.message import HEADER_SIZE, NO_COOKIE
from impl.wire.numbers import ExchangeType, Flag
from impl.wire.payloads import HashData, Signature

SCHEMA_VERSION = 1
_PHASE1 = (ExchangeType.BASE, ExchangeType.MAIN, ExchangeType.AGGRESSIVE)
_NUMBERED = (*_PHASE1, ExchangeType.QUICK)
_INDENT, _LABEL = " " * 18, 7
_GIGA = 10**9
#: frame numbers of one reason that are printed
_LISTED = 8


@dataclass
class Decoded:
    """What a capture holds; every frame is in one of the lists, and messages are in `conversations`."""

    frames: int = 0
    start_ns: int | None = None
    conversations: Sequence[Conversation] = ()
    conclusions: Sequence[Conclusion] = ()
    malformed: list[Malformed] = field(default_factory=list)
    esp: list[Datagram] = field(default_factory=list)
    keepalives: list[Datagram] = field(default_factory=list)
    ignored: dict[str, list[int]] = field(default_factory=dict)

    def offset(self, datagram: Datagram) -> float:
        """Seconds since the first frame."""
        return (datagram.time_ns - (self.start_ns or 0)) / _GIGA

    @property
    def messages(self) -> int:
        """How many there are, repeated ones counted."""
        return sum(len(item.messages) for item in self.conversations)


# ---- rows
def decoded_rows(file: str, decoded: Decoded) -> Iterator[Row]:
    """All conversations, then what was none."""
    said = [_count(decoded.frames, "frame"), _count(len(decoded.conversations), "conversation")]
    said += [_count(decoded.messages, "message"), f"{len(decoded.malformed)} malformed"]
    yield Row("dim", file, ", ".join(said))
    for conversation, conclusion in zip(decoded.conversations, decoded.conclusions, strict=True):
        yield Row("plain", "")
        yield from _conversation_rows(conversation, conclusion)
        for seen in conversation.messages:
            yield from _message_rows(decoded, seen)
    if decoded.malformed:
        yield Row("plain", "")
        yield Row("bad", "Malformed")
        for item in decoded.malformed:
            yield from _malformed_rows(decoded, item)
    yield from _other_rows(decoded)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _conversation_rows(conversation: Conversation, conclusion: Conclusion) -> Iterator[Row]:
    cookies, phase1 = conversation.cookies, conversation.phase1
    answered = cookies.responder != NO_COOKIE
    ends = f"{conversation.initiator} -> {conversation.responder}"
    yield Row("plain", f"{cookies.initiator.hex()} {cookies.responder.hex()}", f"  {ends}")
    for role, said in conclusion_lines(conclusion):
        for number, line in enumerate(_wrapped(said)):
            yield _about("" if number else "result", line, role)
    if not conversation.begins_here:
        who = "" if conversation.ends_known else "; which end began it is not known"
        yield _about("begins", f"before the capture{who}", "open")
    if phase1.choice is not None:
        yield _about("Phase I", phase1_suite(phase1.choice))
    elif conversation.begins_here:
        yield _about(
            "Phase I", "no answer that chooses a suite" if answered else "no answer", "open"
        )
    yield from _key_rows(conversation)


def _about(label: str, text: str, role: str = "plain") -> Row:
    return Row(role, f"  {label:<8}", text)


def _key_rows(conversation: Conversation) -> Iterator[Row]:
    """What the keys were good for."""
    known, messages = conversation.known, conversation.messages
    for fault in known.faults:
        yield _about("key log", fault, "bad")
    closed = [item for item in messages if item.state == CLOSED]
    sealed = sum(item.header.encrypted for item in messages)
    if closed and known.key is None:
        yield _about("closed", _count(len(closed), "message"), "open")
        if known.missing not in known.faults:
            mend = "; --keylog FILE may have one" if known.missing == NO_KEY else ""
            for line in _wrapped(known.missing + mend):
                yield _about("", line, "open")
    elif closed:
        yield _about("closed", f"{len(closed)} of {_count(sealed, 'encrypted message')}", "open")
    elif sealed:
        yield _about("opened", _count(sealed, "encrypted message"), "ok")
    checks = [one for item in messages if item.repeats is None for one in item.checks]
    for verdict, role in (
        (Verdict.VERIFIED, "ok"),
        (Verdict.WRONG, "bad"),
        (Verdict.CANNOT, "open"),
    ):
        names = dict.fromkeys(one.name for one in checks if one.verdict is verdict)
        if names:
            label = "unproved" if verdict is Verdict.CANNOT else verdict.value
            yield _about(label, ", ".join(names), role)


def _wrapped(text: str, width: int = 86) -> list[str]:
    """Text in lines that a terminal of 100 columns takes."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _message_rows(decoded: Decoded, seen: Seen) -> Iterator[Row]:
    datagram, header = seen.datagram, seen.header
    name = exchange_name(seen)
    if header.message_id:
        name += f" [{header.message_id:08x}]"
    if header.flags & Flag.COMMIT:
        name += ", commit bit"
    ends = f"{datagram.source} -> {datagram.destination}"
    role = "bad" if any(one.verdict is Verdict.WRONG for one in seen.checks) else "plain"
    head = f"{datagram.frame:>6} {decoded.offset(datagram):>11.6f}"
    if seen.repeats is not None:
        yield Row("dim", head, f"{ends}  {name}, repeats frame {seen.repeats}")
        return
    yield Row(role, head, f"{ends}  {name}")
    if seen.state == CLOSED:
        yield from _closed_rows(seen)
    yield from _payload_rows(seen)


def exchange_name(seen: Seen) -> str:
    """The exchange, and which message of it this is where there are several."""
    exchange = seen.header.exchange
    name = MODES[exchange]
    return f"{name} {seen.number or '?'}" if exchange in _NUMBERED else name


def _closed_rows(seen: Seen) -> Iterator[Row]:
    size = seen.header.length - HEADER_SIZE
    yield Row("dim", _INDENT, f"encrypted, {size} octets")
    if seen.why.startswith(WRONG_KEY):  # what it was taken for is in JSON
        yield Row("open", _INDENT, WRONG_KEY)
    elif seen.why == NO_IV:
        yield Row("open", _INDENT, NO_IV)


def _payload_rows(seen: Seen) -> Iterator[Row]:
    """The payloads; a hash or a signature with what it is worth."""
    checks = iter(seen.checks)
    for item in seen.payloads:
        name, lines = payload_lines(item)
        role = "plain"
        if isinstance(item, HashData | Signature) and (check := next(checks, None)):
            lines, role = [_worth(check)], _ROLES[check.verdict]
        for number, line in enumerate(lines):
            yield Row(role, _INDENT, f"{name if not number else '':<{_LABEL}}{line}")
    for check in checks:  # one that has no payload of its own
        yield Row(_ROLES[check.verdict], _INDENT, f"{'':<{_LABEL}}{_worth(check)}")


_ROLES = {Verdict.VERIFIED: "ok", Verdict.WRONG: "bad", Verdict.CANNOT: "open"}


def _worth(check: Check) -> str:
    verdict = "cannot be checked" if check.verdict is Verdict.CANNOT else check.verdict.value
    return f"{check.name} {verdict}{f': {check.why}' if check.why else ''}"


def _malformed_rows(decoded: Decoded, item: Malformed) -> Iterator[Row]:
    datagram, error = item.datagram, item.error
    head = f"{datagram.frame:>6} {decoded.offset(datagram):>11.6f}"
    yield Row("bad", head, f"{datagram.source} -> {datagram.destination}")
    said = f"octet {error.offset}, {error.field}: {error.problem} ({error.clause})"
    for line in _wrapped(said, 80):
        yield Row("plain", _INDENT, line)


def _other_rows(decoded: Decoded) -> Iterator[Row]:
    """What is no message of IKE, in a line a reason."""
    rows = []
    for datagrams, what in ((decoded.esp, "ESP in UDP"), (decoded.keepalives, "NAT keepalive")):
        if datagrams:
            rows.append((what, [item.frame for item in datagrams]))
    rows += list(decoded.ignored.items())
    if rows:
        yield Row("plain", "")
        yield Row("plain", "Other frames")
    for what, frames in rows:
        more = f", and {len(frames) - _LISTED} more" if len(frames) > _LISTED else ""
        listed = ", ".join(map(str, frames[:_LISTED])) + more
        yield Row("dim", f"{len(frames):>6} ", f"{what} (frame{'s' * (len(frames) > 1)} {listed})")
    if not decoded.conversations and not decoded.malformed:
        yield Row("plain", "")
        said = "No ISAKMP message. If it runs on another port than 500 and 4500, name it: --port N"
        yield Row("open", said)


# ---- JSON
def decoded_tree(decoded: Decoded) -> dict[str, object]:
    """The JSON of `decode`, schema_version 1."""
    messages = [
        _message_tree(decoded, index, seen)
        for index, conversation in enumerate(decoded.conversations)
        for seen in conversation.messages
    ]
    messages.sort(key=lambda item: int(str(item["frame"])))
    return {
        "schema_version": SCHEMA_VERSION,
        "frames": decoded.frames,
        "start": _date(decoded.start_ns),
        "conversations": [
            _conversation_tree(*pair)
            for pair in zip(decoded.conversations, decoded.conclusions, strict=True)
        ],
        "messages": messages,
        "malformed": [_malformed_tree(decoded, item) for item in decoded.malformed],
        "esp_in_udp": [item.frame for item in decoded.esp],
        "keepalives": [item.frame for item in decoded.keepalives],
        "ignored": [{"why": why, "frames": frames} for why, frames in decoded.ignored.items()],
    }


def _date(time_ns: int | None) -> str | None:
    """A time as ISO 8601; None for one that no calendar has."""
    if time_ns is None:
        return None
    try:
        when = datetime.datetime.fromtimestamp(time_ns // _GIGA, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{when:%Y-%m-%dT%H:%M:%S}.{time_ns % _GIGA:09}Z"


def _conversation_tree(conversation: Conversation, conclusion: Conclusion) -> dict[str, object]:
    known, choice = conversation.known, conversation.phase1.choice
    return {
        "initiator_cookie": conversation.cookies.initiator.hex(),
        "responder_cookie": conversation.cookies.responder.hex(),
        "initiator": str(conversation.initiator),
        "responder": str(conversation.responder),
        "begins_in_capture": conversation.begins_here,
        "suite": phase1_suite(choice) if choice is not None else None,
        "key": known.key is not None,
        "why_no_key": known.missing or None,
        "faults": list(known.faults),
        "conclusion": conclusion_tree(conclusion),
    }


def _message_tree(decoded: Decoded, conversation: int, seen: Seen) -> dict[str, object]:
    header = seen.header
    sender = {True: "initiator", False: "responder", None: None}[seen.from_initiator]
    return {
        "frame": seen.datagram.frame,
        "time": round(decoded.offset(seen.datagram), 9),
        "conversation": conversation,
        "source": str(seen.datagram.source),
        "destination": str(seen.datagram.destination),
        "from": sender,
        "exchange": header.exchange,
        "exchange_name": MODES[header.exchange],
        "number": seen.number,
        "message_id": f"{header.message_id:08x}",
        "flags": header.flags,
        "length": header.length,
        "repeats": seen.repeats,
        "state": seen.state,
        "why": seen.why or None,
        "payloads": [payload_tree(item) for item in seen.payloads],
        "checks": [
            {"name": item.name, "verdict": item.verdict.value, "why": item.why or None}
            for item in seen.checks
        ],
    }


def _malformed_tree(decoded: Decoded, item: Malformed) -> dict[str, object]:
    datagram, error = item.datagram, item.error
    return {
        "frame": datagram.frame,
        "time": round(decoded.offset(datagram), 9),
        "source": str(datagram.source),
        "destination": str(datagram.destination),
        "octets": len(datagram.octets),
        "offset": error.offset,
        "field": error.field,
        "problem": error.problem,
        "clause": error.clause,
    }
