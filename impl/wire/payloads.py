"""Payloads: one value a type (RFC 2408 3.7 to 3.16, 2407 4.6, 3947; the GSS-API draft)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct
from typing import NoReturn

from impl.wire.errors import WireError
from impl.wire.numbers import DOI_IPSEC, Payload
from impl.wire.proposals import SecurityAssociation, decode_sa, encode_sa


@dataclass(frozen=True, slots=True)
class KeyExchange:
    """KE: a Diffie-Hellman public value, as long as the group's prime."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Identification:
    """ID: type, protocol, port and data are all covered by the hashes (`body`)."""

    type: int
    protocol: int
    port: int
    data: bytes

    @property
    def body(self) -> bytes:
        """IDii_b or IDir_b: the octets after the generic header."""
        return _ID.pack(self.type, self.protocol, self.port) + self.data


@dataclass(frozen=True, slots=True)
class Certificate:
    """CERT."""

    encoding: int
    data: bytes


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """CR: of which authority a certificate is wanted; empty: any."""

    encoding: int
    data: bytes


@dataclass(frozen=True, slots=True)
class HashData:
    """HASH: with Kerberos a wrap token, so of any length."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """SIG."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Nonce:
    """NONCE."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notification:
    """N."""

    type: int
    protocol: int
    spi: bytes = b""
    data: bytes = b""
    doi: int = DOI_IPSEC


@dataclass(frozen=True, slots=True)
class Delete:
    """D: the SPIs are the sender's inbound ones; an ISAKMP SA is named by both cookies."""

    protocol: int
    spis: tuple[bytes, ...]
    doi: int = DOI_IPSEC


@dataclass(frozen=True, slots=True)
class VendorId:
    """VID."""

    data: bytes


@dataclass(frozen=True, slots=True)
class NatDiscovery:
    """NAT-D: a hash of an address and a port; `draft` has the payload number of the drafts."""

    data: bytes
    draft: bool = False


@dataclass(frozen=True, slots=True)
class NatOriginalAddress:
    """NAT-OA."""

    type: int
    address: bytes
    draft: bool = False


@dataclass(frozen=True, slots=True)
class GssToken:
    """GSS: a GSS-API token of the Kerberos method, with the vendor's octet before it or without."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EncryptedBody:
    """A payload of a known type whose body is ciphertext, in a message that is not encrypted itself: with
    public key encryption identities, nonces, and in the revised mode public values (RFC 2409 5.2, 5.3)."""

    type: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """A payload of a type that nobody here knows."""

    type: int
    body: bytes


AnyPayload = (
    SecurityAssociation
    | KeyExchange
    | Identification
    | Certificate
    | CertificateRequest
    | HashData
    | Signature
    | Nonce
    | Notification
    | Delete
    | VendorId
    | NatDiscovery
    | NatOriginalAddress
    | GssToken
    | EncryptedBody
    | Unknown
)

_ID = Struct("!BBH")
_NOTIFY = Struct("!IBBH")
_DELETE = Struct("!IBBH")
_Decode = Callable[[bytes, int], AnyPayload]
_Encode = Callable[..., bytes]


def _short(body: bytes, least: int, offset: int, field_: str, clause: str) -> None:
    if len(body) < least:
        problem = f"{len(body)} octets, at least {least} expected"
        raise WireError(offset, field_, problem, clause)


def _identification(body: bytes, offset: int) -> Identification:
    _short(body, 4, offset, "ID", "RFC 2407 4.6.2")
    type_, protocol, port = _ID.unpack_from(body)
    return Identification(type_, protocol, port, body[4:])


def _certificate(body: bytes, offset: int) -> Certificate:
    _short(body, 1, offset, "CERT", "RFC 2408 3.9")
    return Certificate(body[0], body[1:])


def _certificate_request(body: bytes, offset: int) -> CertificateRequest:
    _short(body, 1, offset, "CR", "RFC 2408 3.10")
    return CertificateRequest(body[0], body[1:])


def _notification(body: bytes, offset: int) -> Notification:
    _short(body, 8, offset, "N", "RFC 2408 3.14")
    doi, protocol, size, type_ = _NOTIFY.unpack_from(body)
    if 8 + size > len(body):
        raise WireError(offset + 5, "SPI size", f"{size} does not fit", "RFC 2408 3.14")
    return Notification(type_, protocol, body[8 : 8 + size], body[8 + size :], doi)


def _delete(body: bytes, offset: int) -> Delete:
    _short(body, 8, offset, "D", "RFC 2408 3.15")
    doi, protocol, size, count = _DELETE.unpack_from(body)
    if len(body) != 8 + size * count or (count and not size):
        problem = f"{count} SPIs of {size} octets in {len(body) - 8}"
        raise WireError(offset + 6, "number of SPIs", problem, "RFC 2408 3.15")
    spis = tuple(body[8 + i * size : 8 + (i + 1) * size] for i in range(count))
    return Delete(protocol, spis, doi)


def _original_address(*, draft: bool) -> _Decode:
    def decode(body: bytes, offset: int) -> NatOriginalAddress:
        _short(body, 4, offset, "NAT-OA", "RFC 3947 5.2")
        if any(body[1:4]):
            raise WireError(offset + 1, "reserved", "not zero", "RFC 3947 5.2")
        return NatOriginalAddress(body[0], body[4:], draft)

    return decode


def _misplaced(body: bytes, offset: int) -> NoReturn:
    problem = "a proposal or transform is outside an SA"
    raise WireError(offset, "payload", problem, "RFC 2408 3.5")


_DECODE: dict[int, _Decode] = {
    Payload.PROPOSAL: _misplaced,
    Payload.TRANSFORM: _misplaced,
    Payload.SA: decode_sa,
    Payload.ID: _identification,
    Payload.CERT: _certificate,
    Payload.CR: _certificate_request,
    Payload.N: _notification,
    Payload.D: _delete,
    Payload.NAT_D: lambda body, _: NatDiscovery(body),
    Payload.NAT_D_DRAFT: lambda body, _: NatDiscovery(body, draft=True),
    Payload.NAT_OA: _original_address(draft=False),
    Payload.NAT_OA_DRAFT: _original_address(draft=True),
}


#: what is its body and nothing else
_PLAIN: dict[int, Callable[[bytes], AnyPayload]] = {
    Payload.KE: KeyExchange,
    Payload.HASH: HashData,
    Payload.SIG: Signature,
    Payload.NONCE: Nonce,
    Payload.VID: VendorId,
    Payload.GSS: GssToken,
}


def decode_payload(type_: int, body: bytes, offset: int) -> AnyPayload:
    """One payload from its body, which begins at `offset`; WireError if it does not fit its type."""
    plain = _PLAIN.get(type_)
    if plain is not None:
        return plain(body)
    decode = _DECODE.get(type_)
    return decode(body, offset) if decode is not None else Unknown(type_, body)


def _encode_notification(item: Notification) -> bytes:
    head = _NOTIFY.pack(item.doi, item.protocol, len(item.spi), item.type)
    return head + item.spi + item.data


def _encode_delete(item: Delete) -> bytes:
    size = len(item.spis[0]) if item.spis else 0
    if any(len(spi) != size for spi in item.spis):
        raise ValueError("the SPIs of a Delete are of one size")
    return _DELETE.pack(item.doi, item.protocol, size, len(item.spis)) + b"".join(item.spis)


def _data(item: KeyExchange | HashData | Signature | Nonce | VendorId | GssToken) -> bytes:
    return item.data


def _of_certificate(item: Certificate | CertificateRequest) -> bytes:
    return bytes((item.encoding,)) + item.data


_ENCODE: dict[type, tuple[int, _Encode]] = {
    SecurityAssociation: (int(Payload.SA), encode_sa),
    KeyExchange: (int(Payload.KE), _data),
    Identification: (int(Payload.ID), lambda item: item.body),
    Certificate: (int(Payload.CERT), _of_certificate),
    CertificateRequest: (int(Payload.CR), _of_certificate),
    HashData: (int(Payload.HASH), _data),
    Signature: (int(Payload.SIG), _data),
    Nonce: (int(Payload.NONCE), _data),
    Notification: (int(Payload.N), _encode_notification),
    Delete: (int(Payload.D), _encode_delete),
    VendorId: (int(Payload.VID), _data),
    GssToken: (int(Payload.GSS), _data),
}


def encode_payload(item: AnyPayload) -> tuple[int, bytes]:
    """The type and the body of a payload."""
    known = _ENCODE.get(type(item))
    if known is not None:
        type_, encode = known
        return type_, encode(item)
    if isinstance(item, NatDiscovery):
        return (Payload.NAT_D_DRAFT if item.draft else Payload.NAT_D), item.data
    if isinstance(item, NatOriginalAddress):
        type_ = Payload.NAT_OA_DRAFT if item.draft else Payload.NAT_OA
        return type_, bytes((item.type, 0, 0, 0)) + item.address
    assert isinstance(item, EncryptedBody | Unknown)
    return item.type, item.body
