"""Problems of a pair after its first lifetime: renewals that collide, or that neither end makes (R17).

Closed forms of what two strongSwan 5.9.8 daemons did over several lifetimes, scaled to seconds
(tests/interop/test_lives.py). Times count from when the SA is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.vocabulary.places import Place
from model.vocabulary.policy import Child, Connection, Life, Peer


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that goes wrong later: the finding's id, what happens and from when, and the lines."""

    id: str
    what: str
    place: Place | None
    other: Place | None


def phase1_troubles(
    one: tuple[Peer, Connection], two: tuple[Peer, Connection]
) -> Iterator[Trouble]:
    """Problems of Phase I SAs between these two connections, whichever end started."""
    ends = [(peer, x) for peer, x in (one, two) if peer.profile.renews_phase1 and _soft(x.life)]
    if not ends:
        return
    ends.sort(key=lambda end: (_soft(end[1].life), end[0].name))
    peer, first = ends[0]
    over = _over(first.life)
    if over == 0:
        yield Trouble(
            "RENEWAL-WITHOUT-OVERLAP",
            f"{peer.name} deletes Phase I after {span(_soft(first.life))}, before it is renewed: the other end "
            "loses its Phase II SAs",
            _place(first),
            None,
        )
    if len(ends) < 2:
        return
    other, second = ends[1]
    jitter = max(first.life.jitter_seconds, second.life.jitter_seconds)
    apart = _soft(second.life) - _soft(first.life)
    if apart - jitter >= over:
        return
    begin = max(0, _soft(first.life) - jitter)
    surely = "" if apart + jitter <= over else "may "
    yield Trouble(
        "SAS-PILE-UP",
        f"{peer.name} and {other.name} {surely}both renew Phase I from {span(begin)} on: SAs double each time",
        _place(first),
        _place(second),
    )


def phase2_troubles(one: tuple[Peer, Child], two: tuple[Peer, Child]) -> Iterator[Trouble]:
    """Problems of Phase II SAs between these two children."""
    (a, ours), (b, theirs) = sorted((one, two), key=lambda end: end[0].name)
    lives = (ours.life, theirs.life)
    ends = min((x for x in (_hard(life) for life in lives) if x), default=None)
    softs = [_soft(life) for life in lives]
    if any(peer.profile.rekeys_in_time for peer in (a, b)):
        return
    if ends is not None and not any(0 < soft < ends for soft in softs):
        short = ours if _hard(ours.life) == ends else theirs
        yield Trouble(
            "NEVER-RENEWED",
            f"the Phase II SA expires after {span(ends)}, and neither {a.name} nor {b.name} rekeys it before",
            short.life.hard_seconds.place or short.place,
            None,
        )
    elif softs[0] == softs[1] and softs[0] and not any(x.jitter_seconds for x in lives):
        yield Trouble(
            "RENEWAL-RACE",
            f"{a.name} and {b.name} both rekey the Phase II SA after {span(softs[0])}, in the same second",
            ours.life.soft_seconds.place or ours.place,
            theirs.life.soft_seconds.place or theirs.place,
        )


def _soft(life: Life) -> int:
    return life.soft_seconds.value or 0


def _hard(life: Life) -> int:
    return life.hard_seconds.value or 0


def _over(life: Life) -> int:
    return _hard(life) - _soft(life)


def _place(connection: Connection) -> Place:
    return connection.life.soft_seconds.place or connection.place


def span(seconds: int) -> str:
    """A time for readers: `3 h 36 min`, `54 s`."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (left, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
