"""Private keys, certificates and revocation lists from octets, with what is wrong in words.

Files are read elsewhere: what comes in here are octets by a name (`CertificateFile`, `Secret`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def certificates_of(files: Iterable[CertificateFile]) -> tuple[Certificate, ...]:
    """The certificates in files, in order; ValueError for the first that holds none."""
    from cryptography.x509 import load_der_x509_certificate

    return tuple(_read(item, load_der_x509_certificate, "certificate") for item in files)


def certificates_in(octets: bytes) -> tuple[Certificate, ...]:
    """All certificates in a file, PEM or DER; ValueError if it holds none, or one that cannot be read."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        if b"-----BEGIN" in octets:
            return tuple(x509.load_pem_x509_certificates(octets))
        return (x509.load_der_x509_certificate(octets),)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("there is no certificate in it that can be read") from None


def lists_of(files: Iterable[CertificateFile]) -> tuple[CertificateRevocationList, ...]:
    """The revocation lists in files, in order; ValueError for the first that holds none."""
    from cryptography.x509 import load_der_x509_crl

    return tuple(_read(item, load_der_x509_crl, "revocation list") for item in files)


def _read(file: CertificateFile, load: Callable[[bytes], T], what: str) -> T:
    from cryptography.exceptions import UnsupportedAlgorithm

    if file.der is None:
        raise ValueError(f"{file.name}: {file.missing or 'it could not be read'}")
    try:
        return load(file.der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{file.name}: there is no {what} in it") from None
