"""A native policy in the vocabulary: one connection a negotiating rule, one child a filter."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Mapping

from model.formats.native import document
from model.formats.native.places import Path
from model.formats.pem import all_certificates
from model.formats.reader import Reader, ReadError
from model.vocabulary.findings import Finding
from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.places import Place, PolicyError, Stated
from model.vocabulary.policy import (
    Action,
    AddressPattern,
    Authentication,
    CertificateFile,
    Child,
    Connection,
    Credentials,
    DeadPeerDetection,
    Life,
    Nat,
    Peer,
    Phase1Proposal,
    Phase2Proposal,
    ProtectionProposal,
    Strength,
    WhenDead,
    WithoutSA,
)
from model.vocabulary.profiles import PROFILES
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import ANY_PORTS, EVERYWHERE_4, OWN_ADDRESS, Selector
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

_CIPHERS = {
    "null": Cipher(Encryption.NULL),
    "des": Cipher(Encryption.DES),
    "3des": Cipher(Encryption.TRIPLE_DES),
    **{f"aes{bits}": Cipher(Encryption.AES_CBC, bits) for bits in (128, 192, 256)},
    **{f"aes{bits}gcm16": Cipher(Encryption.AES_GCM_16, bits) for bits in (128, 192, 256)},
}
_GROUPS = {group.number: group for group in Group if group.value.startswith("modp")}
_METHODS = {
    "pre-shared-key": AuthMethod.PRE_SHARED_KEY,
    "certificate": AuthMethod.CERTIFICATE,
    "kerberos": AuthMethod.KERBEROS,
}
_PROTOCOLS = {"any": 0, "icmp": 1, "tcp": 6, "udp": 17, "raw": 255}
#: R-U-THERE messages without an answer until the peer is dead, if dpd_timeout is not set
_QUESTIONS = 5
_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}


class Translator:
    """Translates one policy; `places` gives the line of every value."""

    def __init__(
        self,
        file: str,
        name: str,
        policy: document.Policy,
        places: Mapping[Path, Place],
        reader: Reader,
    ) -> None:
        self._file, self._name, self._policy = file, name, policy
        self._places, self._reader = places, reader

    def peer(self, findings: tuple[Finding, ...]) -> Peer:
        """The whole peer."""
        policy = self._policy
        if policy.profile not in PROFILES:
            raise self._wrong(
                ("profile",), f"unknown profile {policy.profile!r}", f"one of {', '.join(PROFILES)}"
            )
        connections = tuple(
            self._connection(number, rule) for number, rule in enumerate(policy.rules)
        )
        return Peer(
            name=self._name,
            files=(self._file,),
            format="native",
            profile=PROFILES[policy.profile],
            connections=connections,
            findings=findings,
            nat=self._nat(),
        )

    def _nat(self) -> Stated[Nat] | None:
        stated = self._policy.nat
        if stated is None:
            return None
        path = ("nat", "public")
        try:
            public = ipaddress.ip_address(stated.public)
        except ValueError:
            raise self._wrong(
                path,
                f"{stated.public!r} is not an IP address",
                "write the public address of the NAT",
            ) from None
        return Stated(Nat(public, forwarded=stated.forwarded), self._line(path))

    # ---- places and faults
    def _place(self, path: Path) -> Place | None:
        return self._places.get(path)

    def _line(self, path: Path) -> Place:
        """The line of a path, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._places:
                return self._places[path[:length]]
        return Place(self._file, 1)

    def _wrong(self, path: Path, problem: str, mend: str) -> PolicyError:
        return PolicyError(problem, place=self._line(path), mend=mend)

    # ---- connections
    def _connection(self, number: int, rule: document.Rule) -> Connection:
        path: Path = ("rules", number)
        policy, main = self._policy, self._policy.main_mode
        if rule.filter_list not in policy.filter_lists:
            known = ", ".join(policy.filter_lists) or "none"
            raise self._wrong(
                (*path, "filter_list"),
                f"there is no filter list {rule.filter_list!r}",
                f"the policy has: {known}",
            )
        if rule.filter_action not in policy.filter_actions:
            known = ", ".join(policy.filter_actions) or "none"
            raise self._wrong(
                (*path, "filter_action"),
                f"there is no filter action {rule.filter_action!r}",
                f"the policy has: {known}",
            )
        lifetime = self._seconds(("main_mode", "lifetime"), main.lifetime)
        return Connection(
            name=rule.name,
            place=self._line(path),
            versions=Stated(frozenset({1})),
            initiates=1,
            exchange=Stated(Exchange.MAIN),
            local_addresses=self._own_address(),
            remote_addresses=self._remote(path, rule),
            proposals=self._main_mode_offers(),
            authentications=tuple(self._authentications(path, rule)),
            life=Life(lifetime, lifetime, lifetime, Stated(None), Stated(None)),
            children=tuple(self._children(path, rule)),
            phase2_limit=Stated(
                main.quick_modes or None, self._place(("main_mode", "quick_modes"))
            ),
            master_key_pfs=Stated(
                main.master_key_pfs, self._place(("main_mode", "master_key_pfs"))
            ),
            detection=self._detection(),
        )

    def _detection(self) -> DeadPeerDetection:
        """How a dead peer is detected; by default after five times dpd_delay."""
        main = self._policy.main_mode
        above: tuple[Path, Path] = ("main_mode", "dpd_delay"), ("main_mode", "dpd_timeout")
        if main.dpd_delay == 0:
            return DeadPeerDetection(Stated(None, self._place(above[0])), Stated(None))
        delay = self._seconds(above[0], main.dpd_delay)
        assert delay.value is not None
        if main.dpd_timeout is None:
            return DeadPeerDetection(delay, Stated(_QUESTIONS * delay.value))
        timeout = self._seconds(above[1], main.dpd_timeout)
        if timeout.value is not None and timeout.value <= delay.value:
            why = f"dpd_timeout {timeout.value} s is not longer than dpd_delay {delay.value} s"
            raise self._wrong(above[1], why, "make it several times dpd_delay")
        return DeadPeerDetection(delay, timeout)

    def _own_address(self) -> Stated[tuple[AddressPattern, ...]]:
        text = self._policy.address
        if text is None:
            return Stated((AddressPattern("me", None, None, anything=True),))
        return Stated((self._pattern(("address",), text),), self._place(("address",)))

    def _remote(self, path: Path, rule: document.Rule) -> Stated[tuple[AddressPattern, ...]]:
        """Whom the rule negotiates with: the tunnel endpoint, or the filters' other ends."""
        if rule.tunnel_endpoint is not None:
            place = (*path, "tunnel_endpoint")
            return Stated((self._pattern(place, rule.tunnel_endpoint),), self._place(place))
        above: Path = ("filter_lists", rule.filter_list, "filters")
        found: dict[AddressPattern, Place | None] = {}
        for number, item in enumerate(self._policy.filter_lists[rule.filter_list].filters):
            key = "destination" if item.source == "me" else "source"
            text = item.destination if key == "destination" else item.source
            where = (*above, number, key)
            found.setdefault(self._pattern(where, text), self._line(where))
        return Stated(tuple(found), next(iter(found.values())))

    def _pattern(self, path: Path, text: str) -> AddressPattern:
        if text in ("any", "me"):
            return AddressPattern(text, None, None, anything=True)
        selector = self._address(path, text)
        return AddressPattern(text, selector.first, selector.last)

    def _address(self, path: Path, text: str) -> Selector:
        if text == "any":
            return EVERYWHERE_4
        if text == "me":
            return OWN_ADDRESS
        try:
            if "-" in text:
                low, high = (ipaddress.ip_address(part.strip()) for part in text.split("-", 1))
                if low.version != high.version or int(low) > int(high):
                    raise ValueError
                return Selector(low, high)
            net = ipaddress.ip_network(text, strict=False)
            return Selector(net[0], net[-1])
        except ValueError:
            raise self._wrong(
                path,
                f"{text!r} is not an IP address",
                "write me, any, an address, a subnet or a range",
            ) from None

    def _seconds(self, path: Path, value: int | str) -> Stated[int | None]:
        found = re.fullmatch(r"\s*(\d{1,12})\s*([a-z]*)\s*", str(value).lower())
        if found is None or found[2] not in _UNITS or not int(found[1]):
            raise self._wrong(
                path, f"{value!r} is not a duration", "write for example 3600, '60min' or '8h'"
            )
        return Stated(int(found[1]) * _UNITS[found[2]], self._place(path))

    # ---- Phase I
    def _main_mode_offers(self) -> tuple[Phase1Proposal, ...]:
        offers = self._policy.main_mode.offers
        if not offers:  # Windows' default
            return (Phase1Proposal((_CIPHERS["3des"],), (Hash.SHA1,), (Group.MODP_1024,), None),)
        found = []
        for number, item in enumerate(offers):
            path: Path = ("main_mode", "offers", number)
            if item.group not in _GROUPS:
                raise self._wrong(
                    (*path, "group"), f"unknown group {item.group}", "write 1, 2, 5 or 14 to 18"
                )
            found.append(
                Phase1Proposal(
                    (_CIPHERS[item.encryption.value],),
                    (Hash(item.hash.value),),
                    (_GROUPS[item.group],),
                    self._line(path),
                )
            )
        return tuple(found)

    def _authentications(self, path: Path, rule: document.Rule) -> list[Authentication]:
        methods = rule.authentication or [document.Method(method=document.MethodName.KERBEROS)]
        return [
            self._authentication((*path, "authentication", number), item)
            for number, item in enumerate(methods)
        ]

    def _authentication(self, path: Path, item: document.Method) -> Authentication:
        place = self._place(path)
        own = Credentials(Stated(None, place))
        other = Credentials(Stated(ANY_IDENTITY, place))
        kind = item.method.value
        if kind == "pre-shared-key":
            if item.secret is None:
                raise self._wrong(
                    path, "pre-shared-key without a secret", "add secret = 'file:...'"
                )
            secret = self._secret((*path, "secret"), item.secret)
            own = Credentials(Stated(None, place), secret=secret)
        elif kind == "certificate":
            own_file = self._certificate((*path, "certificate"), item.certificate)
            anchor = self._certificate((*path, "ca"), item.ca)
            keys = () if item.key is None else (self._secret((*path, "key"), item.key),)
            own = Credentials(Stated(None, place), certificates=own_file, keys=keys)
            strength = None
            if item.least_bits is not None or item.hashes:
                named = (*path, "least_bits" if item.least_bits is not None else "hashes")
                hashes = tuple(Hash(one.value) for one in item.hashes)
                strength = Stated(Strength(item.least_bits, hashes), self._place(named))
            other = Credentials(Stated(ANY_IDENTITY, place), anchors=anchor, strength=strength)
        else:
            if item.principal is not None:
                name = Identity(IdentityKind.PRINCIPAL, item.principal)
                own = Credentials(Stated(name, self._place((*path, "principal"))))
            other = self._peer_principal(path, item)
        if kind != "kerberos" and item.peer_principal is not None:
            why = f"peer_principal with the method {kind}"
            raise self._wrong((*path, "peer_principal"), why, "remove peer_principal")
        return Authentication(Stated(_METHODS[kind], place), own, other)

    def _peer_principal(self, path: Path, item: document.Method) -> Credentials:
        """The principal that the peer must have, with its realm."""
        text, place = item.peer_principal, (*path, "peer_principal")
        if text is None:
            return Credentials(Stated(ANY_IDENTITY, self._place(path)))
        name, _, realm = text.rpartition("@")
        if not name or not realm:
            why = f"{text!r} is not a principal with its realm"
            raise self._wrong(place, why, "write peer_principal = 'NAME@REALM'")
        return Credentials(Stated(Identity(IdentityKind.PRINCIPAL, text), self._place(place)))

    def _secret(self, path: Path, text: str) -> Secret:
        """A reference, resolved; the error for anything else does not show it."""
        kind, _, name = text.partition(":")
        place = self._place(path)
        if kind == "env" and name:
            value = self._reader.environment(name)
            octets = value.encode("utf-8", "surrogateescape") if value is not None else None
            return Secret(f"env:{name}", place, octets, f"the variable {name} is not set")
        if kind == "file" and name:
            full = posixpath.join(posixpath.dirname(self._file), name)
            try:
                octets = self._reader.read(full)
            except ReadError as error:
                return Secret(f"file:{name}", place, None, f"cannot read {full}: {error}")
            return Secret(f"file:{name}", place, octets.rstrip(b"\r\n"))
        mend = f"write {path[-1]} = 'file:PATH' or 'env:NAME'"
        raise self._wrong(path, "a secret in the policy itself", mend)

    def _certificate(self, path: Path, name: str | None) -> tuple[CertificateFile, ...]:
        if name is None:
            return ()
        full = posixpath.join(posixpath.dirname(self._file), name)
        try:
            octets = self._reader.read(full)
        except ReadError as error:
            missing = f"cannot read {full}: {error}"
            return (CertificateFile(name, self._place(path), None, missing),)
        found = all_certificates(octets)
        if not found:
            return (CertificateFile(name, self._place(path), None, f"{full} is not a certificate"),)
        return tuple(CertificateFile(name, self._place(path), der) for der in found)

    # ---- Phase II
    def _children(self, path: Path, rule: document.Rule) -> list[Child]:
        filters = self._policy.filter_lists[rule.filter_list].filters
        return [self._child(rule, number, item) for number, item in enumerate(filters)]

    def _child(self, rule: document.Rule, number: int, item: document.Filter) -> Child:
        path: Path = ("filter_lists", rule.filter_list, "filters", number)
        above: Path = ("filter_actions", rule.filter_action)
        action = self._policy.filter_actions[rule.filter_action]
        ends = [
            Stated(self._end(path, item, "source"), self._line((*path, "source"))),
            Stated(self._end(path, item, "destination"), self._line((*path, "destination"))),
        ]
        if item.source != "me" and item.destination == "me":
            ends.reverse()  # written from the other side: the local end is the destination
        kind = Action(action.action.value)
        place = self._place((*above, "action")) or self._line(above)
        soft = kind is Action.NEGOTIATE and action.allow_unsecured
        without = WithoutSA.CLEAR_AFTER_SILENCE if soft else WithoutSA.DROPPED
        mode = Mode.TUNNEL if rule.tunnel_endpoint is not None else Mode.TRANSPORT
        return Child(
            name=rule.name if number == 0 else f"{rule.name}-{number + 1}",
            place=self._line(path),
            action=Stated(kind, place),
            mode=Stated(mode),
            proposals=self._quick_mode_offers(above, action),
            local=(ends[0],),
            remote=(ends[1],),
            life=self._life(above, action),
            without_sa=Stated(
                WithoutSA.CLEAR if kind is Action.PERMIT else without,
                self._place((*above, "allow_unsecured")),
            ),
            inbound_clear=Stated(
                action.accept_unsecured, self._place((*above, "accept_unsecured"))
            ),
            starts=Stated(kind is Action.NEGOTIATE),
            when_dead=Stated(
                WhenDead(action.dpd_action.value), self._place((*above, "dpd_action"))
            ),
        )

    def _end(self, path: Path, item: document.Filter, key: str) -> Selector:
        """One end of a filter with protocol and port."""
        text = item.source if key == "source" else item.destination
        port = item.source_port if key == "source" else item.destination_port
        found = self._address((*path, key), text)
        name = str(item.protocol).lower()
        numbered = re.fullmatch("[0-9]{1,9}", name) is not None
        if not numbered and name not in _PROTOCOLS:
            raise self._wrong(
                (*path, "protocol"),
                f"unknown protocol {name!r}",
                "write any, tcp, udp, icmp or a number",
            )
        protocol = int(name) if numbered else _PROTOCOLS[name]
        if protocol > 255:
            raise self._wrong(
                (*path, "protocol"), f"{name} is not a protocol", "write a number up to 255"
            )
        ports = (port, port) if port else ANY_PORTS
        return Selector(found.first, found.last, protocol, ports, found.own_address)

    def _quick_mode_offers(
        self, above: Path, action: document.FilterAction
    ) -> tuple[Phase2Proposal, ...]:
        """Offers in order; with qmpfs the group is the one of Phase I, so any main mode group."""
        groups: tuple[Group | None, ...] = ()
        if action.session_key_pfs:
            named = [g for offer in self._main_mode_offers() for g in offer.groups]
            groups = tuple(dict.fromkeys(named))
        found = []
        for number, item in enumerate(action.offers):
            path: Path = (*above, "offers", number)
            parts = []
            if item.ah is not None:
                parts.append(
                    ProtectionProposal(Protocol.AH, (), (Integrity(item.ah.integrity.value),))
                )
            if item.esp is not None:
                cipher = _CIPHERS[item.esp.encryption.value]
                named_hash = item.esp.integrity
                if named_hash is None and cipher.algorithm is Encryption.NULL:
                    raise self._wrong(
                        path, "ESP with neither cipher nor integrity", "name one of them"
                    )
                integrity = (Integrity(named_hash.value),) if named_hash is not None else ()
                parts.append(ProtectionProposal(Protocol.ESP, (cipher,), integrity))
            if not parts:
                raise self._wrong(path, "an offer with neither esp nor ah", "name one or both")
            found.append(Phase2Proposal(tuple(parts), groups, self._line(path)))
        if not found and action.action is document.ActionName.NEGOTIATE:
            raise self._wrong(
                above, "action negotiate without offers", "add [[filter_actions.NAME.offers]]"
            )
        return tuple(found)

    def _life(self, above: Path, action: document.FilterAction) -> Life:
        """Of the first offer: the one that is negotiated between two alike."""
        if not action.offers:
            none: Stated[int | None] = Stated(None)
            return Life(none, none, none, none, none)
        first, path = action.offers[0], (*above, "offers", 0)
        seconds = self._seconds((*path, "lifetime"), first.lifetime)
        kilobytes: Stated[int | None] = Stated(first.kilobytes, self._place((*path, "kilobytes")))
        return Life(seconds, seconds, seconds, kilobytes, kilobytes)
