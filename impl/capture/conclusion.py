"""What happened to each conversation: the state that it reached and, where it stopped, why.

A capture is one place on the way: a message that is in it need not have arrived, and one that is not may have
been sent. So a conclusion names the frames that it rests on, and says whether its reason is inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from impl.capture.conversation import Conversation, Seen
from impl.capture.datagrams import Datagram
from impl.capture.ending import Conclusion, Ending, Evidence, Outcome, Reason
from impl.capture.phase1_ends import PATIENCE, one_sided, phase1_ending
from impl.capture.quick_ends import quick_endings, spis_of
from impl.capture.trail import Course, Step, course_of, deletes, errors, liveness
from impl.wire.numbers import NotifyType, ProtocolId
from impl.wire.payloads import Notification

#: equal messages of one end, at least so far apart, that are likely questions of dead peer detection; in ns
_APART = 10**9
_STANDS = (Outcome.ESTABLISHED, Outcome.PHASE1, Outcome.DELETED)


def conclude(
    conversations: Sequence[Conversation],
    until_ns: int,
    cut: Iterable[Datagram] = (),
    unreachable: Iterable[Datagram] = (),
) -> list[Conclusion]:
    """The conclusion of each conversation, in their order.

    until_ns   the time of the last frame      cut   messages of which the capture has only a part
    unreachable   what ICMP reports, with the ends of the datagrams that have not arrived
    """
    parts: dict[bytes, list[int]] = {}
    for datagram in cut:
        parts.setdefault(datagram.octets[:8], []).append(datagram.frame)
    courses = [course_of(item, parts.get(item.cookies.initiator, ())) for item in conversations]
    reports: dict[tuple[object, object], list[tuple[int, str]]] = {}
    for item in unreachable:
        if item.source is not None and item.destination is not None:
            ends = item.source.address, item.destination.address
            reports.setdefault(ends, []).append((item.frame, item.cut))
    deleted: dict[tuple[int, bytes], Step] = {}
    for course in courses:
        talk = course.conversation
        course.unreachable = reports.get((talk.initiator.address, talk.responder.address), [])
        for step in course.notices:
            for payload in deletes(step):
                for spi in payload.spis:
                    deleted[payload.protocol, spi] = step
    return [_conclusion(course, deleted, until_ns) for course in courses]


def _conclusion(
    course: Course, deleted: dict[tuple[int, bytes], Step], until_ns: int
) -> Conclusion:
    first = phase1_ending(course, until_ns)
    quick = [_if_deleted(course, ending, deleted) for ending in quick_endings(course, until_ns)]
    if first is not None and first.outcome is not Outcome.PHASE1:
        return Conclusion(first, first, tuple(quick))
    main = quick[-1] if quick else first or _unseen(course)
    if not quick and first is not None:
        main = _without_quick(course, first, until_ns)
    side = one_sided(course)
    if side is not None and main.outcome not in (Outcome.ESTABLISHED, Outcome.DELETED):
        main = replace(
            main,
            outcome=Outcome.UNDECIDED,
            reason=Reason.ONE_DIRECTION,
            evidence=Evidence.CAPTURE,
            by_initiator=side,
        )
    ended = _phase1_deleted(course, deleted)
    if side is None:
        ended = ended or _dead(course, until_ns)
    over = main.outcome in _STANDS or main.reason is Reason.BEGINS_BEFORE
    if ended is not None and over:
        lives = ended.reason is Reason.DELETE and main.outcome is Outcome.ESTABLISHED
        main = replace(ended, outcome=Outcome.ESTABLISHED) if lives else ended
    if first is not None and main is not first and main.outcome in _STANDS:
        main = replace(main, frames=(*first.frames, *main.frames))
    return Conclusion(main, first, tuple(quick))


def _by(course: Course, step: Step) -> bool | None:
    """Whether a message, perhaps of another conversation, is by this one's initiator."""
    source, ends = step.seen.datagram.source, course.conversation
    if source is None or ends.initiator.address == ends.responder.address:
        return step.from_initiator
    return source.address == ends.initiator.address


def _if_deleted(course: Course, ending: Ending, deleted: dict[tuple[int, bytes], Step]) -> Ending:
    """The ending of a Quick Mode whose SAs a Delete has named since (RFC 2408 3.15)."""
    if ending.outcome is not Outcome.ESTABLISHED or not deleted:
        return ending
    for key in spis_of(course.quick[ending.message_id]):
        step = deleted.get(key)
        if step is not None and step.first > ending.frames[-1]:
            return replace(
                ending,
                outcome=Outcome.DELETED,
                reason=Reason.DELETE,
                frames=(*ending.frames, step.first),
                by_initiator=_by(course, step),
            )
    return ending


def _phase1_deleted(course: Course, deleted: dict[tuple[int, bytes], Step]) -> Ending | None:
    """A Delete of the Phase I SA, which both cookies name."""
    step = deleted.get((ProtocolId.ISAKMP, course.conversation.cookies.both))
    if step is None:
        return None
    return Ending(
        Outcome.DELETED, Reason.DELETE, frames=(step.first,), by_initiator=_by(course, step)
    )


def _dead(course: Course, until_ns: int) -> Ending | None:
    """Questions of dead peer detection that met silence (RFC 3706)."""
    answers = dict(course.last_of)
    if any(liveness(step) is not None for step in course.notices):
        answers = _without_questions(course)
    for side in (True, False):
        heard = answers.get(not side, 0)
        late = [
            step for step in course.notices if step.from_initiator is side and step.first > heard
        ]
        asked = [step for step in late if _asks(step.seen)]
        certain = bool(asked)
        if not asked and len({step.seen.header.length for step in late}) == 1:
            apart = all(
                later.times[0] - earlier.times[0] >= _APART for earlier, later in pairwise(late)
            )
            asked = late if len(late) > 1 and apart and all(step.closed for step in late) else []
        if not asked or (len(asked) == 1 and until_ns - asked[0].times[0] < PATIENCE):
            continue
        return Ending(
            Outcome.STOPPED,
            Reason.DEAD_PEER,
            Evidence.SILENCE,
            certain=certain,
            frames=tuple(frame for step in asked for frame in step.frames),
            by_initiator=not side,
            sendings=len(asked),
            seconds=(asked[-1].times[-1] - asked[0].times[0]) / 1e9,
        )
    return None


def _asks(seen: Seen) -> bool:
    return any(
        isinstance(item, Notification) and item.type == NotifyType.R_U_THERE
        for item in seen.payloads
    )


def _without_questions(course: Course) -> dict[bool, int]:
    """The last frame of each end that is not R-U-THERE: a question does not answer another."""
    found: dict[bool, int] = {}
    for seen in course.conversation.messages:
        if seen.from_initiator is not None and not _asks(seen):
            found[seen.from_initiator] = seen.datagram.frame
    return found


def _without_quick(course: Course, first: Ending, until_ns: int) -> Ending:
    """Phase I is up, and the capture has no Quick Mode."""
    base = replace(first, reason=Reason.NO_QUICK_MODE)
    if course.xauth:
        frames = tuple(step.first for step in course.xauth)
        base = replace(base, reason=Reason.XAUTH, certain=False, frames=frames)
    end = course.conversation.messages[-1].datagram.time_ns
    return replace(base, alternatives=(Reason.CAPTURE_ENDS,)) if until_ns - end < PATIENCE else base


def _unseen(course: Course) -> Ending:
    """Neither Phase I nor a Quick Mode is in the capture."""
    notices = course.notices
    for step in reversed(notices):
        for item in errors(step):
            version = item.type in (
                NotifyType.INVALID_MAJOR_VERSION,
                NotifyType.INVALID_MINOR_VERSION,
            )
            return Ending(
                Outcome.REFUSED if version else Outcome.UNDECIDED,
                Reason.IKE_VERSION if version else Reason.NOTIFY,
                Evidence.NOTIFY,
                frames=tuple(step.frames),
                notify=item,
                protected=step.seen.header.encrypted,
            )
    frames = tuple(step.first for step in (*notices, *course.xauth))
    return Ending(Outcome.UNDECIDED, Reason.BEGINS_BEFORE, Evidence.CAPTURE, frames=frames)
