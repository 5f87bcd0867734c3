"""Assigned numbers. Fields of messages are plain numbers: one that is not in here is kept as it is."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TypeVar


class Payload(IntEnum):
    """Payload types (RFC 2408 3.1; 3947 3.1 and its drafts; GSS-API draft; XAUTH and Mode Config drafts)."""

    NONE = 0
    SA = 1
    PROPOSAL = 2
    TRANSFORM = 3
    KE = 4
    ID = 5
    CERT = 6
    CR = 7
    HASH = 8
    SIG = 9
    NONCE = 10
    N = 11
    D = 12
    VID = 13
    ATTRIBUTES = 14
    NAT_D_DRAFT4 = 15
    NAT_OA_DRAFT4 = 16
    NAT_D = 20
    NAT_OA = 21
    GSS = 129
    NAT_D_DRAFT = 130
    NAT_OA_DRAFT = 131
    FRAGMENT = 132


class ExchangeType(IntEnum):
    """Exchange types (RFC 2408 3.1, 2409 appendix A)."""

    BASE = 1
    MAIN = 2
    AUTHENTICATION_ONLY = 3
    AGGRESSIVE = 4
    INFORMATIONAL = 5
    TRANSACTION = 6
    QUICK = 32
    NEW_GROUP = 33


class Flag(IntFlag):
    """Header flags (RFC 2408 3.1)."""

    ENCRYPTION = 1
    COMMIT = 2
    AUTHENTICATION = 4


class ProtocolId(IntEnum):
    """Protocol ids (RFC 2407 4.4.1)."""

    ISAKMP = 1
    AH = 2
    ESP = 3
    IPCOMP = 4


DOI_ISAKMP, DOI_IPSEC = 0, 1
SIT_IDENTITY_ONLY = 1
KEY_IKE = 1


class OakleyAttribute(IntEnum):
    """Attributes of Phase I transforms (RFC 2409 appendix A; GSS-API draft; Windows 2000)."""

    ENCRYPTION = 1
    HASH = 2
    AUTHENTICATION = 3
    GROUP = 4
    GROUP_TYPE = 5
    LIFE_TYPE = 11
    LIFE_DURATION = 12
    PRF = 13
    KEY_LENGTH = 14
    GSS_IDENTITY_NAME = 16384
    GSS_NAME_WINDOWS = 32001


class IpsecAttribute(IntEnum):
    """Attributes of Phase II transforms (RFC 2407 4.5)."""

    LIFE_TYPE = 1
    LIFE_DURATION = 2
    GROUP = 3
    ENCAPSULATION = 4
    AUTHENTICATION = 5
    KEY_LENGTH = 6
    KEY_ROUNDS = 7


class LifeType(IntEnum):
    """What a life duration counts (RFC 2409 appendix A, 2407 4.5); kilobytes are 1024 octets there."""

    SECONDS = 1
    KILOBYTES = 2


class Encryption(IntEnum):
    """Encryption algorithms of Phase I (RFC 2409 appendix A)."""

    DES_CBC = 1
    IDEA_CBC = 2
    BLOWFISH_CBC = 3
    RC5_CBC = 4
    TRIPLE_DES_CBC = 5
    CAST_CBC = 6
    AES_CBC = 7


class Hash(IntEnum):
    """Hash algorithms of Phase I (RFC 2409 appendix A; 4868)."""

    MD5 = 1
    SHA1 = 2
    TIGER = 3
    SHA2_256 = 4
    SHA2_384 = 5
    SHA2_512 = 6


class Method(IntEnum):
    """Authentication methods (RFC 2409 appendix A; GSS-API draft; XAUTH draft)."""

    PRE_SHARED_KEY = 1
    DSS_SIGNATURES = 2
    RSA_SIGNATURES = 3
    RSA_ENCRYPTION = 4
    REVISED_RSA_ENCRYPTION = 5
    KERBEROS = 65001


class GroupId(IntEnum):
    """Diffie-Hellman groups (RFC 2409 6, 3526)."""

    MODP768 = 1
    MODP1024 = 2
    MODP1536 = 5
    MODP2048 = 14
    MODP3072 = 15
    MODP4096 = 16
    MODP6144 = 17
    MODP8192 = 18


class EspTransform(IntEnum):
    """ESP transforms (RFC 2407 4.4.4, 3602, 4106)."""

    DES_IV64 = 1
    DES = 2
    TRIPLE_DES = 3
    BLOWFISH = 7
    NULL = 11
    AES_CBC = 12
    AES_CTR = 13
    AES_GCM_8 = 18
    AES_GCM_12 = 19
    AES_GCM_16 = 20


class AhTransform(IntEnum):
    """AH transforms (RFC 2407 4.4.3, 4868)."""

    MD5 = 2
    SHA1 = 3
    DES = 4
    SHA2_256 = 5
    SHA2_384 = 6
    SHA2_512 = 7


class Integrity(IntEnum):
    """Authentication algorithms of Phase II (RFC 2407 4.5, 4868)."""

    HMAC_MD5 = 1
    HMAC_SHA1 = 2
    DES_MAC = 3
    KPDK = 4
    HMAC_SHA2_256 = 5
    HMAC_SHA2_384 = 6
    HMAC_SHA2_512 = 7


class Encapsulation(IntEnum):
    """Encapsulation modes (RFC 2407 4.5, 3947 5.1 and its drafts)."""

    TUNNEL = 1
    TRANSPORT = 2
    UDP_TUNNEL = 3
    UDP_TRANSPORT = 4
    UDP_TUNNEL_DRAFT = 61443
    UDP_TRANSPORT_DRAFT = 61444


class IdType(IntEnum):
    """Identification types (RFC 2407 4.6.2.1)."""

    IPV4_ADDR = 1
    FQDN = 2
    USER_FQDN = 3
    IPV4_ADDR_SUBNET = 4
    IPV6_ADDR = 5
    IPV6_ADDR_SUBNET = 6
    IPV4_ADDR_RANGE = 7
    IPV6_ADDR_RANGE = 8
    DER_ASN1_DN = 9
    DER_ASN1_GN = 10
    KEY_ID = 11


class CertEncoding(IntEnum):
    """Certificate encodings (RFC 2408 3.9)."""

    NONE = 0
    PKCS7 = 1
    PGP = 2
    DNS_SIGNED_KEY = 3
    X509_SIGNATURE = 4
    X509_KEY_EXCHANGE = 5
    KERBEROS_TOKENS = 6
    CRL = 7
    ARL = 8
    SPKI = 9
    X509_ATTRIBUTE = 10


class NotifyType(IntEnum):
    """Notify message types (RFC 2408 3.14.1, 2407 4.6.3, 3706)."""

    INVALID_PAYLOAD_TYPE = 1
    DOI_NOT_SUPPORTED = 2
    SITUATION_NOT_SUPPORTED = 3
    INVALID_COOKIE = 4
    INVALID_MAJOR_VERSION = 5
    INVALID_MINOR_VERSION = 6
    INVALID_EXCHANGE_TYPE = 7
    INVALID_FLAGS = 8
    INVALID_MESSAGE_ID = 9
    INVALID_PROTOCOL_ID = 10
    INVALID_SPI = 11
    INVALID_TRANSFORM_ID = 12
    ATTRIBUTES_NOT_SUPPORTED = 13
    NO_PROPOSAL_CHOSEN = 14
    BAD_PROPOSAL_SYNTAX = 15
    PAYLOAD_MALFORMED = 16
    INVALID_KEY_INFORMATION = 17
    INVALID_ID_INFORMATION = 18
    INVALID_CERT_ENCODING = 19
    INVALID_CERTIFICATE = 20
    CERT_TYPE_UNSUPPORTED = 21
    INVALID_CERT_AUTHORITY = 22
    INVALID_HASH_INFORMATION = 23
    AUTHENTICATION_FAILED = 24
    INVALID_SIGNATURE = 25
    ADDRESS_NOTIFICATION = 26
    NOTIFY_SA_LIFETIME = 27
    CERTIFICATE_UNAVAILABLE = 28
    UNSUPPORTED_EXCHANGE_TYPE = 29
    UNEQUAL_PAYLOAD_LENGTHS = 30
    CONNECTED = 16384
    RESPONDER_LIFETIME = 24576
    REPLAY_STATUS = 24577
    INITIAL_CONTACT = 24578
    R_U_THERE = 36136
    R_U_THERE_ACK = 36137


#: octets of a number that is shown in digits
_MOST_OCTETS = 8
_Numbers = TypeVar("_Numbers", bound=IntEnum)


def name_of(numbers: type[_Numbers], value: int) -> str:
    """A number as people read it: its name, or the number itself."""
    try:
        return numbers(value).name.replace("_", "-")
    except ValueError:
        return in_digits(value)


def in_digits(value: int) -> str:
    """A number in digits, where there are not too many: an attribute may be of any size."""
    octets = (value.bit_length() + 7) // 8
    return str(value) if octets <= _MOST_OCTETS else f"of {octets} octets"
