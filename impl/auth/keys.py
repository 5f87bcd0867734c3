"""Private keys, certificates and revocation lists from octets, with what is wrong in words.

Files are read elsewhere: what comes in here are octets by a name (`CertificateFile`, `Secret`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NoReturn, TypeVar

from impl.crypto.rsa import signed
from model.vocabulary.policy import CertificateFile
from model.vocabulary.secrets import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate, CertificateRevocationList


T = TypeVar("T")


class SigningKey:
    """An RSA private key, known by a label; the key itself reaches no text, and is never pickled.

    label   how it is named to people, such as `file:cmd.key`
    """

    __slots__ = ("_public", "_sign", "label")

    def __init__(self, label: str, key: RSAPrivateKey) -> None:
        self.label = label
        self._public = key.public_key()
        # held in a closure, so that no attribute dump of this object shows it
        self._sign: Callable[[bytes], bytes] = lambda hash_: signed(key, hash_)

    @classmethod
    def of(cls, secret: Secret, passphrase: Secret | None = None) -> SigningKey:
        """The key in a PEM or DER file (PKCS #8 or #1); ValueError if there is none in it."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        label = secret.label
        if not secret.known:
            raise ValueError(f"{label}: the private key is not known: {secret.missing}")
        found: list[object] = []

        def read(octets: bytes) -> bool:
            pem = octets.lstrip().startswith(b"-----BEGIN")
            load = serialization.load_pem_private_key if pem else serialization.load_der_private_key

            def with_passphrase(word: bytes | None) -> bool:
                found.append(load(octets, word))
                return True

            return with_passphrase(None) if passphrase is None else passphrase.use(with_passphrase)

        try:
            secret.use(read)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            found.clear()
        # outside of the handler, so that no exception drags octets of the file along
        if not found:
            how = "with that passphrase" if passphrase is not None else "without a passphrase"
            raise ValueError(f"{label}: no private key can be read from it {how}")
        if not isinstance(found[0], RSAPrivateKey):
            raise ValueError(  # noqa: TRY004  (the file is wrong, not the argument)
                f"{label}: not an RSA key, which these signatures need"
            )
        return cls(label, found[0])

    def sign(self, hash_: bytes) -> bytes:
        """The signature of a hash; may block. ValueError for a key too short for the hash."""
        return self._sign(hash_)

    def belongs_to(self, certificate: Certificate) -> bool:
        """Whether it is the private key of that certificate."""
        return certificate.public_key() == self._public

    def __repr__(self) -> str:
        return f"SigningKey({self.label!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is never pickled")


def certificate_from(der: bytes) -> Certificate:
    """A certificate all of which can be read; ValueError for octets that hold none. Much of one is read
    only when it is asked for: here, so that nothing surprises later."""
    from cryptography.x509 import load_der_x509_certificate

    def load() -> Certificate:
        made = load_der_x509_certificate(der)
        if made.serial_number < 0:
            raise ValueError("no serial number (RFC 5280 4.1.2.2)")
        for part in ("subject", "issuer", "not_valid_before_utc", "not_valid_after_utc", "version"):
            getattr(made, part)
        for part in ("signature_hash_algorithm", "signature_algorithm_parameters", "extensions"):
            getattr(made, part)
        made.public_key()
        return made

    return _whole(load, "certificate")


def list_from(der: bytes) -> CertificateRevocationList:
    """A revocation list all of which can be read; ValueError for octets that hold none."""
    from cryptography.x509 import load_der_x509_crl

    def load() -> CertificateRevocationList:
        made = load_der_x509_crl(der)
        for part in ("issuer", "last_update_utc", "next_update_utc", "extensions"):
            getattr(made, part)
        for entry in made:
            for part in ("serial_number", "revocation_date_utc", "extensions"):
                getattr(entry, part)
        return made

    return _whole(load, "revocation list")


def _whole(load: Callable[[], T], what: str) -> T:
    _quiet()
    # What the library raises here has nothing in common, and must not drag along what was read.
    with suppress(Exception):
        return load()
    raise ValueError(f"there is no {what} in it that can be read")


@cache
def _quiet() -> None:
    """What is odd about somebody's certificate is no business of whoever runs this program: the library
    warns of some of it, in words that the certificate chooses."""
    warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)
    warnings.filterwarnings("ignore", "Parsed a serial number")


def certificates_of(files: Iterable[CertificateFile]) -> tuple[Certificate, ...]:
    """The certificates in files, in order; ValueError for the first that holds none."""
    return tuple(_read(item, certificate_from) for item in files)


def certificates_in(octets: bytes) -> tuple[Certificate, ...]:
    """All certificates in a file, PEM or DER; ValueError if it holds none, or one that cannot be read."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    if b"-----BEGIN" not in octets:
        return (certificate_from(octets),)

    def load() -> list[bytes]:
        return [item.public_bytes(Encoding.DER) for item in load_pem_x509_certificates(octets)]

    return tuple(map(certificate_from, _whole(load, "certificate")))


def certificates_in_pkcs7(octets: bytes) -> tuple[Certificate, ...]:
    """All certificates in a PKCS #7 bundle; ValueError as above."""
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    def load() -> list[bytes]:
        found = pkcs7.load_der_pkcs7_certificates(octets)
        return [item.public_bytes(Encoding.DER) for item in found]

    return tuple(map(certificate_from, _whole(load, "certificate")))


def lists_of(files: Iterable[CertificateFile]) -> tuple[CertificateRevocationList, ...]:
    """The revocation lists in files, in order; ValueError for the first that holds none."""
    return tuple(_read(item, list_from) for item in files)


def _read(file: CertificateFile, load: Callable[[bytes], T]) -> T:
    if file.der is None:
        raise ValueError(f"{file.name}: {file.missing or 'it could not be read'}")
    try:
        return load(file.der)
    except ValueError as error:
        why = f"{file.name}: {error}"
    raise ValueError(why)
