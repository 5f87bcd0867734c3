"""A row under way: what it needs done elsewhere, and how it goes on (DESIGN.md section 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from impl.auth.interface import Outcome, Steps, Work
from impl.crypto.schedule import Cookies
from impl.ike.core import Got, Reply
from impl.ike.sadb import IkeSa, Quick, UnderWay
from impl.ike.settings import Address
from impl.ike.tables import Row


class Heard(NamedTuple):
    """The message that a row is about; `cookies`: the exchange's, as they were before it."""

    row: Row
    got: Got
    datagram: bytes
    cookies: Cookies


@dataclass(slots=True, eq=False)
class Task(UnderWay):
    """One row, from when it is begun until there is a reply.

    begin    what the row does       quick   the Quick Mode that it is of; None: it is Main Mode's
    heard    the message that it answers; None: it makes the first message of an exchange
    source   where the message came from, and whether to the other port
    resend   when our last message would have been sent again
    """

    sa: IkeSa
    begin: Callable[[], Reply | Steps[Reply]]
    source: tuple[Address, bool]
    quick: Quick | None = None
    heard: Heard | None = None
    resend: float | None = None
    steps: Steps[Reply] | None = None

    def go_on(self, outcome: Outcome[Any] | None = None) -> Work[Any] | Reply:
        """Go on with the outcome of the work before, if there was any: more work, or the reply."""
        try:
            if self.steps is not None:
                return self.steps.send(outcome or Outcome())
            made = self.begin()
            if isinstance(made, Reply):
                return made
            self.steps = made
            return next(made)
        except StopIteration as stop:
            reply = stop.value
            assert isinstance(reply, Reply)
            return reply
