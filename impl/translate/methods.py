"""What certificates and Kerberos take, out of a policy (R3, R5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from impl.auth.certificate import CertificateSettings
from impl.auth.gss import Mit
from impl.auth.kerberos import KerberosSettings
from impl.auth.keys import SigningKey, certificates_of
from impl.auth.paths import Trust
from impl.translate.words import cannot
from model.vocabulary.identities import IdentityKind
from model.vocabulary.places import Place
from model.vocabulary.policy import Authentication, Connection, Peer
from model.vocabulary.suites import AuthMethod

T = TypeVar("T")


def certificate_of(
    peer: Peer, connection: Connection, authentication: Authentication
) -> CertificateSettings | None:
    """The own certificate, its key, and whom to believe; None for another method."""
    if authentication.method.value is not AuthMethod.CERTIFICATE:
        return None
    place = authentication.method.place or connection.place
    own, other = authentication.own, authentication.other
    if not own.certificates:
        why = f"{connection.name} wants certificates, and names none of its own"
        raise cannot(why, place, "name the own certificate")
    if own.key is None:
        why = f"{connection.name} wants certificates, and its private key is not known"
        raise cannot(why, place, "name the key in a native policy: key = 'file:PATH'")
    anchors = other.anchors or peer.anchors
    if other.certificates:
        why = f"{connection.name} takes one certificate only, which cannot be run yet"
        raise cannot(why, other.certificates[0].place or place, "name who issued it")
    if not anchors:
        why = f"{connection.name} wants certificates, and trusts no authority"
        raise cannot(why, place, "name the trust anchor")
    key = own.key
    shown = _known(lambda: certificates_of(own.certificates), own.certificates[0].place or place)
    trusted = _known(lambda: certificates_of(anchors), anchors[0].place or place)
    signing = _known(lambda: SigningKey.of(key), key.place or place)
    return _known(lambda: CertificateSettings(shown, signing, Trust(trusted)), place)


def kerberos_of(connection: Connection, authentication: Authentication) -> KerberosSettings | None:
    """The own principal, and tickets and keys as the environment has them; None for another method.

    Any principal that Kerberos vouches for is taken, as Windows does, and spoken is its dialect.
    """
    if authentication.method.value is not AuthMethod.KERBEROS:
        return None
    stated = authentication.own.identity
    place = stated.place or authentication.method.place or connection.place
    if stated.value is None or stated.value.kind is not IdentityKind.PRINCIPAL:
        why = f"{connection.name} wants Kerberos, and names no principal of its own"
        raise cannot(why, place, "add principal = 'NAME@REALM'")
    name = stated.value.text
    return _known(lambda: KerberosSettings(name, None, Mit()), place)


def _known(make: Callable[[], T], place: Place) -> T:
    """What can be made of files and names; PolicyError for what is wrong with them."""
    try:
        return make()
    except ValueError as error:
        why = str(error)
    raise cannot(why, place, "see that it is the right file, and readable")
