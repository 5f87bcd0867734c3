"""Which pre-shared key each end selects for the other (RFC 2409 section 5.4; strongSwan 5.9.8, measured).

In Main Mode no identity is known when the key is needed. An initiator looks it up by the identities of
its connection: its address if no local one is stated, and "any" if no remote one is. A responder tries
its connections for the two addresses in their order, without those that state no local identity. If that
finds nothing, the key is looked up by the two addresses. In Aggressive Mode both identities are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.policy import Connection, Peer, SharedSecret
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Address
from proofs.verify.identities import ANY, match


@dataclass(frozen=True, slots=True)
class Selected:
    """A key that was found, and how.

    shared       the key and whom it is for
    rule         what selected it, in words: `by the address 192.0.2.2`
    own, other   the identities of the lookup
    by_address   nothing was found by the identities of the connections
    connection   whose identities found it; None: by address
    """

    shared: SharedSecret
    rule: str
    own: Identity
    other: Identity
    by_address: bool
    connection: Connection | None

    @property
    def secret(self) -> Secret:
        """The key itself."""
        return self.shared.secret


def address_identity(address: Address | None) -> Identity | None:
    """An address as the identity it is."""
    if address is None:
        return None
    kind = IdentityKind.IPV4 if address.version == 4 else IdentityKind.IPV6
    return Identity(kind, str(address))


def stated(identity: Identity | None, address: Address | None) -> Identity | None:
    """The identity that a policy states, or the address if it states none."""
    return identity if identity is not None else address_identity(address)


def best(secrets: Sequence[SharedSecret], own: Identity, other: Identity) -> Secret | None:
    """The secret whose owners match best: the other end's match counts first; of equals, the last."""
    found = best_shared(secrets, own, other)
    return found.secret if found is not None else None


@dataclass(frozen=True)
class _Keyring:
    """An index of keys by owner, for files with hundreds of them."""

    secrets: Sequence[SharedSecret]
    exact: dict[Identity, list[int]]
    loose: list[int]

    @classmethod
    def of(cls, secrets: Sequence[SharedSecret]) -> _Keyring:
        made = cls(secrets, {}, [])
        for number, item in enumerate(secrets):
            if not item.owners or any(map(_is_pattern, item.owners)):
                made.loose.append(number)
            else:
                for owner in item.owners:
                    made.exact.setdefault(owner, []).append(number)
        return made

    def near(self, *identities: Identity) -> Iterator[SharedSecret]:
        """Those that may be for one of these identities, the last of the file first."""
        numbers = {x for identity in identities for x in self.exact.get(identity, ())}
        yield from (self.secrets[x] for x in sorted(numbers | set(self.loose), reverse=True))


def _is_pattern(owner: Identity) -> bool:
    """Whether it matches identities that are not equal to it."""
    return owner.open or owner.kind not in _EXACT


_EXACT = (IdentityKind.IPV4, IdentityKind.IPV6, IdentityKind.FQDN, IdentityKind.USER_FQDN,
          IdentityKind.KEY_ID, IdentityKind.DN)  # fmt: skip
_KEPT: dict[int, _Keyring] = {}
_MOST = 4096


def _keyring(secrets: Sequence[SharedSecret]) -> _Keyring:
    """Built once for each list, and kept as long as it is used."""
    found = _KEPT.get(id(secrets))
    if found is None or found.secrets is not secrets:
        if len(_KEPT) >= _MOST:
            _KEPT.clear()
        found = _KEPT[id(secrets)] = _Keyring.of(secrets)
    return found


def best_shared(
    secrets: Sequence[SharedSecret], own: Identity, other: Identity
) -> SharedSecret | None:
    """As `best`, with the owners."""
    found: tuple[tuple[int, int], SharedSecret] | None = None
    for item in _keyring(secrets).near(own, other):
        owners = item.owners or (ANY_IDENTITY,)
        mine = max(match(own, owner) for owner in owners)
        theirs = max(match(other, owner) for owner in owners)
        if (mine or theirs) and (found is None or (theirs, mine) > found[0]):
            found = (theirs, mine), item
    return found[1] if found else None


def select(
    peer: Peer,
    connections: Sequence[Connection],
    own_address: Address | None,
    other_address: Address | None,
    *,
    initiates: bool | None = None,
    shown: Identity | None = None,
) -> Selected | None:
    """The key that a peer selects; None: it has none.

    connections  those it may be for, in their order; an initiator's is the one it starts
    initiates    whether the peer is the initiator; None: not known, and a local identity that is not
                 stated counts as the address at either end
    shown        Aggressive Mode: the identity that the other end has shown
    """
    for connection in connections:
        for authentication in connection.authentications:
            bound = authentication.own.secret
            if bound is not None:
                mine = stated(authentication.own.identity.value, own_address) or ANY_IDENTITY
                theirs = stated(authentication.other.identity.value, other_address) or ANY_IDENTITY
                return Selected(
                    SharedSecret((), bound),
                    "it is the connection's own",
                    mine,
                    theirs,
                    False,
                    connection,
                )
    for connection, own, other in _asked(connections, own_address, other_address, initiates, shown):
        found = best_shared(peer.secrets, own, other)
        if found is not None:
            return Selected(found, _rule(found, own, other), own, other, False, connection)
    # An address that no policy mentions has no owner: only a key for any peer is found by it.
    here = address_identity(own_address) or ANY_IDENTITY
    there = address_identity(other_address) or ANY_IDENTITY
    found = best_shared(peer.secrets, here, there)
    if found is None:
        return None
    return Selected(found, _rule(found, here, there), here, there, True, None)


def _asked(
    connections: Sequence[Connection],
    own_address: Address | None,
    other_address: Address | None,
    initiates: bool | None,
    shown: Identity | None,
) -> Iterator[tuple[Connection, Identity, Identity]]:
    """The identities by which a key is looked up, connection by connection."""
    for connection in connections:
        for authentication in connection.authentications:
            own = authentication.own.identity.value
            if initiates is False and shown is None and own is None:
                continue
            if own is None or (own == ANY_IDENTITY and (initiates or shown is not None)):
                own = address_identity(own_address) or ANY_IDENTITY
            other = shown or stated(authentication.other.identity.value, other_address)
            yield connection, own, other or ANY_IDENTITY


def _rule(shared: SharedSecret, own: Identity, other: Identity) -> str:
    """What selected a key, in words."""
    named = _owner(shared, other)
    if named is not None:
        return f"by {named.described}"
    named = _owner(shared, own)
    if named is not None:
        return f"by {named.described}, its own identity"
    return "for any peer" if shared.owners else "no id: for any peer"


def _owner(shared: SharedSecret, identity: Identity) -> Identity | None:
    """The owner that names an identity best; None if only "any" does."""
    rated = [(match(identity, owner), owner) for owner in shared.owners]
    found = max(rated, key=lambda item: item[0], default=(0, ANY_IDENTITY))
    return found[1] if found[0] > ANY else None


def secret_of(
    peer: Peer,
    connections: Sequence[Connection],
    own_address: Address | None,
    other_address: Address | None,
    *,
    initiates: bool | None = None,
    shown: Identity | None = None,
) -> Secret | None:
    """The key that `select` finds."""
    found = select(peer, connections, own_address, other_address, initiates=initiates, shown=shown)
    return found.secret if found is not None else None
