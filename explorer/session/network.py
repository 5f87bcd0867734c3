"""The network between two ends: copies in flight and rules, as pure functions of a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from explorer.session.moments import Copy, Deed, Handle, Moment, Refused, Rule

MOST_COPIES = 64


def sent(now: Moment, copies: Sequence[Copy]) -> tuple[Moment, str]:
    """The moment with copies put on their way, or lost by a rule; what was lost: "lost 1 of 6"."""
    flight, rules, lost = list(now.flight), list(now.rules), ""
    for copy in copies:
        for number, rule in enumerate(rules):
            if rule.message == copy.message and rule.left:
                rules[number] = used = replace(rule, used=rule.used + 1)
                lost = f"lost {used.used} of {used.times}" if used.times > 1 else "lost"
                break
        else:
            flight.append(copy)
    if len(flight) > MOST_COPIES:
        raise Refused(f"more than {MOST_COPIES} copies would be in flight: drop some")
    return replace(now, flight=tuple(flight), rules=tuple(rules)), lost


def taken(now: Moment, copy: Copy) -> Moment:
    """The moment without one copy. Refused: it is not in flight."""
    if copy not in now.flight:
        raise Refused("no copy of that message is in flight")
    at = now.flight.index(copy)
    return replace(now, flight=now.flight[:at] + now.flight[at + 1 :])


def handled(now: Moment, act: Handle) -> Moment:
    """The moment after something was done to a copy. Refused: it cannot be done."""
    without = taken(now, act.copy)
    at, flight = now.flight.index(act.copy), without.flight
    if act.deed in (Deed.DROP, Deed.DELIVER):
        return without
    if act.deed is Deed.DUPLICATE:
        if len(now.flight) >= MOST_COPIES:
            raise Refused(f"{MOST_COPIES} copies are in flight: drop some")
        return replace(now, flight=(*now.flight[: at + 1], act.copy, *now.flight[at + 1 :]))
    to = at - 1 if act.deed is Deed.EARLIER else at + 1
    if not 0 <= to < len(now.flight):
        raise Refused(f"it is the {'first' if to < 0 else 'last'} in flight")
    return replace(now, flight=(*flight[:to], act.copy, *flight[to:]))


def with_rule(now: Moment, message: str, times: int) -> Moment:
    """The moment with a rule added; one that is spent makes place for it."""
    if not 1 <= times <= 1000:
        raise Refused("a rule loses 1 to 1000 copies")
    kept = tuple(rule for rule in now.rules if rule.message != message or not rule.left)
    return replace(now, rules=(*kept, Rule(message, times)))
