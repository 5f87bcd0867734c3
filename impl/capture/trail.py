"""The course of an exchange: which of its messages were sent, how often and when, repeats counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from impl.capture.conversation import CLOSED, Conversation, Seen
from impl.capture.pieces import is_piece
from impl.wire.message import NO_COOKIE
from impl.wire.numbers import ExchangeType, NotifyType
from impl.wire.payloads import AnyPayload, Delete, Notification

PHASE1 = frozenset(
    (
        ExchangeType.BASE,
        ExchangeType.MAIN,
        ExchangeType.AUTHENTICATION_ONLY,
        ExchangeType.AGGRESSIVE,
    )
)
#: notify types up to this one are errors (RFC 2408 3.14.1)
LAST_ERROR = 16383
_LIVENESS = (NotifyType.R_U_THERE, NotifyType.R_U_THERE_ACK)


@dataclass(slots=True)
class Step:
    """One message and every sending of it. `times` are in ns; there is at least one."""

    seen: Seen
    frames: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The frame of the first sending."""
        return self.frames[0]

    @property
    def last(self) -> int:
        """The frame of the last sending."""
        return self.frames[-1]

    @property
    def from_initiator(self) -> bool | None:
        """Whether the initiator of Phase I sent it."""
        return self.seen.from_initiator

    @property
    def closed(self) -> bool:
        """Whether it is encrypted and was not decrypted."""
        return self.seen.state == CLOSED

    @property
    def seconds(self) -> float:
        """From the first sending to the last."""
        return (self.times[-1] - self.times[0]) / 1e9

    def has(self, kind: type[AnyPayload], test: Callable[[AnyPayload], bool]) -> bool:
        """Whether it has a payload of that type which passes."""
        return any(isinstance(item, kind) and test(item) for item in self.seen.payloads)


@dataclass(slots=True)
class Trail:
    """The messages of one exchange by number; those whose number is not known are in `others`."""

    exchange: int
    message_id: int
    steps: dict[int, Step] = field(default_factory=dict)
    others: list[Step] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """The number of the latest message; 0 if none is known."""
        return max(self.steps, default=0)

    @property
    def all(self) -> list[Step]:
        """All messages, in no particular order."""
        return [*self.steps.values(), *self.others]

    @property
    def frames(self) -> list[int]:
        """The first frame of each message, in order."""
        return sorted(step.first for step in self.all)


@dataclass(slots=True)
class Course:
    """Everything that a conversation sent, by exchange.

    quick     Quick Modes by message id, in the order in which they began
    notices   Informational messages; `xauth`: Transaction exchanges (XAUTH, Mode Config)
    last_of   the last frame of each end, by whether it is the initiator
    unreachable   what ICMP reports of messages of the initiator: frame and meaning
    partial   frames with a part of a message only: cut off in the capture, or fragments of one
    """

    conversation: Conversation
    phase1: Trail
    quick: dict[int, Trail] = field(default_factory=dict)
    notices: list[Step] = field(default_factory=list)
    xauth: list[Step] = field(default_factory=list)
    last_of: dict[bool, int] = field(default_factory=dict)
    answered: bool = False
    partial: list[int] = field(default_factory=list)
    unreachable: list[tuple[int, str]] = field(default_factory=list)

    @property
    def sides(self) -> frozenset[bool]:
        """Whose messages the capture has: True for the initiator's."""
        return frozenset(self.last_of)


def course_of(conversation: Conversation, cut: Sequence[int] = ()) -> Course:
    """The course of a conversation, in one pass over its messages; `cut`: frames with a part of one."""
    course = Course(conversation, Trail(0, 0), partial=list(cut))
    steps: dict[int, Step] = {}
    for seen in conversation.messages:
        frame = seen.datagram.frame
        step = steps.get(seen.repeats) if seen.repeats is not None else None
        if step is None:
            step = steps[frame] = Step(seen)
            _sort(course, step)
        step.frames.append(frame)
        step.times.append(seen.datagram.time_ns)
        if seen.from_initiator is not None:
            course.last_of[seen.from_initiator] = frame
        course.answered |= seen.header.responder_cookie != NO_COOKIE
    return course


def _sort(course: Course, step: Step) -> None:
    """Put a message that is new into its exchange."""
    header, number = step.seen.header, step.seen.number
    if is_piece(header):
        course.partial.append(step.seen.datagram.frame)
        return
    if header.exchange in PHASE1:
        trail = course.phase1
        trail.exchange = trail.exchange or header.exchange
    elif header.exchange == ExchangeType.QUICK:
        made = Trail(header.exchange, header.message_id)
        trail = course.quick.setdefault(header.message_id, made)
    else:
        kind = header.exchange == ExchangeType.TRANSACTION
        (course.xauth if kind else course.notices).append(step)
        return
    if number is None or number in trail.steps:
        trail.others.append(step)
    else:
        trail.steps[number] = step


def errors(step: Step) -> Iterable[Notification]:
    """The error notifies of a message that can be read."""
    for item in step.seen.payloads:
        if isinstance(item, Notification) and 0 < item.type <= LAST_ERROR:
            yield item


def deletes(step: Step) -> Iterable[Delete]:
    """The Deletes of a message that was decrypted; one in clear says nothing (RFC 2408 5.15)."""
    if step.seen.header.encrypted:
        yield from (item for item in step.seen.payloads if isinstance(item, Delete))


def liveness(step: Step) -> int | None:
    """R-U-THERE or R-U-THERE-ACK, if a message is one (RFC 3706)."""
    for item in step.seen.payloads:
        if isinstance(item, Notification) and item.type in _LIVENESS:
            return item.type
    return None
