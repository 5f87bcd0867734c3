"""Conversations of a capture as rows; `decoded_json` has the same as JSON (docs/decode.md)."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.view.conclusions import MODES, conclusion_lines
from explorer.view.decoded import Decoded
from explorer.view.payloads import payload_lines
from explorer.view.suites import phase1_suite
from explorer.view.verdicts import Row
from explorer.view.versions import other_lines, other_name, other_sentence
from impl.capture.conversation import CLOSED, Conversation, Malformed, Seen
from impl.capture.ending import Conclusion, Reason
from impl.capture.opening import NO_IV, WRONG_KEY, Check, Verdict
from impl.capture.packets import PROTECTED
from impl.capture.pieces import is_piece
from impl.capture.secrets import NO_KEY
from impl.capture.versions import OtherConversation
from impl.wire.message import HEADER_SIZE, NO_COOKIE
from impl.wire.numbers import ExchangeType, Flag
from impl.wire.payloads import HashData, Signature

_PHASE1 = (ExchangeType.BASE, ExchangeType.MAIN, ExchangeType.AGGRESSIVE)
_NUMBERED = (*_PHASE1, ExchangeType.QUICK)
_INDENT, _LABEL = " " * 18, 7
#: frame numbers of one reason that are printed
_LISTED = 8


# ---- rows
def decoded_rows(file: str, decoded: Decoded) -> Iterator[Row]:
    """All conversations, then the datagrams and frames that belong to none."""
    cut = sum(item.datagram.short for item in decoded.malformed)
    said = [_count(decoded.frames, "frame"), _count(len(decoded.in_order), "conversation")]
    said += [_count(decoded.messages, "message"), f"{len(decoded.malformed) - cut} malformed"]
    said += [f"{cut} incomplete"] if cut else []
    yield Row("dim", file, ", ".join(said))
    for conversation, conclusion in decoded.in_order:
        yield Row("plain", "")
        if isinstance(conversation, OtherConversation):
            yield from _foreign_rows(decoded, conversation)
            continue
        yield from _conversation_rows(conversation, conclusion)
        kerberos = conversation.phase1.shared_number
        for seen in conversation.messages:
            yield from _message_rows(decoded, seen, kerberos)
    broken = [item for item in decoded.malformed if not item.datagram.short]
    lacking = [item for item in decoded.malformed if item.datagram.short]
    for items, heading in ((broken, "Malformed"), (lacking, "Incomplete in the capture")):
        if items:
            yield Row("plain", "")
            yield Row("bad", heading)
        for item in items:
            yield from _malformed_rows(decoded, item)
    if any("snap length" in item.datagram.cut for item in lacking):
        yield Row("open", "The snap length cut messages off. Capture them whole: tcpdump -s 0")
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
    if not conversation.begins_here and conclusion.main.reason is not Reason.IKE_VERSION:
        who = "" if conversation.ends_known else "; which end began it is not known"
        yield _about("begins", f"before the capture{who}", "open")
    if phase1.choice is not None:
        yield _about("Phase I", phase1_suite(phase1.choice, phase1.shared_number))
    elif conversation.begins_here:
        yield _about("Phase I", "no answer selects a suite" if answered else "no answer", "open")
    yield from _key_rows(conversation)


def _foreign_rows(decoded: Decoded, conversation: OtherConversation) -> Iterator[Row]:
    """A conversation of another version: who, what, and the names of payloads."""
    cookies = conversation.cookies
    ends = f"{conversation.initiator} -> {conversation.responder}"
    yield Row("plain", f"{cookies.initiator.hex()} {cookies.responder.hex()}", f"  {ends}")
    yield _about("result", other_sentence(conversation), "open")
    for seen in conversation.messages:
        datagram = seen.datagram
        head = f"{datagram.frame:>6} {decoded.offset(datagram):>11.6f}"
        said = f"{datagram.source} -> {datagram.destination}  {other_name(seen)}"
        if seen.repeats is not None:
            yield Row("dim", head, f"{said}, repeats frame {seen.repeats}")
            continue
        yield Row("plain", head, said)
        for text in other_lines(seen):
            for line in _wrapped(text, 80):
                yield Row("plain", _INDENT, line)


def _about(label: str, text: str, role: str = "plain") -> Row:
    return Row(role, f"  {label:<8}", text)


def _key_rows(conversation: Conversation) -> Iterator[Row]:
    """What the keys decrypt, and whether hashes and signatures are right."""
    known, messages = conversation.known, conversation.messages
    for fault in known.faults:
        yield _about("key log", fault, "bad")
    closed = [item for item in messages if item.state == CLOSED]
    sealed = sum(item.header.encrypted for item in messages)
    many = _count(sealed, "encrypted message")
    if closed and known.key is None:
        why = known.missing + (
            ": give a key log with --keylog FILE" if known.missing == NO_KEY else ""
        )
        said = [f"{many}, not decrypted"] + _wrapped(why) * (known.missing not in known.faults)
        for number, line in enumerate(said):
            yield _about("" if number else "keys", line, "open")
    elif closed:
        yield _about("keys", f"{len(closed)} of {many} not decrypted", "open")
    elif sealed:
        yield _about("keys", f"{many}, decrypted", "ok")
    checks = [one for item in messages if item.repeats is None for one in item.checks]
    for verdict, role in (
        (Verdict.VERIFIED, "ok"),
        (Verdict.WRONG, "bad"),
        (Verdict.CANNOT, "open"),
    ):
        names = dict.fromkeys(one.name for one in checks if one.verdict is verdict)
        if names:
            label = "unproven" if verdict is Verdict.CANNOT else verdict.value
            yield _about(label, ", ".join(names), role)


def _wrapped(text: str, width: int = 86) -> list[str]:
    """Text in lines that fit a terminal of 100 columns."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _message_rows(decoded: Decoded, seen: Seen, kerberos: bool | None) -> Iterator[Row]:
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
    if seen.pieces:
        frames = ", ".join(map(str, seen.pieces))
        yield Row("dim", _INDENT, f"sent in {len(seen.pieces)} fragments (frames {frames})")
    if seen.state == CLOSED:
        yield from _closed_rows(seen)
    yield from _payload_rows(seen, kerberos)


def exchange_name(seen: Seen) -> str:
    """The exchange, and which message of it this is where there are several."""
    exchange = seen.header.exchange
    name = MODES[exchange]
    if is_piece(seen.header):
        return f"{name}, fragment"
    return f"{name} {seen.number or '?'}" if exchange in _NUMBERED else name


def _closed_rows(seen: Seen) -> Iterator[Row]:
    size = seen.header.length - HEADER_SIZE
    fourth = seen.header.exchange == ExchangeType.QUICK and seen.number == 4
    place = ", in the place of CONNECTED (RFC 2408 3.1)" if fourth else ""
    yield Row("dim", _INDENT, f"encrypted, {size} octets{place}")
    if seen.why.startswith(WRONG_KEY):  # its supposed type is in JSON
        yield Row("open", _INDENT, WRONG_KEY)
    elif seen.why == NO_IV:
        yield Row("open", _INDENT, NO_IV)


def _payload_rows(seen: Seen, kerberos: bool | None) -> Iterator[Row]:
    """The payloads; a hash or a signature with its verdict."""
    checks = iter(seen.checks)
    for item in seen.payloads:
        name, lines = payload_lines(item, kerberos)
        role = "plain"
        if isinstance(item, HashData | Signature) and (check := next(checks, None)):
            role = _ROLES[check.verdict]
            # the name of a verified signer stays on one line
            lines = [_worth(check)] if role == "ok" else _wrapped(_worth(check), 74)
        for number, line in enumerate(lines):
            yield Row(role, _INDENT, f"{name if not number else '':<{_LABEL}}{line}")
    for check in checks:  # a check without a payload of its own
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
    """Frames without an IKE message, one line for each reason."""
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
    if not decoded.in_order and not decoded.malformed:
        yield Row("plain", "")
        said = "No ISAKMP message on UDP ports 500 and 4500. For another port use --port N"
        if decoded.esp or any(why in decoded.ignored for why in PROTECTED):
            said += "\nThere are ESP or AH packets: their SAs were negotiated outside the capture"
        for line in said.splitlines():
            yield Row("open", line)
