"""A policy -> the settings of an engine (R3, R10, R21).

phase1, phase2   proposals, lifetimes, packets      credentials   identities and pre-shared keys
methods          certificates and Kerberos

Unsupported settings are a PolicyError that names the line: nothing in a policy is ignored silently. The
handling of proposals is written here independently of the specification's rule of choice, so that the two
can be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from impl.auth.gss import Mechanism, Mit
from impl.auth.keys import SigningKey
from impl.ike.settings import ConnectionSettings, Host, Settings
from impl.translate.credentials import expected_id, own_id, secret_of
from impl.translate.methods import certificate_of, kerberos_of
from impl.translate.phase1 import METHODS, detection, phase1_life, phase1_offer, phase1_ranks
from impl.translate.phase2 import child_settings
from impl.translate.words import cannot
from impl.wire.numbers import Method
from model.vocabulary.policy import (
    Action,
    Authentication,
    Connection,
    Peer,
    WhenDead,
    WithoutSA,
)
from model.vocabulary.profiles import Identities, Order
from model.vocabulary.suites import AuthMethod, Exchange

_EXACT, _ANY = 129, 1  # how well addresses match: above a network, below one


@dataclass(frozen=True)
class Plan:
    """What to run at one address.

    targets   whom a connection calls; in `mute` why another one calls nobody
    notes     what of the policy is not the engine's business, in words
    """

    settings: Settings
    targets: dict[str, Host] = field(default_factory=dict)
    mute: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held:
    """What an end has beside its policy.

    keys        private keys; the policy may name some too
    mechanism   where Kerberos has its tickets and keys from, by default as the environment says
    """

    keys: tuple[SigningKey, ...] = ()
    mechanism: Mechanism = field(default_factory=Mit)


def plan(peer: Peer, local: Host, only: Collection[str] = (), held: Held = Held()) -> Plan:
    """What a policy says for a local address; PolicyError with place and words for what cannot be done.

    only    names of connections: the rest of the policy is left alone; empty: all of them
    """
    chosen = _chosen(peer, local, only)
    _one_for_each_address(peer, chosen)
    if peer.profile.identities is Identities.PROVED:
        chosen.sort(key=lambda item: -_quality(item))  # the filter that says most comes first
    settings = Settings(
        local,
        tuple(_connection(peer, item, local, held) for item in chosen),
        resends=peer.profile.resends,
        alternatives=peer.profile.answers_alternatives,
    )
    made = Plan(settings)
    for connection in chosen:
        singles = (item.single for item in connection.remote_addresses.value)
        target = next((item for item in singles if item is not None), None)
        if connection.initiates != 1:
            made.mute[connection.name] = (
                "it starts with IKEv2, which is not supported: set version = 1"
            )
        elif target is None:
            made.mute[connection.name] = "it states no address to call"
        else:
            made.targets[connection.name] = target
    return Plan(made.settings, made.targets, made.mute, tuple(_notes(peer, chosen, only)))


def local_addresses(peer: Peer, only: Collection[str] = ()) -> list[Host]:
    """The local addresses that a policy states, in order; empty if it leaves them open."""
    found: dict[Host, None] = {}
    for connection in _wanted(peer, only):
        for pattern in connection.local_addresses.value:
            if pattern.single is not None:
                found[pattern.single] = None
    return list(found)


# ---- which connections
def _wanted(peer: Peer, only: Collection[str]) -> list[Connection]:
    known = [item.name for item in peer.connections]
    for name in only:
        if name not in known:
            why = f"{peer.name} has no connection {name!r}"
            raise cannot(why, None, f"it has {', '.join(known) or 'none'}")
    named = [item for item in peer.connections if not only or item.name in only]
    return [item for item in named if 1 in item.versions.value or item.name in only]


def _chosen(peer: Peer, local: Host, only: Collection[str]) -> list[Connection]:
    """The connections for a local address."""
    found = []
    for connection in _wanted(peer, only):
        if 1 not in connection.versions.value:
            place = connection.versions.place or connection.place
            raise cannot(f"{connection.name} is for IKEv2 only", place, "write version = 1")
        for pattern in (*connection.local_addresses.value, *connection.remote_addresses.value):
            if pattern.first is None and not pattern.anything:
                place = connection.remote_addresses.place or connection.place
                raise cannot(
                    f"{connection.name} is for the host name {pattern.text}, and host names are not resolved",
                    place,
                    "state the address instead",
                )
        if _left_to_filters(peer, connection):
            continue
        if any(pattern.holds(local) for pattern in connection.local_addresses.value):
            found.append(connection)
    if not found:
        stated = ", ".join(map(str, local_addresses(peer, only))) or "none"
        why = f"no connection of {peer.name} is for the local address {local}"
        raise cannot(why, None, f"listen on an address that the policy states: {stated}")
    return found


def _left_to_filters(peer: Peer, connection: Connection) -> bool:
    """A rule that only passes or drops packets: where filters decide before IKE does, it has no peer."""
    filters = peer.profile.identities is Identities.PROVED
    return filters and all(i.action.value is not Action.NEGOTIATE for i in connection.children)


def _one_for_each_address(peer: Peer, chosen: Sequence[Connection]) -> None:
    """The engine knows a peer's connection by the peer's address, at the first message."""
    by_identity = peer.profile.identities is Identities.STATED
    for number, later in enumerate(chosen):
        for earlier in chosen[:number]:
            same = _quality(earlier) == _quality(later)
            if _meet(earlier, later) and (by_identity or same):
                raise cannot(
                    f"{earlier.name} and {later.name} are for the same peers, and connections are "
                    "distinguished by the peer's address alone",
                    later.remote_addresses.place or later.place,
                    "make them one connection, or run one of them: --peer NAME",
                )


def _meet(one: Connection, other: Connection) -> bool:
    for a in one.remote_addresses.value:
        for b in other.remote_addresses.value:
            if a.anything or b.anything:
                return True
            if a.first is None or a.last is None or b.first is None or b.last is None:
                return True
            same = a.first.version == b.first.version
            if same and int(a.first) <= int(b.last) and int(b.first) <= int(a.last):
                return True
    return False


def _quality(connection: Connection) -> int:
    """How much a connection says of whom it is for."""
    found = []
    for item in connection.remote_addresses.value:
        if item.single is not None:
            found.append(_EXACT)
        elif item.first is None or item.last is None:
            found.append(_ANY)
        else:
            host_bits = (int(item.last) - int(item.first)).bit_length()
            found.append(_ANY + item.first.max_prefixlen - host_bits)
    return min(found)


# ---- one connection
def _connection(peer: Peer, connection: Connection, local: Host, held: Held) -> ConnectionSettings:
    if connection.exchange.value is not Exchange.MAIN:
        place = connection.exchange.place or connection.place
        raise cannot(
            f"{connection.name} uses Aggressive Mode, which is not supported",
            place,
            "use Main Mode",
        )
    ways = _authentications(connection)
    remotes = connection.remote_addresses.value
    proved = peer.profile.identities is Identities.PROVED
    methods = tuple(ways)
    certificate = kerberos = secret = None
    if Method.PRE_SHARED_KEY in ways:
        secret = secret_of(peer, connection, ways[Method.PRE_SHARED_KEY], local)
    if Method.RSA_SIGNATURES in ways:
        way = ways[Method.RSA_SIGNATURES]
        certificate = certificate_of(peer, connection, way, held.keys)
    if Method.KERBEROS in ways:
        kerberos = kerberos_of(connection, ways[Method.KERBEROS], held.mechanism)
    # a Kerberos name goes into the SA, and not into an ID payload
    named = next((way for method, way in ways.items() if method != Method.KERBEROS), None)
    return ConnectionSettings(
        name=connection.name,
        remotes=remotes,
        choices=phase1_offer(connection, peer.profile, methods),
        accepted=phase1_ranks(connection, methods),
        prefers_own=peer.profile.order is Order.RESPONDER,
        own=None if named is None else own_id(named, connection),
        expected=None if proved or named is None else expected_id(named, connection),
        secret=secret,
        certificate=certificate,
        kerberos=kerberos,
        life=phase1_life(connection, peer.profile),
        children=tuple(
            child_settings(peer, connection, item, local) for item in connection.children
        ),
        limit=1 if connection.master_key_pfs.value else connection.phase2_limit.value,
        falls_back=_falls_back(connection),
        selectors=peer.profile.selectors,
        detection=detection(connection),
    )


def _authentications(connection: Connection) -> dict[Method, Authentication]:
    """The ways to authenticate, by method in order of preference."""
    found: dict[Method, Authentication] = {}
    for item in connection.authentications:
        place = item.method.place or connection.place
        method = METHODS.get(item.method.value)
        if method is None:
            words = item.method.value.value
            if item.method.value is AuthMethod.NONE:
                words = "an authentication for which IKEv1 has no method"
            why = f"{connection.name} uses {words}, which is not supported"
            raise cannot(why, place, "use a pre-shared key, a certificate or Kerberos")
        if method in found:
            why = f"{connection.name} states {item.method.value.value} twice, but can use only one"
            raise cannot(why, place, "remove one of them")
        found[method] = item
    if Method.PRE_SHARED_KEY in found:
        _no_certificates(connection, found[Method.PRE_SHARED_KEY])
    return found


def _no_certificates(connection: Connection, authentication: Authentication) -> None:
    for side in (authentication.own, authentication.other):
        for file in (*side.certificates, *side.anchors):
            why = (
                f"{connection.name} requires a certificate, but a pre-shared key comes without one"
            )
            raise cannot(why, file.place or connection.place, "remove the certificate")


def _falls_back(connection: Connection) -> bool:
    """Whether packets go clear after silence (R8): of one exchange, so for all its children or none."""
    children = [item for item in connection.children if item.action.value is Action.NEGOTIATE]
    soft = [item.without_sa.value is WithoutSA.CLEAR_AFTER_SILENCE for item in children]
    if any(soft) and not all(soft):
        odd = children[soft.index(not soft[0])]
        place = odd.without_sa.place or odd.place
        why = (
            f"some children of {connection.name} send in clear when nobody answers, and some do not"
        )
        raise cannot(why, place, "split them into two connections")
    return any(soft)


def _notes(peer: Peer, chosen: Sequence[Connection], only: Collection[str]) -> list[str]:
    found = []
    for connection in peer.connections:
        if not only and 1 not in connection.versions.value:
            found.append(
                f"{connection.place}: {connection.name} is for IKEv2 only, and is left out"
            )
    for connection in chosen:
        found += _notes_on_the_dead(peer, connection)
    for connection in peer.connections:
        if connection not in chosen and not _left_to_filters(peer, connection):
            continue
        for child in connection.children:
            if child.action.value is not Action.NEGOTIATE:
                does = "passes" if child.action.value is Action.PERMIT else "drops"
                found.append(
                    f"{child.place}: {child.name} {does} packets without IPsec: "
                    "there is nothing to negotiate"
                )
    return found


def _notes_on_the_dead(peer: Peer, connection: Connection) -> list[str]:
    """What dead peer detection is not as the policy's own stack has it."""
    if detection(connection) is None:
        return []
    found = []
    if not peer.profile.dead_peer_detection:
        place = connection.detection.delay.place or connection.place
        found.append(
            f"{place}: {connection.name} uses dead peer detection, which {peer.profile.name} does not support"
        )
    for child in connection.children:
        if child.when_dead.value is WhenDead.TRAP and child.action.value is Action.NEGOTIATE:
            found.append(
                f"{child.when_dead.place or child.place}: after a dead peer {child.name} waits for "
                "packets, and none pass here: bring it up with ikeproof ctl up"
            )
    return found
