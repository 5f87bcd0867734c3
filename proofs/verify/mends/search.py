"""Finds changes that bring a pair up, and tries each: it is applied to the text, read and judged again.

The result is one list for the pair. A change counts only if it fixes its failure, or leads to a later
reason in the order of a negotiation, and makes nothing else worse. So no two changes undo each other, and
the search ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from model.formats.overlay import Overlay
from model.formats.reader import ReadError
from model.vocabulary.findings import Edit, Finding
from model.vocabulary.outcomes import Outcome, Reason
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Peer
from model.vocabulary.suites import Cipher, Group
from proofs.verify.catalogue import CATALOGUE
from proofs.verify.coverage import Pair, uncovered
from proofs.verify.judging import Judgement
from proofs.verify.mends.candidates import Candidates, Change, another_child
from proofs.verify.phase2 import ChildFacts

#: reads a peer's files again as they would be after changes, and the reader that made them
Reload = Callable[[str, Sequence[Edit]], tuple[Peer, Overlay]]
Judge = Callable[[Peer, Peer], list[Judgement]]
MOST_CHANGES, MOST_CANDIDATES = 12, 24

# The order of the reasons in a negotiation.
_STAGES = (
    Reason.NO_RESPONDER,
    Reason.NO_CONNECTION,
    Reason.EXCHANGE_MODE,
    Reason.PROPOSAL_P1,
    Reason.AUTH_METHOD,
    Reason.PSK_MISMATCH,
    Reason.IDENTITY,
    Reason.CERTIFICATE,
    Reason.MODE_CONFIG,
    Reason.SELECTOR,
    Reason.MODE,
    Reason.PROPOSAL_P2,
    Reason.LIFETIME,
)
_UP = len(_STAGES)
# initiator, responder, connection, child ("" for Phase I)
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class _State:
    """The pair with some changes made."""

    edits: tuple[Edit, ...]
    peers: tuple[Peer, Peer]
    overlays: tuple[Overlay | None, Overlay | None]
    judged: tuple[Judgement, ...]

    def stages(self) -> dict[Key, int]:
        """How far each connection and child gets, in each direction."""
        found: dict[Key, int] = {}
        for item in self.judged:
            verdict = item.verdict
            ends = verdict.initiator.peer, verdict.responder.peer, item.connection.name
            first = _UP
            if verdict.phase1.outcome is Outcome.FAILS and verdict.phase1.reason:
                first = _STAGES.index(verdict.phase1.reason)
            found[(*ends, "")] = first
            for child in item.connection.children:
                found[(*ends, child.name)] = min(first, _UP)
            for second in verdict.phase2:
                if second.outcome is Outcome.FAILS and second.reason:
                    found[(*ends, second.child)] = _STAGES.index(second.reason)
        return found


def mended(
    peers: tuple[Peer, Peer], judged: Sequence[Judgement], reload: Reload, judge: Judge
) -> list[Judgement]:
    """The judgements, with working changes in their findings and without untried lines of configuration."""
    state = _State((), peers, (None, None), tuple(judged))
    changes: dict[Key, Change] = {}
    for _ in range(MOST_CHANGES):
        step = _step(state, reload, judge)
        if step is None:
            break
        for key in _gained(state, step[0]):
            changes[key] = (*changes.get(key, ()), *step[1])
        state = step[0]
    # A later change of the same line replaces the earlier one.
    final = {_setting(item): item for item in state.edits}
    changes = {
        key: tuple(dict.fromkeys(final.get(_setting(x), x) for x in change))
        for key, change in changes.items()
    }
    told = [_told(item, changes) for item in judged]
    return [_with_children(item, state, reload, judge) for item in told]


def _with_children(judged: Judgement, state: _State, reload: Reload, judge: Judge) -> Judgement:
    """A child to add for each pair of selectors that none offers, kept if it comes up."""
    pairs = iter(uncovered(judged.connection))
    findings = [
        _with_child(item, next(pairs), judged, state, reload, judge)
        if item.id == "TS-IGNORED"
        else item
        for item in judged.verdict.findings
    ]
    return replace(judged, verdict=replace(judged.verdict, findings=tuple(findings)))


def _with_child(
    finding: Finding, pair: Pair, judged: Judgement, state: _State, reload: Reload, judge: Judge
) -> Finding:
    child, local, remote = pair
    edit = another_child(judged.connection, child, local.value, remote.value)
    if not any(edit.place.file in p.files and p.format == "swanctl" for p in state.peers):
        return finding
    after = _made(state, (edit,), reload, judge)
    if after is None:
        return finding
    name = edit.text.split()[2]
    key = (*_key(judged, None)[:3], name)
    old, new = state.stages(), after.stages()
    if new.get(key) != _UP or any(new.get(x, -1) < stage for x, stage in old.items()):
        return finding
    return replace(finding, mend=edit.text, edits=(edit,))


def _step(state: _State, reload: Reload, judge: Judge) -> tuple[_State, Change] | None:
    """The best change for the first failure that any change fixes."""
    for judged, child, reason in _failures(state):
        best: tuple[tuple[int, ...], _State, Change] | None = None
        seen: set[Change] = set()
        for change in islice(_candidates(state, judged, child, reason), MOST_CANDIDATES):
            if change in seen:
                continue
            seen.add(change)
            after = _made(state, change, reload, judge)
            if after is None or not _better(state, after, _key(judged, child)):
                continue
            worth = _worth(after, len(change))
            if best is None or worth > best[0]:
                best = worth, after, change
        if best is not None:
            return best[1], best[2]
    return None


def _failures(state: _State) -> Iterator[tuple[Judgement, ChildFacts | None, Reason]]:
    for judged in state.judged:
        if judged.phase1.unloaded:
            continue
        first = judged.verdict.phase1
        missed = judged.phase1.missed
        if first.outcome is Outcome.FAILS and first.reason and not (missed and missed.intended):
            yield judged, None, first.reason
        for second, facts in zip(judged.verdict.phase2, judged.children, strict=True):
            if second.outcome is Outcome.FAILS and second.reason:
                yield judged, facts, second.reason


def _key(judged: Judgement, child: ChildFacts | None) -> Key:
    verdict = judged.verdict
    name = child.child.name if child is not None else ""
    return verdict.initiator.peer, verdict.responder.peer, judged.connection.name, name


def _candidates(
    state: _State, judged: Judgement, child: ChildFacts | None, reason: Reason
) -> Iterator[Change]:
    """In terms of the files as they are, before any change."""
    by_name = {peer.name: peer for peer in state.peers}
    ends = judged.verdict.initiator.peer, judged.verdict.responder.peer
    found = Candidates(by_name[ends[0]], by_name[ends[1]], judged, child)
    for change in found.all(reason):
        yield tuple(replace(item, place=_origin(state, item)) for item in change)


def _origin(state: _State, edit: Edit) -> Place:
    place = edit.place
    for peer, overlay in zip(state.peers, state.overlays, strict=True):
        if overlay is not None and place.file in peer.files:
            place = overlay.origin(place)
    return place


def _made(state: _State, change: Change, reload: Reload, judge: Judge) -> _State | None:
    """The pair with one more change; None if the result cannot be read."""
    edits = [item for item in state.edits if not any(_same_setting(item, x) for x in change)]
    edits += change
    peers, overlays = [], []
    try:
        for peer in state.peers:
            read, overlay = reload(peer.name, edits)
            peers.append(read)
            overlays.append(overlay)
    except (PolicyError, ReadError):
        return None
    pair = peers[0], peers[1]
    return _State(tuple(edits), pair, (overlays[0], overlays[1]), tuple(judge(*pair)))


def _same_setting(one: Edit, other: Edit) -> bool:
    return _setting(one) == _setting(other)


def _setting(edit: Edit) -> tuple[Place, str, bool]:
    return edit.place, edit.text.partition("=")[0].strip(), edit.adds


def _better(before: _State, after: _State, wanted: Key) -> bool:
    """The failing part gets further, and nothing else gets less far."""
    old, new = before.stages(), after.stages()
    if wanted not in new or new[wanted] <= old[wanted]:
        return False
    return all(new.get(key, -1) >= stage for key, stage in old.items())


def _gained(before: _State, after: _State) -> Iterator[Key]:
    old, new = before.stages(), after.stages()
    yield from (key for key, stage in old.items() if new.get(key, stage) > stage)


def _worth(state: _State, size: int) -> tuple[int, ...]:
    """Further in both directions, then fewer lines, then the stronger suites."""
    return sum(state.stages().values()), -size, *_strength(state)


def _strength(state: _State) -> tuple[int, int, int]:
    groups, ciphers, pfs = [], [], []
    for item in state.judged:
        row = item.phase1.table.winner()  # agreed on, even if a later step still fails
        agreed = item.verdict.phase1.suite or (row.suite if row is not None else None)
        if agreed is not None:
            groups.append(_group_bits(agreed.group))
            ciphers.append(_cipher_bits(agreed.encryption))
        for second in item.verdict.phase2:
            if second.suite is not None:
                pfs.append(_group_bits(second.suite.pfs_group))
                ciphers += [_cipher_bits(x.encryption) for x in second.suite.protections]
    return min(pfs, default=0), min(ciphers, default=0), min(groups, default=0)


def _group_bits(group: Group | None) -> int:
    digits = "".join(x for x in (group.value if group else "") if x.isdigit())[:4]
    bits = int(digits or 0)
    return bits if group is None or group.value.startswith("modp") else bits * 12  # curves


def _cipher_bits(cipher: Cipher | None) -> int:
    return cipher.key_bits or 0 if cipher is not None else 0


# ---- into the findings


def _told(judged: Judgement, changes: dict[Key, Change]) -> Judgement:
    findings = tuple(_finding(item, judged, changes) for item in judged.verdict.findings)
    return replace(judged, verdict=replace(judged.verdict, findings=findings))


def _finding(finding: Finding, judged: Judgement, changes: dict[Key, Change]) -> Finding:
    if not finding.id.startswith(("P1-", "P2-")) or finding.id == "P2-NEVER-OFFERED":
        return finding
    key = (*_key(judged, None)[:3], finding.child or "")
    change = changes.get(key, ())
    if not change:
        return replace(finding, mend=_in_words(finding))
    return replace(finding, mend="; ".join(item.text for item in change), edits=change)


def _in_words(finding: Finding) -> str:
    """Advice in words: no line was found that works."""
    line = re.match(r"[a-z_0-9]+ = \S", finding.mend)
    return CATALOGUE[finding.id].mend if line else finding.mend
