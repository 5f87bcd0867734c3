"""The content of a capture as JSON (docs/decode.md)."""

from __future__ import annotations

import datetime

from explorer.view.conclusions import MODES, conclusion_tree
from explorer.view.decoded import GIGA, Decoded
from explorer.view.payloads import payload_tree
from explorer.view.suites import phase1_suite
from explorer.view.versions import other_exchange, other_payloads, other_sentence, other_state
from impl.capture.conversation import Conversation, Malformed, Seen
from impl.capture.ending import Conclusion
from impl.capture.versions import OtherConversation, OtherSeen
from impl.wire.message import VERSION

SCHEMA_VERSION = 1


def decoded_tree(decoded: Decoded) -> dict[str, object]:
    """The JSON of `decode`, schema_version 1."""
    messages = []
    for index, (conversation, _) in enumerate(decoded.in_order):
        if isinstance(conversation, OtherConversation):
            messages += [_foreign_tree(decoded, index, item) for item in conversation.messages]
        else:
            kerberos = conversation.phase1.shared_number
            messages += [
                _message_tree(decoded, index, item, kerberos) for item in conversation.messages
            ]
    messages.sort(key=lambda item: int(str(item["frame"])))
    return {
        "schema_version": SCHEMA_VERSION,
        "frames": decoded.frames,
        "start": _date(decoded.start_ns),
        "conversations": [_any_tree(*pair) for pair in decoded.in_order],
        "messages": messages,
        "malformed": [_malformed_tree(decoded, item) for item in decoded.malformed],
        "esp_in_udp": [item.frame for item in decoded.esp],
        "keepalives": [item.frame for item in decoded.keepalives],
        "ignored": [{"why": why, "frames": frames} for why, frames in decoded.ignored.items()],
    }


def _date(time_ns: int | None) -> str | None:
    """A time as ISO 8601; None if it is out of range."""
    if time_ns is None:
        return None
    try:
        when = datetime.datetime.fromtimestamp(time_ns // GIGA, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{when:%Y-%m-%dT%H:%M:%S}.{time_ns % GIGA:09}Z"


def _any_tree(
    conversation: Conversation | OtherConversation, conclusion: Conclusion
) -> dict[str, object]:
    version = VERSION if isinstance(conversation, Conversation) else conversation.version
    tree: dict[str, object] = {
        "version": f"{version >> 4}.{version & 15}",
        "initiator_cookie": conversation.cookies.initiator.hex(),
        "responder_cookie": conversation.cookies.responder.hex(),
        "initiator": str(conversation.initiator),
        "responder": str(conversation.responder),
    }
    if isinstance(conversation, Conversation):
        return tree | _conversation_tree(conversation, conclusion)
    said = conclusion_tree(conclusion) | {"sentence": other_sentence(conversation)}
    return tree | {"conclusion": said}


def _conversation_tree(conversation: Conversation, conclusion: Conclusion) -> dict[str, object]:
    known, choice = conversation.known, conversation.phase1.choice
    return {
        "begins_in_capture": conversation.begins_here,
        "suite": phase1_suite(choice, conversation.phase1.shared_number)
        if choice is not None
        else None,
        "key": known.key is not None,
        "why_no_key": known.missing or None,
        "faults": list(known.faults),
        "conclusion": conclusion_tree(conclusion),
    }


def _head_tree(decoded: Decoded, conversation: int, seen: Seen | OtherSeen) -> dict[str, object]:
    """The fields that a message of any version has."""
    header, datagram = seen.header, seen.datagram
    return {
        "frame": datagram.frame,
        "time": round(decoded.offset(datagram), 9),
        "conversation": conversation,
        "source": str(datagram.source),
        "destination": str(datagram.destination),
        "from": {True: "initiator", False: "responder", None: None}[seen.from_initiator],
        "version": f"{header.version >> 4}.{header.version & 15}",
        "exchange": header.exchange,
        "message_id": f"{header.message_id:08x}",
        "flags": header.flags,
        "length": header.length,
        "repeats": seen.repeats,
    }


def _message_tree(
    decoded: Decoded, conversation: int, seen: Seen, kerberos: bool | None
) -> dict[str, object]:
    return _head_tree(decoded, conversation, seen) | {
        "exchange_name": MODES[seen.header.exchange],
        "number": seen.number,
        "fragments": list(seen.pieces),
        "state": seen.state,
        "why": seen.why or None,
        "payloads": [payload_tree(item, kerberos) for item in seen.payloads],
        "checks": [
            {"name": item.name, "verdict": item.verdict.value, "why": item.why or None}
            for item in seen.checks
        ],
    }


def _foreign_tree(decoded: Decoded, conversation: int, seen: OtherSeen) -> dict[str, object]:
    return _head_tree(decoded, conversation, seen) | {
        "exchange_name": other_exchange(seen.header),
        "number": None,
        "fragments": [],
        "state": other_state(seen),
        "why": None,
        "payloads": other_payloads(seen),
        "checks": [],
    }


def _malformed_tree(decoded: Decoded, item: Malformed) -> dict[str, object]:
    datagram, error = item.datagram, item.error
    return {
        "frame": datagram.frame,
        "time": round(decoded.offset(datagram), 9),
        "source": str(datagram.source),
        "destination": str(datagram.destination),
        "octets": len(datagram.octets),
        "incomplete": datagram.short,
        "offset": error.offset,
        "field": error.field,
        "problem": error.problem,
        "clause": error.clause,
    }
