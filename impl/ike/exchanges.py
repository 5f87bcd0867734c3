"""The course of exchanges: they begin, continue, fail and end (R7, R14 to R18). Timers are in `times`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from impl.auth.interface import Outcome, Work
from impl.crypto.schedule import Cookies
from impl.ike import natt, notices, phase1, phase2
from impl.ike.cookies import SIZE, CookieMaker
from impl.ike.core import Refused, Reply
from impl.ike.events import Event, Phase1Ended, Phase1Failed, Phase2Failed, SaPair, StepNeeded
from impl.ike.reasons import Reasons
from impl.ike.remotes import Remotes
from impl.ike.sadb import Answered, IkeSa, Quick, Sadb, Sending, Wanted
from impl.ike.settings import (
    Address,
    Bundle,
    ChildSettings,
    ConnectionSettings,
    KeyLog,
    Phase1Choice,
    Random,
    Settings,
)
from impl.ike.steps import Task
from impl.ike.supported import unsupported
from impl.ike.tables import State
from impl.ike.timers import Timers
from impl.wire.message import Header, Message, encode_chain, encode_message, with_header
from impl.wire.numbers import DOI_IPSEC, ExchangeType, ProtocolId
from impl.wire.payloads import AnyPayload, Notification

#: states in which our last message is sent again
_TRIES = (
    State.AWAITS_MM2,
    State.AWAITS_MM4,
    State.AWAITS_MM6,
    State.AWAITS_MM7,
    State.AWAITS_MM8,
)
#: a timer: what is due, whose (the local cookie of an SA, or nothing), and the message id or SPI
_Key = tuple[str, bytes, int]
#: what an SA may have a timer for
_SA_TIMERS = ("open", "life", "soft", "resend", "keepalive", "idle", "step", "shorter")


class Outgoing(NamedTuple):
    """A datagram to send; `floated`: from the NAT traversal port, with its marker already added (RFC 3948)."""

    datagram: bytes
    target: Address
    floated: bool


def _lacks_clock(settings: Settings, connection: ConnectionSettings) -> str:
    if connection.certificate is None or settings.utc is not None:
        return ""
    return "certificates need the time of day, which is missing in the settings (utc)"


class Exchanges(ABC):
    """Every exchange of an engine."""

    @abstractmethod
    def established(self, sa: IkeSa) -> None:
        """A Phase I SA is up."""

    @abstractmethod
    def installed(self, sa: IkeSa, quick: Quick, pair: SaPair) -> None:
        """A pair is made."""

    @abstractmethod
    def try_again(self, pair: SaPair | None) -> None:
        """The replacement of a pair, if it was one, has failed: try it again."""

    @abstractmethod
    def shortened(self, sa: IkeSa, seconds: int) -> None:
        """The peer wants a Phase I SA to end earlier."""

    @abstractmethod
    def answered(self, sa: IkeSa, question: int) -> None:
        """The peer says that it is there."""

    def __init__(self, settings: Settings, random: Random, keylog: KeyLog | None = None) -> None:
        for connection in settings.connections:
            problem = unsupported(connection) or _lacks_clock(settings, connection)
            if problem:
                raise ValueError(f"{connection.name}: {problem}")
        self.settings, self.random = settings, random
        self.sadb = Sadb()
        self._remotes = Remotes(settings.connections)
        #: dropped messages by reason, for `status` and tests
        self.dropped = Reasons()
        self._keylog = keylog
        self._now = 0.0
        self._out: deque[Outgoing] = deque()
        self._events: deque[Event] = deque()
        self._timers: Timers[_Key] = Timers()
        self._needed: deque[StepNeeded] = deque()
        self._working: dict[int, Task] = {}
        self._steps = 0
        self._cookies = CookieMaker(random, settings.cookie_life)

    # ---- the outside
    @property
    def now(self) -> float:
        """The time of the current message or timer."""
        return self._now

    def outgoing(self) -> list[Outgoing]:
        """The next datagram to send, to whom, and from which port; each is returned once."""
        found = list(self._out)
        self._out.clear()
        return found

    def datagrams_to_send(self) -> list[tuple[bytes, Address]]:
        """The same for an engine with one port, without NAT traversal."""
        return [(item.datagram, item.target) for item in self.outgoing()]

    def next_event(self) -> Event | None:
        """The oldest event that was not returned yet."""
        return self._events.popleft() if self._events else None

    def next_step(self) -> StepNeeded | None:
        """The steps to run elsewhere, the oldest first; each is returned once."""
        return self._needed.popleft() if self._needed else None

    def next_deadline(self) -> float | None:
        """When to call `handle_timeout` next; None: not before a datagram arrives."""
        return self._timers.next()

    def deadlines(self) -> list[tuple[str, bytes, int, float]]:
        """Every timer: what is due, the local cookie of its exchange, the message id (0: Phase I) or the SPI,
        when."""
        return [(*key, due) for key, due in self._timers.pending().items()]

    def keys_made(self, sa: IkeSa) -> None:
        """Write to the key log."""
        if self._keylog is not None and sa.sealing is not None:
            self._keylog(sa.cookies, sa.sealing.keys)

    def emit(self, event: Event) -> None:
        """Report."""
        self._events.append(event)

    def end(self, sa: IkeSa, now: float, why: str) -> None:
        """Delete a Phase I SA, and tell the peer first; and every pair made under it, or with the last
        Phase I SA every pair with the peer. An exchange that is under way fails."""
        self._now = now
        if sa.state is not State.ESTABLISHED:
            self.fail(sa, "ended", why)
            return
        last = not self.sadb.others(sa)
        held = self.sadb.pairs_with(sa) if last else [(sa, pair) for pair in sa.pairs]
        for payload in notices.deletes_of(pair for _, pair in held):
            self.notify(sa, [payload])
        self.notify(sa, [notices.delete_of(sa)])
        for owner, pair in held:
            self.drop_pair(owner, pair, why)
        self.ended(sa, why)

    # ---- beginning, and what happens to it
    def new(self, connection: ConnectionSettings, peer: Address, cookie: bytes | None) -> IkeSa:
        """An exchange of Phase I, of which nothing has been sent; `cookie`: of a peer that begins it."""
        answered = Answered(self.settings.remembered)
        own = self.cookie(peer, cookie or self.random(SIZE))
        cookies = Cookies(own, bytes(SIZE)) if cookie is None else Cookies(cookie, own)
        return IkeSa(cookie is None, peer, connection, cookies, State.IDLE, answered)

    def cookie(self, peer: Address, initiator: bytes) -> bytes:
        """A local cookie for an exchange with that address; nobody has it."""
        return self._cookies.make(
            peer, initiator, self._now, lambda cookie: self.sadb.own(cookie) is not None
        )

    def begin(self, connection: ConnectionSettings, peer: Address) -> IkeSa:
        """Begin Main Mode."""
        sa = self.new(connection, peer, None)
        self._first_message(sa)
        return sa

    def begin_after(self, old: IkeSa) -> IkeSa:
        """Begin Main Mode with the peer of another SA: where it is now, on the port that is in use."""
        sa = self.new(old.connection, old.peer, None)
        sa.begun, sa.nat.floated, sa.old = old.begun, old.nat.floated, old
        self._first_message(sa)
        return sa

    def begin_anew(self, refused: IkeSa, named: tuple[Phase1Choice, ...]) -> None:
        """Begin once more in place of an exchange that was refused, with what the responder has named."""
        sa = self.new(refused.connection, refused.peer, None)
        sa.begun, sa.nat.floated = refused.begun, refused.nat.floated
        # The responder has answered: from now on no lack of an answer leads to clear text.
        sa.named, sa.wanted, sa.heard = named, refused.wanted, True
        self._first_message(sa)

    def _first_message(self, sa: IkeSa) -> None:
        self.move(sa, State.AWAITS_MM2, phase1.offer(self, sa))
        self.sadb.add(sa)

    def want(self, sa: IkeSa, wanted: Wanted) -> None:
        """A pair: now, or as soon as Phase I is up and has not too much under way."""
        sa.wanted.append(wanted)
        self.negotiate(sa)

    def negotiate(self, sa: IkeSa) -> None:
        """Begin what waits, as far as it may; under a successor what this SA may serve no more (R16)."""
        limit = sa.connection.limit
        while sa.wanted and sa.state is State.ESTABLISHED:
            own = sum(quick.initiated for quick in sa.quick.values())
            if limit is not None and sa.served + own >= limit:
                if not own:
                    self._hand_over(sa, self.sadb.successor(sa) or self.begin_after(sa))
                return
            if own >= self.settings.parallel:
                return
            wanted = sa.wanted.pop(0)
            self.offer_quick(sa, self._quick(sa, wanted), wanted.child.choices)

    def _hand_over(self, sa: IkeSa, other: IkeSa) -> None:
        """Move what waits under one SA to another."""
        other.wanted += sa.wanted
        sa.wanted = []
        self.negotiate(other)

    def _quick(self, sa: IkeSa, wanted: Wanted) -> Quick:
        quick = Quick(self.message_id(sa), initiated=True, state=State.AWAITS_QM2)
        quick.child, quick.replaces, quick.begun = wanted.child, wanted.replaces, self._now
        return quick

    def offer_quick(self, sa: IkeSa, quick: Quick, choices: Sequence[Bundle]) -> None:
        """Send message 1 of Quick Mode with these choices."""
        begin = partial(phase2.offer_quick, self, sa, quick, choices)
        self.go_on_offering(Task(sa, begin, (sa.peer, sa.nat.floated), quick))

    def go_on_offering(self, task: Task, outcome: Outcome[Any] | None = None) -> None:
        """Message 1 of Quick Mode, from its beginning or with what came of its work."""
        sa, quick = task.sa, task.quick
        assert quick is not None
        try:
            reply = task.go_on(outcome)
        except Refused as error:
            self.refuse_quick(sa, quick, error)
            return
        if isinstance(reply, Work):
            self.wait_for(task, reply)
            return
        self.keep_quick(sa, quick)
        self.send(sa, quick.sending, ExchangeType.QUICK, quick.message_id, reply)
        self.await_quick(sa, quick)

    def want_anew(self, sa: IkeSa, refused: Quick, choices: Sequence[Bundle]) -> None:
        """Offer once more in place of a Quick Mode that was refused, what the answerer has named."""
        assert refused.child is not None
        quick = self._quick(sa, Wanted(refused.child, refused.replaces))
        quick.anew = True
        self.offer_quick(sa, quick, choices)

    def await_quick(self, sa: IkeSa, quick: Quick) -> None:
        """Resend after an interval."""
        key = self.key("quick", sa, quick.message_id)
        self._timers.set(key, self._now + self.settings.interval)

    def keep_quick(self, sa: IkeSa, quick: Quick) -> None:
        """Register it, and mark its message ID as used."""
        sa.quick[quick.message_id] = quick
        if quick.message_id not in sa.used_ids:
            self.use_id(sa, quick.message_id)

    def message_id(self, sa: IkeSa) -> int:
        """A message id that is not zero and was never used under this SA."""
        while True:
            found = int.from_bytes(self.random(4), "big")
            if found and found not in sa.used_ids:
                self.use_id(sa, found)
                return found

    def use_id(self, sa: IkeSa, message_id: int) -> None:
        """Mark it as used under this SA, which ends before it has used too many; the successor is due earlier,
        first at the initiator."""
        sa.used_ids.add(message_id)
        seen, most = len(sa.used_ids), self.settings.most_ids
        if seen == most * (6 if sa.initiated else 7) // 8:
            self._timers.set(self.key("soft", sa), self._now)
        elif seen == most:
            sa.why_ends = "it has used the maximum number of message IDs"
            self._timers.set(self.key("life", sa), self._now)

    def drop_others(self, sa: IkeSa) -> None:
        """The authenticated peer has restarted: its other SAs are gone (RFC 2407 4.6.3.3)."""
        why = "the peer has restarted"
        for owner, pair in self.sadb.pairs_with(sa):
            if owner is not sa:
                self.drop_pair(owner, pair, why)
        for other in self.sadb.others(sa):
            self.ended(other, why)

    def drop_pair(self, owner: IkeSa, pair: SaPair, why: str) -> None:
        """A pair is gone."""
        for what in ("pair", "old"):
            self._timers.cancel((what, b"", pair.inbound_spi))
        notices.remove_pair(self, owner, pair, why)

    def refuse(self, sa: IkeSa, error: Refused, *, sealed: bool = False) -> None:
        """End an exchange of Phase I, and notify the peer: in clear, or encrypted if the peer has proved that it has
        the keys. A responder may consider the SA established then, and so learns that it is not."""
        if error.notify is not None:
            notice = Notification(error.notify, ProtocolId.ISAKMP, data=error.data, doi=DOI_IPSEC)
            if sealed:
                self.notify(sa, [notice])
            else:
                self.tell(sa, notice)
        if sealed and sa.initiated:
            self.notify(sa, [notices.delete_of(sa)])
        self.fail(sa, error.reason, error.why)

    def refuse_quick(self, sa: IkeSa, quick: Quick, error: Refused) -> None:
        """End a Quick Mode, and notify the peer."""
        self.finish(sa, quick)
        self.use_id(sa, quick.message_id)
        self._timers.cancel(self.key("quick", sa, quick.message_id))
        if error.notify is not None:
            spi = quick.peer_spi
            self.notify(sa, [Notification(error.notify, quick.protocol, spi, error.data)])
        self.quick_failed(sa, quick, error.reason, error.why)

    def quick_failed(self, sa: IkeSa, quick: Quick, reason: str, why: str) -> None:
        """Report the failure, and continue with what waits; a pair that was to be replaced still is."""
        self.try_again(quick.replaces)
        self.report_failure(sa, quick.child, reason, why)
        self.negotiate(sa)

    def report_failure(self, sa: IkeSa, child: ChildSettings | None, reason: str, why: str) -> None:
        """A pair did not come up."""
        name = child.name if child is not None else ""
        self.emit(Phase2Failed(sa.name, sa.peer, sa.connection.name, name, reason, why))

    def finish(self, sa: IkeSa, quick: Quick) -> None:
        """It is over; its message ID remains used for the lifetime of Phase I."""
        sa.quick.pop(quick.message_id, None)
        self.abandon(quick)
        if sa.sealing is not None:
            sa.sealing.forget(quick.message_id)

    def fail(self, sa: IkeSa, reason: str, why: str) -> None:
        """Phase I failed."""
        sa.state = State.FAILED
        self.forget(sa)
        sa.sealing = sa.private = None
        for item in sa.wanted:
            self.try_again(item.replaces)
        name = sa.connection.name
        self.emit(Phase1Failed(sa.name, sa.peer, name, sa.initiated, reason, why))

    def ended(self, sa: IkeSa, why: str) -> None:
        """A Phase I SA has ended; its pairs remain (R19). Negotiations under it, and those that wait, start again
        under its successor; without one they have failed."""
        sa.state = State.ENDED
        under_way = [quick for quick in sa.quick.values() if quick.initiated]
        self.forget(sa)
        sa.sealing = sa.private = None  # pairs remain, but no key of Phase I
        self.emit(Phase1Ended(sa.name, sa.peer, sa.connection.name, why))
        successor = self.sadb.successor(sa)
        if successor is not None:
            again = [Wanted(quick.child, quick.replaces) for quick in under_way if quick.child]
            sa.wanted, under_way = [*again, *sa.wanted], []
            self._hand_over(sa, successor)
        left = [*((quick.child, quick.replaces) for quick in under_way)]
        left += ((item.child, item.replaces) for item in sa.wanted)
        for child, replaced in left:
            self.try_again(replaced)
            self.report_failure(sa, child, "no-responder", f"its Phase I SA has ended: {why}")

    def forget(self, sa: IkeSa) -> None:
        """An exchange is over: cancel its timers."""
        self.sadb.remove(sa)
        self.abandon(sa)
        for what in _SA_TIMERS:
            self._timers.cancel(self.key(what, sa))
        for message_id, quick in sa.quick.items():
            self._timers.cancel(self.key("quick", sa, message_id))
            self.abandon(quick)
        sa.quick.clear()

    # ---- what is done elsewhere
    def wait_for(self, task: Task, work: Work[Any]) -> None:
        """Have work done elsewhere; meanwhile no message of the exchange is accepted or resent."""
        self._steps += 1
        task.number, task.what = self._steps, work.what
        self._working[task.number] = task
        sa, quick, end = task.sa, task.quick, self._now + self.settings.step_for
        again = self._again(task)
        task.resend = self._timers.due(again)
        self._timers.cancel(again)
        if quick is None:
            sa.task = task
            self._timers.set(self.key("step", sa), end)
        else:
            quick.task = task
            self.keep_quick(sa, quick)
            self._timers.set(again, end)
        name = sa.connection.name
        self._needed.append(StepNeeded(task.number, sa.name, sa.peer, name, work.what, work))

    def done_with(self, number: int) -> Task | None:
        """The row for which work was done; None if it is too late. If the work fails, the exchange continues
        as before."""
        task = self._working.pop(number, None)
        if task is None:
            return None
        sa, quick, again = task.sa, task.quick, self._again(task)
        if quick is None:
            sa.task = None
            self._timers.cancel(self.key("step", sa))
        else:
            quick.task = None
            self._timers.cancel(again)
        if task.resend is not None:
            # If the work fails, the exchange continues as before, with the same deadline: forged messages cannot extend it.
            self._timers.set(again, task.resend)
        return task

    def _again(self, task: Task) -> _Key:
        """The timer by which the exchange of a row sends its last message again."""
        if task.quick is None:
            return self.key("resend", task.sa)
        return self.key("quick", task.sa, task.quick.message_id)

    def at_work(self, host: str) -> int:
        """How many pieces of work are under way for half-open exchanges of a host."""
        tasks = (task for task in self._working.values() if task.quick is None)
        return sum(task.sa.half_open and task.sa.begun[0] == host for task in tasks)

    def abandon(self, of: IkeSa | Quick) -> None:
        """The result of work for it is no longer needed."""
        if of.task is not None:
            self._working.pop(of.task.number, None)
            of.task = None

    # ---- sending
    def move(self, sa: IkeSa, state: State, reply: Reply) -> bytes:
        """The next state of Phase I, and its message."""
        sent = self.send(sa, sa.sending, ExchangeType.MAIN, 0, reply)
        sa.state = state
        if state in _TRIES:
            sa.sending.tries = 0
            self._timers.set(self.key("resend", sa), self._now + self.settings.interval)
        else:
            self._timers.cancel(self.key("resend", sa))
        return sent

    def send(
        self, sa: IkeSa, sending: Sending, exchange: int, message_id: int, reply: Reply
    ) -> bytes:
        """Encode, encrypt if necessary, and send; nothing if there is no message."""
        if not reply.payloads:
            return b""
        cookies, chain = sa.cookies, reply.chain or encode_chain(reply.payloads)
        if reply.sealed:
            assert sa.sealing is not None
            datagram = sa.sealing.seal(cookies, exchange, message_id, chain)
        else:
            both, numbers = (cookies.initiator, cookies.responder), (exchange, 0, message_id)
            datagram = with_header(both, chain[0], numbers, chain[1])
        sending.datagram = datagram
        self.transmit(sa, datagram)
        return datagram

    def transmit(self, sa: IkeSa, datagram: bytes) -> None:
        """Send to where the peer is now, from the port that is in use."""
        floated = sa.nat.floated
        octets = natt.wrapped(datagram) if floated else datagram
        self._out.append(Outgoing(octets, sa.peer, floated))

    def notify(self, sa: IkeSa, rest: Sequence[AnyPayload]) -> None:
        """An Informational message under the SA, if it has not ended; its message ID is never used again."""
        if sa.sealing is None:
            return
        message_id = self.message_id(sa)
        reply = notices.sealed_notice(sa, message_id, rest)
        self.send(sa, Sending(), ExchangeType.INFORMATIONAL, message_id, reply)
        sa.sealing.forget(message_id)

    def tell(self, sa: IkeSa, notice: Notification) -> None:
        """An Informational message in clear."""
        cookies = sa.cookies
        header = Header(
            cookies.initiator, cookies.responder, 0, ExchangeType.INFORMATIONAL, 0, 0, 0
        )
        self.transmit(sa, encode_message(Message(header, (notice,))))

    def key(self, what: str, sa: IkeSa, message_id: int = 0) -> _Key:
        """The name of a timer of an SA."""
        return what, self.sadb.own_cookie(sa), message_id
