"""Who authenticates whom, once a transform is chosen: keys, identities, certificates (R3, R5, R6).

In the order of an exchange: pre-shared keys, the initiator's identity, the responder's connection for
it, the responder's identity.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.outcomes import Outcome, Phase1Verdict, Reason, Said
from model.vocabulary.places import Stated
from model.vocabulary.policy import (
    Authentication,
    Connection,
    Credentials,
    Peer,
)
from model.vocabulary.profiles import CHARON, Identities
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Address
from model.vocabulary.suites import AuthMethod, Exchange, Phase1Suite
from proofs.verify.certificates import Chain, names, parse, subject
from proofs.verify.choosing import Candidate, another_principal, bare_key, inserted, keyed
from proofs.verify.credentials import PSK, Demanded, Shown, credential
from proofs.verify.facts import Facts
from proofs.verify.identities import ANY, match
from proofs.verify.secrets import Selected, select, stated

# The initiator's method for each method that the responder's file states as an initiator.
_MIRRORED = {
    AuthMethod.XAUTH_PRE_SHARED_KEY: AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY,
    AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY: AuthMethod.XAUTH_PRE_SHARED_KEY,
    AuthMethod.XAUTH_CERTIFICATE: AuthMethod.XAUTH_RESPONDER_CERTIFICATE,
    AuthMethod.XAUTH_RESPONDER_CERTIFICATE: AuthMethod.XAUTH_CERTIFICATE,
    AuthMethod.HYBRID: AuthMethod.HYBRID_RESPONDER,
    AuthMethod.HYBRID_RESPONDER: AuthMethod.HYBRID,
}
# The identity of an end that states none and calls from an address that no policy mentions.
UNSTATED = Identity(IdentityKind.IPV4, "its address")


def mirrored(method: AuthMethod) -> AuthMethod:
    """An initiator's method as the responder states it."""
    return _MIRRORED.get(method, method)


@dataclass
class AuthenticationJudge:
    """Judges the authentication of one connection of the initiator by a responder."""

    initiator: Peer
    connection: Connection
    responder: Peer
    today: datetime.date
    facts: Facts

    def verdict(self, found: Sequence[Connection], suite: Phase1Suite) -> Phase1Verdict:
        """found    the responder's connections for these addresses, the best match first"""
        method = suite.authentication
        if method is AuthMethod.NONE:
            return self.wrong_method(found[0])
        undecided: list[str] = []
        first = None
        if method in PSK and self.connection.exchange.value is Exchange.AGGRESSIVE:
            # Message 1 names the initiator: its identity is checked against the policy before any key.
            first = self._initiator_shows(found, method, [])
        refused = (
            first
            or self._pre_shared_key(found, method, undecided)
            or self._initiator_shows(found, method, undecided)
            or self._responder_shows(method, undecided)
        )
        if refused is not None:
            return refused
        if method is not mirrored(method):
            undecided.append("the user name and password of XAUTH")
        undecided += [need for need in self._missing() if need not in undecided]
        if undecided:
            reason = Reason.PSK_MISMATCH if method in PSK else Reason.CERTIFICATE
            return Phase1Verdict(Outcome.UNDECIDED, reason, tuple(undecided), suite)
        return Phase1Verdict(Outcome.ESTABLISHED, suite=suite)

    def _missing(self) -> Iterator[str]:
        """Files that either end names, and that are not here: without one, charon discards the connection,
        and without an authority it loads none."""
        for peer, connection in (
            (self.initiator, self.connection),
            (self.responder, self.facts.responder),
        ):
            found = list(peer.anchors)
            for one in connection.authentications if connection is not None else ():
                for end in (one.own, one.other):
                    found += [*end.certificates, *end.anchors]
            if peer.profile is CHARON:
                yield from (f"{peer.name}: {x.missing}" for x in found if x.der is None)

    def cannot_start(self) -> Phase1Verdict | None:
        """An initiator looks for its own key before it sends anything: the key decides the method."""
        for one in self.connection.authentications:
            found = self._unproved(self.initiator, one.own, one.method.value, self.connection)
            if found is None:
                return None
        if not self.connection.authentications:
            return None
        self.facts.faulty = "initiator"
        return found

    # ---- pre-shared keys
    def aggressive_psk(
        self, found: Sequence[Connection], method: AuthMethod
    ) -> Phase1Verdict | None:
        """Whether the responder accepts Aggressive Mode with a pre-shared key."""
        if self.connection.exchange.value is not Exchange.AGGRESSIVE or method not in PSK:
            return None
        allowed = self.responder.stack.aggressive_pre_shared_key.value
        if self.responder.profile.checks_method_first or allowed:
            return None
        fitting = [item for item in found if item.exchange.value is Exchange.AGGRESSIVE] or found
        self.facts.place = self.connection.exchange.place or self.connection.place
        self.facts.other = fitting[0].exchange.place or fitting[0].place
        if self.responder.stack.file is None:
            self.facts.assumptions.append(
                f"{self.responder.name} does not set "
                "charon.i_dont_care_about_security_and_use_aggressive_mode_psk"
            )
        return self.facts.fails(
            Reason.EXCHANGE_MODE,
            f"{self.responder.name} rejects Aggressive Mode with a pre-shared key: anybody could "
            "guess the key offline",
            "aggressive = no at both ends",
        )

    def _pre_shared_key(
        self, found: Sequence[Connection], method: AuthMethod, undecided: list[str]
    ) -> Phase1Verdict | None:
        if method not in PSK:
            return None
        keys = self._selected(found, method)
        if isinstance(keys, Phase1Verdict):
            return keys
        mine, other = self.facts.selected = keys
        own, theirs = (x.secret if x is not None else None for x in keys)
        self.facts.secrets = (own, theirs)
        for peer, secret in ((self.initiator, own), (self.responder, theirs)):
            if secret is None:
                starts = peer is self.initiator
                self.facts.faulty = "initiator" if starts else "responder"
                self.facts.place = self.connection.place if starts else found[0].place
                return self.facts.fails(
                    Reason.PSK_MISMATCH,
                    f"{peer.name} has no pre-shared key for its peer",
                    "add the secret, with the identities of both ends",
                )
            if not secret.known:
                undecided.append(
                    f"the pre-shared key {secret.label} of {peer.name}: {secret.missing}"
                )
        assert own is not None and theirs is not None
        if not (own.known and theirs.known) or own.same_as(theirs):
            return None
        assert mine is not None and other is not None
        self.facts.place, self.facts.other = own.place, theirs.place
        cut = [*_cut(self.initiator, own), *_cut(self.responder, theirs)]
        return self.facts.fails(
            Reason.PSK_MISMATCH,
            "; ".join(cut),
            "write the secret in quotes" if cut else "write the same secret at both ends",
            (Said(f"{own.label} ({mine.rule})", own.place, "uses"),),
            (Said(f"{theirs.label} ({other.rule})", theirs.place, "uses"),),
        )

    def _selected(
        self, found: Sequence[Connection], method: AuthMethod
    ) -> tuple[Selected | None, Selected | None] | Phase1Verdict:
        """The key that each end selects; in Aggressive Mode the identities are known by then."""
        here, there = self.facts.wire.initiator, self.facts.wire.responder
        shown: Identity | None = None
        answers: Identity | None = None
        if self.connection.exchange.value is Exchange.AGGRESSIVE:
            credentials = _of(self.connection, method).own
            shown = self._shown(credentials, here.own, method)
            fitting = self._fitting(found, shown, method, credentials)
            if isinstance(fitting, Phase1Verdict):
                self.facts.faulty = "initiator"
                return fitting
            found = [fitting[0][0]]
            self.facts.responder = fitting[0][0]
            refused = self._responder_named(method)
            if refused is not None:
                return refused
            answers = self._shown(fitting[0][1].own, there.own, method)
        return (
            select(
                self.initiator,
                [self.connection],
                here.own,
                here.other,
                initiates=True,
                shown=answers,
            ),
            select(self.responder, found, there.own, there.other, initiates=False, shown=shown),
        )

    # ---- what each end shows
    def _initiator_shows(
        self, found: Sequence[Connection], method: AuthMethod, undecided: list[str]
    ) -> Phase1Verdict | None:
        """The responder's connection for identity, exchange, method and credential."""
        own = _of(self.connection, method).own
        self.facts.faulty = "initiator"
        unproved = self._unproved(self.initiator, own, method, self.connection)
        if unproved is not None:
            return unproved
        shown = self._shown(own, self.facts.wire.initiator.own, method)
        fitting = self._fitting(found, shown, method, own)
        if isinstance(fitting, Phase1Verdict):
            return fitting
        faults = []
        for connection, authentication in fitting:
            self.facts.responder = connection
            same = self._own_identity(shown, connection, authentication.own, method)
            if same is not None:
                return same
            chain = self._credential(
                self.initiator, own, authentication.other, self.responder, method
            )
            if not chain.fault:
                self.facts.responder = connection
                self._accepted(self.initiator, own, chain)
                if chain.needs:
                    undecided.append(f"{self.initiator.name}: {chain.needs}")
                self.facts.faulty = ""
                return None
            faults.append(chain.fault)
        self.facts.responder = fitting[0][0]
        return self._bad_certificate(self.initiator, self.responder, own, faults[0])

    def _fitting(
        self,
        found: Sequence[Connection],
        shown: Identity | None,
        method: AuthMethod,
        own: Credentials,
    ) -> list[Candidate] | Phase1Verdict:
        """The responder's connections for this identity, then of these for exchange and method."""
        wanted = mirrored(method)
        everyone = [(item, one) for item in found for one in item.authentications]
        if self.responder.profile.checks_method_first:
            everyone = [item for item in everyone if item[1].answering is wanted] or everyone
        known = self._by_identity(everyone, shown, self.responder)
        if not known:
            self.facts.shown, self.facts.responder = shown, everyone[0][0]
            expected = everyone[0][1].other.identity
            self.facts.place = own.identity.place or self.connection.place
            self.facts.other = expected.place or everyone[0][0].place
            return self._not_expected(self.initiator, self.responder, shown, expected)
        exchange = self.connection.exchange.value
        by_exchange = [item for item in known if item[0].exchange.value is exchange]
        if not by_exchange:
            return self.wrong_exchange(known[0][0])
        by_method = [item for item in by_exchange if item[1].answering is wanted]
        return by_method or self.wrong_method(by_exchange[0][0])

    def _responder_shows(self, method: AuthMethod, undecided: list[str]) -> Phase1Verdict | None:
        """Whether the initiator accepts the responder's identity and credential."""
        own = _of(self.connection, method)
        b = self.facts.responder
        assert b is not None
        theirs = _answer(b, method).own
        self.facts.faulty = "responder"
        unproved = self._unproved(self.responder, theirs, method, b)
        if unproved is not None:
            return unproved
        refused = self._responder_named(method)
        if refused is not None:
            return refused
        chain = self._credential(self.responder, theirs, own.other, self.initiator, method)
        if chain.fault:
            return self._bad_certificate(self.responder, self.initiator, theirs, chain.fault)
        self._accepted(self.responder, theirs, chain)
        if chain.needs:
            undecided.append(f"{self.responder.name}: {chain.needs}")
        self.facts.faulty = ""
        return None

    def _responder_named(self, method: AuthMethod) -> Phase1Verdict | None:
        """Whether the initiator expects the identity that the responder sends."""
        own, b = _of(self.connection, method), self.facts.responder
        assert b is not None
        theirs = _answer(b, method).own
        shown = self._shown(theirs, self.facts.wire.responder.own, method)
        if self._by_identity([(self.connection, own)], shown, self.initiator):
            return None
        self.facts.faulty, self.facts.shown = "responder", shown
        expected = own.other.identity
        self.facts.place = expected.place or self.connection.place
        self.facts.other = theirs.identity.place or b.place
        return self._not_expected(self.responder, self.initiator, shown, expected)

    # ---- identities
    def _own_identity(
        self, shown: Identity | None, b: Connection, theirs: Credentials, method: AuthMethod
    ) -> Phase1Verdict | None:
        """Whether both ends send the same identity. Two ends that state none send their addresses, which
        differ."""
        own = _of(self.connection, method).own.identity
        stated_ = own.value is not None or theirs.identity.value is not None
        there = self.facts.wire.responder.own
        same = shown is not None and shown == self._shown(theirs, there, method)
        if not same or (method in PSK and not stated_):
            return None
        self.facts.shared = shown
        self.facts.place = own.place or self.connection.place
        self.facts.other = theirs.identity.place or b.place
        if not self.responder.profile.refuses_own_identity:
            return None
        return self.facts.fails(
            Reason.IDENTITY,
            f"{self.initiator.name} identifies itself as {shown}, which is also the identity of {self.responder.name}",
            "give each end an identity of its own",
        )

    def _not_expected(
        self, whose: Peer, judge: Peer, shown: Identity | None, expected: Stated[Identity | None]
    ) -> Phase1Verdict:
        """One end sends an identity that the other does not expect; types are compared as well as texts."""
        said = shown.described if shown not in (None, UNSTATED) and shown else "its address"
        wanted = expected.value.described if expected.value is not None else "another principal"
        mine = whose is self.initiator
        at = (self.facts.place, self.facts.other)
        shows = Said(said, at[0] if mine else at[1], "shows")
        expects = Said(wanted, at[1] if mine else at[0], "expects")
        return self.facts.fails(
            Reason.IDENTITY,
            "",
            "state the same identity, of the same kind, at both ends",
            (shows,) if mine else (expects,),
            (expects,) if mine else (shows,),
        )

    def _unproved(
        self, peer: Peer, own: Credentials, method: AuthMethod, connection: Connection
    ) -> Phase1Verdict | None:
        """charon finds its private key by its identity: a certificate must confirm that."""
        identity = own.identity
        if identity.value == ANY_IDENTITY:
            wire = self.facts.wire
            end = wire.initiator if peer is self.initiator else wire.responder
            own = replace(own, identity=replace(identity, value=stated(None, end.own)))
            identity = own.identity
        if own.unnamed and identity.value is None and peer is self.initiator:
            self.facts.place = own.place or connection.place
            return self.facts.fails(
                Reason.CERTIFICATE,
                f"{peer.name} states neither certs nor id, so it finds no private key to start with",
                "add certs = FILE, or id with an identity that the certificate contains",
            )
        if method in PSK or identity.value is None or not own.certificates:
            return None
        if peer.profile.identities is not Identities.STATED:
            return None
        read = [certificate for item in own.certificates if (certificate := parse(item))]
        there = self.responder if peer is self.initiator else self.initiator
        if len(read) < len(own.certificates) or keyed(own, peer, there):
            return None
        if bare_key(own, peer, there) is not None:
            return None
        self.facts.provable = tuple(dict.fromkeys(x for one in read for x in reversed(names(one))))
        self.facts.place = identity.place or connection.place
        self.facts.other = own.certificates[0].place
        return self.facts.fails(
            Reason.CERTIFICATE,
            f"{peer.name} cannot prove that it is {identity.value}: its certificates do "
            "not contain this identity",
            "state an identity that the certificate contains: its subject or a subjectAltName",
        )

    def _shown(
        self, own: Credentials, address: Address | None, method: AuthMethod
    ) -> Identity | None:
        """The identity that an end sends; with certificates and none stated, the subject."""
        if method is AuthMethod.KERBEROS and own.identity.value is None:
            return None
        if method not in PSK and own.identity.value is None and own.certificates:
            certificate = parse(own.certificates[0])
            if certificate is not None:
                return subject(certificate)
        own_ = own.identity.value
        return stated(None if own_ == ANY_IDENTITY else own_, address) or UNSTATED

    def _by_identity(
        self, found: Sequence[Candidate], shown: Identity | None, judge: Peer
    ) -> list[Candidate]:
        """Those that accept this identity, the best match first."""
        if judge.profile.identities is Identities.PROVED:
            return [item for item in found if not another_principal(shown, item[1].other)]
        rated = []
        for connection, authentication in found:
            expected = authentication.other.identity.value or ANY_IDENTITY
            if shown in (None, UNSTATED):
                quality = ANY if shown is None else match(ANY_IDENTITY, expected)
            else:
                quality = match(shown, expected, judge.stack.rdn_matching.value)
            if quality:
                rated.append((quality, connection, authentication))
        if judge is self.responder:
            return inserted(rated, judge, self.facts.wire.responder)
        rated.sort(key=lambda item: -item[0])
        return [(connection, authentication) for _, connection, authentication in rated]

    # ---- credentials
    def _credential(
        self,
        whose: Peer,
        own: Credentials,
        expected: Credentials,
        judge: Peer,
        method: AuthMethod,
    ) -> Chain:
        ends = (self.connection, self.facts.responder)
        shows, wants = ends if whose is self.initiator else reversed(ends)
        return credential(
            Shown(whose, own, shows), Demanded(judge, expected, wants), method, self.today
        )

    def _accepted(self, whose: Peer, own: Credentials, chain: Chain) -> None:
        """Record what could be broken in an accepted path, and that its owner is assumed to have the key:
        policies are judged without private keys."""
        if (own.certificates or chain.bare) and not own.keys and not chain.needs:
            what = "public key" if chain.bare else "certificate"
            self.facts.assumptions.append(f"{whose.name} has the private key of its {what}")
        place = own.certificates[0].place if own.certificates else None
        self.facts.weak += [(place, what) for what in chain.weak]

    def _bad_certificate(
        self, whose: Peer, judge: Peer, own: Credentials, fault: str
    ) -> Phase1Verdict:
        self.facts.place = own.certificates[0].place if own.certificates else self.connection.place
        return self.facts.fails(
            Reason.CERTIFICATE,
            f"{judge.name} does not accept the certificate of {whose.name}: {fault}",
            f"issue a certificate that {judge.name} accepts, or install the trust anchor there",
        )

    # ---- exchange and method
    def wrong_exchange(self, b: Connection) -> Phase1Verdict:
        """The responder requires the other exchange."""
        mine, theirs = self.connection.exchange, b.exchange
        self.facts.place = mine.place or self.connection.place
        self.facts.other = theirs.place or b.place
        return self.facts.fails(
            Reason.EXCHANGE_MODE,
            "",
            f"set both to {_mode(Exchange.MAIN)}",
            (Said(_mode(mine.value), self.facts.place, "starts"),),
            (Said(_mode(theirs.value), self.facts.other),),
        )

    def wrong_method(self, b: Connection) -> Phase1Verdict:
        """The responder requires another method."""
        mine = self.connection.authentications[0].method
        theirs = b.authentications[0].method
        self.facts.place = mine.place or self.connection.place
        self.facts.other = theirs.place or b.place
        for peer, method in ((self.initiator, mine), (self.responder, theirs)):
            if method.value is AuthMethod.NONE:
                return self.facts.fails(
                    Reason.AUTH_METHOD,
                    f"the auth settings of {peer.name} do not make an IKEv1 authentication method "
                    "(auth has no default)",
                    "set auth = psk, or auth = pubkey, in local and remote",
                )
        return self.facts.fails(
            Reason.AUTH_METHOD,
            "",
            "use the same method at both ends",
            (Said(mine.value.value, self.facts.place, "offers"),),
            (Said(b.authentications[0].answering.value, self.facts.other),),
        )


def _cut(peer: Peer, secret: Secret) -> Iterator[str]:
    """Why a secret is probably not the intended one; nothing of it is shown."""
    for item in peer.secrets:
        if item.secret is secret and item.cut:
            yield f"{secret.label} of {peer.name} is probably not what was meant: {item.cut}"


def _of(connection: Connection, method: AuthMethod) -> Authentication:
    return next(item for item in connection.authentications if item.method.value is method)


def _answer(connection: Connection, method: AuthMethod) -> Authentication:
    """How a responder's connection answers an initiator's method."""
    return next(x for x in connection.authentications if x.answering is mirrored(method))


def _mode(exchange: Exchange) -> str:
    return f"{exchange.value.title()} Mode"
