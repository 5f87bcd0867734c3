"""Where Quick Modes stopped, and why: of three messages, or of four with the commit bit (RFC 2409 5.5).

A fourth message confirms: it is HASH and CONNECTED (RFC 2408 3.1), where the answerer has set the commit bit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import replace

from impl.capture.ending import Ending, Evidence, Outcome, Reason
from impl.capture.opening import Verdict
from impl.capture.phase1_ends import PATIENCE
from impl.capture.trail import Course, Step, Trail, errors
from impl.wire.numbers import Flag, NotifyType
from impl.wire.payloads import Notification
from impl.wire.proposals import Proposal, SecurityAssociation, Transform

#: repeats of a message that is answered each time, which no longer look like lost packets
_MANY = 3
_REFUSALS: dict[int, Reason] = {
    NotifyType.NO_PROPOSAL_CHOSEN: Reason.PROPOSAL_P2,
    NotifyType.BAD_PROPOSAL_SYNTAX: Reason.PROPOSAL_P2,
    NotifyType.ATTRIBUTES_NOT_SUPPORTED: Reason.PROPOSAL_P2,
    NotifyType.INVALID_TRANSFORM_ID: Reason.PROPOSAL_P2,
    NotifyType.INVALID_KEY_INFORMATION: Reason.PROPOSAL_P2,
    NotifyType.INVALID_ID_INFORMATION: Reason.SELECTOR,
}


class Heard:
    """The Informational messages of a conversation that Quick Modes may have been answered with."""

    def __init__(self, course: Course) -> None:
        #: frames of those that stay closed, by who sent them
        self._closed: dict[bool | None, list[int]] = {True: [], False: [], None: []}
        self.refusals: dict[int, tuple[Step, Notification]] = {}
        self.connected: set[int] = set()
        #: errors in clear, which nothing authenticates, by frame
        self._clear: list[tuple[int, Step, Notification]] = []
        by_spi = {spi: id_ for id_, trail in course.quick.items() for spi in _spis(trail, 1)}
        waiting = deque(id_ for id_, trail in course.quick.items() if trail.reached < 3)
        for step in course.notices:
            if step.closed:
                self._closed[step.from_initiator].append(step.first)
            for item in errors(step):
                if step.seen.header.encrypted:
                    self._assign(course, step, item, by_spi.get(item.spi), waiting)
                else:
                    self._clear.append((step.first, step, item))
            if step.has(Notification, _is_connected):
                self.connected.add(step.first)

    def _assign(
        self, course: Course, step: Step, item: Notification, named: int | None, waiting: deque[int]
    ) -> None:
        """A refusal is about the Quick Mode whose SPI it names; else about the oldest that waits."""
        id_ = named if named is not None else waiting[0] if waiting else None
        if id_ is None or id_ in self.refusals:
            return
        if min(course.quick[id_].frames) < step.first:
            self.refusals[id_] = step, item
            if waiting and waiting[0] == id_:
                waiting.popleft()

    def closed_after(self, frame: int, *, from_initiator: bool, before: int | None) -> list[int]:
        """Frames of closed messages by one end after a frame, and before another if it is given."""
        found = self._closed[from_initiator]
        upper = len(found) if before is None else bisect_right(found, before)
        return found[bisect_right(found, frame) : upper]

    def clear_after(self, frame: int, *, before: int | None) -> tuple[Step, Notification] | None:
        """The first error in clear after a frame, and before another if it is given."""
        at = bisect_right(self._clear, frame, key=lambda entry: entry[0])
        if at == len(self._clear) or (before is not None and self._clear[at][0] > before):
            return None
        return self._clear[at][1:]


def _is_connected(item: object) -> bool:
    return isinstance(item, Notification) and item.type == NotifyType.CONNECTED


def _spis(trail: Trail, number: int) -> list[bytes]:
    """The SPIs that a message of a Quick Mode names, if it can be read."""
    step = trail.steps.get(number)
    found = () if step is None else step.seen.payloads
    return [p.spi for sa in found if isinstance(sa, SecurityAssociation) for p in sa.proposals]


def spis_of(trail: Trail) -> list[tuple[int, bytes]]:
    """Protocol and SPI of each SA that a Quick Mode made, both directions."""
    chosen = {proposal.protocol for proposal, _ in chosen_by(trail)}
    return [
        (protocol, spi) for number in (1, 2) for spi in _spis(trail, number) for protocol in chosen
    ]


def chosen_by(trail: Trail) -> tuple[tuple[Proposal, Transform], ...]:
    """The proposals that message 2 has taken, with their transforms, if it can be read."""
    step = trail.steps.get(2)
    return tuple(
        (proposal, proposal.transforms[0])
        for item in (() if step is None else step.seen.payloads)
        if isinstance(item, SecurityAssociation)
        for proposal in item.proposals
        if proposal.transforms
    )


def quick_endings(course: Course, until_ns: int) -> tuple[Ending, ...]:
    """What happened to each Quick Mode, in the order in which they began."""
    heard, trails = Heard(course), list(course.quick.values())
    starts = [min(trail.frames) for trail in trails]
    following = [*starts[1:], None][: len(trails)]
    return tuple(
        _ending(course, trail, heard, until_ns, then)
        for trail, then in zip(trails, following, strict=True)
    )


def _ending(course: Course, trail: Trail, heard: Heard, until_ns: int, then: int | None) -> Ending:
    number = trail.reached
    last, before = trail.steps.get(number), trail.steps.get(number - 1)
    if last is None or _from_before(course, trail):
        return Ending(
            Outcome.UNDECIDED,
            Reason.BEGINS_BEFORE,
            Evidence.CAPTURE,
            trail.exchange,
            trail.message_id,
            frames=tuple(trail.frames),
        )
    made = _at(course, trail, last)
    refusal = heard.refusals.get(trail.message_id)
    if refusal is not None and (number < 3 or refusal[0].first > last.first):
        return _refused(made, *refusal)
    if any(one.verdict is Verdict.WRONG for one in last.seen.checks):
        return replace(made, reason=Reason.NOT_ACCEPTED, evidence=Evidence.WRONG_PROOF)
    if before is not None and (again := _again(before, last)):
        return replace(
            made,
            reason=Reason.NOT_ACCEPTED,
            evidence=Evidence.RESENT,
            certain=False,
            alternatives=(Reason.NO_RESPONDER,),
            frames=tuple(sorted((*before.frames, *last.frames))),
            by_initiator=before.from_initiator,
            answers=again,
        )
    if number >= 3:
        return _complete(made, trail, heard)
    partial = [frame for frame in course.partial if last.first < frame < (then or frame + 1)]
    if partial:
        frames = tuple(sorted((*made.frames, *partial)))
        made = replace(made, outcome=Outcome.UNDECIDED, reason=Reason.INCOMPLETE, frames=frames)
        return replace(made, evidence=Evidence.CAPTURE)
    return _unanswered(made, last, heard, until_ns, then)


def _again(before: Step, last: Step) -> int:
    """How often a message was sent again although it was answered, if that means something: a few repeats
    are what lost packets bring, and the last answer may have arrived."""
    again = sum(frame > last.first for frame in before.frames)
    answered = before.last < last.last and last.seen.number != 2
    return again if again >= _MANY or not answered else 0


def _from_before(course: Course, trail: Trail) -> bool:
    """Whether a capture begins with a Quick Mode that is not complete in it: then it is not known which of
    its messages these are."""
    ends = course.conversation
    if ends.begins_here or course.phase1.all or trail.reached > 2:
        return False
    return trail.frames[0] == ends.messages[0].datagram.frame


def _at(course: Course, trail: Trail, last: Step) -> Ending:
    """A Quick Mode stopped after that message, and nothing answers it."""
    return Ending(
        Outcome.STOPPED,
        Reason.NO_RESPONDER,
        Evidence.SILENCE,
        trail.exchange,
        trail.message_id,
        stopped_after=trail.reached,
        frames=tuple(last.frames),
        by_initiator=None if last.from_initiator is None else not last.from_initiator,
        sendings=len(last.frames),
        seconds=last.seconds,
        keyed=course.conversation.known.key is not None,
        chosen=chosen_by(trail),
    )


def _refused(made: Ending, step: Step, item: Notification) -> Ending:
    return replace(
        made,
        outcome=Outcome.REFUSED,
        reason=_REFUSALS.get(item.type, Reason.NOTIFY),
        evidence=Evidence.NOTIFY,
        frames=tuple(sorted({made.frames[0], *step.frames})),
        by_initiator=step.from_initiator,
        notify=item,
        protected=True,
    )


def _complete(made: Ending, trail: Trail, heard: Heard) -> Ending:
    """All three messages were sent, and a fourth where the commit bit asks for it."""
    second = trail.steps.get(2)
    commit = second is not None and bool(second.seen.header.flags & Flag.COMMIT)
    frames = tuple(trail.frames)
    confirmed = trail.reached >= 4 or any(frame > frames[0] for frame in heard.connected)
    if commit and not confirmed:
        return replace(made, reason=Reason.NOT_CONFIRMED, certain=False, frames=frames)
    return replace(
        made,
        outcome=Outcome.ESTABLISHED,
        reason=Reason.COMPLETE,
        evidence=Evidence.MESSAGES,
        stopped_after=None,
        frames=frames,
        by_initiator=None,
        sendings=trail.reached,
    )


def _unanswered(made: Ending, last: Step, heard: Heard, until_ns: int, then: int | None) -> Ending:
    """No answer, or one that no key opens."""
    if last.from_initiator is not None:
        other = not last.from_initiator
        answers = heard.closed_after(last.first, from_initiator=other, before=then)
        if answers:
            return replace(
                made,
                outcome=Outcome.REFUSED,
                reason=Reason.REFUSAL_ENCRYPTED,
                evidence=Evidence.UNREAD_ANSWER,
                certain=False,
                alternatives=(Reason.PROPOSAL_P2, Reason.SELECTOR),
                frames=tuple(sorted({*made.frames, *answers})),
                answers=len(answers),
            )
    in_clear = heard.clear_after(last.first, before=then)
    if in_clear is not None:
        return replace(_refused(made, *in_clear), protected=False, certain=False)
    if len(last.frames) == 1 and until_ns - last.times[0] < PATIENCE:
        return replace(
            made, outcome=Outcome.UNDECIDED, reason=Reason.CAPTURE_ENDS, evidence=Evidence.CAPTURE
        )
    return made
