"""How the addresses in policies match, and an index of a peer's connections by address.

A policy lists addresses, networks, ranges, names and "any". An implementation calls the first of the
other end's addresses, and answers with the connection whose addresses match best (strongSwan 5.9.8, measured).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from model.vocabulary.policy import AddressPattern, Connection, Peer
from model.vocabulary.selectors import Address

# Match quality as charon rates it: an exact address, then the longer prefix, then "any".
EXACT, ANY = 129, 1
# "Any" of one family only.
_ANY_OF = {"%any4": 4, "0.0.0.0": 4, "0.0.0.0/0": 4, "%any6": 6, "::": 6, "::/0": 6}


@dataclass(frozen=True, slots=True)
class Sight:
    """The two addresses as one end sees them; None where no policy states one.

    names     DNS names that are assumed to resolve to the other end
    assumed   the IP version that the packets are assumed to have, where neither address is known
    """

    own: Address | None
    other: Address | None
    names: frozenset[str] = frozenset()
    assumed: int | None = None

    @property
    def version(self) -> int | None:
        """The IP version of both addresses, as far as it is known."""
        known = self.own or self.other
        return known.version if known is not None else self.assumed


@dataclass(frozen=True, slots=True)
class Wire:
    """What each end sees; the two differ where a NAT translates.

    natted   the ends behind a NAT: "initiator", "responder"
    """

    initiator: Sight
    responder: Sight
    natted: frozenset[str] = frozenset()


def is_name(pattern: AddressPattern) -> bool:
    """Whether it is a DNS name, which only the host resolves."""
    return pattern.first is None and not pattern.anything


def host(pattern: AddressPattern) -> Address | None:
    """The address of an entry that is written as a single address; a network with one address does not count."""
    return pattern.single if not {"/", "-"} & set(pattern.text) else None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a connection calls: an address or a name.

    unresolved   names before it, which are skipped if they do not resolve
    """

    pattern: AddressPattern
    unresolved: tuple[str, ...] = ()


def called(
    patterns: Sequence[AddressPattern], own: Iterable[AddressPattern] = ()
) -> AddressPattern | None:
    """Whom a peer calls: the first entry that is an address or a name; None: it cannot call.

    own   what it states of its own address: the IP version of the first one is the one it calls
    """
    versions = [x for item in own if (x := _version(item)) is not None]
    # None of the first version: take one of another version, if the peer has an address of it.
    wanted: list[int | None] = [*dict.fromkeys(versions)] or [None]
    for version in wanted:
        for item in patterns:
            if item.anything and "/" not in item.text:
                if version is None or _ANY_OF.get(item.text, version) == version:
                    break
                continue
            found = host(item)
            if is_name(item) or (found is not None and version in (None, found.version)):
                return item
    return None


def _version(pattern: AddressPattern) -> int | None:
    """The IP version of an address, or of "any" of one version; None: it binds a peer to no version."""
    address = host(pattern)
    if address is not None:
        return address.version
    return _ANY_OF.get(pattern.text) if pattern.anything and "/" not in pattern.text else None


def stated_versions(connection: Connection) -> tuple[int, ...]:
    """The IP versions by which a connection may call a name: those of its own addresses, else both."""
    found = [x for item in connection.local_addresses.value if (x := _version(item)) is not None]
    return tuple(dict.fromkeys(found)) or (4, 6)


def source(patterns: Iterable[AddressPattern], version: int | None) -> AddressPattern | None:
    """What a peer calls from: the first address of the family it calls; None: the host chooses.

    version   the IP version of the address that it calls, None where that is not known
    """
    for item in patterns:
        if item.anything:
            return None
        found = host(item)
        if is_name(item) or (found is not None and version in (None, found.version)):
            return item
    return None


def calls(connection: Connection) -> AddressPattern | None:
    """Whom a connection calls; None: it cannot start."""
    return called(connection.remote_addresses.value, connection.local_addresses.value)


def targets(connection: Connection) -> tuple[Target, ...]:
    """Whom it calls first, and whom it calls if the names before do not resolve; empty: it cannot start.

    A name at the end of the list is assumed to resolve: otherwise nothing is called.
    """
    found: list[Target] = []
    unresolved: list[str] = []
    patterns = list(connection.remote_addresses.value)
    while (whom := called(patterns, connection.local_addresses.value)) is not None:
        found.append(Target(whom, tuple(unresolved)))
        if not is_name(whom):
            break
        unresolved.append(whom.text)
        patterns = patterns[patterns.index(whom) + 1 :]
    return tuple(found)


def ikev1(peer: Peer) -> list[Connection]:
    """The connections that answer IKEv1."""
    return [item for item in peer.connections if 1 in item.versions.value]


def quality(
    patterns: Iterable[AddressPattern],
    address: Address | None,
    names: frozenset[str] = frozenset(),
    version: int | None = None,
) -> int:
    """How well a list of patterns matches an address; 0: no match.

    address   None: one that no policy states, which only "any" takes
    names     DNS names that mean it
    version   the IP version of an address that no policy states; None: not known
    """
    return max((_quality(item, address, names, version) for item in patterns), default=0)


def own_quality(
    patterns: Iterable[AddressPattern], address: Address | None, version: int | None = None
) -> int:
    """The same for the local end; a name among the local addresses is assumed to be the one that was called."""
    found = list(patterns)
    if address is None and not any(item.anything or is_name(item) for item in found):
        return 0
    names = frozenset(item.text for item in found if is_name(item))
    return quality(found, address, names, version)


def priority(connection: Connection, sight: Sight) -> int:
    """How well a responder's connection matches these addresses; 0: no match.

    The caller's address counts twice as much, and a connection for IKEv1 alone a little more.
    """
    own = own_quality(connection.local_addresses.value, sight.own, sight.version)
    other = quality(connection.remote_addresses.value, sight.other, sight.names, sight.version)
    alone = 2 not in connection.versions.value
    return 8 * own + 16 * other + 4 * alone if own and other else 0


def _quality(
    item: AddressPattern, address: Address | None, names: frozenset[str], version: int | None
) -> int:
    if item.anything:
        family = address.version if address is not None else version
        return ANY if _ANY_OF.get(item.text, family) == family else 0
    if is_name(item):
        return EXACT if item.text in names else 0
    if address is None or not item.holds(address):
        return 0
    if host(item) is not None:
        return EXACT
    assert item.first is not None and item.last is not None
    size = int(item.last) - int(item.first) + 1
    network = size & (size - 1) == 0 and int(item.first) % size == 0
    return address.max_prefixlen - size.bit_length() + 2 if network else ANY


@dataclass(frozen=True)
class Directory:
    """An index of a peer's connections by address.

    stated   addresses that the peer states as its own, in the order of the file
    open     whether it may have others: some connection takes any, a network or a name
    answering   connections for IKEv1 by the one address that their remote_addrs states
    others      connections for IKEv1 whose remote_addrs say anything else
    """

    stated: tuple[Address, ...]
    open: bool
    answering: dict[Address, list[tuple[int, Connection]]] = field(default_factory=dict)
    others: list[tuple[int, Connection]] = field(default_factory=list)
    calling: dict[Address | None, list[Connection]] = field(default_factory=dict)

    def for_caller(self, address: Address | None) -> Iterator[Connection]:
        """Connections that may match this caller, in the order of the file."""
        exact = self.answering.get(address, []) if address is not None else []
        if not exact:
            yield from (item for _, item in self.others)
            return
        yield from (item for _, item in sorted([*exact, *self.others], key=lambda x: x[0]))

    @classmethod
    def of(cls, peer: Peer) -> Directory:
        """Built once for each peer."""
        stated: dict[Address, None] = {}
        others = False
        for connection in peer.connections:
            for item in connection.local_addresses.value:
                address = host(item)
                if address is not None:
                    stated[address] = None
                else:
                    others = True
        made = cls(tuple(stated), others)
        for number, connection in enumerate(ikev1(peer)):
            patterns = connection.remote_addresses.value
            single = host(patterns[0]) if len(patterns) == 1 else None
            if single is not None:
                made.answering.setdefault(single, []).append((number, connection))
            else:
                made.others.append((number, connection))
        for connection in ikev1(peer) or peer.connections:
            whom = calls(connection)
            made.calling.setdefault(whom.single if whom else None, []).append(connection)
        return made


_KEPT: dict[int, tuple[Peer, Directory]] = {}
_MOST = 4096


def directory(peer: Peer) -> Directory:
    """The index of a peer, kept as long as it is used."""
    found = _KEPT.get(id(peer))
    if found is None or found[0] is not peer:
        if len(_KEPT) >= _MOST:
            _KEPT.clear()
        found = _KEPT[id(peer)] = peer, Directory.of(peer)
    return found[1]
