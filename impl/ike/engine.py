"""The engine: datagrams and time-outs in; datagrams, events and the next deadline out (R8, R9, R14 to R18).

It has no clock, no socket and no randomness of its own. Every method that takes `now` must be given times
that do not go back. A datagram that cannot be read, does not verify, or is not awaited changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from impl.ike import natt, notices, phase1, phase2
from impl.ike.core import Dropped, Got, Refused
from impl.ike.events import PeerMoved
from impl.ike.offers import named_phase1, named_phase2
from impl.ike.sadb import IkeSa, Quick, Wanted
from impl.ike.settings import Address, ConnectionSettings, host_of
from impl.ike.tables import MAIN_MODE, QUICK_MODE, Row, State
from impl.ike.times import Times
from impl.wire.errors import WireError
from impl.wire.message import (
    NO_COOKIE,
    Header,
    decode_header,
    payloads_of,
)
from impl.wire.numbers import ExchangeType, NotifyType
from impl.wire.payloads import AnyPayload, Notification

#: how often a repeated message is answered with what it was answered at first
MOST_ANSWERS = 10


class Engine(Times):
    """One end of IKE, for any number of peers."""

    #: where the datagram at hand came from, and whether to the other port
    _source: tuple[Address, bool] = (("", 0), False)

    # ---- the outside
    def start(
        self, connection: ConnectionSettings, peer: Address, now: float, child: str | None = None
    ) -> None:
        """Bring up Phase I, if none stands, and then a child (None: all that the connection has)."""
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
        stands: list[IkeSa] = [sa for sa in self.sadb if sa.state is State.ESTABLISHED]
        order: list[IkeSa] = [*stands[::-1], *self.sadb]
        for sa in order:
            may = connection.limit is None or sa.served < connection.limit
            ours = sa.connection is connection and sa.leads_to(peer)
            if ours and may and (sa.initiated or sa.state is State.ESTABLISHED):
                return sa
        return None

    def rekey(self, sa: IkeSa, child: str, now: float) -> None:
        """New pairs of SAs for a child in place of those that stand, which go a little later; a first one
        if none stands."""
        self._now = now
        pairs = [held for held in self.sadb.pairs_with(sa) if held[1].child == child]
        for owner, pair in pairs:
            self.replace(owner, pair)
        for item in sa.connection.children if not pairs else ():
            if item.negotiates and item.name == child:
                self.want(sa, Wanted(item))

    # ---- what the driver says
    def renew(self, inbound_spi: int, now: float) -> None:
        """A pair nears its end in octets, or in packets: negotiate another in its place (R19)."""
        self._now = now
        held = self.sadb.pairs.get(inbound_spi)
        if held is not None:
            self.replace(*held)

    def expired(self, inbound_spi: int, now: float, why: str = "its lifetime is over") -> None:
        """A pair has ended: forget it, and tell the peer (R19)."""
        self._now = now
        held = self.sadb.pairs.get(inbound_spi)
        if held is not None:
            self._end_pair(*held, why)

    def heard(self, inbound_spi: int, now: float) -> None:
        """A packet of the peer has verified: so it lives (RFC 3706 5.5)."""
        self._now = now
        held = self.sadb.pairs.get(inbound_spi)
        if held is not None:
            for sa in (held[0], *self.sadb.others(held[0])):
                self.lives(sa)

    # ---- datagrams
    def receive_datagram(
        self, datagram: bytes, peer: Address, now: float, *, floated: bool = False
    ) -> None:
        """Take a datagram; whatever is wrong with it ends here.

        floated   it came to the other port, where IKE is marked and shares with ESP (RFC 3948)
        """
        self._now, self._source = now, (peer, floated)
        if floated:
            inner = natt.unwrapped(datagram) if self.settings.nat is not None else None
            if inner is None:
                self.dropped["no IKE, on the port for NAT traversal"] += 1
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
                self.dropped["no first message"] += 1
                return None
            sa = self.sadb.begun_with(header.initiator_cookie, peer)
            if sa is None:
                return self._begin(header, peer, floated=floated)
        if sa is None or not self._may_come(sa, header, peer, floated=floated):
            self.dropped["no such exchange"] += 1
            return None
        return sa

    def _may_come(self, sa: IkeSa, header: Header, peer: Address, *, floated: bool) -> bool:
        """From where the peer is known to be; or, protected, from where it may have moved; or a notice
        from the port that it has left (RFC 3947 4), which moves nothing."""
        if (sa.peer, sa.nat.floated) == (peer, floated):
            return True
        if not header.encrypted:
            return False
        left = header.exchange == ExchangeType.INFORMATIONAL and peer == sa.begun
        return left or natt.may_follow(sa, peer, floated=floated)

    def _verified(self, sa: IkeSa) -> None:
        """What is at hand has verified: the peer lives, and is where it came from."""
        self.lives(sa)
        peer, floated = self._source
        if sa.peer != peer and natt.may_follow(sa, peer, floated=floated):
            sa.peer, sa.nat.floated = peer, floated
            if sa.state is State.ESTABLISHED:
                self.emit(PeerMoved(sa.name, sa.connection.name, peer))

    def _begin(self, header: Header, peer: Address, *, floated: bool) -> IkeSa | None:
        """An exchange that somebody else begins, if there is a policy and room for it (R9)."""
        connection = self.settings.connection_for(host_of(peer[0]))
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
            self.dropped[error.why] += 1
            sa.problem = (error.reason, error.why)
        except WireError as error:
            self.dropped[f"malformed: {error.field}"] += 1
            if header.encrypted and sa.state is not State.ESTABLISHED:
                why = "a message does not decrypt: probably another pre-shared key"
                sa.problem = ("psk-mismatch", why)

    def _main_mode(self, sa: IkeSa, header: Header, datagram: bytes) -> None:
        row = MAIN_MODE.get(sa.state)
        if row is None:
            self.dropped["not awaited"] += 1
            return
        got = self._read(sa, row, header, datagram)
        try:
            if sa.initiated and not any(sa.cookies.responder):
                # Message 2 tells the responder's cookie; of a dropped one nothing is kept.
                known, sa.cookies = (
                    sa.cookies,
                    type(sa.cookies)(sa.cookies.initiator, header.responder_cookie),
                )
                try:
                    reply = phase1.ROWS[row.does](self, sa, got)
                except Dropped:
                    sa.cookies = known
                    raise
            else:
                reply = phase1.ROWS[row.does](self, sa, got)
        except Refused as error:
            if got.opened is not None:
                self._verified(sa)
            if got.opened is not None and sa.initiated and sa.sealing is not None:
                # The responder has proved to hold the keys and takes the SA for established.
                sa.sealing.accept(0, got.opened)
                self.notify(sa, [notices.delete_of(sa)])
            self.refuse(sa, error)
            return
        if got.opened is not None and sa.sealing is not None:
            sa.sealing.accept(0, got.opened)
            self._verified(sa)
        sa.heard = True
        began = sa.state is State.IDLE
        sent = self.move(sa, row.then, reply)
        sa.answered.remember(datagram, sent)
        if began:
            self.sadb.add(sa)
            self._timers.set(self.key("open", sa), self._now + self.settings.open_for)
        if row.then is State.ESTABLISHED:
            self.established(sa)

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
        return got

    # ---- Quick Mode
    def _quick_mode(self, sa: IkeSa, header: Header, datagram: bytes) -> None:
        """A Quick Mode message for which no authenticated Phase I SA stands changes nothing (R14)."""
        if sa.state is not State.ESTABLISHED or sa.sealing is None:
            self.dropped["no Phase I SA stands"] += 1
            return
        quick = sa.quick.get(header.message_id)
        if quick is None:
            if header.message_id in sa.used_ids:
                self.dropped["a message id that was used before"] += 1
                return
            quick = Quick(header.message_id, initiated=False, state=State.AWAITS_QM1)
            quick.begun = self._now
        row = QUICK_MODE.get(quick.state)
        if row is None:
            self.dropped["not awaited"] += 1
            return
        got = self._read(sa, row, header, datagram)
        try:
            reply = phase2.ROWS[row.does](self, sa, quick, got)
        except Refused as error:
            assert got.opened is not None
            sa.sealing.accept(header.message_id, got.opened)
            self._verified(sa)
            sa.answered.remember(datagram, b"")
            self.refuse_quick(sa, quick, error)
            return
        assert got.opened is not None
        sa.sealing.accept(header.message_id, got.opened)
        self._verified(sa)
        sa.quick[header.message_id] = quick
        if header.message_id not in sa.used_ids:
            self.use_id(sa, header.message_id)
        quick.state = row.then
        sent = self.send(sa, quick.sending, ExchangeType.QUICK, quick.message_id, reply)
        sa.answered.remember(datagram, sent)
        if row.then is State.ESTABLISHED:
            self._timers.cancel(self.key("quick", sa, quick.message_id))
            self.finish(sa, quick)
        else:
            self.await_quick(sa, quick)

    # ---- Informational
    def _informational(self, sa: IkeSa, header: Header, datagram: bytes) -> None:
        if not header.encrypted:
            got = Got(header, payloads_of(header, datagram))
            notices.hear_clear(self, sa, got)
            self._offer_anew(sa, got)
            return
        if sa.state is not State.ESTABLISHED or sa.sealing is None or not header.message_id:
            self.dropped["a notice without an SA"] += 1
            if sa.state in (State.AWAITS_MM5, State.AWAITS_MM6):
                why = "the peer sends what does not decrypt: probably another pre-shared key"
                sa.problem = ("psk-mismatch", why)
            return
        if header.message_id in sa.used_ids:
            self.dropped["a message id that was used before"] += 1
            return
        opened = sa.sealing.open(header, datagram)
        replies = notices.hear_sealed(self, sa, Got(header, opened.payloads, opened))
        self._heard_notice(sa, opened.payloads)
        self.use_id(sa, header.message_id)
        sa.answered.remember(datagram, b"")
        self._quick_refused(sa, opened.payloads)
        for reply in replies:
            self.notify(sa, [reply])

    def _quick_refused(self, sa: IkeSa, payloads: Sequence[AnyPayload]) -> None:
        """A protected refusal is about the negotiation whose SPI it names; with none, about the only
        one that is under way."""
        reasons = {
            NotifyType.NO_PROPOSAL_CHOSEN: "proposal-p2",
            NotifyType.INVALID_ID_INFORMATION: "selector",
        }
        own = [quick for quick in sa.quick.values() if quick.initiated]
        for item in payloads:
            if isinstance(item, Notification) and item.type in reasons:
                named = [quick for quick in own if quick.spi == item.spi]
                if not named and len(own) == 1:
                    named = own
                for quick in named:
                    if not self._offer_quick_anew(sa, quick, item.data):
                        name = NotifyType(item.type).name.replace("_", "-")
                        why = f"the peer says {name}"
                        self.refuse_quick(sa, quick, Refused(reasons[NotifyType(item.type)], why))

    def _heard_notice(self, sa: IkeSa, payloads: Sequence[AnyPayload]) -> None:
        """A notice has verified. An answer that came too late may have been held back: it is no sign of
        life, and the peer may have gone from where it came from."""
        answers = any(
            isinstance(item, Notification) and item.type == NotifyType.R_U_THERE_ACK
            for item in payloads
        )
        if not answers or sa.alive == self._now:
            self._verified(sa)

    # ---- alternatives
    def _offer_anew(self, sa: IkeSa, got: Got) -> None:
        """The responder accepts nothing, and names what it would: offer once more, and what the policy
        keeps for that with it (R7). All that was offered stays in the offer, as nothing protects a refusal:
        a forged one brings about no worse choice than the responder prefers."""
        if sa.state is not State.AWAITS_MM2 or sa.named or not self.settings.alternatives:
            return
        for item in got.all(Notification):
            named = named_phase1(item.data, sa.connection.spare)
            if item.type == NotifyType.NO_PROPOSAL_CHOSEN and named:
                self.forget(sa)
                self.begin_anew(sa, named)
                return

    def _offer_quick_anew(self, sa: IkeSa, quick: Quick, data: bytes) -> bool:
        """The same in Quick Mode, where the refusal is protected; whether it is offered anew."""
        if quick.child is None or quick.anew or not sa.names_alternatives:
            return False
        spoken = {wire: item for item in quick.child.choices for wire in natt.on_wire(sa, (item,))}
        named = named_phase2(data, (item for item in spoken if item not in quick.offered))
        if not named:
            return False
        self._timers.cancel(self.key("quick", sa, quick.message_id))
        self.finish(sa, quick)
        self.want_anew(sa, quick, [spoken[item] for item in named])
        return True


def _first(header: Header) -> bool:
    """Whether it may be the first message of an exchange: only that one may lack the responder's cookie."""
    main = header.exchange == ExchangeType.MAIN and not header.message_id
    return main and not header.encrypted
