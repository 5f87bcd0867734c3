"""Taking a connection down: send Deletes, then remove everything (R18)."""

from __future__ import annotations

from impl.ike.engine import Engine


def close(engine: Engine, connection: str | None, now: float, why: str) -> int:
    """Delete every SA of a connection (None: of all), and tell each peer first; how many there were.

    A pair may have outlived every Phase I SA with its peer (R19): then no Delete can be sent.
    """

    def meant(name: str) -> bool:
        return connection in (None, name)

    pairs = [held for held in engine.sadb.pairs.values() if meant(held[0].connection.name)]
    sas = [sa for sa in engine.sadb if meant(sa.connection.name)]
    for sa in sas:
        engine.end(sa, now, why)
    for owner, pair in pairs:
        if pair.inbound_spi in engine.sadb.pairs:
            engine.drop_pair(owner, pair, why)
    return len(sas) + len(pairs)
