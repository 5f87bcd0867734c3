"""The commands that open the explorer at a finding, as `verify` prints them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from explorer.cli.peers import Beside, peer_names
from model.vocabulary.findings import Finding
from model.vocabulary.outcomes import Report


def commands(
    report: Report, files: Sequence[str], beside: Beside, example: str | None = None
) -> dict[Finding, str]:
    """The command for each finding that a run shows; the first of those that it cannot tell apart has it."""
    by_name = dict(zip(peer_names(files), files, strict=True))
    found: dict[Finding, str] = {}
    listed: dict[tuple[str, str], list[Finding]] = {}
    for pair in report.pairs:
        way = pair.initiator.peer, pair.responder.peer
        listed.setdefault(way, []).extend(x for x in pair.findings if x.seen)
    for (a, b), items in listed.items():
        first = a, b
        if list(by_name).index(a) > list(by_name).index(b):
            first = b, a
        seen = [*listed.get(first, ()), *listed.get(first[::-1], ())]
        for item in items:
            names, options = _which(item, (a, b), first, seen, items)
            if options is None or item in found:
                continue
            chosen = [by_name[name] for name in names]
            short = example if names == first and len(files) == 2 else None
            words = ["--example", short] if short else chosen
            more = _beside(beside, names, peer_names(chosen))
            found[item] = shlex.join(["ikeproof", "explore", *words, *options, *more])
    return found


def _which(
    item: Finding,
    way: tuple[str, str],
    first: tuple[str, str],
    seen: Sequence[Finding],
    items: Sequence[Finding],
) -> tuple[tuple[str, str], list[str] | None]:
    """The order of the peers, and the options that lead to this finding; None: to another one like it."""
    plain = ["--finding", item.id]
    child = [*plain, "--child", item.child] if item.child is not None else plain
    for names, among in ((first, seen), (way, items)):
        same = [x for x in among if x.id == item.id]
        if same[0] == item:
            return names, plain
        if next(x for x in same if x.child == item.child) == item and item.child is not None:
            return names, child
    return way, None


def _beside(beside: Beside, names: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    """What the command line says about the two peers, by the names that they have in the new command."""
    renamed = dict(zip(names, now, strict=True))
    for option, items in (
        ("--profile", beside.profiles),
        ("--nat", beside.nats),
        ("--version", beside.versions),
        ("--strongswan-conf", beside.settings),
    ):
        for item in items:
            name, _, value = item.partition("=")
            if name in renamed:
                yield from (option, f"{renamed[name]}={value}")
