"""Changes of swanctl.conf that may fix a failure, by its reason; `search` tries them.

A policy is trusted more about its own end than about the other: a peer knows its own subnets and
addresses. So the line about the other end is changed first. An identity is never changed to an address
that is not the peer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from model.choice import phase1_offer, phase2_offer
from model.vocabulary.findings import Edit
from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.outcomes import Reason
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import Child, Connection, Credentials, Peer
from model.vocabulary.selectors import Selector
from model.vocabulary.suites import Exchange, Phase1Suite, Phase2Suite
from proofs.verify.judging import Judgement
from proofs.verify.mends.words import phase1_line, phase1_words, phase2_line, phase2_words
from proofs.verify.phase2 import ChildFacts
from proofs.verify.secrets import address_identity

Change = tuple[Edit, ...]
_ADDRESSES = (IdentityKind.IPV4, IdentityKind.IPV6)


def set_to(key: str, value: str, place: Place | None, section: Place) -> Edit:
    """A setting given another value; where it is not stated, added to its section."""
    return Edit(place or section, f"{key} = {value}", adds=place is None)


class Candidates:
    """Changes for one failure: of one connection in one direction, of Phase I or of one child."""

    def __init__(
        self, initiator: Peer, responder: Peer, judged: Judgement, child: ChildFacts | None
    ) -> None:
        self._initiator, self._responder = initiator, responder
        self._judged, self._child = judged, child
        self._connection = judged.connection
        self._answering = judged.phase1.responder

    def all(self, reason: Reason) -> Iterator[Change]:
        """In the order of preference; only changes of files that swanctl reads."""
        for change in self._by_reason(reason):
            if change and all(self._is_swanctl(item) for item in change):
                yield change

    def _is_swanctl(self, edit: Edit) -> bool:
        return any(
            edit.place.file in peer.files and peer.format == "swanctl"
            for peer in (self._initiator, self._responder)
        )

    def _by_reason(self, reason: Reason) -> Iterator[Change]:
        match reason:
            case Reason.NO_RESPONDER | Reason.NO_CONNECTION:
                yield from self._addresses()
            case Reason.EXCHANGE_MODE:
                yield from self._exchange()
            case Reason.PROPOSAL_P1:
                yield from self._phase1_proposals()
            case Reason.PSK_MISMATCH:
                yield from self._keys()
            case Reason.IDENTITY:
                yield from self._identity()
            case Reason.CERTIFICATE:
                yield from self._certificate()
            case Reason.MODE:
                yield from self._mode()
            case Reason.SELECTOR:
                yield from self._selectors()
            case Reason.PROPOSAL_P2:
                yield from self._phase2_proposals()

    # ---- who answers
    def _addresses(self) -> Iterator[Change]:
        missed, a = self._judged.phase1.missed, self._connection
        if missed is None:
            yield from self._versions()
        elif missed.public_as_own and missed.place is not None:
            yield (Edit(missed.place, "local_addrs = %any"),)
        elif missed.address is not None and missed.place is not None:
            of = a if missed.place.file in self._initiator.files else missed.nearest
            if of is not None:
                at = of.remote_addresses.place
                yield (set_to("remote_addrs", str(missed.address), at, of.place),)

    def _versions(self) -> Iterator[Change]:
        a, everyone = self._connection, self._responder.connections
        mine = set_to("version", "1", a.versions.place, a.place)
        theirs = [set_to("version", "1", b.versions.place, b.place) for b in everyone[:1]]
        if a.initiates != 1:
            yield (mine,)
            yield (mine, *theirs)
        yield tuple(theirs)

    # ---- Phase I
    def _exchange(self) -> Iterator[Change]:
        ends = [self._connection, *([self._answering] if self._answering else [])]
        wrong = [x for x in ends if x.exchange.value is Exchange.AGGRESSIVE]
        yield tuple(set_to("aggressive", "no", x.exchange.place, x.place) for x in wrong)

    def _phase1_proposals(self) -> Iterator[Change]:
        a, b = self._connection, self._answering
        if b is None:
            return
        offers = [
            x.suite for x in phase1_offer(a.proposals, a.authentications, self._initiator.profile)
        ]
        theirs = [
            x.suite for x in phase1_offer(b.proposals, b.authentications, self._responder.profile)
        ]
        for wanted in theirs:
            yield (_of_phase1(a, [*offers, wanted]),)
        for offered in offers:
            words = [phase1_words(x) for x in b.proposals if not x.default]
            yield (_proposals(b, [*words, phase1_line(offered)]),)
            yield (_of_phase1(b, [offered]),)
        for wanted in theirs[:1]:
            yield (_of_phase1(a, [wanted]),)
        if offers and theirs:  # without the prf that IKEv1 cannot negotiate
            yield (_of_phase1(a, offers),)
            yield (_of_phase1(a, offers), _of_phase1(b, theirs))

    def _keys(self) -> Iterator[Change]:
        """An owner for a key that both ends have, and that one of them does not select for the other."""
        facts, b = self._judged.phase1, self._answering
        if b is None:
            return
        ends = (
            (self._initiator, self._connection, self._responder, facts.wire.initiator),
            (self._responder, b, self._initiator, facts.wire.responder),
        )
        for peer, connection, other, sight in ends:
            expected = connection.authentications[0].other.identity.value
            named = [expected, address_identity(sight.other)]
            for shared in peer.secrets:
                if not any(shared.secret.same_as(item.secret) for item in other.secrets):
                    continue
                for identity in named:
                    if shared.place is not None and identity not in (None, ANY_IDENTITY):
                        assert identity is not None
                        text = f"id-peer = {identity.written}"
                        yield (Edit(shared.place, text, adds=True),)

    def _identity(self) -> Iterator[Change]:
        facts = self._judged.phase1
        mine = facts.faulty == "initiator"
        b = self._answering
        shower = self._connection if mine else b
        expecting = b if mine else self._connection
        if shower is None or expecting is None or facts.shown is None:
            return
        sight = facts.wire.initiator if mine else facts.wire.responder
        here = address_identity(sight.own)
        for one in shower.authentications[:1]:
            for other in expecting.authentications[:1]:
                wanted = other.other.identity.value
                if wanted is not None and "*" in wanted.text:
                    continue  # a pattern is for several peers: the identity that does not match is wrong
                show = _identity("local", one.own, wanted, shower)
                expect = _identity("remote", other.other, facts.shown, expecting)
                follows = wanted is not None and wanted.kind in _ADDRESSES
                changes = [expect] if follows and wanted != here else [expect, show]
                if wanted is not None and wanted == here:
                    changes.reverse()
                yield from ((x,) for x in changes if x is not None)
                if wanted is not None and one.own.identity.value is None:
                    # Both ends show an address that the other does not expect, as behind two NATs.
                    back = _identity("local", other.own, one.other.identity.value, expecting)
                    yield (show, back) if show is not None and back is not None else ()

    def _certificate(self) -> Iterator[Change]:
        facts = self._judged.phase1
        whose = self._connection if facts.faulty == "initiator" else self._answering
        if whose is None:
            return
        there = self._answering if whose is self._connection else self._connection
        for identity in facts.provable:
            change = _identity("local", whose.authentications[0].own, identity, whose)
            if change is None:
                continue
            yield (change,)
            if there is not None:
                expected = there.authentications[0].other
                follow = _identity("remote", expected, identity, there)
                yield (change, follow) if follow is not None else ()

    # ---- Phase II
    def _mode(self) -> Iterator[Change]:
        if self._child is None or self._child.answer is None:
            return
        ours, theirs = self._child.child, self._child.answer
        for mine, other in ((ours, theirs), (theirs, ours)):
            word = "transport_proxy" if other.proxy else other.mode.value.value
            yield (set_to("mode", word, mine.mode.place, mine.place),)
        both = (set_to("mode", "tunnel", x.mode.place, x.place) for x in (ours, theirs))
        yield tuple(both)

    def _selectors(self) -> Iterator[Change]:
        if self._child is None or self._answering is None:
            return
        ours = self._child.child
        if not self._child.starts:
            yield (set_to("mode", "tunnel", ours.mode.place, ours.place),)
        for theirs in self._nearest(ours):
            if ours.proxy and theirs.proxy:  # through a NAT, transport mode is for the two hosts
                yield tuple(set_to("mode", "tunnel", x.mode.place, x.place) for x in (ours, theirs))
            there = _differs(theirs.remote, ours.local)
            here = _differs(ours.remote, theirs.local)
            follow = [_selector("remote_ts", theirs, ours.local)] if there else []
            follow += [_selector("remote_ts", ours, theirs.local)] if here else []
            yield tuple(follow)
            lead = [_selector("local_ts", ours, theirs.remote)] if there else []
            lead += [_selector("local_ts", theirs, ours.remote)] if here else []
            yield tuple(lead)

        for theirs in self._nearest(ours)[:1]:
            yield tuple(self._as_sent(theirs))

    def _as_sent(self, theirs: Child) -> Iterator[Edit]:
        """What arrives, written into the responder's child: with a NAT between, `dynamic` is not the same."""
        assert self._child is not None
        if self._child.received is None:
            return
        local, remote = self._child.received
        yield set_to("remote_ts", str(local), theirs.remote[0].place, theirs.place)
        if theirs.local[0].value != remote and not theirs.local[0].value.own_address:
            yield set_to("local_ts", str(remote), theirs.local[0].place, theirs.place)

    def _nearest(self, ours: Child) -> list[Child]:
        """The responder's children, those with the most in common first."""
        assert self._answering is not None

        def distance(theirs: Child) -> int:
            return _differs(theirs.remote, ours.local) + _differs(ours.remote, theirs.local)

        return sorted(self._answering.children, key=distance)[:3]

    def _phase2_proposals(self) -> Iterator[Change]:
        facts = self._child
        if facts is None or facts.answer is None:
            return
        group = (
            self._judged.verdict.phase1.suite.group if self._judged.verdict.phase1.suite else None
        )
        sides = (
            (facts.child, self._initiator, facts.answer, self._responder),
            (facts.answer, self._responder, facts.child, self._initiator),
        )
        for mine, owner, other, its in sides:
            own = [
                x.suite for x in phase2_offer(mine.proposals, mine.mode.value, owner.profile, group)
            ]
            for wanted in phase2_offer(other.proposals, other.mode.value, its.profile, group):
                beside = [x for x in own if _alike(x, wanted.suite)]
                yield _of_phase2(mine, [*beside, wanted.suite])
                words = [phase2_words(x) for x in mine.proposals if not x.default]
                yield _phase2_setting(mine, wanted.suite, [*words, phase2_line(wanted.suite)])
                yield _of_phase2(mine, [wanted.suite])


def another_child(connection: Connection, child: Child, local: Selector, remote: Selector) -> Edit:
    """A child for selectors that the first one does not offer; everything else is copied."""
    names = {item.name for item in connection.children}
    name = next(n for i in count(2) if (n := f"{child.name}-{i}") not in names)
    parts = []
    for key, stated, value in (
        ("local_ts", child.local, local),
        ("remote_ts", child.remote, remote),
    ):
        if len(stated) > 1:
            parts.append(f"{key} = {_text(value)}")
    path = f"connections.{connection.name}.children.{child.name}"
    body = "\n".join(f"{part} }}" if part is parts[-1] else part for part in parts)
    return Edit(connection.place, f"children {{ {name} : {path} {{ {body} }}", adds=True)


def _text(selector: Selector) -> str:
    return str(selector).replace("own address", "dynamic")


def _of_phase1(of: Connection, suites: Sequence[Phase1Suite]) -> Edit:
    return _proposals(of, [phase1_line(x) for x in suites])


def _proposals(of: Connection, words: Sequence[str]) -> Edit:
    at = of.proposals[0].place if of.proposals else None
    return set_to("proposals", ", ".join(dict.fromkeys(words)), at, of.place)


def _alike(one: Phase2Suite, other: Phase2Suite) -> bool:
    """Whether an initiator would offer both: of one group, and of one protocol."""
    same = one.protections[0].protocol is other.protections[0].protocol
    return same and one.pfs_group is other.pfs_group


def _of_phase2(of: Child, suites: Sequence[Phase2Suite]) -> Change:
    return _phase2_setting(of, suites[-1], [phase2_line(x) for x in suites])


def _phase2_setting(of: Child, wanted: Phase2Suite, words: Sequence[str]) -> Change:
    """The list of proposals of the wanted protocol; another protocol's list is left as it is."""
    if len(wanted.protections) > 1:
        return ()
    key = f"{wanted.protections[0].protocol.value}_proposals"
    stated = [x for x in of.proposals if x.place is not None]
    same = [x for x in stated if x.protections[0].protocol is wanted.protections[0].protocol]
    if stated and not same:
        return ()
    at = same[0].place if same else None
    return (set_to(key, ", ".join(dict.fromkeys(words)), at, of.place),)


def _differs(one: Sequence[Stated[Selector]], other: Sequence[Stated[Selector]]) -> bool:
    return one[0].value != other[0].value


def _selector(key: str, child: Child, wanted: Sequence[Stated[Selector]]) -> Edit:
    own = child.remote if key == "remote_ts" else child.local
    value = wanted[0].value
    return set_to(key, _text(value), own[0].place, child.place)


def _identity(
    side: str, own: Credentials, identity: Identity | None, connection: Connection
) -> Edit | None:
    """`id` of one side; None where there is none to state, or no section to state it in."""
    if identity is None or identity.kind is IdentityKind.ANY:
        return None
    text = f"id = {identity.written}"
    if own.identity.place is not None:
        return Edit(own.identity.place, text)
    if own.place is not None and own.place != connection.place:
        return Edit(own.place, text, adds=True)
    return Edit(connection.place, f"{side} {{ {text} }}", adds=True)
