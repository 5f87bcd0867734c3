"""The engine: datagrams and time-outs in; datagrams, events and the next deadline out (R8, R9, R14 to R18).

It has no clock, no socket and no random source of its own. Values of `now` must never decrease. A datagram
that cannot be read, does not verify, or is not expected changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from impl.auth.interface import Outcome, Work
from impl.crypto.schedule import Cookies
from impl.ike import natt, notices, phase1, phase2
from impl.ike.bundles import named_phase2
from impl.ike.core import Dropped, Got, Refused
from impl.ike.events import PeerMoved
from impl.ike.offers import named_phase1
from impl.ike.sadb import IkeSa, Quick, Wanted
from impl.ike.sealing import Sealing
from impl.ike.settings import Address, ConnectionSettings, host_of
from impl.ike.steps import Heard, Task
from impl.ike.tables import QUICK_MODE, Row, State
from impl.ike.times import Times
from impl.wire.errors import WireError
from impl.wire.message import (
    NO_COOKIE,
    Header,
    decode_header,
    payloads_of,
)
from impl.wire.numbers import ExchangeType, Method, NotifyType, name_of
from impl.wire.payloads import AnyPayload, Notification

#: how often a repeated message gets the same answer again
MOST_ANSWERS = 10
_AT_WORK = "the message before it is still being processed"

#: notifies that reject Quick Mode, with the reasons of verdicts
_QUICK_REFUSALS: dict[int, str] = {
    NotifyType.NO_PROPOSAL_CHOSEN: "proposal-p2",
    NotifyType.INVALID_ID_INFORMATION: "selector",
}
_PROVING = (State.AWAITS_MM5, State.AWAITS_MM6, State.AWAITS_MM7, State.AWAITS_MM8)


def _undecipherable(sa: IkeSa, what: str) -> tuple[str, str]:
    """What it hints at that a message has no meaning."""
    if sa.choice is None or sa.choice.method == Method.PRE_SHARED_KEY:
        return "psk-mismatch", f"{what} does not decrypt: probably a different pre-shared key"
    return "tampered", f"{what} does not decrypt: altered on the way, or from another exchange"


class Engine(Times):
    """One end of IKE, for any number of peers."""

    #: source of the current datagram, and whether it came to the NAT traversal port
    _source: tuple[Address, bool] = (("", 0), False)

    # ---- the outside
    def start(
        self, connection: ConnectionSettings, peer: Address, now: float, child: str | None = None
    ) -> None:
        """Bring up Phase I, if none is up, and then a child (None: all that the connection has)."""
        self._now = now
        wanted = [i for i in connection.children if i.negotiates and child in (None, i.name)]
        sa = self._live(connection, peer)
        if sa is None:
            sa = self.begin(connection, peer)
        for item in wanted:
            self.want(sa, Wanted(item))

    def _live(self, connection: ConnectionSettings, peer: Address) -> IkeSa | None:
        """A Phase I SA that may serve once more, or is coming up (R16, R17); of several the youngest that
        stands."""
        known = self.sadb.leading_to(peer)
        stands = [sa for sa in known if sa.state is State.ESTABLISHED]
        for sa in (*reversed(stands), *known):
            may = connection.limit is None or sa.served < connection.limit
            ours = sa.connection is connection
            if ours and may and (sa.initiated or sa.state is State.ESTABLISHED):
                return sa
        return None

    def rekey(self, sa: IkeSa, child: str, now: float) -> None:
        """New pairs of SAs for a child in place of those that are up, which go a little later; a first one
        if none is up."""
        self._now = now
        pairs = [held for held in self.sadb.pairs_with(sa) if held[1].child == child]
        for owner, pair in pairs:
            self.replace(owner, pair)
        for item in sa.connection.children if not pairs else ():
            if item.negotiates and item.name == child:
                self.want(sa, Wanted(item))

    # ---- what the driver says
    def renew(self, inbound_spi: int, now: float) -> None:
        """A pair, named by any of its inbound SPIs, approaches its limit in octets or packets: negotiate its
        replacement (R19)."""
        self._now = now
        held = self.sadb.inbound.get(inbound_spi)
        if held is not None:
            self.replace(*held)

    def expired(self, inbound_spi: int, now: float, why: str = "its lifetime is over") -> None:
        """A pair has ended, with all its protocols: forget it, and tell the peer (R19)."""
        self._now = now
        held = self.sadb.inbound.get(inbound_spi)
        if held is not None:
            self._end_pair(*held, why)

    def heard(self, inbound_spi: int, now: float) -> None:
        """A packet of the peer has verified: so the peer is alive (RFC 3706 5.5)."""
        self._now = now
        held = self.sadb.inbound.get(inbound_spi)
        if held is not None:
            for sa in (held[0], *self.sadb.others(held[0])):
                self.lives(sa)

    # ---- datagrams
    def receive_datagram(
        self, datagram: bytes, peer: Address, now: float, *, floated: bool = False
    ) -> None:
        """Process a datagram; no error in it leaves this method.

        floated   it came to the NAT traversal port, which IKE (with a marker) shares with ESP (RFC 3948)
        """
        self._now, self._source = now, (peer, floated)
        if floated:
            inner = natt.unwrapped(datagram) if self.settings.nat is not None else None
            if inner is None:
                self.dropped["not IKE, on the port for NAT traversal"] += 1
                return
            datagram = inner
        try:
            header = decode_header(datagram)
            sa = self._exchange_of(header, peer, floated=floated)
            if sa is None:
                return
            again = sa.answered.again(datagram, MOST_ANSWERS)
            if again is None:
                self._take(sa, header, datagram)
            elif again:
                self.transmit(sa, again)
        except WireError as error:
            self.dropped[f"malformed: {error.field}"] += 1

    def _exchange_of(self, header: Header, peer: Address, *, floated: bool) -> IkeSa | None:
        """The exchange that a message belongs to; a new one for a first message that may begin one."""
        sa = self.sadb.find(header.initiator_cookie, header.responder_cookie)
        if sa is None and header.responder_cookie == NO_COOKIE:
            if not _first(header):
                self.dropped["not a first message"] += 1
                return None
            sa = self.sadb.begun_with(header.initiator_cookie, peer)
            if sa is None:
                return self._begin(header, peer, floated=floated)
        if sa is None or not self._may_come(sa, header, peer, floated=floated):
            self.dropped["no such exchange"] += 1
            return None
        return sa

    def _may_come(self, sa: IkeSa, header: Header, peer: Address, *, floated: bool) -> bool:
        """Whether it comes from the peer's known address; or, if protected, from where the peer may have moved;
        or is an Informational message from the port that the peer has left (RFC 3947 4), which moves nothing."""
        if (sa.peer, sa.nat.floated) == (peer, floated):
            return True
        if not header.encrypted:
            return False
        left = header.exchange == ExchangeType.INFORMATIONAL and peer == sa.begun
        return left or natt.may_follow(sa, peer, floated=floated)

    def _verified(self, sa: IkeSa) -> None:
        """The current message has verified: the peer is alive, and its source is the peer's address."""
        if sa.state is State.ENDED:
            return  # by the message at hand
        self.lives(sa)
        peer, floated = self._source
        if sa.peer != peer and natt.may_follow(sa, peer, floated=floated):
            self.sadb.moved(sa, peer)
            if sa.state is State.ESTABLISHED:
                self.emit(PeerMoved(sa.name, sa.connection.name, peer))

    def _begin(self, header: Header, peer: Address, *, floated: bool) -> IkeSa | None:
        """An exchange that a peer starts, if there is a policy and room for it (R9)."""
        connection = self._remotes.connection_for(host_of(peer[0]))
        if connection is None:
            self.dropped["no policy for the peer"] += 1
            return None
        if self.sadb.half_open >= self.settings.half_open:
            victim = self.sadb.victim(self.random(4))
            if victim is None:
                self.dropped["no room for a half-open exchange"] += 1
                return None
            self.forget(victim)
        sa = self.new(connection, peer, header.initiator_cookie)
        sa.nat.floated = floated
        return sa

    def _take(self, sa: IkeSa, header: Header, datagram: bytes) -> None:
        """One message of an exchange; it counts only if everything about it is right."""
        try:
            if header.exchange == ExchangeType.MAIN and not header.message_id:
                self._main_mode(sa, header, datagram)
            elif header.exchange == ExchangeType.QUICK and header.message_id:
                self._quick_mode(sa, header, datagram)
            elif header.exchange == ExchangeType.INFORMATIONAL:
                self._informational(sa, header, datagram)
            else:
                self.dropped["exchange not supported"] += 1
        except Dropped as error:
            self._drop(sa, error)
        except WireError as error:
            self.dropped[f"malformed: {error.field}"] += 1
            if header.encrypted and sa.state is not State.ESTABLISHED:
                sa.problem = _undecipherable(sa, "a message")

    def _main_mode(self, sa: IkeSa, header: Header, datagram: bytes) -> None:
        if sa.task is not None:
            self.dropped[_AT_WORK] += 1
            return
        row = sa.row
        if row is None:
            self.dropped["not awaited"] += 1
            return
        if header.responder_cookie == NO_COOKIE and sa.state is not State.IDLE:
            # Otherwise a forged source address would cost us a Diffie-Hellman computation, and a reflected
            # offer would be taken for an answer (RFC 2408 2.5.3).
            self.dropped["no responder cookie after message 1"] += 1
            return
        if sa.half_open and (why := self._too_much(sa)):
            self.dropped[why] += 1
            return
        got = self._read(sa, row, header, datagram)
        known = sa.cookies
        if sa.initiated and not any(known.responder):
            # Message 2 has the responder's cookie; nothing of a rejected one is kept.
            sa.cookies = Cookies(known.initiator, header.responder_cookie)
        begin = partial(phase1.ROWS[row.does], self, sa, got)
        self._go_on(Task(sa, begin, self._source, heard=Heard(row, got, datagram, known)))

    def _too_much(self, sa: IkeSa) -> str:
        """Why nothing more is done for an unauthenticated host for now; empty if it is."""
        host, settings = sa.begun[0], self.settings
        if self.at_work(host) >= settings.steps_of_host:
            return "too many steps are running for its host"
        third = sa.state is State.AWAITS_MM3
        if third and self.sadb.unproved(host) >= settings.unproved_of_host:
            return "too many unauthenticated exchanges of its host"
        return ""

    def step_done(self, number: int, outcome: Outcome[Any], now: float) -> None:
        """The result of the work of a `StepNeeded`; ignored if its exchange is over."""
        self._now = now
        task = self.done_with(number)
        if task is None:
            return
        self._source = task.source
        if task.heard is None:
            self.go_on_offering(task, outcome)
            return
        try:
            (self._go_on if task.quick is None else self._go_on_quick)(task, outcome)
        except Dropped as error:
            # The same octets would give the same result, so they are not processed again.
            task.sa.answered.remember(task.heard.datagram, b"")
            self._drop(task.sa, error)

    def _go_on(self, task: Task, outcome: Outcome[Any] | None = None) -> None:
        """A row of Main Mode, from its beginning or with what came of its work."""
        sa, heard = task.sa, task.heard
        assert heard is not None
        try:
            reply = task.go_on(outcome)
        except Dropped:
            sa.cookies = heard.cookies
            if sa.state is State.AWAITS_MM2:
                sa.choice = sa.auth = None
            raise
        except Refused as error:
            self._refuse_main(sa, heard.got, error)
            return
        if isinstance(reply, Work):
            self.wait_for(task, reply)
            return
        if heard.got.opened is not None and sa.sealing is not None:
            sa.sealing.accept(0, heard.got.opened)
            self._verified(sa)
        sa.heard = True
        began, row = sa.state is State.IDLE, heard.row
        then = row.more if reply.more and row.more is not None else row.then
        sent = self.move(sa, then, reply)
        sa.answered.remember(heard.datagram, sent)
        if began:
            self.sadb.add(sa)
            self._timers.set(self.key("open", sa), self._now + self.settings.open_for)
        if then is State.ESTABLISHED:
            self.established(sa)

    def _refuse_main(self, sa: IkeSa, got: Got, error: Refused) -> None:
        sealed = got.opened is not None and sa.sealing is not None
        if got.opened is not None and sa.sealing is not None:
            self._verified(sa)
            sa.sealing.accept(0, got.opened)
        self.refuse(sa, error, sealed=sealed)

    def _drop(self, sa: IkeSa, error: Dropped) -> None:
        self.dropped[error.why] += 1
        sa.problem = (error.reason, error.why)

    def _read(self, sa: IkeSa, row: Row, header: Header, datagram: bytes) -> Got:
        """A message as its row wants it: sealed or not, with each payload that it needs, once."""
        if header.encrypted is not row.sealed:
            raise Dropped("malformed", "encrypted" if header.encrypted else "not encrypted")
        if row.sealed:
            if sa.sealing is None:
                raise Dropped("malformed", "there are no keys yet")
            opened = sa.sealing.open(header, datagram)
            got = Got(header, opened.payloads, opened)
        else:
            got = Got(header, payloads_of(header, datagram))
        for kind in row.needs:
            got.one(kind)
        for kind in row.some:
            if not got.all(kind):
                raise Dropped("malformed", f"no {kind.__name__} payload")
        return got

    # ---- Quick Mode
    def _quick_mode(self, sa: IkeSa, header: Header, datagram: bytes) -> None:
        """A Quick Mode message for which no authenticated Phase I SA is up changes nothing (R14)."""
        if sa.state is not State.ESTABLISHED or sa.sealing is None:
            self.dropped["no Phase I SA is up"] += 1
            return
        quick = sa.quick.get(header.message_id)
        if quick is None:
            if header.message_id in sa.used_ids:
                self.dropped["a message ID that was used before"] += 1
                return
            quick = Quick(header.message_id, initiated=False, state=State.AWAITS_QM1)
            quick.begun = self._now
        elif quick.task is not None:
            self.dropped[_AT_WORK] += 1
            return
        row = QUICK_MODE.get(quick.state)
        if row is None:
            self.dropped["not awaited"] += 1
            return
        got = self._read(sa, row, header, datagram)
        begin = partial(phase2.ROWS[row.does], self, sa, quick, got)
        heard = Heard(row, got, datagram, sa.cookies)
        self._go_on_quick(Task(sa, begin, self._source, quick, heard))

    def _go_on_quick(self, task: Task, outcome: Outcome[Any] | None = None) -> None:
        """A row of Quick Mode, from its beginning or with what came of its work."""
        sa, quick, heard = task.sa, task.quick, task.heard
        assert quick is not None and heard is not None
        try:
            reply = task.go_on(outcome)
        except Refused as error:
            self._heard_quick(sa, quick, heard)
            sa.answered.remember(heard.datagram, b"")
            self.refuse_quick(sa, quick, error)
            return
        if isinstance(reply, Work):
            self.wait_for(task, reply)
            return
        self._heard_quick(sa, quick, heard)
        self.keep_quick(sa, quick)
        quick.state = heard.row.then
        sent = self.send(sa, quick.sending, ExchangeType.QUICK, quick.message_id, reply)
        sa.answered.remember(heard.datagram, sent)
        if quick.state is State.ESTABLISHED:
            self._timers.cancel(self.key("quick", sa, quick.message_id))
            self.finish(sa, quick)
            self._settle_refusals(sa)
            self.negotiate(sa)
        else:
            self.await_quick(sa, quick)

    def _heard_quick(self, sa: IkeSa, quick: Quick, heard: Heard) -> None:
        """A message of Quick Mode has verified."""
        assert sa.sealing is not None and heard.got.opened is not None
        sa.sealing.accept(quick.message_id, heard.got.opened)
        self._verified(sa)

    # ---- Informational
    def _informational(self, sa: IkeSa, header: Header, datagram: bytes) -> None:
        if not header.encrypted:
            got = Got(header, payloads_of(header, datagram))
            notices.hear_clear(self, sa, got)
            self._offer_anew(sa, got)
            return
        if sa.state is not State.ESTABLISHED or sa.sealing is None or not header.message_id:
            if sa.state in _PROVING and sa.sealing is not None and header.message_id:
                self._early_notice(sa, sa.sealing, header, datagram)
            else:
                self.dropped["an Informational message without an SA"] += 1
            return
        if header.message_id in sa.used_ids:
            self.dropped["a message ID that was used before"] += 1
            return
        opened = sa.sealing.open(header, datagram)
        replies = notices.hear_sealed(self, sa, Got(header, opened.payloads, opened))
        self._heard_notice(sa, opened.payloads)
        self.use_id(sa, header.message_id)
        sa.answered.remember(datagram, b"")
        self._quick_refused(sa, opened.payloads)
        for reply in replies:
            self.notify(sa, [reply])

    def _early_notice(self, sa: IkeSa, sealing: Sealing, header: Header, datagram: bytes) -> None:
        """Under keys that are not authenticated yet: a message can only reject."""
        try:
            opened = sealing.open(header, datagram)
            refusal = notices.early_refusal(sa, Got(header, opened.payloads, opened))
        except (WireError, Dropped):
            self.dropped["an Informational message that does not verify"] += 1
            sa.problem = _undecipherable(sa, "an Informational message of the peer")
            return
        if refusal is not None:
            self.fail(sa, *refusal)

    def _quick_refused(self, sa: IkeSa, payloads: Sequence[AnyPayload]) -> None:
        """A protected refusal is about the negotiation whose SPI it names. strongSwan names none: then it
        is about one of ours, and it shows which when as many are left as were refused."""
        for item in payloads:
            if not isinstance(item, Notification) or item.type not in _QUICK_REFUSALS:
                continue
            why = f"the peer says {name_of(NotifyType, item.type)}"
            error = Refused(_QUICK_REFUSALS[item.type], why)
            named = [
                quick
                for quick in sa.quick.values()
                if any(spi == item.spi for _, spi in quick.own_spis)
            ]
            for quick in named:
                if not self._offer_quick_anew(sa, quick, item.data):
                    self.refuse_quick(sa, quick, error)
            if not named:
                own = _asked(sa)
                # A resent message may have been rejected again.
                again = any(quick.sending.tries for quick in own)
                if len(own) == 1 or len(sa.refusals) < len(own) - again:
                    sa.refusals.append(error)
                self._settle_refusals(sa)

    def _settle_refusals(self, sa: IkeSa) -> None:
        """If as many were rejected as are left, those that are left were rejected."""
        own = _asked(sa)
        if len(own) > len(sa.refusals):
            return
        refusals, sa.refusals = sa.refusals, []
        for quick, error in zip(own, refusals, strict=False):
            self.refuse_quick(sa, quick, error)

    def _heard_notice(self, sa: IkeSa, payloads: Sequence[AnyPayload]) -> None:
        """An Informational message has verified. A late answer may have been held back: it does not show that
        the peer is alive, or that it is still at that address."""
        answers = any(
            isinstance(item, Notification) and item.type == NotifyType.R_U_THERE_ACK
            for item in payloads
        )
        if not answers or sa.alive == self._now:
            self._verified(sa)

    # ---- alternatives
    def _offer_anew(self, sa: IkeSa, got: Got) -> None:
        """The responder accepts nothing, and names alternatives: make a second offer with those that the policy
        allows (R7). Everything that was offered stays in the offer, because nothing protects a rejection: a
        forged one cannot lead to a worse choice than the responder prefers."""
        if sa.state is not State.AWAITS_MM2 or sa.named or not self.settings.alternatives:
            return
        for item in got.all(Notification):
            named = named_phase1(item.data, sa.connection.spare)
            if item.type == NotifyType.NO_PROPOSAL_CHOSEN and named:
                self.forget(sa)
                self.begin_anew(sa, named)
                return

    def _offer_quick_anew(self, sa: IkeSa, quick: Quick, data: bytes) -> bool:
        """The same in Quick Mode, where the refusal is protected; whether it is offered again."""
        if not quick.initiated or quick.child is None or quick.anew or not sa.names_alternatives:
            return False
        spoken = {wire: item for item in quick.child.choices for wire in natt.on_wire(sa, (item,))}
        named = named_phase2(data, (item for item in spoken if item not in quick.offered))
        if not named:
            return False
        self._timers.cancel(self.key("quick", sa, quick.message_id))
        self.finish(sa, quick)
        self.want_anew(sa, quick, [spoken[item] for item in named])
        return True


def _asked(sa: IkeSa) -> list[Quick]:
    """Quick Modes of ours that wait for an answer."""
    return [quick for quick in sa.quick.values() if quick.initiated and quick.task is None]


def _first(header: Header) -> bool:
    """Whether it may be the first message of an exchange, the only one without the responder's cookie."""
    main = header.exchange == ExchangeType.MAIN and not header.message_id
    return main and not header.encrypted
