"""Every link in both directions: the report that `ikeproof verify` prints."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from functools import partial

from model.formats.overlay import Overlay
from model.vocabulary.findings import Edit, Finding, Severity
from model.vocabulary.outcomes import PairVerdict, PeerSummary, Report
from model.vocabulary.policy import Peer
from proofs.verify.judging import Judgement, once, one_direction
from proofs.verify.links import facing
from proofs.verify.mends.search import Reload, mended
from proofs.verify.rules import on_both
from proofs.verify.seen import marked
from proofs.verify.spread import Link, Linked, spread

# Limits on the links for which changes are tried, and on the connections that are read again for that:
# where a whole fleet fails, the first links show the cause. The report names the other links.
MOST_MENDED, MOST_READ = 64, 8_000


def verify(
    peers: Sequence[Peer],
    links: Iterable[tuple[str, str]],
    today: datetime.date,
    reload: Reload | None = None,
    processes: int | None = None,
) -> Report:
    """Judge every link in both directions.

    peers   by distinct names                links   pairs of those names
    today   the day for which certificates are judged
    reload  reads a peer again after changes, so that changes can be tried; None: none are tried
    processes  that judge; None: as many as there are processors, where there are many links
    """
    tried = read = 0
    kept: dict[tuple[str, tuple[Edit, ...]], tuple[Peer, Overlay]] = {}

    def again(name: str, edits: Sequence[Edit]) -> tuple[Peer, Overlay]:
        nonlocal read
        assert reload is not None
        key = name, tuple(x for x in edits if x.place.file in by_name[name].files)
        if key not in kept:
            kept[key] = reload(name, edits)
            read += len(by_name[name].connections)
        return kept[key]

    by_name = {peer.name: peer for peer in peers}

    def judged(link: Link) -> Linked:
        a, b = (by_name[name] for name in link)
        return _linked(both_directions(a, b, today))

    pairs: list[PairVerdict] = []
    untried: list[tuple[str, str]] = []
    findings: list[Finding] = [item for peer in peers for item in peer.findings]
    wanted = list(links)
    for link, plain in zip(wanted, spread(judged, wanted, processes), strict=True):
        found = plain
        if plain.lacks and reload is not None and (tried >= MOST_MENDED or read >= MOST_READ):
            untried.append(link)
        elif plain.lacks and reload is not None:
            a, b = (by_name[name] for name in link)
            tried += 1
            kept.clear()
            judge = partial(both_directions, today=today)
            found = _linked(mended((a, b), judge(a, b), again, judge))
        pairs += found.verdicts
        findings += found.findings
    summaries = tuple(PeerSummary(p.name, p.files, p.profile.name) for p in peers)
    return Report(
        summaries, tuple(pairs), _causes_once(once(findings), pairs), tried, tuple(untried)
    )


def _linked(found: Sequence[Judgement]) -> Linked:
    return Linked(
        tuple(item.verdict for item in found), tuple(on_both(found)), any(map(_lacks, found))
    )


def both_directions(a: Peer, b: Peer, today: datetime.date) -> list[Judgement]:
    """The verdicts on every connection of either peer that is for the other."""
    return [
        marked(judged, initiator)
        for initiator, responder in ((a, b), (b, a))
        for judged in one_direction(initiator, facing(initiator, responder), responder, today)
    ]


def _causes_once(findings: Sequence[Finding], pairs: Sequence[PairVerdict]) -> tuple[Finding, ...]:
    """Without SECRET-CUT where P1-PSK reports the same secret: that finding names the cause already."""
    keys = [item for pair in pairs for item in pair.findings if item.id == "P1-PSK"]
    named = {place for item in keys for place in (item.place, *item.others)}
    return tuple(x for x in findings if x.id != "SECRET-CUT" or x.place not in named)


def _lacks(judged: Judgement) -> bool:
    """Whether there is something that a change could fix."""
    return any(item.severity is Severity.ERROR for item in judged.verdict.findings)
