"""Where Phase I stopped, and why: Main Mode, Aggressive Mode and Base Mode (RFC 2409 5, RFC 2408 4.4).

What is read is said for certain. What must be inferred, from silence or from messages that no key opens, is
marked so, with what else it may be.
"""

from __future__ import annotations

from dataclasses import replace

from impl.capture.ending import Ending, Evidence, Outcome, Reason
from impl.capture.opening import WRONG_KEY, Verdict
from impl.capture.trail import Course, Step, Trail, errors
from impl.wire.errors import WireError
from impl.wire.numbers import ExchangeType, Method, NotifyType, OakleyAttribute
from impl.wire.payloads import Notification
from impl.wire.proposals import SecurityAssociation, Transform, decode_sa

#: how many messages an exchange of Phase I takes, without further tokens of Kerberos
FULL = {
    ExchangeType.BASE: 4,
    ExchangeType.MAIN: 6,
    ExchangeType.AUTHENTICATION_ONLY: 3,
    ExchangeType.AGGRESSIVE: 3,
}
#: how long after a message its repeat, or an answer, may be expected in a capture, in ns
PATIENCE = 3 * 10**9
_N = NotifyType
_REFUSALS: dict[int, Reason] = {
    _N.INVALID_MAJOR_VERSION: Reason.IKE_VERSION,
    _N.INVALID_MINOR_VERSION: Reason.IKE_VERSION,
    _N.NO_PROPOSAL_CHOSEN: Reason.PROPOSAL_P1,
    _N.ATTRIBUTES_NOT_SUPPORTED: Reason.PROPOSAL_P1,
    _N.INVALID_TRANSFORM_ID: Reason.PROPOSAL_P1,
    _N.INVALID_EXCHANGE_TYPE: Reason.EXCHANGE_MODE,
    _N.UNSUPPORTED_EXCHANGE_TYPE: Reason.EXCHANGE_MODE,
    _N.INVALID_ID_INFORMATION: Reason.IDENTITY,
    _N.INVALID_CERT_ENCODING: Reason.CERTIFICATE,
    _N.INVALID_CERTIFICATE: Reason.CERTIFICATE,
    _N.CERT_TYPE_UNSUPPORTED: Reason.CERTIFICATE,
    _N.INVALID_CERT_AUTHORITY: Reason.CERTIFICATE,
    _N.INVALID_SIGNATURE: Reason.CERTIFICATE,
    _N.CERTIFICATE_UNAVAILABLE: Reason.CERTIFICATE,
}
#: what an end says of a message that it could not decrypt
_NOT_READ = (_N.PAYLOAD_MALFORMED, _N.INVALID_PAYLOAD_TYPE, _N.UNEQUAL_PAYLOAD_LENGTHS)
_PROOF = (_N.AUTHENTICATION_FAILED, _N.INVALID_HASH_INFORMATION)
_SIGNED = (
    Method.DSS_SIGNATURES,
    Method.RSA_SIGNATURES,
    Method.RSA_ENCRYPTION,
    Method.REVISED_RSA_ENCRYPTION,
    64221,
    65005,
    65006,  # hybrid, and XAUTH with signatures
)


def phase1_ending(course: Course, until_ns: int) -> Ending | None:
    """What happened to Phase I; None if the capture has none of it. `until_ns`: when the capture ends."""
    trail = course.phase1
    if not trail.all:
        return None
    if under_phase1(course):
        return _established(course)
    for judge in (_refused, _one_direction, _unread_answer, _wrong_proof, _unopened, _ignored):
        ending = judge(course)
        if ending is not None:
            return ending
    full = FULL.get(ExchangeType(trail.exchange), 0)
    return _established(course) if 0 < full <= trail.reached else _silent(course, until_ns)


def under_phase1(course: Course) -> bool:
    """Whether something runs that only a Phase I SA allows."""
    return bool(course.quick or course.xauth)


def _established(course: Course) -> Ending:
    trail = course.phase1
    full = FULL.get(ExchangeType(trail.exchange), 0)
    checks = [one for step in trail.all for one in step.seen.checks]
    proved = any(one.verdict is Verdict.VERIFIED for one in checks)
    return Ending(
        Outcome.PHASE1,
        Reason.COMPLETE,
        exchange=trail.exchange,
        stopped_after=None if trail.reached >= full else trail.reached,
        certain=under_phase1(course) or proved,
        frames=tuple(trail.frames),
    )


# ---- refused
def _refused(course: Course) -> Ending | None:
    """A notify that came after the last message of Phase I, and can be read."""
    trail = course.phase1
    last = trail.steps.get(trail.reached)
    if last is None:
        return None
    notices = [item for item in [*course.notices, *trail.others] if item.last > last.first]
    for step in reversed(notices):
        for item in errors(step):
            reason, certain = _meaning(course, step, item)
            return Ending(
                Outcome.REFUSED,
                reason,
                Evidence.NOTIFY,
                trail.exchange,
                stopped_after=trail.reached,
                certain=certain,
                alternatives=_instead(reason, item) if not certain else (),
                frames=(last.first, *step.frames),
                by_initiator=step.from_initiator,
                sendings=len(last.frames),
                seconds=last.seconds,
                notify=item,
                protected=step.seen.header.encrypted,
            )
    return None


def _meaning(course: Course, step: Step, item: Notification) -> tuple[Reason, bool]:
    """What a refusal of Phase I is about, and whether it says so itself."""
    method, sealed = course.conversation.phase1.method, step.seen.header.encrypted
    if item.type == _N.NO_PROPOSAL_CHOSEN and _method_alone(course, item.data):
        return Reason.AUTH_METHOD, True
    if item.type in _PROOF and sealed and method == Method.PRE_SHARED_KEY:
        # It has the keys, so it has the pre-shared key: what it refuses is the identity.
        unread = course.phase1.steps.get(course.phase1.reached)
        if unread is not None and not unread.closed:
            return Reason.IDENTITY, False
    if item.type in _PROOF:
        return of_method(course), False
    if item.type in _NOT_READ and course.phase1.reached >= 5 and method == Method.PRE_SHARED_KEY:
        return Reason.PSK_MISMATCH, False
    return _REFUSALS.get(item.type, Reason.NOTIFY), True


def _method_alone(course: Course, data: bytes) -> bool:
    """Whether a refusal names what was offered, but for the authentication method (R7)."""
    offer = course.conversation.phase1.offer
    try:
        named = decode_sa(data, 0) if data else None
    except WireError:
        return False
    if offer is None or named is None:
        return False
    return not _bare(offer).isdisjoint(_bare(named))


def _bare(sa: SecurityAssociation) -> set[tuple[int | None, ...]]:
    """The algorithms of an offer, without methods and lifetimes."""
    named = OakleyAttribute

    def algorithms(item: Transform) -> tuple[int | None, ...]:
        kinds = (named.ENCRYPTION, named.KEY_LENGTH, named.HASH, named.GROUP)
        return tuple(item.get(kind) for kind in kinds)

    return {algorithms(item) for proposal in sa.proposals for item in proposal.transforms}


def of_method(course: Course) -> Reason:
    """What a failed authentication is about."""
    phase1 = course.conversation.phase1
    if phase1.kerberos:
        return Reason.KERBEROS
    if phase1.method in _SIGNED:
        return Reason.CERTIFICATE
    return Reason.PSK_MISMATCH if phase1.method is not None else Reason.NOTIFY


def _instead(reason: Reason, item: Notification) -> tuple[Reason, ...]:
    """What else it may be, where a reason is inferred."""
    if item.type not in _PROOF:
        return ()
    return (Reason.PSK_MISMATCH,) if reason is Reason.IDENTITY else (Reason.IDENTITY,)


# ---- inferred
def one_sided(course: Course) -> bool | None:
    """Whose messages alone the capture has, although the other end has spoken; None if both have some."""
    if len(course.sides) != 1 or not course.answered:
        return None
    (side,) = course.sides
    # Of several answers to one message each is a conversation, and only one of them has that message.
    alone = course.conversation.begins_here and course.phase1.reached < 3 and not course.quick
    several = len(course.phase1.all) + len(course.quick) + len(course.notices) > 1
    return side if several and not alone else None


def _one_direction(course: Course) -> Ending | None:
    """Only one end is in the capture, and the other has spoken."""
    trail, side = course.phase1, one_sided(course)
    if side is None:
        return None
    return Ending(
        Outcome.UNDECIDED,
        Reason.ONE_DIRECTION,
        Evidence.CAPTURE,
        trail.exchange,
        stopped_after=trail.reached or None,
        frames=tuple(trail.frames),
        by_initiator=side,
    )


def _unread_answer(course: Course) -> Ending | None:
    """The last message was answered by Informational messages that no key opens."""
    trail = course.phase1
    last = trail.steps.get(trail.reached)
    if last is None or last.from_initiator is None:
        return None
    later = [step for step in course.notices if step.closed and step.first > last.first]
    answers = [step for step in later if step.from_initiator is not last.from_initiator]
    # Where both ends send some, the exchange goes on: then they do not refuse anything.
    if not answers or len(answers) < len(later) or answers[0].from_initiator is None:
        return None
    reason = Reason.REFUSAL_ENCRYPTED
    instead: tuple[Reason, ...] = (of_method(course), Reason.IDENTITY)
    if course.conversation.phase1.method == Method.PRE_SHARED_KEY and trail.reached == 5:
        reason, instead = Reason.PSK_MISMATCH, (Reason.IDENTITY,)
    if course.conversation.known.key is not None:
        instead = () if reason is Reason.PSK_MISMATCH else instead
    outcome = Outcome.REFUSED if reason is Reason.REFUSAL_ENCRYPTED else Outcome.STOPPED
    answered = [frame for step in answers for frame in step.frames]
    return replace(
        _at(course, last, reason, outcome),
        evidence=Evidence.UNREAD_ANSWER,
        certain=False,
        alternatives=instead,
        frames=tuple(sorted({*last.frames, *answered})),
        by_initiator=answers[0].from_initiator,
        answers=len(answered),
    )


def _wrong_proof(course: Course) -> Ending | None:
    """A HASH or signature of the last message is wrong, by the keys that were given."""
    last = course.phase1.steps.get(course.phase1.reached)
    if last is None or under_phase1(course):
        return None
    if all(one.verdict is not Verdict.WRONG for one in last.seen.checks):
        return None
    made = _at(course, last, of_method(course))
    return replace(made, evidence=Evidence.WRONG_PROOF, certain=False)


def _unopened(course: Course) -> Ending | None:
    """The keys are one end's: they do not open what the other has sent."""
    phase1, trail = course.conversation.phase1, course.phase1
    last = trail.steps.get(trail.reached)
    if last is None or phase1.method != Method.PRE_SHARED_KEY:
        return None
    if trail.reached != 5 or not last.seen.why.startswith(WRONG_KEY):
        return None
    made = _at(course, last, Reason.PSK_MISMATCH)
    return replace(made, evidence=Evidence.WRONG_KEY, certain=False)


def _ignored(course: Course) -> Ending | None:
    """The message before the last one is sent again, although it was answered."""
    trail = course.phase1
    last, before = trail.steps.get(trail.reached), trail.steps.get(trail.reached - 1)
    if last is None or before is None or under_phase1(course):
        return None
    again = sum(frame > last.first for frame in before.frames)
    # One repeat is what a lost packet brings; after the last message nothing need follow.
    full = trail.reached >= FULL.get(ExchangeType(trail.exchange), 0)
    if not again or (full and again == 1 and before.last < last.last):
        return None
    return replace(
        _at(course, last, Reason.NOT_ACCEPTED),
        evidence=Evidence.RESENT,
        certain=False,
        alternatives=(Reason.NO_RESPONDER,),
        frames=tuple(sorted((*before.frames, *last.frames))),
        by_initiator=before.from_initiator,
        answers=again,
    )


def _silent(course: Course, until_ns: int) -> Ending:
    """Nothing answers the last message, as far as the capture goes."""
    trail = course.phase1
    last = trail.steps.get(trail.reached)
    if last is None:
        frames = tuple(trail.frames)
        return Ending(
            Outcome.UNDECIDED, Reason.BEGINS_BEFORE, Evidence.CAPTURE, trail.exchange, frames=frames
        )
    reports = [report for report in course.unreachable if report[0] > last.first]
    if reports and last.from_initiator:
        frames = tuple(sorted((*last.frames, *(frame for frame, _ in reports))))
        made = replace(_at(course, last, Reason.NO_RESPONDER), evidence=Evidence.ICMP)
        return replace(made, frames=frames, by_initiator=False, unreachable=reports[-1][1])
    partial = tuple(frame for frame in course.partial if frame > last.first)
    if partial:
        made = _at(course, last, Reason.INCOMPLETE, Outcome.UNDECIDED)
        frames = tuple(sorted((*last.frames, *partial)))
        return replace(made, evidence=Evidence.CAPTURE, frames=frames)
    if len(last.frames) == 1 and until_ns - last.times[0] < PATIENCE:
        made = _at(course, last, Reason.CAPTURE_ENDS, Outcome.UNDECIDED)
        return replace(made, evidence=Evidence.CAPTURE)
    floated = last.seen.datagram.destination is not None and _moved(trail, last)
    reason, instead, certain = Reason.NO_RESPONDER, tuple[Reason, ...](), True
    if trail.exchange == ExchangeType.MAIN and trail.reached == 5:
        certain = False
        method = course.conversation.phase1.method
        reason, instead = of_method(course), (Reason.NO_RESPONDER,)
        if method is None or floated:
            reason, instead = Reason.NO_RESPONDER, (of_method(course),)
    elif trail.reached == FULL.get(ExchangeType(trail.exchange), 0) - 1 and trail.reached > 1:
        certain, instead = False, (of_method(course),)
    return replace(
        _at(course, last, reason),
        certain=certain,
        alternatives=instead,
        floated=floated,
        by_initiator=None if last.from_initiator is None else not last.from_initiator,
    )


def _moved(trail: Trail, last: Step) -> bool:
    """Whether a message went to another port than the one before it (RFC 3947 4)."""
    before = trail.steps.get(trail.reached - 1)
    if before is None or before.seen.datagram.source is None:
        return False
    target = last.seen.datagram.destination
    return target is not None and target.port != before.seen.datagram.source.port


def _at(course: Course, last: Step, reason: Reason, outcome: Outcome = Outcome.STOPPED) -> Ending:
    """Phase I stopped after that message."""
    return Ending(
        outcome,
        reason,
        Evidence.SILENCE,
        course.phase1.exchange,
        stopped_after=course.phase1.reached,
        frames=tuple(last.frames),
        sendings=len(last.frames),
        seconds=last.seconds,
        keyed=course.conversation.known.key is not None,
    )
