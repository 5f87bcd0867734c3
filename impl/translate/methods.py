"""What certificates and Kerberos take, out of a policy (R3, R5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from impl.auth.certificate import CertificateSettings
from impl.auth.gss import Mechanism
from impl.auth.kerberos import KerberosSettings
from impl.auth.keys import SigningKey, certificates_of, lists_of
from impl.auth.names import unconfirmed
from impl.auth.paths import PLAIN, Rules, Trust
from impl.translate.credentials import own_id
from impl.translate.words import cannot
from impl.wire.payloads import Identification
from model.vocabulary.identities import IdentityKind
from model.vocabulary.places import Place
from model.vocabulary.policy import Authentication, Connection, Credentials, Peer
from model.vocabulary.profiles import Certificates
from model.vocabulary.secrets import Secret

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

T = TypeVar("T")


def certificate_of(
    peer: Peer,
    connection: Connection,
    authentication: Authentication,
    keys: tuple[SigningKey, ...],
) -> CertificateSettings:
    """The local certificate, its key, and whom to believe; `keys`: more than the policy names."""
    place = authentication.method.place or connection.place
    own, other = authentication.own, authentication.other
    # Exactly these, or by whom they must be issued.
    believed = other.certificates or other.anchors or peer.anchors
    for missing, what, mend in (
        (not own.certificates, "names no local certificate", "name the local certificate"),
        (
            not own.keys and not keys,
            "has no private key for its certificate",
            "name the key, or put it in private/",
        ),
        (not believed, "has no trust anchor", "name the trust anchor"),
    ):
        if missing:
            raise cannot(f"{connection.name} uses certificates, but {what}", place, mend)
    shown = _known(lambda: certificates_of(own.certificates), own.certificates[0].place or place)
    accepted = _known(lambda: certificates_of(believed), believed[0].place or place)
    where = peer.lists[0].place if peer.lists else None
    lists = _known(lambda: lists_of(peer.lists), where or place)
    faults: list[str] = []
    read = [*keys, *_read(own.keys, faults)]
    leaf, key = _with_key(shown, read, faults, own_id(authentication, connection), place)
    authorities = _known(lambda: certificates_of(peer.anchors), place)
    chain = tuple(_issuers(leaf, (*shown, *authorities)))
    rules = _rules(peer, other)
    if other.certificates:
        trust = Trust(accepted, (), lists, rules)
    else:
        # What has signed itself is believed; an authority in between only as far as one of those vouches.
        every = tuple(dict.fromkeys((*accepted, *authorities)))
        roots = tuple(item for item in every if item.subject == item.issuer)
        demanded = accepted if other.anchors else ()
        trust = Trust(roots, every, lists, rules, demanded)
    return CertificateSettings((leaf, *chain), key, trust)


def _read(keys: tuple[Secret, ...], faults: list[str]) -> Iterator[SigningKey]:
    for secret in keys:
        try:
            yield SigningKey.of(secret)
        except ValueError as error:
            faults.append(str(error))


def _with_key(
    certificates: tuple[Certificate, ...],
    read: list[SigningKey],
    faults: list[str],
    shown: Identification | None,
    place: Place,
) -> tuple[Certificate, SigningKey]:
    """The first certificate that one of the keys belongs to, and that key; of several one that confirms
    the identity that is shown. `faults`: of keys that could not be read."""
    found = [(item, key) for item in certificates for key in read if key.belongs_to(item)]
    for certificate, key in found:
        if shown is None or not unconfirmed(certificate, shown):
            return certificate, key
    if found:
        return found[0]
    labels = ", ".join(key.label for key in read)
    why = f"no private key belongs to {certificates[0].subject.rfc4514_string()}"
    told = "; ".join([f"{why}: there is {labels}" if labels else why, *faults])
    raise cannot(told, place, "add the key of the local certificate")


def _issuers(leaf: Certificate, pool: tuple[Certificate, ...]) -> Iterator[Certificate]:
    """The authorities between a certificate and its root, as far as they are known."""
    last, left = leaf, [item for item in dict.fromkeys(pool) if item.subject != item.issuer]
    while found := next((item for item in left if item.subject == last.issuer), None):
        left.remove(found)
        yield found
        last = found


def _rules(peer: Peer, other: Credentials) -> Rules:
    """What is asked of the peer's path: what its stack asks, or the policy."""
    strict = peer.profile.certificates is Certificates.STRICT
    word = _revocation(other)
    base = Rules() if strict else PLAIN
    rules = replace(base, needs_list=word == "strict", needs_named=word == "ifuri")
    if other.strength is None:
        return rules
    stated = other.strength.value
    bits = rules.least_bits if stated.least_bits is None else stated.least_bits
    hashes = frozenset(item.value for item in stated.hashes) or rules.hashes
    return replace(rules, least_bits=bits, hashes=hashes)


def _revocation(other: Credentials) -> str:
    """How much must be known of revocation, in strongSwan's word."""
    stated = other.revocation
    if stated is None:
        return "relaxed"
    if stated.value not in ("relaxed", "strict", "ifuri"):
        why = f"revocation = {stated.value} is not a known value"
        raise cannot(why, stated.place, "use relaxed, ifuri or strict")
    return stated.value


def kerberos_of(
    connection: Connection, authentication: Authentication, mechanism: Mechanism
) -> KerberosSettings:
    """The local principal, where its tickets and keys are, and who the peer must be.

    If the policy does not say, any principal that Kerberos vouches for is taken, as Windows does. Spoken
    is Windows' dialect.
    """
    stated = authentication.own.identity
    place = stated.place or authentication.method.place or connection.place
    if stated.value is None or stated.value.kind is not IdentityKind.PRINCIPAL:
        why = f"{connection.name} uses Kerberos, but names no local principal"
        raise cannot(why, place, "add principal = 'NAME@REALM'")
    name, other = stated.value.text, authentication.other.identity.value
    principal = other is not None and other.kind is IdentityKind.PRINCIPAL
    expected = (other.text,) if other is not None and principal else None
    return _known(lambda: KerberosSettings(name, expected, mechanism), place)


def _known(make: Callable[[], T], place: Place) -> T:
    """What can be made of files and names; PolicyError for what is wrong with them."""
    try:
        return make()
    except ValueError as error:
        why = str(error)
    raise cannot(why, place, "check that it is the right file and readable")
