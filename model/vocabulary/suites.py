"""Algorithms, and what Phase I and Phase II may agree on (R3, R10; RFC 2407, 2409).

Values of the enumerations are the words that text and JSON output use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Encryption(Enum):
    """Ciphers of Phase I and of ESP; the key length is in `Cipher`."""

    NULL = "null"
    DES = "des"
    TRIPLE_DES = "3des"
    BLOWFISH = "blowfish"
    CAST = "cast128"
    AES_CBC = "aes"
    AES_CTR = "aes-ctr"
    AES_GCM_8 = "aes-gcm8"
    AES_GCM_12 = "aes-gcm12"
    AES_GCM_16 = "aes-gcm16"
    AES_CCM_8 = "aes-ccm8"
    AES_CCM_12 = "aes-ccm12"
    AES_CCM_16 = "aes-ccm16"
    CAMELLIA_CBC = "camellia"
    CAMELLIA_CTR = "camellia-ctr"
    CHACHA20_POLY1305 = "chacha20poly1305"
    AES_GMAC = "aes-gmac"
    SERPENT = "serpent"
    TWOFISH = "twofish"

    @property
    def is_aead(self) -> bool:
        """True if the cipher carries its own integrity check (RFC 4106, 4309, 7634)."""
        return self.name.startswith(("AES_GCM", "AES_CCM", "AES_GMAC", "CHACHA20"))

    @property
    def private(self) -> bool:
        """True if its numbers are of private use, so that both ends must know what they mean."""
        return self in _PRIVATE

    @property
    def phase1_number(self) -> int | None:
        """Its number in Phase I (IANA, RFC 2409 appendix A); None: IKEv1 cannot name it there."""
        return _PHASE1_NUMBERS.get(self)

    @property
    def esp_number(self) -> int | None:
        """Its ESP transform (IANA, RFC 2407 section 4.4.4); None: IKEv1 cannot name it there."""
        return _ESP_NUMBERS.get(self)


_E = Encryption
_PHASE1_NUMBERS = {
    _E.DES: 1, _E.BLOWFISH: 3, _E.TRIPLE_DES: 5, _E.CAST: 6, _E.AES_CBC: 7, _E.CAMELLIA_CBC: 8,
    _E.SERPENT: 65004, _E.TWOFISH: 65005,
}  # fmt: skip
#: their numbers are of private use (RFC 2409 appendix A, RFC 2407 section 4.4.4): between strongSwans only
_PRIVATE = frozenset((_E.SERPENT, _E.TWOFISH))
_ESP_NUMBERS = {
    _E.DES: 2, _E.TRIPLE_DES: 3, _E.CAST: 6, _E.BLOWFISH: 7, _E.NULL: 11, _E.AES_CBC: 12,
    _E.AES_CTR: 13, _E.AES_CCM_8: 14, _E.AES_CCM_12: 15, _E.AES_CCM_16: 16, _E.AES_GCM_8: 18,
    _E.AES_GCM_12: 19, _E.AES_GCM_16: 20, _E.CAMELLIA_CBC: 22, _E.AES_GMAC: 23,
    _E.SERPENT: 252, _E.TWOFISH: 253,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cipher:
    """A cipher with its key length in bits; `key_bits` is None where the cipher has only one."""

    algorithm: Encryption
    key_bits: int | None = None

    def __str__(self) -> str:
        if self.key_bits is None:
            return self.algorithm.value
        head, dash, tail = self.algorithm.value.partition("-")
        return f"{head}{self.key_bits}{tail if dash else ''}"


class Hash(Enum):
    """Phase I hash, which is also the pseudo-random function (RFC 2409 appendix A)."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA2_256 = "sha256"
    SHA2_384 = "sha384"
    SHA2_512 = "sha512"
    AES_XCBC = "aesxcbc"
    AES_CMAC = "aescmac"

    @property
    def number(self) -> int | None:
        """Its number in Phase I (IANA, RFC 2409 appendix A); None: IKEv1 cannot name it."""
        return _HASH_NUMBERS.get(self)


_HASH_NUMBERS = {Hash.MD5: 1, Hash.SHA1: 2, Hash.SHA2_256: 4, Hash.SHA2_384: 5, Hash.SHA2_512: 6}


class Integrity(Enum):
    """Integrity algorithms of ESP and AH (RFC 2403, 2404, 4868)."""

    HMAC_MD5 = "md5"
    HMAC_SHA1 = "sha1"
    HMAC_SHA2_256 = "sha256"
    HMAC_SHA2_256_96 = "sha256-96"
    HMAC_SHA2_384 = "sha384"
    HMAC_SHA2_512 = "sha512"
    HMAC_MD5_128 = "md5-128"
    HMAC_SHA1_160 = "sha1-160"
    AES_XCBC = "aesxcbc"
    AES_CMAC = "aescmac"
    AES_GMAC_128 = "aes128gmac"
    AES_GMAC_192 = "aes192gmac"
    AES_GMAC_256 = "aes256gmac"

    @property
    def number(self) -> int | None:
        """Its authentication algorithm (IANA, RFC 2407 section 4.5); None: IKEv1 cannot name it."""
        return _INTEGRITY_NUMBERS.get(self)


_INTEGRITY_NUMBERS = {
    Integrity.HMAC_MD5: 1, Integrity.HMAC_SHA1: 2, Integrity.HMAC_SHA2_256: 5,
    Integrity.HMAC_SHA2_384: 6, Integrity.HMAC_SHA2_512: 7, Integrity.AES_XCBC: 9,
    Integrity.AES_GMAC_128: 11, Integrity.AES_GMAC_192: 12, Integrity.AES_GMAC_256: 13,
}  # fmt: skip


class Group(Enum):
    """Diffie-Hellman groups; `number` is the IANA group description (RFC 2409, 3526, 5114, 5903)."""

    MODP_768 = "modp768"
    MODP_1024 = "modp1024"
    MODP_1536 = "modp1536"
    MODP_2048 = "modp2048"
    MODP_3072 = "modp3072"
    MODP_4096 = "modp4096"
    MODP_6144 = "modp6144"
    MODP_8192 = "modp8192"
    ECP_256 = "ecp256"
    ECP_384 = "ecp384"
    ECP_521 = "ecp521"
    MODP_1024_160 = "modp1024s160"
    MODP_2048_224 = "modp2048s224"
    MODP_2048_256 = "modp2048s256"
    ECP_192 = "ecp192"
    ECP_224 = "ecp224"
    ECP_224_BP = "ecp224bp"
    ECP_256_BP = "ecp256bp"
    ECP_384_BP = "ecp384bp"
    ECP_512_BP = "ecp512bp"
    CURVE_25519 = "curve25519"
    CURVE_448 = "curve448"

    @property
    def number(self) -> int:
        """The IANA number of the group."""
        return _GROUP_NUMBERS[self]


_GROUP_NUMBERS = {
    Group.MODP_768: 1,
    Group.MODP_1024: 2,
    Group.MODP_1536: 5,
    Group.MODP_2048: 14,
    Group.MODP_3072: 15,
    Group.MODP_4096: 16,
    Group.MODP_6144: 17,
    Group.MODP_8192: 18,
    Group.ECP_256: 19,
    Group.ECP_384: 20,
    Group.ECP_521: 21,
    Group.MODP_1024_160: 22,
    Group.MODP_2048_224: 23,
    Group.MODP_2048_256: 24,
    Group.ECP_192: 25,
    Group.ECP_224: 26,
    Group.ECP_224_BP: 27,
    Group.ECP_256_BP: 28,
    Group.ECP_384_BP: 29,
    Group.ECP_512_BP: 30,
    Group.CURVE_25519: 31,
    Group.CURVE_448: 32,
}


class AuthMethod(Enum):
    """How Phase I authenticates (R3; RFC 2409 section 5, XAUTH and hybrid drafts)."""

    PRE_SHARED_KEY = "pre-shared-key"
    CERTIFICATE = "certificate"
    KERBEROS = "kerberos"
    XAUTH_PRE_SHARED_KEY = "xauth-pre-shared-key"
    XAUTH_CERTIFICATE = "xauth-certificate"
    XAUTH_RESPONDER_PRE_SHARED_KEY = "xauth-responder-pre-shared-key"
    XAUTH_RESPONDER_CERTIFICATE = "xauth-responder-certificate"
    HYBRID = "hybrid"
    HYBRID_RESPONDER = "hybrid-responder"
    NONE = "none"  # the two sides' rounds give no IKEv1 method


class Protocol(Enum):
    """IPsec protocol of a Phase II SA (R10)."""

    ESP = "esp"
    AH = "ah"


class Mode(Enum):
    """Encapsulation mode (RFC 4301 section 4.1); BEET is strongSwan's."""

    TUNNEL = "tunnel"
    TRANSPORT = "transport"
    BEET = "beet"


class Exchange(Enum):
    """Phase I exchange (RFC 2409 sections 5.1 to 5.4)."""

    MAIN = "main"
    AGGRESSIVE = "aggressive"


@dataclass(frozen=True, slots=True)
class Phase1Suite:
    """The four mandatory parameters of Phase I (R3)."""

    encryption: Cipher
    hash: Hash
    group: Group
    authentication: AuthMethod

    @property
    def private(self) -> bool:
        """Whether an algorithm in it has a number of private use."""
        return self.encryption.algorithm.private

    def __str__(self) -> str:
        return f"{self.encryption} {self.hash.value} {self.group.value}"


@dataclass(frozen=True, slots=True)
class Protection:
    """One protocol of a Phase II suite: ESP with cipher and integrity, or AH with integrity.

    esn   extended (64-bit) sequence numbers (RFC 4304)
    """

    protocol: Protocol
    encryption: Cipher | None
    integrity: Integrity | None
    esn: bool = False

    def __str__(self) -> str:
        parts = [self.encryption, self.integrity.value if self.integrity else None]
        parts += ["ESN"] if self.esn else []
        return " ".join([self.protocol.name, *(str(part) for part in parts if part is not None)])


@dataclass(frozen=True, slots=True)
class Phase2Suite:
    """What Phase II agrees on: one protection, or a bundle (AH and ESP), PFS group and mode."""

    protections: tuple[Protection, ...]
    pfs_group: Group | None
    mode: Mode

    @property
    def private(self) -> bool:
        """Whether an algorithm in it has a number of private use."""
        ciphers = [part.encryption for part in self.protections if part.encryption is not None]
        return any(item.algorithm.private for item in ciphers)

    def __str__(self) -> str:
        pfs = f"PFS {self.pfs_group.value}" if self.pfs_group else "no PFS"
        return f"{' + '.join(map(str, self.protections))}, {pfs}"
