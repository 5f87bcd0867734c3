"""Payloads in words, and as JSON shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

from explorer.view.names import certificate_words, distinguished_name, plain_text, utf16_text
from explorer.view.suites import attributes, suite
from impl.wire.numbers import CertEncoding, IdType, NotifyType, Payload, ProtocolId, name_of
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    CertificateRequest,
    Delete,
    EncryptedBody,
    GssToken,
    HashData,
    Identification,
    KeyExchange,
    NatDiscovery,
    NatOriginalAddress,
    Nonce,
    Notification,
    Signature,
    Unknown,
    VendorId,
    encode_payload,
)
from impl.wire.proposals import SecurityAssociation
from impl.wire.vendors import vendor_of

#: identities that are not text
_BINARY = frozenset(
    (
        IdType.IPV4_ADDR,
        IdType.IPV4_ADDR_SUBNET,
        IdType.IPV4_ADDR_RANGE,
        IdType.IPV6_ADDR,
        IdType.IPV6_ADDR_SUBNET,
        IdType.IPV6_ADDR_RANGE,
        IdType.DER_ASN1_DN,
        IdType.DER_ASN1_GN,
    )
)
#: octets of opaque data that are shown
_SHOWN = 24
#: payload types from here on are for private use (RFC 2408 3.1)
_PRIVATE = 128
Lines = Iterator[str]
#: names of payload types that have more than one number, or are not ours to decode
_NAMES: dict[int, str] = {
    Payload.ATTRIBUTES: "ATTR",
    Payload.NAT_D_DRAFT4: "NAT-D",
    Payload.NAT_OA_DRAFT4: "NAT-OA",
    Payload.NAT_D_DRAFT: "NAT-D",
    Payload.NAT_OA_DRAFT: "NAT-OA",
    Payload.FRAGMENT: "FRAG",
}


def payload_lines(item: AnyPayload, kerberos: bool | None = None) -> tuple[str, list[str]]:
    """A payload's name, and what is in it, line by line; `kerberos`: as for `phase1_suite`."""
    type_ = encode_payload(item)[0]
    name = _NAMES.get(type_) or name_of(Payload, type_)
    if isinstance(item, SecurityAssociation):
        return name, list(_sa(item, kerberos))
    return name, list(_WORDS[type(item)](item))


def payload_tree(item: AnyPayload, kerberos: bool | None = None) -> dict[str, object]:
    """A payload as JSON: type, name, length on the wire, words, and the fields it has."""
    type_, body = encode_payload(item)
    name, words = payload_lines(item, kerberos)
    tree: dict[str, object] = {"type": type_, "name": name, "length": 4 + len(body), "words": words}
    if isinstance(item, SecurityAssociation):
        return tree | _sa_fields(item, kerberos)
    fields = _FIELDS.get(type(item))
    return tree | (fields(item) if fields is not None else {"data": body.hex()})


def _octets(data: bytes) -> str:
    """Opaque data, shortened."""
    more = f"... ({len(data)} octets)" if len(data) > _SHOWN else ""
    return data[:_SHOWN].hex() + more


# ---- words
def _sa(item: SecurityAssociation, kerberos: bool | None) -> Lines:
    if item.doi != 1 or item.situation != 1:
        yield f"DOI {item.doi}, situation {item.situation}"
    several = len(item.proposals) > 1
    for proposal in item.proposals:
        spi = f"SPI {proposal.spi.hex()}" if proposal.spi else ""
        named = f"proposal {proposal.number} {spi}".strip() if several else spi
        lead = f"{named}: " if named else ""
        if not proposal.transforms:
            yield f"{lead}no transform"
        for transform in proposal.transforms:
            number = f"{transform.number}: " if len(proposal.transforms) > 1 else ""
            yield f"{lead}{number}{suite(proposal, transform, kerberos)}"


def _size(item: KeyExchange | Nonce | Signature | HashData) -> Lines:
    yield f"{len(item.data)} octets"


def _identity(item: Identification) -> str:
    """Whom or what an ID payload names."""
    data, kind = item.data, item.type
    v4 = kind in (IdType.IPV4_ADDR, IdType.IPV4_ADDR_SUBNET, IdType.IPV4_ADDR_RANGE)
    size = 4 if v4 else 16
    if kind in (IdType.IPV4_ADDR, IdType.IPV6_ADDR) and len(data) == size:
        return str(ip_address(data))
    if kind in (IdType.IPV4_ADDR_SUBNET, IdType.IPV6_ADDR_SUBNET) and len(data) == 2 * size:
        return f"{ip_address(data[:size])}/{_prefix(data[size:])}"
    if kind in (IdType.IPV4_ADDR_RANGE, IdType.IPV6_ADDR_RANGE) and len(data) == 2 * size:
        return f"{ip_address(data[:size])}-{ip_address(data[size:])}"
    if b"\0" in data and kind not in _BINARY and (text := utf16_text(data)):
        return f"{text} (UTF-16)"
    if kind in (IdType.FQDN, IdType.USER_FQDN):
        return data.decode("utf-8", "backslashreplace")
    if kind == IdType.DER_ASN1_DN:
        return distinguished_name(data) or _octets(data)
    if kind == IdType.KEY_ID and data.isascii() and data.decode().isprintable():
        return data.decode()
    return _octets(data)


def _prefix(mask: bytes) -> str:
    """A mask as a prefix length, if it is one."""
    bits = int.from_bytes(mask, "big")
    inverted = ~bits & ((1 << 8 * len(mask)) - 1)
    return str(bits.bit_count()) if not inverted & (inverted + 1) else str(ip_address(mask))


def _id(item: Identification) -> Lines:
    where = f", protocol {item.protocol} port {item.port}" if item.protocol or item.port else ""
    yield f"{name_of(IdType, item.type).lower()} {_identity(item)}{where}"


def _certificate(item: Certificate) -> Lines:
    yield f"{name_of(CertEncoding, item.encoding).lower()}, {len(item.data)} octets"
    if item.encoding in (CertEncoding.X509_SIGNATURE, CertEncoding.X509_KEY_EXCHANGE):
        yield from certificate_words(item.data)


def _request(item: CertificateRequest) -> Lines:
    authority = "any authority"
    if item.data:
        authority = distinguished_name(item.data) or _octets(item.data)
    yield f"{name_of(CertEncoding, item.encoding).lower()}, {authority}"


def _notification(item: Notification) -> Lines:
    spi = f", SPI {item.spi.hex()}" if item.spi else ""
    known = item.type in set(NotifyType)
    name = name_of(NotifyType, item.type) if known else f"notify {item.type}"
    yield f"{name}, {name_of(ProtocolId, item.protocol)}{spi}"
    if item.data:
        life = _lifetime(item.data) if item.type == NotifyType.RESPONDER_LIFETIME else ""
        yield life or f"data {_octets(item.data)}"


def _lifetime(data: bytes) -> str:
    """The attributes of RESPONDER-LIFETIME (RFC 2407 4.6.3.1), if they are one type and its duration."""
    unit = {bytes.fromhex("80010001"): "s", bytes.fromhex("80010002"): "kB"}.get(data[:4])
    form, value = data[4:6], data[6:]
    if form == b"\x00\x02":  # the long form has a length of its own
        size, value = int.from_bytes(value[:2], "big"), value[2:]
    else:
        size = 2 if form == b"\x80\x02" else 0
    return f"{int.from_bytes(value, 'big')} {unit}" if unit and 0 < size == len(value) <= 8 else ""


def _delete(item: Delete) -> Lines:
    yield f"{name_of(ProtocolId, item.protocol)} {', '.join(s.hex() for s in item.spis) or 'no SPI'}"


def _vendor(item: VendorId) -> Lines:
    name = vendor_of(item.data)
    text = plain_text(item.data)
    quoted = f' "{text}"' if text else ""
    yield name or f"unknown {_octets(item.data)}{quoted}"


def _nat_d(item: NatDiscovery) -> Lines:
    yield _octets(item.data) + (" (draft)" if item.draft else "")


def _nat_oa(item: NatOriginalAddress) -> Lines:
    known = len(item.address) in (4, 16)
    kind = name_of(IdType, item.type).lower()
    yield f"{kind} {ip_address(item.address) if known else _octets(item.address)}"


def _gss(item: GssToken) -> Lines:
    yield f"{len(item.data)} octets{_token(item.data)}"


#: the mechanism of a token (RFC 1964, 4178), and the meaning of its first octets
_MECHANISMS = {
    bytes.fromhex("06092a864886f712010202"): "Kerberos",
    bytes.fromhex("06092a864882f712010202"): "Kerberos (Microsoft's number)",
    bytes.fromhex("06062b0601050502"): "SPNEGO",
}
_TOKENS = {b"\x01\x00": "AP-REQ", b"\x02\x00": "AP-REP", b"\x03\x00": "KRB-ERROR"}


def _token(data: bytes) -> str:
    """What a token of GSS-API is (RFC 2743 3.1), with the vendor's octet before it or without."""
    for oid, name in _MECHANISMS.items():
        at = data.find(oid, 0, 16)
        if at >= 0:
            kind = _TOKENS.get(data[at + len(oid) : at + len(oid) + 2])
            return f", {name}" + (f" {kind}" if kind else "")
    return ""


def _encrypted(item: EncryptedBody) -> Lines:
    yield f"encrypted, {len(item.body)} octets (public key encryption)"


def _unknown(item: Unknown) -> Lines:
    body = item.body
    if item.type in (Payload.NAT_D_DRAFT4, Payload.NAT_OA_DRAFT4):
        yield f"{_octets(body)} (draft 4 to 8)"
    elif item.type == Payload.FRAGMENT and len(body) >= 4:
        last = ", the last" if body[3] & 1 else ""
        yield f"{len(body) - 4} octets, fragment {body[2]} of message {body[0] << 8 | body[1]}{last}"
    elif item.type == Payload.ATTRIBUTES:
        yield f"{len(body)} octets of XAUTH or Mode Config"  # it may contain a password
    else:
        private = item.type >= _PRIVATE
        kind = "private payload type" if private else "unknown payload type"
        text = plain_text(body)
        said = f' "{text}"' if text else ""
        yield f"{kind} {item.type}: {_octets(body)}{said}"


_WORDS: dict[type, Callable[..., Lines]] = {
    KeyExchange: _size,
    Identification: _id,
    Certificate: _certificate,
    CertificateRequest: _request,
    HashData: _size,
    Signature: _size,
    Nonce: _size,
    Notification: _notification,
    Delete: _delete,
    VendorId: _vendor,
    NatDiscovery: _nat_d,
    NatOriginalAddress: _nat_oa,
    GssToken: _gss,
    EncryptedBody: _encrypted,
    Unknown: _unknown,
}


# ---- fields
def _sa_fields(item: SecurityAssociation, kerberos: bool | None) -> dict[str, object]:
    return {
        "doi": item.doi,
        "situation": item.situation,
        "proposals": [
            {
                "number": proposal.number,
                "protocol": proposal.protocol,
                "spi": proposal.spi.hex(),
                "transforms": [
                    {
                        "number": transform.number,
                        "id": transform.id,
                        "suite": suite(proposal, transform, kerberos),
                        "attributes": list(attributes(transform)),
                    }
                    for transform in proposal.transforms
                ],
            }
            for proposal in item.proposals
        ],
    }


def _id_fields(item: Identification) -> dict[str, object]:
    return {
        "id_type": item.type,
        "protocol": item.protocol,
        "port": item.port,
        "identity": _identity(item),
        "data": item.data.hex(),
    }


def _notify_fields(item: Notification) -> dict[str, object]:
    return {
        "doi": item.doi,
        "notify_type": item.type,
        "protocol": item.protocol,
        "spi": item.spi.hex(),
        "data": item.data.hex(),
    }


def _delete_fields(item: Delete) -> dict[str, object]:
    return {"doi": item.doi, "protocol": item.protocol, "spis": [spi.hex() for spi in item.spis]}


def _unknown_fields(item: Unknown) -> dict[str, object]:
    if item.type == Payload.ATTRIBUTES:
        return {}  # it may contain a password
    return {"data": item.body.hex(), "text": plain_text(item.body)}


_FIELDS: dict[type, Callable[[Any], dict[str, object]]] = {
    Unknown: _unknown_fields,
    EncryptedBody: lambda item: {"encrypted": True, "data": item.body.hex()},
    Identification: _id_fields,
    Notification: _notify_fields,
    Delete: _delete_fields,
    VendorId: lambda item: {"vendor": vendor_of(item.data), "data": item.data.hex()},
    Certificate: lambda item: {"encoding": item.encoding, "data": item.data.hex()},
    CertificateRequest: lambda item: {"encoding": item.encoding, "data": item.data.hex()},
}
