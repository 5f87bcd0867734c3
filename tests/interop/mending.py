"""Pairs with the changes made that verify prints, to be judged again, by verify and by two daemons."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from model.formats.overlay import Overlay
from model.vocabulary.findings import Edit
from model.vocabulary.outcomes import PairVerdict, Report
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from proofs.verify import verify
from tests.interop.agreement import read, readers_of
from tests.interop.cases import SIDES, Case
from tests.interop.pki import PKI


@dataclass(frozen=True)
class Mended:
    """A case, what verify says of it, and the same with all changes made that it prints."""

    case: Case
    before: Report
    edits: tuple[Edit, ...]
    changed: Case

    def after(self, pki: PKI, today: datetime.date) -> Report:
        """What verify says then."""
        peers = [
            read(self.changed, side, reader)
            for side, reader in readers_of(self.changed, pki).items()
        ]
        return verify(peers, [("peer", "cmd")], today)


def mended(cases: Iterable[Case], pki: PKI, today: datetime.date) -> Iterator[Mended]:
    """Every case for which verify prints changes."""
    for case in cases:
        try:
            report = with_changes(case, pki, today)
        except PolicyError:
            continue
        found = (edit for pair in report.pairs for item in pair.findings for edit in item.edits)
        edits = tuple(dict.fromkeys(found))
        if edits:
            yield Mended(case, report, edits, _changed(case, edits, pki))


def with_changes(case: Case, pki: PKI, today: datetime.date) -> Report:
    """What verify says of a case, changes tried."""
    readers = readers_of(case, pki)

    def reload(name: str, edits: Sequence[Edit]) -> tuple[Peer, Overlay]:
        overlay = Overlay(readers[name], edits)
        return read(case, name, overlay), overlay

    peers = [read(case, side, reader) for side, reader in readers.items()]
    return verify(peers, [("peer", "cmd")], today, reload)


def _changed(case: Case, edits: Sequence[Edit], pki: PKI) -> Case:
    """The case with the texts changed; certificates and all else stay."""
    texts = {
        side: Overlay(reader, edits)
        .read(f"/{side}/swanctl.conf")
        .decode()
        .replace(f"/{side}/", "$FOLDER/")  # the daemon's files are somewhere else
        for side, reader in readers_of(case, pki).items()
    }
    certificates = {f"{side}_certificates": case.certificates(side) for side in SIDES}
    plain = partial(replace, case, base="", name=f"{case.name}, mended")
    return plain(peer=texts["peer"], cmd=texts["cmd"], **certificates)


def failing(pair: PairVerdict) -> set[tuple[str, str]]:
    """What fails in one direction: a child's name, or none for Phase I; and why."""
    found = (
        {("", pair.phase1.reason.value)}
        if pair.phase1.outcome.value == "fails" and pair.phase1.reason
        else set()
    )
    found |= {
        (x.child, x.reason.value) for x in pair.phase2 if x.outcome.value == "fails" and x.reason
    }
    return found
