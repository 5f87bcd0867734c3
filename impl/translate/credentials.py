"""Identities as ID payloads, and which pre-shared key is for a connection (R5; RFC 2407 4.6.2)."""

from __future__ import annotations

from ipaddress import ip_address

from impl.auth.patterns import AddressRange, DnPattern, NamePattern, Pattern
from impl.ike.settings import Host, identification_of
from impl.translate.words import cannot
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification
from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.places import Place
from model.vocabulary.policy import Authentication, Connection, Peer
from model.vocabulary.secrets import Secret

_NAMES = {IdentityKind.FQDN: IdType.FQDN, IdentityKind.USER_FQDN: IdType.USER_FQDN}
_RANGES = {IdentityKind.IPV4: IdentityKind.IPV4_RANGE, IdentityKind.IPV6: IdentityKind.IPV6_RANGE}
_SAME, _WITHIN, _ANYBODY, _NOT = 3, 2, 1, 0


def own_id(authentication: Authentication, connection: Connection) -> Identification | None:
    """What the local end shows; None: its address, or its certificate's subject. A principal is shown
    elsewhere."""
    stated = authentication.own.identity
    if stated.value is None or stated.value == ANY_IDENTITY:
        return None
    if stated.value.kind is IdentityKind.PRINCIPAL:
        return None
    return _id(stated.value, stated.place or connection.place)


def expected_id(
    authentication: Authentication, connection: Connection
) -> Identification | Pattern | None:
    """What the other end must show, or a pattern of that; None: whatever the key proves."""
    stated = authentication.other.identity
    place = stated.place or connection.place
    if stated.value is not None:
        if stated.value == ANY_IDENTITY:
            return None
        return pattern_of(stated.value, place) or _id(stated.value, place)
    address = _only_remote(connection)
    if address is None:
        why = f"{connection.name} expects the peer's address as its identity, but no address is stated"
        raise cannot(why, place, "state the peer's identity")
    return identification_of(address)


def pattern_of(identity: Identity, place: Place) -> Pattern | None:
    """What an identity leaves open; None if it is a single one."""
    kind, text = identity.kind, identity.text
    if kind in _RANGES.values() and not text.startswith("#"):
        first, last = (ip_address(part) for part in text.split("-"))
        return AddressRange(first, last)
    try:
        if kind in _NAMES and text.startswith("*"):
            return NamePattern.of(_NAMES[kind], text)
        if identity.name is not None and identity.open:
            return DnPattern.of(identity.name.written)
    except ValueError as error:
        why = f"the identity {identity} is not supported: {error}"
    else:
        return None
    raise cannot(why, place, "write for example *.example.com, or O=Example, CN=*")


def _id(identity: Identity, place: Place) -> Identification:
    kind, text = identity.kind, identity.text
    if kind in (IdentityKind.IPV4, IdentityKind.IPV6) and not text.startswith("#"):
        return identification_of(ip_address(text))
    if kind in _NAMES and "*" not in text and not text.startswith("#"):
        return Identification(_NAMES[kind], 0, 0, text.encode())
    if identity.name is not None and not identity.open:
        return Identification(IdType.DER_ASN1_DN, 0, 0, identity.name.der)
    if kind is IdentityKind.KEY_ID:
        return Identification(IdType.KEY_ID, 0, 0, bytes.fromhex(text))
    what = "has a wildcard where none is allowed" if "*" in str(identity) else "cannot be sent"
    why = f"the identity {identity} {what}"
    raise cannot(why, place, "state a name, an address or a key ID")


def _only_remote(connection: Connection) -> Host | None:
    singles = {item.single for item in connection.remote_addresses.value}
    return singles.pop() if len(singles) == 1 else None


# ---- pre-shared keys
def secret_of(
    peer: Peer, connection: Connection, authentication: Authentication, local: Host
) -> Secret:
    """The key for a connection: its own; else the one whose owners name both ends best, by identity,
    and only then by address. The other end's name counts first; of equals the last one written does."""
    if authentication.own.secret is not None:
        return _known(authentication.own.secret, connection)
    remote = _only_remote(connection)
    own = authentication.own.identity.value or _address(local)
    stated = authentication.other.identity.value
    other = stated or (_address(remote) if remote is not None else ANY_IDENTITY)
    found = _best(peer, own, other)
    if found is None and remote is not None:
        found = _best(peer, _address(local), _address(remote))
    if found is None:
        why = f"{connection.name} has no pre-shared key for its peer"
        if remote is None:
            why += ", whose identity and address are not stated"
        mend = "add the secret, with the identities of both ends"
        raise cannot(why, connection.place, mend)
    return _known(found, connection)


def _known(secret: Secret, connection: Connection) -> Secret:
    if not secret.known:
        why = f"the pre-shared key {secret.label} cannot be read: {secret.missing}"
        raise cannot(
            why,
            secret.place or connection.place,
            "correct the path, or the permissions of the file",
        )
    return secret


def _address(host: Host) -> Identity:
    return Identity(IdentityKind.IPV4 if host.version == 4 else IdentityKind.IPV6, str(host))


def _best(peer: Peer, own: Identity, other: Identity) -> Secret | None:
    best: tuple[int, int] = (_NOT, _NOT)
    found: Secret | None = None
    for item in peer.secrets:
        owners = item.owners or (ANY_IDENTITY,)
        rate = max(_fits(other, one) for one in owners), max(_fits(own, one) for one in owners)
        if rate != (_NOT, _NOT) and rate >= best:
            best, found = rate, item.secret
    return found


def _fits(identity: Identity, owner: Identity) -> int:
    """How well the owner of a key is that identity."""
    if owner.kind is IdentityKind.ANY:
        return _ANYBODY
    if owner == identity:
        return _SAME
    if identity.text.startswith("#") or owner.text.startswith("#"):
        return _NOT
    if _RANGES.get(identity.kind) is owner.kind:
        low, high = (int(ip_address(part)) for part in owner.text.split("-"))
        return _WITHIN if low <= int(ip_address(identity.text)) <= high else _NOT
    if owner.kind is identity.kind and owner.kind in _NAMES and owner.text.startswith("*"):
        tail = owner.text[1:]
        return _WITHIN if identity.text.endswith(tail) and identity.text != tail else _NOT
    return _NOT
