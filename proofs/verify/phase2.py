"""Phase II under an established Phase I: one child of the initiator in one direction (R10 to R13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from model.choice import Offer, Table, accepts_phase2, on_the_wire, pfs_group, phase2_offer
from model.vocabulary.outcomes import Outcome, Phase2Verdict, Reason, Said
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import Action, Child, Connection, Peer
from model.vocabulary.profiles import Selectors, Sends, StackProfile
from model.vocabulary.selectors import ANY_PORTS, OPAQUE_PORTS, OWN_ADDRESS, Address, Selector
from model.vocabulary.suites import Group, Mode, Phase2Suite
from proofs.verify.addresses import Wire
from proofs.verify.builds import SAME_BUILD, same_child_build
from proofs.verify.coverage import distinct, offered
from proofs.verify.leases import Dynamic, Leases
from proofs.verify.mending import phase2_mending, phase2_text
from proofs.verify.tables import PRIVATE_MEND, assumed, phase2_against, why_private


@dataclass
class ChildFacts:
    """Facts found on the way, for findings and the witness run."""

    child: Child
    answer: Child | None = None
    table: Table[Phase2Suite] = field(default_factory=lambda: Table((), False))
    key_exchange: Group | None = None
    place: Place | None = None
    other: Place | None = None
    mend: str = ""
    received: tuple[Selector, Selector] | None = None  # the initiator's selectors, as they arrive
    narrowed: bool = False
    assumptions: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)  # peers whose address decides, and is not stated
    starts: bool = True  # False: the initiator has nothing to send


def judge(
    initiator: Peer,
    child: Child,
    responder: Peer,
    connection: Connection,
    ends: Wire,
    phase1_group: Group | None,
    leases: Leases,
) -> tuple[Phase2Verdict, ChildFacts]:
    """The outcome for one child, and what it rests on.

    phase1_group   the group that Phase I agreed on; None if that is not known
    leases         what `dynamic` selectors become with virtual addresses
    """
    facts = ChildFacts(child, place=child.place)
    judging = _Phase2Judge(
        initiator, child, responder, connection, ends, phase1_group, leases, facts
    )
    return judging.verdict(), facts


@dataclass
class _Phase2Judge:
    initiator: Peer
    child: Child
    responder: Peer
    connection: Connection
    ends: Wire
    phase1_group: Group | None
    leases: Leases
    facts: ChildFacts

    def verdict(self) -> Phase2Verdict:
        """In the order in which a responder checks message 1: clients, mode, proposals, key."""
        child, facts = self.child, self.facts
        if self.leases.fault:
            return self._nothing_leased()
        sent = self._sent()
        if sent is None:
            return self._nothing_to_send()
        received = facts.received = self._received(sent)
        found = self._answering(received)
        if found is None:
            return self._no_selector(received)
        answer, ours, theirs = found
        facts.answer = answer
        facts.narrowed = (ours, theirs) != received
        if received != sent:  # each end keeps the addresses that it sees itself
            ours, theirs = sent
        same = same_child_build(child, answer)
        if same is not None:
            child, answer = self.child, facts.answer = same
            facts.assumptions.append(SAME_BUILD)
        profile = self.initiator.profile
        offers = phase2_offer(child.proposals, child.mode.value, profile, self.phase1_group)
        facts.table = phase2_against(offers, answer.proposals, self.initiator, self.responder)
        facts.assumptions += assumed(facts.table, self.initiator, self.responder)
        facts.key_exchange = pfs_group(child.proposals, profile, self.phase1_group)
        refused = self._mode(answer) or self._proposals(answer, offers)
        if refused is not None:
            return refused
        row = facts.table.winner()
        assert row is not None
        if facts.unknown:
            return self._depends(answer)
        return Phase2Verdict(
            child.name,
            Outcome.ESTABLISHED,
            suite=row.suite,
            peer_child=answer.name,
            initiator_selector=ours,
            responder_selector=theirs,
            without_sa=(child.without_sa, answer.without_sa),
        )

    def _depends(self, answer: Child) -> Phase2Verdict:
        """Whether it comes up depends on an address that no file states."""
        names = " and ".join(sorted(self.facts.unknown))
        self.facts.place = self.child.local[0].place or self.child.place
        need = f"the address of {names} (local_addrs), which the selectors of child {answer.name} depend on"
        return replace(self._fails(Reason.SELECTOR, ""), outcome=Outcome.UNDECIDED, needs=(need,))

    # ---- client identities
    def _sent(self) -> tuple[Selector, Selector] | None:
        profile, sight = self.initiator.profile, self.ends.initiator
        leased, given = self.leases.initiator_local, self.leases.initiator_remote
        local, remote = offered(self.child.local), offered(self.child.remote)
        hosts = _for_hosts(self.child, profile)
        ours = _at(local, leased, sight.own, hosts=hosts)
        theirs = _at(remote, given, sight.other, hosts=hosts)
        self._shrinks(local, sight.own, self.child, self.initiator)
        if not ours or not theirs or OPAQUE_PORTS in (ours[0].ports, theirs[0].ports):
            return None
        return _one_port(ours[0]), _one_port(theirs[0])

    def _received(self, sent: tuple[Selector, Selector]) -> tuple[Selector, Selector]:
        """How the responder understands them: through a NAT, transport mode is for the addresses
        that it sees (RFC 3947 section 5.2; strongSwan 5.9.8)."""
        sight = self.ends.responder
        mode = on_the_wire(self.child.mode.value)
        if mode is not Mode.TRANSPORT or not self.ends.natted:
            return sent
        ours, theirs = sent
        return _host_at(sight.other, ours), _host_at(sight.own, theirs)

    def _answering(
        self, sent: tuple[Selector, Selector]
    ) -> tuple[Child, Selector, Selector] | None:
        """The responder's child for these selectors, and what both select; the best match wins.

        A child that passes or drops the packets is found too: it rejects the negotiation.
        """
        best: tuple[int, Child, Selector, Selector] | None = None
        for child in self.connection.children:
            if child.label.value is not None:  # IKEv1 cannot ask for a label
                continue
            sight, leases = self.ends.responder, self.leases
            ours, rate_ours = self._select(
                child.remote,
                sent[0],
                sight.other,
                leases.responder_remote,
                child,
                self.initiator,
            )
            theirs, rate_theirs = self._select(
                child.local,
                sent[1],
                sight.own,
                leases.responder_local,
                child,
                self.responder,
            )
            if ours is None or theirs is None:
                continue
            exact = (ours, theirs) == sent and rate_ours >= 5 and rate_theirs >= 5
            if self.responder.profile.selectors is Selectors.EXACT and not exact:
                continue
            if best is None or rate_ours + rate_theirs > best[0]:
                best = (rate_ours + rate_theirs, child, ours, theirs)
        return (best[1], *_answered(*best[2:])) if best else None

    def _select(
        self,
        own: Sequence[Stated[Selector]],
        sent: Selector,
        address: Address | None,
        dynamic: Dynamic,
        child: Child,
        whose: Peer,
    ) -> tuple[Selector | None, int]:
        """What both select of one end, and how well it fits: 5 for equal, 1 for an overlap, summed."""
        chosen: Selector | None = None
        rate = 0
        for item in distinct(own):
            hosts = _for_hosts(child, self.responder.profile)
            for mine in _at(item.value, dynamic, address, hosts=hosts):
                common = self._common(mine, sent, whose, address)
                if common is not None:
                    self._shrinks(item.value, address, child, whose)
                    rate += 5 if mine == sent else 1
                    chosen = chosen or common
        return chosen, rate

    def _common(
        self, mine: Selector, sent: Selector, whose: Peer, seen: Address | None
    ) -> Selector | None:
        """What both select; an address that no file states may decide that."""
        common = mine.meet(sent)
        if common is None or mine.own_address == sent.own_address:
            return common
        fixed = sent if mine.own_address else mine
        if fixed.is_everything:
            return common
        if whose.nat is not None and fixed.is_host(whose.nat.value.public):
            return None  # a host behind a NAT does not have the address of the NAT
        if seen is None or whose.nat is not None:
            self.facts.unknown.add(whose.name)
        return common

    def _shrinks(
        self, selector: Selector, address: Address | None, child: Child, whose: Peer
    ) -> None:
        """Transport mode reduces a selector to the address; one that no file states may not be in it."""
        fixed = not selector.own_address and not selector.is_everything
        if fixed and address is None and child.mode.value is Mode.TRANSPORT and not child.proxy:
            self.facts.unknown.add(whose.name)

    def _nothing_leased(self) -> Phase2Verdict:
        """Mode Config never completes, so Quick Mode never begins."""
        self.facts.starts = False
        self.facts.place = self.leases.place or self.child.place
        self.facts.mend = self.leases.mend
        return self._fails(Reason.MODE_CONFIG, self.leases.fault)

    def _nothing_to_send(self) -> Phase2Verdict:
        name, child = self.initiator.name, self.child
        self.facts.starts = False
        self.facts.place = child.local[0].place or child.remote[0].place or child.place
        self.facts.other = child.mode.place
        self.facts.mend = "mode = tunnel, or selectors that are the addresses of the two peers"
        return self._fails(
            Reason.SELECTOR,
            f"{name} cannot start it: transport mode protects the two hosts only, and "
            f"{child.local[0].value} === {child.remote[0].value} does not contain them",
        )

    def _no_selector(self, sent: tuple[Selector, Selector]) -> Phase2Verdict:
        child, facts = self.child, self.facts
        negotiated = [i for i in self.connection.children if i.action.value is Action.NEGOTIATE]
        nearest = negotiated[0] if negotiated else None
        facts.place = child.local[0].place or child.remote[0].place or child.place
        if nearest is not None:
            facts.other = nearest.remote[0].place or nearest.local[0].place or nearest.place
        facts.mend = "mirror the selectors: what is local_ts here is remote_ts there"
        wanted = tuple(
            Said(
                f"{item.remote[0].value} === {item.local[0].value}",
                item.remote[0].place or item.place,
            )
            for item in negotiated
        )
        return replace(
            self._fails(
                Reason.SELECTOR,
                "" if wanted else f"no child of {self.responder.name} negotiates",
            ),
            sent=(Said(f"{sent[0]} === {sent[1]}", facts.place),),
            wanted=wanted,
            without_sa=(child.without_sa, nearest.without_sa if nearest else None),
        )

    # ---- mode
    def _mode(self, answer: Child) -> Phase2Verdict | None:
        child, facts = self.child, self.facts
        there = self.responder.name
        asked = on_the_wire(child.mode.value)
        facts.place = child.mode.place or child.place
        facts.other = answer.mode.place or answer.place
        if answer.action.value is not Action.NEGOTIATE:
            does = "passes in clear" if answer.action.value is Action.PERMIT else "drops"
            facts.mend = f"let {there} protect these packets, or do not protect them here"
            return self._fails(
                Reason.MODE, f"{there} {does} these packets by its child {answer.name}"
            )
        if self.responder.profile.compares_mode and asked is not answer.mode.value:
            facts.mend = f"mode = {answer.mode.value.value}"
            if answer.mode.value is Mode.BEET:
                facts.mend = "mode = tunnel or transport at both ends: IKEv1 cannot negotiate BEET"
            return replace(
                self._fails(Reason.MODE, ""),
                sent=(Said(f"{asked.value} mode", facts.place),),
                wanted=(Said(f"{answer.mode.value.value} mode", facts.other),),
            )
        facts.place, facts.other = child.place, None
        return None

    # ---- proposals
    def _proposals(
        self, answer: Child, offers: Sequence[Offer[Phase2Suite]]
    ) -> Phase2Verdict | None:
        child, facts, there = self.child, self.facts, self.responder.name
        row = facts.table.winner()
        if row is None:
            return self._no_proposal(answer, offers)
        if not row.certain:
            facts.place = row.offered_at or child.place
            why = "the default proposals, which depend on the version: give --version, or state esp_proposals"
            return replace(
                self._fails(Reason.PROPOSAL_P2, why),
                outcome=Outcome.UNDECIDED,
                needs=(why,),
            )
        group = row.suite.pfs_group
        if group is None or group is facts.key_exchange:
            return None
        facts.place = row.offered_at or child.place
        facts.mend = "use the same PFS group in all proposals"
        sent = facts.key_exchange.value if facts.key_exchange else "no group"
        return self._fails(
            Reason.PROPOSAL_P2,
            f"{self.initiator.name} sends a public value of {sent}, but {there} chooses {group.value}",
        )

    def _no_proposal(self, answer: Child, offers: Sequence[Offer[Phase2Suite]]) -> Phase2Verdict:
        child, facts, here = self.child, self.facts, self.initiator
        facts.place = child.proposals[0].place or child.place
        facts.other = answer.proposals[0].place or answer.place
        wanted = self._acceptable(answer)
        facts.mend = phase2_mending(here.format, offers, wanted, self.responder.name)
        why = ""
        first = replace(here.profile, sends=Sends.EVERY_COMBINATION)
        if self._would_do(first, answer):
            why = f"as initiator {here.name} sends only the first algorithm of each kind"
        elif self._would_do(replace(first, one_pfs_group=False), answer):
            group = facts.key_exchange.value if facts.key_exchange else "none"
            why = f"as initiator {here.name} offers one PFS group only, {group}"
        elif self._would_do(replace(first, one_pfs_group=False, one_protocol=False), answer):
            why = f"as initiator {here.name} offers either AH or ESP, the one that comes first"
        private = why_private(offers, facts.table, self._takes(answer), self.responder)
        if private:
            why, facts.mend = private, PRIVATE_MEND
        return replace(
            self._fails(Reason.PROPOSAL_P2, why),
            sent=tuple(Said(str(item.suite), item.place) for item in offers),
            wanted=tuple(Said(phase2_text(item), item.place) for item in answer.proposals),
        )

    @staticmethod
    def _takes(answer: Child) -> Callable[[Phase2Suite], bool]:
        return lambda suite: any(accepts_phase2(item, suite) for item in answer.proposals)

    def _acceptable(self, answer: Child) -> Phase2Suite | None:
        """The first transform that would be accepted if the initiator proposed it alone."""
        child, profile = self.child, self.initiator.profile
        for proposal in answer.proposals:
            offers = phase2_offer([proposal], child.mode.value, profile, self.phase1_group)
            row = phase2_against(offers, answer.proposals, self.initiator, self.responder).winner()
            if row is not None:
                return row.suite
        return None

    def _would_do(self, profile: StackProfile, answer: Child) -> bool:
        offers = phase2_offer(
            self.child.proposals, self.child.mode.value, profile, self.phase1_group
        )
        table = phase2_against(offers, answer.proposals, self.initiator, self.responder)
        return table.winner() is not None

    def _fails(self, reason: Reason, why: str) -> Phase2Verdict:
        answer = self.facts.answer
        return Phase2Verdict(
            self.child.name,
            Outcome.FAILS,
            reason,
            peer_child=answer.name if answer else None,
            why=why,
            without_sa=(self.child.without_sa, answer.without_sa if answer else None),
        )


def _host_at(address: Address | None, selector: Selector) -> Selector:
    """Packets of one host; an address that no file states counts as one host."""
    everywhere = replace(OWN_ADDRESS, protocol=selector.protocol, ports=selector.ports)
    return everywhere.at(address) if address is not None else everywhere


def _one_port(selector: Selector) -> Selector:
    """An ID payload contains one port or none: for a range the lower one (RFC 2407 section 4.6.2)."""
    low, high = selector.ports
    if low == high or selector.ports == ANY_PORTS:
        return selector
    return replace(selector, ports=(low, low))


def _answered(ours: Selector, theirs: Selector) -> tuple[Selector, Selector]:
    """As the answer has them: its payloads hold one port each, too, and the initiator installs no more."""
    return _one_port(ours), _one_port(theirs)


def _for_hosts(child: Child, profile: StackProfile) -> bool:
    """Whether its mode leaves of a selector the peer's address alone."""
    return child.mode.value is Mode.TRANSPORT and not child.proxy and profile.transport_for_hosts


def _at(
    selector: Selector, dynamic: Dynamic, address: Address | None, *, hosts: bool
) -> list[Selector]:
    """A selector as it is negotiated: `dynamic` is replaced, and for hosts it is reduced to the address.
    Empty if nothing is left; several for several leases."""
    found = dynamic.resolved(selector, address)
    if address is None or not hosts:
        return list(found)
    host = Selector(address, address)
    return [common for item in found if (common := item.meet(host)) is not None]
