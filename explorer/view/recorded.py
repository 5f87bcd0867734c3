"""A conversation of a capture as the explorer steps through it: plain data, its texts safe to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from explorer.session.answers import Why
from explorer.session.captured import Message, Recording
from explorer.session.moments import Lane, Tone, Verdict
from explorer.session.offers import Beside
from explorer.session.packet import Packet
from explorer.view.conclusions import MODES, cause, sentence
from explorer.view.dissected import dissected, octets_of
from explorer.view.payloads import payload_lines
from explorer.view.purified import purified
from explorer.view.standing import PREFIXES, Standing
from impl.capture.conversation import CLEAR, CLOSED, Conversation, Seen
from impl.capture.ending import Conclusion, Ending, Outcome, Reason
from impl.capture.opening import WRONG_KEY
from impl.capture.opening import Verdict as Worth
from impl.capture.pieces import is_piece
from impl.capture.secrets import NO_KEY
from impl.wire.numbers import ExchangeType, NotifyType, ProtocolId, name_of
from impl.wire.payloads import Delete, GssToken, HashData, Identification, Notification, Signature
from impl.wire.proposals import SecurityAssociation
from model.spec.words import MESSAGES

GIGA = 10**9
_BADGES = {
    Outcome.ESTABLISHED: ("ESTABLISHED", Tone.OK),
    Outcome.PHASE1: ("PHASE I UP", Tone.OK),
    Outcome.REFUSED: ("REFUSED", Tone.FAILED),
    Outcome.STOPPED: ("STOPPED", Tone.FAILED),
    Outcome.DELETED: ("DELETED", Tone.PENDING),
    Outcome.UNDECIDED: ("UNDECIDED", Tone.PENDING),
    Outcome.OUT_OF_SCOPE: ("NOT IKEv1", Tone.PENDING),
}
_CLAUSES = {
    Reason.PROPOSAL_P1: "RFC 2409 section 5; R3, R7",
    Reason.PROPOSAL_P2: "RFC 2409 section 5.5; R10, R12",
    Reason.SELECTOR: "RFC 2409 section 5.5; R13",
    Reason.PSK_MISMATCH: "RFC 2409 section 5.4; R4",
}
#: what a reader does not look for first
_PLAIN_FIELDS = ("header", "HASH")
_REFUSALS = {
    Reason.PROPOSAL_P1: "no_proposal",
    Reason.PROPOSAL_P2: "quick_refusal",
    Reason.SELECTOR: "quick_refusal",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal, as two policies explain it.

    first   the verdict in one sentence; empty: what the capture shows says it
    """

    first: str = ""
    offers: Beside | None = None
    why: tuple[Why, ...] = ()


#: explains a refusal by the policies of both ends, given the message with the offer, if there is one
Explains = Callable[[Ending, Seen | None], Explained]


def unexplained(ending: Ending, offer: Seen | None) -> Explained:
    """Nothing is known of the policies."""
    return Explained()


def recording(
    title: str,
    about: str,
    conversation: Conversation,
    conclusion: Conclusion,
    names: tuple[str, str] = ("", ""),
    explains: Explains = unexplained,
) -> Recording:
    """The conversation, message by message.

    names   of the peers, where they are known: the initiator's first
    """
    lanes = [
        Lane(role, name, str(end.address))
        for role, name, end in zip(
            ("INITIATOR", "RESPONDER"),
            names,
            (conversation.initiator, conversation.responder),
            strict=True,
        )
    ]
    start = Verdict("START", Tone.PENDING, "Nothing has been sent yet.", about)
    told = _Told(conversation, conclusion, names, explains)
    made = Recording(title, about, (lanes[0], lanes[1]), start, tuple(told.messages()))
    return purified(made)


class _Told:
    """Goes through the messages, and keeps what they have shown so far."""

    def __init__(
        self,
        conversation: Conversation,
        conclusion: Conclusion,
        names: tuple[str, str],
        explains: Explains,
    ) -> None:
        self._talk, self._conclusion, self._explains = conversation, conclusion, explains
        self._who = [
            name or f"the {role}"
            for name, role in zip(names, ("initiator", "responder"), strict=True)
        ]
        self._standing = Standing(conversation)
        self._endings = _by_frame(conclusion) | _refusals(conversation, conclusion)
        self._current: Ending | None = None
        self._explained = Explained()
        self._worth: dict[Worth, dict[str, None]] = {item: {} for item in Worth}
        self._facts: dict[str, list[str]] = {}
        self._closed = 0

    def messages(self) -> Iterator[Message]:
        start = self._talk.messages[0].datagram.time_ns
        for seen in self._talk.messages:
            yield self._message(seen, Fraction(max(seen.datagram.time_ns - start, 0), GIGA))

    def _message(self, seen: Seen, at: Fraction) -> Message:
        lane, frame = self._lane(seen), seen.datagram.frame
        ending = self._endings.get(frame)
        if ending is not None:
            self._current, self._explained = ending, Explained()
        elif _begins(seen):
            self._current = None
        refused = ending is not None and ending.outcome is Outcome.REFUSED
        if ending is not None and ending.outcome in (Outcome.REFUSED, Outcome.STOPPED):
            self._explained = self._explains(ending, self._offer(ending))
        self._standing.see(seen, lane, ending)
        self._learn(seen, lane)
        name, says = _titled(seen)
        wrong = seen.repeats is None and any(x.verdict is Worth.WRONG for x in seen.checks)
        shut = seen.state == CLOSED and seen.why.startswith(WRONG_KEY)
        of = name.lower() if name.lower() in MESSAGES else ""
        return Message(
            at, frame, lane, name, says, self._standing.ends, self._verdict(), self._packet(seen, name),
            of=_REFUSALS.get(ending.reason, "") if refused and ending is not None else of,
            protected=seen.header.encrypted,
            again=seen.repeats is not None,
            problem=refused or wrong or shut,
            facts=tuple((key, one, other) for key, (one, other) in self._facts.items()),
            offers=self._explained.offers if refused else None,
            why=self._why(seen, ending),
        )  # fmt: skip

    def _lane(self, seen: Seen) -> int:
        if seen.from_initiator is not None:
            return 0 if seen.from_initiator else 1
        return 0 if seen.datagram.source == self._talk.initiator else 1

    def _offer(self, ending: Ending) -> Seen | None:
        """The message with the offer that was refused, if it can be read."""
        for seen in self._talk.messages:
            header = seen.header
            if (header.exchange, header.message_id) == (ending.exchange, ending.message_id) and any(
                isinstance(item, SecurityAssociation) for item in seen.payloads
            ):
                return seen
        return None

    # ---- what is known by now
    def _learn(self, seen: Seen, lane: int) -> None:
        if seen.repeats is not None:
            return
        self._closed += seen.state == CLOSED
        for check in seen.checks:
            self._worth[check.verdict][check.name] = None
            verdict = "not checked" if check.verdict is Worth.CANNOT else check.verdict.value
            if check.name.startswith(("HASH_", "SIG_")):
                self._fact("proof", lane, verdict)
        phase1 = seen.header.exchange not in (ExchangeType.QUICK, ExchangeType.INFORMATIONAL)
        for item in seen.payloads:
            if isinstance(item, Identification) and phase1:
                self._fact("identity", lane, payload_lines(item)[1][0].partition(" ")[2])
            elif isinstance(item, SecurityAssociation) and not phase1 and item.proposals:
                self._fact("SPI in", lane, item.proposals[0].spi.hex() or "-")

    def _fact(self, name: str, lane: int, value: str) -> None:
        self._facts.setdefault(name, ["-", "-"])[lane] = value

    # ---- words
    def _verdict(self) -> Verdict:
        current = self._current
        if current is None:
            return Verdict("UNDER WAY", Tone.PENDING, self._progress(), self._checked())
        badge, tone = _BADGES[current.outcome]
        main = current is self._conclusion.main
        shown = replace(self._conclusion, main=current)
        first = self._explained.first or _plain(sentence(shown))
        second = self._checked()
        if self._explained.first and self._standing.up:
            second = f"Phase I is up, but no SA protects packets. {second}".rstrip()
        return Verdict(badge, tone, first, second, over=main)

    def _progress(self) -> str:
        ends = self._standing.ends
        waits = [
            f"{who} {end.label}"
            for who, end in zip(self._who, ends, strict=True)
            if end.label.startswith("awaits")
        ]
        up = self._standing.up
        if not waits:
            return "Phase I is up at both ends." if up else "Phase I is under way."
        said = "; ".join(waits)
        return f"Phase I is up; {said}." if up else f"{_capital(said)}."

    def _checked(self) -> str:
        parts = [
            f"{_listed(list(self._worth[worth]))} {word}."
            for worth, word in (
                (Worth.VERIFIED, "verified"),
                (Worth.WRONG, "wrong"),
                (Worth.CANNOT, "cannot be checked"),
            )
            if self._worth[worth]
        ]
        if self._closed:
            many = f"{self._closed} message{'s' * (self._closed > 1)} not decrypted"
            missing = self._talk.known.missing
            parts.append(f"{many}: {missing}." if missing == NO_KEY else f"{many}.")
        return " ".join(parts)

    def _why(self, seen: Seen, ending: Ending | None) -> tuple[Why, ...]:
        found: list[Why] = []
        if ending is not None and ending.outcome in (Outcome.REFUSED, Outcome.STOPPED):
            first, *others = self._explained.why or self._cause(ending) or (None,)
            if first is not None:
                found += [
                    replace(first, notes=(*first.notes, *self._origin(seen, ending))),
                    *others,
                ]
        for check in seen.checks:
            if check.verdict is Worth.VERIFIED:
                continue
            word = "wrong" if check.verdict is Worth.WRONG else "not checked"
            said = check.why or "it is not what the keys and payloads lead to"
            found.append(Why(f"Why is {check.name} {word}?", ((_plain(said), ""),)))
        if seen.state == CLOSED and seen.repeats is None:
            why = WRONG_KEY if seen.why.startswith(WRONG_KEY) else seen.why
            found.append(Why("Why is this message not decrypted?", ((_plain(why), ""),)))
        return tuple(found)

    def _origin(self, seen: Seen, ending: Ending) -> tuple[tuple[str, str], ...]:
        """Whether it is certain that the other end refuses, and nobody else."""
        if ending.outcome is not Outcome.REFUSED:
            return ()
        if not seen.header.encrypted:
            return (("proof", "none: it is in clear, so anybody could have sent it"),)
        verified = [check.name for check in seen.checks if check.verdict is Worth.VERIFIED]
        who = self._who[self._lane(seen)]
        return (("proof", f"{verified[0]} verified: it is {who} that refuses"),) if verified else ()

    @staticmethod
    def _cause(ending: Ending) -> tuple[Why, ...]:
        """What the messages alone say of a refusal or a silence."""
        mode, said = MODES.get(ending.exchange, "the exchange"), cause(ending)
        if ending.outcome is Outcome.STOPPED:
            question = f"Why does {mode} not go on?"
            return (Why(question, ((_plain(said), ""),)),) if said else ()
        said = said or "the notification gives no reason"
        clause = _CLAUSES.get(ending.reason, "")
        return (Why(f"Why is {mode} refused?", ((_plain(said), clause),)),)

    def _packet(self, seen: Seen, name: str) -> Packet:
        kerberos = self._talk.phase1.shared_number
        form = {CLEAR: "in clear", CLOSED: "encrypted"}.get(seen.state, "decrypted")
        note = "" if seen.state != CLOSED else seen.why
        if note.startswith(WRONG_KEY):
            note = WRONG_KEY
        title = f"{name}  frame {seen.datagram.frame}"
        made = tuple(dissected(seen, kerberos))
        payloads = [n for n, x in enumerate(made) if not x.depth and x.name not in _PLAIN_FIELDS]
        return Packet(title, form, octets_of(seen), made, note, payloads[0] if payloads else 0)


def _by_frame(conclusion: Conclusion) -> dict[int, Ending]:
    """What is concluded, by the frame that decides it. Phase I that came up is no end of anything."""
    found: dict[int, Ending] = {}
    first = conclusion.phase1
    endings = [*([first] if first is not None else []), *conclusion.quick, conclusion.main]
    for item in endings:
        up = item is first and item.outcome is Outcome.PHASE1 and item is not conclusion.main
        if item.frames and not up:
            found[max(item.frames)] = item
    return found


def _refusals(conversation: Conversation, conclusion: Conclusion) -> dict[int, Ending]:
    """What is refused, by each frame with the notification that refuses it."""
    endings = [
        *([conclusion.phase1] if conclusion.phase1 else []),
        *conclusion.quick,
        conclusion.main,
    ]
    return {
        seen.datagram.frame: ending
        for ending in endings
        if ending.outcome is Outcome.REFUSED and ending.notify is not None
        for seen in conversation.messages
        if seen.datagram.frame >= min(ending.frames, default=0) and ending.notify in seen.payloads
    }


def _begins(seen: Seen) -> bool:
    """Whether a message begins an exchange that may come up."""
    return seen.repeats is None and seen.number == 1 and seen.header.exchange in PREFIXES


def _titled(seen: Seen) -> tuple[str, str]:
    """The short name of a message, and what it carries."""
    exchange = seen.header.exchange
    if is_piece(seen.header):
        return "FRAG", "part of a message"
    if exchange in PREFIXES:
        name = f"{PREFIXES[exchange]}{seen.number or '?'}"
        return name, _carries(seen, name)
    if exchange == ExchangeType.TRANSACTION:
        return "TR", "user authentication or configuration"
    if seen.state == CLOSED:
        return "INF", "not decrypted"
    notices = [x for x in seen.payloads if isinstance(x, Notification)]
    deletes = [x for x in seen.payloads if isinstance(x, Delete)]
    if notices:
        return "N", ", ".join(_notice(item) for item in notices)
    if deletes:
        what = [name_of(ProtocolId, item.protocol) for item in deletes]
        return "D", f"Delete of {', '.join('Phase I' if x == 'ISAKMP' else x for x in what)}"
    return "INF", "no notification"


def _notice(item: Notification) -> str:
    known = item.type in set(NotifyType)
    return name_of(NotifyType, item.type) if known else f"notification {item.type}"


def _carries(seen: Seen, name: str) -> str:
    if seen.state == CLOSED:
        return "not decrypted"
    if any(isinstance(item, GssToken) for item in seen.payloads):
        return "Kerberos token"
    usual = MESSAGES.get(name.lower())
    proof = any(isinstance(item, HashData | Signature) for item in seen.payloads)
    return usual.carries if usual is not None else "proof" if proof else ""


def _capital(said: str) -> str:
    """With a capital letter, unless it begins with the name of a peer."""
    return said[:1].upper() + said[1:] if said.startswith("the ") else said


def _plain(said: str) -> str:
    """A sentence: what its badge says already is left out."""
    head, colon, rest = said.partition(": ")
    if colon and head in {item.value for item in Outcome}:
        said = rest
    return f"{said[:1].upper()}{said[1:].rstrip('.')}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
