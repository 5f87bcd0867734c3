"""Findings on one direction of a pair, and on both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from model.choice import sendable
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.outcomes import Outcome, PairVerdict, Phase1Verdict, Phase2Verdict
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import Action, Connection, Peer, Phase2Proposal, WithoutSA
from model.vocabulary.suites import (
    AuthMethod,
    Cipher,
    Encryption,
    Exchange,
    Group,
    Hash,
    Integrity,
    Mode,
    Protocol,
)
from proofs.verify.catalogue import CATALOGUE
from proofs.verify.coverage import offered, uncovered
from proofs.verify.doubts import Doubt, where_to_state
from proofs.verify.facts import Facts
from proofs.verify.mending import phase2_text
from proofs.verify.phase2 import ChildFacts
from proofs.verify.reasons import CAUSES, sentence
from proofs.verify.steady import phase1_troubles, phase2_troubles

if TYPE_CHECKING:
    from proofs.verify.judging import Judgement

_WEAK_CIPHERS = (
    Encryption.NULL,
    Encryption.DES,
    Encryption.TRIPLE_DES,
    Encryption.BLOWFISH,
    Encryption.CAST,
)
_WEAK_INTEGRITY = (Integrity.HMAC_MD5, Integrity.HMAC_MD5_128)
_WEAK_GROUPS = (Group.MODP_768, Group.MODP_1024, Group.MODP_1536, Group.MODP_1024_160)


def finding(
    id_: str, place: Place | None, what: str, mend: str = "", *others: Place | None
) -> Finding:
    """A finding with the severity of its entry, and with the entry's advice unless there is a better one."""
    entry = CATALOGUE[id_]
    rest = tuple(item for item in others if item is not None and item != place)
    return Finding(id_, entry.severity, place, what, mend or entry.mend, rest)


def on_direction(
    initiator: Peer,
    connection: Connection,
    responder: Peer,
    verdict: PairVerdict,
    facts: Facts,
    children: Sequence[ChildFacts],
) -> Iterator[Finding]:
    """All findings on one direction, each marked with that direction."""
    way = (initiator.name, responder.name)
    found = list(on_phase1(connection, verdict.phase1, facts, way))
    for item, child_facts in zip(verdict.phase2, children, strict=True):
        found += [
            replace(one, child=item.child)
            for one in on_phase2(initiator, responder, item, child_facts)
        ]
    if facts.wire.natted and verdict.phase1.outcome is Outcome.ESTABLISHED:
        found += on_nat(initiator, responder, connection, verdict)
    if not initiator.stack.unity.value:
        found += on_coverage(connection)
    group = verdict.phase1.suite.group if verdict.phase1.suite else None
    found += on_offers(connection, initiator, group)
    found += on_packets(initiator, connection, responder)
    found += on_later(initiator, connection, responder, verdict, facts, children)
    found += on_signs_of_life(initiator, connection, responder)
    found += on_pair(connection, verdict, children)
    yield from (replace(one, way=way) for one in found)


def on_phase1(
    connection: Connection, verdict: Phase1Verdict, facts: Facts, way: tuple[str, str]
) -> Iterator[Finding]:
    """Findings on Phase I in one direction."""
    if verdict.outcome is Outcome.FAILS and verdict.reason:
        if not (facts.missed and facts.missed.intended):  # on_both decides whether that matters
            cause, said = CAUSES[verdict.reason], f"Phase I: {sentence(verdict, *way)}"
            yield finding(cause.id, facts.place, said, facts.mend, facts.other)
        return
    for need in verdict.needs:
        yield finding("UNDECIDED", facts.place, f"Phase I needs {need}")
    if verdict.suite is None:
        return
    for place, what in facts.weak:
        yield finding("WEAK-CERTIFICATE", place or connection.place, what)
    if facts.shared is not None:
        yield finding(
            "OWN-IDENTITY",
            facts.place,
            f"both ends identify themselves as {facts.shared}",
            "",
            facts.other,
        )
    suite = verdict.suite
    row = facts.table.winner()
    offered = (row.offered_at if row else None) or connection.place
    yield from _weak_cipher(suite.encryption, offered, "Phase I")
    if suite.hash is Hash.MD5:
        yield finding("WEAK-HASH", offered, f"Phase I uses {suite.hash.value}")
    if suite.group in _WEAK_GROUPS:
        yield finding("WEAK-GROUP", offered, f"Phase I uses {suite.group.value}")
    if suite.authentication is AuthMethod.KERBEROS:
        yield finding("KERBEROS-IDENTITY", offered, "the names of both hosts are sent in clear")
    if connection.exchange.value is Exchange.AGGRESSIVE:
        yield finding("AGGRESSIVE-MODE", connection.exchange.place, "identities are sent in clear")


def _weak_cipher(cipher: Cipher | None, place: Place | None, where: str) -> Iterator[Finding]:
    if cipher is not None and cipher.algorithm in _WEAK_CIPHERS:
        yield finding("WEAK-ENCRYPTION", place, f"{where} uses {cipher}")


def on_offers(connection: Connection, peer: Peer, phase1_group: Group | None) -> Iterator[Finding]:
    """What is in the initiator's policy and is never offered to the other end (R3, R10, R12)."""
    for proposal in connection.proposals:
        if proposal.default:
            continue
        lost = [str(c) for c in proposal.ciphers if c.algorithm.phase1_number is None]
        lost += [item.value for item in proposal.hashes if item.number is None]
        lost += filter(None, [proposal.unusable])
        for name in lost:
            yield finding("NOT-IN-IKEV1", proposal.place, f"{peer.name}: {name} in an IKE proposal")
    for child in connection.children:
        if child.action.value is not Action.NEGOTIATE:
            continue
        if child.mode.value is Mode.BEET:
            yield finding("MODE-BEET", child.mode.place or child.place, f"child {child.name}")
        kept = sendable(child.proposals, peer.profile, phase1_group)
        for offer in child.proposals:
            if offer.default:
                continue
            if offer not in kept:
                yield finding(
                    "P2-NEVER-OFFERED",
                    offer.place,
                    f"child {child.name}: {peer.name} never offers {phase2_text(offer)}",
                )
            for name in _unnamed(offer):
                yield finding(
                    "NOT-IN-IKEV1", offer.place, f"{peer.name}: {name}, child {child.name}"
                )


def _unnamed(proposal: Phase2Proposal) -> list[str]:
    lost = []
    for part in proposal.protections:
        lost += [str(c) for c in part.ciphers if c.algorithm.esp_number is None]
        lost += [item.value for item in part.integrities if item.number is None]
    return lost


def on_phase2(
    initiator: Peer, responder: Peer, verdict: Phase2Verdict, facts: ChildFacts
) -> Iterator[Finding]:
    """Findings on one child in one direction."""
    if verdict.outcome is Outcome.FAILS and verdict.reason:
        yield finding(
            CAUSES[verdict.reason].id,
            facts.place,
            f"Phase II: {sentence(verdict, initiator.name, responder.name)}",
            facts.mend,
            facts.other,
        )
    if verdict.outcome is Outcome.UNDECIDED:
        for need in verdict.needs:
            yield finding("UNDECIDED", facts.place, f"Phase II needs {need}")
    if verdict.suite is None or facts.answer is None:
        return
    row = facts.table.winner()
    place = (row.offered_at if row else None) or facts.child.place
    for part in verdict.suite.protections:
        yield from _weak_cipher(part.encryption, place, "Phase II")
        if part.integrity in _WEAK_INTEGRITY:
            assert part.integrity is not None
            yield finding("WEAK-HASH", place, f"Phase II uses {part.integrity.value}")
    if verdict.suite.pfs_group is None:
        yield finding("NO-PFS", place, "no PFS: session keys are derived from the Phase I secret")
    elif verdict.suite.pfs_group in _WEAK_GROUPS:
        yield finding("WEAK-GROUP", place, f"PFS uses {verdict.suite.pfs_group.value}")
    if facts.narrowed:
        yield finding(
            "SELECTOR-NARROWED",
            facts.child.local[0].place or facts.child.place,
            f"only {verdict.initiator_selector} === {verdict.responder_selector} is protected",
            "",
            facts.answer.local[0].place,
        )
    ours, theirs = facts.child.life.hard_seconds, facts.answer.life.hard_seconds
    if ours.value != theirs.value:
        yield finding(
            "LIFE-DIFFERS",
            ours.place or facts.child.place,
            f"Phase II lasts {_seconds(ours)} at {initiator.name}, {_seconds(theirs)} at "
            f"{responder.name}",
            "",
            theirs.place,
        )


def on_nat(
    initiator: Peer, responder: Peer, connection: Connection, verdict: PairVerdict
) -> Iterator[Finding]:
    """What is negotiated through a NAT and cannot pass it."""
    for item in verdict.phase2:
        parts = item.suite.protections if item.suite is not None else ()
        child = next(x for x in connection.children if x.name == item.child)
        if any(part.protocol is Protocol.AH for part in parts):
            place = child.proposals[0].place or child.place
            said = finding(
                "AH-THROUGH-NAT", place, "AH is negotiated, but AH packets do not pass a NAT"
            )
            yield replace(said, child=item.child)
    deaf = next((p for p in (initiator, responder) if not p.profile.nat_traversal), None)
    if deaf is not None:
        nat = initiator.nat or responder.nat
        yield finding(
            "NAT-WITHOUT-TRAVERSAL",
            nat.place if nat is not None else None,
            f"{deaf.name} ({deaf.profile.name}) does not support NAT traversal: ESP is not encapsulated in UDP",
        )


def on_coverage(connection: Connection) -> Iterator[Finding]:
    """Selectors that the policy lists but never offers."""
    for child, local, remote in uncovered(connection):
        first = remote if remote.value != offered(child.remote) else local
        said = finding(
            "TS-IGNORED",
            first.place or child.place,
            f"no SA for {local.value} === {remote.value}: only the first selector of a list is offered in IKEv1",
        )
        yield replace(said, child=child.name)


def on_packets(initiator: Peer, connection: Connection, responder: Peer) -> Iterator[Finding]:
    """What leaves this end in clear while no SA is up, whatever the outcome of the negotiation (R8)."""
    for child in connection.children:
        without = child.without_sa
        if child.action.value is not Action.NEGOTIATE or without.value is WithoutSA.DROPPED:
            continue
        silent = without.value is WithoutSA.CLEAR_AFTER_SILENCE
        yield finding(
            "CLEAR-AFTER-SILENCE" if silent else "CLEAR-WITHOUT-SA",
            without.place or child.place,
            f"packets from {initiator.name} to {responder.name} are sent in clear "
            + ("if the peer does not answer" if silent else "until an SA is up"),
        )


def on_later(
    initiator: Peer,
    connection: Connection,
    responder: Peer,
    verdict: PairVerdict,
    facts: Facts,
    children: Sequence[ChildFacts],
) -> Iterator[Finding]:
    """What goes wrong when SAs are renewed, or because they are not (R17)."""
    if verdict.phase1.outcome is not Outcome.ESTABLISHED or facts.responder is None:
        return
    for item in phase1_troubles((initiator, connection), (responder, facts.responder)):
        yield finding(item.id, item.place, item.what, "", item.other)
    for second, child in zip(verdict.phase2, children, strict=True):
        if second.outcome is Outcome.ESTABLISHED and child.answer is not None:
            for item in phase2_troubles((initiator, child.child), (responder, child.answer)):
                said = finding(item.id, item.place, item.what, "", item.other)
                yield replace(said, child=second.child)


def on_signs_of_life(initiator: Peer, connection: Connection, responder: Peer) -> Iterator[Finding]:
    """Whether dead peer detection of this end has an effect (RFC 3706)."""
    delay = connection.detection.delay
    deaf = next((p for p in (responder, initiator) if not p.profile.dead_peer_detection), None)
    if delay.value is None or deaf is None:
        return
    yield finding(
        "DPD-IN-VAIN",
        delay.place or connection.place,
        f"{initiator.name} uses dead peer detection, but {deaf.name} "
        f"({deaf.profile.name}) does not support it",
    )


def _seconds(stated: Stated[int | None]) -> str:
    return f"{stated.value} s" if stated.value is not None else "unlimited time"


def on_pair(
    connection: Connection, verdict: PairVerdict, children: Sequence[ChildFacts]
) -> Iterator[Finding]:
    """Findings on the bounds of one direction."""
    if verdict.phase1.outcome is Outcome.ESTABLISHED and not verdict.phase2:
        yield finding("NOTHING-TO-NEGOTIATE", connection.place, f"{connection.name} has no child")
    place = next((item.child.life.hard_seconds.place for item in children), None)
    place = place or (children[0].child.place if children else connection.place)
    overlap, exposure = verdict.overlap, verdict.exposure
    if overlap is not None and overlap.supremum_seconds != 0:
        bound = (
            "without limit"
            if overlap.supremum_seconds is None
            else f"by up to {overlap.supremum_seconds} s"
        )
        yield finding("OVERLAP", place, f"a Phase II SA can outlive Phase I {bound}")
    if exposure is not None and (exposure.seconds is None or exposure.kilobytes is None):
        what = "time" if exposure.seconds is None else "data"
        yield finding(
            "EXPOSURE-UNBOUNDED",
            place,
            f"one Diffie-Hellman secret opens an unlimited amount of {what}",
        )


def on_doubt(item: Doubt, initiator: Peer, responder: Peer, judged: Judgement) -> Finding:
    """An address that an end is taken to have, and that its file does not confirm."""
    names = judged.phase1.responder if item.calls else judged.connection
    lacking, key = where_to_state(item.peer)
    instead = f"; {item.says} says {item.instead}" if item.instead is not None else ""
    name = item.peer.name
    said = finding(
        "ADDRESS-UNCONFIRMED",
        (names.remote_addresses.place or names.place) if names is not None else None,
        f"nothing in the file of {name} confirms that {item.address} is its address (no {key}){instead}",
        f"write {key} = {item.address} in connection {lacking.name} of {name} if it has that address; if not, "
        "correct it here"
        if not {" ", "/", "-"} & set(item.address)
        else f"state the address of {name} as {key} of its connection {lacking.name}",
        lacking.place,
    )
    return replace(said, way=(initiator.name, responder.name))


def on_both(pairs: Sequence[Judgement]) -> Iterator[Finding]:
    """Findings that need both directions of a link."""
    comes_up: dict[tuple[str, str], bool] = {}
    answers: dict[tuple[str, str], list[Judgement]] = {}
    for judged in pairs:
        pair = judged.verdict
        key = (pair.initiator.peer, pair.responder.peer)
        up = pair.phase1.outcome is Outcome.ESTABLISHED and all(
            item.outcome is Outcome.ESTABLISHED for item in pair.phase2
        )
        comes_up[key] = comes_up.get(key, True) and up
        if judged.phase1.missed is not None and judged.phase1.missed.intended:
            answers.setdefault(key, []).append(judged)
    for (a, b), up in comes_up.items():
        intended = answers.get((b, a), [])
        if intended:
            yield from _answers_only(intended, up)
        elif up and comes_up.get((b, a)) is False:
            yield finding("ONE-WAY", None, f"comes up when {a} starts it, not when {b} does")


def _answers_only(found: Sequence[Judgement], up: bool) -> Iterator[Finding]:
    """An end that only answers, for example a dial-in gateway: fine if the other end can start."""
    for judged in found:
        missed, end = judged.phase1.missed, judged.verdict.initiator.peer
        assert missed is not None
        said = replace(finding("ONE-WAY", missed.place, f"{end} answers only: {missed.why}"))
        yield replace(said, severity=Severity.NOTE, mend=missed.mend)
        for child in judged.connection.children:
            if up and child.starts.value and child.action.value is Action.NEGOTIATE:
                yield finding(
                    "START-IMPOSSIBLE",
                    child.starts.place or child.place,
                    f"child {child.name} should be started by {end}, which has no address to call",
                    "",
                    missed.place,
                )
