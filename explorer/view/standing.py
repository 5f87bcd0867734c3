"""How both ends of a captured conversation stand after each message, as far as a capture can show it."""

from __future__ import annotations

from explorer.session.moments import End, Life
from impl.capture.conversation import Conversation, Seen
from impl.capture.ending import Ending, Evidence, Outcome
from impl.capture.opening import Verdict
from impl.wire.numbers import ExchangeType, Flag, ProtocolId
from impl.wire.payloads import Delete

PREFIXES: dict[int, str] = {
    ExchangeType.BASE: "BM",
    ExchangeType.MAIN: "MM",
    ExchangeType.AUTHENTICATION_ONLY: "AO",
    ExchangeType.AGGRESSIVE: "AM",
    ExchangeType.QUICK: "QM",
    ExchangeType.NEW_GROUP: "NG",
}
#: how many messages a Phase I exchange has
_LAST: dict[int, int] = {
    ExchangeType.BASE: 4,
    ExchangeType.MAIN: 6,
    ExchangeType.AUTHENTICATION_ONLY: 3,
    ExchangeType.AGGRESSIVE: 3,
}


class Standing:
    """Follows the messages of one conversation in their order."""

    def __init__(self, conversation: Conversation) -> None:
        first = conversation.messages[0].header.exchange
        life = Life.IDLE if first in _LAST else Life.UP  # Phase I came before the capture
        self._ends = [End(life, ""), End(life, "")]
        self._confirmed = {
            item.header.message_id
            for item in conversation.messages
            if item.header.exchange == ExchangeType.QUICK and (item.number or 0) > 3
        }

    @property
    def ends(self) -> tuple[End, End]:
        """How they stand now."""
        return self._ends[0], self._ends[1]

    @property
    def up(self) -> bool:
        """Whether Phase I is up at both ends."""
        return all(end.life is Life.UP for end in self._ends)

    def see(self, seen: Seen, lane: int, ending: Ending | None) -> None:
        """Take in a message; `ending` is what it concludes."""
        exchange, number = seen.header.exchange, seen.number
        if number is not None and seen.repeats is None:
            if exchange in _LAST:
                self._phase1(exchange, number, lane)
            elif exchange == ExchangeType.QUICK:
                self._quick(seen, number, lane)
        if any(check.verdict is Verdict.WRONG for check in seen.checks):
            other = 1 - lane
            life = Life.FAILED if exchange in _LAST else self._ends[other].life
            self._ends[other] = End(life, "WRONG PROOF")
        for item in seen.payloads:
            if isinstance(item, Delete) and seen.header.encrypted:
                phase1 = item.protocol == ProtocolId.ISAKMP
                life, label = (Life.ENDED, "ENDED") if phase1 else (Life.UP, "SAS DELETED")
                self._ends[lane] = End(life, label)
        if ending is not None and ending.outcome is Outcome.REFUSED:
            phase1 = ending.exchange in _LAST
            life = Life.FAILED if phase1 else self._ends[lane].life
            self._ends[lane] = End(life, "REFUSED")
        elif ending is not None and _silent(ending):
            self._ends[lane] = End(self._ends[lane].life, "NO ANSWER")

    def _phase1(self, exchange: int, number: int, lane: int) -> None:
        if number >= _LAST[exchange]:
            self._ends = [End(Life.UP, "ESTABLISHED"), End(Life.UP, "ESTABLISHED")]
        else:
            self._ends[lane] = End(Life.WAITS, f"awaits {PREFIXES[exchange]}{number + 1}")

    def _quick(self, seen: Seen, number: int, lane: int) -> None:
        last = 4 if seen.header.message_id in self._confirmed else 3
        if number >= last:
            self._ends = [End(Life.UP, "INSTALLED"), End(Life.UP, "INSTALLED")]
            return
        if seen.header.flags & Flag.COMMIT and number == 3:
            last = 4
        self._ends[lane] = End(Life.UP, f"awaits QM{number + 1}")


def _silent(ending: Ending) -> bool:
    return ending.outcome is Outcome.STOPPED and ending.evidence is not Evidence.WRONG_PROOF
