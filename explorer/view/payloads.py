"""Payloads in words, and as JSON shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

from explorer.view.names import certificate_words, distinguished_name
from explorer.view.suites import attributes, suite
from impl.wire.numbers import CertEncoding, IdType, NotifyType, Payload, ProtocolId, name_of
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    CertificateRequest,
    Delete,
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

#: octets of data that nobody can read which are still shown
_SHOWN = 24
Lines = Iterator[str]


def payload_lines(item: AnyPayload) -> tuple[str, list[str]]:
    """A payload's name, and what is in it, line by line."""
    return name_of(Payload, encode_payload(item)[0]), list(_WORDS[type(item)](item))


def payload_tree(item: AnyPayload) -> dict[str, object]:
    """A payload as JSON: type, name, length on the wire, words, and the fields it has."""
    type_, body = encode_payload(item)
    name, words = payload_lines(item)
    tree: dict[str, object] = {"type": type_, "name": name, "length": 4 + len(body), "words": words}
    fields = _FIELDS.get(type(item))
    return tree | (fields(item) if fields is not None else {"data": body.hex()})


def _octets(data: bytes) -> str:
    """Data that nobody can read."""
    more = f"... ({len(data)} octets)" if len(data) > _SHOWN else ""
    return data[:_SHOWN].hex() + more


# ---- words
def _sa(item: SecurityAssociation) -> Lines:
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
            yield f"{lead}{number}{suite(proposal, transform)}"


def _size(item: KeyExchange | Nonce | Signature | GssToken | HashData) -> Lines:
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
    if kind in (IdType.FQDN, IdType.USER_FQDN):
        return data.decode("utf-8", "backslashreplace")
    if kind == IdType.DER_ASN1_DN:
        return distinguished_name(data) or _octets(data)
    if kind == IdType.KEY_ID and data.isascii() and data.decode().isprintable():
        return data.decode()
    return _octets(data)


def _prefix(mask: bytes) -> str:
    """A mask as the number of its leading ones, if it has no others."""
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
    text = item.data.decode("ascii") if item.data.isascii() else ""
    quoted = f' "{text}"' if text and text.isprintable() else ""
    yield name or f"unknown {_octets(item.data)}{quoted}"


def _nat_d(item: NatDiscovery) -> Lines:
    yield _octets(item.data) + (" (draft)" if item.draft else "")


def _nat_oa(item: NatOriginalAddress) -> Lines:
    known = len(item.address) in (4, 16)
    kind = name_of(IdType, item.type).lower()
    yield f"{kind} {ip_address(item.address) if known else _octets(item.address)}"


def _unknown(item: Unknown) -> Lines:
    yield f"payload of type {item.type}, which is not known: {_octets(item.body)}"


_WORDS: dict[type, Callable[..., Lines]] = {
    SecurityAssociation: _sa,
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
    GssToken: _size,
    Unknown: _unknown,
}


# ---- fields
def _sa_fields(item: SecurityAssociation) -> dict[str, object]:
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
                        "suite": suite(proposal, transform),
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


_FIELDS: dict[type, Callable[[Any], dict[str, object]]] = {
    SecurityAssociation: _sa_fields,
    Identification: _id_fields,
    Notification: _notify_fields,
    Delete: _delete_fields,
    VendorId: lambda item: {"vendor": vendor_of(item.data), "data": item.data.hex()},
    Certificate: lambda item: {"encoding": item.encoding, "data": item.data.hex()},
    CertificateRequest: lambda item: {"encoding": item.encoding, "data": item.data.hex()},
}
