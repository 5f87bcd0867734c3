"""What happens to exchanges: they begin, go on, fail and end, in their time (R8, R15 to R19).

The engine's half that datagrams do not reach: sending, time-outs, events.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from impl.ike import natt, notices, phase1, phase2
from impl.ike.core import Refused, Reply
from impl.ike.events import (
    Event,
    FellBack,
    Phase1Ended,
    Phase1Established,
    Phase1Failed,
    Phase2Failed,
)
from impl.ike.offers import unsupported
from impl.ike.sadb import Answered, IkeSa, Quick, Sadb, Sending
from impl.ike.settings import (
    Address,
    ChildSettings,
    ConnectionSettings,
    KeyLog,
    Random,
    Settings,
)
from impl.ike.tables import State
from impl.ike.timers import Timers
from impl.wire.message import Header, Message, encode_message
from impl.wire.numbers import DOI_IPSEC, ExchangeType, ProtocolId
from impl.wire.payloads import AnyPayload, Notification

_TRIES = (State.AWAITS_MM2, State.AWAITS_MM4, State.AWAITS_MM6)
_Key = tuple[str, bytes, int]


class Outgoing(NamedTuple):
    """A datagram to send; `floated`: from the other port, where it is marked already (RFC 3948)."""

    datagram: bytes
    target: Address
    floated: bool


class Exchanges:
    """Every exchange of an engine."""

    def __init__(self, settings: Settings, random: Random, keylog: KeyLog | None = None) -> None:
        for connection in settings.connections:
            problem = unsupported(connection)
            if problem:
                raise ValueError(f"{connection.name}: {problem}")
        self.settings, self.random = settings, random
        self.sadb = Sadb()
        #: what was dropped, by why, for `status` and tests
        self.dropped: Counter[str] = Counter()
        self._keylog = keylog
        self._now = 0.0
        self._out: deque[Outgoing] = deque()
        self._events: deque[Event] = deque()
        self._timers: Timers[_Key] = Timers()

    # ---- the outside
    @property
    def now(self) -> float:
        """The time of what is being handled."""
        return self._now

    def outgoing(self) -> list[Outgoing]:
        """What is to be sent, to whom, and from which port; each is given out once."""
        found = list(self._out)
        self._out.clear()
        return found

    def datagrams_to_send(self) -> list[tuple[bytes, Address]]:
        """The same for an engine that has one port, as it does no NAT traversal."""
        return [(item.datagram, item.target) for item in self.outgoing()]

    def next_event(self) -> Event | None:
        """The oldest event that has not been given out."""
        return self._events.popleft() if self._events else None

    def next_deadline(self) -> float | None:
        """When `handle_timeout` is to be called next; None: only when something comes."""
        return self._timers.next()

    def deadlines(self) -> list[tuple[str, bytes, int, float]]:
        """Every timer: what is due, the own cookie of its exchange, the message id (0: Phase I), when."""
        return [(*key, due) for key, due in self._timers.pending().items()]

    def keys_made(self, sa: IkeSa) -> None:
        """Tell the key log."""
        if self._keylog is not None and sa.sealing is not None:
            self._keylog(sa.cookies, sa.sealing.keys)

    def emit(self, event: Event) -> None:
        """Report."""
        self._events.append(event)

    def end(self, sa: IkeSa, now: float, why: str) -> None:
        """Delete a Phase I SA and every pair made under it, and tell the peer first."""
        self._now = now
        if sa.state is State.ESTABLISHED:
            pairs = list(sa.pairs)
            for payload in notices.deletes_of(pairs):
                self.notify(sa, [payload])
            self.notify(sa, [notices.delete_of(sa)])
            for pair in pairs:
                notices.remove_pair(self, sa, pair, why)
        self.ended(sa, why)

    # ---- beginning, and what becomes of it
    def new(self, connection: ConnectionSettings, peer: Address, cookie: bytes | None) -> IkeSa:
        answered = Answered(self.settings.remembered)
        cookies = phase1.cookies_of(self, cookie)
        return IkeSa(cookie is None, peer, connection, cookies, State.IDLE, answered)

    def want(self, sa: IkeSa, child: ChildSettings) -> None:
        """A pair for this child: now, or as soon as Phase I stands."""
        if sa.state is not State.ESTABLISHED:
            sa.wanted.append(child)
            return
        message_id = self.message_id(sa)
        quick = Quick(message_id, initiated=True, state=State.AWAITS_QM2, child=child)
        try:
            reply = phase2.offer_quick(self, sa, quick)
        except Refused as error:
            self.refuse_quick(sa, quick, error)
            return
        sa.quick[message_id] = quick
        self.send(sa, quick.sending, ExchangeType.QUICK, message_id, reply)
        self._timers.set(self.key("quick", sa, message_id), self._now + self.settings.interval)

    def message_id(self, sa: IkeSa) -> int:
        """A message id that is not zero and was never used under this SA."""
        while True:
            found = int.from_bytes(self.random(4), "big")
            if found and found not in sa.used_ids:
                sa.used_ids.add(found)
                return found

    def established(self, sa: IkeSa) -> None:
        """A Phase I SA stands: its lifetime runs, and what waits for it begins (R17)."""
        self._timers.cancel(self.key("open", sa))
        self._keep_alive(sa)
        self.sadb.no_longer_half_open(sa)
        assert sa.identity is not None and sa.choice is not None
        # The initiator renews a little before, so that not both begin at once (R17).
        early = min(2 * self.settings.interval, sa.seconds / 10) if sa.initiated else 0
        self._timers.set(self.key("life", sa), self._now + sa.seconds - early)
        name = sa.connection.name
        self.emit(Phase1Established(sa.name, sa.peer, name, sa.identity, sa.choice, sa.initiated))
        wanted, sa.wanted = sa.wanted, []
        for child in wanted:
            self.want(sa, child)

    def drop_others(self, sa: IkeSa) -> None:
        """The authenticated peer has begun anew: its other SAs are gone (RFC 2407 4.6.3.3)."""
        for other in self.sadb:
            same_peer = other.same_end(sa) and other.identity == sa.identity
            if other is not sa and same_peer and other.state is State.ESTABLISHED:
                for pair in list(other.pairs):
                    notices.remove_pair(self, other, pair, "the peer has begun anew")
                self.ended(other, "the peer has begun anew")

    def refuse(self, sa: IkeSa, error: Refused) -> None:
        """End an exchange of Phase I; the peer is told in clear, or under the keys that there are."""
        if error.notify is not None:
            notice = Notification(error.notify, ProtocolId.ISAKMP, doi=DOI_IPSEC)
            self.tell(sa, notice)
        self.fail(sa, error.reason, error.why)

    def refuse_quick(self, sa: IkeSa, quick: Quick, error: Refused) -> None:
        sa.quick.pop(quick.message_id, None)
        sa.used_ids.add(quick.message_id)
        self._timers.cancel(self.key("quick", sa, quick.message_id))
        if error.notify is not None:
            spi = quick.peer_spi
            self.notify(sa, [Notification(error.notify, quick.protocol, spi)])
        name = quick.child.name if quick.child is not None else ""
        known = sa.connection.name
        self.emit(Phase2Failed(sa.name, sa.peer, known, name, error.reason, error.why))

    def finish(self, sa: IkeSa, quick: Quick) -> None:
        """It is over; its message id stays used for the life of Phase I."""
        sa.quick.pop(quick.message_id, None)
        if sa.sealing is not None:
            sa.sealing.forget(quick.message_id)

    def fail(self, sa: IkeSa, reason: str, why: str) -> None:
        sa.state = State.FAILED
        self.forget(sa)
        self.emit(Phase1Failed(sa.name, sa.peer, sa.connection.name, reason, why))

    def ended(self, sa: IkeSa, why: str) -> None:
        stood = sa.state is State.ESTABLISHED
        sa.state = State.ENDED
        self.forget(sa)
        if stood:
            self.emit(Phase1Ended(sa.name, sa.peer, sa.connection.name, why))

    def forget(self, sa: IkeSa) -> None:
        self.sadb.remove(sa)
        for what in ("open", "life", "resend", "keepalive"):
            self._timers.cancel(self.key(what, sa))
        for message_id in sa.quick:
            self._timers.cancel(self.key("quick", sa, message_id))

    # ---- sending
    def move(self, sa: IkeSa, state: State, reply: Reply) -> bytes:
        """The next state of Phase I, and its message."""
        sent = self.send(sa, sa.sending, ExchangeType.MAIN, 0, reply)
        sa.state = state
        if sa.initiated and state in _TRIES:
            sa.sending.tries = 0
            self._timers.set(self.key("resend", sa), self._now + self.settings.interval)
        else:
            self._timers.cancel(self.key("resend", sa))
        return sent

    def send(
        self, sa: IkeSa, sending: Sending, exchange: int, message_id: int, reply: Reply
    ) -> bytes:
        """Encode, seal where it must be, and send; nothing where there is nothing to say."""
        if not reply.payloads:
            return b""
        cookies = sa.cookies
        header = Header(cookies.initiator, cookies.responder, 0, exchange, 0, message_id, 0)
        if reply.sealed:
            assert sa.sealing is not None
            datagram = sa.sealing.seal(header, reply.payloads)
        else:
            datagram = encode_message(Message(header, tuple(reply.payloads)))
        sending.datagram = datagram
        self.transmit(sa, datagram)
        return datagram

    def transmit(self, sa: IkeSa, datagram: bytes) -> None:
        """Send to where the peer is now, from the port that is in use."""
        floated = sa.nat.floated
        octets = natt.wrapped(datagram) if floated else datagram
        self._out.append(Outgoing(octets, sa.peer, floated))

    def notify(self, sa: IkeSa, rest: Sequence[AnyPayload]) -> None:
        """A notice under the SA; its message id is never used again."""
        message_id = self.message_id(sa)
        reply = Reply(notices.sealed_notice(sa, message_id, rest), sealed=True)
        self.send(sa, Sending(), ExchangeType.INFORMATIONAL, message_id, reply)
        assert sa.sealing is not None
        sa.sealing.forget(message_id)

    def tell(self, sa: IkeSa, notice: Notification) -> None:
        cookies = sa.cookies
        header = Header(
            cookies.initiator, cookies.responder, 0, ExchangeType.INFORMATIONAL, 0, 0, 0
        )
        self.transmit(sa, encode_message(Message(header, (notice,))))

    # ---- time
    def handle_timeout(self, now: float) -> None:
        """Do what is due by now."""
        self._now = now
        while (key := self._timers.pop(now)) is not None:
            what, cookie, message_id = key
            sa = self.sadb.own(cookie)
            if sa is None:
                continue
            if what == "resend":
                self._resend(sa)
            elif what == "quick":
                self._resend_quick(sa, message_id)
            elif what == "open" and sa.half_open:
                reason, why = sa.problem or ("no-responder", "the initiator went silent")
                self.fail(sa, reason, why)
            elif what == "life":
                self._expire(sa)
            elif what == "keepalive":
                self.transmit(sa, natt.KEEPALIVE)
                self._keep_alive(sa)

    def _keep_alive(self, sa: IkeSa) -> None:
        """From behind a NAT: an octet every so often, so that its mapping stays (RFC 3948 4)."""
        if sa.nat.floated and sa.nat.here and self.settings.nat is not None:
            self._timers.set(self.key("keepalive", sa), self._now + self.settings.nat.keepalive)

    def _resend(self, sa: IkeSa) -> None:
        """Send again, at most so often; then wait briefly for a first answer, and give up (R8)."""
        settings, sending = self.settings, sa.sending
        if sending.tries < settings.resends:
            sending.tries += 1
            self.transmit(sa, sending.datagram)
            self._timers.set(self.key("resend", sa), self._now + settings.interval)
        elif sa.state is State.AWAITS_MM2 and not sa.last:
            sa.last = True
            self._timers.set(self.key("resend", sa), self._now + settings.brief)
        else:
            silent = sa.state is State.AWAITS_MM2 and not sa.heard
            reason, why = sa.problem or ("no-responder", "the peer does not answer")
            self.fail(sa, reason, why)
            if silent and sa.connection.falls_back:
                self.emit(FellBack(sa.peer, sa.connection.name))

    def _resend_quick(self, sa: IkeSa, message_id: int) -> None:
        """As Phase I; a second or later negotiation that times out renegotiates Phase I (R15)."""
        quick = sa.quick.get(message_id)
        if quick is None:
            return
        settings, sending = self.settings, quick.sending
        if sending.tries < settings.resends:
            sending.tries += 1
            self.transmit(sa, sending.datagram)
            wait = settings.interval + (settings.brief if sending.tries == settings.resends else 0)
            self._timers.set(self.key("quick", sa, message_id), self._now + wait)
            return
        del sa.quick[message_id]
        name = quick.child.name if quick.child is not None else ""
        reason, why = sa.problem or ("no-responder", "the peer does not answer in Quick Mode")
        self.emit(Phase2Failed(sa.name, sa.peer, sa.connection.name, name, reason, why))
        if quick.initiated and sa.served:
            self._renew(sa, "a later negotiation met silence", [quick.child])

    def _expire(self, sa: IkeSa) -> None:
        """The lifetime of Phase I is over: tell the peer, and negotiate anew (R17, R18). The pairs live on
        until their own end (R19)."""
        self._renew(sa, "its lifetime is over", [])

    def _renew(self, sa: IkeSa, why: str, wanted: Sequence[ChildSettings | None]) -> None:
        self.notify(sa, [notices.delete_of(sa)])
        self.ended(sa, why)
        new = self.new(sa.connection, sa.peer, None)
        self.move(new, State.AWAITS_MM2, phase1.offer(self, new))
        self.sadb.add(new)
        for child in wanted:
            if child is not None:
                self.want(new, child)

    def key(self, what: str, sa: IkeSa, message_id: int = 0) -> _Key:
        return what, self.sadb.own_cookie(sa), message_id
