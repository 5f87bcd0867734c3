"""Which pre-shared key each end takes for the other (RFC 2409 section 5.4; charon 5.9).

In Main Mode no identity is known when the key is needed: charon looks for a key for the identities
that its connections for these addresses state, then for the two addresses.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.policy import Authentication, Connection, Peer, SharedSecret
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Address
from proofs.verify.identities import match


def address_identity(address: Address | None) -> Identity | None:
    """An address as the identity it is."""
    if address is None:
        return None
    kind = IdentityKind.IPV4 if address.version == 4 else IdentityKind.IPV6
    return Identity(kind, str(address))


def stated(identity: Identity | None, address: Address | None) -> Identity | None:
    """The identity a policy states, or the address it stands for where it states none."""
    return identity if identity is not None else address_identity(address)


def best(secrets: Sequence[SharedSecret], own: Identity, other: Identity) -> Secret | None:
    """The secret whose owners match best: the other end's match counts first; of equals, the last."""
    found: tuple[tuple[int, int], Secret] | None = None
    for item in reversed(secrets):
        owners = item.owners or (ANY_IDENTITY,)
        mine = max(match(own, owner) for owner in owners)
        theirs = max(match(other, owner) for owner in owners)
        if (mine or theirs) and (found is None or (theirs, mine) > found[0]):
            found = (theirs, mine), item.secret
    return found[1] if found else None


def secret_of(
    peer: Peer,
    connections: Sequence[Connection],
    own_address: Address | None,
    other_address: Address | None,
) -> Secret | None:
    """The key that a peer takes, with the connections it may be for in their order."""
    for connection in connections:
        for authentication in connection.authentications:
            if authentication.own.secret is not None:
                return authentication.own.secret
    for connection in connections:
        for authentication in connection.authentications:
            found = _by_identity(peer, authentication, own_address, other_address)
            if found is not None:
                return found
    here, there = address_identity(own_address), address_identity(other_address)
    return best(peer.secrets, here, there) if here is not None and there is not None else None


def _by_identity(
    peer: Peer, authentication: Authentication, own: Address | None, other: Address | None
) -> Secret | None:
    mine = stated(authentication.own.identity.value, own) or ANY_IDENTITY
    theirs = stated(authentication.other.identity.value, other) or ANY_IDENTITY
    return best(peer.secrets, mine, theirs)
