"""Which offer wins, by profile: the one rule that the specification and `verify` share (R3, R7, R10).

`wins` (model.winning) is the rule, a term over tables; `Table` is two policies brought into the form it reads. What
an initiator makes of its proposals, and what a responder accepts, depends on the profile
(policy-formats 3.6).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Generic, TypeVar

from model.language.instance import Instance
from model.language.machine import Machine
from model.language.sorts import BOOL
from model.language.specification import Specification
from model.language.terms import Term
from model.vocabulary.places import Place
from model.vocabulary.policy import (
    Authentication,
    Phase1Proposal,
    Phase2Proposal,
    ProtectionProposal,
)
from model.vocabulary.profiles import Order, Sends, StackProfile
from model.vocabulary.stack import StackOptions
from model.vocabulary.suites import (
    Group,
    Hash,
    Mode,
    Phase1Suite,
    Phase2Suite,
    Protection,
    Protocol,
)
from model.winning import MAX_RANK, RANK, wins

K = TypeVar("K")
S = TypeVar("S", Phase1Suite, Phase2Suite)


@dataclass(frozen=True, slots=True)
class Row(Generic[S]):
    """One transform: its position in the offer and in the responder's order; None if in neither.

    certain   False where either position rests on a `default` whose contents are not known
    offered_at, accepted_at   the lines it comes from
    """

    suite: S
    offer_rank: int | None
    accept_rank: int | None
    certain: bool = True
    offered_at: Place | None = None
    accepted_at: Place | None = None

    @property
    def common(self) -> bool:
        """Whether it is both offered and accepted."""
        return self.offer_rank is not None and self.accept_rank is not None


@dataclass(frozen=True, slots=True)
class Table(Generic[S]):
    """An offer and a responder's policy, transform by transform."""

    rows: tuple[Row[S], ...]
    prefers_own: bool

    def winner(self, takes: Callable[[S], bool] | None = None) -> Row[S] | None:
        """The transform that the rule `wins` picks, or None if none is common.

        takes   further conditions of the responder, such as the authentication method
        """
        # Rows that are not common never win and never hold one back: `wins` asks for both.
        common = [row for row in self.rows if row.common and (takes is None or takes(row.suite))]
        return _winner(common, self.prefers_own)


def _winner(common: Sequence[Row[S]], prefers_own: bool) -> Row[S] | None:
    ranks = ((row.offer_rank or 0, row.accept_rank or 0) for row in common)
    place = _winning(tuple(ranks), prefers_own)
    return None if place is None else common[place]


@lru_cache(maxsize=4096)
def _winning(ranks: tuple[tuple[int, int], ...], prefers_own: bool) -> int | None:
    """Which of these transforms the rule picks, by the ranks in the offer and the responder's policy."""
    if not ranks:
        return None
    spec, verdict = _rule()
    policy = {
        "offered": True,
        "accepted": True,
        "offer_rank": lambda i: min(ranks[i][0], MAX_RANK),
        "accept_rank": lambda i: min(ranks[i][1], MAX_RANK),
        "prefers_own": prefers_own,
    }
    machine = Machine(spec, Instance.of(spec, {"transform": len(ranks)}, policy))
    for number in range(len(ranks)):
        if machine.value(verdict, machine.initial, {"t": number}):
            return number
    return None


@cache
def _rule() -> tuple[Specification, Term]:
    """`wins` over tables of its own, to be evaluated on two policies."""
    spec = Specification("choice")
    domain = spec.domain("transform")
    offered = spec.table("offered", [domain], BOOL, "is in the offer")
    accepted = spec.table("accepted", [domain], BOOL, "is acceptable to the responder")
    offer_rank = spec.table("offer_rank", [domain], RANK, "position in the offer")
    accept_rank = spec.table("accept_rank", [domain], RANK, "position in the responder's policy")
    own = spec.rigid("prefers_own", BOOL, "the responder's order decides")
    return spec, wins(
        Term("param", (), domain, "t"),
        offered=offered,
        accepted=accepted,
        offer_rank=offer_rank,
        accept_rank=accept_rank,
        prefers_own=own,
    )


# ---- Phase I


@dataclass(frozen=True, slots=True)
class Offer(Generic[S]):
    """One transform as it stands in an offer."""

    suite: S
    place: Place | None
    certain: bool = True


def phase1_offer(
    proposals: Iterable[Phase1Proposal],
    authentications: Sequence[Authentication],
    profile: StackProfile,
) -> list[Offer[Phase1Suite]]:
    """The transforms an initiator sends, in order; one per authentication method and combination.

    What IKEv1 has no number for cannot be sent.
    """
    offers: dict[Phase1Suite, Offer[Phase1Suite]] = {}
    for proposal in proposals:
        if proposal.unusable:
            continue
        ciphers = [item for item in proposal.ciphers if item.algorithm.phase1_number is not None]
        hashes = [item for item in proposal.hashes if item.number is not None]
        for cipher, hash_, group in itertools.product(
            _sent(profile, ciphers, proposal.default),
            _sent(profile, hashes, proposal.default),
            _sent(profile, proposal.groups, proposal.default),
        ):
            for authentication in authentications:
                suite = Phase1Suite(cipher, hash_, group, authentication.method.value)
                certain = not proposal.default
                offers.setdefault(suite, Offer(suite, proposal.place, certain))
    return list(offers.values())


def _sent(profile: StackProfile, kind: Sequence[K], default: bool) -> Sequence[K]:
    """What goes out of the algorithms of one kind that a proposal lists.

    Of a `default` nobody knows which comes first: all may.
    """
    return kind if default or profile.sends is Sends.EVERY_COMBINATION else kind[:1]


def accepts_phase1(proposal: Phase1Proposal, suite: Phase1Suite) -> bool:
    """Whether a proposal of the responder takes a transform; the method is not its business."""
    return (
        not proposal.unusable
        and suite.encryption in proposal.ciphers
        and suite.hash in proposal.hashes
        and suite.group in proposal.groups
        and (not proposal.prfs or prf_of(suite.hash) in proposal.prfs)
    )


def prf_of(hash_: Hash) -> Hash:
    """IKEv1 has no transform for the prf: it is the HMAC of the hash (RFC 2409 section 4)."""
    return hash_


def private_algorithms(initiator: StackOptions, responder: StackOptions) -> bool:
    """Whether numbers of private use mean anything between two ends: each must accept them from anybody,
    or have the other's vendor id (both directions measured on strongSwan 5.9.8)."""
    pairs = ((initiator, responder), (responder, initiator))
    return all(
        one.accept_private_algorithms.value or other.send_vendor_id.value for one, other in pairs
    )


def phase1_table(
    offers: Sequence[Offer[Phase1Suite]],
    proposals: Sequence[Phase1Proposal],
    profile: StackProfile,
    *,
    private: bool = False,
) -> Table[Phase1Suite]:
    """Compare an offer with the responder's proposals; private: see `private_algorithms`."""
    rows = [
        _row(rank, offer, proposals if private or not offer.suite.private else (), accepts_phase1)
        for rank, offer in enumerate(offers)
    ]
    return Table(tuple(rows), profile.order is Order.RESPONDER)


P = TypeVar("P", Phase1Proposal, Phase2Proposal)


def _row(
    rank: int, offer: Offer[S], proposals: Sequence[P], accepts: Callable[[P, S], bool]
) -> Row[S]:
    for position, proposal in enumerate(proposals):
        if accepts(proposal, offer.suite):
            certain = offer.certain and not proposal.default
            return Row(offer.suite, rank, position, certain, offer.place, proposal.place)
    return Row(offer.suite, rank, None, offer.certain, offer.place)


# ---- Phase II


def phase2_offer(
    proposals: Sequence[Phase2Proposal],
    mode: Mode,
    profile: StackProfile,
    phase1_group: Group | None,
) -> list[Offer[Phase2Suite]]:
    """The transforms (or bundles of them) that Quick Mode's first message offers, in order.

    phase1_group    the group that Phase I agreed on, None where it is not known
    """
    offers: dict[Phase2Suite, Offer[Phase2Suite]] = {}
    only = pfs_group(proposals, profile, phase1_group) if profile.one_pfs_group else None
    for proposal in sendable(proposals, profile, phase1_group):
        choices = [_protections(part, profile, proposal.default) for part in proposal.protections]
        named = (only,) if only is not None else proposal.groups or (None,)
        groups = _sent(profile, named, proposal.default)
        for parts, group in itertools.product(itertools.product(*choices), groups):
            suite = Phase2Suite(parts, group, on_the_wire(mode))
            offers.setdefault(suite, Offer(suite, proposal.place, not proposal.default))
    return list(offers.values())


def sendable(
    proposals: Sequence[Phase2Proposal], profile: StackProfile, phase1_group: Group | None
) -> list[Phase2Proposal]:
    """The proposals that an initiator offers at all: see `one_pfs_group` and `one_protocol`."""
    only = pfs_group(proposals, profile, phase1_group) if profile.one_pfs_group else None
    return [
        item
        for item in proposals
        if (only is None or only in item.groups)
        and (not profile.one_protocol or _protocols(item) == _protocols(proposals[0]))
    ]


def _protections(
    part: ProtectionProposal, profile: StackProfile, default: bool
) -> list[Protection]:
    """What is sent of one protocol of a proposal; what IKEv1 has no number for is not.

    Where extended sequence numbers are named at all, they are what is asked for (strongSwan 5.9.8).
    """
    esn = True in part.sequences
    ciphers = [item for item in part.ciphers if item.algorithm.esp_number is not None]
    integrities = [item for item in part.integrities if item.number is not None]
    return [
        Protection(part.protocol, cipher, integrity, esn)
        for cipher in _sent(profile, ciphers if part.ciphers else (None,), default)
        for integrity in _sent(profile, integrities if part.integrities else (None,), default)
    ]


def _protocols(proposal: Phase2Proposal) -> tuple[Protocol, ...]:
    return tuple(part.protocol for part in proposal.protections)


def on_the_wire(mode: Mode) -> Mode:
    """IKEv1 has no number for BEET: strongSwan asks for tunnel mode in its place."""
    return Mode.TUNNEL if mode is Mode.BEET else mode


def pfs_group(
    proposals: Sequence[Phase2Proposal], profile: StackProfile, phase1_group: Group | None
) -> Group | None:
    """The group of the one public value that Quick Mode's first message can carry; None: no PFS."""
    named = [group for proposal in proposals for group in proposal.groups]
    if profile.one_pfs_group:
        wants = bool(named) and named[0] is not None
        if not wants:
            return None
        return phase1_group if phase1_group in named else named[0]
    return next((group for group in named if group is not None), None)


def accepts_phase2(proposal: Phase2Proposal, suite: Phase2Suite) -> bool:
    """Whether a proposal of the responder takes a suite; the mode is checked apart from it."""
    if len(proposal.protections) != len(suite.protections):
        return False
    if not accepts_group(proposal, suite.pfs_group):
        return False
    wanted = {part.protocol: part for part in proposal.protections}
    for part in suite.protections:
        own = wanted.get(part.protocol)
        if own is None or part.esn not in own.sequences:
            return False
        if part.encryption is not None and part.encryption not in own.ciphers:
            return False
        if part.encryption is None and own.ciphers:
            return False
        if part.integrity is None and own.integrities:
            return False
        if part.integrity is not None and part.integrity not in own.integrities:
            return False
    return True


def accepts_group(proposal: Phase2Proposal, group: Group | None) -> bool:
    """Whether a proposal takes PFS with this group, or none (None)."""
    return group in (proposal.groups or (None,))


def phase2_table(
    offers: Sequence[Offer[Phase2Suite]],
    proposals: Sequence[Phase2Proposal],
    profile: StackProfile,
    *,
    private: bool = False,
) -> Table[Phase2Suite]:
    """Compare a Quick Mode offer with the responder's proposals; private: see `private_algorithms`."""
    rows = [
        _row(rank, offer, proposals if private or not offer.suite.private else (), accepts_phase2)
        for rank, offer in enumerate(offers)
    ]
    return Table(tuple(rows), profile.order is Order.RESPONDER)
