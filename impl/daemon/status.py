"""What there is: exchanges with the row that each is at, SAs, timers, half-open ones, what was dropped (R22)."""

from __future__ import annotations

from typing import Any

from impl.daemon.words import Tree, address_text, tree
from impl.ike.engine import Engine
from impl.ike.events import SaPair
from impl.ike.sadb import IkeSa, Quick
from impl.ike.tables import KERBEROS, MAIN_MODE, QUICK_MODE, SIGNATURES, Row, State


def engine_status(engine: Engine, now: float) -> Tree:
    """One engine, at a time of its clock. Times are in seconds from now; of keys nothing is told."""
    sadb = engine.sadb
    due = {(what, cookie, id_): when - now for what, cookie, id_, when in engine.deadlines()}
    return {
        "phase1": [_phase1(engine, sa, due) for sa in sadb],
        "pairs": [_pair(owner, pair) for owner, pair in sadb.pairs.values()],
        "half_open": sadb.half_open,
        "half_open_limit": engine.settings.half_open,
        "timers": [
            {"what": what, "sa": cookie.hex(), "message_id": f"{id_:08x}", "in": round(when, 3)}
            for (what, cookie, id_), when in sorted(due.items(), key=lambda item: item[1])
        ],
        "dropped": dict(sorted(engine.dropped.items())),
    }


def _phase1(engine: Engine, sa: IkeSa, due: dict[tuple[str, bytes, int], float]) -> Tree:
    own = engine.sadb.own_cookie(sa)
    ends = due.get(("life", own, 0))
    return {
        "sa": sa.name.hex(),
        "connection": sa.connection.name,
        "peer": address_text(sa.peer),
        "role": "initiator" if sa.initiated else "responder",
        "state": sa.state.value,
        "half_open": sa.half_open,
        "awaits": _row(sa.row),
        "step": None if sa.task is None else sa.task.what,
        "choice": None if sa.choice is None else tree(sa.choice),
        "identity": None if sa.identity is None else tree(sa.identity),
        "proved": sa.proved or None,
        "lifetime": sa.seconds or None,
        "ends_in": None if ends is None else round(ends, 3),
        "served": sa.served,
        "limit": sa.connection.limit,
        "problem": None if sa.problem is None else {"reason": sa.problem[0], "why": sa.problem[1]},
        "quick": [_quick(quick) for quick in sa.quick.values()],
    }


def _quick(quick: Quick) -> Tree:
    return {
        "message_id": f"{quick.message_id:08x}",
        "child": quick.child.name if quick.child is not None else None,
        "role": "initiator" if quick.initiated else "responder",
        "state": quick.state.value,
        "step": None if quick.task is None else quick.task.what,
        "resends": quick.sending.tries,
        "awaits": _row(QUICK_MODE.get(quick.state)),
    }


def _row(row: Row | None) -> Tree | None:
    """The row of the exchange's table that the next message is compared with."""
    if row is None:
        return None
    needs = [kind.__name__ for kind in row.needs]
    needs += [kind.__name__ for kind in row.some]
    found = {"needs": needs, "sealed": row.sealed, "does": row.does, "then": row.then.value}
    return found if row.more is None else {**found, "more": row.more.value}


def _pair(owner: IkeSa, pair: SaPair) -> Tree:
    found: dict[str, Any] = tree(pair)
    return {
        **found,
        "connection": owner.connection.name,
        "sa": owner.name.hex(),
        "phase1_stands": owner.state is State.ESTABLISHED,
    }


def tables() -> Tree:
    """The exchange machines themselves: what each state awaits, and what comes of it."""
    known = {
        "main-mode": MAIN_MODE,
        "main-mode-signatures": SIGNATURES,
        "main-mode-kerberos": KERBEROS,
        "quick-mode": QUICK_MODE,
    }
    return {
        name: [{"state": state.value, **(_row(row) or {})} for state, row in table.items()]
        for name, table in known.items()
    }
