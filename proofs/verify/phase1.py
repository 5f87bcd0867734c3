"""Phase I between an initiator's connection and a responder: outcome, reason, suite (R3, R5, R7).

Each rule here is one of the specification's guards, made concrete for two policies; a property test
holds the two against each other (`proofs.verify.witness`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from model.choice import Row, Table, phase1_offer, phase1_table
from model.vocabulary.identities import ANY_IDENTITY, Identity
from model.vocabulary.outcomes import Outcome, Phase1Verdict, Reason, Said
from model.vocabulary.places import Place
from model.vocabulary.policy import (
    Authentication,
    Connection,
    Credentials,
    Peer,
    Phase1Proposal,
)
from model.vocabulary.profiles import Identities, Sends
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Address
from model.vocabulary.suites import AuthMethod, Exchange, Phase1Suite
from proofs.verify.addresses import Wire, candidates
from proofs.verify.certificates import Chain, check, names, parse, subject
from proofs.verify.identities import match
from proofs.verify.secrets import secret_of, stated

_PSK = (
    AuthMethod.PRE_SHARED_KEY,
    AuthMethod.XAUTH_PRE_SHARED_KEY,
    AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY,
)
# An initiator's method, as the responder's own file yields it when read as an initiator's.
_MIRRORED = {
    AuthMethod.XAUTH_PRE_SHARED_KEY: AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY,
    AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY: AuthMethod.XAUTH_PRE_SHARED_KEY,
    AuthMethod.XAUTH_CERTIFICATE: AuthMethod.XAUTH_RESPONDER_CERTIFICATE,
    AuthMethod.XAUTH_RESPONDER_CERTIFICATE: AuthMethod.XAUTH_CERTIFICATE,
    AuthMethod.HYBRID: AuthMethod.HYBRID_RESPONDER,
    AuthMethod.HYBRID_RESPONDER: AuthMethod.HYBRID,
}
_USER = (
    AuthMethod.XAUTH_PRE_SHARED_KEY,
    AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY,
    AuthMethod.XAUTH_CERTIFICATE,
    AuthMethod.XAUTH_RESPONDER_CERTIFICATE,
    AuthMethod.HYBRID,
    AuthMethod.HYBRID_RESPONDER,
)


@dataclass
class Facts:
    """What was found out on the way, for findings, Phase II and the witness run.

    place   the line to look at where Phase I fails; `other` the peer's line
    """

    wire: Wire
    responder: Connection | None = None
    table: Table[Phase1Suite] = field(default_factory=lambda: Table((), False))
    assumptions: list[str] = field(default_factory=list)
    place: Place | None = None
    other: Place | None = None
    mend: str = ""
    addressed: bool = True
    secrets: tuple[Secret | None, Secret | None] = (None, None)
    faulty: str = ""  # whose authentication fails: "initiator" or "responder"


class Phase1Judge:
    """Judges one connection of the initiator against a responder."""

    def __init__(
        self,
        initiator: Peer,
        connection: Connection,
        responder: Peer,
        ends: Wire,
        today: datetime.date,
    ) -> None:
        self._initiator, self._connection, self._responder = initiator, connection, responder
        self._today = today
        self.facts = Facts(ends, place=connection.place)

    def verdict(self) -> Phase1Verdict:
        """The outcome; `facts` holds what it rests on."""
        unreachable = self._reachable()
        if unreachable is not None:
            return unreachable
        found, addressed = candidates(self._responder, self.facts.wire)
        self.facts.addressed = addressed
        self.facts.responder = found[0]
        if not addressed:
            self.facts.assumptions.append(
                f"addresses are translated on the way: no connection of {self._responder.name} is "
                f"for the addresses that {self._initiator.name} states"
            )
        early = self._exchange_first(found)
        if early is not None:
            return early
        row, refused = self._negotiate(found)
        if row is None:
            assert refused is not None
            return refused
        return self._authenticate(found, row)

    # ---- can it start at all
    def _reachable(self) -> Phase1Verdict | None:
        a, there = self._connection, self._responder.name
        if not any(1 in item.versions.value for item in self._responder.connections):
            self.facts.place = a.versions.place or a.place
            return self._fails(
                Reason.NO_RESPONDER,
                f"{there} has no connection for IKEv1",
                f"give {there} a connection with version = 1",
            )
        if a.initiates != 1:
            self.facts.place = a.versions.place or a.place
            if any(2 in item.versions.value for item in self._responder.connections):
                return Phase1Verdict(
                    Outcome.UNDECIDED,
                    needs=(f"IKEv2 (out of scope): {self._initiator.name} starts with it",),
                )
            return self._fails(
                Reason.NO_RESPONDER,
                f"{self._initiator.name} starts with IKEv2, {there} answers IKEv1 only",
                "version = 1",
            )
        patterns = a.remote_addresses.value
        if all(
            item.anything or (item.first is not None and item.single is None) for item in patterns
        ):
            self.facts.place = a.remote_addresses.place or a.place
            return self._fails(
                Reason.NO_RESPONDER,
                f"{self._initiator.name} does not know whom to call: remote_addrs is "
                + ", ".join(item.text for item in patterns),
                f"state the address of {there} if {self._initiator.name} is to start",
            )
        return None

    def _exchange_first(self, found: Sequence[Connection]) -> Phase1Verdict | None:
        """Where the responder checks the exchange with the first message."""
        exchange = self._connection.exchange.value
        if not self._responder.profile.checks_method_first:
            return None
        fits = any(item.exchange.value is exchange for item in found)
        return None if fits else self._wrong_exchange(found[0])

    def _wrong_exchange(self, b: Connection) -> Phase1Verdict:
        mine, theirs = self._connection.exchange, b.exchange
        self.facts.place = mine.place or self._connection.place
        self.facts.other = theirs.place or b.place
        return self._fails(
            Reason.EXCHANGE_MODE,
            f"{self._initiator.name} uses {_mode(mine.value)}, {self._responder.name} wants "
            f"{_mode(theirs.value)}",
            f"set both to {_mode(Exchange.MAIN)}",
        )

    # ---- offers
    def _negotiate(
        self, found: Sequence[Connection]
    ) -> tuple[Row[Phase1Suite] | None, Phase1Verdict | None]:
        a, b = self._connection, found[0]
        offers = phase1_offer(a.proposals, a.authentications, self._initiator.profile)
        self.facts.table = phase1_table(offers, b.proposals, self._responder.profile)
        methods = {item.method.value for item in b.authentications}
        first = self._responder.profile.checks_method_first
        row = self.facts.table.winner(lambda s: not first or s.authentication in methods)
        if row is None and self.facts.table.winner() is not None:
            return None, self._wrong_method(b)
        sent = tuple(Said(str(item.suite), item.place) for item in offers)
        wanted = tuple(Said(_phase1_text(item), item.place) for item in b.proposals)
        if row is None:
            self.facts.place = a.proposals[0].place if a.proposals else a.place
            self.facts.other = b.proposals[0].place if b.proposals else b.place
            best = b.proposals[0] if b.proposals else None
            why = "no common Phase I proposal"
            mend = f"offer what {self._responder.name} wants: {_phase1_text(best)}" if best else ""
            everything = replace(self._initiator.profile, sends=Sends.EVERY_COMBINATION)
            more = phase1_offer(a.proposals, a.authentications, everything)
            if phase1_table(more, b.proposals, self._responder.profile).winner() is not None:
                why += (
                    f": as initiator {self._initiator.name} sends only the first algorithm of each "
                    "kind"
                )
                mend += ", in a proposal of its own"
            failed = self._fails(
                Reason.PROPOSAL_P1,
                why,
                mend,
                sent=sent,
                wanted=wanted,
            )
            return None, failed
        if not row.certain:
            need = self._default_need(row)
            return None, Phase1Verdict(
                Outcome.UNDECIDED, Reason.PROPOSAL_P1, (need,), sent=sent, wanted=wanted
            )
        return row, None

    def _default_need(self, row: Row[Phase1Suite]) -> str:
        whose = [
            peer.name
            for peer, proposals in (
                (self._initiator, self._connection.proposals),
                (self._responder, self.facts.responder.proposals if self.facts.responder else ()),
            )
            if any(item.default for item in proposals)
        ]
        return (
            f"the algorithms that the plugins of {' and '.join(whose)} offer (proposals = default): "
            "state proposals"
        )

    # ---- authentication
    def _authenticate(self, found: Sequence[Connection], row: Row[Phase1Suite]) -> Phase1Verdict:
        suite = row.suite
        method = suite.authentication
        if method is AuthMethod.NONE:
            return self._wrong_method(found[0])
        if self._connection.exchange.value is Exchange.AGGRESSIVE and method in _PSK:
            refused = self._aggressive_psk(found)
            if refused is not None:
                return refused
        undecided: list[str] = []
        if method in _PSK:
            refused = self._pre_shared_key(found, undecided)
            if refused is not None:
                return refused
        refused = self._choose_connection(found, method, undecided)
        if refused is not None:
            return refused
        refused = self._responder_shows(method, undecided)
        if refused is not None:
            return refused
        if method in _USER:
            undecided.append("the user name and password of XAuth")
        if undecided:
            reason = Reason.PSK_MISMATCH if method in _PSK else Reason.CERTIFICATE
            return Phase1Verdict(Outcome.UNDECIDED, reason, tuple(undecided), suite)
        return Phase1Verdict(Outcome.ESTABLISHED, suite=suite)

    def _aggressive_psk(self, found: Sequence[Connection]) -> Phase1Verdict | None:
        fitting = [item for item in found if item.exchange.value is Exchange.AGGRESSIVE]
        if not fitting:
            return self._wrong_exchange(found[0])
        if self._responder.profile.checks_method_first:
            return None
        self.facts.place = self._connection.exchange.place or self._connection.place
        self.facts.other = fitting[0].exchange.place or fitting[0].place
        self.facts.assumptions.append(
            f"{self._responder.name} does not set "
            "charon.i_dont_care_about_security_and_use_aggressive_mode_psk"
        )
        return self._fails(
            Reason.EXCHANGE_MODE,
            f"{self._responder.name} refuses Aggressive Mode with a pre-shared key: anyone could "
            "guess the key offline",
            "aggressive = no on both sides",
        )

    def _pre_shared_key(
        self, found: Sequence[Connection], undecided: list[str]
    ) -> Phase1Verdict | None:
        ends = self.facts.wire
        own = secret_of(self._initiator, [self._connection], ends.initiator, ends.responder)
        theirs = secret_of(self._responder, found, ends.responder, ends.initiator)
        self.facts.secrets = (own, theirs)
        for peer, secret in ((self._initiator, own), (self._responder, theirs)):
            if secret is None:
                self.facts.faulty = "initiator" if peer is self._initiator else "responder"
                mine = peer is self._initiator
                self.facts.place = self._connection.place if mine else found[0].place
                return self._fails(
                    Reason.PSK_MISMATCH,
                    f"{peer.name} has no pre-shared key for the other",
                    "add the secret, with the identities of both ends",
                )
            if not secret.known:
                undecided.append(
                    f"the pre-shared key {secret.label} of {peer.name}: {secret.missing}"
                )
        assert own is not None and theirs is not None
        if own.known and theirs.known and not own.same_as(theirs):
            self.facts.place, self.facts.other = own.place, theirs.place
            return self._fails(
                Reason.PSK_MISMATCH,
                f"the pre-shared keys differ: {own.label} of {self._initiator.name}, "
                f"{theirs.label} of {self._responder.name}",
                "give both the same secret",
            )
        return None

    def _choose_connection(
        self, found: Sequence[Connection], method: AuthMethod, undecided: list[str]
    ) -> Phase1Verdict | None:
        """The responder's connection for exchange, method, identity and credential."""
        exchange = self._connection.exchange.value
        own = self._authentication(self._connection, method)
        by_exchange = [item for item in found if item.exchange.value is exchange]
        if not by_exchange:
            return self._wrong_exchange(found[0])
        wanted = _MIRRORED.get(method, method)
        by_method = [
            (item, authentication)
            for item in by_exchange
            for authentication in item.authentications
            if authentication.method.value is wanted
        ]
        if not by_method:
            return self._wrong_method(by_exchange[0])
        shown = self._shown(own.own, self.facts.wire.initiator, method)
        self.facts.faulty = "initiator"
        ranked = self._by_identity(by_method, shown, self._responder)
        if not ranked:
            self.facts.place = own.own.identity.place or self._connection.place
            expected = by_method[0][1].other.identity
            self.facts.other = expected.place or by_method[0][0].place
            return self._fails(
                Reason.IDENTITY,
                f"{self._initiator.name} says it is {shown or 'its address'}, "
                f"{self._responder.name} expects {expected.value}",
                f"state the same identity on both sides, such as {expected.value}",
            )
        faults = []
        for connection, authentication in ranked:
            chain = self._credential(own.own, authentication.other, self._responder, method)
            if not chain.fault:
                self.facts.responder = connection
                if chain.needs:
                    undecided.append(f"{self._initiator.name}: {chain.needs}")
                self.facts.faulty = ""
                return None
            faults.append(chain.fault)
        return self._bad_certificate(self._initiator, self._responder, own.own, faults[0])

    def _responder_shows(self, method: AuthMethod, undecided: list[str]) -> Phase1Verdict | None:
        """What the initiator makes of the responder's identity and credential."""
        own = self._authentication(self._connection, method)
        b = self.facts.responder
        assert b is not None
        theirs = self._authentication(b, _MIRRORED.get(method, method))
        shown = self._shown(theirs.own, self.facts.wire.responder, method)
        self.facts.faulty = "responder"
        if not self._by_identity([(self._connection, own)], shown, self._initiator):
            expected = own.other.identity
            self.facts.place = expected.place or self._connection.place
            self.facts.other = theirs.own.identity.place or b.place
            return self._fails(
                Reason.IDENTITY,
                f"{self._responder.name} says it is {shown or 'its address'}, "
                f"{self._initiator.name} expects {expected.value}",
                f"state the same identity on both sides, such as {shown}",
            )
        chain = self._credential(theirs.own, own.other, self._initiator, method)
        if chain.fault:
            return self._bad_certificate(self._responder, self._initiator, theirs.own, chain.fault)
        if chain.needs:
            undecided.append(f"{self._responder.name}: {chain.needs}")
        self.facts.faulty = ""
        return None

    @staticmethod
    def _authentication(connection: Connection, method: AuthMethod) -> Authentication:
        return next(item for item in connection.authentications if item.method.value is method)

    def _shown(
        self, own: Credentials, address: Address | None, method: AuthMethod
    ) -> Identity | None:
        """The identity that an end sends; with certificates one that its certificate confirms."""
        identity = stated(own.identity.value, address)
        if method not in _PSK and own.certificates:
            certificate = parse(own.certificates[0])
            if certificate is not None:
                stated_ = own.identity.value
                if stated_ is None or not any(match(n, stated_) for n in names(certificate)):
                    return subject(certificate)
        return identity

    def _by_identity(
        self,
        found: Sequence[tuple[Connection, Authentication]],
        shown: Identity | None,
        judge: Peer,
    ) -> list[tuple[Connection, Authentication]]:
        """Those that take this identity, the best match first."""
        if judge.profile.identities is Identities.PROVED:
            return list(found)
        rated = []
        for connection, authentication in found:
            expected = authentication.other.identity.value or ANY_IDENTITY
            quality = 1 if shown is None else match(shown, expected)
            if quality:
                rated.append((quality, connection, authentication))
        rated.sort(key=lambda item: -item[0])
        return [(connection, authentication) for _, connection, authentication in rated]

    def _credential(
        self, own: Credentials, expected: Credentials, judge: Peer, method: AuthMethod
    ) -> Chain:
        if method in _PSK:
            return Chain()
        if method is AuthMethod.KERBEROS:
            return Chain(needs="a ticket from the key distribution center")
        if not own.certificates:
            return Chain(needs="its certificate: none is named")
        anchors = expected.anchors or judge.anchors
        return check(own.certificates[0], expected.certificates, anchors, self._today)

    def _bad_certificate(
        self, whose: Peer, judge: Peer, own: Credentials, fault: str
    ) -> Phase1Verdict:
        self.facts.place = own.certificates[0].place if own.certificates else self._connection.place
        return self._fails(
            Reason.CERTIFICATE,
            f"{judge.name} does not trust the certificate of {whose.name}: {fault}",
            f"have a certificate issued that {judge.name} trusts, or give it the trust anchor",
        )

    def _wrong_method(self, b: Connection) -> Phase1Verdict:
        mine = self._connection.authentications[0].method
        theirs = b.authentications[0].method
        self.facts.place = mine.place or self._connection.place
        self.facts.other = theirs.place or b.place
        return self._fails(
            Reason.AUTH_METHOD,
            f"{self._initiator.name} authenticates by {mine.value.value}, "
            f"{self._responder.name} by {theirs.value.value}",
            "use the same method on both sides",
        )

    def _fails(
        self,
        reason: Reason,
        why: str,
        mend: str,
        sent: tuple[Said, ...] = (),
        wanted: tuple[Said, ...] = (),
    ) -> Phase1Verdict:
        self.facts.mend = mend
        return Phase1Verdict(Outcome.FAILS, reason, why=why, sent=sent, wanted=wanted)


def _mode(exchange: Exchange) -> str:
    return f"{exchange.value.title()} Mode"


def _phase1_text(proposal: Phase1Proposal) -> str:
    if proposal.default:
        return "default"
    kinds = (
        [str(item) for item in proposal.ciphers],
        [item.value for item in proposal.hashes],
        [item.value for item in proposal.groups],
    )
    return " ".join("/".join(kind) for kind in kinds)
