"""Taking a connection down: Deletes first, then nothing of it is left (R18)."""

from __future__ import annotations

from impl.ike import notices
from impl.ike.engine import Engine
from impl.ike.sadb import IkeSa
from impl.ike.tables import State


def close(engine: Engine, connection: str | None, now: float, why: str) -> int:
    """Delete every SA of a connection (None: of all), and tell each peer first; how many there were.

    Pairs may have outlived the Phase I SA that they were made under (R19): their Deletes go under another
    one with the same peer. Where none stands, the peer cannot be told.
    """
    sas = [sa for sa in engine.sadb if connection in (None, sa.connection.name)]
    live = [sa for sa in sas if sa.state is State.ESTABLISHED]
    count = len(sas)
    for owner, pair in list(engine.sadb.pairs.values()):
        if connection not in (None, owner.connection.name):
            continue
        count += 1
        if owner not in live:
            other = next((sa for sa in live if _same_peer(sa, owner)), None)
            if other is not None:
                for payload in notices.deletes_of([pair]):
                    engine.notify(other, [payload])
            notices.remove_pair(engine, owner, pair, why)
    for sa in sas:
        engine.end(sa, now, why)
    return count


def _same_peer(one: IkeSa, other: IkeSa) -> bool:
    return one.same_end(other) and one.identity == other.identity
