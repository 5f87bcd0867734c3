"""Timers: resends, lifetimes and successors, dead peer detection (R8, R15 to R20; RFC 3706, 3948)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from impl.ike import natt, notices
from impl.ike.core import Refused
from impl.ike.events import (
    FellBack,
    Phase1Established,
    SaPair,
    SasInstalled,
)
from impl.ike.exchanges import Exchanges
from impl.ike.sadb import IkeSa, Quick, UnderWay, Wanted
from impl.ike.settings import ChildSettings, Lifetime
from impl.ike.tables import State

_LARGEST = 1 << 32
#: seconds until an initiator has surely processed message 6: charon drops an Informational message that comes with it
_SETTLED = 0.5
#: intervals until replacing a pair is tried again
_PATIENCE = 5
#: seconds that make no difference
_MOMENT = 0.001


class Times(Exchanges):
    """Every exchange of an engine, in its time."""

    def handle_timeout(self, now: float) -> None:
        """Do what is due by now."""
        self._now = now
        while (key := self._timers.pop(now)) is not None:
            what, cookie, number = key
            if what == "pair" or what == "old":
                held = self.sadb.pairs.get(number)
                if held is not None:
                    (self._renew_pair if what == "pair" else self._end_replaced)(*held)
                continue
            sa = self.sadb.own(cookie)
            if sa is None:
                continue
            if what == "quick":
                self._resend_quick(sa, number)
            else:
                self._DUE[what](self, sa)

    # ---- sending again
    def _resend(self, sa: IkeSa) -> None:
        """Resend, up to the limit; then wait briefly for a first answer, and give up (R8)."""
        settings, sending = self.settings, sa.sending
        if sending.tries < settings.resends:
            sending.tries += 1
            self.transmit(sa, sending.datagram)
            self._timers.set(self.key("resend", sa), self._now + settings.interval)
        elif sa.state is State.AWAITS_MM2 and not sa.last:
            sa.last = True
            self._timers.set(self.key("resend", sa), self._now + settings.brief)
        else:
            # Never in clear while an SA is up (R8).
            silent = sa.state is State.AWAITS_MM2 and not sa.heard and self.sadb.alone(sa)
            reason, why = sa.problem or ("no-responder", "the peer does not answer")
            self.fail(sa, reason, why)
            if silent and sa.connection.falls_back:
                self.emit(FellBack(sa.peer, sa.connection.name))

    def _resend_quick(self, sa: IkeSa, message_id: int) -> None:
        """As Phase I; a second or later negotiation that times out renegotiates Phase I (R15)."""
        quick = sa.quick.get(message_id)
        if quick is None:
            return
        if quick.task is not None:
            self.refuse_quick(sa, quick, Refused("internal", _too_late(quick.task)))
            return
        settings, sending = self.settings, quick.sending
        if sending.tries < settings.resends:
            sending.tries += 1
            self.transmit(sa, sending.datagram)
            wait = settings.interval + (settings.brief if sending.tries == settings.resends else 0)
            self._timers.set(self.key("quick", sa, message_id), self._now + wait)
            return
        self.finish(sa, quick)
        if quick.initiated and sa.refusals:
            refusal = sa.refusals.pop()
            self.quick_failed(sa, quick, refusal.reason, refusal.why)
            return
        reason, why = sa.problem or ("no-responder", "the peer does not answer in Quick Mode")
        if not quick.initiated:
            # The starter may already have a pair, if message 3 was lost.
            for payload in notices.deletes_naming(quick.own_spis):
                self.notify(sa, [payload])
        if not (quick.initiated and sa.served and quick.child is not None):
            self.quick_failed(sa, quick, reason, why)
        else:
            self.report_failure(sa, quick.child, reason, why)
            wanted = [Wanted(quick.child, quick.replaces)]
            self._renew(sa, "a later negotiation got no answer", wanted)

    def _give_up_half_open(self, sa: IkeSa) -> None:
        if sa.half_open and sa.task is not None:
            self._give_up_step(sa)
        elif sa.half_open:
            reason, why = sa.problem or ("no-responder", "the initiator no longer answers")
            self.fail(sa, reason, why)

    def _give_up_step(self, sa: IkeSa) -> None:
        if sa.task is not None:
            self.fail(sa, "internal", _too_late(sa.task))

    # ---- Phase I
    def established(self, sa: IkeSa) -> None:
        """A Phase I SA is up: its lifetime runs, and what waits for it begins (R17)."""
        self._timers.cancel(self.key("open", sa))
        self.sadb.no_longer_half_open(sa)
        assert sa.identity is not None and sa.choice is not None
        sa.alive, sa.problem = self._now, None
        self._live_for(sa, sa.seconds)
        self._retire(sa)
        self._keep_alive(sa)
        self._wait_for_signs(sa)
        name = sa.connection.name
        found = Phase1Established(
            sa.name, sa.peer, name, sa.identity, sa.choice, sa.initiated, sa.proved
        )
        self.emit(found)
        own_counts = sa.connection.life.own_counts
        if not sa.initiated and sa.seconds < sa.stated and not own_counts:
            self._timers.set(self.key("shorter", sa), self._now + _SETTLED)
        self.negotiate(sa)

    def _tell_lifetime(self, sa: IkeSa) -> None:
        self.notify(sa, [notices.lifetime_of_phase1(sa)])

    def _live_for(self, sa: IkeSa, seconds: int) -> None:
        """From now on: its successor is begun a little before its end, by the initiator first (R17)."""
        sa.ends = self._now + seconds
        self._timers.set(self.key("life", sa), sa.ends)
        life = sa.connection.life
        if life.soft is not None:
            wait = self._soft(life, seconds, initiated=sa.initiated)
            self._timers.set(self.key("soft", sa), self._now + wait)
        elif sa.initiated:
            early = min(2 * self.settings.interval, seconds / 10)
            self._timers.set(self.key("soft", sa), self._now + seconds - early)

    def _retire(self, sa: IkeSa) -> None:
        """The SA that this one replaces is deleted soon; negotiations under it continue until then."""
        old, sa.old = sa.old, None
        soon = self._now + self.settings.overlap
        if old is not None and old.state is State.ESTABLISHED and soon < old.ends:
            old.why_ends = "it was replaced"
            self._timers.set(self.key("life", old), soon)

    def _soft(self, life: Lifetime, seconds: int, *, initiated: bool) -> float:
        """Seconds until a successor is due: by policy, in proportion if the peer has a shorter lifetime, and
        earlier by a random time. The responder waits for the initiator."""
        assert life.soft is not None
        part = seconds / life.hard if life.hard else 1.0
        soft = min(life.soft * part, seconds)
        if not initiated:
            soft += (seconds - soft) / 2
        chance = int.from_bytes(self.random(4), "big") / _LARGEST
        return max(0.0, soft - chance * life.jitter * part)

    def shortened(self, sa: IkeSa, seconds: int) -> None:
        """The peer wants a Phase I SA to end earlier (RESPONDER-LIFETIME, RFC 2407 4.6.3.1)."""
        if 0 < seconds < sa.seconds and not sa.connection.life.own_counts:
            sa.seconds = seconds
            if sa.state is State.ESTABLISHED:
                self._live_for(sa, seconds)

    def _succeed(self, sa: IkeSa) -> None:
        """Begin a successor while the SA is still up, unless there is one."""
        if self.sadb.successor(sa) is None:
            self.begin_after(sa)

    def _expire(self, sa: IkeSa) -> None:
        """The lifetime of Phase I is over: tell the peer, and negotiate again (R17, R18). The pairs live on
        until their own end (R19)."""
        if self.sadb.successor(sa) is None:
            self._renew(sa, sa.why_ends, [])
        else:
            self.notify(sa, [notices.delete_of(sa)])
            self.ended(sa, sa.why_ends)

    def _renew(self, sa: IkeSa, why: str, wanted: Sequence[Wanted]) -> None:
        """End it, and begin another."""
        self.notify(sa, [notices.delete_of(sa)])
        wanted, sa.wanted = [*wanted, *sa.wanted], []
        self.ended(sa, why)
        new = self.begin_after(sa)
        for item in wanted:
            self.want(new, item)

    # ---- pairs
    def installed(self, sa: IkeSa, quick: Quick, pair: SaPair) -> None:
        """A pair was made: its successor is due in time, the pair that it replaces is deleted, and if both ends
        have replaced one pair at the same time, one of the two new ones is redundant."""
        self.sadb.install(sa, pair, self._now)
        self.emit(SasInstalled(sa.name, sa.connection.name, pair))
        life = quick.child.life if quick.child is not None else None
        if life is not None and life.soft is not None and pair.life is not None:
            wait = self._soft(life, pair.life, initiated=pair.initiated)
            self._timers.set(("pair", b"", pair.inbound_spi), self._now + wait)
        if quick.replaces is not None:
            self._replace(quick.replaces)
        for rival in self.sadb.alike(sa, pair):
            at_once = self.sadb.made(rival) >= quick.begun
            if at_once and rival.initiated is not pair.initiated:
                # SPIs are random and known to both ends, so both choose the same one to delete.
                extra = min(pair, rival, key=_least_spi)
                if extra.initiated:
                    self._replace(extra)

    def _replace(self, pair: SaPair) -> None:
        """A pair is deleted soon, but packets on their way still arrive."""
        if pair.inbound_spi in self.sadb.pairs:
            key = ("old", b"", pair.inbound_spi)
            self._timers.set(key, self._now + self.settings.overlap)

    def _end_replaced(self, owner: IkeSa, pair: SaPair) -> None:
        self._end_pair(owner, pair, "it was replaced")

    def _end_pair(self, owner: IkeSa, pair: SaPair, why: str) -> None:
        """Remove a pair, and tell the peer if a Phase I SA is up."""
        standing = self._standing(owner)
        if standing is not None:
            for payload in notices.deletes_of([pair]):
                self.notify(standing, [payload])
        self.drop_pair(owner, pair, why)

    def _standing(self, owner: IkeSa) -> IkeSa | None:
        """The youngest Phase I SA that is up with the peer of this one."""
        found = self.sadb.others(owner)
        if found:
            return found[-1]
        return owner if owner.state is State.ESTABLISHED else None

    def _renew_pair(self, owner: IkeSa, pair: SaPair) -> None:
        """Negotiate a pair's successor; later if the peer is negotiating one."""
        sas = [owner, *self.sadb.others(owner)]
        under_way = (quick for sa in sas for quick in sa.quick.values() if not quick.initiated)
        if any(quick.child and quick.child.name == pair.child for quick in under_way):
            key = ("pair", b"", pair.inbound_spi)
            self._timers.set(key, self._now + self.settings.interval)
            return
        self.replace(owner, pair)

    def try_again(self, pair: SaPair | None) -> None:
        """Replace a pair after a while, and not at all if it ends before."""
        if pair is None or pair.inbound_spi not in self.sadb.pairs:
            return
        wait = _PATIENCE * self.settings.interval
        if pair.life is not None:
            left = self.sadb.made(pair) + pair.life - self._now
            wait = max(wait, left / 4)
            if wait >= left:
                return
        self._timers.set(("pair", b"", pair.inbound_spi), self._now + wait)

    def replace(self, owner: IkeSa, pair: SaPair) -> None:
        """Negotiate a pair in place of this one, if nothing has or will come in its place already: under a
        Phase I SA that may still serve, or a new one."""
        if self.sadb.has_successor(owner, pair):
            return
        child = next(i for i in owner.connection.children if i.name == pair.child)
        limit, sa = owner.connection.limit, self._standing(owner)
        if sa is None or (limit is not None and sa.served >= limit):
            after = sa or owner
            sa = self.sadb.successor(after) or self.begin_after(after)
        self.want(sa, Wanted(child, pair))

    # ---- signs of life
    def _keep_alive(self, sa: IkeSa) -> None:
        """From behind a NAT: an octet every so often, so that its mapping stays (RFC 3948 4)."""
        if sa.nat.floated and sa.nat.here and self.settings.nat is not None:
            self._timers.set(self.key("keepalive", sa), self._now + self.settings.nat.keepalive)

    def _send_keepalive(self, sa: IkeSa) -> None:
        self.transmit(sa, natt.KEEPALIVE)
        self._keep_alive(sa)

    def _wait_for_signs(self, sa: IkeSa) -> None:
        detection = sa.connection.detection
        if detection is not None and sa.detects:
            if not sa.question:
                # Beneath the half, so that it can be counted up for ever (RFC 3706 6.2).
                sa.question = int.from_bytes(self.random(4), "big") >> 1
            sa.asked = 0
            self._timers.set(self.key("idle", sa), sa.alive + detection.idle)

    def _ask(self, sa: IkeSa) -> None:
        """Send R-U-THERE to an idle peer; it is dead if none of several is answered."""
        detection = sa.connection.detection
        assert detection is not None
        if not sa.asked and self._now < sa.alive + detection.idle:
            self._wait_for_signs(sa)
        elif sa.asked and self._now >= sa.alive + detection.dead:
            self._bury(sa)
        else:
            sa.asked += 1
            sa.question += 1
            self.notify(sa, [notices.question(sa)])
            due, dead = self._now + detection.every, sa.alive + detection.dead
            if self._now < dead < due + _MOMENT:
                due = dead
            self._timers.set(self.key("idle", sa), due)

    def _bury(self, sa: IkeSa) -> None:
        """The peer is dead: delete the SA, and its pairs unless another SA shows that the peer is alive; then
        negotiate again what the policy restarts."""
        some = "1 question" if sa.asked == 1 else f"{sa.asked} questions"
        why = f"the peer is dead: {some} without an answer"
        wanted: dict[str, ChildSettings] = {}
        if not self.sadb.others(sa):
            for owner, pair in self.sadb.pairs_with(sa):
                child = next(i for i in owner.connection.children if i.name == pair.child)
                if child.restarts:
                    wanted[child.name] = child
                self.drop_pair(owner, pair, why)
        self.ended(sa, why)
        if wanted:
            new = self.sadb.successor(sa) or self.begin_after(sa)
            for child in wanted.values():
                self.want(new, Wanted(child, None))

    def lives(self, sa: IkeSa) -> None:
        """A message of the peer has verified."""
        sa.alive = self._now
        if sa.asked:
            self._wait_for_signs(sa)

    def answered(self, sa: IkeSa, question: int) -> None:
        """The peer has sent R-U-THERE-ACK; without a pending R-U-THERE it is ignored (RFC 3706 7)."""
        if sa.question - sa.asked < question <= sa.question:
            self.lives(sa)

    _DUE: ClassVar[dict[str, Callable[[Times, IkeSa], None]]] = {
        "resend": _resend,
        "open": _give_up_half_open,
        "soft": _succeed,
        "life": _expire,
        "keepalive": _send_keepalive,
        "idle": _ask,
        "step": _give_up_step,
        "shorter": _tell_lifetime,
    }


def _too_late(task: UnderWay) -> str:
    return f"could not {task.what} in time"


def _least_spi(pair: SaPair) -> list[int]:
    return sorted(spi for item in pair.sas for spi in (item.inbound_spi, item.outbound_spi))
